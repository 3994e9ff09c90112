"""Runs one trial and keeps its verdict: a program of its own, which outlives whoever began it.

    python trial_process.py FOLDER        with {"command", "cwd", "seconds", "environment"} as JSON on standard input

It ends at once, with 0 as soon as the trial is under way, and leaves behind a process that runs the command.  What
FOLDER holds says how far it is, also to somebody who was not there at the beginning:

    lock           held, by flock, for as long as the trial or anything of it runs
    begun          made once: a second call with the same folder does nothing
    process.json   the process that looks after the trial
    output.txt     what it says, as it says it
    verdict.json   how it ended; it is there as a whole, or not at all

It needs nothing but Python, so that it starts in no time and takes little memory beside the responder.
"""

import contextlib
import fcntl
import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

#: Of what the command says so much is kept from its beginning, and so much from its end, bytes.
_MOST_AT_FIRST, _MOST_AT_LAST = 1024 * 1024, 16 * 1024
#: A line that says what failed, as most test programs have it; so many of them, and characters of each, are kept.
_FAILED = re.compile(r"(FAIL|FAILED|ERROR|not ok)\b")
_MOST_FAILED, _MOST_OF_A_LINE = 20, 300
_GRACE = 15.0


def main() -> int:
    """Begin a trial that was not begun yet."""
    folder, asked = Path(sys.argv[1]), json.load(sys.stdin)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    lock = os.open(folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return 0  # it is under way
    try:
        (folder / "begun").mkdir()
    except FileExistsError:
        return 0  # it ended, with a verdict or without
    if os.fork():
        return 0
    # From here on in a process that nobody waits for.  What it is started from may end, and its pipes with it.
    os.setsid()
    nowhere = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(nowhere, descriptor)
    _written(folder / "process.json", {"pid": os.getpid()})
    _written(folder / "verdict.json", _tried(asked, folder, lock))
    return 0


def _tried(asked: dict[str, Any], folder: Path, lock: int) -> dict[str, Any]:
    began = time.monotonic()
    stopped: list[int] = []
    signal.signal(signal.SIGTERM, lambda number, _: stopped.append(number))
    said, told = os.pipe()
    try:
        child = subprocess.Popen(
            asked["command"],
            cwd=asked["cwd"],
            env=asked["environment"],
            stdin=subprocess.DEVNULL,
            stdout=told,
            stderr=told,
            start_new_session=True,
            pass_fds=[lock],  # whatever becomes of this process: as long as the command runs, it is seen to run
        )
    except OSError as error:
        why = f"{asked['command'][0]}: {error.strerror}"
        return {"ended": "not started", "exit": None, "said": why, "failed": [], "seconds": 0.0}
    finally:
        os.close(told)
    heard = _Heard(folder / "output.txt")
    listening = threading.Thread(target=heard.listen, args=(said,), daemon=True)
    listening.start()
    ended = _awaited(child, began + asked["seconds"], stopped)
    listening.join(1.0)  # something that it left behind may hold its output open for ever
    lines = heard.lines()
    return {
        "ended": ended,
        "exit": child.returncode,
        "said": lines[-1][:_MOST_OF_A_LINE] if lines else "",
        "failed": [one[:_MOST_OF_A_LINE] for one in lines if _FAILED.match(one)][:_MOST_FAILED],
        "seconds": round(time.monotonic() - began, 1),
    }


class _Heard:
    """What a command says: kept in a file, and its beginning and its end here."""

    def __init__(self, path: Path):
        self._path = path
        self._first, self._last, self._all = bytearray(), bytearray(), 0

    def listen(self, said: int) -> None:
        """Hear all of it; where the disk is full, it is heard all the same."""
        with contextlib.suppress(OSError):
            self._path.touch(mode=0o600)
        while chunk := os.read(said, 65536):
            room = _MOST_AT_FIRST - len(self._first)
            first, rest = chunk[:room], chunk[room:]
            self._first += first
            self._last += rest
            del self._last[:-_MOST_AT_LAST]
            self._all += len(chunk)
            self._keep(first)
        if self._last:
            left_out = self._all - len(self._first) - len(self._last)
            self._keep(f"\n… {left_out} bytes are left out here …\n".encode() + self._last)

    def lines(self) -> list[str]:
        """Its lines, without those that are empty."""
        output = bytes(self._first + self._last).decode(errors="replace")
        return [one.strip() for one in output.splitlines() if one.strip()]

    def _keep(self, more: bytes) -> None:
        with contextlib.suppress(OSError), self._path.open("ab") as file:
            file.write(more)


def _awaited(child: subprocess.Popen[bytes], until: float, stopped: list[int]) -> str:
    """Wait for the end of a command, and make it end where it takes too long; how it ended."""
    while child.poll() is None and not stopped and time.monotonic() < until:
        time.sleep(0.05)
    ended = "exit"
    if child.poll() is None:
        ended = "stopped" if stopped else "time"
        _signal(child, signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.wait(_GRACE)
    _signal(child, signal.SIGKILL)  # it, or what it left behind
    child.wait()
    return ended


def _signal(child: subprocess.Popen[bytes], number: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(child.pid, number)


def _written(path: Path, document: dict[str, Any]) -> None:
    beside = path.with_suffix(".new")
    with beside.open("w", encoding="utf-8") as file:
        json.dump(document, file)
        file.flush()
        os.fsync(file.fileno())
    beside.rename(path)


if __name__ == "__main__":
    sys.exit(main())
