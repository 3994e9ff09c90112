"""The account of a process's memory, and the threads for slow work."""

import asyncio
import gc
import threading

import pytest

import actinf as ai
from actinf.errors import BudgetError, ServiceUnavailable
from actinf.lab.experiment import AgentSettings
from actinf.service.measures import REGISTRY
from actinf.service.protection.admission import Admission, in_words
from actinf.service.protection.crew import Crew
from actinf.service.protection.make import make_breakers

MEBIBYTE = 2**20


class Held:
    """Something that takes memory."""


def admission(budget: int = 100, most: int = 60, large: int = 50) -> Admission:
    return Admission(
        most_bytes=most * MEBIBYTE,
        budget_bytes=budget * MEBIBYTE,
        most_seconds=10.0,
        large_bytes=large * MEBIBYTE,
        breaker=make_breakers()["memory"],
    )


def test_what_no_worker_could_bear_is_refused_with_the_numbers_and_what_to_change() -> None:
    model = ai.Model.load("tmaze.yaml")
    account = Admission(
        most_bytes=2**30, budget_bytes=2**31, most_seconds=10.0, large_bytes=2**26, breaker=make_breakers()["memory"]
    )
    with pytest.raises(
        BudgetError,
        match=r"about 10\^39 policies would take .* at most 1 GiB .*shorter horizon.*ACTINF_MAX_MEMORY_BYTES",
    ):
        account.agent(model, AgentSettings(planner=ai.Exhaustive(horizon=66)))
    assert account.agent(model, AgentSettings(planner=ai.Exhaustive(horizon=2))).num_policies == 16


def test_an_agent_that_is_too_slow_is_refused_with_the_seconds() -> None:
    model = ai.Model.load("tmaze.yaml")
    account = Admission(
        most_bytes=2**40, budget_bytes=2**41, most_seconds=0.001, large_bytes=2**26, breaker=make_breakers()["memory"]
    )
    with pytest.raises(BudgetError, match=r"65,536 policies would take about .* s for a step.*ACTINF_MAX_STEP_SECONDS"):
        account.agent(model, AgentSettings(planner=ai.Exhaustive(horizon=8)))


def test_work_that_does_not_fit_beside_other_work_is_refused_for_now() -> None:
    account = admission()
    with account.work("the first", 45 * MEBIBYTE), account.work("the second", 45 * MEBIBYTE):
        with (
            pytest.raises(ServiceUnavailable, match=r"the third would take 20 MiB.*of 100 MiB 90 MiB are in use") as no,
            account.work("the third", 20 * MEBIBYTE),
        ):
            pass
        assert no.value.retry_after >= 1
        assert account.running_bytes == 90 * MEBIBYTE
    assert account.running_bytes == 0
    with account.work("the third", 20 * MEBIBYTE):
        pass


def test_what_is_kept_gives_way_to_work_the_oldest_first() -> None:
    account = admission()
    kept: list[Held] = []

    def let_go() -> bool:
        return bool(kept) and kept.pop(0) is not None

    account.gives_way(let_go)
    for _ in range(4):
        kept.append(Held())
        account.keep(kept[-1], 10 * MEBIBYTE)
    newest = kept[-1]
    assert account.kept_bytes == 40 * MEBIBYTE
    with account.work("some", 40 * MEBIBYTE), account.work("more", 40 * MEBIBYTE):
        assert account.kept_bytes == 20 * MEBIBYTE
        assert kept[-1] is newest


def test_work_that_could_not_fit_beside_other_work_takes_nothing_from_what_is_kept() -> None:
    account = admission()
    kept = [Held()]
    account.gives_way(lambda: bool(kept) and kept.pop(0) is not None)
    account.keep(kept[0], 10 * MEBIBYTE)
    with account.work("the first", 60 * MEBIBYTE):
        with pytest.raises(ServiceUnavailable, match="of 100 MiB 70 MiB are in use"), account.work("it", 41 * MEBIBYTE):
            pass
        assert account.kept_bytes == 10 * MEBIBYTE
    assert len(kept) == 1


def test_what_is_kept_takes_half_of_the_budget_at_most() -> None:
    account = admission()
    kept: list[Held] = []
    account.gives_way(lambda: bool(kept) and kept.pop(0) is not None)
    for _ in range(20):
        kept.append(Held())
        account.keep(kept[-1], 10 * MEBIBYTE)
        gc.collect(0)
        assert account.kept_bytes <= 50 * MEBIBYTE


def test_large_work_passes_the_switch_and_small_work_goes_on() -> None:
    breaker = make_breakers()["memory"]
    account = Admission(
        most_bytes=60 * MEBIBYTE,
        budget_bytes=100 * MEBIBYTE,
        most_seconds=1.0,
        large_bytes=50 * MEBIBYTE,
        breaker=breaker,
    )
    breaker.hold("open")
    before = REGISTRY.get_sample_value("actinf_admission_refused_total", {"reason": "breaker"}) or 0
    with pytest.raises(ServiceUnavailable, match="'memory' is held open"), account.work("large", 50 * MEBIBYTE):
        pass
    assert REGISTRY.get_sample_value("actinf_admission_refused_total", {"reason": "breaker"}) == before + 1
    with account.work("small", 49 * MEBIBYTE):
        pass


def test_memory_that_runs_out_all_the_same_opens_the_switch() -> None:
    breaker = make_breakers()["memory"]
    account = Admission(
        most_bytes=60 * MEBIBYTE, budget_bytes=100 * MEBIBYTE, most_seconds=1.0, large_bytes=MEBIBYTE, breaker=breaker
    )
    for _ in range(5):
        with pytest.raises(ServiceUnavailable, match="found no memory"), account.work("it", 2 * MEBIBYTE):
            raise MemoryError
    assert breaker.state == "open"
    assert account.running_bytes == 0


def test_sizes_are_told_for_people() -> None:
    assert [in_words(n) for n in (0, 1000, 1536, 10 * MEBIBYTE, 3 * 2**38)] == [
        "0 bytes",
        "1,000 bytes",
        "1.5 KiB",
        "10 MiB",
        "768 GiB",
    ]
    assert in_words(2**500) == "more than 2⁷⁰ bytes"


# ------------------------------------------------------------------------------------------------------------- threads


def test_slow_work_beyond_threads_and_queue_is_refused() -> None:
    async def go() -> list[str]:
        crew, go_on = Crew(1, 3), threading.Event()
        tasks = [asyncio.create_task(crew.run(go_on.wait)) for _ in range(3)]
        await asyncio.sleep(0)
        refused = []
        with pytest.raises(ServiceUnavailable, match="3 slow pieces of work are under way for 1 threads"):
            await crew.run(refused.append, "never")
        go_on.set()
        assert await asyncio.gather(*tasks) == [True] * 3
        await asyncio.sleep(0.01)
        await crew.run(refused.append, "later")
        crew.stop()
        return refused

    assert asyncio.run(go()) == ["later"]


def test_work_of_a_request_that_was_given_up_is_counted_until_it_ends() -> None:
    async def go() -> None:
        crew, go_on, began = Crew(1, 1), threading.Event(), threading.Event()

        def work() -> None:
            began.set()
            go_on.wait()

        task = asyncio.create_task(crew.run(work))
        await asyncio.sleep(0)
        await asyncio.to_thread(began.wait)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        with pytest.raises(ServiceUnavailable):
            await crew.run(work)
        go_on.set()
        crew.stop()

    asyncio.run(go())
