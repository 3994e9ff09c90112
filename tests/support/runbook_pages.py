"""The commands of docs/runbooks as they stand there, and what has to come of each.

What is said of a command, beside that it ends well, stands in tests/campaign/runbook_pages.yaml; its head says how.
"""

import dataclasses
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from support.documentation import ROOT, Block, blocks_of
from support.runbook import Line, Outcome, Terminal, tried
from support.terminals import Shell

FOLDER = ROOT / "docs" / "runbooks"
DATA = ROOT / "tests" / "campaign" / "runbook_pages.yaml"
#: Blocks whose lines are typed, and those that are shown.
TYPED = ("bash", "sql")
SHOWN = ("text", "markdown")

_SET = re.compile(r"^(?:export )?([A-Z][A-Z_]*)=")
_YOURS = re.compile(r"  # yours: \S")


@dataclass(frozen=True, kw_only=True)
class PageLine(Line):
    """One command of a page; `row` is its line there.

    Attributes:
        yours: a command whose output is what a person would set the variable of the line to
        login: the service account, or `administrator`, that runs it in the place of the page's
        but: what the stand-in does not show of it
    """

    yours: str = ""
    login: str = ""
    but: str = ""


@dataclass(frozen=True, kw_only=True)
class Page:
    """A page, in the order in which its commands are pasted.

    Attributes:
        name: of its file
        before: lines that an administrator types first, for what the page is about to be there
        lines: its commands
    """

    name: str
    before: tuple[str, ...]
    lines: tuple[PageLine, ...]


def pages() -> list[Path]:
    """The pages, as files."""
    return sorted(FOLDER.glob("*.md"))


def commands_of(block: Block) -> Iterator[tuple[int, str]]:
    """The commands of a block, each with its line: what a shell takes for one, over several lines where it is."""
    if block.kind == "sql":
        yield from _statements_of(block)
        return
    command, start = "", block.line
    for number, line in enumerate(block.text.splitlines(), start=block.line):
        if not command and (not line.strip() or line.startswith("#")):
            continue
        start = start if command else number
        command = f"{command}\n{line}" if command else line
        if not command.endswith("\\") and complaint(command) == "":
            yield start, command
            command = ""
    if command:
        yield start, command


@cache
def complaint(command: str) -> str:
    """What bash says of a command that it cannot read; nothing where it can."""
    done = subprocess.run(["bash", "-n"], input=command + "\n", capture_output=True, text=True, check=False)
    return done.stderr.strip()


def _statements_of(block: Block) -> Iterator[tuple[int, str]]:
    statement, start = "", block.line
    for number, line in enumerate(block.text.splitlines(), start=block.line):
        start = start if statement else number
        statement = f"{statement}\n{line}".strip()
        if statement.endswith(";"):
            yield start, statement
            statement = ""
    if statement:
        yield start, statement


@cache
def said_of_pages() -> dict[str, Any]:
    """The data, by page, in the order in which pages are tried."""
    said: dict[str, Any] = yaml.safe_load(DATA.read_text(encoding="utf-8"))
    return said


def lines_of(page: Path) -> Iterator[PageLine]:
    """The commands of a page with what is said of them."""
    given = said_of_pages().get(page.name, {})
    for block in blocks_of(page):
        if block.kind not in TYPED:
            continue
        for number, command in commands_of(block):
            fields: dict[str, Any] = {}
            for one in given.get("lines", ()):
                if command.startswith(one["line"]):
                    fields |= {
                        name: tuple(value) if isinstance(value, list) else value
                        for name, value in one.items()
                        if name != "line"
                    }
            client = given.get("sql", "") if block.kind == "sql" else ""
            yield PageLine(page=page.name, row=number, line=command, client=client, **fields)


def pages_in_order() -> Iterator[Page]:
    """The pages with commands, in the order in which they are tried: the last one brings everything back."""
    for name, given in said_of_pages().items():
        lines = tuple(lines_of(FOLDER / name))
        yield Page(name=name, before=tuple(given.get("before", ())), lines=lines)


def unmatched(page: Path) -> list[str]:
    """What is said of commands that are not on the page."""
    commands = [line.line for line in lines_of(page)]
    said = [one["line"] for one in said_of_pages().get(page.name, {}).get("lines", ())]
    return [start for start in said if not any(command.startswith(start) for command in commands)]


def variable_of(command: str) -> str:
    """The variable that a command sets, if that is what it does."""
    found = _SET.match(command)
    return "" if found is None else found[1]


def is_yours(command: str) -> bool:
    """Whether a command sets a variable to what only the reader knows."""
    return bool(variable_of(command) and _YOURS.search(command))


def pasted(line: PageLine, shell: Shell, administrator: Terminal) -> Outcome:
    """Paste one command, and judge what comes of it.

    Args:
        line: which
        shell: of the person on call, in which all of its page is pasted
        administrator: brings about what the command is for
    """
    if line.before:
        made = administrator.type(line.before, seconds=240)
        if made.code != 0:
            return Outcome(line, "fails", why=f"before it, `{line.before}`: {made.output.strip()[-500:]}")
    typed = dataclasses.replace(line, before="", input=administrator.filled(line.input))
    if line.yours:
        chosen = administrator.type(line.yours, seconds=60).output.strip()
        typed = dataclasses.replace(typed, line=f"{variable_of(line.line)}='{chosen}'")
    if line.login:
        kubeconfig = administrator.environment["KUBECONFIG"]
        typed = dataclasses.replace(typed, line=f"KUBECONFIG_OF_PAGE=$KUBECONFIG; KUBECONFIG={kubeconfig}; {line.line}")
        outcome = tried(typed, shell, in_full=False)
        shell.type("KUBECONFIG=$KUBECONFIG_OF_PAGE", seconds=5)
    else:
        outcome = tried(typed, shell, in_full=False)
    why = outcome.why or (f"but not shown: {line.but}" if line.but else "")
    return dataclasses.replace(outcome, line=line, why=why)


HEAD_OF_TABLE = "| page | verdict | s | command |\n|---|---|---:|---|"


def as_row(one: Outcome) -> str:
    """An outcome as a row of a table for people."""
    shown = " ".join(one.line.line.split())
    shown = shown if len(shown) <= 100 else f"{shown[:97]}..."
    return f"| {one.line.page}:{one.line.row} | {one.verdict} | {one.seconds:.1f} | `{shown}` |"


def as_note(one: Outcome) -> str:
    """An outcome with what is to be said of it."""
    return f"docs/runbooks/{one.line.page}:{one.line.row}: `{one.line.line.strip()}`\n    {one.why}"
