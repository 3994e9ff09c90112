"""Contacts and vendors in a store: sealed, logged, used for pages, and never in the way of one."""

import json
import logging
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from actinf.errors import ContactsLocked, NotFound, StoreError
from actinf.responder.contacts import directory
from actinf.responder.contacts.directory import Directory
from actinf.responder.contacts.document import contact_from, vendor_from
from actinf.responder.contacts.sealing import KeyRing, add_key, key_ring
from actinf.responder.documents import event_document
from actinf.responder.keeping.backup import back_up
from actinf.responder.oncall.rotation import Schedule
from actinf.responder.record.narrative import sentence
from actinf.responder.store import contacts, office
from actinf.responder.store.database import Store

FAY = {"name": "Fay Sutherland", "role": "CTO", "means": [{"phone": "+49 30 7654321"}, {"email": "fay@example.org"}]}
SECRETS = (b"7654321", b"fay@example.org", b"Sutherland", b"K-0123456", b"0800 123")
CLOUD = {"name": "Example Cloud", "kind": "cloud", "customer": "K-0123456", "phone": "0800 123 4567", "for": ["api"]}


def log_of(kept: Any) -> list[str]:
    with kept.at_hand.store.reading() as connection:
        return [f"{one.by}: {sentence(event_document(one))}" for one in office.log(connection)][1:]


def wrong(kept: Any) -> list[str]:
    with kept.at_hand.store.reading() as connection:
        return list(office.wrong_in(connection))


def fill(kept: Any) -> None:
    kept.directory.set_contacts([contact_from("fay", FAY)], by="eve")
    kept.directory.set_vendors([vendor_from("cloud", CLOUD)], by="eve")


def test_nothing_of_it_stands_in_the_clear_anywhere(
    kept: Any, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    fill(kept)
    kept.at_hand.opened()
    kept.at_hand.beat()
    assert kept.directory.contact("fay").document() == FAY
    assert kept.directory.vendor("cloud").document()["customer"] == "K-0123456"
    backed = back_up(kept.at_hand.store, tmp_path / "backup.db", with_key=True)
    assert backed.verdict.good
    everything = kept.written() + (tmp_path / "backup.db").read_bytes() + caplog.text.encode()
    assert [one for one in SECRETS if one in everything] == []
    assert not list(tmp_path.glob("*contacts.key"))


def test_what_was_done_is_logged_and_what_was_written_behind_its_back_is_found(kept: Any) -> None:
    fill(kept)
    kept.directory.set_contacts([contact_from("fay", FAY)], by="ben")
    kept.directory.remove_vendor("cloud", by="ben")
    assert log_of(kept) == [
        "eve: the contact fay was made",
        "eve: the vendor cloud was made",
        "ben: the contact fay was changed",
        "ben: the vendor cloud was removed",
    ]
    assert wrong(kept) == []
    with kept.at_hand.store.writing() as connection:
        connection.execute("DELETE FROM sealed WHERE name = 'fay'")
    assert wrong(kept) == ["contacts and vendors are not those that were set: they were changed in the file"]


def test_a_look_is_logged_once_an_hour_where_they_are_not_on_call(kept: Any) -> None:
    fill(kept)
    kept.directory.set_contacts([contact_from("ada", {**FAY, "name": "Ada"})], by="eve")
    before = len(log_of(kept))
    for _ in range(3):
        kept.directory.look("fay", by="ben")
        kept.directory.look("ada", by="ben")  # on call at the first level
        kept.directory.look("fay", by="fay")
    assert log_of(kept)[before:] == ["ben: looked at how fay is reached"]
    kept.at_hand.clock.pass_(minutes=61)
    kept.directory.look_at_all(by="ben")
    assert log_of(kept)[before:] == ["ben: looked at how fay is reached"] * 2


def test_a_look_that_cannot_be_logged_shows_nothing_however_often_it_is_tried(kept: Any, monkeypatch: Any) -> None:
    fill(kept)

    def full(*_: Any, **__: Any) -> None:
        raise StoreError("the disk is full")

    with monkeypatch.context() as no_room:
        no_room.setattr(office, "record", full)
        for _ in range(2):
            with pytest.raises(StoreError):
                kept.directory.look("fay", by="ben")
    kept.directory.look("fay", by="ben")
    assert log_of(kept)[-1] == "ben: looked at how fay is reached"


def test_a_page_reaches_who_has_their_address_among_the_contacts_alone(kept: Any) -> None:
    bare = json.loads(json.dumps(kept.at_hand.desk.schedule().document()))
    for person in bare["people"].values():
        person.pop("email")
    kept.at_hand.desk.set_schedule(Schedule.from_document(bare), by="eve")
    kept.directory.set_contacts(
        [contact_from("ada", {"name": "Ada", "role": "x", "means": [{"email": "ada@sealed.example.org"}]})], by="eve"
    )
    kept.at_hand.opened()
    kept.at_hand.beat()
    (page,) = [one for one in kept.at_hand.paper.sent if one.kind == "page"]
    assert page.to is not None
    assert page.to.email == "ada@sealed.example.org"
    assert b"ada@sealed" not in kept.written()


def test_what_the_schedule_says_comes_first(kept: Any) -> None:
    kept.directory.set_contacts(
        [contact_from("ada", {**FAY, "means": [{"email": "other@example.org"}, {"phone": "+49 30 111111"}]})], by="eve"
    )
    with kept.at_hand.store.reading() as connection:
        person = kept.directory.person(connection, "ada", kept.at_hand.desk.schedule())
        assert (person.email, person.phone) == ("ada@example.org", "+49 30 111111")
        assert kept.directory.person(connection, "nobody", None) is None


@pytest.mark.parametrize("how", ["gone", "another", "broken"])
def test_without_the_key_all_else_works_and_one_line_of_the_log_says_why(
    kept: Any, how: str, caplog: pytest.LogCaptureFixture
) -> None:
    kept.directory.set_contacts([contact_from("ada", FAY), contact_from("ben", FAY)], by="eve")
    fill(kept)
    if how == "gone":
        kept.directory.key_file.unlink()
    else:
        kept.directory.key_file.write_text("ab" * 32 if how == "another" else "no key")
    with caplog.at_level(logging.ERROR):
        kept.at_hand.opened()
        kept.at_hand.beat()
        for _ in range(3):
            kept.at_hand.clock.pass_(minutes=6)
            kept.at_hand.beat()
    assert {"ada", "ben"} <= {one.to.handle for one in kept.at_hand.paper.sent if one.to is not None}
    told = [one for one in caplog.messages if "what the schedule says alone" in one]
    assert len(told) == (2 if how == "another" else 1)  # each contact names its key
    assert kept.directory.handles() == ["ada", "ben", "fay"]
    for refused in (
        lambda: kept.directory.contact("fay"),
        kept.directory.contacts,
        kept.directory.vendors,
        lambda: kept.directory.set_contacts([contact_from("new", FAY)], by="eve"),
        lambda: kept.directory.seal_anew(by="eve"),
    ):
        with pytest.raises(ContactsLocked):
            refused()


def test_a_key_is_never_made_anew_over_what_another_sealed(kept: Any) -> None:
    fill(kept)
    kept.directory.key_file.unlink()
    with pytest.raises(ContactsLocked):
        kept.directory.set_contacts([contact_from("ada", FAY)], by="eve")
    assert not kept.directory.key_file.exists()


def test_the_schedule_is_left_with_handles_and_no_earlier_one_keeps_a_number(kept: Any) -> None:
    kept.at_hand.desk.set_schedule(kept.at_hand.desk.schedule(), by="eve")
    kept.directory.set_contacts([contact_from("ada", {**FAY, "means": [{"phone": "+49 30 123456"}]})], by="eve")
    assert kept.directory.import_schedule(by="eve") == ["ada", "ben", "cto", "eve", "sec"]
    assert [one.value for one in kept.directory.contact("ada").means] == ["ada@example.org", "+49 30 123456"]
    assert b"example.org" not in kept.written()
    assert not any(one.is_reachable for one in kept.at_hand.desk.schedule().people.values())
    assert "eve: the schedule: set: how 5 are reached was moved to the contacts" in log_of(kept)
    assert wrong(kept) == []
    kept.at_hand.opened()
    kept.at_hand.beat()
    assert [one.to.email for one in kept.at_hand.paper.sent if one.kind == "page"] == ["ada@example.org"]
    assert kept.directory.import_schedule(by="eve") == []


def test_a_contact_is_erased_with_what_earlier_schedules_say(kept: Any) -> None:
    fill(kept)
    people = kept.at_hand.desk.schedule().document()
    kept.at_hand.desk.set_schedule(Schedule.from_document(people), by="eve")
    kept.directory.import_schedule(by="eve")
    kept.directory.remove_contact("ada", by="eve")
    assert "ada" not in kept.directory.handles()
    assert b"ada@example.org" not in kept.written()
    with pytest.raises(NotFound, match="no contact is called 'ada'"):
        kept.directory.remove_contact("ada", by="eve")


def test_all_is_sealed_anew_and_then_needs_the_new_key_alone(kept: Any) -> None:
    fill(kept)
    before = key_ring(kept.directory.key_file).first
    add_key(kept.directory.key_file)
    count, first = kept.directory.seal_anew(by="eve")
    assert (count, first) == (2, key_ring(kept.directory.key_file).first)
    assert first != before
    assert wrong(kept) == []
    kept.directory.key_file.write_text(kept.directory.key_file.read_text().splitlines()[0])
    assert kept.directory.contact("fay").document() == FAY
    assert f"eve: contacts and vendors, 2 in all, are sealed with the key {first}" in log_of(kept)


def test_a_key_is_put_into_the_file_while_nobody_else_can_do_so(kept: Any, monkeypatch: Any) -> None:
    """Of two at once one would write the file without the key of the other, with which all may be sealed by then."""
    fill(kept)

    def alone(path: Path) -> KeyRing:
        other = sqlite3.connect(kept.at_hand.store.path, timeout=0)
        with pytest.raises(sqlite3.OperationalError, match="locked"):
            other.execute("BEGIN IMMEDIATE")
        other.close()
        return add_key(path)

    monkeypatch.setattr(directory, "add_key", alone)
    count, first = kept.directory.seal_anew(by="eve", new=True)
    assert (count, first) == (2, key_ring(kept.directory.key_file).first)
    assert len(key_ring(kept.directory.key_file).keys) == 2


def test_sealing_anew_that_is_broken_off_anywhere_leaves_all_as_it_was(kept: Any, monkeypatch: Any) -> None:
    """Whatever row the process dies at: the transaction is not there, and the old key still opens everything."""
    kept.directory.set_contacts([contact_from(f"p{number}", FAY) for number in range(5)], by="eve")
    kept.directory.set_vendors([vendor_from("cloud", CLOUD)], by="eve")
    add_key(kept.directory.key_file)
    really = contacts.seal_anew
    for dies_at in range(6):
        rows = iter(range(6))

        def dying(*given: Any, rows: Any = rows, dies_at: int = dies_at) -> None:
            if next(rows) == dies_at:
                raise KeyboardInterrupt
            really(*given)

        monkeypatch.setattr(contacts, "seal_anew", dying)
        with pytest.raises(KeyboardInterrupt):
            kept.directory.seal_anew(by="eve")
        other = sqlite3.connect(kept.at_hand.store.path)
        assert other.execute("SELECT count(DISTINCT key) FROM sealed").fetchone() == (1,)
        other.close()
        assert [one.document() for one in kept.directory.contacts()] == [FAY] * 5
        assert wrong(kept) == []
    monkeypatch.setattr(contacts, "seal_anew", really)
    assert kept.directory.seal_anew(by="eve")[0] == 6


def test_two_processes_share_the_store_and_its_keys(kept: Any) -> None:
    fill(kept)
    store = Store(kept.at_hand.store.folder)
    other = Directory(store, kept.at_hand.clock, kept.directory.key_file)
    add_key(kept.directory.key_file)
    other.seal_anew(by="eve")
    assert kept.directory.contact("fay").document() == FAY
    store.close()
