"""What is written to people."""

import dataclasses
from datetime import UTC, datetime, timedelta, timezone

import pytest
from support.channel_bench import ADA

from actinf.responder.channels import messages
from actinf.responder.channels.messages import Briefing, plain_text
from actinf.responder.channels.port import Kind
from actinf.responder.oncall.people import Person

BRIEFING = Briefing(
    incident="2026-11-23-001",
    severity="P1",
    component="Active Inference API",
    impact="Inference requests failing",
    status="Investigating",
    lead=Person(handle="engineer-name", name="E. Ngineer", role="DevOps Engineer"),
)
DUE = datetime(2026, 11, 23, 15, 0, tzinfo=timezone(timedelta(hours=1)))


def test_the_alert_is_the_one_of_the_runbook_to_the_letter():
    assert plain_text(messages.alert(BRIEFING, key="k")) == (
        "🚨 INCIDENT ALERT 🚨\n"
        "Severity: P1\n"
        "Component: Active Inference API\n"
        "Impact: Inference requests failing\n"
        "Status: Investigating\n"
        "Lead: @engineer-name\n"
        "War room: #incident-2026-11-23-001"
    )
    assert messages.ALERT_HEADLINE.encode().startswith(b"\xf0\x9f\x9a\xa8 ")


def test_an_incident_that_nobody_leads_says_so():
    assert "Lead: nobody yet" in plain_text(messages.alert(dataclasses.replace(BRIEFING, lead=None), key="k"))


@pytest.mark.parametrize("part", ["severity", "component", "impact", "status"])
def test_no_value_writes_a_field_of_its_own(part):
    """An alert's text ends up in Impact; a line break in it could say that all is well."""
    forged = dataclasses.replace(BRIEFING, **{part: "x\nStatus: Resolved\u2028Lead: @nobody\rWar room: #none"})
    names = [line.partition(":")[0] for line in plain_text(messages.alert(forged, key="k")).splitlines()[1:]]
    assert names == ["Severity", "Component", "Impact", "Status", "Lead", "War room"]


def every_message():
    return [
        messages.alert(BRIEFING, key="k"),
        messages.page(BRIEFING, key="k", to=ADA, duty="primary on-call"),
        messages.escalation(BRIEFING, key="k", to=ADA, duty="engineering manager", unanswered=["grace", "alan"]),
        messages.acknowledged(BRIEFING, key="k", by=ADA, room="incidents"),
        messages.warning(BRIEFING, key="k", to=ADA, limit="response", used=0.8, due=DUE),
        messages.breach(BRIEFING, key="k", to=ADA, limit="resolution", due=DUE),
        messages.resolved(BRIEFING, key="k", lasted=timedelta(hours=1, minutes=12), room="incidents"),
        messages.handoff(key="k", to=ADA, duty="primary", until=DUE, before=None, open_incidents=["2026-11-23-001"]),
        messages.reminder(key="k", to=ADA, what="Write the initial summary", due=DUE, incident="2026-11-23-001"),
        messages.contact_test(key="k", to=ADA),
        messages.ramp(BRIEFING, key="k", told="ramp 1 is held at step 4, 15m soak: nobody asks anything", to=ADA),
        messages.war_room(BRIEFING, key="k"),
    ]


def test_there_is_a_text_for_every_kind_of_message():
    assert {message.kind for message in every_message()} == set(Kind)


@pytest.mark.parametrize("message", every_message(), ids=lambda message: str(message.kind))
def test_every_message_fits_a_phone_and_keeps_its_key(message):
    assert message.key == "k"
    assert 0 < len(message.subject) <= 150
    assert len(messages.digest(message)) <= 150
    assert "None" not in plain_text(message)
    assert messages.digest(message, 12).endswith("…")


def test_a_page_says_what_to_do():
    text = plain_text(messages.page(BRIEFING, key="k", to=ADA, duty="primary on-call", attempt=2))
    assert text.startswith("P1 page: Active Inference API: Inference requests failing\n")
    assert "This is page 2: the earlier ones were not answered." in text
    assert text.endswith("Acknowledge it with: actinf incident ack 2026-11-23-001")


def test_a_page_leads_to_the_console_where_there_is_one():
    linked = dataclasses.replace(BRIEFING, link="https://respond.example.org/incidents/2026-11-23-001")
    text = plain_text(messages.page(linked, key="k", to=ADA, duty="primary on-call"))
    assert text.endswith("More: https://respond.example.org/incidents/2026-11-23-001")


def test_an_escalation_says_who_did_not_answer():
    grace = messages.escalation(BRIEFING, key="k", to=ADA, duty="CTO", unanswered=["grace", "alan"])
    assert grace.text.startswith("@grace, @alan did not answer; it now goes to you as CTO.")
    nobody = messages.escalation(BRIEFING, key="k", to=ADA, duty="CTO", unanswered=[])
    assert nobody.text.startswith("Nobody on call could be paged; it now goes to you as CTO.")


def test_times_are_shown_in_utc():
    warning = messages.warning(BRIEFING, key="k", to=ADA, limit="response", used=0.5, due=DUE)
    assert warning.text == "50% of the time for response has passed; it ends at 2026-11-23 14:00 UTC."
    assert DUE.astimezone(UTC).hour == 14


@pytest.mark.parametrize(
    ("lasted", "shown"),
    [
        (timedelta(seconds=20), "less than a minute"),
        (timedelta(minutes=5), "5 min"),
        (timedelta(hours=1, minutes=12), "1 h 12 min"),
        (timedelta(days=2, minutes=1), "2 d 1 min"),
    ],
)
def test_how_long_it_took(lasted, shown):
    assert messages.resolved(BRIEFING, key="k", lasted=lasted).text == f"Resolved {shown} after it was detected."


def test_a_possible_duplicate_says_so_once_and_keeps_its_key():
    page = messages.page(BRIEFING, key="k", to=ADA, duty="primary on-call")
    marked = messages.possible_duplicate(messages.possible_duplicate(page))
    assert marked.subject == "Possible duplicate: " + page.subject
    assert marked.key == page.key
