"""The watcher: it looks at a responder again and again, and tells by ways of its own when it is dead.

It knows nothing of incidents.  What it tells goes to the addresses that it was given, each through a channel as the
responder's own: signed, one attempt at a time, and marked where it may have come before.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from actinf.errors import ChannelRefused, ChannelTrouble
from actinf.responder.channels.messages import duration, possible_duplicate
from actinf.responder.channels.port import Channel, Kind, Message
from actinf.responder.clocks.steady import SteadyClock
from actinf.responder.watch.looking import Seen
from actinf.responder.watch.memory import Memory, Owed
from actinf.responder.watch.outage import News, Notice, Patience, Standing, after, decides_at

__all__ = ["Watcher", "message_of"]

_LOG = logging.getLogger(__name__)

_LONGEST_WAIT = timedelta(minutes=2)
_DO = (
    "Start it again, or see why it does not start: actinf respond doctor says what is in the way. Until then look at "
    "the alerts yourself; incidents can be led without it, by actinf incident on its store."
)


class Watcher:
    """Watches one responder.

    Args:
        look: looks once.
        channels: by which it is told.
        memory: what is kept of what was told.
        host: of the responder, as it is shown.
        every: seconds between two looks.
        patience: how long is waited before something is told.
        clock: the time; None: a steady one, that goes on from what is remembered.
    """

    def __init__(
        self,
        look: Callable[[], Seen],
        channels: Sequence[Channel],
        memory: Memory,
        *,
        host: str,
        every: float,
        patience: Patience,
        clock: SteadyClock | None = None,
    ):
        self._look = look
        self._channels = {channel.name: channel for channel in channels}
        self._memory = memory
        self._host = host
        self._every = every
        self._patience = patience
        self._known = memory.recall()
        self._clock = clock or SteadyClock(self._known.clock)
        self._standing = Standing(well_at=self._clock(), outage=self._known.outage)
        self._tried_again_at: dict[str, datetime] = {}
        self._seen: Seen | None = None
        self._ends = threading.Event()

    def run(self) -> None:
        """Look until told to end."""
        while not self._ends.is_set():
            begun = time.monotonic()
            self.once()
            self._ends.wait(max(0.2, self._until_next() - (time.monotonic() - begun)))

    def end(self) -> None:
        """Let `run` return, once what is being handed over is."""
        self._ends.set()

    def once(self) -> None:
        """Look once, and tell what has to be told."""
        seen = self._look()
        if self._seen is None or seen != self._seen:
            _LOG.log(logging.INFO if seen.well else logging.WARNING, "the responder %s", seen.why or "is well")
        self._seen = seen
        before = self._standing
        self._standing, notice = after(before, seen, self._clock(), self._patience)
        if notice is not None:
            self._owe(notice)
        if notice is not None or self._standing.outage != before.outage:
            self._keep()
        for name in [name for name in self._known.owed if name in self._channels]:
            self._hand_over(name)

    def _until_next(self) -> float:
        """Seconds between this look and the next one, which is there when its turn comes to say that it is dead."""
        at = decides_at(self._standing, self._patience)
        left = (at - self._clock()).total_seconds() if at is not None else self._every
        return min(self._every, left) if left > 0 else self._every

    def _owe(self, notice: Notice) -> None:
        _LOG.warning("%s", message_of(notice, self._host).subject)
        for name in self._channels:
            # What was not taken yet says less than what is to be told now.
            self._known.owed[name] = Owed(notice=notice)
        self._tried_again_at.clear()

    def _hand_over(self, name: str) -> None:
        owed, channel = self._known.owed[name], self._channels[name]
        if self._clock() < self._tried_again_at.get(name, self._standing.well_at):
            return
        message = message_of(owed.notice, self._host)
        if owed.perhaps_twice and not channel.takes_key:
            message = possible_duplicate(message)
        owed.under_way = True
        self._keep()
        try:
            channel.send(message)
        except ChannelTrouble as error:
            wait = max(timedelta(seconds=self._every), timedelta(seconds=error.retry_after or 0))
            self._tried_again_at[name] = self._clock() + min(wait, _LONGEST_WAIT)
            owed.under_way, owed.perhaps_twice = False, owed.perhaps_twice or error.may_have_arrived
            _LOG.error("%s; it is tried again", error)
        except ChannelRefused as error:
            del self._known.owed[name]
            _LOG.error("%s; it is tried again with what is to be told next", error)
        else:
            del self._known.owed[name]
            self._keep()
            _LOG.info("told by %s", name)
            return
        self._keep()

    def _keep(self) -> None:
        self._known.outage = self._standing.outage
        self._known.clock = self._clock.reading()
        self._memory.keep(self._known)


def message_of(notice: Notice, host: str) -> Message:
    """A notice as a message for nobody in particular.

    Args:
        notice: what is told.
        host: of the responder, with its port.
    """
    lasted = duration(notice.at - notice.since)
    back = notice.news is News.BACK
    state = "answers, but does not work" if notice.answers else "does not answer"
    if back:
        subject, text = (
            f"The incident responder is back, after {lasted}",
            "It answers and works; who was not paged is now.",
        )
    elif notice.news is News.STILL:
        subject, text = f"The incident responder still {state}, for {lasted}: nobody is paged", _DO
    else:
        subject, text = f"The incident responder {state}: nobody is paged", _DO
    message = Message(
        kind=Kind.RESOLVED if back else Kind.PAGE,
        key=f"responder-{notice.since:%Y%m%dT%H%M%S%f}-{notice.number}",
        subject=subject,
        fields=(("Responder", host), ("Last seen well", f"{notice.since:%Y-%m-%d %H:%M:%S} UTC")),
        text=text,
    )
    return message if back else replace(message, fields=(*message.fields, ("Seen", f"it {notice.why}")))
