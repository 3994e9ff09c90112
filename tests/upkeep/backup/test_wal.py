"""Places in the log, its files and its timelines: arithmetic that PostgreSQL defines."""

from pathlib import Path

import pytest

from actinf.errors import BackupError
from actinf.upkeep.backup.wal import Timeline, history_of, lsn_of, lsn_text, segment_name, segment_number, segments

SIZE = 2**24
# Left timeline 1 in segment 5, and timeline 2 in segment 9.
THIRD = Timeline(number=3, before=((1, 5 * SIZE + 100), (2, 9 * SIZE + 7)))


def test_places_are_read_and_written_as_postgresql_does() -> None:
    assert lsn_of("16/B374D848") == 0x16_B374D848
    assert lsn_text(0x16_B374D848) == "16/B374D848"


@pytest.mark.parametrize("size", [2**20, 2**24, 2**30])
def test_a_segment_has_the_name_that_postgresql_gives_it(size: int) -> None:
    number = lsn_of("16/B374D848") // size
    name = segment_name(2, number, size)
    assert segment_number(name, size) == number
    assert {2**20: "000000020000001600000B37", 2**24: "0000000200000016000000B3"}.get(size, name) == name


def test_only_files_of_the_log_have_a_number(tmp_path: Path) -> None:
    assert segment_number("00000003.history", SIZE) is None
    assert segment_number(".000000010000000000000004.77.copying", SIZE) is None
    assert segment_number("000000010000000000000004.partial", SIZE) == 4
    assert segment_number("000000010000000000000004.00000028.backup", SIZE) == 4
    for name in ("000000010000000000000004", "000000010000000000000005.partial", "00000002.history"):
        (tmp_path / name).touch()
    assert segments(tmp_path) == {"000000010000000000000004"}


def test_what_was_given_up_does_not_lie_in_the_past_of_a_timeline() -> None:
    assert THIRD.passes(1, 5 * SIZE + 100)
    assert not THIRD.passes(1, 5 * SIZE + 101)
    assert THIRD.passes(2, 9 * SIZE)
    assert THIRD.passes(3, 10**15)
    assert not THIRD.passes(4, 0)


def test_the_log_is_followed_over_timelines_and_its_gaps_are_found() -> None:
    names = [segment_name(1, number, SIZE) for number in (2, 3, 4, 5, 6, 7)]
    names += [segment_name(2, number, SIZE) for number in (5, 6, 7, 8, 9, 10)]
    names += [segment_name(3, number, SIZE) for number in (9, 10, 11)]
    assert THIRD.last_segment(names, SIZE) == 11
    assert THIRD.first_missing(names, 2 * SIZE, SIZE) is None
    assert THIRD.first_missing(names, SIZE, SIZE) == segment_name(1, 1, SIZE)
    names.remove(segment_name(2, 7, SIZE))  # that of timeline 1 was given up
    assert THIRD.first_missing(names, 2 * SIZE, SIZE) == segment_name(2, 7, SIZE)
    assert THIRD.first_missing(names, 8 * SIZE, SIZE) is None
    assert Timeline(number=1).last_segment([], SIZE) == -1


def test_a_timeline_knows_its_past_by_its_history_file(tmp_path: Path) -> None:
    assert history_of(1, tmp_path) == Timeline(number=1)
    file = tmp_path / "00000003.history"
    file.write_text("1\t0/5000064\tno recovery target specified\n\n2\t0/9000007\tbefore 2026-08-01 12:00:00+00\n")
    assert history_of(3, tmp_path) == THIRD
    with pytest.raises(BackupError, match=r"00000002\.history"):
        history_of(2, tmp_path)
    file.write_text("nothing of the kind\n")
    with pytest.raises(BackupError, match="no history of a timeline"):
        history_of(3, tmp_path)
