"""Saying in the audit log of a restored database that it was restored, before anybody works with it.

The anchors say what the log held before.  Where the database of before still answers, its own log says it as well, up
to the moment: its head, and whether it had the row that the restored log ends with.
"""

from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg

from actinf.runtime.anchor import Anchor, AnchorFile
from actinf.runtime.at_hand import Database
from actinf.runtime.chain import moment
from actinf.service.audit import commands

__all__ = ["record_restore"]

_ROW = """
SELECT seq, mac, (SELECT system_identifier::text FROM pg_control_system()) FROM audit_log WHERE seq = %s
UNION
SELECT seq, mac, (SELECT system_identifier::text FROM pg_control_system()) FROM audit_head
"""


def record_restore(
    database: Database, key: bytes, files: Sequence[AnchorFile], *, before: str | None, actor: str, reason: str
) -> dict[str, Any]:
    """Add the record to the log of a restored database, also where it lost nothing.

    Args:
        database: that was restored.
        key: of the chain.
        files: the anchors that there are.
        before: postgresql://… of the database that it takes the place of; None, or one that does not answer: unknown.
        actor: who restored.
        reason: from what, and why.

    Returns:
        What was recorded.

    Raises:
        DatabaseError: it cannot be written.
        ServiceUnavailable: the log was begun with another key.
    """
    head = commands.head_of(database)
    known = [*files]
    if before is not None:
        known.append(AnchorFile(path=Path(), anchors=_of_before(before, head), wrong=(), signed_otherwise=0))
    return commands.restored(database, key, known, actor=actor, reason=reason, also_without_loss=True)


def _of_before(url: str, head: int) -> tuple[Anchor, ...]:
    now = moment(datetime.now(UTC))
    with suppress(psycopg.Error), psycopg.connect(url, connect_timeout=3, options="-c statement_timeout=5000") as other:
        rows = other.execute(_ROW, (head,)).fetchall()
        return tuple(
            Anchor(seq=seq, mac=bytes(mac).hex(), time=now, system=system, follows=True) for seq, mac, system in rows
        )
    return ()
