"""Which of several data folders is the server's: the pointer file, by which a restore switches in one step.

`current` holds the name of a folder beside it.  Without the file the folder is `main`.  A restore makes its folder,
verifies it, and only then points there; the server of before stays where it was.
"""

from pathlib import Path

from actinf.errors import DatabaseError
from actinf.runtime.durable_files import written

__all__ = ["FIRST", "current_data", "point_to"]

#: The folder that a server uses as long as nothing was restored.
FIRST = "main"
_POINTER = "current"


def current_data(volume: Path) -> Path:
    """The data folder that the server of a volume uses; on a new volume it does not exist yet.

    Args:
        volume: the folder that holds the pointer and the data folders.

    Raises:
        DatabaseError: the pointer names no data folder, or there is none and yet there are others: nothing is guessed.
    """
    pointer = volume / _POINTER
    try:
        name = pointer.read_text(encoding="utf-8").strip()
    except FileNotFoundError:
        others = sorted(folder.parent.name for folder in volume.glob("*/PG_VERSION"))
        if others and FIRST not in others:
            raise DatabaseError(
                f"{volume} has the data folders {', '.join(others)} and no file {_POINTER!r} that says which one is "
                f"in use: write its name into {pointer}"
            ) from None
        return volume / FIRST
    if name != Path(name).name or name in ("", ".", ".."):
        raise DatabaseError(f"{pointer} holds {name[:60]!r}: expected the name of a data folder in {volume}")
    if not (volume / name / "PG_VERSION").is_file():
        raise DatabaseError(
            f"{pointer} names {name!r}, but {volume / name} is no data folder of PostgreSQL (no file PG_VERSION): "
            "write there the name of one that is"
        )
    return volume / name


def point_to(volume: Path, name: str) -> None:
    """Make a data folder the one that the next start of the server uses; on the disk when this returns.

    Args:
        volume: the folder that holds the pointer and the data folders.
        name: of a data folder in it.

    Raises:
        DatabaseError: there is no such data folder.
    """
    if name != Path(name).name or not (volume / name / "PG_VERSION").is_file():
        raise DatabaseError(f"{volume / name} is no data folder of PostgreSQL (no file PG_VERSION)")
    written(volume / _POINTER, f"{name}\n")
