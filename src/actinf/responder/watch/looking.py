"""One look at a responder: whether it answers, and whether it says of itself that it works."""

from __future__ import annotations

import json
from dataclasses import dataclass
from urllib.parse import urlsplit

import httpx

import actinf
from actinf.responder.channels import neutral
from actinf.responder.channels.bounded import body_of
from actinf.responder.channels.deadline import Deadline
from actinf.responder.keeping.watched import AGENT

__all__ = ["Looker", "Seen"]

_MOST_BYTES = 64 * 1024
_MOST_OF_A_REASON = 200


@dataclass(frozen=True, slots=True)
class Seen:
    """What a look has shown.

    Attributes:
        well: it works.
        answers: there is a process that answers, however it is.
        why: what is wrong, after "it"; empty where it is well.
    """

    well: bool
    answers: bool
    why: str = ""


class Looker:
    """Asks a responder how it is.

    Args:
        url: its address.
        seconds: how long an answer is waited for, all in all.
    """

    def __init__(self, url: str, seconds: float):
        self._url = f"{url}/health"
        self.host = urlsplit(url).netloc
        self._deadline = Deadline(seconds)
        self._client = httpx.Client(
            timeout=seconds,
            trust_env=False,
            headers={"User-Agent": f"{AGENT}/{actinf.__version__}", "Accept": "application/json"},
            # No connection is kept: that a new one can be made belongs to what is looked at.
            limits=httpx.Limits(max_keepalive_connections=0),
        )

    def close(self) -> None:
        """Let go of the client."""
        self._client.close()

    def look(self) -> Seen:
        """Look once."""
        try:
            status, body = self._deadline.run(self._ask)
        except (TimeoutError, httpx.TimeoutException):
            return Seen(well=False, answers=False, why=f"did not answer within {self._deadline.seconds:g} s")
        except (httpx.HTTPError, OSError) as error:
            said = neutral.line(str(error) or type(error).__name__, _MOST_OF_A_REASON)
            return Seen(well=False, answers=False, why=f"cannot be reached: {said}")
        return seen_in(status, body)

    def _ask(self) -> tuple[int, bytes]:
        with self._client.stream("GET", self._url) as response:
            return response.status_code, body_of(response, _MOST_BYTES)


def seen_in(status: int, body: bytes) -> Seen:
    """What an answer of `/health` says.

    Args:
        status: of the answer.
        body: of it; whoever sent it may be no responder at all.
    """
    try:
        said = json.loads(body[:_MOST_BYTES])
    except (ValueError, RecursionError):
        said = None
    state = said.get("status") if isinstance(said, dict) else None
    if status == 200 and state in ("ok", "degraded"):
        return Seen(well=True, answers=True)
    if state == "failing" and isinstance(said, dict):
        return Seen(well=False, answers=True, why=_failing(said))
    return Seen(well=False, answers=False, why=f"answered {status}, and not as a responder does: is the address right?")


def _failing(said: dict[str, object]) -> str:
    work, store = said.get("work"), said.get("store")
    still = work.get("stands_still") if isinstance(work, dict) else None
    if isinstance(still, list) and still:
        names = ", ".join(str(name) for name in still[:8])
        return neutral.line(f"answers, but this stands still: {names}", _MOST_OF_A_REASON)
    ago = store.get("written_seconds_ago") if isinstance(store, dict) else None
    if isinstance(ago, int | float):
        return f"answers, but its store has not been written for {ago:.0f} s"
    return "answers, but says of itself that it fails"
