"""What the responder does by itself: paging, timers, closing, the auditor."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.responding import MONDAY, Clock, Responding, responding, schedule_text

from actinf.responder.escalation.policy import Policy
from actinf.responder.incident import decisions
from actinf.responder.incident.events import Breached, Escalated, Paged, Warned
from actinf.responder.incident.severity import LIMITS, Severity
from actinf.responder.oncall.rotation import Schedule
from actinf.responder.store import escalations


def paged(at_hand: Responding) -> list[str]:
    return [
        message.to.handle for message in at_hand.paper.sent if message.to and message.kind in ("page", "escalation")
    ]


def let_pass(at_hand: Responding, *, minutes: float, every: float = 5.0) -> None:
    """Let time pass, with a beat every so many seconds."""
    end = at_hand.clock.now + timedelta(minutes=minutes)
    while at_hand.clock.now < end:
        at_hand.clock.pass_(seconds=every)
        at_hand.beat()


@pytest.mark.parametrize("severity", [Severity.P0, Severity.P1])
def test_nobody_answers_so_that_each_level_is_asked_before_the_time_to_respond_is_over(
    desk_at_hand: Responding, severity: Severity
) -> None:
    desk_at_hand.opened(severity)
    desk_at_hand.beat()
    assert paged(desk_at_hand) == ["ada"]
    let_pass(desk_at_hand, minutes=LIMITS[severity].response / timedelta(minutes=1) - 0.5, every=30)
    order = list(dict.fromkeys(paged(desk_at_hand)))
    assert order == ["ada", "ben", "eve", "cto"]
    let_pass(desk_at_hand, minutes=60, every=30)
    assert paged(desk_at_hand).count("ada") > 2


def test_nobody_is_paged_once_somebody_has_acknowledged(desk_at_hand: Responding) -> None:
    name = desk_at_hand.opened()
    desk_at_hand.beat()
    desk_at_hand.clock.pass_(minutes=4.99)
    # The next page is due in a moment, and one that waits in the outbox is withdrawn.
    desk_at_hand.clock.pass_(minutes=1)
    desk_at_hand.pulse.once()
    desk_at_hand.desk.act(name, lambda one: decisions.acknowledge(one, "ben"), by="ben")
    desk_at_hand.beat()
    let_pass(desk_at_hand, minutes=55, every=30)
    assert paged(desk_at_hand) == ["ada"]


def test_a_p2_at_night_waits_for_the_morning_and_its_wake_up_is_stored(desk_at_hand: Responding) -> None:
    desk_at_hand.clock.now = datetime(2026, 11, 27, 18, 0, tzinfo=UTC)  # a Friday
    name = desk_at_hand.opened(Severity.P2)
    desk_at_hand.beat()
    assert paged(desk_at_hand) == []
    with desk_at_hand.store.reading() as connection:
        standing = escalations.standing(connection, name)
    assert standing is not None
    assert standing.next_at == datetime(2026, 11, 30, 9, 0, tzinfo=UTC)
    assert standing.why == "P2 waits for business hours"
    assert desk_at_hand.pulse.audit() == []
    desk_at_hand.clock.now = standing.next_at
    desk_at_hand.beat()
    assert paged(desk_at_hand) == ["ada"]


def test_what_becomes_a_p0_at_night_pages_at_once(desk_at_hand: Responding) -> None:
    desk_at_hand.clock.now = datetime(2026, 11, 27, 18, 0, tzinfo=UTC)
    name = desk_at_hand.opened(Severity.P2)
    desk_at_hand.beat()
    desk_at_hand.desk.act(name, lambda one: decisions.change_severity(one, Severity.P0, "all of it"), by="eve")
    desk_at_hand.beat()
    assert paged(desk_at_hand) == ["ada"]


def test_without_a_schedule_it_says_that_nobody_can_be_paged_and_pages_once_there_is_one(tmp_path: Path) -> None:
    at_hand = responding(tmp_path / "store", schedule=False)
    name = at_hand.opened()
    at_hand.beat()
    at_hand.beat()
    said = [one.event.reason for one in at_hand.desk.timeline(name) if isinstance(one.event, Escalated)]
    assert said == ["no schedule is set, so that nobody can be paged: actinf oncall schedule --set FILE"]
    at_hand.desk.set_schedule(Schedule.from_text(schedule_text()), by="eve")
    at_hand.beat()
    assert paged(at_hand) == ["ada"]
    at_hand.store.close()


def test_who_cannot_be_reached_is_passed_over_and_that_is_written_down(desk_at_hand: Responding) -> None:
    text = schedule_text().replace(", email: ada@example.org", "")
    desk_at_hand.desk.set_schedule(Schedule.from_text(text), by="eve")
    name = desk_at_hand.opened()
    desk_at_hand.beat()
    assert paged(desk_at_hand) == ["ben"]
    events = [one.event for one in desk_at_hand.desk.timeline(name)]
    assert any(isinstance(one, Escalated) and one.reason.startswith("ada, at level 1, cannot be") for one in events)
    assert any(isinstance(one, Paged) and (one.who, one.level) == ("ben", 2) for one in events)


def test_where_nobody_at_all_can_be_reached_it_goes_on_trying(desk_at_hand: Responding) -> None:
    text = "\n".join(
        line.split(", email:")[0] + ("}" if ", email:" in line else "") for line in schedule_text().splitlines()
    )
    desk_at_hand.desk.set_schedule(Schedule.from_text(text), by="eve")
    name = desk_at_hand.opened()
    let_pass(desk_at_hand, minutes=12, every=30)
    assert paged(desk_at_hand) == []
    reasons = [one.event.reason for one in desk_at_hand.desk.timeline(name) if isinstance(one.event, Escalated)]
    # It is tried every two minutes, and said once; once more after the warning that half of the time is over.
    assert reasons.count("nobody at any level can be paged") == 2
    desk_at_hand.desk.set_schedule(Schedule.from_text(schedule_text()), by="eve")
    let_pass(desk_at_hand, minutes=6, every=30)
    assert paged(desk_at_hand)


def test_clocks_warn_at_half_and_at_four_fifths_and_a_breach_goes_to_the_next_level(desk_at_hand: Responding) -> None:
    name = desk_at_hand.opened(Severity.P0)
    desk_at_hand.beat()
    desk_at_hand.desk.act(name, lambda one: decisions.acknowledge(one, "ada"), by="ada")
    let_pass(desk_at_hand, minutes=121, every=10)
    marks = [
        (one.event.clock, getattr(one.event, "share", 1.0), one.at - MONDAY)
        for one in desk_at_hand.desk.timeline(name)
        if isinstance(one.event, Warned | Breached)
    ]
    assert marks == [
        ("assessment", 0.5, timedelta(minutes=2.5)),
        ("assessment", 0.8, timedelta(minutes=4)),
        ("assessment", 1.0, timedelta(minutes=5)),
        ("resolution", 0.5, timedelta(minutes=60)),
        ("resolution", 0.8, timedelta(minutes=96)),
        ("resolution", 1.0, timedelta(minutes=120)),
    ]
    told = [(message.kind, message.to.handle) for message in desk_at_hand.paper.sent if message.to][-2:]
    assert {handle for kind, handle in told if kind == "breach"} == {"ada", "eve"}


def test_a_new_severity_keeps_the_start_and_applies_the_new_limit(desk_at_hand: Responding) -> None:
    name = desk_at_hand.opened(Severity.P2)
    desk_at_hand.beat()
    desk_at_hand.clock.pass_(minutes=20)
    desk_at_hand.desk.act(name, lambda one: decisions.change_severity(one, Severity.P0, "worse"), by="ada")
    desk_at_hand.beat()
    breached = [one.event for one in desk_at_hand.desk.timeline(name) if isinstance(one.event, Breached)]
    assert Breached(clock="response", due_at=MONDAY + timedelta(minutes=15)) in breached


def test_reopening_goes_on_with_what_was_left(desk_at_hand: Responding) -> None:
    name = desk_at_hand.opened(Severity.P0)
    desk_at_hand.desk.act(name, lambda one: decisions.acknowledge(one, "ada"), by="ada")
    desk_at_hand.clock.pass_(minutes=50)
    desk_at_hand.desk.act(name, decisions.resolve, by="ada")
    desk_at_hand.clock.pass_(hours=10)
    desk_at_hand.desk.act(name, lambda one: decisions.reopen(one, "it is back"), by="ada")
    let_pass(desk_at_hand, minutes=80, every=30)
    breach = next(
        one.event
        for one in desk_at_hand.desk.timeline(name)
        if isinstance(one.event, Breached) and one.event.clock == "resolution"
    )
    assert breach.due_at == MONDAY + timedelta(hours=12)
    assert paged(desk_at_hand)  # nobody is there any more


def test_tasks_are_counted_from_the_resolution(desk_at_hand: Responding) -> None:
    name = desk_at_hand.opened()
    desk_at_hand.desk.act(name, lambda one: decisions.acknowledge(one, "ada"), by="ada")
    desk_at_hand.desk.act(name, decisions.resolve, by="ada")
    for task in ("restored", "stakeholders", "summary", "monitoring"):
        desk_at_hand.desk.act(name, lambda one, task=task: decisions.do_task(one, task), by="ada")
    desk_at_hand.clock.pass_(hours=25)
    desk_at_hand.beat()
    breached = [one.event for one in desk_at_hand.desk.timeline(name) if isinstance(one.event, Breached)]
    assert breached == [Breached(clock="tasks short-term", due_at=MONDAY + timedelta(hours=24))]


def test_an_overdue_action_reminds_its_owner_and_the_level_above(desk_at_hand: Responding) -> None:
    name = desk_at_hand.opened()
    desk_at_hand.desk.act(name, lambda one: decisions.acknowledge(one, "ada"), by="ada")
    due = MONDAY + timedelta(days=5)
    desk_at_hand.desk.act(name, lambda one: decisions.add_action(one, text="a pool", owner="ben", due=due), by="ada")
    desk_at_hand.desk.act(name, decisions.resolve, by="ada")
    desk_at_hand.beat()
    desk_at_hand.paper.sent.clear()
    desk_at_hand.clock.now = due - timedelta(days=1)
    desk_at_hand.beat()
    reminded = [message.to.handle for message in desk_at_hand.paper.sent if message.kind == "reminder" and message.to]
    assert reminded == ["ben"]
    desk_at_hand.clock.now = due
    desk_at_hand.beat()
    reminded = [message.to.handle for message in desk_at_hand.paper.sent if message.kind == "reminder" and message.to]
    assert reminded == ["ben", "ben", "eve"]


def test_the_auditor_finds_an_escalation_that_stopped_and_takes_it_up(desk_at_hand: Responding) -> None:
    gone, late = desk_at_hand.opened(), desk_at_hand.opened()
    desk_at_hand.beat()
    assert desk_at_hand.pulse.audit() == []
    with desk_at_hand.store.writing() as connection:
        connection.execute("DELETE FROM escalation WHERE incident = ?", [gone])
    desk_at_hand.clock.pass_(minutes=6.5)
    assert desk_at_hand.pulse.audit() == [
        (gone, "it has no next step"),
        (late, "its step of 10:05:00 was missed"),
    ]
    assert desk_at_hand.pulse.audit() == []
    before = len(paged(desk_at_hand))
    desk_at_hand.beat()
    assert len(paged(desk_at_hand)) == before + 2


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["wait", "kill", "ack", "severity", "resolve", "reopen", "assess"]),
            st.integers(1, 400),
        ),
        min_size=1,
        max_size=20,
    )
)
def test_every_timer_fires_once_and_no_page_follows_an_acknowledgement(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[str, int]]
) -> None:
    folder = tmp_path_factory.mktemp("store")
    clock = Clock()
    at_hand = responding(folder, clock=clock)
    name = at_hand.opened(Severity.P1)
    for step, minutes in steps:
        incident = at_hand.desk.incident(name)
        if step == "wait":
            clock.pass_(minutes=minutes)
        elif step == "kill":
            at_hand.store.close()
            at_hand = responding(folder, schedule=False, clock=clock)
        elif step == "ack" and incident.is_open:
            at_hand.desk.act(name, lambda one: decisions.acknowledge(one, "ada"), by="ada")
        elif step == "severity" and not incident.is_over:
            other = Severity(f"P{(int(incident.severity[1]) + minutes % 3 + 1) % 4}")
            at_hand.desk.act(name, lambda one, other=other: decisions.change_severity(one, other, "so"), by="ada")
        elif step == "resolve" and incident.is_open:
            at_hand.desk.act(name, decisions.resolve, by="ada")
        elif step == "reopen" and not incident.is_open:
            at_hand.desk.act(name, lambda one: decisions.reopen(one, "again"), by="ada")
        elif step == "assess":
            at_hand.desk.act(
                name,
                lambda one: decisions.assess(
                    one, severity=one.severity, components=["api"], impact="some", findings="none"
                ),
                by="ada",
            )
        before = len(paged(at_hand))
        at_hand.beat()
        incident = at_hand.desk.incident(name)
        if incident.attended or not incident.is_open:
            assert len(paged(at_hand)) == before
        with at_hand.store.reading() as connection:
            late = connection.execute(
                "SELECT count(*) FROM timer WHERE fired_at IS NULL AND at <= ?",
                [int((clock.now - datetime(1970, 1, 1, tzinfo=UTC)) / timedelta(microseconds=1))],
            ).fetchone()[0]
            fired = connection.execute("SELECT count(*) FROM timer WHERE fired_at IS NOT NULL").fetchone()[0]
        assert late == 0
        marks = [one for one in at_hand.desk.timeline(name) if isinstance(one.event, Warned | Breached)]
        assert len(marks) == fired
        if incident.is_open and not incident.attended:
            with at_hand.store.reading() as connection:
                assert escalations.standing(connection, name) is not None
    at_hand.store.close()


def test_the_policy_asks_all_levels_in_time() -> None:
    policy = Policy()
    for severity, patience in policy.patience.items():
        assert patience * policy.attempts * 3 < LIMITS[severity].response
