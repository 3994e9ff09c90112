"""Which rows are compared, and how writers are held off for a moment."""

import threading

import psycopg
import pytest
from support.backed_up import AGENT, STEP

from actinf.errors import BackupError
from actinf.service import schema_version
from actinf.service.tables import METADATA
from actinf.upkeep.backup import contents as of_contents
from actinf.upkeep.backup.contents import PASSING, TABLES, contents, critical_rows, marked
from actinf.upkeep.backup.live import CONNECTION
from actinf.upkeep.backup.manifest import TableContent, differences


@pytest.fixture
def tables(database_url: str) -> str:
    schema_version.upgrade(database_url)
    return database_url


def test_every_table_of_the_service_is_compared_or_known_to_be_of_the_hour() -> None:
    """A table that is added is forgotten by nobody: it has to be put into one of the two lists."""
    assert {*TABLES, *PASSING} == set(METADATA.tables)
    assert not {*TABLES} & {*PASSING}


def test_a_change_of_any_column_changes_the_checksum(tables: str) -> None:
    with psycopg.connect(tables, autocommit=True) as connection:
        connection.execute(STEP, (AGENT, 1))
        connection.execute(STEP, (AGENT, 2))
        before = contents(connection)
        seen = {before["steps"].checksum}
        for change in (
            "free_energy = 0.25",
            "results = 'y'",
            "created_at = created_at + interval '1 us'",
            "carry = ''",
        ):
            connection.execute(f"UPDATE steps SET {change} WHERE step = 1")
            seen.add(contents(connection)["steps"].checksum)
        assert len(seen) == 5
        connection.execute("DELETE FROM steps WHERE step = 1")
        assert differences(before, contents(connection)) == ["table steps has 1 rows, expected 2"]


def test_what_differs_is_named_by_table() -> None:
    one, other = TableContent(rows=1, checksum="7"), TableContent(rows=1, checksum="8")
    assert differences({"agents": one, "models": one}, {"agents": other, "steps": one}) == [
        "table agents has the 1 rows expected, but not the same content",
        "table models is missing",
        "table steps is new",
    ]
    assert differences({"agents": one}, {"agents": one}) == []


def test_the_rows_behind_critical_table_are_counted_where_there_is_one(tables: str) -> None:
    with psycopg.connect(tables, autocommit=True) as connection:
        connection.execute("DROP VIEW IF EXISTS critical_table")
        assert critical_rows(connection) is None
        connection.execute(STEP, (AGENT, 1))
        connection.execute("CREATE VIEW critical_table AS SELECT agent_id, step FROM steps")
        assert critical_rows(connection) == 1


def test_a_mark_waits_for_who_writes_and_does_not_see_who_comes_after(tables: str) -> None:
    with psycopg.connect(tables) as writer:
        writer.execute(STEP, (AGENT, 1))
        ended = threading.Timer(0.5, writer.commit)
        ended.start()
        with marked(tables, parameters=CONNECTION) as mark:
            ended.join()
            writer.execute(STEP, (AGENT, 2))  # held off no longer
            writer.commit()
            assert contents(mark.snapshot)["steps"].rows == 1
            assert mark.lsn < mark.written_up_to


def test_writers_that_do_not_let_go_are_named(tables: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(of_contents, "_LOCK_MILLISECONDS", (20, 20))
    with psycopg.connect(tables) as writer:
        writer.execute(STEP, (AGENT, 1))
        refused = pytest.raises(BackupError, match="a long transaction holds them")
        with refused, marked(tables, parameters=CONNECTION):
            pass
