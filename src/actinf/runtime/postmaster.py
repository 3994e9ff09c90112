"""Which server process runs on a PostgreSQL data directory, by the file that the server keeps there.

The file outlives a server that was killed, and its number may by then belong to another process: what is found in it is
held against the process itself.
"""

import os
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from actinf.errors import DatabaseError

__all__ = ["Postmaster", "discard_stale_file", "find_postmaster", "lives"]

PROC = Path("/proc")
# Lines of postmaster.pid, counted from 0.
PID, PORT, STATUS = 0, 3, 7


@dataclass(frozen=True, kw_only=True)
class Postmaster:
    """The first process of a running server.

    Attributes:
        pid: its process.
        port: where it listens; None while it has not said so.
        is_ready: whether it takes connections.
    """

    pid: int
    port: int | None
    is_ready: bool


def find_postmaster(data: Path) -> Postmaster | None:
    """The server that runs on a data directory, or None.

    Args:
        data: the data directory, absolute and without symbolic links.

    Raises:
        DatabaseError: the file that says which process it is makes no sense, or may not be read.
    """
    lines = _lines_of(data)
    if lines is None:
        return None
    pid = _pid_in(data, lines)
    if not _is_postmaster(pid, data):
        return None
    port = lines[PORT].strip() if len(lines) > PORT else ""
    return Postmaster(
        pid=pid,
        port=int(port) if port.isdecimal() else None,
        is_ready=len(lines) > STATUS and lines[STATUS].strip() == "ready",
    )


def lives(pid: int) -> bool:
    """Whether a process runs; one that only waits to be collected by its parent does not."""
    if PROC.joinpath("self").exists():
        try:
            state = (
                (PROC / str(pid) / "stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()[0]
            )
        except OSError:
            return False
        return state not in {"Z", "X"}
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _is_postmaster(pid: int, data: Path) -> bool:
    command = _command(pid)
    if not command or Path(command[0]).name != "postgres":
        return False
    if str(data) in command:
        return True
    try:  # started by hand, with a relative path; a server works in its data directory
        return (PROC / str(pid) / "cwd").readlink() == data
    except OSError:
        return False


def discard_stale_file(data: Path) -> None:
    """Remove the file of a server that is gone where its number now belongs to a process that is no PostgreSQL.

    PostgreSQL sees for itself that no process has the number, but takes any process of its own user for a server.
    """
    lines = _lines_of(data)
    if lines is not None:
        command = _command(_pid_in(data, lines))
        if command and Path(command[0]).name != "postgres":
            (data / "postmaster.pid").unlink()


def _lines_of(data: Path) -> list[str] | None:
    file = data / "postmaster.pid"
    try:
        text = file.read_text(encoding="utf-8", errors="replace")
        if not text:  # a server that starts has made the file, and is about to write into it
            time.sleep(0.1)
            text = file.read_text(encoding="utf-8", errors="replace")
        return text.splitlines()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise DatabaseError(f"whether a server runs on {data} cannot be told: {error}") from error


def _pid_in(data: Path, lines: list[str]) -> int:
    first = lines[PID].strip() if lines else ""
    if not (first.isascii() and first.isdecimal() and int(first) > 0):
        raise DatabaseError(
            f"{data / 'postmaster.pid'} should begin with the number of the server's process, but begins with "
            f"{first[:40]!r}: make sure that no postgres runs on this directory (ps -ef), then delete the file"
        )
    return int(first)


def _command(pid: int) -> list[str]:
    """The command line of a process; empty where there is none, or only what waits to be collected by its parent."""
    if PROC.joinpath("self").exists():
        try:
            return (PROC / str(pid) / "cmdline").read_text(encoding="utf-8", errors="replace").split("\0")[:-1]
        except OSError:
            return []
    done = subprocess.run(  # macOS
        ["/bin/ps", "-ww", "-o", "command=", "-p", str(pid)], capture_output=True, text=True, check=False
    )
    # Spaces in paths cannot be told from those between arguments: a path is found as what follows -D.
    program, _, rest = done.stdout.strip().partition(" -D ")
    return [program, *rest.split(" -c ", 1)[:1]] if rest else done.stdout.split()
