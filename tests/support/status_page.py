"""Status pages as values: calm, in trouble, written by strangers, with a lot on it, and empty."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from actinf.responder.publishing.page import (
    Day,
    Notice,
    NoticeKind,
    NoticeState,
    NoticeUpdate,
    PublicComponent,
    PublicPage,
    Working,
)

__all__ = ["HOSTILE", "NOW", "calm", "component", "empty", "hostile", "large", "notice", "troubled"]

NOW = datetime(2026, 11, 27, 14, 32, tzinfo=UTC)
HOSTILE = (
    "<script>alert(1)</script>",
    "]]><b>&amp;",
    "@everyone @channel <!here>",
    "W" * 300,
    "توقّف الخدمة في العيادة · השירות מושבת",
    "\u202egnp.exe \x1b[31mred\x1b[0m \x00\ud800 end",
    "🚑👩🏽\u200d⚕️ fire",
    "javascript:alert(1) \"'><img src=x onerror=alert(1)>",
)


def component(
    key: str, name: str, working: Working = Working.OPERATIONAL, days: dict[int, Day] | None = None, *, known: int = 90
) -> PublicComponent:
    """A part of the service.

    Args:
        key: of it.
        name: of it.
        working: how well it works.
        days: days that were not as they should be, by how many days ago they were.
        known: days of which something is known.
    """
    shown = []
    for ago in range(89, -1, -1):
        day = (NOW - timedelta(days=ago)).date()
        worst = Working.OPERATIONAL if ago < known else None
        shown.append(replace((days or {}).get(ago, Day(day=day, worst=worst, seconds_down=0)), day=day))
    down = sum(one.seconds_down for one in shown)
    uptime = 1 - down / (known * 86_400) if known else None
    about = "What sends answers to your requests" if key == "gateway" else ""
    return PublicComponent(key=key, name=name, about=about, working=working, days=tuple(shown), uptime=uptime)


def notice(
    key: str,
    title: str = "Requests fail",
    *,
    began: timedelta,
    lasted: timedelta | None = timedelta(minutes=48),
    state: NoticeState = NoticeState.RESOLVED,
    impact: Working = Working.PARTIAL_OUTAGE,
    components: tuple[str, ...] = ("gateway",),
    texts: tuple[str, ...] = ("It is over. Nothing was lost.", "We found why.", "Requests fail. We look into it."),
) -> Notice:
    """A notice with updates ten minutes apart, the newest first.

    Args:
        key: of it.
        title: of it.
        began: how long ago; negative: how soon.
        lasted: how long; None: it goes on.
        state: where it stands.
        impact: what it does.
        components: what it is about.
        texts: of the updates, the newest first.
    """
    at, count = NOW - abs(began), len(texts)
    states = [state, *([NoticeState.IDENTIFIED] * (count - 2)), NoticeState.INVESTIGATING][:count]
    updates = tuple(
        NoticeUpdate(key=f"{key}/{count - i}", at=at + timedelta(minutes=10 * (count - 1 - i)), state=one, text=text)
        for i, (one, text) in enumerate(zip(states, texts, strict=True))
    )
    planned = key.startswith("maintenance")
    return Notice(
        key=key,
        kind=NoticeKind.MAINTENANCE if planned else NoticeKind.INCIDENT,
        title=title,
        impact=impact,
        components=components,
        began_at=NOW - began,
        ended_at=NOW - began + lasted if lasted is not None else None,
        state=state,
        updates=updates,
    )


def calm() -> PublicPage:
    """A page of a service with which all is well, served by what takes subscriptions."""
    past = (
        notice("2026-11-20-001", "Requests failed for some", began=timedelta(days=7)),
        notice(
            "maintenance-2",
            "New disks for results",
            began=timedelta(days=16, hours=20),
            state=NoticeState.COMPLETED,
            impact=Working.MAINTENANCE,
            components=("results",),
            texts=("All is back.",),
        ),
        notice("2026-09-30-002", "Signing in was slow", began=timedelta(days=58), impact=Working.DEGRADED),
    )
    outage = Day(day=NOW.date(), worst=Working.PARTIAL_OUTAGE, seconds_down=2880, notices=("2026-11-20-001",))
    work = Day(day=NOW.date(), worst=Working.MAINTENANCE, seconds_down=0, notices=("maintenance-2",))
    slow = Day(day=NOW.date(), worst=Working.DEGRADED, seconds_down=0, notices=("2026-09-30-002",))
    return PublicPage(
        name="Active Inference API",
        url="https://status.example.org",
        written_at=NOW,
        working=Working.OPERATIONAL,
        components=(
            component("gateway", "Answers to requests", days={7: outage}),
            component("sessions", "Sessions of agents"),
            component("results", "Stored results", days={17: work}),
            component("sign-in", "Sign-in", days={58: slow}, known=64),
        ),
        current=(),
        planned=(),
        past=past,
        takes_subscriptions=True,
    )


def troubled() -> PublicPage:
    """The same service on a bad day, with work planned."""
    page = calm()
    down = Day(day=NOW.date(), worst=Working.MAJOR_OUTAGE, seconds_down=5400, notices=("2026-11-27-001",))
    texts = (
        "Requests are answered again for two thirds of our users.\n\nThe rest follows within 30 minutes.",
        "A database does not take writes. We move to its replica.",
        "No request is answered. We look into it. Next update by 13:30 UTC.",
    )
    gateway, sessions, *rest = page.components
    return replace(
        page,
        working=Working.MAJOR_OUTAGE,
        components=(
            replace(gateway, working=Working.MAJOR_OUTAGE, days=(*gateway.days[:-1], down), uptime=0.99893),
            replace(sessions, working=Working.DEGRADED),
            *rest,
        ),
        current=(
            notice(
                "2026-11-27-001",
                "Requests are not answered",
                began=timedelta(minutes=90),
                lasted=None,
                state=NoticeState.IDENTIFIED,
                impact=Working.MAJOR_OUTAGE,
                components=("gateway", "sessions"),
                texts=texts,
            ),
        ),
        planned=(
            notice(
                "maintenance-3",
                "Database is moved to new machines",
                began=timedelta(days=-3, hours=-8),
                lasted=timedelta(hours=1, minutes=30),
                state=NoticeState.SCHEDULED,
                impact=Working.MAINTENANCE,
                components=("results",),
                texts=("Results cannot be read for a few minutes. Nothing is lost.",),
            ),
        ),
    )


def hostile() -> PublicPage:
    """A page whose every text is one that strangers would like to see on it."""
    notices = tuple(
        notice(
            f"2026-11-27-{number:03}",
            text,
            began=timedelta(hours=number),
            lasted=None,
            state=NoticeState.INVESTIGATING,
            impact=list(Working)[number % 5],
            components=("gateway", "<b>gone</b>"),
            texts=(text, f"{text}\n\n{text}\n{text}"),
        )
        for number, text in enumerate(HOSTILE, 1)
    )
    parts = tuple(component(f"part-{number}", text, list(Working)[number % 5]) for number, text in enumerate(HOSTILE))
    past = tuple(_over(one) for one in notices)
    return replace(
        calm(),
        name=HOSTILE[0],
        working=Working.MAJOR_OUTAGE,
        components=(component("gateway", HOSTILE[7]), *parts),
        current=notices,
        planned=(),
        past=past,
    )


def _over(one: Notice) -> Notice:
    updates = tuple(replace(update, key=f"past-{update.key}") for update in one.updates)
    return replace(one, key=f"past-{one.key}", ended_at=NOW, state=NoticeState.RESOLVED, updates=updates)


def large() -> PublicPage:
    """Forty parts, and two hundred notices of the past."""
    past = tuple(
        notice(f"2026-10-{number:03}", f"Number {number}", began=timedelta(hours=10 * number)) for number in range(200)
    )
    bad = Day(day=NOW.date(), worst=Working.DEGRADED, seconds_down=60, notices=("2026-10-003",))
    parts = tuple(
        component(f"part-{number}", f"Part {number}", days={number: bad, 2 * number: bad}) for number in range(40)
    )
    return replace(calm(), components=parts, past=past)


def empty() -> PublicPage:
    """A page on which nobody has put anything, of which no address is known."""
    return replace(calm(), url=None, components=(), past=(), takes_subscriptions=False)
