"""Faults of a real database, and what /health, /live and requests say while they last and after they are mended."""

import contextlib
import os
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import psycopg
import pytest
from support.ports import wait_until
from support.postgres import PostgresServer, folder_for_servers
from support.service import RunningService

from actinf.runtime.embedded_postgres import EmbeddedPostgres

Change = Callable[[PostgresServer], None]


@dataclass(frozen=True)
class Fault:
    """What is done to the server, and how it is undone."""

    name: str
    strike: Change
    mend: Change


def _start(server: PostgresServer) -> None:
    server.embedded.start()


def _kill(server: PostgresServer) -> None:
    pid = server.embedded.pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)


def _signal_all(server: PostgresServer, number: int) -> None:
    """To the postmaster and to every process of the server."""
    pid = server.embedded.pid
    assert pid is not None
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    for each in (pid, *map(int, children)):
        with contextlib.suppress(ProcessLookupError):
            os.kill(each, number)


def _set_read_only(server: PostgresServer, value: str) -> None:
    options = "-c default_transaction_read_only=off"
    with psycopg.connect(server.url, autocommit=True, options=options) as connection:
        connection.execute(f"ALTER SYSTEM SET default_transaction_read_only = {value}")
        connection.execute("SELECT pg_reload_conf()")


def _fill(server: PostgresServer) -> None:
    """Write until nothing fits any more; what the server frees meanwhile is taken as well."""
    with (server.embedded.directory.parent / "filling").open("ab", buffering=0) as file:
        size = 2**20
        while size:
            try:
                file.write(bytes(size))
            except OSError:
                size //= 2


def _make_room(server: PostgresServer) -> None:
    (server.embedded.directory.parent / "filling").unlink()
    server.embedded.start()  # it ends where it cannot write its log of changes


KILLED = Fault("killed", _kill, _start)
HUNG = Fault("hung", lambda s: _signal_all(s, signal.SIGSTOP), lambda s: _signal_all(s, signal.SIGCONT))
SHUT_DOWN = Fault("shut down", lambda s: s.embedded.stop(mode="immediate"), _start)
READ_ONLY = Fault("read-only", lambda s: _set_read_only(s, "on"), lambda s: _set_read_only(s, "off"))
DISK_FULL = Fault("disk full", _fill, _make_room)


@contextlib.contextmanager
def postgres_on_a_small_disk() -> Iterator[PostgresServer]:
    """A server on a file system of its own of 160 MiB; skips where it cannot be mounted."""
    mkfs = shutil.which("mkfs.ext4") or shutil.which("mkfs.ext4", path="/usr/sbin:/sbin")
    if os.geteuid() != 0 or mkfs is None:
        pytest.skip("a full disk needs a file system of its own, which only root can mount: not tested")
    with folder_for_servers() as folder:
        image, mounted = folder / "image", folder / "mounted"
        mounted.mkdir()
        with image.open("wb") as file:
            file.truncate(160 * 2**20)
        subprocess.run([mkfs, "-q", "-F", "-m", "0", image], check=True)
        done = subprocess.run(["mount", "-o", "loop", image, mounted], capture_output=True, text=True, check=False)
        if done.returncode != 0:
            pytest.skip(f"a full disk is not tested, no loop device to be had: {done.stderr.strip()}")
        try:
            mounted.chmod(0o711)
            embedded = EmbeddedPostgres(directory=mounted / "postgres")
            try:
                yield PostgresServer(embedded=embedded, url=embedded.start())
            finally:
                (mounted / "filling").unlink(missing_ok=True)
                embedded.stop(mode="immediate")
        finally:
            subprocess.run(["umount", mounted], check=True)


@dataclass
class Observed:
    """What was seen of one fault, in seconds.

    Attributes:
        noticed: from the fault to /health saying 503; recovered: from the mending to 200.
        slowest: the longest that an answer of /health took.
        not_live: what /live said that was not 200; unready: what /ready said.
    """

    noticed: float = 0.0
    recovered: float = 0.0
    slowest: float = 0.0
    not_live: list[int] = field(default_factory=list)
    unready: list[int] = field(default_factory=list)


def watch(service: RunningService, server: PostgresServer, fault: Fault, *, settled: float = 2.0) -> Observed:
    """Let the fault happen while steps are sent, mend it, and see that everything works again by itself."""
    seen, status, ended = Observed(), [0], threading.Event()

    def look() -> None:
        with httpx.Client(base_url=service.url, timeout=30) as client:
            while not ended.wait(0.05):
                started = time.perf_counter()
                status[0] = client.get("/health").status_code
                seen.slowest = max(seen.slowest, time.perf_counter() - started)
                seen.not_live += [code for code in (client.get("/live").status_code,) if code != 200]
                seen.unready += [code for code in (client.get("/ready").status_code,) if code != 200]

    with service.client() as client:
        agent = client.post("/v1/agents", json={"model": "tmaze"}).raise_for_status().json()["id"]
    statuses: list[int] = []

    def step(number: int) -> None:
        with service.client() as client:
            while not ended.wait(0.05):
                with contextlib.suppress(httpx.TransportError):
                    statuses.append(client.post(f"/v1/agents/{agent}/steps", json={"observation": {}}).status_code)

    threads = [threading.Thread(target=look), *(threading.Thread(target=step, args=(at,)) for at in range(4))]
    for thread in threads:
        thread.start()
    try:
        wait_until(lambda: status[0] == 200 and 201 in statuses, "it works")
        struck = time.perf_counter()
        fault.strike(server)
        wait_until(lambda: status[0] == 503, f"/health notices that the database is {fault.name}")
        seen.noticed = time.perf_counter() - struck
        time.sleep(settled)
        assert status[0] == 503
        mended = time.perf_counter()
        fault.mend(server)
        wait_until(lambda: status[0] == 200, f"/health notices that the database is no longer {fault.name}")
        seen.recovered = time.perf_counter() - mended
        before = len(statuses)
        wait_until(lambda: 201 in statuses[before:], f"steps are taken again after {fault.name}")
        _works(service)
    finally:
        ended.set()
        for thread in threads:
            thread.join()
    assert set(statuses) <= {201, 409, 503}, (fault.name, set(statuses))
    return seen


def _works(service: RunningService) -> None:
    """Requests through the pool work again, by and by on all of its connections."""
    with service.client() as client:

        def all_well() -> bool:
            return all(client.get("/v1/agents").status_code == 200 for _ in range(10))

        wait_until(all_well, "requests work again")
