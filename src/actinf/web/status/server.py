"""The server of the status page, as an ASGI application.

It answers from memory, and knows nothing of the responder but the folder that it writes: what is dead elsewhere, a
full disk or a broken store of subscribers take nothing from the page.
"""

from __future__ import annotations

import ipaddress
import json
import logging
import time
from collections.abc import Mapping
from typing import Any, Literal
from urllib.parse import quote

from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.types import Receive, Scope, Send

from actinf.responder.publishing.page import PublicPage, page_of
from actinf.runtime.http_edge import identity_of, tell
from actinf.web.status.door import PATHS, Door
from actinf.web.status.generations import Page, Site
from actinf.web.status.measures import GENERATIONS, REGISTRY, REQUESTS, SITE_WRITTEN_AT
from actinf.web.status.outdated import OLD_AFTER, outdated
from actinf.web.status.replies import Reply, document_reply, note, page_reply
from actinf.web.status.subscriptions import Subscriptions

__all__ = ["StatusServer"]

_LOG = logging.getLogger(__name__)

_READS = ("GET", "HEAD")
_CLOSES = (b"connection", b"close")


class StatusServer:
    """Answers for a site.

    Args:
        site: that is served; whoever made it starts and stops it.
        subscriptions: to the page; None: there are none.
        metrics: whom `/metrics` answers.
        asks: whether new subscriptions are taken.
    """

    def __init__(
        self,
        site: Site,
        subscriptions: Subscriptions | None = None,
        *,
        metrics: Literal["loopback", "everyone"],
        asks: bool = False,
    ):
        self._site = site
        self._subscriptions = subscriptions
        self._door = (
            Door(lambda: subscriptions.subscribers, self.page, asks=asks, wake=subscriptions.wake)
            if subscriptions is not None and subscriptions.wanted
            else None
        )
        self._metrics = metrics
        self._read: tuple[object, PublicPage | None] = (None, None)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request; ASGI."""
        started = time.perf_counter()
        if self._door is not None and scope["path"] in PATHS:
            what, reply = "subscriptions", await self._door.answer(scope, receive)
            read = True
        else:
            what, reply = self._answer(scope)
            read = False
        # What is sent to a page that takes nothing is not read, so nothing else can come over this connection.
        more = ((b"x-request-id", identity_of(scope).encode()), *((_CLOSES,) if _has_body(scope) and not read else ()))
        start, body = reply.messages(with_body=scope["method"] != "HEAD", more=more)
        await send(start)
        await send(body)
        REQUESTS.labels(what, reply.status).inc()
        tell(scope, reply.status, time.perf_counter() - started, quiet=reply.status < 500)

    def _answer(self, scope: Scope) -> tuple[str, Reply]:
        path, reads = scope["path"], scope["method"] in _READS
        if path == "/live" and reads:
            return "health", document_reply({"status": "ok"})
        if path == "/health" and reads:
            return "health", document_reply(self.health())
        if path == "/metrics" and reads and self._may_see_metrics(scope):
            if self._subscriptions is not None:
                self._subscriptions.measure()
            return "metrics", self._measured()
        if not reads:
            text = f"{scope['method'][:20]} is not known here: expected GET or HEAD."
            return "other", note(405, "Not that way", text, headers=((b"allow", b"GET, HEAD"),))
        return self._of_site(scope)

    def _of_site(self, scope: Scope) -> tuple[str, Reply]:
        if self._site.current is None:
            # An error, and one that passes: nobody is to keep or index it, nor to take it for good news.
            text = "Whoever runs this service has not published its status yet. Try again in a minute."
            return "site", note(503, "Nothing was published yet", text, headers=((b"retry-after", b"60"),))
        pages, name = self._site.current.pages, scope["path"].removeprefix("/")
        for known in (name, f"{name}index.html") if name.endswith("/") or not name else (name,):
            if known in pages:
                return "site", page_reply(self._dated(pages[known]), scope)
        if f"{name}/index.html" in pages:
            where = (b"location", f"/{quote(name)}/".encode())
            return "site", note(308, "It is elsewhere", f"It is at /{name}/", headers=(where,))
        if "404.html" in pages:
            return "missing", page_reply(pages["404.html"], scope, status=404)
        return "missing", note(404, "There is no such page", "The status of the service is at /")

    def _dated(self, page: Page) -> Page:
        """The page itself; where it is old, it says so."""
        said = self.page()
        return outdated(page, said.written_at) if said is not None and self._age(said) > OLD_AFTER else page

    def _age(self, page: PublicPage) -> float:
        """Seconds since it was written, by its own word or by the file's: whose clock wrote it may be off."""
        file = self._site.current.pages.get("status.json") if self._site.current is not None else None
        written = max(page.written_at.timestamp(), file.modified if file is not None else 0)
        return time.time() - written

    def health(self) -> dict[str, Any]:
        """How the server is: `degraded` where what it serves may not be how things are."""
        page = self.page()
        age = self._age(page) if page is not None else None
        stands_still = self._site.seconds_unseen > 60
        subscriptions = self._subscriptions.amiss if self._subscriptions is not None else ""
        amiss = bool(self._site.trouble) or bool(subscriptions) or stands_still or age is None or age > OLD_AFTER
        return {
            "status": "degraded" if amiss else "ok",
            "site": {
                "published": self._site.current is not None,
                "written_at": page.written_at.isoformat(timespec="seconds") if page is not None else None,
                "seconds_old": round(age, 1) if age is not None else None,
                "trouble": "the disk does not answer" if stands_still else "not readable" if self._site.trouble else "",
            },
            "subscriptions": {"open": self._door is not None, "trouble": subscriptions},
        }

    def page(self) -> PublicPage | None:
        """What the site says; None: nothing, or nothing that this release can read."""
        current = self._site.current
        if self._read[0] is not current:
            said = current.pages.get("status.json") if current is not None else None
            self._read = (current, _said(said.body) if said is not None else None)
        return self._read[1]

    def changed(self) -> None:
        """Another generation of the site is there."""
        GENERATIONS.inc()
        page = self.page()
        SITE_WRITTEN_AT.set(page.written_at.timestamp() if page is not None else 0)
        if self._subscriptions is not None:
            self._subscriptions.news(page)

    def _measured(self) -> Reply:
        return Reply(200, generate_latest(REGISTRY), ((b"content-type", CONTENT_TYPE_LATEST.encode()),))

    def _may_see_metrics(self, scope: Scope) -> bool:
        if self._metrics == "everyone":
            return True
        client = (scope.get("client") or ("",))[0]
        names = {name for name, _ in scope["headers"]}
        try:
            # What a proxy of this machine passes on comes from elsewhere.
            return ipaddress.ip_address(client).is_loopback and not names & {b"x-forwarded-for", b"forwarded", b"via"}
        except ValueError:
            return False


def _said(body: bytes) -> PublicPage | None:
    try:
        document = json.loads(body)
        return page_of(document) if isinstance(document, Mapping) else None
    except (ValueError, RecursionError) as error:
        _LOG.warning("status.json of the site cannot be read: %s; the page is served all the same", error)
        return None


def _has_body(scope: Scope) -> bool:
    return any(name == b"transfer-encoding" or (name == b"content-length" and value != b"0")
               for name, value in scope["headers"])  # fmt: skip
