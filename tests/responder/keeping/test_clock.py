"""The time that timers count by is set to the wall clock's where somebody says so, and that is noted."""

from datetime import datetime

from support.responding import Responding

from actinf.responder.clocks.steady import SteadyClock
from actinf.responder.incident import decisions
from actinf.responder.incident.events import Noted
from actinf.responder.keeping.clock import ask, corrections, is_asked, take_up


class Machine:
    """A machine whose wall clock can be set."""

    def __init__(self) -> None:
        self.wall, self.count = 1_795_000_000.0, 1000.0
        self.clock = SteadyClock(wall=lambda: self.wall, count=lambda: self.count, run="one")


def test_it_is_set_and_noted_on_open_incidents_alone(desk_at_hand: Responding) -> None:
    machine = Machine()
    over, open_one = desk_at_hand.opened(), desk_at_hand.opened()
    desk_at_hand.desk.act(over, lambda before: decisions.resolve(before, "done"), by="ada")
    machine.wall += 3600
    with desk_at_hand.store.writing() as connection:
        ask(connection, by="ben", reason="NTP is back")
    with desk_at_hand.store.writing() as connection:
        done = take_up(connection, desk_at_hand.desk, machine.clock)
        assert done is not None
        assert (done.seconds, done.by, done.reason) == (3600, "ben", "NTP is back")
        assert corrections(connection) == [done]
        assert not is_asked(connection)
    assert machine.clock.step.total_seconds() == 0
    assert machine.clock() == datetime.fromtimestamp(machine.wall, done.at.tzinfo)
    last = desk_at_hand.desk.timeline(open_one)[-1]
    assert isinstance(last.event, Noted)
    assert (last.by, "set ahead by 3600 s" in last.event.text, "NTP is back" in last.event.text) == ("ben", True, True)
    assert not any(isinstance(one.event, Noted) for one in desk_at_hand.desk.timeline(over))


def test_what_nobody_asked_for_or_is_not_needed_is_not_done(desk_at_hand: Responding) -> None:
    machine = Machine()
    machine.wall += 3600
    with desk_at_hand.store.writing() as connection:
        assert take_up(connection, desk_at_hand.desk, machine.clock) is None
    assert machine.clock.step.total_seconds() == 3600
    machine.wall -= 3600
    with desk_at_hand.store.writing() as connection:
        ask(connection, by="ben", reason="it was mended meanwhile")
        assert take_up(connection, desk_at_hand.desk, machine.clock) is None
        assert (corrections(connection), is_asked(connection)) == ([], False)


def test_only_so_many_corrections_are_kept(desk_at_hand: Responding) -> None:
    machine = Machine()
    with desk_at_hand.store.writing() as connection:
        for number in range(60):
            machine.wall += 3600
            ask(connection, by="ben", reason=f"number {number}")
            assert take_up(connection, desk_at_hand.desk, machine.clock) is not None
        kept = corrections(connection)
    assert (len(kept), kept[-1].reason) == (50, "number 59")
