"""The trials of a ramp: commands that run beside the responder, and go on while it is started anew.

A trial is known by its name for ever.  Begun twice it runs once, and whoever asks, then or after a restart, is told
whether it runs and how it ended.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from actinf.responder.channels.neutral import line
from actinf.responder.ramp.plan import Kind

__all__ = ["Command", "Fate", "Processes", "Trials", "Verdict"]

_PROGRAM = Path(__file__).with_name("trial_process.py")
_SECONDS_TO_BEGIN = 20.0
_MOST_SAID = 300
#: Of a failed trial: lines that say what failed, and characters of each and of the last.
_MOST_FAILED, _MOST_OF_A_LINE, _MOST_LAST = 3, 120, 150


class Fate(StrEnum):
    """What is known of a trial that has no verdict."""

    UNKNOWN = "not begun"
    RUNS = "runs"
    LOST = "lost"  # it was begun, does not run, and left no verdict: it was killed, or the machine went down


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """How a trial ended.

    Attributes:
        passed: whether what was tried works.
        said: its last line, or why there is none; where it failed, before that the lines that say what did.
        output: the file with all that it said; empty: there is none.
    """

    passed: bool
    said: str
    output: str = ""

    @property
    def words(self) -> str:
        """What it said, and where all of it is."""
        return f"{self.said} (all that it said: {self.output})" if self.output else self.said


class Trials(Protocol):
    """Runs trials."""

    @property
    def kinds(self) -> frozenset[Kind]:
        """Of which kinds there are any."""
        ...

    def begin(self, name: str, kind: Kind, within: timedelta) -> None:
        """Begin one that was not begun.

        Args:
            name: of it.
            kind: `SMOKE` or `LOAD`.
            within: how long it may take; then it is made to end.

        Raises:
            OSError: that cannot be done.
        """
        ...

    def fate(self, name: str) -> Verdict | Fate:
        """How one ended, or what else is known of it."""
        ...

    def stop(self, name: str) -> None:
        """Make one end that runs."""
        ...

    def command(self, kind: Kind) -> str:
        """What is run, as somebody would type it."""
        ...

    def missing(self, kind: Kind) -> str:
        """What is not there that it needs; empty: nothing that could be seen."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """What is run for a kind of trial.

    Attributes:
        arguments: the program first.
        folder: in which it runs.
        environment: all of it; it inherits none of this process.
    """

    arguments: tuple[str, ...]
    folder: Path
    environment: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Processes:
    """Trials as processes of this machine.

    Attributes:
        folder: where they leave their verdicts.
        commands: of the kinds of trials.
    """

    folder: Path
    commands: Mapping[Kind, Command]

    @property
    def kinds(self) -> frozenset[Kind]:
        """As `Trials.kinds`."""
        return frozenset(self.commands)

    def begin(self, name: str, kind: Kind, within: timedelta) -> None:
        """As `Trials.begin`."""
        command = self.commands[kind]
        environment = dict(command.environment)
        asked = {
            "command": command.arguments,
            "cwd": str(command.folder),
            "seconds": within.total_seconds(),
            "environment": environment,
        }
        try:
            done = subprocess.run(
                [sys.executable, "-I", str(_PROGRAM), str(self.folder / name)],
                env=environment,  # it outlives this process, and its environment can be read
                input=json.dumps(asked),
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                text=True,
                timeout=_SECONDS_TO_BEGIN,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise OSError(f"the trial {name} has not begun in {_SECONDS_TO_BEGIN:g} s") from None
        if done.returncode != 0:
            said = (done.stderr.strip().splitlines() or [f"exit code {done.returncode}"])[-1]
            raise OSError(f"the trial {name} cannot be begun: {line(said, _MOST_SAID)}")

    def fate(self, name: str) -> Verdict | Fate:
        """As `Trials.fate`."""
        folder = self.folder / name
        if not (folder / "begun").exists():
            return Fate.UNKNOWN
        if (found := self._verdict(folder)) is not None:
            return found
        if self._is_held(folder / "lock"):
            return Fate.RUNS
        # It may have ended between the two looks.
        return self._verdict(folder) or Fate.LOST

    def stop(self, name: str) -> None:
        """As `Trials.stop`."""
        folder = self.folder / name
        # The lock tells whether it runs: the number of a process that ended may be another's by now.
        with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
            pid = int(json.loads((folder / "process.json").read_text(encoding="utf-8"))["pid"])
            if self._is_held(folder / "lock") and _is_ours(pid, folder):
                os.kill(pid, signal.SIGTERM)

    def command(self, kind: Kind) -> str:
        """As `Trials.command`."""
        return shlex.join(self.commands[kind].arguments) if kind in self.commands else ""

    def missing(self, kind: Kind) -> str:
        """As `Trials.missing`."""
        setting = f"ACTINF_RESPOND_RAMP_{kind.name}"
        if kind not in self.commands:
            return f"there is no {kind} test here ({setting} is none): leave it out of the plan, or set the command"
        command = self.commands[kind]
        if not command.folder.is_dir():
            return f"{command.folder}, where the {kind} test is run, is no folder: ACTINF_RESPOND_RAMP_FOLDER names it"
        program = command.arguments[0]
        is_there = os.access(command.folder / program, os.X_OK) if "/" in program else _is_found(command)
        if not is_there:
            return f"the program of the {kind} test, {program}, is not to be found: {setting} names it"
        script = next((one for one in command.arguments[1:] if one.endswith(".py")), None)
        if script is not None and not (command.folder / script).is_file():
            where = "ACTINF_RESPOND_RAMP_FOLDER names the folder"
            return f"{script} of the {kind} test is not in {command.folder}: {where}, and {setting} the command"
        return ""

    @staticmethod
    def _verdict(folder: Path) -> Verdict | None:
        try:
            found = json.loads((folder / "verdict.json").read_text(encoding="utf-8"))
            ended, code, failed = str(found["ended"]), found["exit"], [str(one) for one in found.get("failed", [])]
            said = line(str(found["said"]), _MOST_SAID) if code == 0 else _what_failed(failed, str(found["said"]))
            seconds = float(found["seconds"])
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError, TypeError) as error:
            return Verdict(passed=False, said=f"its verdict cannot be read: {error}")
        file = folder / "output.txt"
        output = str(file) if not (ended == "exit" and code == 0) and file.exists() else ""
        if ended == "exit":
            told = said or ("it said nothing" if code == 0 else f"exit code {code}, and it said nothing")
            return Verdict(passed=code == 0, said=told, output=output)
        why = {
            "time": f"it had not ended after {seconds:.0f} s",
            "stopped": "it was stopped",
            "not started": "it could not be started",
        }.get(ended, ended)
        return Verdict(passed=False, said=f"{why}{f': {said}' if said else ''}", output=output)

    @staticmethod
    def _is_held(lock: Path) -> bool:
        try:
            handle = os.open(lock, os.O_RDWR | os.O_CLOEXEC)
        except FileNotFoundError:
            return False
        try:
            fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        finally:
            os.close(handle)
        return False


def _is_found(command: Command) -> bool:
    return shutil.which(command.arguments[0], path=command.environment.get("PATH")) is not None


def _what_failed(failed: Sequence[str], last: str) -> str:
    """The lines that say what failed, as many as there is room for, and the last one."""
    last = line(last, _MOST_LAST)
    lines = [line(one, _MOST_OF_A_LINE) for one in failed if line(one, _MOST_LAST) != last][:_MOST_FAILED]
    more = len(failed) - len(lines)
    rest = [f"and {more} more"] if lines and more > 0 else []
    return "; ".join([*lines, *rest, *([last] if last else [])])


def _is_ours(pid: int, folder: Path) -> bool:
    """Whether a process is the one that looks after the trial in a folder; where the system does not say, it is."""
    try:
        return str(folder).encode() in Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except FileNotFoundError:
        return not Path("/proc").is_dir()
