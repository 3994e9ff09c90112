"""A schedule in the place of another: as text and back, and with the exceptions that go on."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from support.duties import EXAMPLE, example
from support.responding import responding

from actinf.errors import OutOfTurn
from actinf.responder.oncall.revision import mark_of, revision
from actinf.responder.oncall.rotation import Schedule

NOW = datetime(2026, 11, 25, 10, 0, tzinfo=UTC)
LAYERS = """\
  - layers:
      - {members: [ada], only: {weekdays: [monday, sunday], opens: "09:00", closes: "24:00"}, ends: 2027-01-01}
      - {members: [bob, cyd], shift: 3 days, hand_off: "08:30", starts: 2026-01-06, zone: America/New_York}
"""


def with_exception(who: str = "bob", level: int | str = 1) -> Schedule:
    return example().override(level, who, NOW, NOW + timedelta(days=3), by="eve", why="dentist", made=NOW)


@pytest.mark.parametrize(
    "schedule",
    [
        example(),
        with_exception(),
        example(("  - {members: [fay]}\n", LAYERS)),
        example(("Ada Lovelace", '"no: {a}, [b] # c"'), ("Eve Moss", '"~"'), ("role: CTO", 'role: "2026-01-05"')),
        example(("Bob Jones", "\"Bøb 值 'x'\"")),
    ],
)
def test_the_text_of_a_schedule_states_the_same_one(schedule: Schedule) -> None:
    assert Schedule.from_text(schedule.text()) == schedule


def test_exceptions_go_on_where_person_and_post_are_still_there() -> None:
    before = with_exception()
    made = revision(example(("[ada, bob, cyd]", "[cyd, ada, bob]")), before)
    assert (made.schedule.overrides, made.lost) == (before.overrides, ())


@pytest.mark.parametrize(
    ("exception", "change"),
    [
        (with_exception("fay", 2), ("  - {members: [fay]}\n", "")),
        (with_exception("bob", 4), ("  - {members: [fay]}\n", "")),
        (with_exception("bob", "legal"), ("duties: {security: cyd, legal: eve}", "duties: {security: cyd}")),
    ],
)
def test_an_exception_without_person_or_post_ends_and_is_named(exception: Schedule, change: tuple[str, str]) -> None:
    text = EXAMPLE.replace(*change)
    if exception.overrides[0].who == "fay":
        text = text.replace('  fay: {name: Fay Orr, role: CTO, phone: "+49 30 7654321"}\n', "")
    made = revision(Schedule.from_text(text), exception)
    assert (made.schedule.overrides, made.lost) == ((), exception.overrides)


def test_a_text_that_states_exceptions_states_all_of_them() -> None:
    made = revision(with_exception("cyd"), with_exception("bob"))
    assert [one.who for one in made.schedule.overrides] == ["cyd"]
    assert [one.who for one in made.lost] == ["bob"]


def test_the_mark_knows_rotations_and_not_exceptions() -> None:
    assert mark_of(None) == ""
    assert mark_of(example()) == mark_of(with_exception())
    assert mark_of(example()) != mark_of(example(("[ada, bob, cyd]", "[bob, ada, cyd]")))


def test_what_somebody_else_set_meanwhile_is_not_overwritten(tmp_path: Path) -> None:
    desk = responding(tmp_path).desk
    desk.set_schedule(example(), by="eve")
    mark = mark_of(example())
    theirs = example(("[ada, bob, cyd]", "[bob, ada, cyd]"))
    desk.revise_schedule(theirs, mark=mark, by="bob")
    with pytest.raises(OutOfTurn, match="somebody else has set a schedule meanwhile"):
        desk.revise_schedule(example(("[fay]", "[eve]")), mark=mark, by="ada")
    assert desk.schedule() == theirs
