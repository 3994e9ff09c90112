"""The report on incidents: honest figures."""

import statistics
from datetime import timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from support.responding import MONDAY, Responding

from actinf.responder.incident import decisions
from actinf.responder.incident.events import Milestone
from actinf.responder.incident.severity import Severity
from actinf.responder.record.report import FEWEST_FOR_P95, Summary, figures, summary


def reported(at_hand: Responding) -> Summary:
    desk = at_hand.desk
    documents: list[dict[str, Any]] = [desk.document(one.id) for one in desk.list("all")]
    return summary(documents, desk.schedule(), MONDAY - timedelta(days=1), at_hand.clock.now)


def lived(at_hand: Responding, minutes: tuple[float, float, float], severity: Severity = Severity.P1) -> str:
    """An incident that is acknowledged, fixed and resolved after so many minutes each."""
    name = at_hand.opened(severity, incident_type="api_down")
    at_hand.beat()
    for passed, decide in zip(
        minutes,
        (
            lambda one: decisions.acknowledge(one, "ada"),
            lambda one: decisions.reach(one, Milestone.FIX, "restarted"),
            lambda one: decisions.resolve(one, "restarted"),
        ),
        strict=True,
    ):
        at_hand.clock.pass_(minutes=passed)
        at_hand.desk.act(name, decide, by="ada")
        at_hand.beat()
    return name


@given(seconds=st.lists(st.floats(0, 1e6), min_size=1, max_size=40))
def test_a_quantile_was_observed_and_few_have_no_95th_percentile(seconds: list[float]) -> None:
    found = figures(seconds)
    assert found.p50 == statistics.median_low(seconds)
    assert (found.p95 is None) == (len(seconds) < FEWEST_FOR_P95)
    if found.p95 is not None:
        assert found.p95 in seconds
        assert sum(one <= found.p95 for one in seconds) >= 0.95 * len(seconds)


def test_times_are_counted_from_the_detection_and_held_against_what_is_promised(desk_at_hand: Responding) -> None:
    lived(desk_at_hand, (10, 20, 30))
    lived(desk_at_hand, (70, 0, 500))
    (row,) = reported(desk_at_hand).rows
    assert (row.incident_type, row.severity, row.incidents) == ("api_down", "P1", 2)
    assert (row.acknowledge.p50, row.acknowledge.within, row.acknowledge.told) == (600, 1, 2)
    assert (row.mitigate.p50, row.mitigate.n, row.mitigate.within) == (1800, 2, None)
    assert (row.resolve.p50, row.resolve.within, row.resolve.p95) == (3600, 1, None)


def test_what_nobody_has_answered_yet_counts_only_once_it_is_overdue(desk_at_hand: Responding) -> None:
    desk_at_hand.opened()
    (row,) = reported(desk_at_hand).rows
    assert (row.acknowledge.n, row.acknowledge.told) == (0, 0)
    desk_at_hand.clock.pass_(minutes=61)
    desk_at_hand.beat()
    found = reported(desk_at_hand)
    assert (found.rows[0].acknowledge.within, found.rows[0].acknowledge.told) == (0, 1)
    assert found.breaches["response"] == 1
    assert found.still_open == 1


def test_what_was_nothing_is_told_apart_and_counts_in_no_time(desk_at_hand: Responding) -> None:
    name, other = desk_at_hand.opened(), desk_at_hand.opened()
    desk_at_hand.desk.act(name, lambda one: decisions.close_as_false(one, "a test"), by="ada")
    desk_at_hand.desk.merge(other, lived(desk_at_hand, (1, 1, 1)), by="ada")
    found = reported(desk_at_hand)
    assert (found.incidents, found.false_alarms, found.merged) == (3, 1, 1)
    assert [row.incidents for row in found.rows] == [1]


def test_a_reopened_incident_does_not_count_the_time_that_it_lay(desk_at_hand: Responding) -> None:
    name = lived(desk_at_hand, (1, 1, 8))
    desk_at_hand.clock.pass_(minutes=600)
    desk_at_hand.desk.act(name, lambda one: decisions.reopen(one, "again"), by="ada")
    desk_at_hand.clock.pass_(minutes=5)
    desk_at_hand.desk.act(name, lambda one: decisions.resolve(one, "again"), by="ada")
    (row,) = reported(desk_at_hand).rows
    assert (row.resolve.p50, row.resolve.within) == (15 * 60, 1)


def test_pages_are_counted_by_person_and_shift(desk_at_hand: Responding) -> None:
    lived(desk_at_hand, (1, 1, 1))
    lived(desk_at_hand, (1, 1, 1))
    found = reported(desk_at_hand).load
    assert found is not None
    (ada,) = [one for one in found.people if one.handle == "ada"]
    assert (ada.pages, ada.events) == (2, 2)
