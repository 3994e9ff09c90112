"""Migrations: there and back, under load, beside the release before, and by a login without rights."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Column, Table, create_engine, inspect
from support.catalog import schema_of
from support.postgres import PostgresServer, fresh_database
from support.release_before import code_before, steps_with

from actinf.errors import DatabaseError, ServiceUnavailable
from actinf.kernels.compile import kernel_digest
from actinf.runtime.database import APP_ROLE, connect, sqlalchemy_url
from actinf.service import schema_version
from actinf.service.tables import METADATA


@pytest.fixture
def migrated_url(database_url: str) -> str:
    """The address of a database with the tables of this release."""
    schema_version.upgrade(database_url)
    return database_url


def test_up_and_down_and_up_again_leave_the_same_schema(database_url: str) -> None:
    empty = schema_of(database_url)
    revisions = ["0001", "0002", "0003"]
    assert schema_version.HEAD == revisions[-1]
    dumps = []
    for revision in revisions:
        assert schema_version.upgrade(database_url, revision)[1] == revision
        dumps.append(schema_of(database_url))
    for revision, dump in zip(reversed(revisions[:-1]), reversed(dumps[:-1]), strict=True):
        assert schema_version.downgrade(database_url, revision)[1] == revision
        assert schema_of(database_url) == dump
    schema_version.downgrade(database_url, "base")
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("DROP TABLE alembic_version")  # Alembic's own, which it leaves there, empty
    assert schema_of(database_url) == empty
    assert schema_version.upgrade(database_url) == (None, schema_version.HEAD)
    assert schema_of(database_url) == dumps[-1]


def test_the_tables_of_the_queries_are_those_of_the_migrations(migrated_url: str) -> None:
    def ours(item: Any, name: str | None, kind: str, reflected: bool, compared: Any) -> bool:
        if isinstance(item, Table):
            theirs = name is not None and name.startswith(("procrastinate_", "alembic_", "steps_", "audit_log_"))
            return not theirs
        return isinstance(item, Column)

    engine = create_engine(sqlalchemy_url(migrated_url))
    try:
        with engine.connect() as connection:
            options = {"include_object": ours, "compare_type": True}
            assert compare_metadata(MigrationContext.configure(connection, opts=options), METADATA) == []
            keys = {
                name: inspect(connection).get_pk_constraint(name)["constrained_columns"] for name in METADATA.tables
            }
        assert keys == {name: [c.name for c in table.primary_key] for name, table in METADATA.tables.items()}
    finally:
        engine.dispose()


@contextmanager
def held(url: str, statement: str) -> Iterator[None]:
    """A transaction of somebody else that holds a lock and does not end."""
    with psycopg.connect(url) as connection:
        connection.execute(statement)
        yield
        connection.rollback()


@pytest.mark.parametrize("move", ["up", "down"])
def test_a_held_lock_makes_a_migration_fail_without_a_trace(
    database_url: str, move: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And while it waits for the lock, others have theirs between its tries: no request waits behind it for long."""
    monkeypatch.setattr(schema_version, "_PATIENCE_SECONDS", 1.0)
    schema_version.upgrade(database_url, "0001" if move == "up" else "0002")
    before = schema_of(database_url)
    written = 0
    with held(database_url, "SELECT * FROM audit_head"), ThreadPoolExecutor(1) as pool:
        attempt = schema_version.upgrade if move == "up" else schema_version.downgrade
        failing = pool.submit(attempt, database_url, "0002" if move == "up" else "0001")
        with psycopg.connect(database_url, autocommit=True) as connection:
            connection.execute("SET lock_timeout = '2s'")
            while not failing.done():
                connection.execute("UPDATE audit_head SET seq = seq")
                written += 1
        with pytest.raises(ServiceUnavailable, match="left as they were: canceling statement due to lock timeout"):
            failing.result()
    assert written > 0
    assert schema_of(database_url) == before


def test_a_migration_under_load_is_done_and_loses_nothing(database_url: str) -> None:
    schema_version.upgrade(database_url, "0001")
    stop = threading.Event()

    def write(name: str) -> int:
        written = 0
        with psycopg.connect(database_url) as connection:
            while not stop.is_set():
                connection.execute("UPDATE audit_head SET seq = seq + 1")
                connection.execute("INSERT INTO switches VALUES (%s, 'open', 'a test', 'test')", (f"{name}-{written}",))
                connection.commit()
                written += 1
        return written

    with ThreadPoolExecutor(4) as pool:
        writers = [pool.submit(write, f"writer{at}") for at in range(4)]
        try:
            assert schema_version.upgrade(database_url) == ("0001", schema_version.HEAD)
        finally:
            stop.set()
        total = sum(writer.result() for writer in writers)
    with psycopg.connect(database_url) as connection:
        assert connection.execute("SELECT seq FROM audit_head").fetchone() == (total,)
        assert connection.execute("SELECT count(*) FROM switches").fetchone() == (total,)


def test_two_upgrades_at_once_end_alike(database_url: str) -> None:
    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(schema_version.upgrade, [database_url] * 4))
    assert {after for _, after in results} == {schema_version.HEAD}
    assert sorted(before or "" for before, _ in results) == ["", *[schema_version.HEAD] * 3]


@contextmanager
def login(server: PostgresServer, url: str, name: str, *, owns: bool = False, serves: bool = False) -> Iterator[str]:
    """A login that is no superuser, and the address by which it connects."""
    database = url.rpartition("/")[2]
    with psycopg.connect(server.url, autocommit=True) as connection:
        connection.execute(f"CREATE ROLE {name} LOGIN PASSWORD 'secret'")
        try:
            if owns:
                connection.execute(f"ALTER DATABASE {database} OWNER TO {name}")
            if owns or serves:
                connection.execute(f"GRANT {APP_ROLE} TO {name}")
            address = httpx.URL(url).copy_with(username=name, password="secret")
            yield str(address)
        finally:
            with psycopg.connect(url, autocommit=True) as inside:
                inside.execute(f"REASSIGN OWNED BY {name} TO CURRENT_USER")
                inside.execute(f"DROP OWNED BY {name}")
            connection.execute(f"DROP ROLE {name}")


def test_a_login_without_rights_is_told_what_it_needs(postgres_server: PostgresServer, database_url: str) -> None:
    with (
        login(postgres_server, database_url, "stranger") as url,
        pytest.raises(DatabaseError, match=rf"permission denied.*GRANT {APP_ROLE} TO <login>"),
    ):
        schema_version.upgrade(url)


def test_an_owner_who_is_no_superuser_migrates_there_and_back(
    postgres_server: PostgresServer, database_url: str
) -> None:
    with fresh_database(postgres_server) as other:
        schema_version.upgrade(other)  # makes the role
    with login(postgres_server, database_url, "plain_owner", owns=True) as url:
        assert schema_version.upgrade(url) == (None, schema_version.HEAD)
        assert schema_version.downgrade(url, "base") == (schema_version.HEAD, None)
        assert schema_version.upgrade(url) == (None, schema_version.HEAD)
        with login(postgres_server, database_url, "plain_service", serves=True) as serving:
            assert schema_version.current_revision(serving) == schema_version.HEAD
            with connect(serving, application="test") as connection:
                assert connection.execute("SELECT ensure_partitions(3)").fetchone() == (2,)
                with pytest.raises(psycopg.errors.InsufficientPrivilege):
                    connection.execute("SET ROLE plain_owner")


def test_the_release_before_runs_on_the_tables_of_this_one(migrated_url: str, tmp_path: Path) -> None:
    source = code_before(schema_version.HEAD, tmp_path)
    if kernel_digest(source / "actinf") != kernel_digest():
        pytest.skip("the compiled engine has changed since: `make campaign` compiles the old one, which takes minutes")
    assert steps_with(source, migrated_url, tmp_path / "data") == [0, 1]
