"""`actinf postgres run`: the server of a pod, as a process of its own."""

import os
import re
import shutil
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from support.ports import wait_until
from support.postgres import folder_for_servers
from support.postgres_pod import PASSWORD_OF, PostgresPod, postgres_pod

import actinf
from actinf.errors import DatabaseError, SettingError
from actinf.runtime.postmaster import lives
from actinf.upkeep.address import Address
from actinf.upkeep.database.current import current_data, point_to

ARCHIVER = Path(__file__).parents[2] / "src" / "actinf" / "upkeep" / "backup" / "archive_wal.sh"


@pytest.fixture(scope="module")
def pod() -> Iterator[PostgresPod]:
    with postgres_pod("--max-connections", "42") as running:
        yield running


def test_the_first_start_makes_a_server_that_archives_and_tells_what_is_slow(pod: PostgresPod) -> None:
    wanted = {
        "archive_mode": "on",
        "archive_timeout": "30s",
        "data_checksums": "on",
        "fsync": "on",
        "log_lock_waits": "on",
        "log_min_duration_statement": "500ms",
        "log_parameter_max_length": "0",
        "max_connections": "42",
        "shared_preload_libraries": "pg_stat_statements",
        "synchronous_commit": "on",
        "track_io_timing": "on",
        "wal_level": "replica",
    }
    assert {name: pod.ask(f"SHOW {name}") for name in wanted} == wanted
    assert pod.ask("SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = 'actinf'") == "actinf_owner"


@pytest.mark.parametrize("login", PASSWORD_OF)
def test_each_login_comes_by_network_with_its_password(pod: PostgresPod, login: str) -> None:
    with psycopg.connect(pod.address(login)) as connection:
        assert connection.execute(
            "SELECT current_user, usesuper FROM pg_user WHERE usename = current_user"
        ).fetchone() == (
            login,
            False,
        )
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(pod.address(login), password="guessed")


def test_the_login_of_backups_has_what_a_backup_needs_and_no_more(pod: PostgresPod) -> None:
    groups = pod.ask(
        "SELECT string_agg(roleid::regrole::text, ' ' ORDER BY roleid::regrole::text) FROM pg_auth_members "
        "WHERE member = 'actinf_backup'::regrole"
    )
    assert groups == "pg_maintain pg_monitor pg_read_all_data pg_use_reserved_connections"
    functions = pod.ask(
        "SELECT string_agg(proname, ' ') FROM pg_proc, aclexplode(proacl) AS given "
        "WHERE given.grantee = 'actinf_backup'::regrole"
    )
    assert functions == "pg_switch_wal"


def test_no_superuser_comes_by_network(pod: PostgresPod) -> None:
    with pytest.raises(psycopg.OperationalError, match="rejects connection"):
        psycopg.connect(pod.address("postgres"), password="postgres")


def test_statements_are_masked_alike_with_and_without_a_preparation() -> None:
    """compat.masked and ops.masked are one function twice, for either may be there without the other."""
    package = Path(actinf.__file__).parent
    prepared = (package / "runtime" / "preparation" / "database.sql").read_text(encoding="utf-8")
    migrated = (package / "service" / "migrations" / "versions" / "0003_ops.sql").read_text(encoding="utf-8")
    bodies = [
        re.findall(r"^CREATE (?:OR REPLACE )?FUNCTION \w+(\.masked\(.*?^\$function\$;)", text, re.MULTILINE | re.DOTALL)
        for text in (prepared, migrated)
    ]
    assert len(bodies[0]) == 1
    assert bodies[0] == bodies[1]


def test_passwords_stand_neither_in_the_log_nor_among_the_statistics(pod: PostgresPod) -> None:
    kept = pod.ask("SELECT string_agg(query, ' ') FROM public.pg_stat_statements(true) WHERE query ~* 'password|scram'")
    assert kept is None or "SCRAM-SHA-256$" not in kept
    assert not any(password in pod.said() for password in ("owns it", "SCRAM-SHA-256$"))


def test_finished_segments_reach_the_archive(pod: PostgresPod) -> None:
    segment = pod.ask("SELECT pg_walfile_name(pg_current_wal_insert_lsn())")
    with psycopg.connect(pod.address("actinf_backup"), autocommit=True) as connection:
        connection.execute("SELECT pg_switch_wal()")
    wait_until((pod.archive / "wal" / segment).exists, f"{segment} is archived")
    wait_until(lambda: not list((pod.archive / "wal").glob(".*")), "nothing is left of the copying")


def test_a_second_server_on_the_same_data_is_refused(pod: PostgresPod) -> None:
    second = subprocess.run(pod.command, capture_output=True, text=True, check=False, timeout=60)
    assert second.returncode == 2
    assert "a server runs on" in second.stderr


@pytest.fixture
def own_pod() -> Iterator[PostgresPod]:
    """A server for one test, which may stop, kill and start it."""
    with folder_for_servers() as folder:
        pod = PostgresPod(folder)
        yield pod
        pod.stop()


def test_told_to_end_it_sends_clients_away_and_what_was_committed_is_there_again(own_pod: PostgresPod) -> None:
    """PostgreSQL by itself waits on SIGTERM until the last client has gone, which in a pod ends by SIGKILL."""
    own_pod.start()
    own_pod.ask("ALTER SYSTEM SET work_mem = '5MB'")
    with psycopg.connect(own_pod.local) as client:
        client.execute("CREATE TABLE kept AS SELECT 7 AS n")
        client.commit()
        assert own_pod.end(signal.SIGTERM) == 0
    assert "received fast shutdown request" in own_pod.said()
    own_pod.start()
    assert own_pod.ask("SELECT n FROM kept") == 7
    assert own_pod.ask("SHOW work_mem") == "5MB"  # an operator's own setting outlives a start


def test_the_server_does_not_outlive_the_process_that_is_told_to_end(own_pod: PostgresPod) -> None:
    own_pod.start()
    server = int((own_pod.volume / "main" / "postmaster.pid").read_text().split()[0])
    own_pod.kill()
    wait_until(lambda: not lives(server), "the server has ended")


def test_a_server_that_dies_is_told_by_the_exit_code(own_pod: PostgresPod) -> None:
    own_pod.start()
    server = int((own_pod.volume / "main" / "postmaster.pid").read_text().split()[0])
    os.kill(server, signal.SIGKILL)
    assert own_pod.end(0) == 128 + signal.SIGKILL


def test_the_pointer_says_which_data_the_next_start_uses(own_pod: PostgresPod) -> None:
    """As after a restore, which in a test runs as root: the folder is handed over to the account of the server."""
    own_pod.start()
    own_pod.ask("CREATE TABLE kept AS SELECT 'before' AS n")
    own_pod.stop()
    shutil.copytree(own_pod.volume / "main", own_pod.volume / "restored")
    (own_pod.volume / "restored").chmod(0o2770)  # as a kubelet does to a volume that has an fsGroup
    point_to(own_pod.volume, "restored")
    own_pod.start()
    assert own_pod.ask("SHOW data_directory") == str(own_pod.volume / "restored")
    assert own_pod.ask("SELECT n FROM kept") == "before"


@pytest.mark.parametrize("missing", ["data", "archive"])
def test_a_volume_that_is_not_mounted_is_named(own_pod: PostgresPod, missing: str) -> None:
    (own_pod.volume if missing == "data" else own_pod.archive).rmdir()
    with pytest.raises(AssertionError, match=rf"--{missing} is .*, which is no folder: mount a volume there"):
        own_pod.start()


def test_an_address_of_another_login_is_refused(tmp_path: Path) -> None:
    pod = PostgresPod(tmp_path, environment={"ACTINF_DATABASE_URL": "postgresql://somebody@postgres/actinf"})
    with pytest.raises(AssertionError, match=r"'somebody' without a password: expected postgresql://actinf_service:"):
        pod.start()


# ------------------------------------------------------------------------------------------------------- the pointer


def made(volume: Path, *names: str) -> None:
    for name in names:
        (volume / name).mkdir()
        (volume / name / "PG_VERSION").write_text("18\n")


def test_without_a_pointer_the_first_data_is_used(tmp_path: Path) -> None:
    assert current_data(tmp_path) == tmp_path / "main"
    made(tmp_path, "main", "restored")
    assert current_data(tmp_path) == tmp_path / "main"
    point_to(tmp_path, "restored")
    assert current_data(tmp_path) == tmp_path / "restored"


@pytest.mark.parametrize("name", ["", "..", "a/b", "gone"])
def test_a_pointer_that_names_no_data_is_refused_and_nothing_is_made(tmp_path: Path, name: str) -> None:
    made(tmp_path, "main")
    (tmp_path / "current").write_text(f"{name}\n")
    with pytest.raises(DatabaseError, match="current"):
        current_data(tmp_path)
    with pytest.raises(DatabaseError, match="no data folder"):
        point_to(tmp_path, name)


def test_a_lost_pointer_does_not_make_an_empty_database(tmp_path: Path) -> None:
    made(tmp_path, "restored-1", "restored-2")
    with pytest.raises(DatabaseError, match=r"restored-1, restored-2 and no file 'current'"):
        current_data(tmp_path)


# ------------------------------------------------------------------------------------------------------- the archiver


def archive(path: Path, name: str, folder: Path) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(["/bin/sh", ARCHIVER, path, name, folder], capture_output=True, text=True, check=False)


def test_the_archiver_never_overwrites(tmp_path: Path) -> None:
    segment, folder = tmp_path / "segment", tmp_path / "wal"
    folder.mkdir()
    segment.write_bytes(b"first")
    assert archive(segment, "0001", folder).returncode == 0
    assert archive(segment, "0001", folder).returncode == 0  # the same again, as after a crash
    segment.write_bytes(b"other")
    refused = archive(segment, "0001", folder)
    assert refused.returncode == 1
    assert "with other content" in refused.stderr
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == {"0001": b"first"}


def test_the_archiver_fails_where_it_cannot_write(tmp_path: Path) -> None:
    segment = tmp_path / "segment"
    segment.write_bytes(b"first")
    assert archive(segment, "0001", tmp_path / "gone").returncode != 0
    assert archive(tmp_path / "missing", "0001", tmp_path).returncode != 0


# -------------------------------------------------------------------------------------------------------- the address


@pytest.mark.parametrize(("text", "host", "port"), [("0.0.0.0:8080", "0.0.0.0", 8080), ("[::]:0", "::", 0)])
def test_an_address_is_read(text: str, host: str, port: int) -> None:
    assert Address.parse(text) == Address(host=host, port=port)


@pytest.mark.parametrize("text", ["8080", ":8080", "localhost:", "localhost:http", "localhost:70000"])
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(SettingError, match="expected HOST:PORT"):
        Address.parse(text)
