"""What somebody who can write the store changes in the timelines is found."""

import json
import random
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from support.responding import Responding

from actinf.errors import StoreError
from actinf.responder.incident import decisions
from actinf.responder.record.anchoring import Anchoring, anchor_path, anchors_of
from actinf.responder.record.verification import Verdict, verify
from actinf.responder.store.database import Store


@dataclass
class Kept:
    """A store with some incidents, anchored, and what an intruder does with it."""

    store: Store

    def intrude(self, *statements: str) -> int:
        """Rows changed, as somebody with the file in hands would."""
        with sqlite3.connect(self.store.path) as raw:
            for trigger in ("event_is_never_changed", "event_is_never_deleted"):
                raw.execute(f"DROP TRIGGER IF EXISTS {trigger}")
            changed = sum(raw.execute(statement).rowcount for statement in statements)
        raw.close()
        return changed

    def verified(self) -> Verdict:
        with self.store.reading() as connection:
            return verify(connection, self.store.key, anchors_of(self.store.folder, self.store.key))


@pytest.fixture
def kept(desk_at_hand: Responding) -> Iterator[Kept]:
    desk = desk_at_hand.desk
    names = [desk_at_hand.opened() for _ in range(3)]
    for name in names:
        desk.act(name, lambda one: decisions.acknowledge(one, "ben"), by="ben")
        desk_at_hand.clock.pass_(minutes=2)
        for number in range(4):
            desk.act(name, lambda _, number=number: decisions.note(f"seen {number}"), by="ben")  # type: ignore[misc]
        desk_at_hand.beat()
    desk.act(names[0], lambda one: decisions.resolve(one, "restarted"), by="ada")
    desk.erase(names[0], "asked for", by="eve")
    anchoring = Anchoring(desk_at_hand.store)
    assert anchoring.anchor(desk_at_hand.clock.now) is not None
    assert anchoring.anchor(desk_at_hand.clock.now) is None, "nothing was added since"
    anchoring.close()
    assert {one.stat().st_mode & 0o777 for one in desk_at_hand.store.folder.iterdir()} == {0o600}
    return Kept(desk_at_hand.store)


def test_what_was_written_is_what_is_there(kept: Kept) -> None:
    verdict = kept.verified()
    assert verdict.good, verdict.wrong
    assert (verdict.incidents, verdict.unanchored, verdict.anchors) == (3, 0, 1)
    assert verdict.erased > 5


def _edit(chance: random.Random, last: int) -> list[str]:
    column, value = chance.choice(
        [
            ("incident", "'2026-11-23-099'"),
            ("at", "'2026-11-23T09:00:00.000000+00:00'"),
            ("recorded_at", "'2026-11-23T09:00:00.000000+00:00'"),
            ("number", "number + 100"),
            ("kind", "'linked'"),
            ("body", "json_set(body, '$.added', 1)"),
            ("body", "'nonsense'"),
            ("body", "'[]'"),
            ("mac", "zeroblob(32)"),
        ]
    )
    return [f"UPDATE event SET {column} = {value} WHERE seq = {chance.randint(1, last)}"]


def _text(chance: random.Random, last: int) -> list[str]:
    done = chance.choice(["UPDATE personal SET value = value || '!'", "UPDATE personal SET salt = zeroblob(16)"])
    return [f"{done} WHERE seq = (SELECT seq FROM personal ORDER BY seq LIMIT 1 OFFSET {chance.randint(0, 20)})"]


def _silent_erasure(chance: random.Random, last: int) -> list[str]:
    chosen = f"(SELECT DISTINCT seq FROM personal ORDER BY seq LIMIT 1 OFFSET {chance.randint(0, 12)})"
    return [f"DELETE FROM personal WHERE seq = {chosen}"]


def _deletion(chance: random.Random, last: int) -> list[str]:
    seq = chance.randint(1, last)
    return [f"DELETE FROM personal WHERE seq = {seq}", f"DELETE FROM event WHERE seq = {seq}"]


def _closed_gap(chance: random.Random, last: int) -> list[str]:
    seq = chance.randint(1, last - 1)
    return [
        f"DELETE FROM personal WHERE seq >= {seq}",
        f"DELETE FROM event WHERE seq = {seq}",
        f"UPDATE event SET seq = seq - 1 WHERE seq > {seq}",
    ]


def _reordering(chance: random.Random, last: int) -> list[str]:
    one, other = chance.sample(range(1, last + 1), 2)
    return [
        f"UPDATE event SET seq = -1 WHERE seq = {one}",
        f"UPDATE event SET seq = {one} WHERE seq = {other}",
        f"UPDATE event SET seq = {other} WHERE seq = -1",
    ]


def _cut(chance: random.Random, last: int) -> list[str]:
    seq = chance.randint(1, last)
    return [
        f"DELETE FROM personal WHERE seq >= {seq}",
        f"DELETE FROM event WHERE seq >= {seq}",
        "DELETE FROM incident WHERE id NOT IN (SELECT incident FROM event)",
    ]


_WAYS: list[Callable[[random.Random, int], list[str]]] = [
    _edit, _text, _silent_erasure, _deletion, _closed_gap, _reordering, _cut,
]  # fmt: skip


def test_a_hundred_changes_of_a_hundred_are_found(kept: Kept, tmp_path: Path) -> None:
    kept.store.settle()
    whole, last = kept.store.path.read_bytes(), kept.verified().events
    kept.store.close()
    unseen = []
    for seed in range(100):
        chance = random.Random(seed)
        statements = _WAYS[seed % len(_WAYS)](chance, last)
        folder = tmp_path / f"try-{seed}"
        folder.mkdir()
        for file in ("responder.key", "responder.anchor"):
            (folder / file).write_bytes((kept.store.folder / file).read_bytes())
        (folder / "responder.db").write_bytes(whole)
        tried = Kept(Store(folder))
        assert tried.intrude(*statements) > 0, statements
        if tried.verified().good:
            unseen.append(statements)
        tried.store.close()
    assert unseen == []


def test_a_cut_after_the_last_anchor_shows_by_what_is_left_behind(kept: Kept, desk_at_hand: Responding) -> None:
    desk_at_hand.opened()
    last = kept.verified()
    assert last.good
    assert last.unanchored > 0
    kept.intrude("DELETE FROM event WHERE incident = '2026-11-23-004'")
    assert "texts are there" in str(kept.verified().wrong[0])
    kept.intrude("DELETE FROM personal WHERE seq NOT IN (SELECT seq FROM event)")
    assert "2026-11-23-004 is in the list of incidents, and has no timeline" in str(kept.verified().wrong[0])


def test_a_list_that_says_otherwise_is_found(kept: Kept) -> None:
    kept.intrude("UPDATE incident SET state = 'over' WHERE id = '2026-11-23-002'")
    assert "says otherwise of 2026-11-23-002" in str(kept.verified().wrong[0])


def test_the_wrong_key_is_said_to_be_that(kept: Kept) -> None:
    anchor_path(kept.store.folder).unlink()
    with kept.store.reading() as connection:
        (wrong,) = verify(connection, bytes(32), None).wrong
    assert "the wrong responder.key" in wrong.what


def test_anchors_that_are_changed_or_not_signed_are_told(kept: Kept) -> None:
    path = anchor_path(kept.store.folder)
    line = json.loads(path.read_text())
    path.write_text(json.dumps({**line, "seq": line["seq"] - 1}) + "\nnonsense\n")
    said = [str(one) for one in kept.verified().wrong]
    assert len(said) == 2
    assert "not signed with this key" in said[0]


def test_a_file_that_is_no_store_is_an_error_in_words(tmp_path: Path) -> None:
    with (
        sqlite3.connect(tmp_path / "other.db") as connection,
        pytest.raises(StoreError, match="actinf respond restore"),
    ):
        verify(connection, bytes(32), None)
    connection.close()


def test_an_anchor_that_cannot_be_written_stops_nothing(
    desk_at_hand: Responding, caplog: pytest.LogCaptureFixture
) -> None:
    anchor_path(desk_at_hand.store.folder).mkdir()
    desk_at_hand.pulse.anchoring = Anchoring(desk_at_hand.store)
    desk_at_hand.opened()
    for _ in range(3):
        desk_at_hand.beat()
    assert desk_at_hand.paper.kinds.count("page") == 1
    assert caplog.text.count("cannot be anchored") == 1
    desk_at_hand.pulse.anchoring.close()


def test_an_end_that_was_cut_while_nobody_looked_is_told_by_the_next_anchor(
    kept: Kept, desk_at_hand: Responding, caplog: pytest.LogCaptureFixture
) -> None:
    kept.intrude("DELETE FROM personal WHERE seq > 5", "DELETE FROM event WHERE seq > 5")
    desk_at_hand.pulse.anchoring = Anchoring(desk_at_hand.store)
    desk_at_hand.beat()
    assert "is not in the timelines any more" in caplog.text
    desk_at_hand.pulse.anchoring.close()
    assert not kept.verified().good
