"""The page of accounts: who may use the responder, for those who say so."""

from __future__ import annotations

import logging
from collections.abc import Callable

from fastapi import APIRouter, Response
from fastapi.responses import RedirectResponse

from actinf.errors import SettingError
from actinf.responder.access.accounts import Access
from actinf.responder.access.roles import Role
from actinf.responder.documents import event_document
from actinf.responder.record.narrative import sentence
from actinf.responder.server.context import Server, ServerParts
from actinf.web.incidents.filled import BLANK, Filled
from actinf.web.incidents.pages import page
from actinf.web.incidents.visitors import Actor, Filing, Looker, Visitor

__all__ = ["router"]

router = APIRouter()
_LOG = logging.getLogger(__name__)

#: Changes that are shown, the latest; `actinf respond log` has all of them.
_MOST_OF_LOG = 30

#: A form of the page does something, and returns a secret that is shown once, or "".
Work = Callable[[Access, Filing], str]


@router.get("/accounts")
async def show_accounts(server: ServerParts, visitor: Looker) -> Response:
    """All accounts and keys."""
    visitor.require("accounts")
    return await _shown(server, visitor)


@router.post("/accounts/{form}")
async def change_accounts(form: str, server: ServerParts, filing: Actor) -> Response:
    """Make, change or end an account or a key; where that is refused, show the form again."""
    visitor = filing.visitor
    visitor.require("accounts")
    work = _WORK.get(form)
    if work is None:
        return RedirectResponse("/accounts", 303)
    try:
        secret = await server.do(lambda: work(server.access, filing))
    except SettingError as error:
        known = ("token", "password")
        values = {key: value for key, value in filing.fields.items() if isinstance(value, str) and key not in known}
        return await _shown(server, visitor, Filled(form, values, {"": str(error)}), 422)
    told = {"form": form, "by": visitor.handle, "handle": filing.text("handle"), "key": filing.text("prefix")}
    _LOG.info("accounts were changed", extra=told)
    return await _shown(server, visitor, secret=secret) if secret else RedirectResponse("/accounts", 303)


def _set(access: Access, filing: Filing) -> str:
    handle, password = _handle(filing), filing.text("password")
    role = filing.text("role")
    if role not in list(Role):
        raise SettingError(f"role is {role[:40]!r}: expected one of {', '.join(Role)}")
    if handle == filing.visitor.handle and filing.visitor.signed_in and Role(role) is not Role.ADMIN:
        raise SettingError("you would take the role of admin from yourself: have another admin do it")
    access.set_account(handle, Role(role), security=bool(filing.text("security")), by=filing.visitor.handle)
    if password:
        access.set_password(handle, password, by=filing.visitor.handle)
    return ""


def _remove(access: Access, filing: Filing) -> str:
    if _handle(filing) == filing.visitor.handle and filing.visitor.signed_in:
        raise SettingError("you would remove yourself: have another admin do it")
    access.remove(_handle(filing), by=filing.visitor.handle)
    return ""


def _key(access: Access, filing: Filing) -> str:
    days = filing.text("days").strip()
    if days and not (days.isascii() and days.isdigit() and 1 <= int(days[:6]) <= 3650):
        raise SettingError(f"days is {days[:20]!r}: expected a whole number from 1 to 3650, or nothing")
    purpose, by = filing.text("purpose").strip()[:200], filing.visitor.handle
    made = access.create_key(_handle(filing), purpose, days=int(days) if days else None, by=by)
    return made.text


def _revoke(access: Access, filing: Filing) -> str:
    access.revoke_key(filing.text("prefix"), by=filing.visitor.handle)
    return ""


_WORK: dict[str, Work] = {"set": _set, "remove": _remove, "key": _key, "revoke": _revoke}


def _handle(filing: Filing) -> str:
    return filing.text("handle").strip().lower()


async def _shown(
    server: Server, visitor: Visitor, filled: Filled = BLANK, status: int = 200, *, secret: str = ""
) -> Response:
    access = server.access
    accounts, keys, log = await server.do(lambda: (access.accounts(), access.keys(), access.log()[-_MOST_OF_LOG:]))
    now = server.parts.clock()
    valid = [one for one in keys if one.is_valid(now)]
    return page(
        "accounts.html",
        status,
        visitor=visitor,
        filled=filled,
        accounts=accounts,
        keys=valid,
        roles=list(Role),
        secret=secret,
        log=[(one.at, one.by, sentence(event_document(one))) for one in reversed(log)],
    )
