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


def test_a_damaged_backup_is_an_error_and_prometheus_hears_of_it(actinf: Any, server: ArchivingServer) -> None:
    assert actinf("backup", "take").code == 0
    (backup,) = server.archive.backups()
    backup.manifest_file.write_text(backup.manifest_file.read_text().replace("timeline", "timelime"))
    answer = actinf("backup", "verify")
    assert answer.code == 2
    assert f"the backup {backup.name} is damaged" in answer.err
    assert 'actinf_backups{state="damaged"} 1' in server.archive.metrics_file.read_text()
    assert actinf("backup", "restore").code == 2
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
    refused = actinf("backup", "take")
    assert refused.code == 2
    assert "of the login" not in refused.err
