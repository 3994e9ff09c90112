"""A hundred kills of workers with ten simulations under way: each is found, resumed, and ends with the same trace."""

import hashlib
import random
import time
from pathlib import Path
from uuid import UUID

import psycopg
from support.postgres import fresh_database, running_postgres
from support.service import running_service
from support.worker import WorkerProcess

KILLS, AT_ONCE, WORKERS = 100, 10, 3
RUN = {"experiment": "tmaze", "num_agents": 40_000, "num_steps": 100, "record": ["obs", "action"], "seed": 5}
FINISHED = ("succeeded", "failed", "cancelled")

# For how long the job of a dead worker has been waiting to be found, seconds.
_LONGEST_LOST = """
SELECT coalesce(max(extract(epoch FROM now() - w.last_heartbeat)), 0)
FROM procrastinate_jobs j JOIN procrastinate_workers w ON w.id = j.worker_id WHERE j.status = 'doing'
"""


def test_killed_workers_lose_nothing(tmp_path: Path) -> None:
    rng, longest, digests, seen = random.Random(1), 0.0, set(), set()
    with (
        running_postgres(durable=True) as server,
        fresh_database(server) as url,
        running_service(url) as service,
        service.client() as api,
        psycopg.connect(url, autocommit=True) as watching,
    ):
        folders = [tmp_path / f"worker-{number}" for number in range(WORKERS)]
        for folder in folders:
            folder.mkdir()
        workers = [WorkerProcess(url, folder / "worker.log") for folder in folders]
        open_runs: list[str] = []
        kills = 0

        def look() -> None:
            nonlocal longest
            row = watching.execute(_LONGEST_LOST).fetchone()
            assert row is not None
            longest = max(longest, float(row[0]))
            for run in list(open_runs):
                shown = api.get(f"/v1/simulations/{run}").raise_for_status().json()
                if shown["status"] in FINISHED:
                    assert shown["status"] == "succeeded", shown
                    content = api.get(f"/v1/simulations/{run}/result", params={"format": "netcdf"}).content
                    digests.add(hashlib.sha256(content).hexdigest())
                    seen.add(UUID(run))
                    open_runs.remove(run)

        try:
            while kills < KILLS:
                while len(open_runs) < AT_ONCE:
                    open_runs.append(api.post("/v1/simulations", json=RUN).raise_for_status().json()["id"])
                time.sleep(rng.uniform(3.0, 8.0))
                at = rng.randrange(WORKERS)
                workers[at].kill()
                kills += 1
                workers[at] = WorkerProcess(url, folders[at] / "worker.log")
                look()
            until = time.monotonic() + 900
            while open_runs and time.monotonic() < until:
                time.sleep(0.5)
                look()
        finally:
            for worker in workers:
                worker.kill()
    print(
        f"{kills} kills, {len(seen)} runs, {len(digests)} distinct trace(s), "
        f"a dead worker found after at most {longest:.1f} s"
    )
    assert open_runs == []
    assert len(digests) == 1
    assert longest <= 30
