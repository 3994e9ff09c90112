"""Errors over HTTP: every one is a problem document (RFC 9457) with the library's own message.

What the user can mend is 4xx; what passes is 429 or 503 with `Retry-After`.  What is nobody's fault but ours is 500,
logged with its request id, and tells nothing about the inside.
"""

import logging
from collections.abc import Sequence

import psycopg
from fastapi import FastAPI, Request
from fastapi.responses import Response
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from actinf import errors
from actinf.runtime.logs import first_line
from actinf.runtime.problem_documents import Problem, ProblemPart, install_documents, problem_of_kind, problem_response
from actinf.runtime.problem_kinds import PROBLEM_KINDS

__all__ = ["failed", "install_problems", "logged_problem_of", "problem_of"]

_LOG = logging.getLogger(__name__)

#: The first class that fits, from the most special on, decides.
_KINDS: tuple[tuple[type[errors.ActinfError], str], ...] = (
    (errors.Unauthenticated, "unauthenticated"),
    (errors.Forbidden, "forbidden"),
    (errors.NotFound, "not-found"),
    (errors.Conflict, "conflict"),
    (errors.IdempotencyError, "idempotency-key-reused"),
    (errors.RateLimited, "rate-limited"),
    (errors.ServiceUnavailable, "unavailable"),
    (errors.ImpossibleObservation, "impossible-observation"),
    (errors.ObservationError, "unknown-observation"),
    (errors.ModelError, "model"),
    (errors.FileError, "document"),
    (errors.BudgetError, "too-large"),
    (errors.SettingError, "setting"),
    (errors.ActinfError, "refused"),
)


def problem_of(error: BaseException, path: str) -> tuple[Problem, float | None]:
    """What an error is to the caller.

    Returns:
        The problem, and after how many seconds it is worth trying again; None where it never is.
    """
    if isinstance(error, errors.ActinfError):
        kind = next(kind for known, kind in _KINDS if isinstance(error, known))
        parts: list[ProblemPart] = []
        if isinstance(error, errors.ModelError):
            parts = [ProblemPart(where=list(where), detail=what) for where, what in error.problems]
        return _problem(kind, str(error), path, parts), getattr(error, "retry_after", None)
    if isinstance(error, PoolTimeout | DBAPIError | psycopg.Error | OSError):
        _LOG.warning("the database failed a request: %s", first_line(error))
        if _passes(error):
            return _problem("unavailable", "the database does not answer, or is full: try again", path), 1.0
        if isinstance(_cause(error), psycopg.errors.ForeignKeyViolation):
            # Two requests at once: what one of them checked, the other changed before the first was written.
            return _problem(
                "conflict",
                "what it refers to was removed at the same moment, or what it removes was taken into use: read it "
                "again, and decide anew",
                path,
            ), None
    return _problem("internal", "this was not expected: the log holds it under the request id", path), None


def _passes(error: BaseException) -> bool:
    """Whether the same request may succeed later: the database is away, full, or gave up on a conflict."""
    later = (
        PoolTimeout,
        OSError,
        psycopg.OperationalError,
        psycopg.InterfaceError,
        psycopg.errors.ReadOnlySqlTransaction,
        psycopg.errors.InsufficientResources,
    )
    return isinstance(_cause(error), later) or bool(getattr(error, "connection_invalidated", False))


def _cause(error: BaseException) -> BaseException:
    """The database's own error, where SQLAlchemy passed it on."""
    return getattr(error, "orig", None) or error


def _problem(kind: str, detail: str, path: str, parts: Sequence[ProblemPart] = ()) -> Problem:
    return problem_of_kind(PROBLEM_KINDS[kind], detail, path, parts)


def failed(error: BaseException, path: str, method: str) -> Response:
    """The reply to a request that ended in an error; what was not expected is logged."""
    return problem_response(*logged_problem_of(error, path, method))


def logged_problem_of(error: BaseException, path: str, method: str) -> tuple[Problem, float | None]:
    """As `problem_of`; what was not expected is logged."""
    problem, retry_after = problem_of(error, path)
    if problem.status == 500:
        _LOG.error("a request failed", exc_info=error, extra={"path": path[:200], "method": method})
    return problem, retry_after


def install_problems(app: FastAPI) -> None:
    """Let every error that is known become a problem document; what nobody expected goes on to the edge."""

    async def known(request: Request, error: Exception) -> Response:
        return failed(error, request.url.path, request.method)

    kinds: tuple[type[Exception], ...] = (errors.ActinfError, DBAPIError, PoolTimeout, psycopg.Error, OSError)
    install_documents(app, dict.fromkeys(kinds, known))
