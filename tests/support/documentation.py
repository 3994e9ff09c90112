"""Reads a Markdown page as a reader with a terminal would: saves its files, runs its commands and its Python.

What a page can hold:

    Save this as `rat.yaml`:        the fenced block that follows is a file
    ```python                       code, run in one namespace for the whole page
    ```pycon                        a session, whose answers have to come out as printed
    ```console                      lines that begin with `$ actinf` or `$ curl`, and what they print; `...` stands for
                                    anything
    ```sh                           commands that are not run; those of actinf have to exist, with their options

`python norun` shows code that is not run.  Blocks are taken in the order in which they stand, in one folder.  A page
that talks to a service names the address at which `make serve` puts it; a service of the tests is asked instead.
"""

import contextlib
import dataclasses
import doctest
import io
import re
import shlex
import signal
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from actinf.cli.app import app, run

ROOT = Path(__file__).resolve().parent.parent.parent
SERVICE = "http://127.0.0.1:8000"

_FENCE = re.compile(r"^```(\w[\w ]*)?$")
_SAVED_AS = re.compile(r"^Save (?:this|it) as `([\w./-]+)`.*:$")
_OPTIONS = doctest.ELLIPSIS | doctest.REPORT_NDIFF


@dataclass(frozen=True)
class Block:
    """A fenced block of a page.

    Attributes:
        kind: the word behind the fence.
        text: what it holds.
        line: the number of its first line.
        file: the name under which the page says to save it, or an empty text.
    """

    kind: str
    text: str
    line: int
    file: str = ""


def blocks_of(page: Path) -> Iterator[Block]:
    """The fenced blocks of a page, in order."""
    kind: str | None = None
    lines: list[str] = []
    start, before = 0, ""
    for number, line in enumerate(page.read_text(encoding="utf-8").splitlines(), start=1):
        fence = _FENCE.match(line)
        if kind is None and fence:
            kind, lines, start = fence.group(1) or "text", [], number + 1
        elif kind is not None and line == "```":
            named = _SAVED_AS.match(before)
            yield Block(kind, "\n".join(lines) + "\n", start, named.group(1) if named else "")
            kind, before = None, ""
        elif kind is not None:
            lines.append(line)
        elif line.strip():
            before = line.strip()


def commands_of(block: Block) -> Iterator[tuple[list[str], str]]:
    """The commands of a block, each with what the page says it prints."""
    prompt = "$ " if block.kind == "console" else ""
    command, printed = "", ""
    for line in block.text.splitlines():
        if line.startswith(prompt) and line.strip() and not line.startswith("#"):
            if command:
                yield shlex.split(command, comments=True), printed
            command, printed = line.removeprefix(prompt), ""
        else:
            printed += line + "\n"
    if command:
        yield shlex.split(command, comments=True), printed


def parsed(words: list[str]) -> None:
    """Let the command line read a command without running it; raises click.ClickException when it cannot."""
    with click.Context(app, info_name="actinf") as context:
        if not words or words[0] in ("--help", "--version", "-h"):
            return
        name, command, rest = app.resolve_command(context, list(words))
        assert command is not None, f"no command {name!r}"
        command.make_parser(context).parse_args(rest)


def performed(words: list[str]) -> str:
    """What a command of actinf prints: its results, and its errors without the notes on how far it is."""
    handlers = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGHUP)}
    results, notes = io.StringIO(), io.StringIO()
    try:
        with contextlib.redirect_stdout(results), contextlib.redirect_stderr(notes):
            run(words)
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
    errors = [line for line in notes.getvalue().splitlines() if line.startswith(("error: ", "try: "))]
    lines = [line.rstrip() for line in [*results.getvalue().splitlines(), *errors]]
    return "\n".join(lines).strip("\n") + "\n"


def fetched(words: list[str]) -> str:
    """What curl prints."""
    done = subprocess.run([*words, "--silent", "--show-error"], capture_output=True, text=True, timeout=60, check=False)
    return (done.stdout + done.stderr).strip("\n") + "\n"


def talks_to_a_service(page: Path) -> bool:
    """Whether anything that is done of a page asks a service."""
    return any(SERVICE in block.text for block in blocks_of(page) if block.kind in ("python", "pycon", "console"))


def difference(wanted: str, got: str) -> str:
    """Nothing where the output is as the page says, else both, side by side."""
    wanted = "\n".join(line.rstrip() for line in wanted.strip("\n").splitlines()) + "\n"
    if doctest.OutputChecker().check_output(wanted, got, _OPTIONS):
        return ""
    example = doctest.Example("", wanted)
    return doctest.OutputChecker().output_difference(example, got, _OPTIONS)


def perform(page: Path, folder: Path, service: str = SERVICE) -> list[str]:
    """Do what a page says, in a folder, which has to be the present one; returns what does not come out as it says.

    `service` is the address of the service that is asked instead of the one that the page names.
    """
    wrong: list[str] = []
    namespace: dict[str, Any] = {"__name__": "__page__"}
    for written in blocks_of(page):
        block = dataclasses.replace(written, text=written.text.replace(SERVICE, service))
        where = f"{page.relative_to(ROOT)}:{block.line}"
        if block.file:
            target = folder / block.file
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(block.text, encoding="utf-8")
        elif block.kind == "python":
            code = compile("\n" * (block.line - 1) + block.text, str(page), "exec")
            exec(code, namespace)
        elif block.kind == "pycon":
            wrong += [f"{where}\n{said}" for said in _session(block, page, namespace)]
        elif block.kind == "console":
            for words, printed in commands_of(block):
                got = (
                    performed(words[1:]) if words[0] == "actinf" else fetched(words) if words[0] == "curl" else printed
                )
                if found := difference(printed, got):
                    wrong.append(f"{where}\n{found}")
    return wrong


def _session(block: Block, page: Path, namespace: dict[str, Any]) -> Iterator[str]:
    """What comes out of an interactive session otherwise than it is printed."""
    test = doctest.DocTestParser().get_doctest(block.text, namespace, page.name, str(page), block.line - 1)
    runner = doctest.DocTestRunner(optionflags=_OPTIONS)
    report: list[str] = []
    runner.run(test, out=report.append, clear_globs=False)
    namespace.update(test.globs)
    if runner.failures:
        yield "".join(report)
