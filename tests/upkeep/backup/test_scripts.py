"""The two scripts that PostgreSQL calls, as it calls them."""

import subprocess
from pathlib import Path

import pytest

from actinf.upkeep import backup

FOLDER = Path(backup.__file__).parent
NAME = "000000010000000000000004"


@pytest.fixture
def wal(tmp_path: Path) -> Path:
    (tmp_path / "pg_wal").mkdir()
    (tmp_path / "pg_wal" / NAME).write_bytes(b"log" * 1000)
    (tmp_path / "an archive").mkdir()
    return tmp_path / "an archive"


def archive(wal: Path) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        ["sh", FOLDER / "archive_wal.sh", f"pg_wal/{NAME}", NAME, wal],
        cwd=wal.parent, capture_output=True, text=True, check=False,
    )  # fmt: skip


def fetch(target: Path, *folders: Path) -> int:
    return subprocess.run(["sh", FOLDER / "fetch_wal.sh", NAME, target, *folders], check=False).returncode


def test_a_file_is_archived_whole_and_once_more_is_as_good(wal: Path) -> None:
    assert archive(wal).returncode == 0
    assert archive(wal).returncode == 0
    assert {file.name: file.read_bytes() for file in wal.iterdir()} == {NAME: b"log" * 1000}


def test_a_file_with_other_content_is_never_replaced(wal: Path) -> None:
    (wal / NAME).write_bytes(b"of another server")
    done = archive(wal)
    assert done.returncode == 1
    assert "does another server archive there?" in done.stderr
    assert (wal / NAME).read_bytes() == b"of another server"


def test_what_cannot_be_copied_is_no_success_and_leaves_nothing(wal: Path) -> None:
    (wal.parent / "pg_wal" / NAME).unlink()
    assert archive(wal).returncode != 0
    assert list(wal.iterdir()) == []
    wal.rmdir()
    assert archive(wal).returncode != 0


def test_a_copy_that_was_broken_off_does_not_count(wal: Path) -> None:
    left = wal / f".{NAME}.1.copying"
    left.write_bytes(b"lo")
    assert archive(wal).returncode == 0
    assert (wal / NAME).read_bytes() == b"log" * 1000


def test_the_first_folder_that_has_a_file_gives_it(wal: Path, tmp_path: Path) -> None:
    got = tmp_path / "got"
    assert fetch(got, wal, tmp_path / "pg_wal") == 0
    assert got.read_bytes() == b"log" * 1000
    (wal / NAME).write_bytes(b"archived")
    assert fetch(got, wal, tmp_path / "pg_wal") == 0
    assert got.read_bytes() == b"archived"


def test_only_a_file_that_is_nowhere_ends_the_log(wal: Path, tmp_path: Path) -> None:
    assert fetch(tmp_path / "got", wal) == 1
    assert fetch(tmp_path / "got", tmp_path / "an archive that is not mounted") == 200
    (wal / NAME).mkdir()  # there, and not to be read as a file
    assert fetch(tmp_path / "got", wal) == 200
