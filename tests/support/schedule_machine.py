"""Whatever is done to a schedule: nobody is missing unseen, nobody is there twice, and each answer fits all others."""

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import yaml
from hypothesis import assume
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from support.duties import EXAMPLE, member_by_walking

from actinf.errors import SettingError
from actinf.responder.oncall.gaps import gaps
from actinf.responder.oncall.handoff import hand_offs
from actinf.responder.oncall.load import load
from actinf.responder.oncall.overrides import Origin
from actinf.responder.oncall.rotation import Duty, Schedule, Unfilled

# Over the night on which clocks are put forward in Berlin, and 29 February; New York's night lies in it as well.
START = datetime(2028, 2, 20, tzinfo=UTC)
HORIZON = timedelta(days=42)
HANDLES = ("ada", "bob", "cyd", "eve", "fay")
HOURS = st.integers(0, int(HORIZON / timedelta(hours=1)) - 1)


@st.composite
def rotations(draw: st.DrawFn) -> dict[str, object]:
    starts = draw(st.dates(date(2028, 1, 1), date(2028, 2, 25)))
    clock = draw(st.sampled_from([time(0), time(4), time(9), time(17, 30)]))
    weekday = starts.strftime("%A").lower()
    shift, prefix = draw(st.sampled_from([("1 day", ""), ("3 days", ""), ("1 week", weekday), ("2 weeks", weekday)]))
    return {
        "members": draw(st.lists(st.sampled_from(HANDLES), min_size=1, max_size=4)),
        "shift": shift,
        "hand_off": f"{prefix} {clock:%H:%M}".strip(),
        "starts": starts.isoformat(),
    }


class ScheduleMachine(RuleBasedStateMachine):
    """Changes a schedule at a time that goes on, and asks it and an obvious second opinion at every step."""

    @initialize(
        zone=st.sampled_from(["Europe/Berlin", "America/New_York"]),
        levels=st.lists(rotations(), min_size=1, max_size=3),
        hours=st.none() | st.tuples(st.integers(0, 11), st.integers(13, 23)),
    )
    def begin(self, zone: str, levels: list[dict[str, object]], hours: tuple[int, int] | None) -> None:
        self.zone, self.rotations, self.hours = zone, levels, hours
        document = yaml.safe_load(EXAMPLE)
        document["zone"], document["levels"] = zone, [dict(level) for level in levels]
        if hours is not None:
            document["levels"][0]["only"] = {"opens": f"{hours[0]:02}:00", "closes": f"{hours[1]:02}:00"}
        self.schedule = Schedule.from_document(document)
        self.now = START
        # What was said of the past: (level, hour) to the handle.
        self.said: dict[tuple[int, datetime], str | None] = {}

    def handle(self, level: int, at: datetime) -> str | None:
        duty = self.schedule.on_call(level, at)
        return None if duty is None else duty.person.handle

    def by_rule(self, level: int, at: datetime) -> str | None:
        hour = at.astimezone(ZoneInfo(self.zone)).hour
        if level == 1 and self.hours is not None and not self.hours[0] <= hour < self.hours[1]:
            return None
        return member_by_walking(self.rotations[level - 1], self.zone, at)

    def by_obvious_means(self, level: int, at: datetime) -> str | None:
        valid = [one for one in self.schedule.overrides if one.level == level and one.since <= at < one.until]
        return max(valid, key=lambda one: one.number).who if valid else self.by_rule(level, at)

    @rule(hours=st.integers(1, 72))
    def time_goes_on(self, hours: int) -> None:
        for number in range(hours):
            at = self.now + timedelta(hours=number)
            for level in range(1, len(self.rotations) + 1):
                self.said[level, at] = self.handle(level, at)
        self.now += timedelta(hours=hours)

    @rule(level=st.integers(1, 3), who=st.sampled_from(HANDLES), first=HOURS, hours=st.integers(1, 200))
    def override(self, level: int, who: str, first: int, hours: int) -> None:
        since = START + timedelta(hours=first)
        assume(level <= len(self.rotations) and since + timedelta(hours=hours) > self.now)
        self.schedule = self.schedule.override(
            level, who, since, since + timedelta(hours=hours), by="eve", why="", made=self.now
        )
        assert self.handle(level, max(since, self.now)) == who

    @rule(level=st.integers(1, 3), first=st.none() | HOURS, second=HOURS)
    def swap(self, level: int, first: int | None, second: int) -> None:
        assume(level <= len(self.rotations))
        one = self.now if first is None else START + timedelta(hours=first)
        other = START + timedelta(hours=second)
        before = self.handle(level, one), self.handle(level, other)
        try:
            self.schedule = self.schedule.swap(level, one, other, by="eve", made=self.now)
        except SettingError:
            assert None in before or before[0] == before[1] or min(one, other) < self.now
            return
        moments = max(one, self.now), max(other, self.now)
        assert (self.handle(level, moments[0]), self.handle(level, moments[1])) == (before[1], before[0])

    @rule(level=st.integers(1, 3), who=st.sampled_from(HANDLES))
    def take(self, level: int, who: str) -> None:
        assume(level <= len(self.rotations))
        before = self.schedule.coverage(level, self.now)
        try:
            self.schedule = self.schedule.take(level, who, by=who, made=self.now)
        except SettingError:
            assert isinstance(before, Duty)
            assert before.person.handle == who
            return
        assert self.handle(level, self.now) == who
        if isinstance(before, Duty):
            assert self.schedule.on_call(level, self.now).until == before.until  # type: ignore[union-attr]

    @rule(which=st.integers(0, 50))
    def cancel(self, which: int) -> None:
        numbers = sorted({one.number for one in self.schedule.overrides if one.until > self.now})
        assume(numbers)
        self.schedule = self.schedule.cancel(numbers[which % len(numbers)], made=self.now)

    @invariant()
    def each_hour_has_whom_the_obvious_means_name(self) -> None:
        hours = range(int(HORIZON / timedelta(hours=1)))
        for level in range(1, len(self.rotations) + 1):
            for number in range(int(self.now.timestamp() // 3600) % 17, len(hours), 17):
                at = START + timedelta(hours=number)
                assert self.handle(level, at) == self.by_obvious_means(level, at), (level, at)

    @invariant()
    def shifts_and_gaps_cover_the_horizon_without_a_break_or_an_overlap(self) -> None:
        silent = {(gap.level, gap.since, gap.until) for gap in gaps(self.schedule, START, START + HORIZON)}
        for level in range(1, len(self.rotations) + 1):
            pieces = list(self.schedule.timeline(level, START, START + HORIZON))
            assert pieces[0].since == START
            assert pieces[-1].until == START + HORIZON
            assert all(one.until == other.since for one, other in pairwise(pieces))
            assert sum((one.until - one.since for one in pieces), timedelta()) == HORIZON
            empty = [one for one in pieces if isinstance(one, Unfilled)]
            assert all(
                any(gap[0] == level and gap[1] <= one.since and one.until <= gap[2] for gap in silent) for one in empty
            )
            told = sum((gap[2] - gap[1] for gap in silent if gap[0] == level), timedelta())
            assert told == sum((one.until - one.since for one in empty), timedelta())

    @invariant()
    def an_answer_holds_for_all_of_the_time_that_it_names(self) -> None:
        tick = timedelta(microseconds=1)
        for level in range(1, len(self.rotations) + 1):
            for piece in self.schedule.timeline(level, START, START + HORIZON):
                whole = self.schedule.coverage(level, piece.since)
                middle = piece.since + (piece.until - piece.since) / 2
                assert self.schedule.coverage(level, middle) == whole
                assert self.schedule.coverage(level, piece.until - tick) == whole
                if isinstance(whole, Duty):
                    assert self.schedule.on_call(level, whole.since) == whole
                    assert self.schedule.on_call(level, whole.until - tick) == whole
                    assert self.schedule.on_call(level, whole.until) != whole

    @invariant()
    def what_was_said_of_the_past_stays_true(self) -> None:
        for (level, at), handle in list(self.said.items())[:: max(1, len(self.said) // 50)]:
            assert self.handle(level, at) == handle

    @invariant()
    def hours_add_up_and_hand_offs_are_the_changes(self) -> None:
        found = load(self.schedule, START, START + HORIZON, [])
        shifts = sum((shift.duty.until - shift.duty.since for shift in found.shifts), timedelta())
        assert abs(sum(one.hours for one in found.people) - shifts / timedelta(hours=1)) < 1e-6
        for change in hand_offs(self.schedule, START, START + HORIZON):
            if change.level:
                assert self.handle(change.level, change.at) == (change.coming and change.coming.handle)
                before = self.handle(change.level, change.at - timedelta(microseconds=1))
                assert before == (change.leaving and change.leaving.handle) != (change.coming and change.coming.handle)

    @invariant()
    def its_document_makes_the_same_again(self) -> None:
        assert Schedule.from_document(self.schedule.document()) == self.schedule

    @invariant()
    def halves_of_a_swap_stay_together(self) -> None:
        swaps = [one for one in self.schedule.overrides if one.origin is Origin.SWAP]
        numbers = [one.number for one in swaps]
        assert all(numbers.count(number) <= 2 for number in numbers)
