"""What a backup holds, written down beside it: where in the log it stands, its bytes, and the rows that matter."""

import hashlib
import json
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from actinf.errors import BackupError

__all__ = ["Bytes", "Manifest", "TableContent", "bytes_of", "differences"]

_FORMAT = 1
_THREADS = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class TableContent:
    """What a table holds, in whatever order.

    Attributes:
        rows: how many.
        checksum: the sum of the 64-bit hashes of its rows, in decimal digits.
    """

    rows: int
    checksum: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Bytes:
    """The files of a backup, as one.

    Attributes:
        size: of all, bytes.
        files: how many.
        sha256: of the list of all files with their own SHA-256, hexadecimal: what
            `find . -type f | LC_ALL=C sort | xargs sha256sum | sha256sum` prints in the folder.
    """

    size: int
    files: int
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """A backup, described.

    Attributes:
        name: of the backup: when it was begun, in UTC.
        taken_at: the moment whose state it holds, by the server's clock, in ISO 8601.
        server_version: of PostgreSQL.
        system_identifier: of the cluster that it was taken from.
        timeline: the timeline that it was taken on.
        start_lsn: where recovery has to start in the log.
        consistent_lsn: the place in the log whose state the tables below are: what is recovered up to there, and no
            further, holds exactly these rows.
        wal_segment_bytes: size of a segment of the log.
        database: that the tables are of.
        bytes: of the folder `base`, the log up to `consistent_lsn` included.
        tables: the rows that matter, by table, as the server that was copied had them.
        critical_rows: what `SELECT count(*) FROM critical_table` said; None: there was no such relation.
    """

    name: str
    taken_at: str
    server_version: str
    system_identifier: str
    timeline: int
    start_lsn: str
    consistent_lsn: str
    wal_segment_bytes: int
    database: str
    bytes: Bytes
    tables: Mapping[str, TableContent]
    critical_rows: int | None

    def text(self) -> str:
        """The manifest as it is kept."""
        return json.dumps({"format": _FORMAT, **asdict(self)}, indent=2) + "\n"

    @classmethod
    def read(cls, path: Path) -> "Manifest":
        """The manifest of a file.

        Raises:
            BackupError: the file is missing, or no manifest.
        """
        try:
            said: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
            if said.pop("format") != _FORMAT:
                raise BackupError(f"{path} is of another release of actinf: use the release that took the backup")
            said["bytes"] = Bytes(**said["bytes"])
            said["tables"] = {name: TableContent(**held) for name, held in said["tables"].items()}
            return cls(**said)
        except OSError as error:
            raise BackupError(
                f"{path} cannot be read ({error.strerror}): a backup without its manifest is not restored"
            ) from None
        except (ValueError, TypeError, KeyError, AttributeError):
            raise BackupError(f"{path} is no manifest of a backup: it is damaged, or was cut off") from None


def bytes_of(base: Path) -> Bytes:
    """Read every byte below a folder.

    Raises:
        OSError: something cannot be read.
    """
    files = sorted((path for path in base.rglob("*") if path.is_file() and not path.is_symlink()), key=_spelling(base))
    with ThreadPoolExecutor(_THREADS) as readers:  # hashing lets other threads run
        hashed = list(readers.map(_sha256, files))
    whole = hashlib.sha256()
    for path, (_, digest) in zip(files, hashed, strict=True):
        whole.update(f"{digest}  ./{path.relative_to(base)}\n".encode())
    return Bytes(size=sum(size for size, _ in hashed), files=len(files), sha256=whole.hexdigest())


def _spelling(base: Path) -> Any:
    return lambda path: str(path.relative_to(base)).encode()


def _sha256(path: Path) -> tuple[int, str]:
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        return file.tell(), digest


def differences(expected: Mapping[str, TableContent], found: Mapping[str, TableContent]) -> list[str]:
    """What two contents do not have in common, a sentence for each table; empty: they are the same."""
    said = []
    for name in sorted(expected.keys() | found.keys()):
        before, after = expected.get(name), found.get(name)
        if before is None or after is None:
            said.append(f"table {name} is {'new' if before is None else 'missing'}")
        elif before.rows != after.rows:
            said.append(f"table {name} has {after.rows:,} rows, expected {before.rows:,}")
        elif before.checksum != after.checksum:
            said.append(f"table {name} has the {before.rows:,} rows expected, but not the same content")
    return said
