"""Whether contacts are reached: tried with a code, answered or not, due again, and told once to who manages."""

import re
from datetime import timedelta
from typing import Any

import pytest
from support.responding import MONDAY

from actinf.errors import NotFound, OutOfTurn, SettingError
from actinf.responder.contacts.document import contact_from
from actinf.responder.contacts.reminding import Reminding
from actinf.responder.contacts.trying import Trying

FAY = {"name": "Fay", "role": "CTO", "means": [{"email": "fay@example.org"}]}
EVERY = timedelta(days=90)


@pytest.fixture
def trying(kept: Any) -> Trying:
    kept.directory.set_contacts([contact_from(handle, FAY) for handle in ("ada", "fay")], by="eve")
    return Trying(kept.at_hand.desk, EVERY, "https://respond.example.org")


def state(trying: Trying, handle: str = "fay") -> tuple[str, bool]:
    found = trying.standings()[handle]
    return str(found.state), found.is_due


def deliver(kept: Any) -> Any:
    while kept.at_hand.courier.deliver(kept.at_hand.paper):
        pass
    return kept.at_hand.paper.sent[-1]


def test_a_test_reaches_who_is_in_no_schedule_and_is_answered_by_its_code(kept: Any, trying: Trying) -> None:
    assert state(trying) == ("never tried", True)
    name = trying.ask("fay", by="eve")
    assert name.startswith("fay@")
    assert state(trying) == ("waits for an answer", False)
    message = deliver(kept)
    assert (message.to.email, message.subject) == ("fay@example.org", "Contact test: nothing has happened")
    (code,) = [value for label, value in message.fields if label == "Code"]
    assert re.fullmatch(r"[A-Z2-9]{4}-[A-Z2-9]{4}-[A-Z2-9]{4}", code)
    assert f"https://respond.example.org/contacts/confirm/{code.replace('-', '')}" in message.text
    kept.at_hand.clock.pass_(hours=3)
    assert trying.confirm(f" {code.lower()} ") == "fay"
    found = trying.standings()["fay"]
    assert (str(found.state), found.is_due, found.at) == ("reached", False, MONDAY + timedelta(hours=3))
    assert found.due_at == MONDAY + timedelta(hours=3) + EVERY
    assert trying.confirm(code) == "fay", "a second tap is no mistake"
    assert trying.standings()["fay"].at == MONDAY + timedelta(hours=3)
    kept.at_hand.clock.pass_(days=90)
    assert state(trying) == ("to be tried again", True)


@pytest.mark.parametrize("code", ["", "ABCD", "AAAA-BBBB-CCCC", "A" * 400, "AAAA-BBBB-CCC\x00", "' OR 1=1 --    "])
def test_another_code_is_of_none(trying: Trying, code: str) -> None:
    trying.ask("fay", by="eve")
    with pytest.raises(NotFound, match="no test has this code"):
        trying.confirm(code)
    assert state(trying) == ("waits for an answer", False)


def test_who_does_not_answer_is_to_be_tried_and_a_code_ends(kept: Any, trying: Trying) -> None:
    trying.ask("fay", by="eve")
    (code,) = [value for label, value in deliver(kept).fields if label == "Code"]
    kept.at_hand.clock.pass_(days=2, seconds=1)
    assert state(trying) == ("did not answer", True)
    kept.at_hand.clock.pass_(days=12, seconds=1)
    with pytest.raises(NotFound, match="or it is over"):
        trying.confirm(code)


def test_a_code_is_not_in_the_table_of_trials(kept: Any, trying: Trying) -> None:
    trying.ask("fay", by="eve")
    (code,) = [value for label, value in deliver(kept).fields if label == "Code"]
    with kept.at_hand.store.reading() as connection:
        (row,) = connection.execute("SELECT * FROM contact_trial").fetchall()
    assert code not in str(tuple(row))
    assert code.replace("-", "").encode() not in bytes(row["code"])


def test_it_is_said_by_hand_after_a_call(kept: Any, trying: Trying) -> None:
    trying.said("fay", reached=False, by="eve")
    assert state(trying) == ("not reached", True)
    trying.ask("fay", by="eve")
    trying.said("fay", reached=True, by="eve")
    assert state(trying) == ("reached", False)
    with kept.at_hand.store.reading() as connection:
        assert connection.execute("SELECT count(*) FROM contact_trial").fetchone()[0] == 2
    with pytest.raises(NotFound, match="no contact is called 'nobody'"):
        trying.said("nobody", reached=True, by="eve")
    with pytest.raises(OutOfTurn, match="no test to fay waits for an answer"):
        trying.said("fay", reached=True, by="fay")


def test_what_cannot_be_sent_is_refused_and_leaves_no_trial(kept: Any, trying: Trying) -> None:
    kept.directory.set_contacts([contact_from("fay", {**FAY, "means": [{"web": "https://x.org"}]})], by="eve")
    with pytest.raises(SettingError, match="no channel that is set up reaches fay"):
        trying.ask("fay", by="eve")
    with pytest.raises(NotFound, match="no contact is called 'nobody'"):
        trying.ask("nobody", by="eve")
    trying.ask("ada", by="eve")
    with pytest.raises(SettingError, match="a moment ago"):
        trying.ask("ada", by="eve")
    assert state(trying) == ("never tried", True)


def test_who_manages_is_told_once_in_business_hours(kept: Any, trying: Trying) -> None:
    reminding = Reminding(trying)

    def told() -> list[tuple[str, str]]:
        while reminding.once():
            pass
        while kept.at_hand.courier.deliver(kept.at_hand.paper):
            pass
        found = [(one.to.handle, one.text) for one in kept.at_hand.paper.sent if one.kind == "reminder"]
        kept.at_hand.paper.sent.clear()
        return found

    assert told() == [], "who was made a contact today is left in peace"
    kept.at_hand.clock.pass_(days=5)  # a Saturday
    trying.said("fay", reached=False, by="eve")
    assert told() == []
    kept.at_hand.clock.pass_(days=2, hours=10)  # Monday, in the evening
    assert told() == []
    kept.at_hand.clock.pass_(hours=14)
    assert told() == [("eve", "Try whether 2 contacts can be reached, ada, fay: actinf contacts test --due")]
    kept.at_hand.clock.pass_(days=1)
    assert told() == []
    trying.said("ada", reached=True, by="eve")
    trying.said("fay", reached=True, by="eve")
    kept.at_hand.clock.pass_(days=91)
    assert told() == [("eve", "Try whether 2 contacts can be reached, ada, fay: actinf contacts test --due")]
    trying.said("fay", reached=False, by="eve")
    kept.at_hand.clock.pass_(minutes=5)
    assert told() == [("eve", "Try whether 1 contact can be reached, fay: actinf contacts test --due")]


def test_nobody_is_told_of_a_reminder_that_was_broken_off_twice(kept: Any, trying: Trying, monkeypatch: Any) -> None:
    kept.at_hand.clock.pass_(days=7)
    reminding = Reminding(trying)
    really = kept.at_hand.desk.announcer.tell

    def dying(*given: Any) -> None:
        really(*given)
        raise KeyboardInterrupt

    monkeypatch.setattr(kept.at_hand.desk.announcer, "tell", dying)
    with pytest.raises(KeyboardInterrupt):
        reminding.once()
    monkeypatch.setattr(kept.at_hand.desk.announcer, "tell", really)
    assert reminding.once()
    assert not reminding.once()
    while kept.at_hand.courier.deliver(kept.at_hand.paper):
        pass
    assert kept.at_hand.paper.kinds == ["reminder"]


def test_trials_go_with_their_contact(kept: Any, trying: Trying) -> None:
    trying.ask("fay", by="eve")
    kept.directory.remove_contact("fay", by="eve")
    with kept.at_hand.store.reading() as connection:
        assert connection.execute("SELECT count(*) FROM contact_trial").fetchone()[0] == 0
