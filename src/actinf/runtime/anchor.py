"""The anchor: the head of the log, signed and written to a file that whoever owns the database does not own.

The chain shows what was changed inside the log; that its end was cut off shows only against a head that was written
down elsewhere.  A file holds one line for each anchor, is only added to, and waits for the disk.  One process writes to
it at a time: others with the same path stand by, and one of them goes on when it ends.

A file that has grown is thinned out.  A later anchor of the same chain says all that an earlier one said, so that only
the newest lines, one of each day, and those that the log went on *without* are worth keeping.
"""

import fcntl
import hashlib
import hmac
import json
import os
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO

from actinf.errors import SettingError
from actinf.runtime.chain import subkey
from actinf.runtime.durable_files import written

__all__ = ["Anchor", "AnchorFile", "AnchorWriter", "read_anchors", "thinned"]

#: A file larger than this is thinned out, bytes: three days of a log that never rests.
LARGEST = 8 * 2**20
_NEWEST = 2_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Anchor:
    """The head of the log at a time.

    Attributes:
        seq: number of the last row; 0: there was none.
        mac: of that row, hexadecimal.
        time: when it was read, as the chain writes times.
        system: which database server, by its system identifier.
        follows: whether the row of the anchor before was still in the log.
    """

    seq: int
    mac: str
    time: str
    system: str
    follows: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class AnchorFile:
    """What a file says.

    Attributes:
        path: of the file.
        anchors: that are signed with the key, in order.
        wrong: what is wrong with other lines.
        signed_otherwise: how many lines are whole, and not signed with this key.
    """

    path: Path
    anchors: tuple[Anchor, ...]
    wrong: tuple[str, ...]
    signed_otherwise: int


def _signature(key: bytes, anchor: Anchor) -> str:
    said = json.dumps(asdict(anchor), sort_keys=True, separators=(",", ":")).encode()
    return hmac.new(subkey(key, "anchor"), said, hashlib.sha256).hexdigest()


def _line(key: bytes, anchor: Anchor) -> str:
    return json.dumps({**asdict(anchor), "signature": _signature(key, anchor)}) + "\n"


def _anchor_of(line: str) -> tuple[Anchor, str]:
    """What a line says and how it is signed; raises ValueError for what is no anchor."""
    said = json.loads(line)
    fields = {"seq": int, "mac": str, "time": str, "system": str, "follows": bool}
    if not isinstance(said, dict) or any(type(said.get(name)) is not kind for name, kind in fields.items()):
        raise ValueError
    return Anchor(**{name: said[name] for name in fields}), str(said.get("signature"))


def read_anchors(path: Path, key: bytes) -> AnchorFile:
    """Read a file of anchors; a last line that was never finished is left out.

    Raises:
        SettingError: the file cannot be read.
    """
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        raise SettingError(f"the anchor {path} cannot be read: {error.strerror}") from None
    anchors: list[Anchor] = []
    wrong: list[str] = []
    signed_otherwise = 0
    for number, line in enumerate(text.splitlines(keepends=True), 1):
        if not line.endswith("\n"):
            continue
        try:
            anchor, signature = _anchor_of(line)
        except (ValueError, RecursionError):
            wrong.append(f"line {number} of {path} is no anchor")
            continue
        if hmac.compare_digest(signature.encode(), _signature(key, anchor).encode()):
            anchors.append(anchor)
        else:
            signed_otherwise += 1
            wrong.append(f"line {number} of {path} is not signed with this key")
    return AnchorFile(path=path, anchors=tuple(anchors), wrong=tuple(wrong), signed_otherwise=signed_otherwise)


def thinned(anchors: Sequence[Anchor]) -> list[Anchor]:
    """Those that are worth keeping."""
    kept = []
    for at, anchor in enumerate(anchors):
        after = anchors[at + 1] if at + 1 < len(anchors) else None
        is_new = after is None or len(anchors) - at <= _NEWEST
        # Both sides of a break stay, so that it is still one when the file is thinned out again.
        at_a_break = not anchor.follows or (after is not None and not after.follows)
        ends_a_day = after is not None and after.time[:10] != anchor.time[:10]
        if is_new or at_a_break or ends_a_day:
            kept.append(anchor)
    return kept


class AnchorWriter:
    """Adds to a file of anchors, for as long as this process is the one that does.

    Args:
        path: of the file; made, with its folder, where it is not there.
        key: of the chain.
        private: whether nobody but its owner may read it, also where it was made otherwise.
    """

    def __init__(self, path: Path, key: bytes, *, private: bool = False):
        self._path = path
        self._private = private
        self._key = key
        self._lock: IO[bytes] | None = None
        self._last: Anchor | None = None

    @property
    def last(self) -> Anchor | None:
        """The anchor that was written last, by this process or by one before; None: there is none."""
        return self._last

    def open(self) -> bool:
        """Become the one that writes; False while another process is.

        Raises:
            OSError: the file cannot be made, read or written.
        """
        if self._lock is not None:
            return True
        self._path.parent.mkdir(parents=True, exist_ok=True)
        lock_path = self._path.with_name(f"{self._path.name}.lock")
        if self._private:
            for one in (self._path, lock_path):
                one.touch(mode=0o600)
                if one.stat().st_mode & 0o077:
                    one.chmod(0o600)
        lock = lock_path.open("ab")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.close()
            return False
        self._lock = lock
        self._cut_unfinished_line()
        before = read_anchors(self._path, self._key).anchors
        self._last = before[-1] if before else None
        return True

    def write(self, anchor: Anchor) -> None:
        """Add a line, and wait for the disk.

        Raises:
            OSError: it cannot be written.
        """
        if self._path.stat().st_size > LARGEST:
            held = read_anchors(self._path, self._key)
            if not held.wrong:  # what is no anchor of ours is evidence, and stays
                self._replace(thinned(held.anchors))
        with self._path.open("a", encoding="utf-8") as file:
            file.write(_line(self._key, anchor))
            file.flush()
            os.fsync(file.fileno())
        self._last = anchor

    def close(self) -> None:
        """Let another process write."""
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def _cut_unfinished_line(self) -> None:
        with self._path.open("a+b") as file:
            file.seek(0)
            held = file.read()
            if held and not held.endswith(b"\n"):
                file.truncate(held.rfind(b"\n") + 1)

    def _replace(self, anchors: Iterable[Anchor]) -> None:
        """Put a shorter file in the place of this one, whole or not at all."""
        text = "".join(_line(self._key, anchor) for anchor in anchors)
        written(self._path, text, mode=0o600 if self._private else 0o644)
