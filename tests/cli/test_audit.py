"""`actinf audit`: what it prints, and its exit codes."""

import asyncio
import subprocess
import sys
from pathlib import Path
from typing import Any

import psycopg
import pytest

from actinf.runtime.database import make_engine
from actinf.service import schema_version
from actinf.service.audit.anchoring import Anchoring
from actinf.service.audit.log import AuditLog, Entry

KEY = bytes(range(32))


@pytest.fixture
def where(database_url: str, tmp_path: Path) -> list[str]:
    """The flags of a log with three entries that are anchored, and one that is not."""
    schema_version.upgrade(database_url)
    (tmp_path / "audit.key").write_text(KEY.hex())

    async def add() -> None:
        engine = make_engine(database_url, pool_size=2, application="test")
        for number in range(4):
            async with engine.begin() as connection:
                entry = Entry(workspace=None, actor="cli:me", action="keys.create", object=f"key:{number}")
                await AuditLog(KEY).append(connection, entry)
            if number == 2:
                anchoring = Anchoring(engine, KEY, tmp_path / "audit.anchor")
                await anchoring.once()
                await anchoring.stop()
        await engine.dispose()

    asyncio.run(add())
    return ["--database-url", database_url, "--data-dir", str(tmp_path)]


def changed(where: list[str], *statements: str) -> None:
    with psycopg.connect(where[1]) as connection:
        for statement in statements:
            connection.execute(statement)


def test_an_intact_log_is_said_to_be_with_its_window(actinf: Any, where: list[str]) -> None:
    answer = actinf("audit", "verify", *where)
    assert answer.code == 0
    assert answer.out == "intact: 4 rows, 1 to 4, 1 anchor\n"
    assert "the last anchor is row 3" in answer.err
    assert "could be cut off without a trace by whoever owns the database, which is 1 row" in answer.err
    assert "the last 10 s" in answer.err


def test_the_anchors_of_several_processes_may_come_by_standard_input(where: list[str], tmp_path: Path) -> None:
    """Where the processes that wrote them cannot be entered any more, in an incident, they come from the evidence."""
    anchors = (tmp_path / "audit.anchor").read_bytes()
    (tmp_path / "audit.anchor").unlink()
    command = [Path(sys.executable).parent / "actinf", "audit", "verify", *where, "--anchor", "/dev/stdin"]
    done = subprocess.run(command, input=anchors + anchors, capture_output=True, check=False)
    assert (done.returncode, done.stdout) == (0, b"intact: 4 rows, 1 to 4, 2 anchors\n"), done.stderr


def test_a_changed_log_is_exit_code_1_and_its_first_wrong_row_is_named(actinf: Any, where: list[str]) -> None:
    changed(where, "UPDATE audit_log SET actor = 'nobody' WHERE seq = 2")
    answer = actinf("audit", "verify", *where)
    assert answer.code == 1
    assert answer.out.startswith("NOT what was written: 4 rows")
    assert "error: row 2: changed, or put in" in answer.err
    plain = actinf("audit", "verify", *where, "--json").plain
    assert (plain["good"], plain["window_seconds"]) == (False, 10.0)
    assert plain["wrong"] == [{"first": 2, "last": 2, "what": "changed, or put in"}]


def test_a_restore_is_explained_from_the_command_line(actinf: Any, where: list[str]) -> None:
    assert actinf("audit", "restored", "--reason", "none", *where).code == 2
    changed(
        where,
        "DELETE FROM audit_log WHERE seq > 1",
        "UPDATE audit_head SET seq = 1, mac = (SELECT mac FROM audit_log)",
    )
    assert actinf("audit", "verify", *where).code == 1
    answer = actinf("audit", "restored", "--reason", "the disk died", *where)
    assert answer.code == 0
    assert "rows 1 to 3" in answer.err
    answer = actinf("audit", "verify", *where)
    assert answer.code == 0
    assert "the disk died" in answer.err


def test_pruning_asks_first_and_keeps_what_is_recent(actinf: Any, where: list[str]) -> None:
    assert "say so with --yes" in actinf("audit", "prune", "--before", "2020-01-01", *where).err
    answer = actinf("audit", "prune", "--before", "2020-01-01", "--yes", *where)
    assert (answer.code, answer.err) == (0, "no entry is older than 2020-01-01\n")
    assert "28 days" in actinf("audit", "prune", "--before", "2999-01-01", "--yes", *where).err


def test_a_key_or_an_anchor_that_is_not_there_is_asked_for(actinf: Any, where: list[str], tmp_path: Path) -> None:
    (tmp_path / "audit.anchor").unlink()
    answer = actinf("audit", "verify", *where)
    assert answer.code == 2
    assert "--anchor FILE" in answer.err
    (tmp_path / "audit.key").unlink()
    answer = actinf("audit", "verify", *where)
    assert answer.code == 2
    assert "ACTINF_AUDIT_KEY" in answer.err
    assert not (tmp_path / "audit.key").exists()
