"""Simulations by way of the client: the trace of the library, live progress, and how they can end otherwise."""

import asyncio
import io
import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import httpx
import pytest
import xarray as xr
from support.worker import running_worker

import actinf as ai
from actinf.client import Retries, SimulationRecord
from actinf.client.progress import ProgressLine
from actinf.errors import (
    BudgetError,
    Conflict,
    FileError,
    NotFound,
    ServiceError,
    ServiceUnavailable,
    SettingError,
    Stopped,
    Unfinished,
)
from actinf.lab.experiment_document import experiment_from_document

if TYPE_CHECKING:
    from support.service import RunningService

LONG: dict[str, Any] = {"num_agents": 20_000, "num_steps": 200}


@pytest.fixture(scope="module", autouse=True)
def worker(service: "RunningService", tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with running_worker(service.database.url, tmp_path_factory.mktemp("worker")):
        yield


def test_a_run_gives_the_trace_of_the_library(client: ai.Client, capsys: pytest.CaptureFixture[str]) -> None:
    run = client.simulations.create("tmaze", num_agents=200, num_steps=5, seed=3, record=["action", "F"], name="rats")
    seen: list[SimulationRecord] = []
    ended = run.wait(progress=seen.append)
    assert (ended.status, run.status, ended.num_agents, ended.progress.steps_done) == ("succeeded",) * 2 + (200, 1000)
    assert [one.version for one in seen] == sorted({one.version for one in seen})
    assert run.summary is not None
    run.wait(progress=True)  # it has ended: one line says so
    assert capsys.readouterr().err == "rats: succeeded, 100% of 1,000 agent-steps\n"

    experiment = experiment_from_document(run.experiment())
    agent = experiment.agent.build(experiment.model)
    sizes = {"num_agents": 200, "num_steps": 5, "seed": 3}
    expected = ai.simulate(agent, experiment.world, record=experiment.record, **sizes)
    xr.testing.assert_equal(run.trace(), expected)
    saved = run.save("trace.nc")
    with ai.open_trace(saved) as trace:
        xr.testing.assert_equal(trace, expected)
    assert [path.name for path in saved.parent.iterdir()] == ["trace.nc"]


def test_runs_are_found_listed_and_deleted(client: ai.Client) -> None:
    run = client.simulations.create(ai.Model.load("tmaze"), num_agents=10, num_steps=2)
    run.wait()
    assert client.simulations.get(run.id).record == run.read()
    listed = {one.id: one for one in client.simulations.list(status="succeeded", page_size=1)}
    assert listed[run.id].has_ended
    run.delete()
    with pytest.raises(NotFound):
        run.read()


def test_a_run_is_cancelled_in_the_middle(client: ai.Client) -> None:
    run = client.simulations.create("grid_world", **LONG)
    changes = run.changes()
    assert not next(changes).has_ended
    with pytest.raises(Conflict):
        run.trace()
    run.cancel()
    with pytest.raises(Stopped, match=run.id):
        run.wait()
    assert run.status == "cancelled"
    changes.close()


def test_who_waits_no_longer_is_told_how_far_it_is_and_that_it_goes_on(client: ai.Client) -> None:
    run = client.simulations.create("grid_world", **LONG)
    for seconds in (0, 0.2):
        with pytest.raises(Unfinished, match=rf"{run.id} has not ended within {seconds} s: it is .*It goes on") as late:
            run.wait(timeout=seconds)
        assert isinstance(late.value, TimeoutError)
    assert not run.read().has_ended
    run.cancel()
    with pytest.raises(Stopped):
        run.wait(timeout=60)
    seen: list[SimulationRecord] = []
    short = client.simulations.create("tmaze", num_agents=10, num_steps=2)
    assert short.wait(timeout=60, progress=seen.append).status == "succeeded"
    assert [one.version for one in seen] == sorted({one.version for one in seen})
    assert seen[-1].status == "succeeded"


def test_what_cannot_be_run_is_refused_as_the_library_would(client: ai.Client) -> None:
    with pytest.raises(BudgetError):
        client.simulations.create("tmaze", num_agents=10**7, num_steps=10**4)
    with pytest.raises((FileError, NotFound), match="tmace"):
        client.simulations.create("tmace")


def test_a_run_is_followed_over_streams_that_break_off(service: "RunningService") -> None:
    """Every second request for the stream ends after its first lines; the trace breaks off once in its middle."""
    broken = {"events": 0, "result": 0}

    def cut(request: httpx.Request) -> httpx.Response:
        kind = request.url.path.rpartition("/")[2]
        with httpx.stream(request.method, request.url, headers=request.headers, content=request.read()) as reply:
            if kind == "events" and broken[kind] % 2 == 0:
                content = next(reply.iter_raw())
            else:
                content = reply.read()
            if kind in broken:
                broken[kind] += 1
        if kind == "result" and broken[kind] == 1:
            raise httpx.ReadError("cut")
        return httpx.Response(reply.status_code, headers=reply.headers, content=content)

    retries = Retries(seconds=30, first=0.0, most=0.05)
    with ai.Client(service.url, service.key, transport=httpx.MockTransport(cut), retries=retries) as client:
        run = client.simulations.create("tmaze", num_agents=50, num_steps=3)
        assert run.wait().status == "succeeded"
        assert run.trace().sizes["agent"] == 50
    assert broken["events"] >= 2
    assert broken["result"] == 2


def test_the_asynchronous_client_runs_as_well(service: "RunningService") -> None:
    async def course() -> tuple[str, int]:
        async with ai.AsyncClient(service.url, service.key) as client:
            run = await client.simulations.create("tmaze", num_agents=20, num_steps=2)
            with pytest.raises(Unfinished):
                await (await client.simulations.create("grid_world", **LONG)).wait(timeout=0)
            ended = await run.wait(timeout=60)
            return ended.status, (await run.trace()).sizes["agent"]

    assert asyncio.run(course()) == ("succeeded", 20)


# ------------------------------------------------------------------------------------------------ without a service

RUN = {"id": "7", "name": "", "status": "running", "num_agents": 1, "num_steps": 4, "num_episodes": 1, "version": 1}
RUN |= {"progress": {"chunks_done": 0, "num_chunks": 1, "steps_done": 1, "steps_total": 4}, "attempts": 1}
RUN |= {"created_at": "2026-01-01T00:00:00Z", "started_at": None, "finished_at": None, "engine": "1", "seconds": 0.5}
RUN |= {"error": None, "summary": None}


def test_a_run_that_failed_says_why() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/events"):
            failed = json.dumps(RUN | {"status": "failed", "error": "the disk is full"})
            body = f"event: simulation\nid: 2\ndata: {failed}\n\n"
            return httpx.Response(200, headers={"Content-Type": "text/event-stream"}, content=body)
        return httpx.Response(200, json=RUN)

    with ai.Client("http://lab.test", transport=httpx.MockTransport(answer)) as client:
        run = client.simulations.get("7")
        with pytest.raises(ServiceError, match=r"7 failed: the disk is full"):
            run.wait()


def run_that(*answers: httpx.Response | httpx.HTTPError) -> "ai.client.Run":
    """A run for which the service has these answers, the last again and again."""
    waiting = [httpx.Response(200, json=RUN), *answers]

    def answer(_: httpx.Request) -> httpx.Response:
        said = waiting.pop(0) if len(waiting) > 1 else waiting[0]
        if isinstance(said, httpx.HTTPError):
            raise said
        return httpx.Response(said.status_code, json=json.loads(said.content))

    return ai.Client("http://lab.test", transport=httpx.MockTransport(answer)).simulations.get("7")


def test_a_run_that_no_worker_takes_up_says_how_one_is_started() -> None:
    with pytest.raises(Unfinished, match=r"it is queued, 25% of 4 agent-steps.*actinf worker.*simulations\.get\('7'\)"):
        run_that(httpx.Response(200, json=RUN | {"status": "queued"})).wait(timeout=0.1)


def test_a_service_that_goes_away_is_not_waited_for_any_longer_than_the_run() -> None:
    """Without a bound it would be asked again for the minute that `Retries` gives it."""
    with pytest.raises(ServiceUnavailable, match="lost") as away:
        run_that(httpx.ReadError("cut")).wait(timeout=0.3)
    assert "within 0." in away.value.__notes__[-1]


@pytest.mark.parametrize("seconds", [-1, float("nan")])
def test_a_time_that_is_none_is_refused(seconds: float) -> None:
    with pytest.raises(SettingError, match="timeout="):
        run_that(httpx.Response(200, json=RUN)).wait(timeout=seconds)


def test_on_a_terminal_progress_is_one_line_written_anew() -> None:
    from actinf.client.operations import read_simulation_record

    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    terminal, file = Terminal(), io.StringIO()
    for stream in (terminal, file):
        line = ProgressLine(stream)
        line.show(read_simulation_record(RUN))
        line.show(read_simulation_record(RUN | {"status": "cancelled"}))
    assert terminal.getvalue() == (
        "\r7: running, 25% of 4 agent-steps\033[K\r7: cancelled, 25% of 4 agent-steps\033[K\n"
    )
    assert file.getvalue() == "7: cancelled, 25% of 4 agent-steps\n"
