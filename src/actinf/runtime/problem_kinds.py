"""The kinds of problems, each with what it means and how to mend it: what the `type` of a problem document names."""

from dataclasses import asdict, dataclass
from typing import Any

__all__ = ["PROBLEM_KINDS", "ProblemKind"]


@dataclass(frozen=True, slots=True)
class ProblemKind:
    """A kind of problem.

    Attributes:
        kind: its name in the address `/problems/{kind}`.
        status: of the reply.
        title: the kind in a few words.
        meaning: what it means, and how to mend it.
    """

    kind: str
    status: int
    title: str
    meaning: str

    def plain(self) -> dict[str, Any]:
        """The kind as JSON."""
        return {"type": f"/problems/{self.kind}", **asdict(self)}


_KINDS = (
    (
        "unauthenticated",
        401,
        "A valid key is needed",
        "The request has no key, or one that is unknown, revoked or expired. Send `Authorization: Bearer ai_…` "
        "with a key that `actinf keys create` made.",
    ),
    (
        "forbidden",
        403,
        "The key may not do this",
        "The key is valid and lacks the scope that the operation needs; the detail names both. Ask for a key with "
        "that scope.",
    ),
    (
        "not-found",
        404,
        "There is no such thing",
        "No object of that name or id exists in the workspace of the key. Objects of other workspaces do not "
        "exist for it.",
    ),
    (
        "conflict",
        409,
        "The request does not fit the state of its object",
        "A step was out of order, a name is taken, or another request came first. Read where the object stands, "
        "then decide.",
    ),
    (
        "idempotency-key-reused",
        422,
        "The Idempotency-Key was used for another request",
        "A key names one request for at least 24 hours. Take a new key for a new request, and send the same body "
        "with the same key.",
    ),
    (
        "rate-limited",
        429,
        "Too many requests",
        "The key, or the address where there is no valid key, made more requests in a minute than it may. Wait "
        "for the seconds that Retry-After says; send the steps of many agents in one request.",
    ),
    (
        "unavailable",
        503,
        "Not now",
        "The database is away, there is no room for the work at this moment, or an operator refuses it for now. "
        "Nothing was changed, unless the detail says that this is not known: then send it again with the same "
        "Idempotency-Key.",
    ),
    (
        "impossible-observation",
        422,
        "The model excludes the observation",
        "No state that the agent holds possible can produce what was observed. The agent stands where it stood. "
        "Check the zeros of the model, and whether another action was executed than the one chosen.",
    ),
    (
        "unknown-observation",
        422,
        "The model does not know the observation",
        "A modality, an outcome or an action has no such name in the model. The detail lists those that there are.",
    ),
    (
        "model",
        422,
        "The model contradicts itself",
        "Every mistake of the model is listed in `errors`, with the path of the part.",
    ),
    (
        "document",
        422,
        "The document cannot be read",
        "The text is no document of the form that it says it is. Every mistake is listed with its line.",
    ),
    (
        "too-large",
        422,
        "The work is too large",
        "By its estimate the work takes more memory or time than any one piece of work is given; the detail has "
        "the numbers. Take a shorter horizon, a smaller model or a smaller extent.",
    ),
    (
        "setting",
        422,
        "A setting is wrong",
        "A setting is out of its range, or has no meaning together with the others; the detail says what was expected.",
    ),
    (
        "refused",
        422,
        "The request was refused",
        "The detail says why.",
    ),
    (
        "request",
        422,
        "The request is not what this operation takes",
        "The body or a parameter is missing, has another form, or holds what nothing can bear: NUL, NaN, numbers "
        "beyond 64 bits. `errors` lists each with its path.",
    ),
    (
        "internal",
        500,
        "The service made a mistake",
        "This was not expected, and tells nothing of the inside. Whoever runs the service finds it in the log "
        "under the `request_id`.",
    ),
)

#: By their names.
PROBLEM_KINDS = {one[0]: ProblemKind(*one) for one in _KINDS}
