"""Restoring: a copy beside the data that is in use, recovered and compared, and only then put in its place.

Nothing that is in use is touched before the last step, which replaces one small file.  The old data stays where it is.
"""

import signal
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic, sleep

from actinf.errors import BackupError
from actinf.runtime.durable_files import synced_folder
from actinf.runtime.postmaster import find_postmaster
from actinf.runtime.server_account import ServerAccount
from actinf.upkeep.backup.archive import Archive, account_in, now_as_name, refuse_lack_of_room, removed, swept
from actinf.upkeep.backup.choice import AT_MOST_LOST, AtTime, Choice, Named, Plan, planned
from actinf.upkeep.backup.live import told
from actinf.upkeep.backup.manifest import Manifest
from actinf.upkeep.backup.past import Restore, past_restores, write_down
from actinf.upkeep.backup.private_server import MOST_WAL_BYTES, PrivateServer, control_data, private_server
from actinf.upkeep.backup.take import Say
from actinf.upkeep.backup.verification import (
    MOST_SECONDS_OF_RECOVERY,
    checked,
    compare_at_the_mark,
    copy_files,
)
from actinf.upkeep.backup.wal import history_of, lsn_of, lsn_text, segments
from actinf.upkeep.database.current import current_data, point_to

__all__ = ["Sign", "discarded", "old_folders", "restored", "switched_by"]

#: Writes into the audit log of a restored database, whose address it is given, that it was restored, and from what.
Sign = Callable[[str, str], None]

_PREFIX = "restored-"
_UNFINISHED = ".unfinished"
_MOST_SECONDS_TO_ARCHIVE = 60.0
_ENDED_BEFORE = "recovery ended before configured recovery target was reached"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Live:
    """The data that is in use.

    Attributes:
        folder: of it; it may not exist.
        control: what its control file says; None: there is no such data.
    """

    folder: Path
    control: dict[str, str] | None


def restored(
    archive: Archive,
    volume: Path,
    choice: Choice,
    *,
    binaries: Path,
    replace_foreign: bool,
    quiet: Callable[[], None],
    sign: Sign,
    say: Say,
    run: str = "",
) -> Restore:
    """Restore, and put the result in the place of the data in use; servers that run are the caller's to restart.

    Args:
        archive: where backups are; it is locked by the caller.
        volume: the folder that the data folders are in, with the file that names the one in use.
        choice: what is restored.
        binaries: the folder of PostgreSQL's programs.
        replace_foreign: whether the data in use may be of another cluster than the backup.
        quiet: ends whoever writes; it is called when all is ready but the end of the log, which is read then.
        sign: writes into the audit log that it was restored.
        say: is told what goes on.
        run: what the restore is done for, if that may be begun a second time (see `switched_by`).

    Returns:
        What was restored.

    Raises:
        BackupError: it was not; what is in use is as it was.
        DatabaseError: what is in use cannot be told.
    """
    if not volume.is_dir():
        raise BackupError(f"{volume} is no folder: name the volume of the data folders (--data)")
    account = account_in(volume, *sorted(file.parent for file in volume.glob("*/PG_VERSION")))
    keeper = archive.prepared()
    live = _live(volume, account, binaries)
    in_use = live.folder.name if live.control is not None else None
    plan = planned(archive, choice, past_restores(archive.restores, in_use))
    say(f"restoring {choice} from the backup {plan.backup.name}")
    manifest = checked(plan.backup, keeper, binaries, say)
    _refuse_foreign(live, manifest, replace_foreign)
    _sweep(volume)
    needed = manifest.bytes.size + _log_to_follow(plan, manifest, archive) + MOST_WAL_BYTES
    refuse_lack_of_room(volume, needed, "restoring the backup beside the data in use")
    name = f"{_PREFIX}{now_as_name()}"
    unfinished = volume / f"{name}{_UNFINISHED}"
    copy_files(plan.backup, unfinished, account)
    try:
        with private_server(unfinished, account, binaries, durable=True) as server:
            _compared(server, manifest, say)
            quiet()
            reached = _followed(server, plan, manifest, archive, live, say)
            timeline = _new_timeline(server, archive)
            said = f"{choice} from the backup {plan.backup.name}: {reached}"
            sign(server.url(manifest.database), said)
            server.stop()
    except BaseException:
        removed(unfinished)
        raise
    restore = Restore(
        at=datetime.now(UTC).isoformat(timespec="microseconds"),
        backup=plan.backup.name,
        asked=str(choice),
        reached=reached,
        folder=name,
        timeline=timeline,
        before_folder=in_use or "",
        before_timeline=plan.timeline.number,
        run=run,
    )
    unfinished.rename(volume / name)
    synced_folder(volume)
    write_down(archive.restores, restore, keeper)
    point_to(volume, name)
    say(f"restored {reached}; {volume / name} is in use from the server's next start on")
    return restore


def switched_by(archive: Archive, volume: Path, run: str) -> Restore | None:
    """The restore of that run, if it led to what is in use: a second try must not set the database back once more.

    Raises:
        BackupError: what is kept of past restores cannot be read.
        DatabaseError: what is in use cannot be told.
    """
    folder = current_data(volume)
    if not run or not (folder / "PG_VERSION").exists():
        return None
    return next((one for one in past_restores(archive.restores, folder.name) if one.run == run), None)


def old_folders(volume: Path) -> list[Path]:
    """The data folders of a volume that are not in use any more.

    Raises:
        DatabaseError: which one is in use cannot be told.
    """
    in_use = current_data(volume)
    found = (file.parent for file in volume.glob("[!.]*/PG_VERSION"))
    return sorted(folder for folder in found if folder != in_use and not folder.name.endswith(_UNFINISHED))


def discarded(volume: Path) -> list[Path]:
    """Remove the data folders of a volume that are not in use any more, and what is left of such as were being removed.

    Returns:
        Those that are gone.

    Raises:
        DatabaseError: which one is in use cannot be told.
        BackupError: a server still runs on one; none was removed.
    """
    folders = old_folders(volume)
    swept(volume)
    for folder in folders:
        if find_postmaster(folder.resolve()) is not None:
            raise BackupError(
                f"a server still runs on {folder}: start it again first, so that it uses the restored data"
            )
    for folder in folders:
        removed(folder)
    return folders


# ------------------------------------------------------------------------------------------------- what is in use


def _live(volume: Path, account: ServerAccount, binaries: Path) -> _Live:
    folder = current_data(volume)
    if not (folder / "PG_VERSION").exists():
        return _Live(folder=folder, control=None)
    try:
        return _Live(folder=folder, control=control_data(folder, account, binaries))
    except BackupError:
        # It is damaged, which may be why it is restored: nothing of it is used, and it stays.
        return _Live(folder=folder, control=None)


def _refuse_foreign(live: _Live, manifest: Manifest, replace_foreign: bool) -> None:
    if live.control is None or replace_foreign:
        return
    identifier = live.control["Database system identifier"]
    if identifier != manifest.system_identifier:
        raise BackupError(
            f"the backup {manifest.name} is of the cluster {manifest.system_identifier}, but {live.folder} is of "
            f"{identifier}: nothing was touched. Where it is meant to take the place of that one, for example of one "
            "that was made anew after a disaster, say so with --replace-foreign"
        )


def _log_to_follow(plan: Plan, manifest: Manifest, archive: Archive) -> int:
    """How much of the log comes after the backup, bytes: the data may grow by as much."""
    if isinstance(plan.choice, Named):
        return 0
    last = plan.timeline.last_segment(segments(archive.wal), manifest.wal_segment_bytes)
    return max(0, (last + 1) * manifest.wal_segment_bytes - lsn_of(manifest.consistent_lsn))


def _sweep(volume: Path) -> None:
    """Remove what a restore that was killed left, its server included, and what was not removed to its end."""
    swept(volume)
    for left in volume.glob(f"{_PREFIX}*{_UNFINISHED}"):
        PrivateServer.end(left.resolve(), signal.SIGQUIT)
        removed(left)


# --------------------------------------------------------------------------------------------------- recovery


def _compared(server: PrivateServer, manifest: Manifest, say: Say) -> None:
    """Recover to the mark and compare."""
    say("recovering the copy up to the mark of the backup, and comparing it with the manifest")
    found = compare_at_the_mark(server, manifest)
    if found:
        raise BackupError(f"restored, the backup does not hold what its manifest says: {'; '.join(found)}")
    server.stop()


def _followed(server: PrivateServer, plan: Plan, manifest: Manifest, archive: Archive, live: _Live, say: Say) -> str:
    """Recover to what was asked for; the server then takes writes.

    Returns:
        What was reached, in words.
    """
    if isinstance(plan.choice, Named):
        target = {"recovery_target_lsn": manifest.consistent_lsn, "recovery_target_inclusive": "off"}
        _follow(server, plan, target, archive, sources=[archive.wal])
        return f"up to {manifest.consistent_lsn}, exactly what the manifest says"
    sources = [archive.wal]
    if live.control is not None and live.control["Database system identifier"] == manifest.system_identifier:
        sources.append(live.folder / "pg_wal")  # what the server wrote last, and did not archive any more
    say("following the log" + (f" to {plan.choice}" if isinstance(plan.choice, AtTime) else " to its end"))
    if isinstance(plan.choice, AtTime):
        moment = plan.choice.moment.astimezone(UTC)
        target = {"recovery_target_time": moment.isoformat(sep=" "), "recovery_target_inclusive": "on"}
        try:
            _follow(server, plan, target, archive, sources)
        except BackupError:
            if _ENDED_BEFORE not in server.log():
                raise
            # No commit in the log is later: all of the log is what was asked for, if it is all there.
            _refuse_short_log(plan, moment, archive, len(sources) > 1)
        else:
            return _last_commit(server)
    _refuse_gap(plan, manifest, archive)
    _follow(server, plan, {}, archive, sources)
    _refuse_early_end(server, plan, manifest, archive, live)
    return _last_commit(server)


def _follow(server: PrivateServer, plan: Plan, target: dict[str, str], archive: Archive, sources: list[Path]) -> None:
    timeline = {"recovery_target_timeline": str(plan.timeline.number), "recovery_target_action": "promote"}
    server.recover({**target, **timeline}, sources=sources, archive_to=archive.wal)
    server.wait_until_promoted(MOST_SECONDS_OF_RECOVERY)


def _last_commit(server: PrivateServer) -> str:
    with told(), server.connected("postgres") as connection:
        row = connection.execute("SELECT pg_last_xact_replay_timestamp()").fetchone()
    if row is None or row[0] is None:
        return "up to the mark of the backup, for the log holds no later commit"
    return f"up to the commit of {row[0].astimezone(UTC).isoformat(timespec='milliseconds')}"


def _refuse_gap(plan: Plan, manifest: Manifest, archive: Archive) -> None:
    """Raise BackupError where a file of the log is missing although later ones are there."""
    gap = plan.timeline.first_missing(
        segments(archive.wal), lsn_of(manifest.consistent_lsn), manifest.wal_segment_bytes
    )
    if gap is not None:
        raise BackupError(
            f"{archive.wal / gap} is missing, but later files of the log are there: the log cannot be followed to its "
            "end. Put the file back, or give a moment before it (--at), or a backup after it (--backup)"
        )


def _refuse_early_end(server: PrivateServer, plan: Plan, manifest: Manifest, archive: Archive, live: _Live) -> None:
    """Raise BackupError where recovery took something for the end of the log that is none: a damaged file."""
    end = _left_at(server)
    size = manifest.wal_segment_bytes
    last = plan.timeline.last_segment(segments(archive.wal), size)
    if end < last * size:
        raise BackupError(
            f"the log cannot be read after {lsn_text(end)}, in segment {end // size} of {archive.wal}, although it "
            f"goes on to segment {last}: that file is damaged. Put it back, or give a moment before it (--at)"
        )
    if live.control is None or live.control["Latest checkpoint's TimeLineID"] != str(plan.timeline.number):
        return
    checkpoint = lsn_of(live.control["Latest checkpoint location"])
    if live.control["Database system identifier"] == manifest.system_identifier and end < checkpoint:
        raise BackupError(
            f"the log cannot be read after {lsn_text(end)}, but the server of {live.folder} was at "
            f"{lsn_text(checkpoint)} already: what it wrote last was not archived and is not in its folder pg_wal. "
            "Where that is lost, give the moment to restore to (--at)"
        )


def _refuse_short_log(plan: Plan, moment: datetime, archive: Archive, with_last: bool) -> None:
    """Raise BackupError where the log may have gone on until the moment, and what there is of it does not."""
    if with_last:
        return  # the server's own log is there, to its end
    of_timeline = [name for name in segments(archive.wal) if int(name[:8], 16) == plan.timeline.number]
    times = [(archive.wal / name).stat().st_mtime for name in of_timeline]
    last = datetime.fromtimestamp(max(times, default=0.0), UTC)
    if last < moment - AT_MOST_LOST:
        raise BackupError(
            f"the archive's last file of the log is of {last.isoformat(timespec='seconds')}, which is more than "
            f"{AT_MOST_LOST.seconds} s before {moment.isoformat()}: what was written until then is not there. Give a "
            "moment up to that time"
        )


def _left_at(server: PrivateServer) -> int:
    """Where the new timeline left the old one."""
    return history_of(_timeline_of(server), server.data / "pg_wal").before[-1][1]


def _timeline_of(server: PrivateServer) -> int:
    with told(), server.connected("postgres") as connection:
        row = connection.execute("SELECT pg_walfile_name(pg_current_wal_lsn())").fetchone()
    if row is None:
        raise BackupError("the restored server does not say on which timeline it is")
    return int(row[0][:8], 16)


def _new_timeline(server: PrivateServer, archive: Archive) -> int:
    """The timeline that began with the promotion, once the archive knows where it began."""
    number = _timeline_of(server)
    history = archive.wal / f"{number:08X}.history"
    deadline = monotonic() + _MOST_SECONDS_TO_ARCHIVE
    while not history.exists():
        if monotonic() > deadline:
            raise BackupError(
                f"{history} was not archived within {_MOST_SECONDS_TO_ARCHIVE:.0f} s:\n{server.log()[-2000:]}"
            )
        sleep(0.05)
    return number
