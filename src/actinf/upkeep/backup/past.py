"""Which timeline was the living one when: by what past restores wrote down.

After a restore there are two stories in the archive from some moment on: the one that was given up, and the one that
goes on.  A moment before the restore belongs to the first, also if it comes after the point that was restored to.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

from actinf.errors import BackupError
from actinf.runtime.durable_files import written
from actinf.runtime.server_account import ServerAccount

__all__ = ["Restore", "living_timeline", "past_restores", "write_down"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Restore:
    """A restore that was done.

    Attributes:
        at: when, in ISO 8601.
        backup: name of the backup.
        asked: what was asked for, in words.
        reached: what was restored, in words: up to which place and which commit.
        folder: name of the data folder that it made.
        timeline: that begins with it.
        before_folder: name of the data folder that was in use before; empty: there was none.
        before_timeline: the timeline that the backup, or the log after it, was followed on.
        run: what it was done for, such as the identifier of a job; empty: nothing that would do it again.
    """

    at: str
    backup: str
    asked: str
    reached: str
    folder: str
    timeline: int
    before_folder: str
    before_timeline: int
    run: str = ""


def write_down(folder: Path, restore: Restore, account: ServerAccount) -> None:
    """Keep a restore.  It counts from when its data folder is in use."""
    written(folder / f"{restore.folder}.json", json.dumps(asdict(restore), indent=2) + "\n", account)


def past_restores(folder: Path, in_use: str | None) -> list[Restore]:
    """The restores that led to the data that is in use, the oldest first.

    Args:
        folder: where they are kept.
        in_use: name of the data folder that is in use; None: there is no data, and the last restore counts.

    Raises:
        BackupError: what is kept of one cannot be read.
    """
    kept: dict[str, Restore] = {}
    for file in sorted(folder.glob("*.json")):
        try:
            restore = Restore(**json.loads(file.read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError):
            raise BackupError(
                f"{file}, which says what was restored when, cannot be read: without it a point in time may be looked "
                "for in the wrong timeline. Put it back from a copy of the archive"
            ) from None
        kept[restore.folder] = restore
    led: list[Restore] = []
    name = in_use if in_use is not None else max(kept, default="")
    while name in kept:
        restore = kept.pop(name)
        led.insert(0, restore)
        name = restore.before_folder
    return led


def living_timeline(restores: Sequence[Restore], moment: datetime | None, otherwise: int) -> int:
    """The number of the timeline that was in use at a moment.

    Args:
        restores: those that led to what is in use, the oldest first.
        moment: None: now.
        otherwise: the answer where nothing was ever restored.
    """
    if not restores:
        return otherwise
    before = [one for one in restores if moment is None or datetime.fromisoformat(one.at) <= moment]
    return before[-1].timeline if before else restores[0].before_timeline
