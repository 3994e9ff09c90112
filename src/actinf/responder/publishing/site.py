"""The status page as files: a folder that is always whole.

What readers open is a symbolic link.  A new state is written into a folder of its own beside it, as a whole and onto
the disk, and then the link is made to lead there, in one step.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

from actinf.errors import PublishingError

__all__ = ["Site"]

#: Folders that are kept beside the one that is read: somebody may be in the middle of it.
_KEPT_BEFORE = 1


class Site:
    """The files of the page.

    Args:
        link: what readers open; the folders of its states are beside it.
    """

    def __init__(self, link: Path):
        self.link = link
        self._state = re.compile(re.escape(link.name) + r"\.(\d{8,})")

    def write(self, files: Mapping[str, bytes], *, forget: bool = False) -> None:
        """Let readers find these files from now on, and no others.

        Args:
            files: contents by their paths, relative and with `/` between folders.
            forget: delete what was there before at once, for something in it was erased.

        Raises:
            PublishingError: a path leads elsewhere, or the disk does not take it; what was there before stays.
        """
        try:
            self._write({_inside(name): content for name, content in files.items()}, forget=forget)
        except OSError as error:
            raise PublishingError(
                f"the status page cannot be written to {self.link}: {error.strerror or error}; make room, and let "
                "this user write there"
            ) from None

    def _write(self, files: Mapping[PurePosixPath, bytes], *, forget: bool) -> None:
        if self.link.exists() and not self.link.is_symlink():
            raise PublishingError(
                f"{self.link} is there, and is no symbolic link that a status page was written through: move it away"
            )
        self.link.parent.mkdir(parents=True, exist_ok=True)
        before = self.link.resolve() if self.link.is_dir() else None
        folder = self.link.with_name(f"{self.link.name}.{self._next():08d}")
        folder.mkdir()
        try:
            for name, content in files.items():
                _put(folder / name, content, None if before is None else before / name)
            for one in (folder, *(path for path in folder.rglob("*") if path.is_dir())):
                one.chmod(0o755)
                _sync(one)
            _sync(folder.parent)
            self._lead_to(folder)
        except BaseException:
            if self.link.resolve() != folder.resolve():  # broken off after that step, it is what readers open
                shutil.rmtree(folder, ignore_errors=True)
            raise
        self._tidy(0 if forget else _KEPT_BEFORE)

    def _lead_to(self, folder: Path) -> None:
        fresh = self.link.with_name(f"{self.link.name}.link")
        fresh.unlink(missing_ok=True)
        fresh.symlink_to(folder.name)
        fresh.replace(self.link)
        _sync(self.link.parent)

    def _states(self) -> list[tuple[int, Path]]:
        """The states that are there, the oldest first; of what was broken off, the beginnings as well."""
        found = [(self._state.fullmatch(one.name), one) for one in self.link.parent.iterdir()]
        return sorted((int(match[1]), one) for match, one in found if match is not None)

    def _next(self) -> int:
        states = self._states()
        return states[-1][0] + 1 if states else 1

    def _tidy(self, kept: int) -> None:
        now = self.link.resolve().name
        others = [one for _, one in self._states() if one.name != now]
        for one in others[: len(others) - kept]:
            shutil.rmtree(one)


def _inside(name: str) -> PurePosixPath:
    path = PurePosixPath(name)
    if path.is_absolute() or not path.parts or any(part in ("..", ".") for part in path.parts) or "\0" in name:
        raise PublishingError(
            f"{name[:200]!r} is no path of a file of the status page: expected one as incidents/a.html"
        )
    return path


def _put(path: Path, content: bytes, before: Path | None) -> None:
    """Write a file onto the disk; one that is as it was is the same file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if before is not None and before.is_file() and before.read_bytes() == content:
        path.hardlink_to(before)
        return
    with path.open("xb") as file:
        file.write(content)
        file.flush()
        os.fchmod(file.fileno(), 0o644)
        os.fsync(file.fileno())


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
