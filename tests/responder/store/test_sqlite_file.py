"""The file of a store is its owner's alone, with what SQLite keeps beside it."""

import os
import sqlite3
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from actinf.responder.store.database import FILE, Store


@pytest.fixture(autouse=True)
def _usual_mask() -> Iterator[None]:
    before = os.umask(0o022)
    yield
    os.umask(before)


def rights(folder: Path) -> dict[str, int]:
    return {one.name: stat.S_IMODE(one.stat().st_mode) for one in folder.iterdir() if one.name.startswith(FILE)}


def test_nobody_else_reads_a_store_nor_its_log(tmp_path: Path) -> None:
    store = Store(tmp_path)
    with store.writing() as connection:
        connection.execute("CREATE TABLE more (x)")
    assert rights(tmp_path) == {FILE: 0o600, f"{FILE}-wal": 0o600, f"{FILE}-shm": 0o600}
    store.close()


def test_one_that_others_could_read_is_closed_to_them_while_it_is_open_elsewhere(tmp_path: Path) -> None:
    Store(tmp_path).close()
    (tmp_path / FILE).chmod(0o644)
    before = sqlite3.connect(tmp_path / FILE, isolation_level=None)
    before.execute("CREATE TABLE more (x)")
    assert set(rights(tmp_path).values()) == {0o644}
    before.execute("BEGIN IMMEDIATE")
    before.execute("INSERT INTO more VALUES (1)")
    other = sqlite3.connect(tmp_path / FILE, timeout=0)
    with pytest.raises(sqlite3.OperationalError, match="locked"):
        other.execute("INSERT INTO more VALUES (2)")
    before.execute("COMMIT")
    store = Store(tmp_path)
    assert set(rights(tmp_path).values()) == {0o600}
    store.close()
    before.close()
    other.close()
