"""`actinf backup`: from a backup to a restored database whose audit log says so, with real servers."""

import asyncio
import json
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import redis
from support.archiving_postgres import ArchivingServer, archiving_server
from support.backed_up import LOGIN
from support.postgres import folder_for_servers
from support.redis import RedisServer
from support.service import AUDIT_KEY

from actinf.cli import backup as of_backup
from actinf.errors import BackupError
from actinf.runtime.database import make_engine
from actinf.service import schema_version
from actinf.service.audit.anchoring import Anchoring
from actinf.service.audit.log import AuditLog, Entry
from actinf.upkeep.backup.private_server import PrivateServer


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[ArchivingServer]:
    """A server with the service's tables, and the settings of its backups."""
    with folder_for_servers(in_memory=True) as folder, archiving_server(folder) as running:
        schema_version.upgrade(running.url)
        with running.connected() as connection:
            connection.execute(LOGIN)
        monkeypatch.setenv("ACTINF_BACKUP_URL", running.live("actinf_backup").url)
        monkeypatch.setenv("ACTINF_POSTGRES_ARCHIVE", str(running.archive.root))
        monkeypatch.setenv("ACTINF_POSTGRES_DATA", str(running.volume))
        monkeypatch.setenv("ACTINF_AUDIT_KEY", AUDIT_KEY.hex())
        yield running
        PrivateServer.end((running.volume / "main").resolve(), signal.SIGQUIT)


def add_entries(url: str, count: int, anchor: Path) -> None:
    """Entries of the audit log, anchored."""

    async def add() -> None:
        engine = make_engine(url, pool_size=2, application="test")
        for number in range(count):
            async with engine.begin() as connection:
                entry = Entry(workspace=None, actor="cli:me", action="keys.create", object=f"key:{number}")
                await AuditLog(AUDIT_KEY).append(connection, entry)
        anchoring = Anchoring(engine, AUDIT_KEY, anchor)
        await anchoring.once()
        await anchoring.stop()
        await engine.dispose()

    asyncio.run(add())


def test_from_a_backup_to_a_restored_database_whose_audit_log_says_so(
    actinf: Any, server: ArchivingServer, redis_server: RedisServer, tmp_path: Path
) -> None:
    anchor = tmp_path / "audit.anchor"
    add_entries(server.url, 3, anchor)
    taken = actinf("backup", "take")
    assert taken.code == 0, taken.err
    assert ": good; " in taken.out
    assert "writers were held off for at most" in taken.err
    assert "latest-backup was not written" in taken.err
    (row,) = actinf("backup", "list", "--json").plain
    assert row["state"] == "good"
    assert row["name"] in actinf("backup", "list").out
    assert "actinf_backup_last_verified_timestamp_seconds" in server.archive.metrics_file.read_text()
    assert actinf("backup", "verify").code == 0
    assert "would remove 0 backups" in actinf("backup", "prune", "--dry-run").err

    add_entries(server.url, 4, anchor)
    with redis.Redis.from_url(redis_server.url) as cache:
        cache.set("an agent", "where it stood")
    restored = actinf(
        "backup", "restore", "--backup", row["name"], "--reason", "a drill", "--cache-url", redis_server.url
    )
    assert restored.code == 0, restored.err
    assert "the audit log says that it was restored" in restored.err
    assert "start the database again" in restored.err
    with redis.Redis.from_url(redis_server.url) as cache:
        assert cache.dbsize() == 0

    PrivateServer.end((server.volume / "main").resolve(), signal.SIGINT)
    server.start()
    # Nobody gave the restore the file of anchors: the database of before, which ran, said what was lost.
    verdict = actinf("audit", "verify", "--anchor", anchor, "--database-url", server.url)
    assert verdict.code == 0, verdict.err
    assert "rows 4 to 7 were lost when the database was restored" in verdict.err
    assert "a drill: the backup" in verdict.err

    assert "say so with --yes" in actinf("backup", "discard").err
    assert actinf("backup", "discard", "--yes").err == "removed main\n"
    assert "no data folder but the one in use" in actinf("backup", "discard").err


class Recorded:
    """A cluster that notes what it is asked for, and whose database comes back at the second try."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def publish(self, _: Any) -> None:
        self.asked.append("publish")

    def restart_database(self) -> None:
        self.asked.append("restart the database")
        if self.asked.count("restart the database") == 1:
            raise BackupError("the pod postgres-0 was not ready after 600 s")

    def stop_service(self) -> None:
        self.asked.append("stop")

    def start_service(self) -> None:
        self.asked.append("start")


def test_a_run_that_has_switched_does_not_set_the_database_back_once_more(
    actinf: Any, server: ArchivingServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A job tries again; what was acknowledged since its first try switched must not be lost."""
    cluster = Recorded()
    monkeypatch.setattr(of_backup, "_cluster", lambda _: cluster)
    assert actinf("backup", "take").code == 0
    (backup,) = server.archive.backups()
    cluster.asked.clear()
    monkeypatch.setenv("ACTINF_RESTORE_RUN", "the uid of a job")
    restoring = ("backup", "restore", "--backup", backup.name, "--cache-url", "redis://127.0.0.1:1")
    first = actinf(*restoring)
    assert first.code == 1
    assert "the restored data is in place all the same" in first.err
    # While the old database may still run, nobody works with it.
    assert cluster.asked == ["stop", "restart the database"]
    switched_to = server.data
    again = actinf(*restoring)
    assert again.code == 0, again.err
    assert "by an earlier try of this run" in again.err
    assert "the cache was not emptied" in again.err
    assert server.data == switched_to
    assert cluster.asked[2:] == ["restart the database", "start"]
    monkeypatch.setenv("ACTINF_RESTORE_RUN", "another job")
    assert actinf(*restoring).code == 0
    assert server.data != switched_to


def test_a_damaged_backup_is_an_error_and_prometheus_hears_of_it(actinf: Any, server: ArchivingServer) -> None:
    assert actinf("backup", "take").code == 0
    good = server.archive.metrics_file.read_text()
    (backup,) = server.archive.backups()
    backup.manifest_file.write_text(backup.manifest_file.read_text().replace("timeline", "timelime"))
    # A restore finds it at night; who looks in the morning reads of it.
    answer = actinf("backup", "restore")
    assert answer.code == 2
    assert "start the API and its workers again" in answer.err
    (log,) = server.archive.restores.glob("*.log")
    assert "ended by BackupError: no backup in" in log.read_text()
    assert f"{backup.name} is damaged" in log.read_text()
    assert 'actinf_backups{state="damaged"} 1' in server.archive.metrics_file.read_text()
    server.archive.metrics_file.unlink()
    server.archive.metrics_file.mkdir()
    answer = actinf("backup", "verify")  # that nobody can be told is not the news
    assert answer.code == 2
    assert f"the backup {backup.name} is damaged" in answer.err
    server.archive.metrics_file.rmdir()
    server.archive.metrics_file.write_text(good)
    answer = actinf("backup", "verify")
    assert answer.code == 2
    assert f"the backup {backup.name} is damaged" in answer.err
    assert 'actinf_backups{state="damaged"} 1' in server.archive.metrics_file.read_text()
    # One that is good takes its place.
    assert actinf("backup", "take").code == 0
    assert [one["state"] for one in json.loads(actinf("backup", "list", "--json").out)] == ["good"]


def test_what_makes_no_sense_is_refused(actinf: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ACTINF_POSTGRES_ARCHIVE", str(tmp_path / "nowhere"))
    assert "is no folder" in actinf("backup", "take").err
    (tmp_path / "nowhere").mkdir()
    assert "there is no backup in" in actinf("backup", "verify").err
    assert "there are no backups" in actinf("backup", "list").out
    both = actinf("backup", "restore", "--at", "2026-01-01T00:00:00Z", "--backup", "x")
    assert (both.code, "give one of them" in both.err) == (2, True)
    assert "which is no moment" in actinf("backup", "restore", "--at", "noon").err
    monkeypatch.setenv("ACTINF_BACKUP_PASSWORD", "of the login: /?#")
    monkeypatch.setenv("ACTINF_BACKUP_URL", "postgresql://actinf_backup@127.0.0.1:1/actinf")
    failed = [tmp_path / "nowhere" / "base" / f"2026080{day}T021700Z" for day in (1, 2, 3)]
    for folder in failed:
        folder.mkdir()
    refused = actinf("backup", "take")
    assert refused.code == 2
    # What nights that failed have left does not fill the archive, also where this one fails as well.
    assert [folder.exists() for folder in failed] == [False, False, True]
    assert "of the login" not in refused.err
