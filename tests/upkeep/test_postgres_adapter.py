"""The health adapter of the database, beside a real one to which things happen."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import httpx
import psycopg
import pytest
from support.adapter import Adapter, running
from support.ports import wait_until
from support.postgres_pod import PostgresPod
from support.seeing import exported_by


def beside(pod: PostgresPod, folder: Path, *flags: str | Path) -> Adapter:
    """As in the pod: it finds the server by the variables that are there for psql as well."""
    return Adapter(
        "postgres", folder, "--disk", pod.volume, "--disk", pod.archive, "--metrics-file", pod.archive / "metrics.prom",
        "--least-free", "1", *flags, PGHOST=str(pod.sockets), PGPORT=str(pod.port), PGDATABASE="actinf",
    )  # fmt: skip


@pytest.fixture(scope="module")
def adapter(migrated_pod: PostgresPod, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Adapter]:
    with running(beside(migrated_pod, tmp_path_factory.mktemp("adapter"), "--archive-behind", "1")) as beside_it:
        yield beside_it


def postmaster(pod: PostgresPod) -> int:
    return int((pod.volume / "main" / "postmaster.pid").read_text().split()[0])


def signal_all(pod: PostgresPod, number: int) -> None:
    """To the postmaster and to every process of the server."""
    first = postmaster(pod)
    for pid in (first, *map(int, Path(f"/proc/{first}/task/{first}/children").read_text().split())):
        os.kill(pid, number)


def test_a_database_that_works_is_well_and_told_in_numbers(migrated_pod: PostgresPod, adapter: Adapter) -> None:
    said = adapter.wait_for(200)
    assert said["status"] == "ok"
    assert said["degraded"] == []
    assert set(said["disks"]) == {str(migrated_pod.volume), str(migrated_pod.archive)}
    assert adapter.get("/live").json() == {"live": True}
    with psycopg.connect(migrated_pod.local) as idle:
        idle.execute("SELECT 1")
        wait_until(
            lambda: adapter.metrics()["pg_stat_activity_count"].get(("actinf", "idle in transaction")) == 1,
            "the transaction is counted",
        )
    found = adapter.metrics()
    assert found["pg_up"] == found["pg_healthy"] == {(): 1}
    assert found["pg_settings_max_connections"] == {(): 100}
    assert found["pg_stat_database_xact_commit"][("actinf",)] > 0
    assert found["pg_disk_free_bytes"][(str(migrated_pod.volume),)] > 0
    assert {
        "pg_archive_waiting_seconds", "pg_blocked_sessions", "pg_blocked_sessions_max_seconds", "pg_disk_size_bytes",
        "pg_locks_count", "pg_long_running_transactions_seconds", "pg_postmaster_start_time_seconds",
        "pg_stat_activity_max_tx_duration", "pg_stat_archiver_archived_count", "pg_stat_archiver_failed_count",
        "pg_stat_database_blks_hit", "pg_stat_database_deadlocks", "pg_stat_database_temp_bytes", "pg_wraparound_age",
    } <= set(found)  # fmt: skip
    assert exported_by("postgres") <= set(found)


def test_the_metrics_of_backups_are_told_as_well_and_a_broken_file_does_not_hide_the_others(
    migrated_pod: PostgresPod, adapter: Adapter
) -> None:
    file = migrated_pod.archive / "metrics.prom"
    file.write_text("# TYPE actinf_backup_size_bytes gauge\nactinf_backup_size_bytes 7\n")
    wait_until(lambda: adapter.metrics().get("actinf_backup_size_bytes") == {(): 7}, "the file is told")
    file.write_text("actinf_backup_size_bytes {{{ 7\n")
    wait_until(lambda: adapter.metrics()["pg_adapter_file_wrong"] == {(): 1}, "the file is found to be wrong")
    assert adapter.metrics()["pg_up"] == {(): 1}
    file.unlink()
    wait_until(lambda: adapter.metrics()["pg_adapter_file_wrong"] == {(): 0}, "there is none to be wrong")


def test_other_addresses_and_methods_are_refused(adapter: Adapter) -> None:
    assert adapter.get("/").status_code == 404
    assert httpx.post(f"http://127.0.0.1:{adapter.port}/health").status_code == 405


def test_a_server_that_only_reads_is_ill_and_up(migrated_pod: PostgresPod, adapter: Adapter) -> None:
    change = "ALTER SYSTEM SET default_transaction_read_only = on"
    migrated_pod.ask(change)
    migrated_pod.ask("SELECT pg_reload_conf()")
    adapter.wait_for(503, "cannot be written: cannot execute UPDATE in a read-only transaction")
    assert adapter.metrics()["pg_up"] == {(): 1}
    options = "-c default_transaction_read_only=off"
    with psycopg.connect(migrated_pod.local, autocommit=True, options=options) as connection:
        connection.execute("ALTER SYSTEM RESET default_transaction_read_only")
        connection.execute("SELECT pg_reload_conf()")
    adapter.wait_for(200)


def test_an_archive_that_takes_nothing_is_told(migrated_pod: PostgresPod, adapter: Adapter) -> None:
    wal = migrated_pod.archive / "wal"
    wal.rename(migrated_pod.archive / "away")
    migrated_pod.ask("SELECT pg_switch_wal()")
    adapter.wait_for(503, "archiving is behind")
    (migrated_pod.archive / "away").rename(wal)
    wait_until(lambda: adapter.metrics()["pg_stat_archiver_failed_count"][()] > 0, "the failure is counted")
    migrated_pod.ask("SELECT pg_switch_wal()")  # after three failures the server waits for the next segment
    adapter.wait_for(200)


def test_a_disk_that_is_full_is_told(migrated_pod: PostgresPod, tmp_path: Path) -> None:
    with running(beside(migrated_pod, tmp_path, "--least-free", str(2**40))) as adapter:
        adapter.wait_for(503, f"the disk of {migrated_pod.archive} is full")


def test_a_server_that_nobody_prepared_is_told(migrated_pod: PostgresPod, adapter: Adapter) -> None:
    migrated_pod.ask("ALTER TABLE upkeep.heartbeat RENAME TO away")
    adapter.wait_for(503, "not prepared: actinf db prepare")
    migrated_pod.ask("ALTER TABLE upkeep.away RENAME TO heartbeat")
    adapter.wait_for(200)


def test_a_server_that_hangs_is_told_at_once(migrated_pod: PostgresPod, adapter: Adapter) -> None:
    adapter.wait_for(200)
    signal_all(migrated_pod, signal.SIGSTOP)
    try:
        adapter.wait_for(503, "answer")
        assert adapter.metrics()["pg_up"] == {(): 0}
        # The machine may be busy for a moment; the server would keep every one of them waiting.
        assert min(adapter.health().elapsed.total_seconds() for _ in range(5)) < 1
    finally:
        signal_all(migrated_pod, signal.SIGCONT)
    adapter.wait_for(200)


def test_a_server_that_was_killed_is_told_and_found_again(migrated_pod: PostgresPod, adapter: Adapter) -> None:
    migrated_pod.kill()
    adapter.wait_for(503, "does not answer")
    found = adapter.metrics()
    assert found["pg_up"] == {(): 0}
    assert found["pg_disk_free_bytes"][(str(migrated_pod.volume),)] > 0  # the disk may be why
    migrated_pod.start()
    adapter.wait_for(200)


def test_an_adapter_that_is_told_to_end_ends_well(migrated_pod: PostgresPod, tmp_path: Path) -> None:
    adapter = beside(migrated_pod, tmp_path)
    adapter.start()
    assert adapter.end() == 0


def test_an_address_that_is_taken_is_named(adapter: Adapter, migrated_pod: PostgresPod, tmp_path: Path) -> None:
    second = beside(migrated_pod, tmp_path, "--listen", f"127.0.0.1:{adapter.port}")
    with pytest.raises(AssertionError, match=r"cannot listen on 127\.0\.0\.1:\d+: .*; give another with --listen"):
        second.start()
