"""One serving process, from its first line to its last."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from types import FrameType

import uvicorn
from fastapi import FastAPI

from actinf.errors import SettingError
from actinf.responder.access.accounts import Access
from actinf.responder.parts import make_parts
from actinf.responder.server.app import create_app
from actinf.responder.settings import RespondSettings
from actinf.responder.store.lock import sole
from actinf.runtime.listening import bound_socket

__all__ = ["serve"]

#: A command that does what is due is done by then.
_PATIENCE = 6.0
_MOST_CONNECTIONS = 500


class _Server(uvicorn.Server):
    """Ends in order at the first signal, and at once at the second."""

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:  # noqa: ARG002 -- uvicorn's signature
        """Let what was asked be answered.  Uvicorn's own raises the signal again, as if it had died of it."""
        self.force_exit = self.should_exit
        self.should_exit = True


def serve(
    settings: RespondSettings, *, say: Callable[[str], None], pages: Sequence[Callable[[FastAPI], None]] = ()
) -> None:
    """Serve until told to stop.

    Args:
        settings: of the process.
        say: tells the user a line.
        pages: what is served beside the API, as `create_app` takes it.

    Raises:
        SettingError: the port is taken, or another process serves this store.
        StoreError: the store cannot be used.
    """
    parts = make_parts(settings)
    try:
        with bound_socket(settings.host, settings.port) as sock, sole(parts.store.folder, patience=_PATIENCE) as mine:
            if not mine:
                raise SettingError(
                    f"another process serves the store in {parts.store.folder}: end it, or give another store with "
                    "--data-dir"
                )
            host, port = sock.getsockname()[:2]
            address = f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
            say(f"Incident responder on {address}, store in {parts.store.folder}. Ctrl-C ends it.")
            if not settings.insecure_local and not Access(parts.store, parts.clock).accounts():
                say("Nobody has an account yet, so nobody is let in: actinf respond accounts set HANDLE --role admin")
            config = uvicorn.Config(
                create_app(parts, pages=pages),
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
            _Server(config).run(sockets=[sock])
    finally:
        parts.close()
