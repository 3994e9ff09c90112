"""Backups of the store: taken while it works, read back, and put in place again."""

import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from support.responding import Responding, responding

from actinf.errors import SettingError, StoreError
from actinf.responder.incident import decisions
from actinf.responder.keeping.backup import back_up, key_beside, restore
from actinf.responder.record.anchoring import Anchoring, anchor_path, anchors_of
from actinf.responder.record.verification import Verdict, verify
from actinf.responder.store.database import FILE, KEY, Store
from actinf.responder.store.lock import sole

NOW = datetime(2026, 11, 24, tzinfo=UTC)


def noted(at_hand: Responding, name: str, text: str) -> None:
    at_hand.desk.act(name, lambda _: decisions.note(text), by="ada")


def anchored(at_hand: Responding) -> None:
    anchoring = Anchoring(at_hand.store)
    anchoring.anchor(at_hand.clock.now)
    anchoring.close()


def verified(folder: Path) -> Verdict:
    store = Store(folder)
    try:
        with store.reading() as connection:
            return verify(connection, store.key, anchors_of(folder, store.key))
    finally:
        store.close()


@pytest.fixture
def taken(desk_at_hand: Responding, tmp_path: Path) -> Path:
    """A backup, after which more was written."""
    name = desk_at_hand.opened()
    anchored(desk_at_hand)
    desk_at_hand.beat()
    made = back_up(desk_at_hand.store, tmp_path / "backup.db", with_key=False)
    assert made.verdict.good
    assert made.key is None
    noted(desk_at_hand, name, "written after the backup")
    desk_at_hand.opened()
    anchored(desk_at_hand)
    return made.path


def test_a_backup_is_one_file_for_its_owner_alone_and_holds_no_key(desk_at_hand: Responding, taken: Path) -> None:
    assert sorted(path.name for path in taken.parent.iterdir()) == ["backup.db", "store"]
    assert taken.stat().st_mode & 0o777 == 0o600
    assert desk_at_hand.store.key.hex().encode() not in taken.read_bytes()


def test_it_replaces_nothing(desk_at_hand: Responding, taken: Path) -> None:
    with pytest.raises(SettingError, match="never replaces"):
        back_up(desk_at_hand.store, taken, with_key=False)
    with pytest.raises(SettingError, match="no folder"):
        back_up(desk_at_hand.store, taken.parent / "none" / "x.db", with_key=False)


def test_a_store_that_was_tampered_with_gives_no_backup(desk_at_hand: Responding, tmp_path: Path) -> None:
    desk_at_hand.opened()
    with desk_at_hand.store.writing() as connection:
        connection.execute("UPDATE personal SET value = 'x'")
    with pytest.raises(StoreError, match="not what was written"):
        back_up(desk_at_hand.store, tmp_path / "backup.db", with_key=False)
    assert [path.name for path in tmp_path.iterdir()] == ["store"]


def test_restored_it_is_as_it_was_and_says_so_and_what_was_there_lies_beside(
    desk_at_hand: Responding, taken: Path
) -> None:
    folder = desk_at_hand.store.folder
    reader = desk_at_hand.desk
    done = restore(folder, taken, NOW)
    assert done.before is not None
    assert done.lost is not None
    assert done.lost > 1
    assert len(reader.list("all")) == 1, "who has the store open sees the restored one"
    verdict = verified(folder)
    assert verdict.good, verdict.wrong
    assert verdict.unanchored == 0
    assert "restored 2026-11-24 00:00 UTC from backup.db" in verdict.notes[0]
    assert verified(done.before).good
    assert b"written after the backup" in (done.before / FILE).read_bytes()


def test_a_number_that_was_given_is_not_given_again(desk_at_hand: Responding, taken: Path) -> None:
    restore(desk_at_hand.store.folder, taken, NOW)
    assert desk_at_hand.opened() == "2026-11-23-003"


def test_what_was_to_be_sent_then_says_that_it_may_have_been(desk_at_hand: Responding, tmp_path: Path) -> None:
    desk_at_hand.opened()
    desk_at_hand.pulse.once()
    made = back_up(desk_at_hand.store, tmp_path / "backup.db", with_key=False)
    desk_at_hand.beat()
    restore(desk_at_hand.store.folder, made.path, NOW)
    desk_at_hand.paper.sent.clear()
    desk_at_hand.beat()
    assert {message.subject.startswith("Possible duplicate") for message in desk_at_hand.paper.sent} == {True}


def test_what_was_erased_since_is_named(desk_at_hand: Responding, tmp_path: Path) -> None:
    name, other = desk_at_hand.opened(), desk_at_hand.opened()
    for one in (name, other):
        desk_at_hand.desk.act(one, lambda incident: decisions.resolve(incident, "nothing"), by="ada")
    desk_at_hand.desk.erase(other, "asked for", by="eve")
    made = back_up(desk_at_hand.store, tmp_path / "backup.db", with_key=False)
    desk_at_hand.desk.erase(name, "asked for", by="eve")
    assert restore(desk_at_hand.store.folder, made.path, NOW).erased == (name,)


def test_with_its_key_it_can_be_restored_anywhere(desk_at_hand: Responding, tmp_path: Path) -> None:
    desk_at_hand.opened()
    made = back_up(desk_at_hand.store, tmp_path / "backup.db", with_key=True)
    assert made.key == key_beside(made.path)
    other = tmp_path / "elsewhere"
    restore(other, made.path, NOW)
    assert verified(other).good
    assert (other / KEY).read_text().strip() == desk_at_hand.store.key.hex()
    made.key.unlink()
    with pytest.raises(SettingError, match=r"beside the backup as backup\.db\.key"):
        restore(tmp_path / "third", made.path, NOW)


def test_over_a_store_with_another_key_the_key_of_the_backup_counts(desk_at_hand: Responding, tmp_path: Path) -> None:
    desk_at_hand.opened()
    made = back_up(desk_at_hand.store, tmp_path / "backup.db", with_key=True)
    other = responding(tmp_path / "other")
    other.opened()
    anchored(other)
    other.store.close()
    done = restore(tmp_path / "other", made.path, NOW)
    assert verified(tmp_path / "other").good
    assert done.before is not None
    assert verified(done.before).good


def test_a_damaged_store_is_moved_aside(desk_at_hand: Responding, taken: Path) -> None:
    folder = desk_at_hand.store.folder
    desk_at_hand.store.close()
    for path in folder.glob(f"{FILE}*"):
        path.write_bytes(b"nonsense" * 1000)
    done = restore(folder, taken, NOW)
    assert done.lost is None
    assert verified(folder).good
    assert done.before is not None
    assert (done.before / FILE).read_bytes().startswith(b"nonsense")


@pytest.mark.parametrize("damage", ["cut", "edited", "nonsense"])
def test_a_broken_backup_changes_nothing(desk_at_hand: Responding, taken: Path, damage: str) -> None:
    if damage == "cut":
        taken.write_bytes(taken.read_bytes()[:20_000])
    elif damage == "nonsense":
        taken.write_bytes(b"nonsense" * 1000)
    else:
        with closing(sqlite3.connect(taken)) as raw:
            raw.execute("UPDATE personal SET value = 'another'")
            raw.commit()
    folder = desk_at_hand.store.folder
    before = sorted(path.name for path in folder.iterdir())
    with pytest.raises(StoreError):
        restore(folder, taken, NOW)
    assert len(desk_at_hand.desk.list("all")) == 2
    assert [name for name in sorted(path.name for path in folder.iterdir()) if name != "responder.lock"] == [
        name for name in before if name != "responder.lock"
    ]


def test_a_server_that_runs_keeps_its_store(
    desk_at_hand: Responding, taken: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("actinf.responder.keeping.backup._PATIENCE", 0.1)
    with sole(desk_at_hand.store.folder), pytest.raises(StoreError, match="stop it before"):
        restore(desk_at_hand.store.folder, taken, NOW)
    assert anchor_path(desk_at_hand.store.folder).exists()
