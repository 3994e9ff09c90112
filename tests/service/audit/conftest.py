"""A log of three hundred entries with a few anchors, on a database of its own."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
import pytest
from support.postgres import PostgresServer, fresh_database
from support.service import AUDIT_KEY

from actinf.runtime.anchor import Anchor, read_anchors
from actinf.runtime.at_hand import Database
from actinf.runtime.database import make_engine
from actinf.service import schema_version
from actinf.service.audit.anchoring import Anchoring
from actinf.service.audit.log import AuditLog, Entry
from actinf.service.audit.verification import Verdict, verify

WORKSPACE = UUID("01997a3e-5d7c-7c39-9d51-6a1f6b1a2f10")


@dataclass(frozen=True, kw_only=True)
class Log:
    """A database with an audit log, and its anchors."""

    database: Database
    anchor: Path
    key: bytes = AUDIT_KEY

    def add(self, count: int, action: str = "agents.create", **details: Any) -> None:
        """Append entries, as the service does."""

        async def run() -> None:
            engine = make_engine(self.database.url, pool_size=2, application="test")
            try:
                async with engine.begin() as connection:
                    for number in range(count):
                        entry = Entry(
                            workspace=WORKSPACE if number % 3 else None,
                            actor="key:abcdefgh",
                            action=action,
                            object=f"agent:{number}",
                            request_id="f2b1c7d09a5e4e0f",
                            details={"name": "ein Käfer", "number": number, "rate": number / 7, **details},
                        )
                        await AuditLog(self.key).append(connection, entry)
            finally:
                await engine.dispose()

        asyncio.run(run())

    def write_anchor(self) -> Anchor:
        """As the service does every ten seconds."""

        async def run() -> None:
            engine = make_engine(self.database.url, pool_size=2, application="test")
            anchoring = Anchoring(engine, self.key, self.anchor)
            await anchoring.once()
            await anchoring.stop()
            await engine.dispose()

        asyncio.run(run())
        return read_anchors(self.anchor, self.key).anchors[-1]

    def verdict(self, connection: psycopg.Connection[Any], key: bytes | None = None) -> Verdict:
        """What verification says, in the transaction of a connection."""
        key = key or self.key
        return verify(connection, key, [read_anchors(self.anchor, key)])

    def verdict_without_anchors(self, connection: psycopg.Connection[Any]) -> Verdict:
        """What verification says of the chain alone."""
        return verify(connection, self.key, [])

    def owner(self) -> psycopg.Connection[Any]:
        """The superuser, in a transaction."""
        return psycopg.connect(self.database.url)


def new_log(url: str, folder: Path) -> Log:
    schema_version.upgrade(url)
    (folder / "audit.key").write_text(AUDIT_KEY.hex() + "\n")
    return Log(database=Database(url=url, data_dir=folder, disk=None), anchor=folder / "audit.anchor")


@pytest.fixture(scope="session")
def long_log(postgres_server: PostgresServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Log]:
    """Three hundred entries, anchored at 100, 200 and 290; tests undo what they do to it."""
    with fresh_database(postgres_server) as url:
        log = new_log(url, tmp_path_factory.mktemp("audit"))
        for count in (100, 100, 90):
            log.add(count)
            log.write_anchor()
        log.add(10)
        yield log


@pytest.fixture
def log(database_url: str, tmp_path: Path) -> Log:
    """A log without entries."""
    return new_log(database_url, tmp_path)
