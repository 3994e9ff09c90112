"""Which lineage of the database this process works on: what it remembers of another one is wrong.

A database that is restored to an earlier moment, or whose standby takes over, begins a new timeline, and one that was
made anew has another identifier.  What this process knows of agents then may never have happened, and the numbers of
steps do not show it: other steps may have led to the same number.  Whoever makes a connection anew therefore asks, and
where the answer is another than before, all that remembers something is told.
"""

import logging
from collections.abc import Callable
from typing import Any, LiteralString

import psycopg

__all__ = ["Lineage"]

_LOG = logging.getLogger(__name__)

_ASK: LiteralString = """
SELECT (SELECT system_identifier FROM pg_control_system()) || '.' || left(pg_walfile_name(pg_current_wal_lsn()), 8)
"""


class Lineage:
    """The lineage that the process has seen last."""

    def __init__(self) -> None:
        self._name: str | None = None
        self._number = 0
        self._told: list[Callable[[str], None]] = []

    @property
    def name(self) -> str | None:
        """The identifier of the database's cluster and its timeline; None: nobody has asked yet."""
        return self._name

    @property
    def number(self) -> int:
        """How many times it turned out to be another one: what was read under another number is not to be believed."""
        return self._number

    def tells(self, told: Callable[[str], None]) -> None:
        """Call something with the name of each lineage that is seen from now on, the first included."""
        self._told.append(told)

    async def ask(self, connection: psycopg.AsyncConnection[Any]) -> None:
        """Ask a connection that was made anew.

        Raises:
            psycopg.Error: it does not answer; of a server that still recovers, `ObjectNotInPrerequisiteState`.
        """
        row = await (await connection.execute(_ASK)).fetchone()
        if row is not None:
            self.seen(str(row[0]))

    def seen(self, name: str) -> None:
        """Take note of the lineage that a connection is on."""
        if name == self._name:
            return
        if self._name is not None:
            self._number += 1
            _LOG.warning(
                "the database was %s and is %s: it was restored, or another server took over. All that was remembered "
                "of its agents is forgotten",
                self._name,
                name,
            )
        self._name = name
        for told in self._told:
            told(name)
