"""Timelines in the store: chained, read back as they were, and erasable."""

import dataclasses
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from support.responding import Responding

from actinf.errors import OutOfTurn
from actinf.responder.incident import decisions, events, kinds
from actinf.responder.incident.event import ERASED, Event
from actinf.responder.incident.events import Milestone
from actinf.responder.incident.kinds import event_from, personal_fields
from actinf.responder.incident.notice_events import Ground
from actinf.responder.incident.severity import Severity
from actinf.responder.publishing.page import NoticeState, Working
from actinf.responder.store.timeline import append, digest_of, erase, rows, timeline
from actinf.runtime.chain import GENESIS, chained

NOW = datetime(2026, 11, 23, 10, 0, 0, 123456, tzinfo=UTC)
VALUES: dict[str, Any] = {
    "str": "a word",
    "bool": True,
    "int": 3,
    "int | None": 3,
    "float": 0.8,
    "bool | None": None,
    "datetime": NOW,
    "datetime | None": NOW,
    "tuple[str, ...]": ("a", "b"),
    "tuple[int, ...]": (1, 2),
    "Severity": Severity.P2,
    "Milestone": Milestone.FIX,
    "NoticeState": NoticeState.MONITORING,
    "Working": Working.DEGRADED,
    "Ground": Ground.MEASURED,
}
KINDS = sorted(kinds.KINDS.values(), key=lambda kind: kind.kind)


def example(kind: type[Event]) -> Event:
    return kind(**{field.name: VALUES[str(field.type)] for field in dataclasses.fields(kind)})


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.kind)
def test_an_event_is_read_as_it_was_written(kind: type[Event]) -> None:
    assert event_from(kind.kind, example(kind).stored()) == example(kind)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.kind)
def test_what_is_personal_is_text(kind: type[Event]) -> None:
    types = {field.name: str(field.type) for field in dataclasses.fields(kind)}
    assert {types[name] for name in personal_fields(kind)} <= {"str", "tuple[str, ...]"}


def test_every_kind_is_known_by_name() -> None:
    known = {name: one for module in kinds.MODULES for name, one in vars(module).items()}
    names = {name for name, one in known.items() if isinstance(one, type) and issubclass(one, Event)}
    assert names - {"Event"} == {kind.__name__ for kind in KINDS}
    assert len({kind.kind for kind in KINDS}) == len(KINDS)


def test_the_chain_holds_and_runs_over_all_incidents(desk_at_hand: Responding) -> None:
    store = desk_at_hand.store
    with store.writing() as connection:
        for number, kind in enumerate(KINDS):
            append(connection, store.key, f"2026-11-23-00{number % 3}", [example(kind)], by="ada", at=NOW, now=NOW)
    before = GENESIS
    with store.reading() as connection:
        for number, row in enumerate(rows(connection), 1):
            assert row.seq == number
            assert row.mac == chained(store.key, before, row.content)
            body = row.content[-1]
            for name, value in row.values.items():
                assert body[name] == {"digest": digest_of(row.salts[name], value)}
            before = row.mac
    assert number == len(KINDS) + 1, "and the schedule of the office"


def test_what_was_erased_is_gone_and_the_chain_still_holds(desk_at_hand: Responding) -> None:
    store = desk_at_hand.store
    name = desk_at_hand.opened(impact="a patient's name")
    with pytest.raises(OutOfTurn, match="is open"):
        desk_at_hand.desk.erase(name, "asked for", by="eve")
    desk_at_hand.desk.act(name, lambda one: decisions.resolve(one, "nothing"), by="ada")
    desk_at_hand.desk.erase(name, "asked for", by="eve")
    with store.reading() as connection:
        one, *_ = timeline(connection, name)
        office, *_ = rows(connection)
        row, *_ = rows(connection, name)
    assert (one.by, one.event.impact) == (ERASED, ERASED)  # type: ignore[attr-defined]
    assert row.mac == chained(store.key, office.mac, row.content)
    store.close()
    for file in store.folder.glob("responder.db*"):
        held = file.read_bytes()
        assert b"a patient's name" not in held, file.name
        assert b"eve" in held, "who erased is still there to be asked"


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.kind)
def test_every_kind_is_read_back_before_and_after_it_was_erased(desk_at_hand: Responding, kind: type[Event]) -> None:
    store = desk_at_hand.store
    with store.writing() as connection:
        append(connection, store.key, "x", [example(kind)], by="ada", at=NOW, now=NOW)
        assert timeline(connection, "x")[0].event == example(kind)
        erase(connection, "x", [1])
        (one,) = timeline(connection, "x")
    for field in dataclasses.fields(kind):
        value = getattr(one.event, field.name)
        if field.name in personal_fields(kind):
            assert value in (ERASED, (ERASED,))
        else:
            assert value == getattr(example(kind), field.name)


def test_what_an_earlier_version_wrote_in_plain_words_is_read(desk_at_hand: Responding) -> None:
    """Reasons, names of alerts and the like were no personal fields once."""
    store, name = desk_at_hand.store, desk_at_hand.opened()
    with store.writing() as connection:
        connection.execute("DROP TRIGGER event_is_never_changed")
        asked = "SELECT seq, body FROM event WHERE incident = ? AND number = 1"
        ((seq, body),) = connection.execute(asked, [name]).fetchall()
        plain = {**json.loads(body), "reasons": ["P1: said by hand"], "changes": []}
        connection.execute("UPDATE event SET body = ? WHERE seq = ?", [json.dumps(plain), seq])
    assert desk_at_hand.desk.incident(name).reasons == ("P1: said by hand",)


def test_what_is_told_of_the_past_has_both_times(desk_at_hand: Responding) -> None:
    store = desk_at_hand.store
    past = NOW - timedelta(hours=1)
    with store.writing() as connection:
        append(connection, store.key, "x", [events.Noted(text="then")], by="ada", at=past, now=NOW)
        (one,) = timeline(connection, "x")
    assert (one.at, one.recorded_at) == (past, NOW)
