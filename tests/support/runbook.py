"""The founding runbook's commands as data, and how one is typed into a system and judged.

The fields of a line are explained at the head of tests/campaign/runbook.yaml.
"""

import contextlib
import os
import re
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import yaml
from support.documentation import ROOT

DATA = ROOT / "tests" / "campaign" / "runbook.yaml"

_PLACEHOLDER = re.compile(r"<[a-z-]+>")
_TO_END_SECONDS = 10.0


@dataclass(frozen=True, kw_only=True)
class Line:
    """One line of the runbook."""

    page: str
    row: int
    line: str
    safe: str = ""
    trap: str = ""
    before: str = ""
    input: str = ""
    client: str = ""
    ends: float = 0
    code: int = 0
    shows: tuple[str, ...] = ()
    lacks: tuple[str, ...] = ()
    within: float = 30
    then: str = ""
    settles: float = 180
    folder: str = ""
    short: str = ""
    cannot: str = ""
    restore: str = ""
    shows_safe: tuple[str, ...] = ()
    then_safe: str = ""
    restore_safe: str = ""


def lines_of_the_runbook() -> Iterator[Line]:
    """All lines, in the order in which they are tried."""
    names = {"in": "folder", "with": "client"}
    for page, lines in yaml.safe_load(DATA.read_text("utf-8")).items():
        for given in lines:
            fields = {
                names.get(key, key): tuple(value) if isinstance(value, list) else value for key, value in given.items()
            }
            yield Line(page=page, **fields)


@dataclass(frozen=True)
class Typed:
    """What came of a line that was typed."""

    code: int
    output: str
    seconds: float


class TakesLines(Protocol):
    """What a line is typed into: `Terminal` says what the arguments mean."""

    def type(self, line: str, *, keys: str = "", folder: str = "", seconds: float, ends: float = 0) -> Typed: ...


@dataclass(frozen=True, kw_only=True)
class Terminal:
    """Where lines are typed.

    Attributes:
        command: makes the command that runs a line of bash
        environment: its variables
        places: what stands for each placeholder, `<pod-name>` for instance; a function, for pods come and go
        scratch: a folder for what a line writes
    """

    command: Any
    environment: Mapping[str, str]
    places: Any
    scratch: Path

    def filled(self, line: str) -> str:
        """The line with its placeholders filled in.

        Raises:
            KeyError: nothing is known for one.
        """
        places = self.places() if _PLACEHOLDER.search(line) else {}
        return _PLACEHOLDER.sub(lambda found: places[found.group()], line)

    def type(self, line: str, *, keys: str = "", folder: str = "", seconds: float, ends: float = 0) -> Typed:
        """Type a line, and wait for its end, or end it as Ctrl-C does.

        Args:
            line: with its placeholders
            keys: what is typed into it
            folder: where, from the project's root
            seconds: in which it has to have ended; else its code is 124
            ends: after so many seconds it is ended, and that is what was to be; its code then is 0
        """
        where = Path(self.filled(folder)) if folder.startswith("<") else ROOT / folder
        began = time.monotonic()
        process = subprocess.Popen(
            self.command(self.filled(line)),
            cwd=where,
            env=dict(self.environment),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            start_new_session=True,
        )
        code: int | None = None
        try:
            output, _ = process.communicate(self.filled(keys), timeout=ends or seconds)
        except subprocess.TimeoutExpired:
            code = 0 if ends else 124
            for number in (signal.SIGINT, signal.SIGKILL):
                _signal_group(process.pid, number)
                try:
                    output, _ = process.communicate(timeout=_TO_END_SECONDS)
                    break
                except subprocess.TimeoutExpired:
                    continue
        return Typed(process.returncode if code is None else code, output, time.monotonic() - began)


def _signal_group(pid: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(pid, number)


@dataclass(frozen=True)
class Outcome:
    """Whether a line does what it says.

    Attributes:
        line: which
        verdict: `works`, `fails` or `not shown`
        seconds: until it had ended and had worked
        why: what failed, or why it cannot be shown
    """

    line: Line
    verdict: str
    seconds: float = 0.0
    why: str = ""


def tried(line: Line, terminal: TakesLines, *, in_full: bool) -> Outcome:
    """Type a line, bring back what it changed, type its safe variant, and judge what comes of both.

    Args:
        line: which
        terminal: where
        in_full: as it is typed also where that takes minutes
    """
    if line.cannot:
        return Outcome(line, "not shown", why=line.cannot)
    began = time.monotonic()
    # The literal line first, in a system where nothing has been done yet that could stand in for it.
    wrong = (
        _wrong_setting("before", line.before, terminal)
        or _wrong_literal(line, terminal, in_full=in_full)
        or _wrong_setting("restore", line.restore, terminal)
        or _wrong_safe(line, terminal)
        or _wrong_setting("restore_safe", line.restore_safe, terminal)
    )
    return Outcome(line, "fails" if wrong else "works", time.monotonic() - began, wrong)


def _wrong_setting(name: str, command: str, terminal: TakesLines) -> str:
    """What is wrong with a command that only brings about a state."""
    if not command:
        return ""
    typed = terminal.type(command, seconds=240)
    return "" if typed.code == 0 else f"{name}, `{command}`: exit code {typed.code}: {typed.output.strip()[-500:]}"


def _wrong_literal(line: Line, terminal: TakesLines, *, in_full: bool) -> str:
    literal = line.line if in_full or not line.short else line.short
    literal, keys = (line.client, literal) if line.client else (literal, line.input)
    typed = terminal.type(literal, keys=keys, folder=line.folder, seconds=line.within, ends=line.ends)
    return _wrong_with(line, typed) or _wrong_afterwards(line, line.then, terminal)


def _wrong_safe(line: Line, terminal: TakesLines) -> str:
    if not line.safe:
        return ""
    # A folder of the project is where both are typed; a scratch folder is for what the literal line leaves behind.
    folder = "" if line.folder.startswith("<") else line.folder
    safe, keys = (line.client, line.safe) if line.client else (line.safe, "")
    typed = terminal.type(safe, keys=keys, folder=folder, seconds=240)
    if typed.code != 0:
        return f"safe variant `{line.safe}`: exit code {typed.code}: {typed.output.strip()[-800:]}"
    for pattern in line.shows_safe:
        if not re.search(pattern, typed.output, re.MULTILINE):
            return f"safe variant `{line.safe}`: its output lacks /{pattern}/: {typed.output.strip()[-800:]}"
    return _wrong_afterwards(line, line.then_safe, terminal)


def _wrong_with(line: Line, typed: Typed) -> str:
    if typed.code != line.code:
        return (
            f"exit code {typed.code} after {typed.seconds:.0f} s, expected {line.code}: {typed.output.strip()[-800:]}"
        )
    for pattern in line.shows:
        if not re.search(pattern, typed.output, re.MULTILINE):
            return f"its output lacks /{pattern}/: {typed.output.strip()[-800:]}"
    for pattern in line.lacks:
        if re.search(pattern, typed.output, re.MULTILINE):
            return f"its output holds /{pattern}/: {typed.output.strip()[-800:]}"
    return ""


def _wrong_afterwards(line: Line, then: str, terminal: TakesLines) -> str:
    """Until what shows that it worked succeeds."""
    if not then:
        return ""
    until = time.monotonic() + line.settles
    while True:
        typed = terminal.type(then, folder=line.folder, seconds=line.settles)
        if typed.code == 0:
            return ""
        if time.monotonic() > until:
            return f"`{then}` does not succeed within {line.settles:g} s: {typed.output.strip()[-500:]}"
        time.sleep(0.5)


def as_table(outcomes: list[Outcome]) -> str:
    """The outcomes as a table for people."""
    rows = ["| row | verdict | s | line |", "|---:|---|---:|---|"]
    for one in outcomes:
        shown = " ".join(one.line.line.split())
        shown = shown if len(shown) <= 100 else f"{shown[:97]}..."
        rows.append(f"| {one.line.row} | {one.verdict} | {one.seconds:.1f} | `{shown}` |")
    notes = [f"row {one.line.row}, `{one.line.line.strip()}`: {one.why}" for one in outcomes if one.why]
    return "\n".join([*rows, "", *notes])
