"""Refusals of the responder over HTTP: problem documents (RFC 9457), each of a kind that `/problems` explains."""

from __future__ import annotations

import logging

from fastapi import FastAPI, Request
from fastapi.responses import Response

from actinf import errors
from actinf.runtime.problem_documents import Problem, install_documents, problem_of_kind, problem_response
from actinf.runtime.problem_kinds import PROBLEM_KINDS, ProblemKind

__all__ = ["KINDS", "failed", "install_problems", "problem_of"]

_LOG = logging.getLogger(__name__)

#: Where nothing says otherwise, it is worth trying again after so many seconds.
_LATER = 2.0

_OWN = (
    ProblemKind(
        "unauthenticated",
        401,
        "Nobody knows who asks",
        "The request has no key, token or signature, or one that is not valid. A key is made with "
        "`actinf respond keys create` and sent as `Authorization: Bearer ar_…`; of a webhook the secret on both sides "
        "has to be the same.",
    ),
    ProblemKind(
        "forbidden",
        403,
        "Not allowed",
        "The account has not the role for it, or the webhook has no secret set up; the detail says which.",
    ),
    ProblemKind("no-such-incident", 404, "There is no such incident", "No incident of that id, or none that you see."),
    ProblemKind(
        "no-such-evidence",
        404,
        "There is no such evidence",
        "The incident has no file of that name or SHA-256, or not any more; the detail names those that it has.",
    ),
    ProblemKind(
        "evidence-altered",
        409,
        "The evidence is not what was taken",
        "The file is gone from the disk of the responder, or its SHA-256 is not the one on the timeline; nothing of it "
        "is sent. A backup may have it.",
    ),
    ProblemKind(
        "no-such-silence",
        404,
        "There is no such silence",
        "No silence that holds has this number, no window of maintenance this name, or none that you see.",
    ),
    ProblemKind("no-such-ramp", 404, "There is no such ramp", "The incident has none; one is begun with POST …/ramp."),
    ProblemKind(
        "cluster",
        503,
        "The cluster cannot be asked",
        "It does not answer, refuses, or none is set up (ACTINF_RESPOND_KUBECTL); the detail says which.",
    ),
    ProblemKind(
        "contacts-locked",
        503,
        "Contacts cannot be opened",
        "The file with their keys is missing, or lacks the one that is needed; the detail names it. All else works.",
    ),
    ProblemKind(
        "out-of-turn",
        409,
        "The incident is not in a state for that",
        "The detail says how it stands, and what would have to be done first.",
    ),
    ProblemKind(
        "webhook", 400, "The webhook is not what it should be", "Nothing was taken; the detail names the field."
    ),
    ProblemKind(
        "too-large",
        413,
        "The webhook is too large",
        "Nothing was taken: send fewer alerts at a time, in more messages.",
    ),
    ProblemKind(
        "rate-limited", 429, "Too much at once", "Nothing was taken. Wait for the seconds that Retry-After says."
    ),
    ProblemKind(
        "unavailable",
        503,
        "Not now",
        "The store cannot be written: the disk is full, or another process holds it. Nothing was taken; try again.",
    ),
)

_SHARED = ("setting", "not-found", "refused", "request", "idempotency-key-reused", "internal")

#: By their names.
KINDS: dict[str, ProblemKind] = {
    **{name: PROBLEM_KINDS[name] for name in _SHARED},
    **{one.kind: one for one in _OWN},
}

#: The first class that fits, from the most special on, decides.
_BY_CLASS: tuple[tuple[type[errors.ActinfError], str], ...] = (
    (errors.Unauthenticated, "unauthenticated"),
    (errors.Forbidden, "forbidden"),
    (errors.NoSuchIncident, "no-such-incident"),
    (errors.NoSuchEvidence, "no-such-evidence"),
    (errors.NotFound, "not-found"),
    (errors.EvidenceAltered, "evidence-altered"),
    (errors.NoSuchSilence, "no-such-silence"),
    (errors.NoSuchRamp, "no-such-ramp"),
    (errors.ClusterTrouble, "cluster"),
    (errors.ContactsLocked, "contacts-locked"),
    (errors.OutOfTurn, "out-of-turn"),
    (errors.IdempotencyError, "idempotency-key-reused"),
    (errors.RateLimited, "rate-limited"),
    (errors.ServiceUnavailable, "unavailable"),
    (errors.StoreError, "unavailable"),
    (errors.SettingError, "setting"),
    (errors.ActinfError, "refused"),
)
_BY_STATUS = {400: "webhook", 401: "unauthenticated", 413: "too-large"}


def problem_of(error: BaseException, path: str) -> tuple[Problem, float | None]:
    """What an error is to the caller.

    Returns:
        The problem, and after how many seconds it is worth trying again; None where it never is.
    """
    if isinstance(error, errors.WebhookRefused):
        return problem_of_kind(KINDS[_BY_STATUS[error.status]], str(error), path), None
    if isinstance(error, errors.ActinfError):
        kind = KINDS[next(kind for known, kind in _BY_CLASS if isinstance(error, known))]
        later = getattr(error, "retry_after", None if kind.status < 500 else _LATER)
        return problem_of_kind(kind, str(error), path), later
    return problem_of_kind(
        KINDS["internal"], "this was not expected: the log holds it under the request id", path
    ), None


def failed(error: BaseException, path: str, method: str) -> Response:
    """The reply to a request that ended in an error; what was not expected is logged."""
    problem, later = problem_of(error, path)
    if problem.status == 500:
        _LOG.error("a request failed", exc_info=error, extra={"path": path[:200], "method": method})
    return problem_response(problem, later)


def install_problems(app: FastAPI) -> None:
    """Let every error that is known become a problem document; what nobody expected goes on to the edge."""

    async def known(request: Request, error: Exception) -> Response:
        return failed(error, request.url.path, request.method)

    install_documents(app, {errors.ActinfError: known}, listed_at="/openapi.json")
