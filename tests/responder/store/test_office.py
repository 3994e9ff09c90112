"""Changes of accounts, keys and the schedule are logged in the chain, and what was changed in the file shows."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from support.duties import EXAMPLE
from support.responding import Responding

from actinf.errors import NoSuchIncident
from actinf.responder.access.accounts import Access
from actinf.responder.access.roles import Role
from actinf.responder.catalogue.parts import Catalogue
from actinf.responder.documents import event_document
from actinf.responder.keeping.backup import back_up, restore
from actinf.responder.oncall.rotation import Schedule
from actinf.responder.record.narrative import sentence
from actinf.responder.record.verification import verify
from actinf.responder.store.database import FILE, Store
from actinf.responder.store.office import OFFICE
from actinf.responder.store.schema import STEPS
from actinf.runtime.key_file import make_key_file


@pytest.fixture
def access(desk_at_hand: Responding) -> Access:
    """Two accounts and a key, of a responder with a schedule."""
    access = Access(desk_at_hand.store, desk_at_hand.clock)
    access.set_account("root", Role.ADMIN, by="local")
    access.set_account("ada", Role.RESPONDER, by="root")
    access.set_password("ada", "correct horse battery", by="root")
    access.create_key("ada", "the nightly job", days=30, by="ada")
    return access


def told(access: Access) -> list[tuple[str, str]]:
    return [(one.by, sentence(event_document(one))) for one in access.log()]


def wrong(store: Store) -> list[str]:
    with store.reading() as connection:
        return [one.what for one in verify(connection, store.key, None).wrong]


def test_who_did_what_is_in_the_log(desk_at_hand: Responding, access: Access) -> None:
    (key,) = access.keys()
    access.set_account("ada", Role.COMMANDER, security=True, by="root")
    access.revoke_key(key.prefix, by="root")
    access.remove("ada", by="root")
    assert told(access) == [
        ("eve", "the schedule: set"),
        ("local", "root is admin"),
        ("root", "ada is responder"),
        ("root", "ada has another password"),
        ("ada", f"ada has the key {key.prefix}, until 2026-12-23 10:00 UTC: the nightly job"),
        ("root", "ada is commander, and sees what is private"),
        ("root", f"the key {key.prefix} is revoked"),
        ("root", "ada has no account any more"),
    ]
    assert wrong(desk_at_hand.store) == []
    assert access.log(since=desk_at_hand.clock.now.replace(year=2027)) == []


def test_the_office_is_no_incident(desk_at_hand: Responding, access: Access) -> None:
    assert len(access.log()) == 5
    with pytest.raises(NoSuchIncident, match="there is none yet"):
        desk_at_hand.desk.incident(OFFICE)
    with desk_at_hand.store.reading() as connection:
        assert verify(connection, desk_at_hand.store.key, None).incidents == 0


@pytest.mark.parametrize(
    ("change", "found"),
    [
        (
            "UPDATE account SET role = 'admin' WHERE handle = 'ada'",
            "the account ada is admin, and by the log responder",
        ),
        ("UPDATE account SET security = 1 WHERE handle = 'ada'", "the account ada is responder, sees what is private"),
        ("UPDATE account SET password = 'x' WHERE handle = 'ada'", "the account ada has another secret"),
        ("DELETE FROM account WHERE handle = 'ada'", "the account ada is gone"),
        ("INSERT INTO account VALUES ('mallory', 'admin', 1, NULL, 0)", "the account mallory is there"),
        ("UPDATE api_key SET handle = 'root'", "root's, not revoked, and by the log ada's, not revoked"),
        ("UPDATE api_key SET digest = zeroblob(32)", "has another secret"),
        ("DELETE FROM api_key", "is gone, and the log does not say that it was ended"),
        (
            "INSERT INTO api_key VALUES ('mallory1', 'root', zeroblob(32), '', 0, NULL, NULL)",
            "the key mallory1 is there",
        ),
        ("UPDATE roster SET document = replace(document, 'ada', 'ben')", "the schedule is not the one that was set"),
        ("DELETE FROM roster", "the schedule is not the one that was set"),
    ],
)
def test_what_was_changed_in_the_file_is_found(
    desk_at_hand: Responding, access: Access, change: str, found: str
) -> None:
    assert len(access.log()) == 5
    with desk_at_hand.store.writing() as connection:
        connection.execute(change)
    assert any(found in one for one in wrong(desk_at_hand.store)), wrong(desk_at_hand.store)


def test_a_catalogue_that_was_set_is_logged_and_held_against_the_file(desk_at_hand: Responding, access: Access) -> None:
    desk_at_hand.desk.set_catalogue(Catalogue.shipped(), by="grace")
    told = access.log()[-1]
    assert (told.by, told.event.kind) == ("grace", "catalogue")
    assert wrong(desk_at_hand.store) == []
    with desk_at_hand.store.writing() as connection:
        connection.execute("UPDATE catalogue SET document = replace(document, 'Database', 'Databank')")
    assert wrong(desk_at_hand.store) == ["the catalogue is not the one that was set: it was changed in the file"]


def test_a_key_that_was_revoked_and_let_in_again_is_found(desk_at_hand: Responding, access: Access) -> None:
    (key,) = access.keys()
    access.revoke_key(key.prefix, by="root")
    with desk_at_hand.store.writing() as connection:
        connection.execute("UPDATE api_key SET revoked_at = NULL")
    assert wrong(desk_at_hand.store) == [
        f"the key {key.prefix} is ada's, not revoked, and by the log ada's, revoked: it was changed in the file"
    ]


def test_the_log_itself_cannot_be_changed(desk_at_hand: Responding, access: Access) -> None:
    assert len(access.log()) == 5
    with desk_at_hand.store.writing() as connection:
        connection.execute("UPDATE personal SET value = 'eve' WHERE value = 'root'")
    assert any("is not what was written" in one for one in wrong(desk_at_hand.store))


def test_what_fails_is_not_logged(desk_at_hand: Responding, access: Access) -> None:
    before = len(access.log())
    for work in (lambda: access.remove("nobody", by="root"), lambda: access.revoke_key("nothing1", by="root")):
        with pytest.raises(ValueError, match=r"nobody|nothing1"):
            work()
    assert len(access.log()) == before


# ------------------------------------------------------------------------------------------------------ earlier stores


@pytest.fixture
def first_version(tmp_path: Path) -> Path:
    """A store as the first version of the schema had it, with an account, keys and a schedule."""
    folder = tmp_path / "first"
    folder.mkdir()
    make_key_file(folder / "responder.key")
    schedule = Schedule.from_text(EXAMPLE)
    with closing(sqlite3.connect(folder / FILE)) as made:
        assert isinstance(STEPS[0], str)
        made.executescript(STEPS[0])
        made.execute("INSERT INTO account VALUES ('ada', 'admin', 0, '$argon2id$x', 5)")
        made.execute("INSERT INTO account VALUES ('ben', 'viewer', 1, NULL, 5)")
        for prefix, revoked in (("aaaaaaaa", None), ("bbbbbbbb", 7)):
            made.execute("INSERT INTO api_key VALUES (?, 'ben', zeroblob(32), '', 6, NULL, ?)", [prefix, revoked])
        made.execute("INSERT INTO roster VALUES (1, 5, 'ada', ?)", [json.dumps(schedule.document())])
        made.execute("PRAGMA user_version = 1")
        made.commit()
    return folder


def test_a_store_of_the_first_version_opens_and_begins_its_log(first_version: Path) -> None:
    for _ in range(2):  # once more changes nothing
        store = Store(first_version)
        with store.reading() as connection:
            assert connection.execute("PRAGMA user_version").fetchone()[0] == len(STEPS)
            verdict = verify(connection, store.key, None)
            said = [row[0] for row in connection.execute("SELECT kind FROM event ORDER BY seq")]
        assert verdict.wrong == ()
        assert said == ["account", "password", "account", "key", "key", "key revoked", "schedule"]
        store.close()
    store = Store(first_version)
    with store.writing() as connection:
        connection.execute("UPDATE account SET role = 'admin' WHERE handle = 'ben'")
    assert len(wrong(store)) == 1
    store.close()


def test_a_backup_of_the_first_version_is_restored(
    first_version: Path, tmp_path: Path, desk_at_hand: Responding
) -> None:
    file = tmp_path / "old.db"
    file.write_bytes((first_version / FILE).read_bytes())
    (tmp_path / "old.db.key").write_bytes((first_version / "responder.key").read_bytes())
    restore(tmp_path / "new", file, desk_at_hand.clock.now)
    store = Store(tmp_path / "new")
    assert wrong(store) == []
    made = back_up(store, tmp_path / "again.db", with_key=True)
    assert made.verdict.good
    store.close()
