"""What vendors are asked in an incident: on its timeline, in its post-mortem, and a reminder when no answer comes."""

from datetime import timedelta
from typing import Any

import pytest
from support.responding import MONDAY

from actinf.errors import OutOfTurn, SettingError
from actinf.responder.contacts.document import vendor_from
from actinf.responder.documents import event_document, incident_document
from actinf.responder.record.export import exported
from actinf.responder.record.narrative import sentence
from actinf.responder.record.postmortem import post_mortem
from actinf.responder.verbs import Acknowledge, CloseAsFalse, CloseCase, NoteCase, OpenCase, Resolve

CLOUD = {"name": "Example Cloud", "kind": "cloud", "customer": "K-1", "answers_within": "60"}


@pytest.fixture
def asked(kept: Any) -> Any:
    """An incident, and what does something with it: `asked(OpenCase(…))`."""
    desk = kept.at_hand.desk
    object.__setattr__(desk, "vendors", kept.directory)
    kept.directory.set_vendors([vendor_from("cloud", CLOUD)], by="eve")
    name = kept.at_hand.opened()

    def done(verb: Any, by: str = "ada") -> Any:
        return verb.run(desk, name, by)

    done.incident = name  # type: ignore[attr-defined]
    return done


def told(kept: Any, name: str) -> list[str]:
    return [
        sentence(event_document(one)) for one in kept.at_hand.desk.timeline(name) if one.event.kind.startswith("case")
    ]


def test_a_case_is_opened_noted_and_closed_on_the_timeline(kept: Any, asked: Any) -> None:
    asked(OpenCase(vendor="EXAMPLE cloud", said="nothing answers", contact="Kim"))
    kept.at_hand.clock.pass_(minutes=10)
    asked(NoteCase(vendor="cloud", said="they see it, too", reference="CS-1", answer_within=30), by="ben")
    kept.at_hand.clock.pass_(minutes=10)
    incident = asked(CloseCase(vendor="cloud", said="a switch was broken"))
    assert told(kept, asked.incident) == [
        "case 1 with Example Cloud opened, Kim there: nothing answers; answer awaited until 2026-11-23 11:00 UTC",
        "case 1 with Example Cloud (CS-1) noted: they see it, too; answer awaited until 2026-11-23 10:40 UTC",
        "case 1 with Example Cloud closed: a switch was broken",
    ]
    (case,) = incident.cases.values()
    assert (case.vendor, case.reference, case.contact, case.answer_by) == ("cloud", "CS-1", "Kim", None)
    assert case.closed_at == MONDAY + timedelta(minutes=20)
    document = incident_document(incident, [], MONDAY)
    assert [(one["vendor"], one["overdue"], one["said"]) for one in document["cases"]] == [
        ("cloud", False, "a switch was broken")
    ]
    moments = [one.text for one in post_mortem(incident, kept.at_hand.desk.timeline(asked.incident)).timeline]
    assert "Case 1 with Example Cloud closed: a switch was broken" in moments
    assert "a switch was broken" in str(exported(kept.at_hand.desk, asked.incident))


def test_who_leads_is_reminded_once_when_no_answer_comes_and_nobody_above_them(kept: Any, asked: Any) -> None:
    kept.at_hand.beat()
    asked(OpenCase(vendor="cloud", said="nothing answers", answer_within=7))
    asked(OpenCase(vendor="Telco", said="the line is cut"))  # nobody awaits an answer
    asked(Acknowledge(), by="ben")
    for _ in range(30):
        kept.at_hand.clock.pass_(minutes=1)
        kept.at_hand.beat()
    reminders = [one for one in kept.at_hand.paper.sent if one.kind == "reminder"]
    assert [(one.to.handle, one.text) for one in reminders] == [
        ("ben", "No answer of Example Cloud to case 1: call them again")
    ]
    assert told(kept, asked.incident)[-1] == (
        "case 1 with Example Cloud: the answer that was awaited until 2026-11-23 10:07 UTC has not come"
    )
    assert kept.at_hand.desk.incident(asked.incident).cases[1].overdue
    asked(NoteCase(vendor="cloud", said="called again", answer_within=5))
    assert not kept.at_hand.desk.incident(asked.incident).cases[1].overdue
    for _ in range(10):
        kept.at_hand.clock.pass_(minutes=1)
        kept.at_hand.beat()
    assert len([one for one in kept.at_hand.paper.sent if one.kind == "reminder"]) == 2


@pytest.mark.parametrize("answered", [NoteCase(vendor="cloud", said="it works"), CloseCase(vendor="cloud")])
def test_an_answer_in_time_reminds_nobody(kept: Any, asked: Any, answered: Any) -> None:
    asked(OpenCase(vendor="cloud", said="nothing answers", answer_within=7))
    kept.at_hand.clock.pass_(minutes=6)
    asked(answered)
    kept.at_hand.clock.pass_(minutes=90)
    kept.at_hand.beat()
    assert "reminder" not in kept.at_hand.paper.kinds
    assert not [one for one in told(kept, asked.incident) if "has not come" in one]


def test_what_makes_no_sense_is_refused(kept: Any, asked: Any) -> None:
    for verb, error, why in (
        (NoteCase(vendor="cloud", said="x"), OutOfTurn, "no open case with 'cloud': open one first"),
        (OpenCase(vendor=" ", said="x"), SettingError, "vendor is empty"),
        (OpenCase(vendor="cloud", said=" "), SettingError, "said is empty"),
        (OpenCase(vendor="cloud", said="x", answer_by=MONDAY), SettingError, "expected a time after 2026-11-23 10:00"),
        (
            OpenCase(vendor="cloud", said="x", answer_by=MONDAY + timedelta(days=31)),
            SettingError,
            "within 30 days",
        ),
        (
            OpenCase(vendor="cloud", said="x", answer_by=MONDAY + timedelta(hours=1), answer_within=5),
            SettingError,
            "leave one out",
        ),
    ):
        with pytest.raises(error, match=why):
            asked(verb)
    asked(OpenCase(vendor="cloud", said="x"))
    asked(OpenCase(vendor="cloud", said="y"))
    with pytest.raises(OutOfTurn, match="2 open cases with 'cloud': say which, one of 1, 2"):
        asked(CloseCase(vendor="cloud"))
    asked(CloseCase(vendor="cloud", case=2))
    asked(CloseCase(vendor="cloud"))
    with pytest.raises(OutOfTurn, match="no open case 2 with 'cloud'"):
        asked(NoteCase(vendor="cloud", case=2, said="x"))
    asked(Resolve(how="done"))
    asked(OpenCase(vendor="cloud", said="why did it happen?"))
    other = kept.at_hand.opened()
    CloseAsFalse(reason="x").run(kept.at_hand.desk, other, "ada")
    with pytest.raises(OutOfTurn, match=r"is over \(False alarm\)"):
        OpenCase(vendor="cloud", said="x").run(kept.at_hand.desk, other, "ada")


def test_an_incident_has_so_many_cases_and_no_more(kept: Any, asked: Any) -> None:
    for number in range(50):
        asked(OpenCase(vendor=f"v{number}", said="x"))
    with pytest.raises(OutOfTurn, match="expected at most 50"):
        asked(OpenCase(vendor="one more", said="x"))


def test_a_vendor_can_be_asked_where_the_directory_is_locked_or_does_not_know_it(kept: Any, asked: Any) -> None:
    kept.directory.key_file.unlink()
    incident = asked(OpenCase(vendor="cloud", said="nothing answers"))
    assert (incident.cases[1].name, incident.cases[1].answer_by) == ("cloud", None)


def test_what_was_said_is_erased_with_the_incident_and_numbers_of_the_directory_never_get_there(
    kept: Any, asked: Any
) -> None:
    asked(OpenCase(vendor="cloud", said="ask for Jo", contact="Jo", reference="CS-9"))
    kept.at_hand.beat()
    assert b"K-1" not in kept.written()
    asked(Resolve(how="done"))
    kept.at_hand.desk.erase(asked.incident, "asked for", by="eve")
    kept.at_hand.store.settle()
    (case,) = kept.at_hand.desk.incident(asked.incident).cases.values()
    assert (case.vendor, case.said, case.contact, case.reference) == ("[erased]", "[erased]", "[erased]", "[erased]")
    assert not {b"ask for Jo", b"CS-9"} & {one for one in (b"ask for Jo", b"CS-9") if one in kept.written()}
