"""Runs whose worker is gone: found by its heart, which beats every two seconds, and given to another one.

A run that ends its workers (it takes all memory, say) would do so for ever: after the third time without a chunk in
between it is failed, and says why.
"""

import logging
from typing import Any

import procrastinate
from procrastinate.exceptions import ConnectorException
from procrastinate.jobs import Job, Status
from sqlalchemy import select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from actinf.service.jobs import queue
from actinf.service.simulations import repository
from actinf.service.tables import SIMULATIONS

__all__ = ["HEARTBEAT_SECONDS", "MOST_DEATHS", "STALLED_SECONDS", "rescue_jobs", "rescue_orphans"]

_LOG = logging.getLogger(__name__)

#: How often a worker says that it lives, and after how long without it is taken for dead.
HEARTBEAT_SECONDS = 2.0
STALLED_SECONDS = 10.0

#: How often in a row, without a chunk in between, a run may end its worker.
MOST_DEATHS = 3

_S = SIMULATIONS.c

# While the server was away nobody's heart could beat: who fell silent around its last start did not die of the run.
_LATELY_STARTED = "SELECT pg_postmaster_start_time() > now() - interval '60 seconds'"

_ORPHANS = """
SELECT s.id FROM simulations s
WHERE s.status IN ('queued', 'running') AND NOT EXISTS (
    SELECT FROM procrastinate_jobs j WHERE j.id = s.job_id AND j.status IN ('todo', 'doing')
) FOR UPDATE OF s SKIP LOCKED
"""


async def rescue_jobs(app: procrastinate.App, connection: AsyncConnection) -> None:
    """Have runs of dead workers computed by others; a run that was the cause too often is failed."""
    outage = bool((await connection.execute(text(_LATELY_STARTED))).scalar_one())
    for job in await app.job_manager.get_stalled_jobs(seconds_since_heartbeat=STALLED_SECONDS):
        try:
            await _rescue(app, connection, job, outage)
        except ConnectorException:
            # The worker was slow, not dead, and has just ended the job itself.
            _LOG.info("a job that was taken for lost has ended", extra={"job": job.id})


async def _rescue(app: procrastinate.App, connection: AsyncConnection, job: Job, outage: bool) -> None:
    mine = (_S.job_id == job.id) & _S.status.in_(repository.UNFINISHED)
    row = (await connection.execute(select(_S.id, _S.attempts, _S.deaths).where(mine).with_for_update())).first()
    deaths = 0 if row is None else row.deaths + (not outage)
    if row is not None and deaths >= MOST_DEATHS:
        await app.job_manager.finish_job(job, Status.FAILED, delete_job=False)
        await repository.fail(
            connection,
            row.id,
            row.attempts,
            f"the worker that computed it was killed {deaths} times in a row, and it was given up: most likely it "
            "needs more memory than there is. Shorten the planner's horizon, make the model smaller, or give the "
            "workers more memory",
        )
        _LOG.error("a simulation was given up: it killed its worker %d times", deaths, extra={"job": row.id})
        return
    # A worker that is slow, not dead, ends its job when it notices: the job is ended before that, and the run gets one
    # of its own, which nobody else can end.  An aborted job cannot be retried either, as a failed one could.
    await app.job_manager.finish_job(job, Status.ABORTED, delete_job=False)
    if row is None:
        _LOG.warning("the worker of a job that nothing waits for is gone", extra={"job": job.task_name})
        return
    values: dict[str, Any] = {"job_id": await queue.put(connection, row.id), "version": _S.version + 1}
    await connection.execute(update(SIMULATIONS).where(_S.id == row.id).values(deaths=deaths, **values))
    _LOG.warning("the worker of a simulation is gone: it is queued again", extra={"job": row.id})


async def rescue_orphans(connection: AsyncConnection) -> None:
    """Give a job to each unfinished simulation that has none, so that none waits for ever."""
    for (simulation,) in (await connection.execute(text(_ORPHANS))).all():
        values: dict[str, Any] = {"job_id": await queue.put(connection, simulation), "version": _S.version + 1}
        await connection.execute(update(SIMULATIONS).where(_S.id == simulation).values(**values))
        _LOG.warning("a simulation had no job: it is queued again", extra={"job": simulation})
