"""One process that serves the status page, from its first line to its last."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from pathlib import Path

import uvicorn

from actinf.errors import SettingError
from actinf.responder.publishing.serving import SITE, PageServer, serving
from actinf.responder.subscribing.settings import StatusSettings
from actinf.runtime.listening import bound_socket
from actinf.runtime.serving import EndsInOrder, address_of, bounded_connections
from actinf.web.status.generations import Site
from actinf.web.status.server import StatusServer
from actinf.web.status.subscriptions import Subscriptions

__all__ = ["serve"]


def serve(settings: StatusSettings, folder: Path, *, started_as: str | None, say: Callable[[str], None]) -> None:
    """Serve until told to stop.

    Args:
        settings: of the process.
        folder: of the page.
        started_as: the digest of how a responder started this process; None: somebody else did.
        say: tells the user a line.

    Raises:
        SettingError: the port is taken, the folder cannot be used, or another process serves it.
    """
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise SettingError(
            f"the folder {folder} of the status page cannot be made: {error.strerror}; give another with --data-dir"
        ) from None
    # Strangers' mistakes fill no disk.
    logging.getLogger("uvicorn.error").setLevel(logging.ERROR)
    with bound_socket(settings.host, settings.port) as sock:
        address = address_of(sock)
        asks = settings.smtp_url is not None
        me = PageServer(pid=os.getpid(), address=address, started_as=started_as, takes_subscriptions=asks)
        with serving(folder, me):
            site = Site((settings.site or folder / SITE).absolute(), lambda: server.changed())
            subscriptions = Subscriptions(folder, settings)
            server = StatusServer(site, subscriptions, metrics=settings.metrics, asks=asks)
            subscriptions.start()
            site.start()
            try:
                nothing_yet = "" if site.current is not None else "; nothing was published yet"
                ends = "" if started_as is not None else " Ctrl-C ends it."
                say(f"Status page on {address}, from {site.folder}{nothing_yet}.{ends}")
                config = uvicorn.Config(
                    server,
                    lifespan="off",
                    loop="uvloop",
                    http=bounded_connections(most=settings.most_connections),
                    ws="none",
                    log_config=None,
                    access_log=False,
                    server_header=False,
                    forwarded_allow_ips=settings.trusted_proxies,
                    timeout_graceful_shutdown=5,
                    timeout_keep_alive=15,
                )
                EndsInOrder(config).run(sockets=[sock])
            finally:
                site.stop()
                subscriptions.stop()
