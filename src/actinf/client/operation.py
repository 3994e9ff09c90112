"""One request to the API, described without sending it: what is sent, and how its reply is read.

Descriptions are made in one place (`actinf.client.operations`) and sent by either client, blocking or not.  They hold
the `Idempotency-Key` with which a request is sent again, so that a description that is sent twice is carried out once.
"""

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

import numpy as np

__all__ = ["Operation", "new_key", "plain"]

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation(Generic[T]):
    """A request, and what its reply means.

    Attributes:
        method: GET, POST or DELETE.
        path: below the address of the service.
        read: makes the result of the reply's JSON; of None where there is none.
        query: parameters; None among them are left out.
        body: what is sent as JSON; None: nothing.
        key: `Idempotency-Key` of a request that makes or changes something; None where repeating does no harm.
        also: statuses that are replies as well, beside 2xx.
        gone_is_done: whether 404 means that an earlier try, whose reply was lost, did it.
    """

    method: str
    path: str
    read: Callable[[Any], T]
    query: Mapping[str, Any] = field(default_factory=dict)
    body: Any = None
    key: str | None = None
    also: tuple[int, ...] = ()
    gone_is_done: bool = False

    @property
    def asked(self) -> str:
        """What is asked, for people."""
        return f"{self.method} {self.path}"

    @property
    def headers(self) -> dict[str, str]:
        """What names it, so that it is carried out once however often it is sent."""
        return {} if self.key is None else {"Idempotency-Key": self.key}

    @property
    def parameters(self) -> dict[str, Any]:
        """The query without what was not given."""
        return {name: value for name, value in self.query.items() if value is not None}


def new_key() -> str:
    """An `Idempotency-Key` that nobody has used."""
    return secrets.token_hex(16)


def plain(value: Any) -> Any:
    """A value as JSON has it: arrays and their numbers become lists and numbers, tuples lists."""
    if isinstance(value, np.ndarray | np.generic):
        return value.tolist()
    if isinstance(value, Mapping):
        return {str(name): plain(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [plain(one) for one in value]
    return value
