"""What the public is told by itself: of what is grave at once, of what it knows to the end, and nothing of the rest."""

import json
from datetime import timedelta

import pytest
from support.responding import MONDAY, Responding

from actinf.responder.incident import decisions
from actinf.responder.incident.events import Milestone
from actinf.responder.incident.notice_events import Ground
from actinf.responder.incident.severity import Severity
from actinf.responder.publishing.page import NoticeState, Working
from actinf.responder.publishing.verbs import UpdateNotice, Withhold

SECRET = "zzsecretzz"


def told(at_hand: Responding, name: str) -> list[tuple[str, str]]:
    notice = at_hand.desk.incident(name).notice
    return [] if notice is None else [(one.state.value, one.text) for one in notice.updates]


@pytest.mark.parametrize(
    ("severity", "impact"), [(Severity.P0, Working.MAJOR_OUTAGE), (Severity.P1, Working.PARTIAL_OUTAGE)]
)
def test_what_is_grave_is_told_in_the_transaction_that_opens_it(
    desk_at_hand: Responding, severity: Severity, impact: Working
) -> None:
    incident = desk_at_hand.desk.incident(desk_at_hand.opened(severity))
    assert incident.notice is not None
    assert (incident.notice.title, incident.notice.last.impact) == ("Problems with Inference API", impact)
    assert (incident.notice.last.at, incident.notice.last.by) == (MONDAY, "actinf")


@pytest.mark.parametrize("severity", [Severity.P2, Severity.P3])
def test_what_is_not_grave_is_not_told_until_it_is(desk_at_hand: Responding, severity: Severity) -> None:
    name = desk_at_hand.opened(severity)
    assert told(desk_at_hand, name) == []
    desk_at_hand.desk.act(name, lambda one: decisions.change_severity(one, Severity.P1, "all of it"), by="ada")
    assert [state for state, _ in told(desk_at_hand, name)] == ["investigating"]


def test_nothing_is_told_of_what_is_private(desk_at_hand: Responding) -> None:
    name = desk_at_hand.opened(Severity.P0, private=True)
    desk_at_hand.desk.act(name, lambda one: decisions.reach(one, Milestone.FIX, "closed"), by="ada")
    desk_at_hand.desk.act(name, lambda one: decisions.resolve(one, "closed"), by="ada")
    assert told(desk_at_hand, name) == []


def test_no_word_that_an_alert_or_a_responder_wrote_is_told(desk_at_hand: Responding) -> None:
    """Of a part that the catalogue does not have not even its name, which an alert may have brought."""
    for component in ("api", f"{SECRET} part"):
        name = desk_at_hand.opened(component=component, impact=f"a {SECRET} thing", reasons=(SECRET,))
        act = desk_at_hand.desk.act
        act(
            name,
            lambda one: decisions.assess(
                one, severity=Severity.P0, components=[f"{SECRET} two", "worker"], impact=SECRET, findings=SECRET
            ),
            by=SECRET,
        )
        act(name, lambda one: decisions.reach(one, Milestone.ROOT_CAUSE, SECRET), by="ada")
        act(name, lambda one: decisions.resolve(one, SECRET), by="ada")
        published = [one.event.stored() for one in desk_at_hand.desk.timeline(name) if one.event.kind == "published"]
        assert len(published) == 4
        assert SECRET not in json.dumps(published)


def test_it_is_told_to_its_end_and_once_each(desk_at_hand: Responding) -> None:
    name, act = desk_at_hand.opened(), desk_at_hand.desk.act
    act(name, lambda one: decisions.acknowledge(one, "ada"), by="ada")
    act(name, lambda one: decisions.reach(one, Milestone.ROOT_CAUSE, "a"), by="ada")
    act(name, lambda one: decisions.reach(one, Milestone.ROOT_CAUSE, "b"), by="ada")
    act(name, lambda one: decisions.reach(one, Milestone.FIX, "c"), by="ada")
    act(name, lambda one: decisions.resolve(one, "d"), by="ada")
    act(name, lambda _: decisions.note("e"), by="ada")
    act(name, lambda one: decisions.reopen(one, "f"), by="ada")
    assert [state for state, _ in told(desk_at_hand, name)] == [
        "investigating",
        "identified",
        "monitoring",
        "resolved",
        "investigating",
    ]
    assert told(desk_at_hand, name)[3][1] == "The problems with Inference API are over."


def test_a_false_alarm_says_so(desk_at_hand: Responding) -> None:
    name = desk_at_hand.opened()
    desk_at_hand.desk.act(name, lambda one: decisions.close_as_false(one, "a probe"), by="ada")
    assert told(desk_at_hand, name)[-1] == (
        "withdrawn",
        "It was a false alarm: we found no problem with Inference API.",
    )


def test_it_is_worse_or_elsewhere(desk_at_hand: Responding) -> None:
    name = desk_at_hand.opened(component="Simulation workers")
    desk_at_hand.desk.act(name, lambda one: decisions.change_severity(one, Severity.P0, "all"), by="ada")
    notice = desk_at_hand.desk.incident(name).notice
    assert notice is not None
    assert (len(notice.updates), notice.last.impact) == (2, Working.MAJOR_OUTAGE)
    desk_at_hand.desk.act(
        name,
        lambda one: decisions.assess(one, severity=Severity.P0, components=["db"], impact="x", findings="y"),
        by="ada",
    )
    notice = desk_at_hand.desk.incident(name).notice
    assert notice is not None
    assert notice.last.components == ("api", "worker"), "both depend on the database"
    assert "We know more now." in notice.last.text


@pytest.mark.parametrize("private", [False, True])
def test_what_goes_on_as_another_is_told_of_there(desk_at_hand: Responding, private: bool) -> None:
    one = desk_at_hand.opened()
    other = desk_at_hand.opened(Severity.P3, component="db", private=private)
    desk_at_hand.desk.merge(one, other, by="ada")
    state, text = told(desk_at_hand, one)[-1]
    assert state == NoticeState.WITHDRAWN
    assert ("told of there" in text) is not private, "that there is a private one is not told"
    assert (told(desk_at_hand, other) == []) is private


@pytest.mark.parametrize("is_told", [True, False])
def test_what_goes_on_as_another_is_told_there_with_all_its_parts(desk_at_hand: Responding, is_told: bool) -> None:
    """That it is told of there was not true, and the page had its part work again while it did not."""
    one = desk_at_hand.opened(Severity.P0)
    other = desk_at_hand.opened(Severity.P1 if is_told else Severity.P3, component="worker")
    desk_at_hand.desk.merge(one, other, by="ada")
    notice = desk_at_hand.desk.incident(other).notice
    assert notice is not None
    assert (notice.last.components, notice.last.impact) == (("worker", "api"), Working.MAJOR_OUTAGE)
    assert "Inference API and Simulations" in notice.last.text
    assert len(notice.updates) == 1 + is_told


def test_the_outage_of_what_goes_on_as_another_falls_by_nothing_that_is_said_of_that(desk_at_hand: Responding) -> None:
    one, other = desk_at_hand.opened(), desk_at_hand.opened(component="worker")
    mild = UpdateNotice(text="Few see it.", state=NoticeState.MONITORING, impact=Working.DEGRADED)
    mild.run(desk_at_hand.desk, other, "ada")
    desk_at_hand.desk.merge(one, other, by="ada")
    notice = desk_at_hand.desk.incident(other).notice
    assert notice is not None
    assert (notice.last.state, notice.last.impact) == (NoticeState.INVESTIGATING, Working.PARTIAL_OUTAGE)
    assert notice.last.ground is Ground.SEVERITY
    third = desk_at_hand.opened(component="worker")
    desk_at_hand.desk.merge(third, other, by="ada")
    again = desk_at_hand.desk.incident(other).notice
    assert again is not None
    assert len(again.updates) == len(notice.updates), "nothing is new to anybody"


def test_what_was_thought_to_be_over_is_back_where_another_goes_on_as_it(desk_at_hand: Responding) -> None:
    one, other = desk_at_hand.opened(), desk_at_hand.opened()
    over = UpdateNotice(text="We think it is over.", state=NoticeState.RESOLVED)
    over.run(desk_at_hand.desk, other, "ada")
    desk_at_hand.desk.merge(one, other, by="ada")
    assert "told of there" in told(desk_at_hand, one)[-1][1]
    assert told(desk_at_hand, other)[-1][1].startswith("The problems with Inference API are back")


def test_nobody_is_led_to_what_is_told_nowhere(desk_at_hand: Responding) -> None:
    one, other = desk_at_hand.opened(), desk_at_hand.opened(Severity.P2)
    desk_at_hand.desk.act(other, lambda before: decisions.resolve(before, "restarted"), by="ada")
    desk_at_hand.desk.merge(one, other, by="ada")
    assert told(desk_at_hand, one)[-1] == (NoticeState.WITHDRAWN, "This notice has ended.")
    assert told(desk_at_hand, other) == []


def test_what_ended_before_brings_nothing_of_another_onto_the_page(desk_at_hand: Responding) -> None:
    one, other = desk_at_hand.opened(), desk_at_hand.opened(Severity.P3)
    desk_at_hand.desk.act(one, lambda before: decisions.resolve(before, "restarted"), by="ada")
    desk_at_hand.desk.merge(one, other, by="ada")
    assert told(desk_at_hand, one)[-1][0] == NoticeState.RESOLVED
    assert told(desk_at_hand, other) == []


def test_what_is_withheld_is_told_where_what_the_public_knows_goes_on_as_it(desk_at_hand: Responding) -> None:
    one, other = desk_at_hand.opened(), desk_at_hand.opened(Severity.P2)
    Withhold(reason="one customer").run(desk_at_hand.desk, other, "ada")
    desk_at_hand.desk.merge(one, other, by="ada")
    assert "told of there" in told(desk_at_hand, one)[-1][1]
    assert len(told(desk_at_hand, other)) == 1


def test_what_was_taken_back_and_withheld_comes_back_only_where_it_is_worse(desk_at_hand: Responding) -> None:
    name, desk = desk_at_hand.opened(), desk_at_hand.desk
    UpdateNotice(text="It concerns nobody.", state=NoticeState.WITHDRAWN).run(desk, name, "ada")
    Withhold(reason="one customer").run(desk, name, "ada")
    desk.act(name, lambda one: decisions.change_severity(one, Severity.P2, "few"), by="ada")
    desk.act(name, lambda one: decisions.change_severity(one, Severity.P1, "more"), by="ada")
    desk.act(name, lambda one: decisions.resolve(one, "restarted"), by="ada")
    desk.act(name, lambda one: decisions.reopen(one, "it fails again"), by="ada")
    assert told(desk_at_hand, name)[-1] == (NoticeState.WITHDRAWN, "It concerns nobody.")
    desk.act(name, lambda one: decisions.change_severity(one, Severity.P0, "all"), by="ada")
    assert told(desk_at_hand, name)[-1][0] == NoticeState.INVESTIGATING


def test_it_is_told_again_where_what_was_taken_back_gets_worse(desk_at_hand: Responding) -> None:
    name = desk_at_hand.opened()
    desk_at_hand.desk.act(name, lambda one: decisions.close_as_false(one, "a probe"), by="ada")
    desk_at_hand.clock.pass_(minutes=3)
    desk_at_hand.desk.act(name, lambda one: decisions.reopen(one, "it was none"), by="ada")
    assert told(desk_at_hand, name)[-1][1].startswith("The problems with Inference API are back")
    notice = desk_at_hand.desk.incident(name).notice
    assert notice is not None
    assert notice.last.at == MONDAY + timedelta(minutes=3)
