"""What is wrong with the responder itself, in words: a page has to say so, for nobody may be paged because of it."""

import sqlite3
from dataclasses import dataclass
from datetime import timedelta

from actinf.responder.channels.none import NoChannel
from actinf.responder.oncall.rotation import Schedule
from actinf.responder.server.context import Server
from actinf.responder.store import outbox
from actinf.web.lengths import lasting

__all__ = ["Health", "health_of"]

#: The store is written every 2 s.
_NOT_WRITTEN = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """How the responder is.

    Attributes:
        grave: because of what people may not be paged, one sentence each.
        notes: what is worth knowing beside that.
    """

    grave: tuple[str, ...]
    notes: tuple[str, ...]


def health_of(server: Server, connection: sqlite3.Connection, schedule: Schedule | None) -> Health:
    """What is wrong now.

    Args:
        server: the process.
        connection: to its store.
        schedule: the one that holds; None: none was ever set.
    """
    machinery, step = server.machinery, server.parts.clock.step
    waiting = {channel: (count, trouble) for channel, count, trouble in outbox.waiting(connection)}
    grave = [f"Work stands still, {name}: restart the responder" for name in machinery.wrong()]
    if machinery.store_written > _NOT_WRITTEN:
        grave.append(f"The store was not written for {machinery.store_written:.0f} s: is the disk full?")
    if machinery.watchdog is not None and machinery.watchdog.is_silent:
        silent = lasting(timedelta(seconds=machinery.watchdog.seconds_silent))
        grave.append(f"Alerts do not arrive: the watchdog was not heard for {silent}; look after Prometheus")
    if schedule is None:
        grave.append("No schedule is set, so that nobody is paged: actinf oncall schedule --set FILE")
    if all(isinstance(route.channel, NoChannel) for route in server.parts.courier.routes):
        grave.append("No channel is set up: whoever has to know sees it here alone (docs/reference/settings.md)")
    for name, seen in machinery.channels.items():
        if seen.failed:
            times = "once" if seen.failed == 1 else f"{seen.failed} times"
            grave.append(f"The channel {name} failed {times} since a message last arrived{_because(waiting.get(name))}")
    notes = []
    if step != timedelta(0):
        way = "ahead of" if step > timedelta(0) else "behind"
        notes.append(
            f"The wall clock was set and is {lasting(step)} {way} the time that counts here: actinf respond clock"
        )
    notes += [
        f"{count} message{'' if count == 1 else 's'} wait{'s' if count == 1 else ''} for {channel}"
        for channel, (count, _) in waiting.items()
    ]
    return Health(grave=tuple(grave), notes=tuple(notes))


def _because(waiting: tuple[int, str] | None) -> str:
    return f": {waiting[1]}" if waiting is not None and waiting[1] else ""
