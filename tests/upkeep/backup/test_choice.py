"""Which backup a restore starts from, after restores that gave up a part of the past."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from support.backup_archives import SEGMENT, add_backup, empty_archive

from actinf.errors import BackupError
from actinf.runtime.server_account import account_for
from actinf.upkeep.backup.archive import Archive
from actinf.upkeep.backup.choice import AtTime, Named, Newest, Plan, planned
from actinf.upkeep.backup.past import Restore, past_restores, write_down
from actinf.upkeep.backup.wal import lsn_text

MIDNIGHT = datetime(2026, 8, 1, tzinfo=UTC) - timedelta(days=365)


def at(hour: float) -> datetime:
    return MIDNIGHT + timedelta(hours=hour)


@pytest.fixture
def archive(tmp_path: Path) -> Archive:
    """At 6 it was restored to the state of 3, and what came between was given up."""
    archive = empty_archive(tmp_path / "archive")
    for hour in (1, 2, 4, 5):
        add_backup(archive, at(hour), segment=10 * hour)
    add_backup(archive, at(7), segment=31, timeline=2)
    (archive.wal / "00000002.history").write_text(f"1\t{lsn_text(30 * SEGMENT)}\tbefore something\n")
    write_down(
        archive.restores,
        Restore(
            at=at(6).isoformat(), backup="b", asked="a", reached="r", folder="restored-6", timeline=2,
            before_folder="main", before_timeline=1,
        ),
        account_for(archive.root),
    )  # fmt: skip
    return archive


def plan(archive: Archive, choice: object, in_use: str | None = "restored-6") -> Plan:
    return planned(archive, choice, past_restores(archive.restores, in_use))  # type: ignore[arg-type]


def hour_of(one: Plan) -> float:
    return (datetime.fromisoformat(one.backup.manifest().taken_at) - MIDNIGHT).total_seconds() / 3600


@pytest.mark.parametrize(
    ("moment", "timeline", "backup"),
    [(1.5, 1, 1), (3.5, 1, 2), (5.5, 1, 5), (6.5, 2, 2), (7.5, 2, 7)],
    ids=["early", "given up later", "given up", "before the first backup after it", "after it"],
)
def test_a_moment_is_looked_for_where_it_was_lived(
    archive: Archive, moment: float, timeline: int, backup: float
) -> None:
    chosen = plan(archive, AtTime(at(moment)))
    assert (chosen.timeline.number, hour_of(chosen)) == (timeline, backup)


def test_the_newest_state_is_that_of_the_data_in_use(archive: Archive) -> None:
    assert (plan(archive, Newest()).timeline.number, hour_of(plan(archive, Newest()))) == (2, 7)
    # The restore of 6 ended before it was switched to: `main` is still in use, and its last backup is that of 5.
    add_backup(archive, at(8), segment=80)
    chosen = plan(archive, Newest(), in_use="main")
    assert (chosen.timeline.number, hour_of(chosen)) == (1, 8)
    # The volume is lost: the last restore counts.
    assert plan(archive, Newest(), in_use=None).timeline.number == 2


def test_a_named_backup_is_taken_though_it_was_given_up(archive: Archive) -> None:
    chosen = plan(archive, Named(archive.backups()[3].name))
    assert (chosen.timeline.number, hour_of(chosen)) == (1, 5)


def test_what_is_not_good_is_passed_over_and_said(archive: Archive) -> None:
    for backup in archive.backups()[1:]:
        backup.damaged_file.write_text("one byte\n")
    assert hour_of(plan(archive, AtTime(at(5.5)))) == 1
    with pytest.raises(BackupError, match="is not restored: it is damaged: one byte"):
        plan(archive, Named(archive.backups()[2].name))
    with pytest.raises(BackupError, match="no good backup leads to the state of"):
        plan(archive, AtTime(at(0.5)))
    archive.backups()[0].verified_file.unlink()
    with pytest.raises(BackupError, match="is unfinished: it was never verified"):
        plan(archive, Newest())


def test_a_past_that_cannot_be_read_is_not_guessed(archive: Archive) -> None:
    (archive.restores / "restored-6.json").write_text("{")
    with pytest.raises(BackupError, match="looked for in the wrong timeline"):
        plan(archive, Newest())
