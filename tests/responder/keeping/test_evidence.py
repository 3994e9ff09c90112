"""Evidence goes into backups and comes back from them, and what is not what was taken is said."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from support.responding import Responding

from actinf.errors import StoreError
from actinf.responder.incident import decisions
from actinf.responder.keeping.backup import back_up, restore
from actinf.responder.keeping.evidence import evidence_beside, items, wrong_in
from actinf.responder.record.evidence import kept_copy, removed, written_down

NOW = datetime(2026, 11, 24, tzinfo=UTC)


@pytest.fixture
def name(desk_at_hand: Responding, tmp_path: Path) -> str:
    """An incident with two files of evidence."""
    incident = desk_at_hand.opened()
    for file in ("pods.log", "heap.bin"):
        taken(desk_at_hand, incident, tmp_path / file)
    return incident


def taken(at_hand: Responding, incident: str, file: Path) -> None:
    file.write_text(f"content of {file.name}\n")
    kept = kept_copy(file, at_hand.store.folder, incident)
    written_down(at_hand.desk, incident, kept, source="", custody="", by="ada")
    file.unlink()


def backed_up(at_hand: Responding, target: Path) -> Path:
    back_up(at_hand.store, target, with_key=False)
    return target


def kept(at_hand: Responding, incident: str, file: str) -> Path:
    return at_hand.store.folder / "evidence" / incident / file


def altered(path: Path) -> None:
    path.chmod(0o600)
    path.write_bytes(path.read_bytes()[::-1])


def wrong(at_hand: Responding) -> list[str]:
    with at_hand.store.reading() as connection:
        return list(wrong_in(at_hand.store.folder, items(connection)))


def test_files_are_beside_the_backup_for_their_owner_alone(desk_at_hand: Responding, name: str, tmp_path: Path) -> None:
    made = back_up(desk_at_hand.store, tmp_path / "b.db", with_key=False)
    beside = evidence_beside(made.path)
    assert (made.evidence.files, made.evidence.new) == (2, 2)
    copies = sorted((beside / name).iterdir())
    assert [one.read_text() for one in copies] == ["content of heap.bin\n", "content of pods.log\n"]
    assert {one.stat().st_mode & 0o777 for one in copies} == {0o400}
    assert beside.stat().st_mode & 0o777 == 0o700
    live = kept(desk_at_hand, name, "pods.log")
    assert not (beside / name / "pods.log").samefile(live), "whoever writes to one must not change the other"


def test_the_next_backup_takes_no_room_for_what_the_one_before_has(
    desk_at_hand: Responding, name: str, tmp_path: Path
) -> None:
    first = backed_up(desk_at_hand, tmp_path / "1.db")
    taken(desk_at_hand, name, tmp_path / "new")
    made = back_up(desk_at_hand.store, tmp_path / "2.db", with_key=False)
    assert (made.evidence.files, made.evidence.new) == (3, 1)
    old, new = (evidence_beside(one) / name / "pods.log" for one in (first, made.path))
    assert old.samefile(new)
    # One that went bad is no source for those that come after it.
    altered(old)
    third = back_up(desk_at_hand.store, tmp_path / "3.db", with_key=False)
    assert (evidence_beside(third.path) / name / "pods.log").read_text() == "content of pods.log\n"


@pytest.mark.parametrize("how", ["missing", "altered"])
def test_a_file_that_is_not_what_was_taken_fails_the_backup(
    desk_at_hand: Responding, name: str, tmp_path: Path, how: str
) -> None:
    path = kept(desk_at_hand, name, "pods.log")
    if how == "missing":
        path.unlink()
    else:
        altered(path)
    assert [one[: one.index(":")] for one in wrong(desk_at_hand)] == [f"evidence pods.log of {name} is {how}"]
    with pytest.raises(StoreError, match=rf"no backup: pods\.log of {name} is {how}"):
        backed_up(desk_at_hand, tmp_path / "b.db")
    assert not (tmp_path / "b.db").exists()
    # What could be copied is there for the next attempt, which ends well once the file is put right.
    there = evidence_beside(tmp_path / "b.db") / name / "heap.bin"
    before = there.stat().st_ino
    path.unlink(missing_ok=True)
    path.write_text("content of pods.log\n")
    made = back_up(desk_at_hand.store, tmp_path / "b.db", with_key=False)
    assert (made.evidence.files, made.evidence.new) == (2, 1)
    assert there.stat().st_ino == before


def test_half_a_copy_of_an_attempt_before_is_made_anew(desk_at_hand: Responding, name: str, tmp_path: Path) -> None:
    half = evidence_beside(tmp_path / "b.db") / name / "pods.log"
    half.parent.mkdir(parents=True)
    half.write_text("content of")
    backed_up(desk_at_hand, tmp_path / "b.db")
    assert half.read_text() == "content of pods.log\n"


def test_what_was_removed_is_not_missed(desk_at_hand: Responding, name: str, tmp_path: Path) -> None:
    removed(desk_at_hand.desk, name, "pods.log", "asked for", by="eve")
    made = back_up(desk_at_hand.store, tmp_path / "b.db", with_key=False)
    assert made.evidence.files == 1
    assert wrong(desk_at_hand) == []


def test_restored_it_is_all_back_and_what_stood_in_the_way_lies_aside(
    desk_at_hand: Responding, name: str, tmp_path: Path
) -> None:
    file = backed_up(desk_at_hand, tmp_path / "b.db")
    altered(kept(desk_at_hand, name, "pods.log"))
    kept(desk_at_hand, name, "heap.bin").unlink()
    taken(desk_at_hand, name, tmp_path / "later")
    done = restore(desk_at_hand.store.folder, file, NOW)
    assert (done.evidence, done.lacking) == (2, ())
    assert wrong(desk_at_hand) == []
    assert done.before is not None
    assert (done.before / "evidence" / name / "pods.log").read_text() == "content of pods.log\n"[::-1]
    assert kept(desk_at_hand, name, "later").exists(), "what came after the backup is not deleted"


def test_on_another_machine_it_is_all_there(desk_at_hand: Responding, name: str, tmp_path: Path) -> None:
    made = back_up(desk_at_hand.store, tmp_path / "b.db", with_key=True)
    other = tmp_path / "elsewhere"
    assert restore(other, made.path, NOW).evidence == 2
    assert (other / "evidence" / name / "pods.log").read_text() == "content of pods.log\n"


def test_a_backup_whose_evidence_is_not_there_is_restored_only_where_that_is_wanted(
    desk_at_hand: Responding, name: str, tmp_path: Path
) -> None:
    file = backed_up(desk_at_hand, tmp_path / "b.db")
    for path in (kept(desk_at_hand, name, "pods.log"), evidence_beside(file) / name / "pods.log"):
        altered(path)
    desk_at_hand.desk.act(name, lambda _: decisions.note("after the backup"), by="ada")
    number = desk_at_hand.desk.incident(name).number
    with pytest.raises(StoreError, match=rf"nothing was changed: pods\.log of {name}\. .*--without-evidence"):
        restore(desk_at_hand.store.folder, file, NOW)
    assert desk_at_hand.desk.incident(name).number == number
    done = restore(desk_at_hand.store.folder, file, NOW, without_evidence=True)
    assert done.lacking == (f"pods.log of {name}",)
    assert desk_at_hand.desk.incident(name).number == number - 1


def test_files_whose_names_were_erased_go_there_and_back(desk_at_hand: Responding, name: str, tmp_path: Path) -> None:
    desk_at_hand.desk.act(name, lambda one: decisions.resolve(one, "nothing"), by="ada")
    desk_at_hand.desk.erase(name, "asked for", by="eve")
    file = backed_up(desk_at_hand, tmp_path / "b.db")
    for path in (desk_at_hand.store.folder / "evidence" / name).iterdir():
        path.unlink()
    assert restore(desk_at_hand.store.folder, file, NOW).evidence == 2
    assert wrong(desk_at_hand) == []
