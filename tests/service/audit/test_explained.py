"""Rows that are missing for a reason: the database was restored from a backup, or the log was pruned."""

import datetime as dt
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, event
from support.postgres import PostgresServer, fresh_database

from actinf.errors import Conflict, DatabaseError, SettingError
from actinf.runtime.anchor import read_anchors
from actinf.runtime.at_hand import Database
from actinf.service.audit import commands
from actinf.service.audit.restoring import record_restore

LONG_AGO = dt.datetime.now(dt.UTC) - dt.timedelta(days=40)


def verdict_of(log: Any) -> Any:
    return commands.verified(log.database, log.key, [read_anchors(log.anchor, log.key)])


def restored(log: Any) -> dict[str, Any]:
    files = [read_anchors(log.anchor, log.key)]
    return commands.restored(log.database, log.key, files, actor="cli:me", reason="the disk died")


def name_of(url: str) -> str:
    return url.rpartition("/")[2]


def test_a_restore_from_a_backup_is_accepted_once_it_is_recorded(postgres_server: PostgresServer, log: Any) -> None:
    log.add(20)
    log.write_anchor()
    log.add(5)
    with fresh_database(postgres_server, template=name_of(log.database.url)) as backup:
        log.add(15)
        log.write_anchor()
        after = type(log)(database=Database(url=backup, data_dir=log.database.data_dir, disk=None), anchor=log.anchor)
        assert [(one.first, one.last) for one in verdict_of(after).wrong] == [(21, 40)]

        said = restored(after)
        assert (said["after_seq"], said["anchor_seq"], said["head_seq"]) == (20, 40, 25)
        verdict = verdict_of(after)
        assert verdict.good
        assert "rows 21 to 40 were lost when the database was restored" in verdict.notes[0]
        assert "the disk died" in verdict.notes[0]

        # What is cut after that is as wrong as ever, below and above the highest anchor of before.
        after.add(10)
        assert after.write_anchor().seq == 36
        after.add(10)
        after.write_anchor()
        assert verdict_of(after).good
        with after.owner() as connection:
            connection.execute("DELETE FROM audit_log WHERE seq > 30")
            connection.execute("UPDATE audit_head SET seq = 30, mac = (SELECT mac FROM audit_log WHERE seq = 30)")
        assert [(one.first, one.last) for one in verdict_of(after).wrong] == [(21, 46)]


def test_a_record_of_a_restore_that_was_put_in_explains_nothing(log: Any) -> None:
    log.add(20)
    log.write_anchor()
    with log.owner() as connection:
        connection.execute("DELETE FROM audit_log WHERE seq > 10")
        connection.execute(
            "INSERT INTO audit_log SELECT 11, now(), NULL, 'cli:me', 'audit.restored', 'audit_log', '', 'done', "
            "jsonb_build_object('after_seq', 10, 'anchor_seq', 20, 'anchor_time', '2999-01-01', 'reason', ''), mac "
            "FROM audit_log WHERE seq = 10"
        )
        connection.execute("UPDATE audit_head SET seq = 11, mac = (SELECT mac FROM audit_log WHERE seq = 11)")
    wrong = [str(one) for one in verdict_of(log).wrong]
    assert wrong[0].startswith("rows 1 to 20: not what was anchored")
    assert wrong[1] == "row 11: changed, or put in"


def test_a_restore_of_which_nothing_was_lost_is_not_recorded(log: Any) -> None:
    log.add(3)
    log.write_anchor()
    with pytest.raises(Conflict, match="no row was lost"):
        restored(log)


def test_a_restore_is_on_record_though_nothing_was_lost_and_explains_nothing(log: Any) -> None:
    log.add(3)
    log.write_anchor()
    said = record_restore(log.database, log.key, [], before=log.database.url, actor="cli:me", reason="a drill")
    assert (said["head_seq"], said["reason"]) == (3, "a drill")
    assert log.write_anchor().seq == 4
    assert verdict_of(log).good
    with log.owner() as connection:
        connection.execute("DELETE FROM audit_log WHERE seq = 2")
    assert not verdict_of(log).good


def test_the_database_of_before_says_what_was_lost_where_there_is_no_anchor(
    postgres_server: PostgresServer, log: Any
) -> None:
    log.add(20)
    with fresh_database(postgres_server, template=name_of(log.database.url)) as backup:
        log.add(15)
        log.write_anchor()
        restored_one = Database(url=backup, data_dir=log.database.data_dir, disk=None)
        said = record_restore(restored_one, log.key, [], before=log.database.url, actor="cli:me", reason="a drill")
        assert (said["after_seq"], said["anchor_seq"]) == (20, 35)
        after = type(log)(database=restored_one, anchor=log.anchor)
        assert verdict_of(after).good
        assert "rows 21 to 35 were lost" in verdict_of(after).notes[0]


def aged(log: Any, count: int) -> None:
    """Entries of forty days ago: written by a clock that stood there."""
    from unittest.mock import patch

    class Then(dt.datetime):
        @classmethod
        def now(cls, tz: Any = None) -> "Then":
            return cls.fromtimestamp(LONG_AGO.timestamp(), tz)

    with patch("actinf.service.audit.log.datetime", Then):
        log.add(count)


def test_a_pruned_log_is_intact_and_says_who_pruned_it(log: Any) -> None:
    aged(log, 12)
    log.write_anchor()
    log.add(5)
    files = [read_anchors(log.anchor, log.key)]
    before = LONG_AGO + dt.timedelta(days=5)
    said = commands.prune(log.database, log.key, files, actor="cli:me", before=before)
    assert said is not None
    assert (said["rows"], said["first_kept"]) == (12, 13)
    verdict = verdict_of(log)
    assert verdict.good, verdict.wrong
    assert (verdict.first, verdict.last) == (13, 18)
    assert verdict.notes[0].startswith("rows 1 to 12 were pruned: row 18 of ")
    assert log.write_anchor().follows  # the writer does not take it for a cut
    assert commands.prune(log.database, log.key, files, actor="cli:me", before=before) is None
    with log.owner() as connection:
        connection.execute("UPDATE audit_log SET actor = 'x' WHERE seq = 13")
    assert [(one.first, one.last) for one in verdict_of(log).wrong] == [(13, 13)]
    with log.owner() as connection:
        connection.execute("DELETE FROM audit_log WHERE seq IN (13, 14)")
    assert (verdict_of(log).wrong[0].first, verdict_of(log).wrong[0].last) == (1, 14)


def test_a_log_of_which_everything_is_old_keeps_its_last_entry(log: Any) -> None:
    aged(log, 4)
    files = [read_anchors(log.anchor, log.key)] if log.anchor.exists() else []
    said = commands.prune(log.database, log.key, files, actor="cli:me", before=LONG_AGO + dt.timedelta(days=5))
    assert said is not None
    assert said["first_kept"] == 4
    log.write_anchor()
    assert verdict_of(log).good


def test_what_is_recent_or_was_tampered_with_is_not_pruned(log: Any, tmp_path: Path) -> None:
    aged(log, 4)
    log.write_anchor()
    files = [read_anchors(log.anchor, log.key)]
    with pytest.raises(SettingError, match="the last 28 days are always kept"):
        commands.prune(log.database, log.key, files, actor="me", before=dt.datetime.now(dt.UTC))
    with log.owner() as connection:
        connection.execute("UPDATE audit_log SET actor = 'x' WHERE seq = 2")
    with pytest.raises(Conflict, match="row 2: changed"):
        commands.prune(log.database, log.key, files, actor="me", before=LONG_AGO + dt.timedelta(days=5))


def test_a_login_that_only_serves_cannot_prune(postgres_server: PostgresServer, log: Any) -> None:
    import httpx
    import psycopg

    aged(log, 2)
    log.write_anchor()
    with psycopg.connect(postgres_server.url, autocommit=True) as connection:
        connection.execute("CREATE ROLE only_serves LOGIN PASSWORD 'secret' IN ROLE actinf_app")
    try:
        url = str(httpx.URL(log.database.url).copy_with(username="only_serves", password="secret"))
        database = Database(url=url, data_dir=log.database.data_dir, disk=None)
        files = [read_anchors(log.anchor, log.key)]
        assert commands.verified(database, log.key, files).good
        with pytest.raises(DatabaseError, match="permission denied"):
            commands.prune(database, log.key, files, actor="me", before=LONG_AGO + dt.timedelta(days=5))
    finally:
        with psycopg.connect(postgres_server.url, autocommit=True) as connection:
            connection.execute("DROP ROLE only_serves")


def test_the_whole_log_is_not_searched_for_an_anchor_whose_row_is_there(log: Any) -> None:
    asked: list[str] = []

    def note(_: Any, __: Any, statement: str, *___: Any) -> None:
        asked.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    try:
        for _ in range(2):
            log.add(3)
            log.write_anchor()
    finally:
        event.remove(Engine, "before_cursor_execute", note)
    assert any("audit_head" in statement for statement in asked)
    assert not any("audit.prune" in statement for statement in asked)
