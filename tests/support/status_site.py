"""The folder of a status page, written as the responder does it, and its server in a thread or as a process."""

import contextlib
import json
import os
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import uvicorn
from support.ports import wait_until
from support.responder_process import actinf_program

from actinf.responder.publishing.page import PublicPage, Working, page_document
from actinf.runtime.listening import bound_socket
from actinf.runtime.serving import address_of, bounded_connections


def public_page(**changed: Any) -> PublicPage:
    """A page on which all is well."""
    told: dict[str, Any] = {
        "name": "Example",
        "url": None,
        "written_at": datetime.now(UTC),
        "working": Working.OPERATIONAL,
        "components": (),
        "current": (),
        "planned": (),
        "past": (),
    }
    return PublicPage(**told | changed)


def publish(folder: Path, files: Mapping[str, str], page: PublicPage | None = None) -> None:
    """Write a generation of the site beside the others, and let the link lead to it."""
    generation = folder / f"site-{time.monotonic_ns()}"
    document = {"status.json": json.dumps(page_document(page))} if page is not None else {}
    for name, text in {**document, **files}.items():
        path = generation / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    link = folder / "next"
    link.symlink_to(generation.name)
    link.replace(folder / "site")


@contextlib.contextmanager
def answering(app: Any, *, most: int = 100, idle_seconds: float = 30.0, read_seconds: float = 30.0) -> Iterator[str]:
    """An application behind the connections that the server of the page has, in a thread; its address."""
    sock = bound_socket("127.0.0.1", 0)
    http = bounded_connections(most=most, idle_seconds=idle_seconds, read_seconds=read_seconds)
    config = uvicorn.Config(app, lifespan="off", http=http, ws="none", log_config=None, timeout_graceful_shutdown=1)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=lambda: server.run(sockets=[sock]), daemon=True)
    thread.start()
    wait_until(lambda: server.started, "the server listens")
    try:
        yield address_of(sock)
    finally:
        server.should_exit = True
        thread.join(10)
        sock.close()


@contextlib.contextmanager
def status_process(folder: Path, *flags: str, **environment: str) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """`actinf status serve` for a folder: its address, and the process."""
    from actinf.responder.publishing.serving import who_serves

    inherited = {name: value for name, value in os.environ.items() if not name.startswith("ACTINF_")}
    told = {f"ACTINF_STATUS_{name}": value for name, value in environment.items()}
    command = [*actinf_program(), "status", "serve", "--port", "0", "--data-dir", str(folder), *flags]
    log = folder.parent / "status.log"
    with log.open("ab") as said:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=said, stderr=said, env=inherited | told)
    try:
        wait_until(lambda: process.poll() is not None or answers(folder), "the page is served")
        server = who_serves(folder)
        assert server is not None, log.read_text(errors="replace")[-2000:]
        yield server.address, process
    finally:
        process.terminate()
        process.wait(20)


def answers(folder: Path) -> bool:
    """Whether a process serves the page of a folder."""
    from actinf.responder.publishing.serving import who_serves

    server = who_serves(folder)
    with contextlib.suppress(httpx.TransportError):
        return server is not None and httpx.get(f"{server.address}/live", timeout=5).status_code == 200
    return False
