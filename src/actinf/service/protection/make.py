"""The parts of the protection, made from the settings of a process."""

import os

from actinf.runtime.settings import Settings
from actinf.service.protection.admission import Admission
from actinf.service.protection.breaker import Breaker
from actinf.service.protection.crew import Crew
from actinf.service.protection.rate import RateLimits
from actinf.service.switches.repository import NAMES

__all__ = ["make_admission", "make_breakers", "make_crew", "make_limits"]

_WAITING_PER_THREAD = 32

_REFUSALS = {
    "database": "the database does not answer: try again",
    "cache": "the cache does not answer",
    "memory": "work that takes much memory is refused for now: try again, or with a smaller model, horizon or extent",
}


def make_breakers() -> dict[str, Breaker]:
    """The breakers of a process by name."""
    return {name: Breaker(name, purpose=NAMES[name], refusal=_REFUSALS[name]) for name in NAMES}


def make_admission(settings: Settings, memory: Breaker) -> Admission:
    """The account of a process's memory."""
    return Admission(
        most_bytes=settings.max_memory_bytes,
        budget_bytes=settings.memory_budget_bytes,
        most_seconds=settings.max_step_seconds,
        large_bytes=settings.large_work_bytes,
        breaker=memory,
    )


def make_crew(settings: Settings) -> Crew:
    """The threads for slow work."""
    threads = settings.slow_threads or len(os.sched_getaffinity(0))
    return Crew(threads, threads * (1 + _WAITING_PER_THREAD))


def make_limits(settings: Settings, cache: Breaker) -> RateLimits:
    """The rate limits of a process."""
    url = None if settings.cache_url is None else settings.cache_url.get_secret_value()
    return RateLimits(settings.rate_limit, settings.failure_limit, url, cache)
