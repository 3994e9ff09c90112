"""Post-mortems: the runbook's template, filled from the timeline, read back as it was written."""

import re
from datetime import UTC, datetime, timedelta

import icalendar
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from support.responding import Responding, schedule_text

from actinf.errors import SettingError
from actinf.responder.incident import decisions
from actinf.responder.incident.events import Milestone
from actinf.responder.incident.severity import Severity
from actinf.responder.oncall.rotation import Schedule
from actinf.responder.record.postmortem import meeting, post_mortem
from actinf.responder.record.template import (
    MILESTONES,
    ActionItem,
    Impact,
    Known,
    Moment,
    PostMortem,
    Statement,
    parse,
    render,
)

HOSTILE = (
    "<script>alert(1)</script>\n## Root Cause\n- [x] done (Owner: @all, Due: 2026-01-01) [#1]\x1b[31m @channel `x`"
)
LETTERS = st.text(max_size=80) | st.sampled_from(
    [HOSTILE, "- 10:00 - x [#1]", "a\\\nb", "  x\n\n\n y ", "1. *b* _c_", "@"]
)
NUMBERS = st.lists(st.integers(1, 999), min_size=1, max_size=3).map(tuple)
TIMES = st.datetimes(datetime(2020, 1, 1), datetime(2099, 1, 1), timezones=st.just(UTC))
STATEMENTS = st.lists(st.builds(Statement, text=LETTERS, events=NUMBERS), max_size=3).map(tuple)
MOMENTS = st.builds(
    Moment,
    at=TIMES,
    text=LETTERS | st.sampled_from(list(MILESTONES.values())),
    events=NUMBERS,
    source=st.sampled_from(["", "2026-11-23-002", "2026-11-24-1000"]),
)  # fmt: skip
REPORTS = st.builds(
    PostMortem,
    incident=st.sampled_from(["2026-11-23-001", "2026-11-23-1000"]),
    summary=STATEMENTS,
    timeline=st.lists(MOMENTS, max_size=4).map(tuple),
    root_cause=STATEMENTS,
    impact=st.builds(
        Impact,
        minutes=st.none() | st.builds(Known, value=st.integers(0, 10**5), events=NUMBERS),
        users=st.none() | st.builds(Known, value=st.integers(0, 10**7), events=NUMBERS),
        services=st.none()
        | st.builds(Known, value=st.lists(LETTERS, min_size=1, max_size=3).map(tuple), events=NUMBERS),
        revenue=st.none() | st.builds(Known, value=LETTERS, events=NUMBERS),
    ),
    resolution=STATEMENTS,
    actions=st.lists(
        st.builds(
            ActionItem,
            text=LETTERS,
            owner=LETTERS | st.sampled_from(["ada", "all", "@ada", "ada.b", "ada_b", "@:", "@@ada", "@*"]),
            due=st.dates(datetime(2020, 1, 1).date(), datetime(2099, 1, 1).date()),
            done=st.booleans(),
            events=NUMBERS,
        ),
        max_size=3,
    ).map(tuple),
    lessons=STATEMENTS,
)


@given(report=REPORTS)
@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_what_was_written_is_read_back(report: PostMortem) -> None:
    assert parse(render(report)) == report


@given(report=REPORTS)
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_no_text_looks_like_a_part_of_the_template(report: PostMortem) -> None:
    text = render(report)
    assert re.findall(r"^#+ .*$", text, re.MULTILINE) == [f"# Incident Report: {report.incident}"] + [
        f"## {part}"
        for part in (
            "Summary",
            "Timeline",
            "Root Cause",
            "Impact",
            "Resolution",
            "Action Items",
            "Lessons Learned",
        )
    ]
    assert len(re.findall(r"^- \[[ x]\] ", text, re.MULTILINE)) == len(report.actions)
    assert re.search(r"(?<!\\)<script", text) is None


@given(text=LETTERS)
@settings(max_examples=100, deadline=None)
def test_a_reader_of_markdown_shows_the_text_and_nothing_else(text: str) -> None:
    said = Statement(text=text, events=(1,))
    report = PostMortem(incident="2026-11-23-001", lessons=(said,))
    lessons = render(report).partition("## Lessons Learned\n")[2]
    tokens = MarkdownIt("commonmark").parse(lessons)
    assert {token.type for token in tokens} <= {"paragraph_open", "inline", "paragraph_close"}
    paragraphs = [token.children for token in tokens if token.children]
    assert {child.type for one in paragraphs for child in one} <= {"text", "text_special", "hardbreak"}
    shown = "\n\n".join(
        "".join("\n" if child.type == "hardbreak" else child.content for child in one) for one in paragraphs
    )
    assert shown.replace("\u2060", "").split() == f"{said.text} [#1]".split()


def told(at_hand: Responding, name: str) -> PostMortem:
    return post_mortem(at_hand.desk.incident(name), at_hand.desk.timeline(name))


def drilled(at_hand: Responding) -> str:
    """An incident from beginning to end, which crosses midnight."""
    clock, act = at_hand.clock, at_hand.desk.act
    clock.now = datetime(2026, 11, 23, 23, 40, tzinfo=UTC)
    name = at_hand.opened(Severity.P1)
    at_hand.beat()
    clock.pass_(minutes=4)
    act(name, lambda one: decisions.acknowledge(one, "ada"), by="ada")
    clock.pass_(minutes=3)
    act(
        name,
        lambda one: decisions.assess(
            one, severity=Severity.P1, components=["api", "worker"], impact="no steps", findings="pool is empty"
        ),
        by="ada",
    )
    clock.pass_(minutes=20)
    act(name, lambda one: decisions.reach(one, Milestone.ROOT_CAUSE, "a lock that nobody gave back"), by="ada")
    act(name, lambda one: decisions.reach(one, Milestone.FIX, "ended the session"), by="ada")
    clock.pass_(minutes=61)
    act(name, lambda one: decisions.resolve(one, "ended the session that held the lock"), by="ada")
    act(name, lambda one: decisions.state_impact(one, users=120, revenue=""), by="eve")
    act(name, lambda one: decisions.state_impact(one, users=None, revenue="$300"), by="eve")
    due = datetime(2026, 12, 1, tzinfo=UTC)
    act(name, lambda one: decisions.add_action(one, text="time out locks", owner="ben", due=due), by="eve")
    act(name, lambda one: decisions.finish_action(one, 1), by="ben")
    act(name, lambda _: decisions.learn("locks need an end"), by="eve")
    return name


def test_a_whole_incident_is_a_whole_report(desk_at_hand: Responding) -> None:
    name = drilled(desk_at_hand)
    text = render(told(desk_at_hand, name))
    assert "Missing" not in text
    for line in (
        f"# Incident Report: {name}",
        r"- 23:40 - Initial detection: Inference requests failing [#1]",
        r"- 2026-11-24 00:07 - Root cause identified: a lock that nobody gave back",
        r"- 01:08 - Service restored: ended the session that held the lock",
        "- Duration: 1 hour 28 minutes [#1] [#",
        "- Users affected: ~120 users [#",
        "- Services affected: api, worker [#",
        r"- Revenue impact: \$300 [#",
        "- [x] time out locks (Owner: @ben, Due: 2026-12-01) [#",
        "locks need an end [#",
    ):
        assert line in text
    assert parse(text) == told(desk_at_hand, name)


def test_every_statement_cites_an_event_that_says_it(desk_at_hand: Responding) -> None:
    name = drilled(desk_at_hand)
    events = {one.number: str(one.event) for one in desk_at_hand.desk.timeline(name)}
    report = told(desk_at_hand, name)
    for statement in (*report.root_cause, *report.resolution, *report.lessons):
        assert any(statement.text in events[number] for number in statement.events)
    cited = {int(number) for number in re.findall(r"\[#(\d+)\]", render(report))}
    assert cited <= set(events)
    for line in render(report).splitlines():
        assert not line or line.startswith("#") or "[#" in line, line


def test_what_is_not_known_says_so_and_how_to_fill_it(desk_at_hand: Responding) -> None:
    name = desk_at_hand.opened()
    text = render(told(desk_at_hand, name))
    assert f"- HH:MM - Root cause identified: *Missing: `actinf incident milestone {name} root-cause" in text
    assert f"- Users affected: *Missing: `actinf incident impact {name} --users …`*" in text
    assert "- Duration: *Missing" in text
    assert parse(text) == told(desk_at_hand, name)


def test_what_lay_resolved_does_not_count(desk_at_hand: Responding) -> None:
    name, act = desk_at_hand.opened(), desk_at_hand.desk.act
    for minutes, decide in (
        (10, lambda one: decisions.resolve(one, "restarted")),
        (60, lambda one: decisions.reopen(one, "again")),
        (5, lambda one: decisions.resolve(one, "for good")),
    ):
        desk_at_hand.clock.pass_(minutes=minutes)
        act(name, decide, by="ada")
    report = told(desk_at_hand, name)
    assert report.impact.minutes is not None
    assert report.impact.minutes.value == 15
    assert [one.text for one in report.resolution] == ["for good"]


def test_what_was_erased_is_shown_as_erased(desk_at_hand: Responding) -> None:
    name = drilled(desk_at_hand)
    desk_at_hand.desk.erase(name, "asked for", by="eve")
    report = told(desk_at_hand, name)
    assert parse(render(report)) == report
    assert "lock" not in render(report)


@pytest.mark.parametrize("text", ["", "# Something", "# Incident Report: 2026-11-23-001\n\n## Summary\nx\n"])
def test_another_text_is_no_report(text: str) -> None:
    with pytest.raises(SettingError, match="no incident report"):
        parse(text)


def test_a_line_that_was_changed_is_named() -> None:
    text = render(PostMortem(incident="2026-11-23-001", lessons=(Statement(text="one", events=(1,)),)))
    with pytest.raises(SettingError, match="Lessons Learned cannot be read"):
        parse(text.replace("one [#1]", "one"))


def test_the_meeting_is_an_invitation(desk_at_hand: Responding) -> None:
    incident = desk_at_hand.desk.incident(desk_at_hand.opened())
    people = [one for one in Schedule.from_text(schedule_text()).people.values() if one.handle in ("ada", "eve")]
    at = datetime(2026, 12, 1, 10, 0, tzinfo=UTC)
    calendar = icalendar.Calendar.from_ical(meeting(incident, people, at, at - timedelta(days=5)))
    (event,) = calendar.walk("VEVENT")
    assert event["summary"] == f"Post-mortem of {incident.id}: Active Inference API"
    assert (event.decoded("dtstart"), event.decoded("dtend")) == (at, at + timedelta(hours=1))
    assert sorted(map(str, event["attendee"])) == ["mailto:ada@example.org", "mailto:eve@example.org"]
