"""What a watcher remembers across its own end: what it has told, so that nothing is told twice without saying so."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from actinf.responder.clocks.steady import Reading
from actinf.responder.watch.outage import News, Notice, Outage
from actinf.runtime.durable_files import written

__all__ = ["Memory", "Owed", "Remembered"]

_LOG = logging.getLogger(__name__)

_FILE = "watch.json"


@dataclass(slots=True, kw_only=True)
class Owed:
    """A notice that a channel has not taken yet.

    Attributes:
        notice: what.
        under_way: it is being handed over; where the process dies then, it may have arrived.
        perhaps_twice: an earlier attempt may have arrived.
    """

    notice: Notice
    under_way: bool = False
    perhaps_twice: bool = False


@dataclass(slots=True, kw_only=True)
class Remembered:
    """What is remembered.

    Attributes:
        outage: that lasts; None: none does.
        owed: to each channel by its name: the latest notice, where it has not been taken.
        clock: the time as it was counted; None: from the wall clock.
    """

    outage: Outage | None = None
    owed: dict[str, Owed] = field(default_factory=dict)
    clock: Reading | None = None


class Memory:
    """A small file.

    Args:
        folder: where it is.
        url: of the responder that is watched: what was seen of another one says nothing.
    """

    def __init__(self, folder: Path, url: str):
        self._path = folder / _FILE
        self._url = url

    def recall(self) -> Remembered:
        """What was kept; nothing where there is no file, it cannot be read, or it is of another responder."""
        try:
            said = json.loads(self._path.read_text("utf-8"))
            if said["url"] != self._url:
                _LOG.warning("what was known is of %s, and is left", str(said["url"])[:200])
                return Remembered()
            return _remembered(said)
        except FileNotFoundError:
            return Remembered()
        except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            _LOG.warning("%s cannot be read (%s): an outage that lasts is told anew", self._path, type(error).__name__)
            return Remembered()

    def keep(self, remembered: Remembered) -> None:
        """Keep it; where the disk does not take it, that is said, and it is told all the same."""
        said = {
            "url": self._url,
            "outage": remembered.outage and asdict(remembered.outage),
            "owed": {channel: asdict(owed) for channel, owed in remembered.owed.items()},
            "clock": remembered.clock and remembered.clock.text(),
        }
        try:
            written(self._path, json.dumps(said, default=datetime.isoformat))
        except OSError as error:
            _LOG.error("%s cannot be written (%s): after a restart it is told anew", self._path, error.strerror)


def _remembered(said: Mapping[str, Any]) -> Remembered:
    outage = said["outage"]
    return Remembered(
        outage=outage and Outage(**_with_moments(outage, "since", "told_at")),
        owed={str(channel): _owed(one) for channel, one in said["owed"].items()},
        clock=Reading.of(said["clock"]) if said["clock"] else None,
    )


def _owed(said: Mapping[str, Any]) -> Owed:
    notice = _with_moments(said["notice"], "since", "at")
    under_way = bool(said["under_way"])
    return Owed(
        notice=Notice(**{**notice, "news": News(notice["news"])}),
        # Whether the provider has it, nobody knows who was not there to hear its answer.
        perhaps_twice=under_way or bool(said["perhaps_twice"]),
    )


def _with_moments(said: Mapping[str, Any], *names: str) -> dict[str, Any]:
    return {**said, **{name: datetime.fromisoformat(said[name]) for name in names}}
