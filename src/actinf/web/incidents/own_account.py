"""The page of one's own account: another password, and signing out wherever one is signed in."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from actinf.errors import Forbidden, RateLimited, SettingError
from actinf.responder.access.accounts import SESSION_LASTS
from actinf.responder.server.context import Server, ServerParts
from actinf.web.incidents.pages import page
from actinf.web.incidents.visitors import Actor, Looker, Visitor, signed_out, with_cookie

__all__ = ["router"]

router = APIRouter()


@router.get("/me")
async def show_me(server: ServerParts, visitor: Looker, changed: bool = False) -> Response:
    """Who one is here, and what one may do."""
    return await _shown(server, visitor, changed=changed)


@router.post("/me/password")
async def change_password(request: Request, server: ServerParts, filing: Actor) -> Response:
    """Take another password; every other session ends."""
    visitor = filing.visitor
    _require_password(visitor)
    old, new, again = (filing.text(name) for name in ("old", "new", "again"))
    try:
        if new != again:
            raise SettingError("the new password was not written the same way twice: write it again")
        session = await server.do(lambda: server.access.change_password(visitor.handle, old, new))
    except (SettingError, RateLimited) as error:
        status = 429 if isinstance(error, RateLimited) else 422
        return await _shown(server, visitor, status, problem=str(error))
    return with_cookie(request, server, "/me?changed=1", session.token, int(SESSION_LASTS.total_seconds()))


@router.post("/me/sign-out-everywhere")
async def sign_out_everywhere(server: ServerParts, filing: Actor) -> Response:
    """End every session, this one too."""
    _require_password(filing.visitor)
    await server.do(lambda: server.access.sign_out_everywhere(filing.visitor.handle))
    return signed_out(RedirectResponse("/login", 303))


def _require_password(visitor: Visitor) -> None:
    if not visitor.signed_in:
        raise Forbidden("nobody has a password here: the responder serves this machine alone, with --insecure-local")


async def _shown(
    server: Server, visitor: Visitor, status: int = 200, *, problem: str = "", changed: bool = False
) -> Response:
    sessions = await server.do(lambda: server.access.sessions(visitor.handle))
    return page("me.html", status, visitor=visitor, sessions=sessions, problem=problem, changed=changed)
