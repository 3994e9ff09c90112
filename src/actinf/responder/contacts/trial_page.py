"""Trying whether a page would reach somebody: a message of its own, on the way that pages take."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Sequence
from datetime import datetime, timedelta

from actinf.errors import NotFound, SettingError
from actinf.responder.announcing import Route, reached_by
from actinf.responder.channels import messages
from actinf.responder.channels.none import NoChannel
from actinf.responder.desk import Desk
from actinf.responder.oncall.people import Person
from actinf.responder.oncall.wording import one_of, shown
from actinf.responder.store import outbox, rosters
from actinf.responder.store.database import ticks
from actinf.responder.store.outbox import Fate

__all__ = ["ask_for_contact_test", "fates_of", "put_contact_test"]

#: Tests of one person are so far apart at least: a phone that rings all night is no test.
_APART = timedelta(seconds=10)
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}@[0-9]{1,20}")


def ask_for_contact_test(desk: Desk, who: str) -> str:
    """Put a test page to somebody into the outbox, for each channel that reaches them; the name of the test.

    Args:
        desk: of the responder.
        who: the handle of somebody in the schedule.

    Raises:
        SettingError: nobody is known by that handle, or no channel reaches them; or one was sent a moment ago.
    """
    with desk.store.writing() as connection:
        schedule, now = rosters.schedule(connection), desk.clock()
        if schedule is None:
            raise SettingError(
                "no schedule is set, so that nobody is known who could be reached: actinf oncall schedule --set FILE"
            )
        person = desk.announcer.known.person(connection, who, schedule)
        if person is None:
            raise SettingError(f"{shown(who)} is not in the schedule: expected {one_of(schedule.people, who)}")
        return put_contact_test(desk, connection, person, now)


def put_contact_test(
    desk: Desk,
    connection: sqlite3.Connection,
    person: Person,
    now: datetime,
    *,
    answer: tuple[str, str | None] | None = None,
) -> str:
    """Put a test page into the outbox, in a transaction of the caller's; the name of the test.

    Args:
        desk: of the responder.
        connection: of a transaction that writes.
        person: whom it is to, with all their means.
        now: the time.
        answer: the code by which they say that it arrived, and the address that does (None: there is none); None: they
            are asked for nothing.

    Raises:
        SettingError: no channel reaches them; or one was sent a moment ago.
    """
    _require_reachable(desk.announcer.routes, person)
    if outbox.was_tested(connection, person.handle, now - _APART):
        raise SettingError(
            f"a test page was sent to {person.handle} a moment ago: wait {_APART.total_seconds():.0f} s before another"
        )
    name = f"{person.handle}@{ticks(now)}"
    desk.announcer.tell(connection, person, messages.contact_test(key=_key(name), to=person, answer=answer), now)
    return name


def fates_of(desk: Desk, name: str) -> list[Fate]:
    """What became of a test, by channel.

    Raises:
        NotFound: there is no such test.
    """
    with desk.store.reading() as connection:
        found = outbox.fates(connection, _key(name)) if _NAME.fullmatch(name) else []
    if not found:
        raise NotFound(f"no test page is called {name[:100]!r}: its name is told where it is asked for")
    return found


def _require_reachable(routes: Sequence[Route], person: Person) -> None:
    if reached_by(routes, person):
        return
    channels = [route.channel.name for route in routes if not isinstance(route.channel, NoChannel)]
    has = [name for name in ("chat_id", "email", "phone") if getattr(person, name) is not None]
    if not channels:
        raise SettingError(
            "no channel is set up through which a page could go: set ACTINF_RESPOND_SLACK_TOKEN, "
            "ACTINF_RESPOND_SMTP_URL or ACTINF_RESPOND_PAGER_URL, and restart the responder: docs/reference/settings.md"
        )
    raise SettingError(
        f"no channel that is set up reaches {person.handle}: there is {', '.join(channels)}, and the "
        f"schedule, or their contact, gives {', '.join(has) or 'neither chat_id, email nor phone'}; slack needs a "
        "chat_id, mail an email, pager a phone"
    )


def _key(name: str) -> str:
    return f"contact-test/{name}"
