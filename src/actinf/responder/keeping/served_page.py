"""Whether anybody serves the status page, and how that process is by its own word."""

from __future__ import annotations

import http.client
import json
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from actinf.responder.publishing.serving import FOLDER, PageServer, who_serves

__all__ = ["amiss_with", "page_server"]

_SECONDS = 3.0
_MOST_BYTES = 65_536


def page_server(store: Path) -> PageServer | None:
    """The process that serves the page of a responder; None: none does.

    Args:
        store: the folder of the responder's store.
    """
    return who_serves(store / FOLDER)


def amiss_with(server: PageServer) -> str:
    """What is amiss with a process that serves a page; empty: nothing."""
    address = urlsplit(server.address)
    connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=_SECONDS)
    try:
        connection.request("GET", "/health")
        document = json.loads(connection.getresponse().read(_MOST_BYTES))
        return _told(document)
    except (OSError, http.client.HTTPException, ValueError, KeyError, TypeError) as error:
        return f"it does not say how it is: {str(error) or type(error).__name__}"
    finally:
        connection.close()


def _told(document: dict[str, Any]) -> str:
    site, subscriptions = document["site"], document["subscriptions"]
    if document["status"] == "ok":
        return ""
    if subscriptions["trouble"]:
        return f"of its subscriptions it says: {subscriptions['trouble']}"
    if not site["published"]:
        return "it has read no page yet"
    if site["trouble"]:
        return f"of the page it says: {site['trouble']}"
    return f"what it shows was written {float(site['seconds_old'] or 0.0):.0f} s ago"
