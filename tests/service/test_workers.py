"""Workers that are killed, told to end, or too slow: the run ends with the trace of an undisturbed one, or says why."""

import asyncio
import errno
import json
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
import pytest
from procrastinate.jobs import Job
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection
from support.ports import wait_until
from support.postgres import PostgresServer, fresh_database
from support.worker import running_worker

import actinf
from actinf.lab.chunks import ChunkedRun
from actinf.runtime.database import make_engine
from actinf.runtime.settings import Settings
from actinf.service import schema_version
from actinf.service.jobs import queue
from actinf.service.jobs.periodic import maintenance
from actinf.service.jobs.rescue import MOST_DEATHS, rescue_jobs, rescue_orphans
from actinf.service.jobs.running import MOST_TROUBLES, Retries, Simulator
from actinf.service.jobs.supervisor import Supervisor
from actinf.service.jobs.worker import open_queue
from actinf.service.simulations import repository
from actinf.service.simulations.planning import draft
from actinf.service.simulations.result import made_netcdf
from actinf.service.simulations.schemas import NewSimulation

RUN = NewSimulation(experiment="grid_world", num_agents=600, num_steps=200, seed=1)
TINY = NewSimulation(experiment="tmaze", num_agents=4, num_steps=3)


@pytest.fixture(scope="module")
def url(postgres_server: PostgresServer) -> Iterator[str]:
    with fresh_database(postgres_server) as url:
        schema_version.upgrade(url)
        yield url


def transaction(url: str, work: Callable[[AsyncConnection], Awaitable[Any]]) -> Any:
    """What the work makes, in a transaction as the service has them."""

    async def carry_out() -> Any:
        engine = make_engine(url, pool_size=2, application="test")
        try:
            async with engine.begin() as connection:
                return await work(connection)
        finally:
            await engine.dispose()

    return asyncio.run(carry_out())


def submitted(url: str, wanted: NewSimulation) -> UUID:
    """A simulation on the queue, as the API puts it there."""
    workspace = rows(url, "INSERT INTO workspaces (name) VALUES (uuidv7()::text) RETURNING id")[0][0]
    values = {"workspace_id": workspace, **draft(wanted, Settings()).planned().values()}

    async def put(connection: AsyncConnection) -> UUID:
        identity = await repository.insert_simulation(connection, values)
        await repository.set_job(connection, identity, await queue.put(connection, identity))
        return identity

    identity: UUID = transaction(url, put)
    return identity


def rows(url: str, statement: str, *values: Any) -> list[tuple[Any, ...]]:
    with psycopg.connect(url, autocommit=True) as connection:
        done = connection.execute(statement.encode(), values)
        return done.fetchall() if done.description else []


def of(url: str, simulation: UUID, columns: str) -> tuple[Any, ...]:
    return rows(url, f"SELECT {columns} FROM simulations WHERE id = %s", simulation)[0]


def trace_of(url: str, simulation: UUID) -> bytes:
    """The bytes of the NetCDF file that the API sends."""

    async def make() -> bytes:
        engine = make_engine(url, pool_size=2, application="test")
        try:
            async with engine.connect() as connection:
                workspace = of(url, simulation, "workspace_id")[0]
                row = await repository.find_simulation(connection, workspace, simulation)
            with await asyncio.to_thread(made_netcdf, engine, row, asyncio.get_running_loop()) as file:
                return file.read()
        finally:
            await engine.dispose()

    return asyncio.run(make())


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The file of the same run, computed in one go."""
    path = tmp_path_factory.mktemp("undisturbed") / "trace.nc"
    run = draft(RUN, Settings()).planned().run
    whole = ChunkedRun.plan(run.experiment)
    whole.write([whole.compute(agents) for agents in whole.ranges], path)
    return path.read_bytes()


def dead_workers(url: str) -> None:
    """Let the hearts of those that do not beat any more have stopped long ago, so that no test has to wait for it."""
    rows(url, "UPDATE procrastinate_workers SET last_heartbeat = now() - interval '1 hour'")


def test_a_run_whose_worker_is_killed_is_finished_by_another(url: str, tmp_path: Path, undisturbed: bytes) -> None:
    simulation = submitted(url, RUN)
    with running_worker(url, tmp_path) as first:
        wait_until(lambda: of(url, simulation, "chunks_done")[0] >= 1, "a chunk is there", seconds=60)
        first.kill()
    status, done, chunks = of(url, simulation, "status, chunks_done, num_chunks")
    assert (status, 1 <= done < chunks) == ("running", True)
    dead_workers(url)
    before = rows(url, "SELECT chunk, created_at FROM simulation_chunks WHERE simulation_id = %s", simulation)
    with running_worker(url, tmp_path):
        wait_until(lambda: of(url, simulation, "status")[0] != "running", "the run ends", seconds=60)
    assert of(url, simulation, "status, attempts, chunks_done, work_done") == ("succeeded", 2, chunks, 600 * 200)
    after = rows(url, "SELECT chunk, created_at FROM simulation_chunks WHERE simulation_id = %s", simulation)
    assert set(before) < set(after), "what was there was computed again"
    assert trace_of(url, simulation) == undisturbed


def test_a_worker_that_is_told_to_end_gives_its_run_back(url: str, tmp_path: Path, undisturbed: bytes) -> None:
    simulation = submitted(url, RUN)
    with running_worker(url, tmp_path) as first:
        wait_until(lambda: of(url, simulation, "chunks_done")[0] >= 1, "a chunk is there", seconds=60)
        assert first.end() == 0
    assert of(url, simulation, "status, attempts, deaths, error") == ("queued", 1, 0, None)
    job = of(url, simulation, "job_id")[0]
    assert rows(url, "SELECT status::text FROM procrastinate_jobs WHERE id = %s", job) == [("todo",)]
    with running_worker(url, tmp_path):
        wait_until(lambda: of(url, simulation, "status")[0] == "succeeded", "the run ends", seconds=60)
    assert trace_of(url, simulation) == undisturbed


def taken_by_a_dead_worker(url: str, simulation: UUID) -> None:
    """Let a worker take the job of a simulation, begin, and die."""
    worker = rows(url, "INSERT INTO procrastinate_workers DEFAULT VALUES RETURNING id")[0][0]
    job = of(url, simulation, "job_id")[0]
    rows(url, "UPDATE procrastinate_jobs SET status = 'doing', worker_id = %s WHERE id = %s", worker, job)
    assert transaction(url, lambda it: repository.begin_attempt(it, simulation, actinf.__version__)) is not None
    dead_workers(url)


def rescued(url: str) -> None:
    """Do what workers do every two seconds."""

    async def work(connection: AsyncConnection) -> None:
        engine = make_engine(url, pool_size=2, application="test")
        async with open_queue(url, Simulator(engine, 1, asyncio.Event())) as app:
            await rescue_jobs(app, connection)
        await engine.dispose()

    transaction(url, work)


@pytest.fixture
def server_of_long_standing(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The server of the tests has just been started; hearts that stopped are its fault only where that is so."""
    monkeypatch.setattr("actinf.service.jobs.rescue._LATELY_STARTED", "SELECT false")


@pytest.mark.usefixtures("server_of_long_standing")
def test_a_run_that_kills_its_workers_is_given_up(url: str) -> None:
    simulation = submitted(url, TINY)
    for death in range(1, MOST_DEATHS):
        taken_by_a_dead_worker(url, simulation)
        rescued(url)
        assert of(url, simulation, "status, deaths") == ("running", death)
    taken_by_a_dead_worker(url, simulation)
    rescued(url)
    status, error, job = of(url, simulation, "status, error, job_id")
    assert status == "failed"
    assert error.startswith("the worker that computed it was killed 3 times in a row")
    assert rows(url, "SELECT status::text FROM procrastinate_jobs WHERE id = %s", job) == [("failed",)]


@pytest.mark.usefixtures("server_of_long_standing")
def test_a_run_that_gets_on_between_deaths_is_not_given_up(url: str) -> None:
    simulation = submitted(url, TINY)
    for attempt in range(1, MOST_DEATHS + 3):
        taken_by_a_dead_worker(url, simulation)
        assert saved(url, simulation, attempt, chunk=attempt)
        rescued(url)
        assert of(url, simulation, "status, deaths") == ("running", 1)


def saved(url: str, simulation: UUID, attempt: int, *, chunk: int) -> bool:
    def work(connection: AsyncConnection) -> Awaitable[bool]:
        progress: dict[str, Any] = {"done": [chunk], "num_chunks": 9, "work_done": 1, "seconds": 0.1}
        return repository.save_chunk(connection, simulation, attempt, chunk, b"data", **progress)

    held: bool = transaction(url, work)
    return held


def test_deaths_around_a_restart_of_the_database_are_not_the_runs_fault(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("actinf.service.jobs.rescue._LATELY_STARTED", "SELECT true")
    simulation = submitted(url, TINY)
    taken_by_a_dead_worker(url, simulation)
    rescued(url)
    assert of(url, simulation, "deaths") == (0,)


@pytest.mark.usefixtures("server_of_long_standing")
def test_who_was_taken_for_dead_ends_no_job_but_its_own(url: str) -> None:
    simulation = submitted(url, TINY)
    taken_by_a_dead_worker(url, simulation)
    lost = of(url, simulation, "job_id")[0]
    rescued(url)
    job = of(url, simulation, "job_id")[0]
    assert job != lost
    jobs = "SELECT status::text FROM procrastinate_jobs WHERE args->>'simulation' = %s ORDER BY id"
    assert rows(url, jobs, str(simulation)) == [("aborted",), ("todo",)]
    for late in ("finish_job_v1(%s, 'succeeded', false)", "retry_job_v2(%s, now(), NULL, NULL, NULL)"):
        with pytest.raises(psycopg.errors.RaiseException, match="Job was not found"):
            rows(url, f"SELECT procrastinate_{late}", lost)
    assert rows(url, jobs, str(simulation)) == [("aborted",), ("todo",)]


def test_who_was_taken_for_dead_writes_nothing_any_more(url: str) -> None:
    simulation = submitted(url, TINY)
    for _ in range(2):
        transaction(url, lambda it: repository.begin_attempt(it, simulation, actinf.__version__))
    assert not saved(url, simulation, 1, chunk=0)
    assert not transaction(url, lambda it: repository.fail(it, simulation, 1, "late"))
    assert not transaction(url, lambda it: repository.succeed(it, simulation, 1, {}))
    assert not transaction(url, lambda it: repository.note_progress(it, simulation, 1))
    assert of(url, simulation, "status, chunks_done") == ("running", 0)
    assert saved(url, simulation, 2, chunk=0)


def attempted(url: str, simulation: UUID, error: Exception, times: int, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of what a worker's attempts at a run raise, where its end always meets an error."""

    async def meets(*_: Any) -> None:
        raise error

    async def attempts() -> list[str]:
        engine = make_engine(url, pool_size=4, application="test")
        simulator = Simulator(engine, 1, asyncio.Event())
        raised = []
        try:
            for _ in range(times):
                try:
                    await simulator.run(simulation)
                except (DBAPIError, psycopg.Error, OSError) as left:
                    raised.append(type(left).__name__)
        finally:
            await engine.dispose()
        return raised

    monkeypatch.setattr("actinf.service.jobs.running._Attempt._succeed", meets)
    return asyncio.run(attempts())


def test_a_run_for_which_the_disk_stays_full_is_failed_and_says_why(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    simulation = submitted(url, TINY)
    full = OSError(errno.ENOSPC, "No space left on device")
    assert attempted(url, simulation, full, MOST_TROUBLES - 1, monkeypatch) == ["OSError"] * (MOST_TROUBLES - 1)
    assert of(url, simulation, "status") == ("queued",)
    assert len(attempted(url, simulation, full, MOST_TROUBLES + 1, monkeypatch)) == MOST_TROUBLES - 1
    status, error = of(url, simulation, "status, error")
    assert (status, "No space left on device" in error) == ("failed", True)


def test_what_the_database_refuses_fails_the_run_at_once(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    simulation = submitted(url, TINY)
    refused = DBAPIError("INSERT", {}, psycopg.errors.NumericValueOutOfRange("a value is too large"))
    assert attempted(url, simulation, refused, 1, monkeypatch) == []
    status, error = of(url, simulation, "status, error")
    assert (status, "NumericValueOutOfRange" in error) == ("failed", True)


def test_a_run_whose_database_goes_away_is_never_failed(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    simulation = submitted(url, TINY)
    away = DBAPIError("SELECT", {}, psycopg.errors.AdminShutdown("terminating connection"))
    assert len(attempted(url, simulation, away, 2 * MOST_TROUBLES, monkeypatch)) == 2 * MOST_TROUBLES
    assert of(url, simulation, "status") == ("queued",)


def test_who_fails_again_and_again_waits_longer_each_time() -> None:
    def pause(attempts: int) -> float:
        job = Job(id=1, queue="q", lock=None, queueing_lock=None, task_name="t", attempts=attempts)
        due = Retries().get_retry_decision(exception=OSError(), job=job).retry_at
        assert due is not None
        return round((due - datetime.now(UTC)).total_seconds())

    assert [pause(attempts) for attempts in (0, 1, 2, 4, 5, 5000)] == [1, 2, 4, 16, 30, 30]


def test_chunks_of_another_version_are_computed_again(url: str) -> None:
    simulation = submitted(url, TINY)
    transaction(url, lambda it: repository.begin_attempt(it, simulation, "0.0.9"))
    assert saved(url, simulation, 1, chunk=0)
    row = transaction(url, lambda it: repository.begin_attempt(it, simulation, actinf.__version__))
    assert (row.engine, row.chunks_done) == (actinf.__version__, 0)
    assert transaction(url, lambda it: repository.chunks_present(it, simulation)) == set()


def test_a_simulation_without_a_job_gets_one(url: str) -> None:
    simulation = submitted(url, TINY)
    before = of(url, simulation, "job_id")[0]
    rows(url, "UPDATE procrastinate_jobs SET status = 'doing' WHERE id = %s", before)
    rows(url, "UPDATE procrastinate_jobs SET status = 'succeeded' WHERE id = %s", before)
    transaction(url, rescue_orphans)
    after = of(url, simulation, "job_id")[0]
    assert after != before
    assert rows(url, "SELECT status::text FROM procrastinate_jobs WHERE id = %s", after) == [("todo",)]
    transaction(url, rescue_orphans)
    assert of(url, simulation, "job_id")[0] == after


def test_a_job_is_there_exactly_when_its_row_is(url: str) -> None:
    async def fail(connection: AsyncConnection) -> None:
        await queue.put(connection, UUID(int=7))
        raise LookupError

    with pytest.raises(LookupError):
        transaction(url, fail)
    assert rows(url, "SELECT id FROM procrastinate_jobs WHERE args->>'simulation' = %s", str(UUID(int=7))) == []


def test_what_is_old_is_forgotten_and_nothing_else(url: str) -> None:
    workspace = rows(url, "INSERT INTO workspaces (name) VALUES ('old things') RETURNING id")[0][0]
    for key, age in (("old", "49 hours"), ("young", "24 hours")):
        statement = "INSERT INTO idempotency_keys (workspace_id, key, operation, digest, created_at) "
        rows(url, statement + "VALUES (%s, %s, 'x', '', now() - %s::interval)", workspace, key, age)
    jobs = {}
    for name, age in (("old", "8 days"), ("young", "6 days"), ("waiting", "8 days")):
        jobs[name] = of(url, submitted(url, TINY), "job_id")[0]
        if name != "waiting":
            rows(url, "UPDATE procrastinate_jobs SET status = 'succeeded' WHERE id = %s", jobs[name])
        rows(url, "UPDATE procrastinate_events SET at = now() - %s::interval WHERE job_id = %s", age, jobs[name])

    async def work(connection: AsyncConnection) -> None:
        simulator = Simulator(make_engine(url, pool_size=2, application="test"), 1, asyncio.Event())
        async with open_queue(url, simulator) as app:
            for task in maintenance(app):
                await task.work(connection)

    transaction(url, work)
    assert rows(url, "SELECT key FROM idempotency_keys WHERE workspace_id = %s", workspace) == [("young",)]
    left = rows(url, "SELECT id FROM procrastinate_jobs WHERE id = ANY(%s)", list(jobs.values()))
    assert {job for (job,) in left} == {jobs["young"], jobs["waiting"]}


def test_the_role_of_the_service_may_do_all_that_the_queue_needs(url: str) -> None:
    functions = "SELECT proname FROM pg_proc WHERE proname ~ '^procrastinate' AND NOT "
    assert rows(url, functions + "has_function_privilege('actinf_app', oid, 'EXECUTE')") == []
    tables = "SELECT relname FROM pg_class WHERE relname ~ '^procrastinate' AND relkind = 'r' AND NOT "
    for right in ("SELECT", "INSERT", "UPDATE", "DELETE"):
        assert rows(url, tables + f"has_table_privilege('actinf_app', oid, '{right}')") == []


def alive(pid: int) -> bool:
    """Whether a process runs; one that has ended and was not waited for does not."""
    state = Path(f"/proc/{pid}/stat")
    try:
        return state.read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_a_worker_that_dies_is_started_again_and_none_outlives_its_supervisor(url: str) -> None:
    with Supervisor(Settings(workers=2, log_format="text"), url) as workers:
        wait_until(lambda: len(workers.pids) == 2, "both run")
        first = workers.pids
        subprocess.run(["kill", "-KILL", str(first[0])], check=True)
        wait_until(lambda: len(workers.pids) == 2 and first[0] not in workers.pids, "it runs again")
        pids = {*first, *workers.pids}
    assert not any(alive(pid) for pid in pids)


def test_a_worker_whose_parent_is_gone_ends(url: str) -> None:
    """The parent's end of the pipe is closed by the system, however the parent came to its end."""
    command = [sys.executable, "-m", "actinf.service.jobs.supervised"]
    said = {"settings": {"log_format": "json"}, "database_url": url, "concurrency": 1}
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as worker:
        assert worker.stdin is not None
        assert worker.stdout is not None
        worker.stdin.write(json.dumps(said).encode() + b"\n")
        worker.stdin.flush()
        for line in worker.stdout:
            if b"the worker waits for jobs" in line:
                break
        worker.stdin.close()
        assert worker.wait(30) == 0
