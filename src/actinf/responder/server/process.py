"""One serving process, from its first line to its last."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import uvicorn
from fastapi import FastAPI

from actinf.errors import SettingError
from actinf.responder.access.accounts import Access
from actinf.responder.parts import make_parts
from actinf.responder.publishing import plain
from actinf.responder.publishing.writer import Render
from actinf.responder.server.app import create_app
from actinf.responder.server.page_process import PageCommand, PageProcess
from actinf.responder.settings import RespondSettings
from actinf.responder.store.lock import sole
from actinf.runtime.listening import bound_socket
from actinf.runtime.serving import EndsInOrder, address_of

__all__ = ["serve"]

#: A command that does what is due is done by then.
_PATIENCE = 6.0
_MOST_CONNECTIONS = 500


def serve(
    settings: RespondSettings,
    *,
    say: Callable[[str], None],
    pages: Sequence[Callable[[FastAPI], None]] = (),
    page_command: Callable[[RespondSettings, Path], PageCommand | None] = lambda *_: None,
    render: Render = plain.render,
    environment: Mapping[str, str],
) -> None:
    """Serve until told to stop.

    Args:
        settings: of the process.
        say: tells the user a line.
        pages: what is served beside the API, as `create_app` takes it.
        page_command: says, for the settings and the folder of the store, how the process is started that serves the
            status page; None: none is.
        render: makes the files of the status page.
        environment: of this process.

    Raises:
        SettingError: the port is taken, or another process serves this store.
        StoreError: the store cannot be used.
    """
    parts = make_parts(settings, render=render, environment=environment)
    try:
        with bound_socket(settings.host, settings.port) as sock, sole(parts.store.folder, patience=_PATIENCE) as mine:
            if not mine:
                raise SettingError(
                    f"another process serves the store in {parts.store.folder}: end it, or give another store with "
                    "--data-dir"
                )
            address = address_of(sock)
            say(f"Incident responder on {address}, store in {parts.store.folder}. Ctrl-C ends it.")
            if not settings.insecure_local and not Access(parts.store, parts.clock).accounts():
                say("Nobody has an account yet, so nobody is let in: actinf respond accounts set HANDLE --role admin")
            command = page_command(settings, parts.store.folder)
            page = PageProcess(command) if command is not None else None
            config = uvicorn.Config(
                create_app(parts, pages=pages, status_page=page),
                loop="uvloop",
                http="httptools",
                ws="none",
                log_config=None,
                access_log=False,
                server_header=False,
                proxy_headers=False,
                timeout_graceful_shutdown=10,
                timeout_keep_alive=30,
                limit_concurrency=_MOST_CONNECTIONS,
                h11_max_incomplete_event_size=65_536,
            )
            try:
                EndsInOrder(config).run(sockets=[sock])
            finally:
                if page is not None:
                    page.end()
    finally:
        parts.close()
