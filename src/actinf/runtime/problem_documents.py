"""Problem documents (RFC 9457): what every refusal over HTTP looks like, whoever refuses.

`actinf.runtime.problems` says what an error of the service is, its database's included; this module knows no database,
so that the responder answers in the same form.
"""

import http
import json
import math
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException
from starlette.routing import Match

from actinf.runtime.logs import REQUEST_ID
from actinf.runtime.problem_kinds import PROBLEM_KINDS, ProblemKind
from actinf.runtime.validation import told_together

__all__ = [
    "PROBLEM_JSON",
    "Problem",
    "ProblemPart",
    "install_documents",
    "problem_of_kind",
    "problem_of_status",
    "problem_response",
]

PROBLEM_JSON = "application/problem+json"


class ProblemPart(BaseModel):
    """One mistake out of several."""

    where: list[str | int] = Field(description="The path of the part inside what was sent.")
    detail: str = Field(description="What is wrong with it, and what was expected.")


class Problem(BaseModel):
    """Why a request was refused (RFC 9457)."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "type": "/problems/unknown-observation",
                    "title": "The model does not know the observation",
                    "status": 422,
                    "detail": "modality 'cue' has no 'lft': expected one of 'none', 'left', 'right'",
                    "instance": "/v1/agents/01997a3e-5d7c-7c39-9d51-6a1f6b1a2f10/steps",
                    "request_id": "f2b1c7d09a5e4e0f",
                    "errors": [],
                }
            ]
        }
    )

    type: str = Field(description="Which kind of problem: a path of this service that explains it.")
    title: str = Field(description="The kind in a few words.")
    status: int = Field(description="The status of the reply.")
    detail: str = Field(description="What is wrong, what was expected and how to mend it.")
    instance: str = Field(description="The path that was asked.")
    request_id: str | None = Field(None, description="Names the request in the logs.")
    errors: list[ProblemPart] = Field(
        default_factory=list, description="The mistakes one by one, where there are several."
    )


def problem_of_kind(kind: ProblemKind, detail: str, path: str, parts: Sequence[ProblemPart] = ()) -> Problem:
    """A problem of a kind that is explained at its own address."""
    return Problem(
        type=f"/problems/{kind.kind}",
        title=kind.title,
        status=kind.status,
        detail=detail,
        instance=path,
        request_id=REQUEST_ID.get(),
        errors=list(parts),
    )


def problem_of_status(status: int, detail: str, path: str) -> Problem:
    """A problem that its status says all of."""
    return Problem(
        type="about:blank",
        title=http.HTTPStatus(status).phrase,
        status=status,
        detail=detail,
        instance=path,
        request_id=REQUEST_ID.get(),
    )


def problem_response(
    problem: Problem, retry_after: float | None = None, headers: Mapping[str, str] | None = None
) -> Response:
    """The problem as a reply."""
    given = dict(headers or {})
    if retry_after is not None:
        given["Retry-After"] = str(max(1, math.ceil(retry_after)))
    if problem.status == 401:
        given["WWW-Authenticate"] = 'Bearer realm="actinf"'
    # What was sent may be quoted, and may hold what UTF-8 cannot: that is escaped, as JSON can.
    body = json.dumps(problem.model_dump(), ensure_ascii=False, separators=(",", ":")).encode(errors="backslashreplace")
    return Response(body, problem.status, given, media_type=PROBLEM_JSON)


def install_documents(
    app: FastAPI,
    known: Mapping[type[Exception], Callable[[Request, Exception], Awaitable[Response]]],
    *,
    listed_at: str = "/docs",
) -> None:
    """Let what the framework refuses, and errors that are known, become problem documents.

    Args:
        app: the application.
        known: what answers for an error, by its class; what nobody expected goes on to the edge.
        listed_at: the path at which the operations are listed.
    """
    invalid_request = PROBLEM_KINDS["request"]

    async def invalid(request: Request, error: Exception) -> Response:
        mistakes = error.errors() if isinstance(error, RequestValidationError) else []
        parts = _parts_of(mistakes)
        detail = "; ".join(f"{_place(part.where)}: {part.detail}" for part in parts[:5])
        if len(parts) > 5:
            detail += f"; and {len(parts) - 5} more"
        sent = request.headers.get("content-type")
        unread = any(one["type"] == _UNREADABLE for one in mistakes)
        if parts and parts[0].where == ["body"] and not unread and (sent is None or "json" not in sent):
            detail = (
                f"the body was sent as {sent!r}: expected JSON. Send the header Content-Type: application/json "
                f"(curl -H 'Content-Type: application/json'); {detail}"
            )
        return problem_response(problem_of_kind(invalid_request, detail, request.url.path, parts))

    async def of_http(request: Request, error: Exception) -> Response:
        status = error.status_code if isinstance(error, HTTPException) else 500
        detail = str(getattr(error, "detail", "") or http.HTTPStatus(status).phrase)
        headers = getattr(error, "headers", None)
        if status == 400:  # FastAPI could not decode the body
            detail = "the body cannot be read: expected JSON in UTF-8"
            return problem_response(problem_of_kind(invalid_request, detail, request.url.path))
        if status == 405:
            headers = {"Allow": ", ".join(_allowed(request))}
        if status == 404:
            detail = f"there is no operation at {request.url.path}: {listed_at} lists what there is"
        if status == 405:
            detail = f"{request.method} is not known at {request.url.path}: expected {(headers or {}).get('Allow', '')}"
        return problem_response(problem_of_status(status, detail, request.url.path), headers=headers)

    app.add_exception_handler(RequestValidationError, invalid)
    app.add_exception_handler(HTTPException, of_http)
    for kind, answer in known.items():
        app.add_exception_handler(kind, answer)


def _allowed(request: Request) -> list[str]:
    """The methods that the path of a request knows; several routes may share it."""
    found: set[str] = set()
    waiting = list(request.app.router.routes)
    while waiting:
        route = waiting.pop()
        included = getattr(route, "original_router", None)
        if included is not None:
            waiting.extend(included.routes)
        elif route.matches(request.scope)[0] is not Match.NONE:
            found |= route.methods or set()
    return sorted(found)


def _place(where: Sequence[Any]) -> str:
    return ".".join(str(part) for part in where) or "the body"


# How FastAPI calls the mistake of a body that cannot be read.
_UNREADABLE = "json_invalid"
# How pydantic calls the alternatives of a union inside a place: no part of what was sent.
_ALTERNATIVE = re.compile(r"(str|int|float|bool|dict|list|nullable|union|constrained-.*|.*\[.*)")


def _parts_of(mistakes: Sequence[Mapping[str, Any]]) -> list[ProblemPart]:
    """The mistakes one by one; of what may have several forms and has none, one mistake that names them all."""
    found: dict[tuple[str | int, ...], list[Mapping[str, Any]]] = {}
    for one in mistakes:
        if one["type"] == _UNREADABLE:  # its place is a number of characters, no part of what was sent
            found.setdefault((one["loc"][0],), []).append(one)
            continue
        where = tuple(part for part in one["loc"] if not (isinstance(part, str) and _ALTERNATIVE.fullmatch(part)))
        found.setdefault(where, []).append(one)
    parts = []
    for where, alike in found.items():
        inside = any(len(other) > len(where) and other[: len(where)] == where for other in found)
        if inside and any(len(one["loc"]) > len(where) for one in alike):
            continue  # the form that was meant fits up to a part of it, which is told
        parts.append(ProblemPart(where=list(where), detail=told_together(alike) + _got(alike[0])))
    return parts


def _got(one: Mapping[str, Any]) -> str:
    """The value, where that is short and says something."""
    if one["type"] in (_UNREADABLE, "extra_forbidden"):
        return ""
    value = one.get("input")
    short = isinstance(value, str | int | float | bool) and len(repr(value)) <= 60
    return f" (got {json.dumps(value, ensure_ascii=False)})" if short else ""
