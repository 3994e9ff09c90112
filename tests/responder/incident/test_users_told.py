"""The item "Affected users notified" rests on an update that was sent, or on words."""

import pytest
from support.responding import Responding

from actinf.errors import SettingError
from actinf.responder.documents import event_document
from actinf.responder.incident import decisions
from actinf.responder.incident.severity import Severity
from actinf.responder.record.narrative import sentence
from actinf.responder.store import outbox
from actinf.responder.verbs import Check


@pytest.fixture
def name(desk_at_hand: Responding) -> str:
    """An incident that was opened and resolved, and everybody was told of both."""
    incident = desk_at_hand.opened(Severity.P1)
    desk_at_hand.beat()
    desk_at_hand.clock.pass_(minutes=20)
    desk_at_hand.desk.act(incident, lambda one: decisions.resolve(one, "rolled back"), by="ada")
    desk_at_hand.clock.pass_(minutes=1)
    desk_at_hand.beat()
    return incident


def sent(at_hand: Responding, incident: str) -> list[outbox.Update]:
    with at_hand.store.reading() as connection:
        return outbox.updates(connection, incident)


def test_what_told_everybody_is_offered_the_latest_first(desk_at_hand: Responding, name: str) -> None:
    updates = sent(desk_at_hand, name)
    assert [one.kind for one in updates] == ["resolved", "alert"]
    assert updates[0].sent_at == desk_at_hand.clock.now, "when it arrived, and not when it was put in"
    assert {message.kind.value for message in desk_at_hand.paper.sent} > {"resolved", "alert"}, "pages are no updates"
    offered = desk_at_hand.desk.document(name)["updates"]
    sent_to_all = [one["number"] for one in offered if one["channel"] != "status page"]
    assert sent_to_all == [one.number for one in updates]


def test_the_record_shows_the_message_that_told_them(desk_at_hand: Responding, name: str) -> None:
    (update, _) = sent(desk_at_hand, name)
    for message in ("latest", update.number):
        after = Check(item="users", passed=True, message=message).run(desk_at_hand.desk, name, "ada")
        found = after.checklist["users"]
        assert (found.channel, found.reference, found.sent_at) == ("paper", update.reference, update.sent_at)
        assert found.subject == update.subject
    told = sentence(event_document(desk_at_hand.desk.timeline(name)[-1]))
    assert f"(paper, {update.reference}, 2026-11-23 10:21 UTC)" in told
    shown = next(one for one in desk_at_hand.desk.document(name)["checklist"] if one["item"] == "users")
    assert shown["update"]["reference"] == update.reference


def test_it_passes_by_words_and_not_by_nothing(desk_at_hand: Responding, name: str) -> None:
    with pytest.raises(SettingError, match=r"by what users were told is not said: .*--sent.*--found"):
        Check(item="users", passed=True, found=" ").run(desk_at_hand.desk, name, "ada")
    after = Check(item="users", passed=True, found="on the status page").run(desk_at_hand.desk, name, "ada")
    assert (after.checklist["users"].passed, after.checklist["users"].channel) == (True, "")
    # That they were not told needs no message, and has none.
    after = Check(item="users", passed=False, message="latest").run(desk_at_hand.desk, name, "ada")
    assert (after.checklist["users"].passed, after.checklist["users"].channel) == (False, "")


def test_a_message_that_was_not_sent_is_refused_with_those_that_were(desk_at_hand: Responding, name: str) -> None:
    page = next(one for one in _rows(desk_at_hand) if one["kind"] == "page")
    for number in (999, page["id"]):
        with pytest.raises(
            SettingError, match=rf"no update {number} of {name} was sent: expected one of \d+ \(paper, "
        ):
            Check(item="users", passed=True, message=number).run(desk_at_hand.desk, name, "ada")
    other = desk_at_hand.opened(Severity.P2)
    with pytest.raises(SettingError, match="sent to everybody: say in words"):
        Check(item="users", passed=True, message="latest").run(desk_at_hand.desk, other, "ada")
    with pytest.raises(SettingError, match="only 'users' rests on one"):
        Check(item="alerts", passed=True, message="latest").run(desk_at_hand.desk, name, "ada")


def _rows(at_hand: Responding) -> list[dict[str, object]]:
    with at_hand.store.reading() as connection:
        return [dict(row) for row in connection.execute("SELECT * FROM outbox")]


def test_where_no_channel_is_set_up_nobody_was_told(desk_at_hand: Responding, name: str) -> None:
    with desk_at_hand.store.writing() as connection:
        connection.execute("UPDATE outbox SET channel = 'none'")
    assert sent(desk_at_hand, name) == []


def test_what_an_earlier_version_sent_has_the_time_at_which_it_was_put_in(desk_at_hand: Responding, name: str) -> None:
    with desk_at_hand.store.writing() as connection:
        connection.execute("UPDATE outbox SET sent_at = NULL")
    assert [f"{one.sent_at:%H:%M}" for one in sent(desk_at_hand, name)] == ["10:20", "10:00"]
