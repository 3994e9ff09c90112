"""The database of `actinf serve` without configuration: what is learned there holds in production."""

import subprocess

import psycopg
import pytest
from support.postgres import folder_for_servers

from actinf.runtime import at_hand
from actinf.runtime.at_hand import database_at_hand
from actinf.runtime.postgres_binaries import installed_binaries
from actinf.runtime.preparation import is_prepared
from actinf.runtime.settings import Settings
from actinf.service import schema_version


def psql(url: str, line: str) -> str:
    done = subprocess.run(
        [installed_binaries() / "psql", "--no-psqlrc", "-tA", url, "-c", line],
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


def test_the_queries_of_the_runbook_work_and_the_tables_are_where_they_belong(monkeypatch: pytest.MonkeyPatch) -> None:
    """A superuser's search_path begins with `compat` there: what says no schema would be made in that one."""
    with folder_for_servers() as folder, database_at_hand(Settings(data_dir=folder)) as database:
        schema_version.upgrade(database.url)
        slow = "SELECT query, calls, total_time FROM pg_stat_statements ORDER BY total_time DESC LIMIT 10;"
        assert len(psql(database.url, slow).splitlines()) >= 10
        assert psql(database.url, "SELECT count(*) FROM critical_table;") == "0\n"
        assert psql(database.url, "SELECT state FROM ops.connections WHERE state = 'active'") == "active\n"
        made = psql(database.url, "SELECT DISTINCT schemaname FROM pg_tables WHERE schemaname !~ '^(pg_|information)'")
        assert set(made.split()) == {"public", "upkeep"}
        prepared_again = []
        monkeypatch.setattr(at_hand, "prepare", prepared_again.append)
        with database_at_hand(Settings(data_dir=folder)):
            pass
        assert prepared_again == []


def test_a_server_that_cannot_be_prepared_serves_all_the_same(caplog: pytest.LogCaptureFixture) -> None:
    with folder_for_servers() as folder:
        settings = Settings(data_dir=folder)
        with database_at_hand(settings, make=True) as database:
            psql(database.url, "DROP SCHEMA compat CASCADE")
            psql(database.url, "ALTER SYSTEM SET shared_preload_libraries = 'plpgsql'")
        with database_at_hand(settings) as database, psycopg.connect(database.url) as connection:
            assert connection.execute("SELECT 1").fetchone() == (1,)
            assert not is_prepared(database.url)
        assert "without pg_stat_statements: add it in postgresql.conf" in caplog.text
