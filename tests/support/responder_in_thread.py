"""The responder in a thread of the tests' own process: the real application, its threads and its pages, behind a real
server on a free port.  It is there in a moment, where a process of its own takes seconds of a core, for the tests of
what it answers; those of what a process does, and of how it dies, take `responder_process`."""

import contextlib
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import uvicorn
from support.ports import wait_until
from support.responder_site import ResponderSite

from actinf.cli.status_rendering import render
from actinf.responder.parts import make_parts
from actinf.responder.server.app import create_app
from actinf.responder.settings import RespondSettings
from actinf.responder.store.lock import sole
from actinf.runtime.listening import bound_socket
from actinf.runtime.serving import address_of
from actinf.web.incidents.console import add_console


@contextlib.contextmanager
def responder_in_thread(folder: Path, **settings: Any) -> Iterator[ResponderSite]:
    """A responder that answers; its settings are given, the page and the advice are for those who look at them."""
    given = {"status_port": "none", "advice": False, **settings}
    parts = make_parts(RespondSettings.read(data_dir=folder / "store", port=0, **given), render=render)
    with contextlib.closing(parts), bound_socket("127.0.0.1", 0) as sock, sole(parts.store.folder, patience=0) as mine:
        assert mine, "another responder serves this store"
        app = create_app(parts, pages=[add_console])
        server = uvicorn.Server(uvicorn.Config(app, http="httptools", ws="none", log_config=None, access_log=False))
        thread = threading.Thread(target=server.run, args=([sock],), name="responder", daemon=True)
        thread.start()
        try:
            wait_until(lambda: server.started or not thread.is_alive(), "the responder has started")
            assert server.started, "the responder ended at once"
            yield ResponderSite(parts.store.folder, address_of(sock))
        finally:
            server.should_exit = True
            thread.join(timeout=30)
            assert not thread.is_alive(), "the responder did not stop"
