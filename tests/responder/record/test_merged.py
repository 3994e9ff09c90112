"""An incident into which others were merged is told with what happened to them, each event with whose it is."""

import json
from datetime import datetime, timedelta
from typing import Any

import pytest
from support.responding import Responding

from actinf.errors import OutOfTurn
from actinf.responder.documents import interleaved
from actinf.responder.incident import decisions
from actinf.responder.incident.events import Merged, Milestone
from actinf.responder.incident.state import incident_of
from actinf.responder.record import offline
from actinf.responder.record.export import exported, markdown_of, timeline_of
from actinf.responder.record.postmortem import post_mortem
from actinf.responder.record.template import PostMortem, parse, render


@pytest.fixture
def names(desk_at_hand: Responding) -> tuple[str, str, str]:
    """The survivor, one that was detected ten minutes before it and merged into it, and one merged into that."""
    desk, clock = desk_at_hand.desk, desk_at_hand.clock
    survivor = desk_at_hand.opened()
    early = desk_at_hand.opened(
        component="Cache", impact="Sessions are lost", detected_at=clock.now - timedelta(minutes=10)
    )
    third = desk_at_hand.opened(component="Queue", impact="Jobs wait")
    for minute, name, decide in (
        (1, survivor, lambda one: decisions.acknowledge(one, "ada")),
        (2, early, lambda one: decisions.acknowledge(one, "ben")),
        (3, early, lambda one: decisions.reach(one, Milestone.ROOT_CAUSE, "the cache is full")),
        (4, third, lambda _: decisions.note("the queue is long")),
    ):
        clock.now = clock.now.replace(minute=minute)
        desk.act(name, decide, by="ada" if name == survivor else "ben")
    clock.pass_(minutes=1)
    desk.merge(third, early, by="ada")
    desk.merge(early, survivor, by="ada")
    clock.pass_(minutes=25)
    desk.act(survivor, lambda one: decisions.reach(one, Milestone.FIX, "more memory"), by="ada")
    desk.act(survivor, lambda one: decisions.resolve(one, "more memory"), by="ada")
    return survivor, early, third


def report(at_hand: Responding, name: str) -> PostMortem:
    return post_mortem(at_hand.desk.incident(name), at_hand.desk.timeline(name), at_hand.desk.taken_up(name))


def test_the_timeline_of_the_report_interleaves_them_with_their_sources(
    desk_at_hand: Responding, names: tuple[str, str, str]
) -> None:
    survivor, early, third = names
    made = report(desk_at_hand, survivor)
    assert [one.at for one in made.timeline] == sorted(one.at for one in made.timeline)
    assert {one.source for one in made.timeline} == {"", early, third}
    assert made.timeline[0].source == early, "it was detected first"
    text = render(made)
    assert f"- 10:02 - Acknowledged by ben [{early} #3]" in text.replace("\\", "")
    assert f"[{third} #3]" in text
    assert parse(text) == made


def test_milestones_are_those_of_the_survivor_and_the_duration_counts_from_the_first_detection(
    desk_at_hand: Responding, names: tuple[str, str, str]
) -> None:
    survivor, early, _ = names
    made = report(desk_at_hand, survivor)
    reached = {one.milestone: one.at for one in made.timeline if one.milestone is not None}
    assert Milestone.ROOT_CAUSE not in reached, "that one was the other's"
    assert "Root cause identified: *Missing" in render(made)
    assert f"{reached[Milestone.DETECTED]:%H:%M}" == "10:00"
    assert made.impact.minutes is not None
    assert made.impact.minutes.value == 40, "10:30 less 09:50"
    merges = [one.number for one in desk_at_hand.desk.timeline(survivor) if one.event.kind == "merged"]
    assert set(merges) < set(made.impact.minutes.events), "cites how it came by the earlier detection"
    alone = post_mortem(desk_at_hand.desk.incident(survivor), desk_at_hand.desk.timeline(survivor))
    assert alone.impact.minutes is not None
    assert alone.impact.minutes.value == 30
    assert desk_at_hand.desk.incident(early).merged_into == survivor


def test_the_export_verifies_with_the_events_of_all_of_them(
    desk_at_hand: Responding, names: tuple[str, str, str]
) -> None:
    survivor, early, third = names
    key = desk_at_hand.store.key
    export: dict[str, Any] = json.loads(json.dumps(exported(desk_at_hand.desk, survivor)))
    assert offline.wrong_in(export, key) == []
    assert [one["id"] for one in export["taken_up"]] == [early, third]
    for one in export["taken_up"]:
        assert timeline_of(one) == desk_at_hand.desk.timeline(one["id"])
    others = [timeline_of(one) for one in export["taken_up"]]
    again = post_mortem(
        incident_of(timeline_of(export)), timeline_of(export), [(incident_of(one), one) for one in others]
    )
    assert again == report(desk_at_hand, survivor), "what a server exports makes the same report"
    text = markdown_of(export)
    assert f"{early}, ben: milestone" not in text
    assert f"- 10:02:00 {early}, ben: acknowledged by ben" in text
    changed = json.loads(json.dumps(export))
    changed["taken_up"][0]["events"][1]["content"][3] = "2020-01-01T00:00:00.000000+00:00"
    assert offline.wrong_in(changed, key)[0] == f"{early}, event 2: changed, or put in"
    changed = json.loads(json.dumps(export))
    changed["taken_up"].pop()
    assert offline.wrong_in(changed, key) == ["the export as a whole is not what was signed with this key"]
    del changed["taken_up"]  # as an earlier version exported
    changed["signature"] = offline.signature_of(changed, key)
    assert offline.wrong_in(changed, key) == []


def test_a_document_can_be_read_as_one_timeline(desk_at_hand: Responding, names: tuple[str, str, str]) -> None:
    survivor, early, third = names
    document = desk_at_hand.desk.document(survivor)
    events = interleaved(document)
    assert [one["at"] for one in events] == sorted(one["at"] for one in events)
    assert len(events) == sum(len(desk_at_hand.desk.timeline(name)) for name in names)
    assert {one["of"] for one in events} == {"", early, third}
    assert (
        datetime.fromisoformat(document["taken_up"][0]["detected_at"])
        < desk_at_hand.desk.incident(survivor).detected_at
    )


def test_a_private_one_does_not_go_on_as_one_that_others_see(desk_at_hand: Responding) -> None:
    public, private = desk_at_hand.opened(), desk_at_hand.opened(private=True)
    with pytest.raises(OutOfTurn, match=f"is private and {public} is not: .*merge {public} into {private}"):
        desk_at_hand.desk.merge(private, public, by="ada")
    assert {one.id for one in desk_at_hand.desk.list()} == {public, private}
    desk_at_hand.desk.merge(public, private, by="ada")
    assert [incident.id for incident, _ in desk_at_hand.desk.taken_up(private)] == [public]


def test_a_private_one_is_not_shown_with_one_that_others_see(desk_at_hand: Responding) -> None:
    public, private = desk_at_hand.opened(), desk_at_hand.opened(impact="zzsecretzz", private=True)
    with desk_at_hand.store.writing() as connection:  # as an earlier version merged them
        one = desk_at_hand.desk.incident(public)
        desk_at_hand.desk.record(connection, public, one, [Merged(absorbed=private)], by="ada")
    assert "zzsecretzz" not in json.dumps(exported(desk_at_hand.desk, public))
    assert desk_at_hand.desk.taken_up(public) == []
    one, other = (desk_at_hand.desk.incident(desk_at_hand.opened(private=True)) for _ in range(2))
    desk_at_hand.desk.merge(other.id, one.id, by="ada")
    assert [incident.id for incident, _ in desk_at_hand.desk.taken_up(one.id)] == [other.id]
