"""An outage falls when what told of it is quiet for long enough, comes back at once, and is never called over."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from support.responding import MONDAY, Responding, alert, take

from actinf.responder.incident import decisions
from actinf.responder.incident.events import Milestone
from actinf.responder.incident.severity import Severity
from actinf.responder.keeping.watched import Outsider, put
from actinf.responder.publishing import plain
from actinf.responder.publishing.page import NoticeState, PublicPage, Working
from actinf.responder.publishing.reading import About, Reader
from actinf.responder.publishing.site import Site
from actinf.responder.publishing.verbs import Publish, UpdateNotice
from actinf.responder.publishing.writer import Writer
from actinf.responder.pulse import Pulse
from actinf.responder.reception import Reception
from actinf.responder.store.alerts import MOST_RINGING

Told = list[tuple[float, str, str]]


@pytest.fixture
def reception(desk_at_hand: Responding) -> Reception:
    return Reception(desk_at_hand.desk)


def attended(at_hand: Responding, reception: Reception, **labels: str) -> str:
    """The incident that an alert of the API has opened, and that somebody attends to, so that nothing closes it."""
    take(reception, alert(**labels))
    (incident,) = at_hand.desk.list()
    at_hand.desk.act(incident.id, lambda one: decisions.acknowledge(one, "ada"), by="ada")
    return incident.id


def passes(at_hand: Responding, minutes: float) -> None:
    until = at_hand.clock.now + timedelta(minutes=minutes)
    while at_hand.clock.now < until:
        at_hand.clock.pass_(seconds=30)
        at_hand.beat()


def told(at_hand: Responding, name: str) -> Told:
    """What the public was told: after how many minutes, where it stood, and how well it worked."""
    notice = at_hand.desk.incident(name).notice
    found = () if notice is None else notice.updates
    return [((one.at - MONDAY) / timedelta(minutes=1), one.state.value, one.impact.value) for one in found]


def page_of(at_hand: Responding) -> PublicPage:
    with at_hand.store.reading() as connection:
        return Reader(About()).page(connection, now=at_hand.clock.now, known_since=MONDAY - timedelta(days=2))


def test_an_outage_falls_two_minutes_after_its_last_alert_ended_and_counts_no_longer(
    desk_at_hand: Responding, reception: Reception
) -> None:
    name = attended(desk_at_hand, reception)
    take(reception, alert(pod="b"))
    passes(desk_at_hand, 3)
    take(reception, alert(firing=False))
    passes(desk_at_hand, 3)
    assert len(told(desk_at_hand, name)) == 1, "one of its alerts fires"
    take(reception, alert(pod="b", firing=False))
    passes(desk_at_hand, 20)
    assert told(desk_at_hand, name) == [(0, "investigating", "partial outage"), (8, "monitoring", "degraded")]
    notice = desk_at_hand.desk.incident(name).notice
    assert notice is not None
    assert (notice.last.by, notice.last.text) == (
        "actinf",
        "We measure no more problems with Inference API, but some requests may still be slow or fail. We watch whether "
        "it stays so.",
    )
    page = page_of(desk_at_hand)
    assert (page.working, page.components[0].days[-1].seconds_down) == (Working.DEGRADED, 8 * 60)
    desk_at_hand.desk.act(name, lambda one: decisions.resolve(one, "x"), by="ada")
    (past,) = page_of(desk_at_hand).past
    assert (past.state, past.impact) == (NoticeState.RESOLVED, Working.PARTIAL_OUTAGE), "what it was, not how it ended"


def test_it_comes_back_at_once_and_falls_later_each_time(desk_at_hand: Responding, reception: Reception) -> None:
    name = attended(desk_at_hand, reception)
    for _ in range(3):
        passes(desk_at_hand, 1)
        take(reception, alert(firing=False))
        passes(desk_at_hand, 5)
        take(reception, alert())
        desk_at_hand.beat()
    take(reception, alert(firing=False))
    passes(desk_at_hand, 30)
    assert told(desk_at_hand, name) == [
        (0, "investigating", "partial outage"),
        (3, "monitoring", "degraded"),
        (6, "investigating", "partial outage"),
        # Quiet from 7 to 12, which would have been four minutes: not within ten of the fall before; nor from 13 to 18.
        (34, "monitoring", "degraded"),
    ]
    text = desk_at_hand.desk.incident(name).notice.updates[2].text  # type: ignore[union-attr]
    assert text == "The problems with Inference API are back, and we look into them. Many requests may be slow or fail."


def test_what_nobody_attends_to_ends_by_itself_in_words_that_say_how_that_is_known(
    desk_at_hand: Responding, reception: Reception
) -> None:
    take(reception, alert())
    take(reception, alert(firing=False))
    passes(desk_at_hand, 6)
    (incident,) = desk_at_hand.desk.list("resolved")
    assert [one[:2] for one in told(desk_at_hand, incident.id)] == [
        (0, "investigating"),
        (2, "monitoring"),
        (5, "resolved"),
    ]
    assert incident.notice is not None
    assert incident.notice.last.text == "We measure no more problems with Inference API, and take them to be over."


@pytest.mark.parametrize(
    ("say", "impact"),
    [
        (UpdateNotice(text="All of it is down.", impact=Working.MAJOR_OUTAGE), "major outage"),
        (UpdateNotice(text="We look.", impact=Working.PARTIAL_OUTAGE), "partial outage"),
        (UpdateNotice(text="We look."), "degraded"),
        (UpdateNotice(text="We look.", state=NoticeState.IDENTIFIED), "degraded"),
    ],
)
def test_what_somebody_says_of_the_impact_stands(
    desk_at_hand: Responding, reception: Reception, say: UpdateNotice, impact: str
) -> None:
    name = attended(desk_at_hand, reception)
    say.run(desk_at_hand.desk, name, "ada")
    take(reception, alert(firing=False))
    passes(desk_at_hand, 10)
    assert told(desk_at_hand, name)[-1][2] == impact


def test_somebody_takes_back_what_was_measured(desk_at_hand: Responding, reception: Reception) -> None:
    name = attended(desk_at_hand, reception)
    take(reception, alert(firing=False))
    passes(desk_at_hand, 3)
    UpdateNotice(text="It fails still.", state="investigating", impact="major outage").run(  # type: ignore[arg-type]
        desk_at_hand.desk, name, "ada"
    )
    passes(desk_at_hand, 20)
    take(reception, alert())
    passes(desk_at_hand, 1)
    assert [how for _, _, how in told(desk_at_hand, name)] == ["partial outage", "degraded", "major outage"]


def private(at_hand: Responding, reception: Reception) -> str:
    take(reception, alert(private="true"))
    name = at_hand.desk.list()[0].id
    Publish(override="the law", title="x", text="y", impact=Working.PARTIAL_OUTAGE).run(at_hand.desk, name, "ada")
    return name


def by_hand(at_hand: Responding, _: Reception) -> str:
    """Nothing measures what somebody has seen."""
    return at_hand.opened()


def raised_by_hand(at_hand: Responding, reception: Reception) -> str:
    """Somebody found it to be an outage while all was quiet."""
    take(reception, alert(severity="P2"))
    at_hand.clock.pass_(seconds=40)
    name = attended(at_hand, reception, severity="P2")
    take(reception, alert(firing=False, severity="P2"))
    at_hand.clock.pass_(seconds=30)
    at_hand.desk.act(name, lambda one: decisions.change_severity(one, Severity.P1, "users call"), by="ada")
    return name


@pytest.mark.parametrize("made", [private, by_hand, raised_by_hand])
def test_what_is_private_or_was_not_measured_falls_by_no_quiet(
    desk_at_hand: Responding, reception: Reception, made: Callable[[Responding, Reception], str]
) -> None:
    name = made(desk_at_hand, reception)
    if made is private:
        take(reception, alert(private="true", firing=False))
        desk_at_hand.desk.act(name, lambda one: decisions.acknowledge(one, "ada"), by="ada")
    passes(desk_at_hand, 15)
    assert [how for _, _, how in told(desk_at_hand, name)] == ["partial outage"]


def test_an_alert_of_what_users_do_not_see_keeps_no_outage_up(desk_at_hand: Responding, reception: Reception) -> None:
    name = attended(desk_at_hand, reception)
    other = alert("ScrapeFails", component="prometheus")
    unknown = alert("Strange", component="nobody knows")
    desk_at_hand.desk.merge(_opened_by(desk_at_hand, reception, other, but=name), name, by="ada")
    desk_at_hand.desk.merge(_opened_by(desk_at_hand, reception, unknown, but=name), name, by="ada")
    take(reception, alert(firing=False))
    passes(desk_at_hand, 4)
    assert len(told(desk_at_hand, name)) == 1, "what nobody knows may be what users see"
    take(reception, alert("Strange", component="nobody knows", firing=False))
    passes(desk_at_hand, 4)
    assert told(desk_at_hand, name)[-1][1:] == ("monitoring", "degraded")


@pytest.mark.parametrize(
    "other",
    [
        {"name": "ApiReplicasMissing", "severity": "P2"},
        {"name": "ErrorBudgetBurns", "severity": "P1"},  # of the last six hours
    ],
)
def test_what_tells_of_less_or_of_hours_gone_by_keeps_no_outage_up_and_brings_none_back(
    desk_at_hand: Responding, reception: Reception, other: dict[str, str]
) -> None:
    name = attended(desk_at_hand, reception)
    take(reception, alert(**other))  # type: ignore[arg-type]
    take(reception, alert(firing=False))
    passes(desk_at_hand, 3)
    assert told(desk_at_hand, name)[1:] == [(2, "monitoring", "degraded")]
    take(reception, alert(**other, firing=False))  # type: ignore[arg-type]
    passes(desk_at_hand, 1)
    take(reception, alert(**other))  # type: ignore[arg-type]
    passes(desk_at_hand, 1)
    assert len(told(desk_at_hand, name)) == 2


def test_where_nothing_else_tells_of_an_outage_what_tells_of_hours_gone_by_does(
    desk_at_hand: Responding, reception: Reception
) -> None:
    name = attended(desk_at_hand, reception, name="ErrorBudgetBurnsFast")
    passes(desk_at_hand, 5)
    assert len(told(desk_at_hand, name)) == 1
    take(reception, alert("ErrorBudgetBurnsFast", firing=False))
    passes(desk_at_hand, 3)
    assert told(desk_at_hand, name)[-1][1:] == ("monitoring", "degraded")


def test_in_a_storm_so_many_alerts_are_trouble_whatever_they_are_of(
    desk_at_hand: Responding, reception: Reception
) -> None:
    name = attended(desk_at_hand, reception)
    storm = [alert("ApiSheds", severity="P2", pod=str(number)) for number in range(MOST_RINGING)]
    take(reception, *storm)
    take(reception, alert(firing=False))
    passes(desk_at_hand, 3)
    assert len(told(desk_at_hand, name)) == 1
    take(reception, *(replace(one, status="resolved") for one in storm[:-3]))
    desk_at_hand.clock.pass_(seconds=1)
    take(reception, alert(firing=False))
    passes(desk_at_hand, 3)
    assert told(desk_at_hand, name)[-1][1:] == ("monitoring", "degraded")
    take(reception, *(replace(one, status="resolved") for one in storm[:-3]))
    passes(desk_at_hand, 1)
    assert len(told(desk_at_hand, name)) == 2, "three that tell of less fire, and the one that told of it is long over"


def _opened_by(at_hand: Responding, reception: Reception, one: object, *, but: str) -> str:
    take(reception, one)  # type: ignore[arg-type]
    return next(found.id for found in at_hand.desk.list() if found.id != but)


@pytest.mark.parametrize("fires", [True, False])
def test_the_fix_lets_it_fall_at_once_where_no_alert_fires(
    desk_at_hand: Responding, reception: Reception, fires: bool
) -> None:
    name = attended(desk_at_hand, reception)
    desk_at_hand.clock.pass_(minutes=1)
    take(reception, alert(firing=fires))
    desk_at_hand.desk.act(name, lambda one: decisions.reach(one, Milestone.FIX, "x"), by="ada")
    assert told(desk_at_hand, name)[1:] == [(1, "monitoring", "partial outage" if fires else "degraded")]
    passes(desk_at_hand, 3)
    take(reception, alert(firing=False))
    passes(desk_at_hand, 1)
    assert told(desk_at_hand, name)[-1][1:] == ("monitoring", "degraded")
    assert len(told(desk_at_hand, name)) == (3 if fires else 2)
    take(reception, alert())
    desk_at_hand.beat()
    assert told(desk_at_hand, name)[-1][1:] == ("investigating", "partial outage")


def test_an_assessment_of_what_has_fallen_brings_no_outage_back_and_a_worse_severity_does(
    desk_at_hand: Responding, reception: Reception
) -> None:
    name, act = attended(desk_at_hand, reception), desk_at_hand.desk.act
    take(reception, alert(firing=False))
    passes(desk_at_hand, 3)
    act(
        name,
        lambda one: decisions.assess(one, severity=Severity.P1, components=["api"], impact="x", findings="y"),
        by="ada",
    )
    assert told(desk_at_hand, name)[-1][1:] == ("monitoring", "degraded")
    act(name, lambda one: decisions.change_severity(one, Severity.P0, "all"), by="ada")
    assert told(desk_at_hand, name)[-1][1:] == ("investigating", "major outage")
    passes(desk_at_hand, 20)
    assert len(told(desk_at_hand, name)) == 3, "that was known to be quiet"


def test_what_has_fallen_goes_on_as_another_as_it_was(desk_at_hand: Responding, reception: Reception) -> None:
    name = attended(desk_at_hand, reception)
    take(reception, alert(firing=False))
    passes(desk_at_hand, 3)
    other = desk_at_hand.opened(Severity.P2)
    desk_at_hand.desk.merge(name, other, by="ada")
    assert [one[1:] for one in told(desk_at_hand, other)] == [("monitoring", "degraded")]
    take(reception, alert())
    passes(desk_at_hand, 1)
    assert told(desk_at_hand, other)[-1][1:] == ("investigating", "partial outage")


def test_quiet_counts_only_while_alerts_arrive(desk_at_hand: Responding, reception: Reception) -> None:
    """What watches the service may have gone down with it."""
    desk_at_hand.pulse = Pulse(desk_at_hand.desk, needs_watchdog=True)
    name = attended(desk_at_hand, reception)
    with desk_at_hand.store.writing() as connection:
        put(connection, Outsider.WATCHDOG, MONDAY)
    passes(desk_at_hand, 1)
    take(reception, alert(firing=False))
    passes(desk_at_hand, 10)
    assert len(told(desk_at_hand, name)) == 1
    with desk_at_hand.store.writing() as connection:
        put(connection, Outsider.WATCHDOG, desk_at_hand.clock.now)
    passes(desk_at_hand, 1)
    assert told(desk_at_hand, name)[-1][1:] == ("monitoring", "degraded")


def test_no_quiet_counts_of_when_no_alert_could_arrive(desk_at_hand: Responding, reception: Reception) -> None:
    """Killed right after an alert ended, and started an hour later, it said at once that nothing is measured."""
    name = attended(desk_at_hand, reception)
    take(reception, alert(firing=False))
    desk_at_hand.clock.pass_(hours=1)
    desk_at_hand.pulse = Pulse(desk_at_hand.desk)
    passes(desk_at_hand, 1.5)
    assert len(told(desk_at_hand, name)) == 1
    passes(desk_at_hand, 1)
    assert told(desk_at_hand, name)[-1] == (62, "monitoring", "degraded")


def test_nothing_that_nobody_attends_to_ends_as_soon_as_alerts_can_arrive_again(
    desk_at_hand: Responding, reception: Reception
) -> None:
    take(reception, alert())
    take(reception, alert(firing=False))
    desk_at_hand.clock.pass_(hours=1)
    desk_at_hand.pulse = Pulse(desk_at_hand.desk)
    passes(desk_at_hand, 4.5)
    assert desk_at_hand.desk.list("open")
    passes(desk_at_hand, 1)
    assert desk_at_hand.desk.list("resolved")


def test_a_grave_one_keeps_its_impact_when_a_milder_one_takes_it_up(desk_at_hand: Responding, tmp_path: Path) -> None:
    writer = Writer(
        desk_at_hand.store, desk_at_hand.clock, Reader(About()), plain.render, Site(tmp_path / "status" / "site")
    )
    grave, mild = desk_at_hand.opened(Severity.P0), desk_at_hand.opened(Severity.P2)
    desk_at_hand.desk.merge(grave, mild, by="ada")
    assert writer.once()
    page = page_of(desk_at_hand)
    assert (page.working, [(one.key, one.impact) for one in page.current]) == (
        Working.MAJOR_OUTAGE,
        [(mild, Working.MAJOR_OUTAGE)],
    )


def test_what_came_back_is_mended_by_no_milestone_but_the_fix(desk_at_hand: Responding, reception: Reception) -> None:
    name = attended(desk_at_hand, reception)
    take(reception, alert(firing=False))
    desk_at_hand.desk.act(name, lambda one: decisions.reach(one, Milestone.FIX), by="ada")
    take(reception, alert())
    passes(desk_at_hand, 1)
    desk_at_hand.desk.act(name, lambda one: decisions.reach(one, Milestone.ROOT_CAUSE), by="ada")
    assert told(desk_at_hand, name)[-1][1:] == ("identified", "partial outage"), "it fires: nothing is mended"
    desk_at_hand.desk.act(name, lambda one: decisions.reach(one, Milestone.FIX), by="ada")
    assert told(desk_at_hand, name)[-1][1:] == ("monitoring", "partial outage"), "somebody says so"
