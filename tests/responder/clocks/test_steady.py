"""A clock that steps do not move."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from actinf.responder.clocks.steady import Reading, SteadyClock, machine_count, machine_run


class Machine:
    """A machine whose wall clock can be set."""

    def __init__(self) -> None:
        self.wall, self.count, self.run = 1_800_000_000.0, 1000.0, "one"

    def clock(self, before: Reading | None = None) -> SteadyClock:
        return SteadyClock(before, wall=lambda: self.wall, count=lambda: self.count, run=self.run)

    def passes(self, seconds: float, drift: float = 0.0) -> None:
        self.wall += seconds + drift
        self.count += seconds


def test_steps_do_not_move_it_and_are_told() -> None:
    machine = Machine()
    clock = machine.clock()
    begun = clock()
    for step in (3600, -7200, 3600 * 24):
        machine.wall += step
        machine.passes(10)
    assert clock() - begun == timedelta(seconds=30)
    assert clock.step == timedelta(seconds=3600 - 7200 + 3600 * 24)
    clock.believe_the_wall()
    assert clock.step == timedelta(0)
    assert clock() == datetime.fromtimestamp(machine.wall, UTC)


def test_small_corrections_are_followed_however_far_they_add_up() -> None:
    machine = Machine()
    clock = machine.clock()
    for _ in range(1000):
        machine.passes(60, drift=0.05)
        clock()
    assert clock() == datetime.fromtimestamp(machine.wall, UTC)
    assert clock.step == timedelta(0)


def test_a_process_that_starts_again_goes_on_with_what_was_kept() -> None:
    machine = Machine()
    clock = machine.clock()
    begun = clock()
    kept = Reading.of(clock.reading().text())
    machine.wall += 3600
    machine.passes(60)
    assert machine.clock(kept)() - begun == timedelta(seconds=60)
    machine.run, machine.count = "two", 5.0
    assert machine.clock(kept)() == datetime.fromtimestamp(machine.wall, UTC)


def test_what_is_no_reading_is_none() -> None:
    for text in ("", "[]", "{}", "[1, 2]", '["a", "b", "c"]', "null"):
        assert Reading.of(text) is None


def test_this_machine_has_a_run_and_a_count() -> None:
    assert machine_run()
    assert machine_count() <= machine_count()
    assert abs(SteadyClock()() - datetime.now(UTC)) < timedelta(seconds=5)


@given(st.lists(st.tuples(st.floats(0, 1000), st.floats(-5000, 5000)), max_size=30))
def test_it_never_goes_back(moves: list[tuple[float, float]]) -> None:
    machine = Machine()
    clock = machine.clock()
    before = clock()
    for passed, step in moves:
        machine.wall += step
        machine.passes(passed)
        now = clock()
        assert now >= before
        before = now
