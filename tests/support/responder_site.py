"""A responder that answers at an address, wherever it runs: asked by a client, and looked at in its store."""

from pathlib import Path
from typing import TYPE_CHECKING

import httpx

from actinf.responder.oncall.rotation import Schedule
from actinf.responder.store.database import Store
from actinf.web.incidents.visitors import COOKIE

if TYPE_CHECKING:
    from playwright.sync_api import SetCookieParam


class ResponderSite:
    """One installation.

    Attributes:
        url: where it answers.
        folder: of its store.
    """

    def __init__(self, folder: Path, url: str = ""):
        self.folder = folder
        self.url = url

    def client(self, key: str | None = None) -> httpx.Client:
        """A client; close it."""
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        return httpx.Client(base_url=self.url, headers=headers, timeout=30)

    def store(self) -> Store:
        """The store, opened beside what serves it; close it."""
        return Store(self.folder)

    def set_schedule(self, text: str) -> None:
        """Set a schedule by the API."""
        document = Schedule.from_text(text).document()
        httpx.put(f"{self.url}/v1/schedule", json={"schedule": document}, timeout=30).raise_for_status()

    def cookie_of(self, handle: str) -> "SetCookieParam":
        """What a browser holds where no password is needed and somebody has said as whom they act."""
        return {"name": COOKIE, "value": f"said.{handle}", "url": self.url, "httpOnly": True, "sameSite": "Strict"}
