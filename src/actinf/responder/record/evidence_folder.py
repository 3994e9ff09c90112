"""A folder of evidence, packed into one file: so that it is one thing with one SHA-256, which one person has.

Where the folder holds `SHA256SUMS`, as `deploy/collect-evidence` and `sha256sum` write it, every file is held against
it while it is packed, and every file has to stand in it.  The same folder gives the same bytes each time.
"""

from __future__ import annotations

import hashlib
import os
import re
import stat
import tarfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from actinf.errors import SettingError

__all__ = ["MANIFEST", "Packed", "packed"]

#: The file that holds the SHA-256 of the others.
MANIFEST = "SHA256SUMS"
_MISSING = "missing.txt"
_LINE = re.compile(r"([0-9a-f]{64}) [ *](?:\./)?(.+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Packed:
    """What was packed.

    Attributes:
        files: how many.
        manifest: the SHA-256 of the manifest, which says all of them; None: there was none.
        missing: what whoever took the evidence could not get, a line each.
    """

    files: int
    manifest: str | None
    missing: tuple[str, ...]


def packed(folder: Path, into: IO[bytes]) -> Packed:
    """Pack a folder.

    Args:
        folder: of files and folders, and nothing else.
        into: where the archive is written, in the format of tar.

    Raises:
        SettingError: it holds nothing, something that is no file, or a file that is not as its manifest says.
    """
    files = list(_files(folder))
    if not files:
        raise SettingError(f"{folder} holds no file: expected evidence")
    sums = _sums(folder)
    names = {path.relative_to(folder).as_posix() for path in files} - {MANIFEST}
    if sums is not None and set(sums) != names:
        _refuse_others(folder, set(sums), names)
    wrong = []
    with tarfile.open(fileobj=into, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for path in files:
            name = path.relative_to(folder).as_posix()
            digest = _added(archive, path, f"{folder.absolute().name}/{name}")
            if sums is not None and name != MANIFEST and digest != sums[name]:
                wrong.append(name)
    if wrong:
        raise SettingError(
            f"{_some(wrong)} in {folder} {'is' if len(wrong) == 1 else 'are'} not as {MANIFEST} says: changed since "
            "the evidence was taken; nothing was kept"
        )
    missing = folder / _MISSING
    return Packed(
        files=len(files),
        manifest=None if sums is None else hashlib.sha256((folder / MANIFEST).read_bytes()).hexdigest(),
        missing=tuple(missing.read_text("utf-8", "replace").splitlines()) if missing.is_file() else (),
    )


def _files(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.rglob("*")):
        kind = path.lstat().st_mode
        if stat.S_ISREG(kind):
            yield path
        elif not stat.S_ISDIR(kind):
            what = "a link, which leads elsewhere" if stat.S_ISLNK(kind) else "no file"
            raise SettingError(f"{path} is {what}: expected files and folders; take it out of the evidence")


def _sums(folder: Path) -> Mapping[str, str] | None:
    manifest = folder / MANIFEST
    if not manifest.is_file():
        return None
    sums = {}
    for number, line in enumerate(manifest.read_text("utf-8", "replace").splitlines(), 1):
        found = _LINE.fullmatch(line)
        if found is None:
            raise SettingError(f"{manifest}, line {number} is {line[:80]!r}: expected a SHA-256 and the name of a file")
        sums[found[2]] = found[1]
    return sums


def _refuse_others(folder: Path, listed: set[str], there: set[str]) -> None:
    gone, more = sorted(listed - there), sorted(there - listed)
    said = [f"{_some(gone)} of {MANIFEST} not there"] if gone else []
    said += [f"{_some(more)} not in {MANIFEST}"] if more else []
    raise SettingError(f"{folder} is not the evidence that was taken: {', and '.join(said)}; nothing was kept")


def _added(archive: tarfile.TarFile, path: Path, name: str) -> str:
    """Add one file to an archive; its SHA-256."""
    try:
        with path.open("rb") as content:
            about = os.fstat(content.fileno())
            info = tarfile.TarInfo(name)
            info.size, info.mtime, info.mode = about.st_size, int(about.st_mtime), stat.S_IMODE(about.st_mode)
            info.uid, info.gid = about.st_uid, about.st_gid
            hashing = _Hashing(content)
            archive.addfile(info, hashing)  # type: ignore[arg-type]
    except OSError as error:
        raise SettingError(f"{path} cannot be read: {error.strerror or error}; nothing was kept") from None
    return hashing.digest.hexdigest()


class _Hashing:
    """A file whose digest is taken as it is read."""

    def __init__(self, content: IO[bytes]):
        self._content = content
        self.digest = hashlib.sha256()

    def read(self, size: int) -> bytes:
        part = self._content.read(size)
        self.digest.update(part)
        return part


def _some(names: list[str]) -> str:
    return f"{', '.join(names[:3])}{f' and {len(names) - 3} more' if len(names) > 3 else ''}"
