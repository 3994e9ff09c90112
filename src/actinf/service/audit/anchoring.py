"""Writing the anchor while the service runs: every ten seconds, and when it stops."""

import asyncio
import logging
import time
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine

from actinf.runtime.anchor import Anchor, AnchorWriter
from actinf.runtime.chain import key_id, moment
from actinf.runtime.logs import first_line
from actinf.runtime.settings import Settings
from actinf.service.background import begun, ended
from actinf.service.measures import AUDIT_ANCHORED, AUDIT_CONTRADICTED, AUDIT_ROWS

__all__ = ["ANCHOR_SECONDS", "Anchoring", "anchor_path"]

_LOG = logging.getLogger(__name__)

#: How much of the log's end can at most be cut without a trace.
ANCHOR_SECONDS = 10.0
_LAST_SECONDS = 3.0
# A line says that somebody still writes, also where nothing was added to the log.
_AT_LEAST_EVERY_SECONDS = 3600.0

_HEAD = text("""
SELECT head.seq, head.mac, head.key_id, (SELECT system_identifier::text FROM pg_control_system()) AS system,
    (SELECT mac FROM audit_log WHERE seq = :seq) AS mac_of_last
FROM audit_head head
""")
# Rows that are gone since an anchor may have been pruned; what says so is itself held by the chain, and verified there.
# It walks through the whole log, so it is asked only where the row is gone.
_PRUNED = text("""
SELECT EXISTS (SELECT FROM audit_log WHERE action = 'audit.prune' AND (details ->> 'first_kept')::bigint > :seq)
""")


def anchor_path(settings: Settings, data_dir: Path) -> Path:
    """The file that a process writes its anchors to."""
    return settings.audit_anchor if settings.audit_anchor is not None else data_dir / "audit.anchor"


class Anchoring:
    """Keeps the anchor up to date, as long as no other process does.

    Args:
        engine: of the database.
        key: of the chain.
        path: of the file.
    """

    def __init__(self, engine: AsyncEngine, key: bytes, path: Path):
        self._engine = engine
        self._key = key
        self._path = path
        self._writer = AnchorWriter(path, key)
        self._tasks: list[asyncio.Task[None]] = []
        self._written = float("-inf")
        self._failed = ""

    def start(self) -> None:
        """Begin."""
        self._tasks.append(begun(self._run(), "audit anchor"))

    async def stop(self) -> None:
        """Write the last anchor, and end."""
        await ended(self._tasks)
        with suppress(TimeoutError):
            async with asyncio.timeout(_LAST_SECONDS):
                await self.once()
        self._writer.close()

    async def _run(self) -> None:
        while True:
            await self.once()
            await asyncio.sleep(ANCHOR_SECONDS)

    async def once(self) -> None:
        """Write the anchor where there is something new to say; what fails is logged, and tried again."""
        failed = ""
        try:
            if await asyncio.to_thread(self._writer.open):
                await self._write()
        except (SQLAlchemyError, OSError, ValueError) as error:
            failed = first_line(error)
            if failed != self._failed:
                _LOG.error("the audit log is not anchored in %s: %s", self._path, failed)
        self._failed = failed

    async def _write(self) -> None:
        last = self._writer.last
        async with self._engine.connect() as connection:
            head = (await connection.execute(_HEAD, {"seq": last.seq if last is not None else 0})).one_or_none()
            follows = last is None or last.seq == 0
            if last is not None and head is not None and head.mac_of_last is not None:
                follows = bytes(head.mac_of_last).hex() == last.mac
            elif last is not None and not follows:
                follows = bool((await connection.execute(_PRUNED, {"seq": last.seq})).scalar_one())
        if head is None:
            raise ValueError("audit_head has no row")
        if head.key_id is not None and bytes(head.key_id) != key_id(self._key):
            raise ValueError(
                f"it was begun with the key {bytes(head.key_id).hex()}, and this process has {key_id(self._key).hex()}"
            )
        anchor = Anchor(
            seq=int(head.seq),
            mac=bytes(head.mac).hex(),
            time=moment(datetime.now(UTC)),
            system=str(head.system),
            follows=follows,
        )
        if last is not None and not follows:
            AUDIT_CONTRADICTED.inc()
            _LOG.error(
                "the audit log does not hold row %d as it was at %s: rows were lost or changed. `actinf audit verify` "
                "says which; after a restore from a backup, `actinf audit restored` says why",
                last.seq,
                last.time,
            )
        is_new = last is None or not follows or (anchor.seq, anchor.mac) != (last.seq, last.mac)
        if is_new or time.monotonic() - self._written > _AT_LEAST_EVERY_SECONDS:
            await asyncio.to_thread(self._writer.write, anchor)
            self._written = time.monotonic()
        AUDIT_ROWS.set(anchor.seq)
        AUDIT_ANCHORED.set(time.time())
