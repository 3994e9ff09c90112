"""Refusals as errors: a problem document (RFC 9457) becomes the exception that the library itself would raise."""

from collections.abc import Callable, Mapping
from typing import Any

from actinf import errors

__all__ = ["error_of_problem", "not_this_service", "unreadable"]

_PLAIN: dict[str, type[errors.ActinfError]] = {
    "unauthenticated": errors.Unauthenticated,
    "forbidden": errors.Forbidden,
    "not-found": errors.NotFound,
    "conflict": errors.Conflict,
    "idempotency-key-reused": errors.IdempotencyError,
    "impossible-observation": errors.ImpossibleObservation,
    "unknown-observation": errors.ObservationError,
    "document": errors.FileError,
    "too-large": errors.BudgetError,
    "setting": errors.SettingError,
    "request": errors.SettingError,
}
_BY_STATUS: dict[int, type[errors.ActinfError]] = {
    401: errors.Unauthenticated,
    403: errors.Forbidden,
    404: errors.NotFound,
    409: errors.Conflict,
}
_LATER: dict[int, type[errors.RateLimited] | type[errors.ServiceUnavailable]] = {
    429: errors.RateLimited,
    502: errors.ServiceUnavailable,
    503: errors.ServiceUnavailable,
    504: errors.ServiceUnavailable,
}


def error_of_problem(problem: Mapping[str, Any], *, asked: str, retry_after: float | None = None) -> errors.ActinfError:
    """The exception that a problem document stands for.

    Args:
        problem: the document.
        asked: what was asked, for people: `POST /v1/agents`.
        retry_after: seconds after which the service says that it is worth trying again.

    Returns:
        The exception with the service's own message; a note on it, and its `request_id`, name the request in the logs.
    """
    status = int(problem.get("status", 500))
    kind = str(problem.get("type", "")).rpartition("/")[2]
    detail = str(problem.get("detail") or problem.get("title") or f"status {status}")
    error = _error(kind, status, detail, problem.get("errors") or [], retry_after)
    error.request_id = problem.get("request_id")
    error.add_note(f"{asked} was answered with {status}; request id {error.request_id or 'unknown'}")
    return error


def _error(kind: str, status: int, detail: str, parts: list[Any], retry_after: float | None) -> errors.ActinfError:
    if kind == "model" and parts:
        return errors.ModelError([(tuple(part["where"]), str(part["detail"])) for part in parts])
    if kind == "request" and parts and all(part["where"][:2] == ["body", "observation"] for part in parts):
        return errors.ObservationError(detail)
    if kind in _PLAIN:
        make: Callable[[str], errors.ActinfError] = _PLAIN[kind]
        return make(detail)
    if status in _LATER:
        return _LATER[status](detail, 0.0 if retry_after is None else retry_after)
    return _BY_STATUS.get(status, errors.ServiceError)(detail)


def not_this_service(url: str, asked: str, status: int, content_type: str) -> errors.ServiceError:
    """What answers at an address is something else."""
    return errors.ServiceError(
        f"{url} is no Active Inference API: {asked} was answered with status {status} and "
        f"{content_type or 'no content type'} instead of JSON; check the address, and what stands before the service"
    )


def unreadable(url: str, asked: str, error: Exception) -> errors.ServiceError:
    """The reply is JSON, but not the reply of this operation."""
    missing = f"it has no {error}" if isinstance(error, KeyError) else str(error)
    return errors.ServiceError(
        f"{url} answered {asked} with what this client cannot read ({missing}): is it an Active Inference API, and of "
        "the same release?"
    )
