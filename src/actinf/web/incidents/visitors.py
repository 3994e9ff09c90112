"""Who looks at the pages: signing in with a password, and what a visitor may do.

The cookie holds a session.  It is sent by no other site (`SameSite=Strict`) and read by no script (`HttpOnly`).  What
changes something must come from a page of this address, which a browser says in `Origin`, and with the token of the
form that it was shown.  Where no password is needed (`--insecure-local`) a visitor says as whom they act, and the
cookie holds that.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import RedirectResponse
from starlette.datastructures import FormData

from actinf.errors import Forbidden, RateLimited, SettingError, Unauthenticated
from actinf.responder.access.accounts import HANDLE, SESSION_LASTS, Principal, form_token
from actinf.responder.access.roles import NEEDS, Role, require
from actinf.responder.server.context import Server, ServerParts
from actinf.runtime.origin import is_of_this_address, refuse_other_sites
from actinf.web.incidents.pages import page
from actinf.web.refusals import own_path

__all__ = ["COOKIE", "Actor", "Bringer", "Filing", "Looker", "Visitor", "router", "signed_out", "with_cookie"]

router = APIRouter()

COOKIE, _BEFORE = "actinf_responder", "actinf_responder_form"
_NAME_LASTS = 30 * 86_400


@dataclass(frozen=True, slots=True, kw_only=True)
class Visitor:
    """Who looks.

    Attributes:
        who: as whom they act, and what they may do.
        token: what each form that they are shown sends along.
        signed_in: whether they gave a password, and can sign out.
    """

    who: Principal
    token: str
    signed_in: bool

    @property
    def handle(self) -> str:
        """As whom they act."""
        return self.who.handle

    def may(self, what: str) -> bool:
        """Whether they may do something, by the table of roles."""
        return self.who.role.includes(NEEDS[what])

    def require(self, what: str) -> None:
        """Let only those do something who may.

        Raises:
            Forbidden: the role is not enough.
        """
        require(self.who.role, what)


@dataclass(frozen=True, slots=True, kw_only=True)
class Filing:
    """A form that a visitor sent.

    Attributes:
        visitor: who.
        fields: what they filled in.
    """

    visitor: Visitor
    fields: FormData

    def text(self, name: str) -> str:
        """What was written into a field; empty where there is none."""
        value = self.fields.get(name)
        return value if isinstance(value, str) else ""


async def _looker(request: Request, server: ServerParts) -> Visitor:
    """Who looks.

    Raises:
        Unauthenticated: nobody who is known.
        Forbidden: without passwords, from another site or by a name that is not this machine's own.
    """
    cookie = request.cookies.get(COOKIE, "")
    if server.parts.settings.insecure_local:
        refuse_other_sites(request)
        handle = cookie.partition(".")[2]
        if HANDLE.fullmatch(handle) is None:
            raise Unauthenticated("nobody has said yet who acts here: do so at /login", why="no_session")
        return Visitor(who=Principal(handle=handle, role=Role.ADMIN), token=form_token(cookie), signed_in=False)
    who = await server.do(lambda: server.access.of_session(cookie)) if cookie else None
    if who is None:
        raise Unauthenticated(
            "there is no session, or it has ended: sign in at /login; programs use the API, under /v1, with a key",
            why="no_session",
        )
    return Visitor(who=who, token=form_token(cookie), signed_in=True)


async def _actor(request: Request, visitor: Annotated[Visitor, Depends(_looker)]) -> Filing:
    """Who sends a form, with what they filled in.

    Raises:
        Forbidden: it was sent from elsewhere than from a page that they were shown.
    """
    return Filing(visitor=visitor, fields=await _of_ours(request, visitor.token))


async def _bringer(request: Request, visitor: Annotated[Visitor, Depends(_looker)]) -> AsyncIterator[Filing]:
    """Who sends a form with a file of evidence; what is large of it goes to the disk as it comes, and stays there
    until it is answered.

    Raises:
        Forbidden: the role is not enough, or it was sent from elsewhere than from a page that they were shown.
    """
    visitor.require("evidence")  # before any of it is read
    try:
        yield Filing(visitor=visitor, fields=await _of_ours(request, visitor.token, files=1))
    finally:
        await request.close()


#: Whoever may look.
Looker = Annotated[Visitor, Depends(_looker)]
#: Whoever sends a form that a page of ours showed them.
Actor = Annotated[Filing, Depends(_actor)]
#: Whoever sends a form with a file of evidence.
Bringer = Annotated[Filing, Depends(_bringer)]


@router.get("/login")
async def show_login(request: Request, server: ServerParts, next: str = "/", ended: bool = False) -> Response:  # noqa: A002
    """The form that asks who somebody is."""
    if server.parts.settings.insecure_local:
        refuse_other_sites(request)
    return _login(request, server, there=own_path(next), ended=ended)


@router.post("/login")
async def login(request: Request, server: ServerParts) -> Response:
    """Begin a session; without passwords, remember who acts."""
    form = await _of_ours(request, form_token(request.cookies.get(_BEFORE, "")))
    there, handle = own_path(str(form.get("next") or "/")), str(form.get("handle") or "").strip().lower()
    try:
        if server.parts.settings.insecure_local:
            refuse_other_sites(request)
            return with_cookie(request, server, there, _named(handle), _NAME_LASTS)
        password = str(form.get("password") or "")
        session = await server.do(lambda: server.access.sign_in(handle, password))
    except (SettingError, Unauthenticated, RateLimited) as error:
        status = 429 if isinstance(error, RateLimited) else 422 if isinstance(error, SettingError) else 401
        return _login(request, server, there=there, handle=handle, problem=str(error), status=status)
    return with_cookie(request, server, there, session.token, int(SESSION_LASTS.total_seconds()))


@router.post("/logout")
async def logout(request: Request, server: ServerParts, filing: Actor) -> Response:
    """End the session; without passwords, forget who acted."""
    if filing.visitor.signed_in:
        token = request.cookies.get(COOKIE, "")
        await server.do(lambda: server.access.sign_out(token))
    return signed_out(RedirectResponse("/login", 303))


def with_cookie(request: Request, server: Server, there: str, value: str, seconds: int) -> Response:
    """An answer that leads to a page, and has the browser remember who somebody is for so long."""
    answer = RedirectResponse(there, 303)
    answer.set_cookie(
        COOKIE, value, max_age=seconds, secure=_by_https(request, server), httponly=True, samesite="strict"
    )
    return answer


def signed_out(answer: Response) -> Response:
    """An answer that has the browser forget who somebody is."""
    answer.delete_cookie(COOKIE, httponly=True, samesite="strict")
    return answer


async def _of_ours(request: Request, token: str, *, files: int = 0) -> FormData:
    origin = request.headers.get("origin", "")
    if not is_of_this_address(request, origin):
        raise Forbidden(
            f"a page changes something only for itself, but this was sent from {origin[:200] or 'nowhere'!r}: open the "
            "page anew; programs use the API, with a key"
        )
    form = await request.form(max_files=files)
    sent = form.get("token")
    if not isinstance(sent, str) or not hmac.compare_digest(sent.encode(), token.encode()):
        raise Forbidden(
            "the form was shown to somebody else, or before you signed in anew; nothing was done. Go back, copy what "
            "you wrote, open the page anew and send it again"
        )
    return form


def _login(
    request: Request,
    server: Server,
    *,
    there: str,
    handle: str = "",
    ended: bool = False,
    problem: str = "",
    status: int = 200,
) -> Response:
    before = request.cookies.get(_BEFORE) or secrets.token_urlsafe(16)
    answer = page(
        "login.html",
        status,
        visitor=None,
        local=server.parts.settings.insecure_local,
        token=form_token(before),
        next=there,
        handle=handle,
        ended=ended,
        problem=problem,
    )
    if _BEFORE not in request.cookies:
        answer.set_cookie(_BEFORE, before, secure=_by_https(request, server), httponly=True, samesite="strict")
    return answer


def _named(handle: str) -> str:
    """What the cookie of somebody holds who needs no password."""
    if HANDLE.fullmatch(handle) is None:
        raise SettingError(
            f"{handle[:64]!r} is no handle: expected small letters, digits, '.', '_' and '-', the first a letter or a "
            "digit, as in the schedule"
        )
    return f"{secrets.token_urlsafe(16)}.{handle}"


def _by_https(request: Request, server: Server) -> bool:
    """Whether pages come by https; a proxy that ends it is known by the address that people use."""
    return request.url.scheme == "https" or (server.parts.settings.public_url or "").startswith("https://")
