"""Who looks at the pages: signing in with a key, and what a visitor may do.

The cookie holds a session, never the key.  It is sent by no other site (`SameSite=Strict`) and read by no script
(`HttpOnly`).  What changes something must also come from a page of this address: a browser says so in `Origin`.
"""

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import RedirectResponse
from sqlalchemy.exc import SQLAlchemyError

from actinf.errors import Forbidden, RateLimited, ServiceUnavailable, Unauthenticated
from actinf.runtime.origin import is_of_this_address, refuse_other_sites
from actinf.service.access.sessions import SESSION_HOURS, Visit, close_session, open_session, visit_of
from actinf.service.context import Asking, Transaction, changing, identified, parts_of
from actinf.web.lab.pages import page
from actinf.web.refusals import own_path

__all__ = ["COOKIE", "Reader", "Runner", "router", "still_signed_in"]

router = APIRouter()

COOKIE = "actinf_session"


async def _visitor(request: Request) -> Visit:
    """Who asks.

    Raises:
        Unauthenticated: there is no session, or it has ended.
        RateLimited: its key made too many requests, here and at the API together.
        Forbidden: without keys, from another site or by a name that is not this machine's own.
    """
    parts = parts_of(request)
    if parts.settings.insecure_local:
        refuse_other_sites(request)
        visit = Visit(principal=await parts.keyring.local(), workspace="default", signed_in=False)
    else:
        found = None
        if COOKIE in request.cookies:
            async with parts.engine.connect() as connection:
                found = await visit_of(connection, request.cookies[COOKIE])
        if found is None:
            raise Unauthenticated(
                "there is no session, or it has ended: sign in at /sign-in; programs use the API, under /v1, with a "
                "key",
                "no_session",
            )
        visit = found
        await parts.limits.count(visit.principal.actor)
    request.scope["principal"] = visit.principal
    return visit


async def still_signed_in(request: Request) -> bool:
    """Whether who asked for something that goes on may still see it; where that is not known, yes."""
    try:
        (await _visitor(request)).principal.needs("read")
    except (Unauthenticated, Forbidden):
        return False
    except (SQLAlchemyError, OSError, ServiceUnavailable, RateLimited):
        return True
    return True


def _from_a_page_of_ours(request: Request) -> None:
    origin = request.headers.get("origin", "")
    if not is_of_this_address(request, origin):
        raise Forbidden(
            f"a page changes something only for itself, but this was sent from {origin[:200] or 'nowhere'!r}: open the "
            "page anew; programs use the API, with a key"
        )


async def _reader(visit: Annotated[Visit, Depends(_visitor)]) -> Visit:
    visit.principal.needs("read")
    return visit


async def _runner(request: Request, visit: Annotated[Visit, Depends(_visitor)]) -> Visit:
    _from_a_page_of_ours(request)
    visit.principal.needs("run")
    return visit


#: Whoever may look.
Reader = Annotated[Visit, Depends(_reader)]
#: Whoever may change something, by a request that a page of ours sent.
Runner = Annotated[Visit, Depends(_runner)]


@router.get("/sign-in")
async def show_sign_in(request: Request, next: str = "/", ended: bool = False) -> Response:  # noqa: A002
    """The form that takes a key."""
    if parts_of(request).settings.insecure_local:
        return RedirectResponse("/", 303)
    return page("sign_in.html", visit=None, next=own_path(next), ended=ended, problem=None)


@router.post("/sign-in")
async def sign_in(request: Request) -> Response:
    """Begin a session, where the key is good."""
    _from_a_page_of_ours(request)
    parts = parts_of(request)
    if parts.settings.insecure_local:
        return RedirectResponse("/", 303)
    form = await request.form()
    key, there = str(form.get("key", "")).strip(), own_path(str(form.get("next", "/")))
    try:
        principal = await identified(request, f"Bearer {key}")
    except Unauthenticated as error:
        parts.refusals.note(request, error)  # it becomes a page, and passes by those that count the others
        said = str(error).split(": send the header")[0]
        return page("sign_in.html", 401, visit=None, next=there, ended=False, problem=said)
    async with changing(parts) as changes:  # after the form was read: a body that is slow holds no connection
        token = await open_session(changes.connection, key)
        Asking(principal, changes, parts).record("console.sign_in", principal.actor)
    answer = RedirectResponse(there, 303)
    answer.set_cookie(
        COOKIE,
        token,
        max_age=SESSION_HOURS * 3600,
        secure=request.url.scheme == "https",
        httponly=True,
        samesite="strict",
    )
    return answer


@router.post("/sign-out")
async def sign_out(request: Request, changes: Transaction) -> Response:
    """End the session."""
    _from_a_page_of_ours(request)
    await close_session(changes.connection, request.cookies.get(COOKIE, ""))
    answer = RedirectResponse("/sign-in", 303)
    answer.delete_cookie(COOKIE, httponly=True, samesite="strict")
    return answer
