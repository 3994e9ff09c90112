"""The parts of the protection, made from the settings of a process."""

from actinf.runtime.settings import Settings
from actinf.service.protection.breaker import Breaker
from actinf.service.protection.rate import RateLimits
from actinf.service.switches.repository import NAMES

__all__ = ["make_breakers", "make_limits"]

_REFUSALS = {
    "database": "the database does not answer: try again",
    "cache": "the cache does not answer",
    "memory": "work that takes much memory is refused for now: try again, or with a smaller model, horizon or extent",
}


def make_breakers() -> dict[str, Breaker]:
    """The breakers of a process by name."""
    return {name: Breaker(name, purpose=NAMES[name], refusal=_REFUSALS[name]) for name in NAMES}


def make_limits(settings: Settings, cache: Breaker) -> RateLimits:
    """The rate limits of a process."""
    url = None if settings.cache_url is None else settings.cache_url.get_secret_value()
    return RateLimits(settings.rate_limit, settings.failure_limit, url, cache)
