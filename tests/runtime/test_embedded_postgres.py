"""The real thing: each test has a server of its own, which is stopped by its process id."""

import os
import shutil
import signal
import socket
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest
from support.ports import is_open
from support.postgres import folder_for_servers

from actinf.errors import DatabaseError, SettingError
from actinf.runtime import postgres_binaries
from actinf.runtime.embedded_postgres import EmbeddedPostgres
from actinf.runtime.server_account import account_for

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="root alone hands the server to another account")

START_AND_PRINT = """
import os
from pathlib import Path
from actinf.runtime.embedded_postgres import EmbeddedPostgres
postgres = EmbeddedPostgres(directory=Path({directory!r}), durable=False)
print(postgres.start(), postgres.pid, os.getpgid(0))
"""


@pytest.fixture
def folder() -> Iterator[Path]:
    with folder_for_servers() as path:
        yield path


@pytest.fixture
def postgres(folder: Path) -> Iterator[EmbeddedPostgres]:
    server = EmbeddedPostgres(directory=folder / "postgres", durable=False)
    yield server
    if server.data.exists() and server.running:
        server.stop(mode="immediate")


def ask(url: str, query: str) -> object:
    with psycopg.connect(url, autocommit=True) as connection:
        cursor = connection.execute(query)
        row = cursor.fetchone() if cursor.description else None
        return row and row[0]


def kill(pid: int) -> None:
    os.kill(pid, signal.SIGKILL)


# ------------------------------------------------------------------------------------------------------------ running


def test_the_first_start_makes_a_durable_server_behind_a_password(folder) -> None:
    postgres = EmbeddedPostgres(directory=folder / "postgres")
    url = postgres.start()
    try:
        wanted = {
            "data_checksums": "on",
            "fsync": "on",
            "full_page_writes": "on",
            "listen_addresses": "127.0.0.1",
            "lc_messages": "C",
            "max_connections": "60",
            "password_encryption": "scram-sha-256",
            "server_encoding": "UTF8",
            "shared_buffers": "64MB",
            "shared_preload_libraries": "pg_stat_statements",
            "synchronous_commit": "on",
            "TimeZone": "UTC",
        }
        assert {name: ask(url, f"SHOW {name}") for name in wanted} == wanted
        assert ask(url, "SELECT current_database()") == "actinf"
        assert str(ask(url, "SHOW server_version")).startswith("18.")
        assert (postgres.directory / "password").stat().st_mode & 0o777 == 0o600
        assert postgres.directory.stat().st_mode & 0o777 == 0o700
        with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
            psycopg.connect(url, password="guessed")
    finally:
        postgres.stop()


def test_a_restart_keeps_the_data_and_the_address(postgres) -> None:
    url = postgres.start()
    ask(url, "CREATE TABLE kept AS SELECT 7 AS n")
    postgres.stop()
    assert not postgres.running
    assert postgres.pid is None
    assert postgres.start() == url
    assert ask(url, "SELECT n FROM kept") == 7


def test_a_server_that_runs_is_adopted(postgres) -> None:
    url = postgres.start()
    pid = postgres.pid
    assert EmbeddedPostgres(directory=postgres.directory, durable=False).start() == url
    assert postgres.pid == pid


def test_the_server_outlives_the_process_that_started_it_and_hears_no_ctrl_c_of_its_terminal(
    postgres, fresh_python
) -> None:
    """Ctrl-C reaches the process group in the foreground: the API has to drain before its database goes."""
    printed = fresh_python(START_AND_PRINT.format(directory=str(postgres.directory))).stdout.split()
    assert ask(printed[0], "SELECT 1") == 1
    assert printed[1] == str(postgres.pid)
    assert os.getpgid(postgres.pid) not in {os.getpgid(0), int(printed[2])}


def test_two_processes_that_start_at_once_end_with_one_server(postgres, fresh_python) -> None:
    code = START_AND_PRINT.format(directory=str(postgres.directory))
    with ThreadPoolExecutor() as pool:
        printed = {tuple(done.stdout.split()[:2]) for done in pool.map(fresh_python, [code] * 3)}
    assert printed == {(postgres.start(), str(postgres.pid))}


def test_after_a_kill_of_the_server_nothing_committed_is_lost(folder) -> None:
    postgres = EmbeddedPostgres(directory=folder / "postgres")
    url = postgres.start()
    try:
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("CREATE TABLE kept AS SELECT 7 AS n")
            pid = postgres.pid
            kill(pid)
            assert postgres.start() == url  # while a process of the old server may still be there
        assert ask(url, "SELECT n FROM kept") == 7
        assert postgres.pid != pid
    finally:
        postgres.stop()


def test_a_port_that_was_taken_meanwhile_is_replaced(postgres) -> None:
    url = postgres.start()
    postgres.stop()
    with socket.create_server(("127.0.0.1", int(url.rpartition(":")[2].partition("/")[0]))):
        other = postgres.start()
    assert other != url
    assert ask(other, "SELECT 1") == 1


def test_a_directory_whose_path_is_too_long_for_a_socket_has_none(folder) -> None:
    postgres = EmbeddedPostgres(directory=folder / ("d" * 100) / "postgres", durable=False)
    try:
        assert ask(postgres.start(), "SHOW unix_socket_directories") == ""
    finally:
        postgres.stop()


def test_a_database_that_was_dropped_is_made_again(postgres) -> None:
    url = postgres.start()
    ask(url.replace("/actinf", "/postgres"), "DROP DATABASE actinf")
    assert ask(postgres.start(), "SELECT current_database()") == "actinf"


def test_an_installation_that_was_broken_off_is_made_again(postgres) -> None:
    postgres.start()
    postgres.stop()
    postgres.data.rename(postgres.directory / "data.partial")
    assert ask(postgres.start(), "SELECT 1") == 1
    assert not (postgres.directory / "data.partial").exists()


# ----------------------------------------------------------------------------------------------------------- stopping


def test_stop_sends_clients_away_and_does_nothing_the_second_time(postgres) -> None:
    url = postgres.start()
    port = int(url.rpartition(":")[2].partition("/")[0])
    with psycopg.connect(url):
        postgres.stop()
    assert not is_open(port)
    postgres.stop()


def test_a_directory_without_a_server_is_stopped_without_a_trace(folder) -> None:
    postgres = EmbeddedPostgres(directory=folder / "postgres")
    postgres.stop()
    assert not postgres.running
    assert not postgres.directory.exists()


def test_a_way_to_stop_that_does_not_exist_is_refused(folder) -> None:
    with pytest.raises(SettingError, match="smart, fast, immediate"):
        EmbeddedPostgres(directory=folder).stop(mode="slow")


# ------------------------------------------------------------------------------------------------- what is in the way


def test_a_stale_file_whose_number_belongs_to_another_process_is_seen_through(postgres) -> None:
    """As after a restart of the machine.  PostgreSQL itself takes every process of its own user for a server."""
    postgres.start()
    file = postgres.data / "postmaster.pid"
    lines = file.read_text().splitlines(keepends=True)
    postgres.stop()
    account = account_for(postgres.directory)
    other = subprocess.Popen(["sleep", "60"], user=account.uid if account.is_other else None)
    try:
        account.write(file, f"{other.pid}\n" + "".join(lines[1:]))
        assert not postgres.running
        assert ask(postgres.start(), "SELECT 1") == 1
        assert other.poll() is None
    finally:
        other.kill()
        other.wait()


@pytest.mark.parametrize("text", ["", "nonsense\n", "-5\n"])
def test_a_corrupt_file_of_the_server_is_named(postgres, text) -> None:
    postgres.start()
    postgres.stop()
    (postgres.data / "postmaster.pid").write_text(text)
    with pytest.raises(DatabaseError, match=r"postmaster\.pid should begin with the number .* delete the file"):
        postgres.start()
    (postgres.data / "postmaster.pid").unlink()


def test_data_of_another_version_is_refused(postgres) -> None:
    postgres.start()
    postgres.stop()
    (postgres.data / "PG_VERSION").write_text("15\n")
    with pytest.raises(DatabaseError, match="made by PostgreSQL 15, but PostgreSQL 18 is installed"):
        postgres.start()


def test_a_directory_with_other_things_is_left_alone(folder) -> None:
    directory = folder / "documents"
    directory.mkdir()
    (directory / "thesis.tex").write_text("…")
    owner = directory.stat().st_uid
    with pytest.raises(DatabaseError, match=r"holds 'thesis\.tex' and no PostgreSQL cluster"):
        EmbeddedPostgres(directory=directory).start()
    assert directory.stat().st_uid == owner
    assert [path.name for path in directory.iterdir()] == ["thesis.tex"]


def test_data_that_is_no_cluster_is_left_alone(folder) -> None:
    (folder / "postgres" / "data").mkdir(parents=True)
    with pytest.raises(DatabaseError, match="holds no PostgreSQL cluster"):
        EmbeddedPostgres(directory=folder / "postgres").start()


def test_a_file_in_the_place_of_the_directory_is_named(folder) -> None:
    (folder / "postgres").write_text("")
    with pytest.raises(DatabaseError, match=r"cannot be started: .*postgres"):
        EmbeddedPostgres(directory=folder / "postgres").start()


def test_a_lost_password_is_named(postgres) -> None:
    postgres.start()
    (postgres.directory / "password").unlink()
    with pytest.raises(DatabaseError, match="password of the server's user 'postgres', is missing"):
        postgres.start()


def test_a_server_that_does_not_start_is_quoted(postgres) -> None:
    postgres.start()
    postgres.stop()
    with (postgres.data / "postgresql.conf").open("a") as file:
        file.write("shared_buffers = 'plenty'\n")
    with pytest.raises(DatabaseError, match=r'did not start .*\n.*invalid value for parameter "shared_buffers"'):
        postgres.start()


@as_root
def test_a_full_disk_is_named(folder) -> None:
    disk = folder / "disk"
    disk.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=16m", "tmpfs", disk], check=False).returncode != 0:
        pytest.skip("this system lets nobody mount a small disk: a full one is not tested")
    try:
        disk.chmod(0o711)
        with pytest.raises(DatabaseError, match=r"No space left on device[\s\S]* has \d+ MB left"):
            EmbeddedPostgres(directory=disk / "postgres").start()
    finally:
        subprocess.run(["umount", disk], check=True)


# --------------------------------------------------------------------------------------------------------------- root


@as_root
def test_a_link_in_the_servers_directory_does_not_lead_root_elsewhere(folder, postgres) -> None:
    """The directory belongs to an account that somebody may have broken into."""
    postgres.start()
    postgres.stop()
    precious = folder / "precious"
    precious.write_text("kept")
    for name, message in (("port", "Permission denied"), ("lock", "symbolic link")):
        (postgres.directory / name).rename(postgres.directory / f"{name}.old")
        (postgres.directory / name).symlink_to(precious)
        with pytest.raises(DatabaseError, match=message):
            postgres.start()
        (postgres.directory / name).unlink()
    assert precious.read_text() == "kept"


@as_root
def test_as_root_the_server_is_another_user(postgres) -> None:
    postgres.start()
    owner = postgres.directory.stat().st_uid
    assert owner != 0
    assert Path(f"/proc/{postgres.pid}").stat().st_uid == owner


@as_root
def test_a_closed_folder_above_the_data_is_named(folder) -> None:
    closed = folder / "home"
    closed.mkdir(mode=0o700)
    with pytest.raises(DatabaseError, match=rf"cannot enter {closed} on the way"):
        EmbeddedPostgres(directory=closed / "data" / "postgres").start()


@as_root
def test_programs_in_a_closed_folder_are_copied_once_for_each_version(folder, postgres, monkeypatch) -> None:
    package = postgres_binaries.installed_binaries().parent.parent
    closed = folder / "home"
    closed.mkdir(mode=0o700)
    for tree in (package, package.with_name("embedded_postgres.libs")):
        shutil.copytree(tree, closed / tree.name, symlinks=True)
    installed = closed / "embedded_postgres" / "pginstall" / "bin"
    monkeypatch.setattr(postgres_binaries, "installed_binaries", lambda: installed)
    postgres.directory.mkdir()
    (postgres.directory / "server-17.0").mkdir()
    url = postgres.start()
    [copy] = postgres.directory.glob("server-*")
    assert Path(f"/proc/{postgres.pid}/exe").readlink() == copy / "embedded_postgres" / "pginstall" / "bin" / "postgres"
    made = copy.stat().st_mtime_ns
    postgres.stop()
    assert postgres.start() == url
    assert copy.stat().st_mtime_ns == made
