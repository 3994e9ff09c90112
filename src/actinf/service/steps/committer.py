"""Steps of many agents in one commit: the replies wait for it.

A commit waits for the disk, whatever it holds.  Steps that arrive while one is under way therefore go into the next
together, as one statement: an agent moves on only from where the step found it, and only then is the step kept.  What
is returned has been kept; what is not returned was overtaken, and nothing of it was.

Where the database turns out to be of another lineage than the one that steps were computed on, none of them is kept.

This is the one exception to "one request, one transaction" (docs/adr/0016).
"""

import asyncio
import logging
import select
from collections.abc import Sequence
from contextlib import suppress
from typing import Any, LiteralString
from uuid import UUID

import psycopg
from psycopg import errors as pg
from sqlalchemy.ext.asyncio import AsyncConnection

from actinf.errors import ServiceUnavailable
from actinf.runtime.database import connect_async
from actinf.runtime.logs import first_line
from actinf.service.lineage import Lineage
from actinf.service.measures import COMMIT_SECONDS, COMMIT_SIZE
from actinf.service.protection.breaker import Breaker
from actinf.service.steps.record import StepRecord

__all__ = ["Committer", "keep_with"]

_LOG = logging.getLogger(__name__)

_MOST_AT_ONCE = 256
_MOST_WAITING = 4096
_LOCK_SECONDS = 2
_ANSWER_SECONDS = 20.0  # longer than the server itself gives a statement: only one that stands still takes so long

# Rows are locked in the order of their agents, so that two processes cannot wait for each other.
_COMMIT: LiteralString = """
WITH given AS (
    SELECT * FROM unnest(
        %(agent)s::uuid[], %(step)s::bigint[], %(episode)s::integer[], %(time)s::integer[], %(key)s::text[],
        %(digest)b::bytea[], %(request)b::bytea[], %(action)s::integer[], %(free_energy)s::double precision[],
        %(results)b::bytea[], %(carry)b::bytea[], %(state)b::bytea[]
    ) AS g (agent_id, step, episode, time, request_key, request_digest, request, action, free_energy, results, carry,
        state)
), held AS (
    SELECT s.agent_id FROM agent_states s JOIN given g USING (agent_id)
    WHERE s.next_step = g.step AND s.episode = g.episode AND s.time = g.time
    ORDER BY s.agent_id FOR UPDATE OF s
), fresh AS (
    SELECT g.* FROM given g JOIN held USING (agent_id)
    WHERE g.request_key IS NULL OR NOT EXISTS (
        SELECT FROM steps p WHERE p.agent_id = g.agent_id AND p.request_key = g.request_key
    )
), moved AS (
    UPDATE agent_states s
    SET next_step = f.step + 1, time = f.time + 1, action = f.action, carry = f.state, updated_at = now()
    FROM fresh f WHERE s.agent_id = f.agent_id
    RETURNING s.agent_id
)
INSERT INTO steps (
    agent_id, step, episode, time, request_key, request_digest, request, action, free_energy, results, carry
)
SELECT f.agent_id, f.step, f.episode, f.time, f.request_key, f.request_digest, f.request, f.action, f.free_energy,
    f.results, f.carry
FROM fresh f JOIN moved USING (agent_id)
RETURNING agent_id
"""

#: The same, of the agents whose rows nobody else holds.
_COMMIT_UNHELD: LiteralString = _COMMIT.replace("FOR UPDATE OF s", "FOR UPDATE OF s SKIP LOCKED")

_COLUMNS = (
    "agent", "step", "episode", "time", "key", "digest", "request", "action", "free_energy", "results", "carry",
    "state",
)  # fmt: skip


def _columns(records: Sequence[StepRecord]) -> dict[str, list[Any]]:
    return {name: [getattr(record, name) for record in records] for name in _COLUMNS}


async def keep_with(connection: AsyncConnection, record: StepRecord) -> None:
    """Write a step in the transaction that makes its agent; nobody else can have moved that on."""
    await connection.exec_driver_sql(_COMMIT, _columns([record]))


Batch = Sequence[tuple[StepRecord, "asyncio.Future[bool]"]]


class Committer:
    """Collects steps and commits them together, one commit after another."""

    def __init__(self, url: str, breaker: Breaker, lineage: Lineage):
        self._url = url
        self._breaker = breaker
        self._lineage = lineage
        lineage.tells(lambda _: self._overtake_waiting())
        self._waiting: list[tuple[StepRecord, asyncio.Future[bool]]] = []
        self._writing = False
        self._wake = asyncio.Event()
        self._connection: psycopg.AsyncConnection[Any] | None = None
        self._task: asyncio.Task[None] | None = None

    @property
    def backlog(self) -> int:
        """Steps that wait for the next commit."""
        return len(self._waiting)

    @property
    def is_connected(self) -> bool:
        """Whether the database of the last commit is still there, as far as the system knows.

        A connection that nobody asked anything and that has something to say was closed by the other side.
        """
        connection = self._connection
        if connection is None or connection.closed:
            return False
        poll = select.poll()
        poll.register(connection.fileno(), select.POLLIN)
        return not poll.poll(0)

    def start(self) -> None:
        """Begin to commit."""
        self._task = asyncio.create_task(self._run(), name="committer")

    async def stop(self) -> None:
        """Commit what waits, and end."""
        while (self._waiting or self._writing) and self._task is not None and not self._task.done():
            await asyncio.sleep(0.01)
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task
        await self._disconnect()

    async def commit(self, record: StepRecord, lineage: int) -> bool:
        """Whether the step was kept; False where its agent stands elsewhere, or its key was used.

        Args:
            record: of the step.
            lineage: number of the lineage under which it was read where the agent stands.

        Raises:
            ServiceUnavailable: it is not known to be kept: the database is away, or too many wait.
        """
        if lineage != self._lineage.number:
            return False
        if len(self._waiting) >= _MOST_WAITING:
            raise ServiceUnavailable(f"{len(self._waiting):,} steps wait to be written already: try again later")
        self._breaker.admit()
        future: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._waiting.append((record, future))
        self._wake.set()
        return await future

    async def _run(self) -> None:
        while True:
            await self._wake.wait()
            batch, self._waiting = self._waiting[:_MOST_AT_ONCE], self._waiting[_MOST_AT_ONCE:]
            if not self._waiting:
                self._wake.clear()
            if batch:
                self._writing = True
                try:
                    await self._commit_all(batch)
                finally:
                    self._writing = False

    async def _commit_all(self, batch: Batch, held: pg.LockNotAvailable | None = None) -> Exception | None:
        """Commit a batch, and halves of it where one of its steps cannot be written, so that the others are.

        Args:
            batch: the steps.
            held: what the first try ended with where a row was held for long; then those that are held are left out.

        Returns:
            What the database failed with as a whole, so that nothing else is worth trying now; None: nothing.
        """
        try:
            kept = await self._write([record for record, _ in batch], wait=held is None)
        except pg.LockNotAvailable as error:
            if held is None and len(batch) > 1:
                return await self._commit_all(batch, error)
            self._fail(batch, error)
        except (pg.DataError, pg.IntegrityError) as error:
            if len(batch) == 1:
                self._fail(batch, error)
                return None
            half = len(batch) // 2
            gone = await self._commit_all(batch[:half], held)
            if gone is None:
                return await self._commit_all(batch[half:], held)
            self._fail(batch[half:], gone)
            return gone
        except (psycopg.Error, OSError) as error:
            self._breaker.failed()
            await self._disconnect()
            self._fail(batch, error)
            return error
        except Exception as error:  # noqa: BLE001 -- the edge: whatever it is, no reply may wait for ever
            _LOG.exception("steps could not be written")
            await self._disconnect()
            self._fail(batch, error)
            return error
        else:
            self._breaker.succeeded()
            left_out = [one for one in batch if one[0].agent not in kept]
            for record, future in batch:
                if not future.done() and (held is None or record.agent in kept):
                    future.set_result(record.agent in kept)
            if held is not None and left_out:  # held by somebody, or overtaken: either way it may be sent again
                self._fail(left_out, held)
        return None

    @staticmethod
    def _fail(batch: Batch, error: Exception) -> None:
        _LOG.warning("steps could not be written: %s", first_line(error), extra={"size": len(batch)})
        for _, future in batch:
            if not future.done():
                future.set_exception(
                    ServiceUnavailable(
                        "the step could not be written: the database does not answer, or is full. Send it again with "
                        "the same Idempotency-Key: if it was kept after all, its reply is given again"
                    )
                )

    async def _write(self, records: Sequence[StepRecord], *, wait: bool) -> set[UUID]:
        """Write the steps in one transaction, twice where the first was given up for another's; which were kept.

        Args:
            records: the steps.
            wait: for rows that somebody else holds; else their steps are left out.
        """
        columns, statement = _columns(records), _COMMIT if wait else _COMMIT_UNHELD
        for attempt in (1, 2):
            before = self._lineage.number
            connection = await self._connected()
            if self._lineage.number != before:
                return set()  # whatever they were computed from
            try:
                with COMMIT_SECONDS.time():
                    async with asyncio.timeout(_ANSWER_SECONDS):
                        cursor = await connection.execute(statement, columns, prepare=wait)
                COMMIT_SIZE.observe(len(records))
                return {row[0] for row in await cursor.fetchall()}
            except (pg.DeadlockDetected, pg.SerializationFailure):
                if attempt == 2:
                    raise
        raise AssertionError

    async def _connected(self) -> psycopg.AsyncConnection[Any]:
        if self._connection is None or self._connection.closed:
            self._connection = await connect_async(self._url, application="actinf steps")
            # A row that somebody else holds for long must not keep the steps of all other agents waiting.
            await self._connection.execute(f"SET lock_timeout = '{_LOCK_SECONDS}s'")
            await self._lineage.ask(self._connection)
        return self._connection

    def _overtake_waiting(self) -> None:
        """What waits was computed on another lineage: it is not kept."""
        waiting, self._waiting = self._waiting, []
        for _, future in waiting:
            if not future.done():
                future.set_result(False)

    async def _disconnect(self) -> None:
        if self._connection is not None:
            with suppress(psycopg.Error, OSError):
                await self._connection.close()
            self._connection = None
