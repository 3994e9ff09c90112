"""What was erased of an incident is nowhere in the files of the store, whoever wrote it and wherever it went."""

from datetime import timedelta
from pathlib import Path

import pytest
from support.responding import Responding, responding

from actinf.errors import OutOfTurn
from actinf.responder.case_verbs import CloseCase, NoteCase, OpenCase
from actinf.responder.incident import decisions
from actinf.responder.incident.severity import Severity
from actinf.responder.intake.alert import Alert
from actinf.responder.intake.changes import Change, ChangeKind
from actinf.responder.publishing.page import NoticeState
from actinf.responder.publishing.verbs import Publish, UpdateNotice, Withhold
from actinf.responder.reception import Reception
from actinf.responder.record.evidence import kept_copy, written_down
from actinf.responder.record.verification import verify
from actinf.responder.store import changes, incidents, outbox, repeats
from actinf.responder.store.repeats import Answer
from actinf.responder.verbs import (
    VERBS,
    Acknowledge,
    AddAction,
    Assess,
    Assign,
    ChangeSeverity,
    Check,
    DoTask,
    HandEvidenceOn,
    HandOver,
    Learn,
    Link,
    Look,
    Note,
    Reach,
    Reopen,
    Resolve,
    SettleLegal,
    StateImpact,
    SuspectBreach,
    Verb,
)

SECRET = "zzsecretzz"


@pytest.fixture
def at_hand(tmp_path: Path) -> Responding:
    return responding(tmp_path / "store", rooms=True)


def said(at_hand: Responding) -> list[Verb]:
    """Every verb that takes words, with the secret in each of them."""
    text, due = f"a {SECRET} text", at_hand.clock.now + timedelta(days=1)
    return [
        Acknowledge(),
        Assign(to=SECRET),
        HandOver(to=f"{SECRET}2", note=text),
        Assess(severity=Severity.P0, components=("API",), impact=text, findings=text),
        ChangeSeverity(severity=Severity.P1, reason=text),
        Note(text=text),
        Publish(title=text, text=text, override=text),
        UpdateNotice(title=text, text=text),
        UpdateNotice(text=text, state=NoticeState.WITHDRAWN),
        Withhold(reason=text),
        Reach(milestone="root cause identified", text=text),  # type: ignore[arg-type]
        Link(target=f"https://tickets.example/{SECRET}", relation=SECRET),
        HandEvidenceOn(evidence=f"{SECRET}.log", to=f"{SECRET}3", note=text),
        SuspectBreach(what=text),
        SettleLegal(how=text),
        Check(item="users", passed=True, found=text),
        Resolve(how=text),
        Reopen(reason=text),
        Resolve(how=text),
        DoTask(task="restored", text=text),
        AddAction(text=text, owner=SECRET, due=due),
        StateImpact(revenue=text),
        Learn(text=text),
        OpenCase(vendor=SECRET, said=text, reference=SECRET, contact=SECRET),
        NoteCase(vendor=SECRET, said=text, reference=f"{SECRET}2", contact=f"{SECRET}2"),
        CloseCase(vendor=SECRET, said=text),
        Look(step="health", outcome="failing", note=text),
    ]


def alert(at_hand: Responding) -> Alert:
    return Alert(
        source="sentry",
        fingerprint="1" * 32,
        name=f"{SECRET} is not defined",
        status="firing",
        labels={"component": "Active Inference API", "incident_type": "other", "user": SECRET, "severity": "P1"},
        annotations={"summary": f"{SECRET} cannot log in"},
        starts_at=at_hand.clock.now,
        ends_at=None,
        generator_url=f"https://sentry.example/{SECRET}",
    )


def lived_through(at_hand: Responding, tmp_path: Path, by: str = SECRET) -> str:
    """An incident in which the secret was said everywhere, and sent."""
    name = at_hand.opened(incident_type="api_down", reasons=(f"P1: {SECRET}",), impact=f"{SECRET} cannot log in")
    at_hand.beat()
    file = tmp_path / f"{SECRET}.log"
    file.write_text("x")
    kept = kept_copy(file, at_hand.store.folder, name)
    written_down(at_hand.desk, name, kept, source=f"{SECRET}'s laptop", custody=SECRET, by=by)
    for verb in said(at_hand):
        verb.run(at_hand.desk, name, by)
        at_hand.clock.pass_(minutes=1)
        at_hand.beat()
    return name


def found_in(at_hand: Responding) -> list[str]:
    """The files of the store that hold the secret, but for the evidence itself, once nobody has it open."""
    at_hand.store.close()
    return [
        path.name for path in at_hand.store.folder.iterdir() if path.is_file() and SECRET.encode() in path.read_bytes()
    ]


def test_nothing_of_it_is_left_in_the_store(at_hand: Responding, tmp_path: Path) -> None:
    reception = Reception(at_hand.desk)
    reception.accept([alert(at_hand)])
    while reception.digest():
        pass
    (by_alert,) = at_hand.desk.list()
    name = lived_through(at_hand, tmp_path)
    at_hand.desk.act(by_alert.id, lambda one: decisions.resolve(one, "x"), by="ada")
    assert found_in(at_hand) == ["responder.db"]
    for one in (by_alert.id, name):
        at_hand.desk.erase(one, "asked for", by="eve")
    assert found_in(at_hand) == []
    with at_hand.store.reading() as connection:
        assert verify(connection, at_hand.store.key, None).wrong == ()
        assert {one.subject for one in outbox.updates(connection, name)} == {"[erased]"}
    # It is still an incident that can be shown, and whose alert may come again.
    assert at_hand.desk.document(by_alert.id)["reasons"] == ("[erased]",)
    at_hand.clock.pass_(minutes=90)
    reception.accept([alert(at_hand)])
    while reception.digest():
        pass
    assert len(at_hand.desk.list()) == 1
    at_hand.store.close()


def test_what_was_merged_into_it_goes_with_it(at_hand: Responding, tmp_path: Path) -> None:
    first, second, third = (at_hand.opened(impact=f"{SECRET} {n}") for n in range(3))
    at_hand.desk.merge(third, second, by=SECRET)
    at_hand.desk.merge(second, first, by=SECRET)
    with pytest.raises(OutOfTurn, match="is open"):
        at_hand.desk.erase(first, "asked for", by="eve")
    at_hand.beat()
    at_hand.desk.act(first, lambda one: decisions.resolve(one, SECRET), by=SECRET)
    at_hand.beat()
    at_hand.desk.erase(first, "asked for", by="eve")
    assert found_in(at_hand) == []
    with at_hand.store.reading() as connection:
        assert verify(connection, at_hand.store.key, None).wrong == ()
        assert incidents.absorbed_by(connection, incidents.incident(connection, first)) == [second, third]
    at_hand.store.close()


def test_answers_about_what_it_was_merged_into_go_when_it_is_erased_alone(at_hand: Responding) -> None:
    first, second, third = (at_hand.opened(impact=f"{SECRET} {n}") for n in range(3))
    at_hand.desk.merge(third, second, by="ada")
    at_hand.desk.merge(second, first, by="ada")
    given = Answer(operation="x", digest=b"", incident=first, body=b"tells all three", at=at_hand.clock.now)
    with at_hand.store.writing() as connection:
        repeats.keep(connection, "ada", "key", given)
    at_hand.desk.erase(third, "asked for", by="eve")
    with at_hand.store.reading() as connection:
        assert repeats.answer(connection, "ada", "key", at_hand.clock.now) is None
    at_hand.store.close()


def test_changes_that_were_copied_into_it_go_from_its_timeline(at_hand: Responding) -> None:
    change = Change(kind=ChangeKind.DEPLOY, what="1.4.2", by=SECRET, at=at_hand.clock.now - timedelta(hours=1), url="")
    with at_hand.store.writing() as connection:
        changes.keep(connection, change)
    name = at_hand.opened()
    assert SECRET in at_hand.desk.incident(name).changes[0]
    at_hand.desk.act(name, lambda one: decisions.resolve(one, "x"), by="ada")
    at_hand.desk.erase(name, "asked for", by="eve")
    assert at_hand.desk.incident(name).changes == ("[erased]",)
    at_hand.store.close()


def test_every_verb_that_takes_words_is_tried_here(at_hand: Responding) -> None:
    tried = {verb.verb for verb in said(at_hand)}
    without = {"erase", "close", "merge", "check-by-machine", "action-done", "evidence-remove"}
    assert set(VERBS) - tried == without
    at_hand.store.close()
