"""A real PostgreSQL for tests: one server for many tests, a database for each."""

import contextlib
import itertools
import os
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg

from actinf.runtime.embedded_postgres import EmbeddedPostgres

_numbers = itertools.count(1)


@dataclass(frozen=True, kw_only=True)
class PostgresServer:
    """A server that runs, and the address of its superuser."""

    embedded: EmbeddedPostgres
    url: str


@contextlib.contextmanager
def folder_for_servers(*, in_memory: bool = False) -> Iterator[Path]:
    """A folder that the account of a server can enter; pytest's own are closed to all others, as root also to it.

    With `in_memory=True` it lies there, where the system lets one: for tests that wait for the disk more than for all
    else.
    """
    memory = Path("/dev/shm")
    roomy = in_memory and memory.is_dir() and shutil.disk_usage(memory).free > 4 * 2**30
    folder = Path(tempfile.mkdtemp(prefix="actinf-", dir=memory if roomy else None))
    folder.chmod(0o711)
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


@contextlib.contextmanager
def running_postgres(*, durable: bool = False) -> Iterator[PostgresServer]:
    """A server of one's own; `durable=True` waits for the disk at every commit, as the product does."""
    with folder_for_servers() as folder:
        embedded = EmbeddedPostgres(directory=folder / "postgres", durable=durable)
        try:
            yield PostgresServer(embedded=embedded, url=embedded.start())
        finally:
            embedded.stop(mode="immediate")


@contextlib.contextmanager
def fresh_database(server: PostgresServer, *, template: str = "template0") -> Iterator[str]:
    """The address of a new database, which is dropped afterwards with whoever is still connected to it."""
    name = f"test_{os.getpid()}_{next(_numbers)}"
    with psycopg.connect(server.url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY file_copy")
    try:
        yield server.url.rpartition("/")[0] + f"/{name}"
    finally:
        with psycopg.connect(server.url, autocommit=True) as connection:
            connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
