"""The API and its console for tests: the real application behind a real server on a free port, with a database of its
own that is migrated."""

import contextlib
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import httpx
import uvicorn
from fastapi import FastAPI
from fastapi.routing import APIRoute
from support.ports import free_port
from support.postgres import folder_for_servers

from actinf.runtime.at_hand import Database
from actinf.runtime.settings import Settings
from actinf.service import schema_version
from actinf.service.access import commands
from actinf.service.app import create_app
from actinf.service.audit.log import AuditLog
from actinf.web.lab.console import add_console

AUDIT_KEY = bytes(range(32))


@dataclass(frozen=True, kw_only=True)
class RunningService:
    """An API that answers.

    Attributes:
        url: where; key: for everything in the workspace "default".
        app: the application, in this process; database: what it works on.
    """

    url: str
    key: str
    app: FastAPI
    database: Database

    def client(self, key: str | None = None) -> httpx.Client:
        """A client that is let in; close it."""
        return httpx.Client(base_url=self.url, headers={"Authorization": f"Bearer {key or self.key}"}, timeout=30)

    def new_key(self, *scopes: str, workspace: str = "default", days: int | None = None) -> str:
        """The text of a new key."""

        def make() -> str:
            made = commands.create_key(
                self.database,
                AuditLog(AUDIT_KEY),
                actor="test",
                workspace=workspace,
                name="made by a test",
                scopes=scopes or ("admin",),
                days=days,
            )
            return made.text

        with ThreadPoolExecutor(1) as elsewhere:  # where a browser is driven, this thread runs an event loop already
            return elsewhere.submit(make).result()


def routes_of(app: FastAPI) -> list[APIRoute]:
    """All routes of an application; routers that were included stand in it as they are."""
    found, waiting = [], list(app.routes)
    while waiting:
        route = waiting.pop()
        if isinstance(route, APIRoute):
            found.append(route)
        waiting += getattr(getattr(route, "original_router", None), "routes", [])
    assert len(found) > 10
    return found


@contextlib.contextmanager
def running_service(database_url: str, **settings: Any) -> Iterator[RunningService]:
    """Migrate the database and serve it; every setting can be given."""
    with folder_for_servers() as folder:
        database = Database(url=database_url, data_dir=folder, disk=None)
        schema_version.upgrade(database_url)
        port = free_port()
        given = Settings.read(port=port, data_dir=folder, database_url=database_url, **settings)
        app = create_app(given, database_url=database_url, audit_key=AUDIT_KEY, pages=[add_console])
        server = uvicorn.Server(uvicorn.Config(app, port=port, log_config=None, access_log=False, ws="none"))
        thread = threading.Thread(target=server.run, name="service", daemon=True)
        thread.start()
        try:
            _wait_until_ready(f"http://127.0.0.1:{port}", thread)
            running = RunningService(url=f"http://127.0.0.1:{port}", key="", app=app, database=database)
            yield RunningService(url=running.url, key=running.new_key(), app=app, database=database)
        finally:
            server.should_exit = True
            thread.join(timeout=30)
            assert not thread.is_alive(), "the service did not stop"


def _wait_until_ready(url: str, thread: threading.Thread) -> None:
    """Until it takes requests; the kernels may have to be compiled first."""
    until = time.monotonic() + 180
    while time.monotonic() < until and thread.is_alive():
        with contextlib.suppress(httpx.TransportError):
            if httpx.get(f"{url}/ready").status_code == 200:
                return
        time.sleep(0.05)
    raise AssertionError("the service did not become ready")
