"""The webhooks: who sends is checked, what was sent is read, and it is on the disk before it is answered."""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Callable, Coroutine, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from typing import Any, TypeVar

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response
from fastapi.routing import APIRoute
from pydantic import SecretStr

from actinf.errors import Forbidden, RateLimited, StoreError, WebhookRefused
from actinf.responder.intake.alertmanager import read_alertmanager
from actinf.responder.intake.authentic import check_sentry, check_signed, check_slack, check_token
from actinf.responder.intake.changes import read_change
from actinf.responder.intake.sentry import read_sentry
from actinf.responder.intake.signed import read_signed
from actinf.responder.intake.slack_tap import Tap, read_slack_tap
from actinf.responder.intake.untrusted import read_object
from actinf.responder.server.committer import Given
from actinf.responder.server.context import Server
from actinf.responder.server.measures import (
    ALERTS_ACCEPTED,
    CHANGES_ACCEPTED,
    HOOKS_REFUSED,
    HOOKS_REPEATED,
    TRUNCATED,
)
from actinf.runtime.origin import refuse_other_sites

__all__ = ["router"]

T = TypeVar("T")


class _ShortRoute(APIRoute):
    """Calls the operation with the request alone.

    What the framework does before, finding out what an operation wants, would be a third of the time that a webhook
    costs; in a storm that decides.
    """

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        endpoint: Callable[[Request], Coroutine[Any, Any, Response]] = self.endpoint
        return endpoint


def _parameter(name: str, where: str = "path") -> dict[str, Any]:
    """A parameter in the description of an operation, of which the framework does not know."""
    schema = {"type": "string"} if where == "path" else {"type": "boolean", "default": False}
    return {"parameters": [{"name": name, "in": where, "required": where == "path", "schema": schema}]}


def _of_a_scan() -> dict[str, Any]:
    """The parameters of a scan, each of which is a name."""
    schema = {"type": "string", "maxLength": 200}
    return {
        "parameters": [
            {"name": name, "in": "query", "required": False, "schema": schema} for name in ("target", "component")
        ]
    }


_LOG = logging.getLogger(__name__)

router = APIRouter(prefix="/hooks", tags=["webhooks"], route_class=_ShortRoute)

_SOURCE = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
#: A larger body is read beside the loop that serves, one at a time: each takes much memory while it is read.
_SMALL = 65_536
#: Slack shows a mistake to who tapped where it is not answered within three seconds.
_TAP_SECONDS = 2.0


@router.post("/alertmanager", summary="Take a message of Alertmanager", openapi_extra=_parameter("private", "query"))
async def alertmanager(request: Request) -> JSONResponse:
    """Webhook version 4; `Authorization: Bearer` with one of ACTINF_RESPOND_ALERT_TOKENS.

    With `?private=true` all of it is only for those who deal with security.
    """
    server: Server = request.app.state.server
    with _counted("alertmanager"):
        private = _is_private(request)
        tokens = _secrets(request, server, "alert_tokens")
        if tokens:
            check_token(request.headers.get("authorization"), tokens)
        body, now = await request.body(), server.parts.clock()
        message = await _read(server, body, lambda: read_alertmanager(body, now, private=private))
        if message.truncated:
            TRUNCATED.inc(message.truncated)
        return await _take(server, "alertmanager", Given(alerts=message.alerts, received_at=now))


@router.post("/sentry", summary="Take a webhook of Sentry")
async def sentry(request: Request) -> JSONResponse:
    """Issue alerts, issues and metric alerts; signed with one of ACTINF_RESPOND_SENTRY_SECRETS."""
    server: Server = request.app.state.server
    with _counted("sentry"):
        secrets = _secrets(request, server, "sentry_secrets")
        body, now = await request.body(), server.parts.clock()
        if secrets:
            check_sentry(body, request.headers.get("sentry-hook-signature"), secrets)
        resource = request.headers.get("sentry-hook-resource")
        found = await _read(server, body, lambda: read_sentry(body, resource, now))
        return await _take(server, "sentry", Given(alerts=found, received_at=now))


@router.post("/signed/{source}", summary="Take alerts and changes of any sender", openapi_extra=_parameter("source"))
async def signed(request: Request) -> JSONResponse:
    """The message of docs/reference/incident-webhooks.md; signed with one of ACTINF_RESPOND_HOOK_SECRETS."""
    server: Server = request.app.state.server
    with _counted("signed"):
        source = request.path_params["source"]
        if _SOURCE.fullmatch(source) is None:
            raise WebhookRefused(
                f"the source is {source[:80]!r}: expected at most 64 small letters, digits, '.', '_' and '-'"
            )
        body, now, signature = await _signed_body(request, server)
        message = await _read(server, body, lambda: read_signed(body, source, now))
        given = Given(alerts=message.alerts, changes=message.changes, signature=signature, received_at=now)
        return await _take(server, "signed", given)


@router.post("/change", summary="Take word of one change")
async def change(request: Request) -> JSONResponse:
    """One entry of `changes`, by itself; signed with one of ACTINF_RESPOND_HOOK_SECRETS."""
    server: Server = request.app.state.server
    with _counted("change"):
        body, now, signature = await _signed_body(request, server)
        found = await _read(server, body, lambda: read_change(read_object(body, "a change"), now))
        return await _take(server, "change", Given(changes=(found,), signature=signature, received_at=now))


@router.post("/sarif", summary="Take the report of a scanner", openapi_extra=_of_a_scan())
async def sarif(request: Request) -> JSONResponse:
    """SARIF 2.1.0, 10 MiB at most; `Authorization: Bearer` with one of ACTINF_RESPOND_SCAN_TOKENS.

    `?target=NAME` says what was scanned where the report does not, `?component=NAME` which part of the system that is.
    """
    server: Server = request.app.state.server
    with _counted("sarif"):
        tokens = _secrets(request, server, "scan_tokens")
        if tokens:
            check_token(request.headers.get("authorization"), tokens)
        of = {name: request.query_params.get(name, "") for name in ("target", "component")}
        body = await request.body()
        async with server.one_large_body:
            taken = await server.do(lambda: server.parts.scanning.take(body, **of))
        ALERTS_ACCEPTED.labels("sarif").inc(sum(scan["alerts"] for scan in taken["scans"]))
        server.machinery.something_happened()
        return JSONResponse(taken)


@router.post("/slack/actions", summary="Take a tap on a button in Slack")
async def slack_actions(request: Request) -> Response:
    """The request URL of the app's interactivity; signed with ACTINF_RESPOND_SLACK_SIGNING_SECRET.

    Always answered without a body: who tapped is told by Slack what came of it, they alone.
    """
    server: Server = request.app.state.server
    with _counted("slack"):
        secret = server.parts.settings.slack_signing_secret
        if secret is None:
            raise Forbidden("taps are not taken: set ACTINF_RESPOND_SLACK_SIGNING_SECRET to the app's signing secret")
        body, now = await request.body(), server.parts.clock()
        said = (request.headers.get("x-slack-request-timestamp"), request.headers.get("x-slack-signature"))
        signature = check_slack(body, *said, secret.get_secret_value(), now)
        tap = read_slack_tap(body)
        if tap is not None:
            doing = asyncio.ensure_future(server.do(lambda: _tapped(server, tap, signature, now)))
            # What takes longer goes on behind the answer.
            doing.add_done_callback(_note_failure)
            await asyncio.wait([doing], timeout=_TAP_SECONDS)
        return Response(status_code=200)


def _tapped(server: Server, tap: Tap, signature: str, received_at: datetime) -> None:
    try:
        told = server.tapping.take(tap, signature, received_at)
    except StoreError:
        HOOKS_REFUSED.labels("slack", "unavailable").inc()
        told = "Nothing was done, since it could not be written down: try again, or call whoever is on call."
    if told is None:
        HOOKS_REPEATED.inc()
        return
    server.machinery.something_happened()
    if server.replies is not None:
        server.replies.tell(tap.reply_to, told)


def _note_failure(doing: asyncio.Future[None]) -> None:
    if not doing.cancelled() and doing.exception() is not None:
        _LOG.error("a tap in Slack came to nothing", exc_info=doing.exception())


def _is_private(request: Request) -> bool:
    said = request.query_params.get("private", "false")
    if said not in ("true", "false"):
        raise WebhookRefused(f"private is {said[:80]!r}: expected true or false")
    return said == "true"


async def _signed_body(request: Request, server: Server) -> tuple[bytes, datetime, str | None]:
    secrets = _secrets(request, server, "hook_secrets")
    body, now = await request.body(), server.parts.clock()
    if not secrets:
        return body, now, None
    said = (request.headers.get("x-actinf-timestamp"), request.headers.get("x-actinf-signature"))
    return body, now, check_signed(body, *said, secrets, now)


def _secrets(request: Request, server: Server, setting: str) -> list[str]:
    """The secrets of a webhook; none: whoever is on this machine may send.

    Raises:
        Forbidden: none is set up.
    """
    found: Sequence[SecretStr] = getattr(server.parts.settings, setting)
    if not found:
        if not server.parts.settings.insecure_local:
            raise Forbidden(
                f"this webhook is closed, because nothing says who may send: set ACTINF_RESPOND_{setting.upper()}"
            )
        refuse_other_sites(request)
    return [secret.get_secret_value() for secret in found]


async def _read(server: Server, body: bytes, read: Callable[[], T]) -> T:
    if len(body) <= _SMALL:
        return read()
    async with server.one_large_body:
        return await server.do(read)


async def _take(server: Server, hook: str, given: Given) -> JSONResponse:
    given = replace(given, alerts=server.machinery.sifted(given.alerts))
    is_new = not given.alerts and not given.changes
    if not is_new:
        is_new = await server.machinery.committer.take(given)
    if not is_new:
        HOOKS_REPEATED.inc()
        return JSONResponse({"alerts": 0, "changes": 0, "repeated": True})
    ALERTS_ACCEPTED.labels(hook).inc(len(given.alerts))
    CHANGES_ACCEPTED.inc(len(given.changes))
    return JSONResponse({"alerts": len(given.alerts), "changes": len(given.changes), "repeated": False})


@contextmanager
def _counted(hook: str) -> Iterator[None]:
    """Count why a webhook is refused."""
    try:
        yield
    except WebhookRefused as error:
        HOOKS_REFUSED.labels(hook, error.why).inc()
        raise
    except Forbidden:
        HOOKS_REFUSED.labels(hook, "not_set_up").inc()
        raise
    except RateLimited:
        HOOKS_REFUSED.labels(hook, "too_many").inc()
        raise
    except StoreError:
        HOOKS_REFUSED.labels(hook, "unavailable").inc()
        raise
