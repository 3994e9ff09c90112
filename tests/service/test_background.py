"""What a process does beside requests: what fails there is told, and keeps nothing else from being done."""

import asyncio
import logging
from typing import Any, cast

import httpx
import psycopg
import pytest
from sqlalchemy.exc import TimeoutError as PoolTimeout
from support.ports import wait_until
from support.service import running_service

from actinf.service import app
from actinf.service.access.keyring import Keyring
from actinf.service.background import begun, ended
from actinf.service.health.endpoints import Lifecycle
from actinf.service.models.library import ModelLibrary


async def _fails() -> None:
    raise OSError("the disk is full")


async def _one_fails_and_one_goes_on() -> bool:
    tasks = [begun(_fails(), "sweeping"), begun(asyncio.sleep(3600), "waiting")]
    await asyncio.wait(tasks[:1])
    await ended(tasks)
    return tasks[1].cancelled()


def test_what_fails_is_logged_at_once_and_does_not_disturb_the_end(caplog: pytest.LogCaptureFixture) -> None:
    assert asyncio.run(_one_fails_and_one_goes_on())
    assert caplog.messages == ["sweeping ended, and is not begun again: the disk is full"]


class _NoKernels:
    """A library of models whose kernels cannot be compiled."""

    def bundled(self, name: str) -> Any:
        raise OSError(f"{name}: the cache cannot be written")


def test_a_process_without_kernels_says_why_it_is_not_ready() -> None:
    lifecycle = Lifecycle()
    lifecycle.migrated = True
    assert lifecycle.missing == ["the kernels are being loaded"]
    with pytest.raises(OSError, match="cannot be written"):
        asyncio.run(app._load_kernels(cast("ModelLibrary", _NoKernels()), lifecycle))
    assert lifecycle.missing == ["the kernels could not be loaded: tmaze: the cache cannot be written"]


def test_a_pool_without_a_free_connection_ends_no_task(
    database_url: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    asked: list[int] = []

    async def full(_: Keyring) -> None:
        asked.append(1)
        raise PoolTimeout("QueuePool limit reached")

    monkeypatch.setattr(Keyring, "note_use", full)
    monkeypatch.setattr(app, "_NOTE_KEYS_SECONDS", 0.02)
    with caplog.at_level(logging.ERROR), running_service(database_url) as service:
        assert httpx.get(f"{service.url}/v1/agents").status_code == 401
        wait_until(lambda: len(asked) > 2, "the use of keys is noted again")
    assert not [record for record in caplog.records if "begun again" in record.message]
    with psycopg.connect(database_url) as connection:  # what stands at the end of the end was done
        rows = connection.execute("SELECT outcome FROM audit_log WHERE action = 'authenticate'").fetchall()
    assert rows == [("refused",)]
