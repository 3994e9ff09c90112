"""The door at which strangers subscribe to the status page, say yes, and leave.

What is followed shows a page with a button, and only pressing it does something: programs that look into mails follow
links.  A robot learns nothing here, and what it sends is bounded: in bytes, in seconds, at once and by the hour.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import TypeVar
from urllib.parse import parse_qs, urlsplit

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import Receive, Scope

from actinf.errors import ActinfError, RateLimited, SubscriptionRefused
from actinf.responder.publishing.page import PublicPage, Working
from actinf.responder.subscribing.addresses import hint_of
from actinf.responder.subscribing.subscribers import Subscribers
from actinf.runtime.bounded_body import BoundedBody, announced_size, too_large
from actinf.runtime.origin import is_of_this_address
from actinf.web.status import subscription_pages
from actinf.web.status.replies import Reply, html_reply, note

__all__ = ["PATHS", "Door", "Fields"]

_LOG = logging.getLogger(__name__)

T = TypeVar("T")

#: What a form sends: the values of each field.
Fields = Mapping[str, list[str]]

PATHS = ("/subscribe", "/confirm", "/leave")
_MOST_BYTES, _MOST_FIELDS, _SECONDS = 8192, 300, 10.0
#: Forms that are read at once.
_MOST_AT_ONCE = 50
#: Stands on the form where no reader sees it: who fills it in is none.
_TRAP = "website"
#: In the place of a page that was not published yet, or that a later release wrote.
_NO_PAGE = PublicPage(
    name="Status page",
    url=None,
    written_at=datetime.fromtimestamp(0, UTC),
    working=Working.OPERATIONAL,
    components=(),
    current=(),
    planned=(),
    past=(),
)
_NOT_NOW = "Subscriptions cannot be changed at the moment. Try again in some minutes; the page itself is up to date."


class Door:
    """Answers at the addresses of subscriptions.

    Args:
        subscribers: those who subscribed; None: they cannot be reached now.
        page: as it is now; None: there is none that can be read.
        asks: whether new ones are taken.
        wake: called when somebody waits for a mail.
    """

    def __init__(
        self,
        subscribers: Callable[[], Subscribers | None],
        page: Callable[[], PublicPage | None],
        *,
        asks: bool,
        wake: Callable[[], None],
    ):
        self._subscribers = subscribers
        self._page = page
        self._asks = asks
        self._wake = wake
        self._reading = 0

    async def answer(self, scope: Scope, receive: Receive) -> Reply:
        """Answer a request for one of `PATHS`."""
        page = self._page()
        if page is None:
            if scope["path"] != "/leave":
                return note(503, "Not now", "There is no page yet to subscribe to.", headers=((b"retry-after", b"60"),))
            page = _NO_PAGE  # who wants to leave can at any time: mail programs do not ask twice
        try:
            return await self._answer(Request(scope), receive, page)
        except SubscriptionRefused as error:
            return self._wrong(page, 422, "That did not work", _sentence(error))
        except RateLimited as error:
            later = ((b"retry-after", b"%d" % error.retry_after),)
            return self._wrong(page, 429, "Not now", _sentence(error), later)
        except HTTPException as error:
            return self._wrong(page, error.status_code, "That did not work", _sentence(error.detail), _CLOSE)
        except ActinfError as error:
            _LOG.error("a subscription could not be changed: %s", error)
            return self._wrong(page, 503, "Not now", _NOT_NOW, ((b"retry-after", b"120"),))

    async def _answer(self, request: Request, receive: Receive, page: PublicPage) -> Reply:
        path, method = request.url.path, request.method
        if path == "/subscribe" and not self._asks:
            return self._wrong(
                page, 404, "Nobody is mailed", "This page takes no subscriptions. Its feeds are open to all."
            )
        if method in ("GET", "HEAD"):
            if path == "/subscribe":
                return note(
                    303, "It is elsewhere", "It is on the first page.", headers=((b"location", b"index.html#follow"),)
                )
            token = request.query_params.get("token", "")
            return await (self._ask_to_confirm if path == "/confirm" else self._ask_to_leave)(page, token)
        if method != "POST":
            return note(405, "Not that way", "Expected GET or POST.", headers=((b"allow", b"GET, HEAD, POST"),))
        fields = await self._read(request, receive)
        if path == "/leave":
            # Mail programs send this by themselves (RFC 8058), so it is asked neither from where nor by whom.
            token = request.query_params.get("token") or _one(fields, "token")
            await self._do(lambda known: known.leave(token, _now()))
            return html_reply(subscription_pages.left(page))
        _refuse_other_sites(request, page)
        if path == "/confirm":
            await self._do(lambda known: known.confirm(_one(fields, "token"), _now()))
            return html_reply(subscription_pages.confirmed(page))
        return await self._subscribe(request, page, fields)

    async def _subscribe(self, request: Request, page: PublicPage, fields: Fields) -> Reply:
        if not _one(fields, _TRAP):
            known = {one.key for one in page.components}
            wanted = fields.get("component", [])
            if any(key not in known for key in wanted):
                raise SubscriptionRefused("the page has changed meanwhile: load it once more and choose again")
            # All of them means those of tomorrow as well.
            chosen = () if set(wanted) == known else tuple(wanted)
            client = request.client.host if request.client is not None else ""
            await self._do(lambda all_of_them: all_of_them.ask(_one(fields, "address"), chosen, client, _now()))
            self._wake()
        return html_reply(subscription_pages.asked(page))

    async def _ask_to_confirm(self, page: PublicPage, token: str) -> Reply:
        components = await self._do(lambda known: known.asked(token, _now()))
        return html_reply(subscription_pages.confirm(page, token, components))

    async def _ask_to_leave(self, page: PublicPage, token: str) -> Reply:
        who = await self._do(lambda known: known.staying(token, _now()))
        if who is None:
            return html_reply(subscription_pages.left(page))
        return html_reply(subscription_pages.leave(page, token, hint_of(who.address)))

    async def _do(self, work: Callable[[Subscribers], T]) -> T:
        subscribers = self._subscribers()
        if subscribers is None:
            raise HTTPException(503, _NOT_NOW)
        return await asyncio.to_thread(work, subscribers)

    async def _read(self, request: Request, receive: Receive) -> Fields:
        """The fields of a form.

        Raises:
            HTTPException: it is too large, comes too slowly, or too many come at once.
        """
        wrong = too_large(announced_size(request.scope, _MOST_BYTES), _MOST_BYTES)
        if wrong is not None:
            raise HTTPException(413, wrong)
        if self._reading >= _MOST_AT_ONCE:
            raise HTTPException(503, _NOT_NOW)
        self._reading += 1
        try:
            body, arriving = b"", BoundedBody(receive, most=_MOST_BYTES, seconds=_SECONDS)
            more = True
            while more:
                message = await arriving.receive()
                body += message.get("body", b"")
                more = message["type"] == "http.request" and message.get("more_body", False)
        finally:
            self._reading -= 1
        try:
            return parse_qs(body.decode(errors="replace"), max_num_fields=_MOST_FIELDS)
        except ValueError:
            raise HTTPException(413, f"the form has more than {_MOST_FIELDS} fields") from None

    def _wrong(
        self, page: PublicPage, status: int, title: str, what: str, headers: tuple[tuple[bytes, bytes], ...] = ()
    ) -> Reply:
        return html_reply(subscription_pages.wrong(page, title, what), status=status, headers=headers)


_CLOSE = ((b"connection", b"close"),)


def _refuse_other_sites(request: Request, page: PublicPage) -> None:
    """Let no page of another site send the form in a visitor's name.

    Browsers hide the origin (`null`) where a page asked them to be discreet, as ours do; then they say how far it was.
    """
    origin = request.headers.get("origin", "null")
    ours = origin == "null" or is_of_this_address(request, origin) or origin == _origin_of(page)
    if not ours or request.headers.get("sec-fetch-site") == "cross-site":
        raise SubscriptionRefused("this was sent from the page of another site: open our page, and use its form")


def _origin_of(page: PublicPage) -> str | None:
    parts = urlsplit(page.url) if page.url is not None else None
    return f"{parts.scheme}://{parts.netloc}" if parts is not None else None


def _one(fields: Fields, name: str) -> str:
    return fields.get(name, [""])[0]


def _sentence(said: object) -> str:
    text = str(said)
    return f"{text[:1].upper()}{text[1:]}." if text and not text.endswith(".") else text


def _now() -> datetime:
    return datetime.now(UTC)
