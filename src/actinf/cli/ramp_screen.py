"""How ramps are shown on a terminal."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from actinf.cli.moments import shown, words
from actinf.responder.channels.neutral import block, line

__all__ = ["print_preview", "print_ramp"]

_Document = dict[str, Any]

_MARKS = {
    "passed": ("[x]", "green"),
    "failed": ("[!]", "bold red"),
    "under way": ("[>]", "bold"),
    "next": ("[>]", "bold"),
    "waits": ("[ ]", "dim"),
}
_STATES = {
    "runs": ("runs", "bold"),
    "paused": ("paused", "yellow"),
    "held": ("held: a person has to say what is to be done", "bold yellow"),
    "goes back": ("goes back", "bold yellow"),
    "done": ("done", "bold green"),
    "aborted": ("aborted", "bold red"),
    "went back": ("went back", "bold red"),
}


def print_ramp(console: Console, ramp: _Document, now: datetime) -> None:
    """Show a ramp: how it is, its steps, and what can be done."""
    told, style = _STATES[ramp["state"]]
    console.print(
        Text.assemble((f"ramp {ramp['id']} of {ramp['incident']}", "bold"), "  ", (told, style)), soft_wrap=True
    )
    for name, text in _facts(ramp, now):
        _hanging(console, f"  {name:<8} ", text)
    console.print(Text(""))
    widest = max(len(step["step"]) for step in ramp["steps"])
    for step in ramp["steps"]:
        mark, tone = _MARKS[step["state"]]
        row = Text.assemble((mark, tone), f"  {step['step']:<{widest}}  {_when(step, now)}")
        row.rstrip()
        console.print(row, soft_wrap=True)
        # What ended the ramp stands above.
        if (found := _found(step)) and step["found"] != ramp["why"]:
            _hanging(console, "     ", found)
    following = list(_next(ramp))
    if following:
        console.print(Text(""))
    for sentence in following:
        console.print(Text(sentence), soft_wrap=True)


def print_preview(console: Console, preview: _Document, now: datetime) -> None:  # noqa: ARG001 -- as what prints a ramp
    """Show what a ramp would do."""
    console.print(Text(f"{line(preview['target'], 200)}: {preview['there']['words']}", style="bold"), soft_wrap=True)
    for number, step in enumerate(preview["steps"], 1):
        console.print(Text(f"{number}  {step['step']}, within {step['within']}"), soft_wrap=True)
        if step["does"]:
            console.print(Text(f"     {line(step['does'], 300)}", style="dim"), soft_wrap=True)
        if step["passes"]:
            console.print(Text(f"     passes when {step['passes']}", style="dim"), soft_wrap=True)
    console.print(Text(f"where a step fails after something was set, {preview['on_breach']}"), soft_wrap=True)
    for sentence in preview["problems"]:
        console.print(Text(f"it would not begin: {line(sentence, 500)}", style="bold red"), soft_wrap=True)
    if not preview["problems"]:
        console.print(Text("nothing was changed"), soft_wrap=True)


def _hanging(console: Console, lead: str, text: str) -> None:
    """A text that may take several lines, all of which begin where the first does; for a program it is one line."""
    if not console.is_terminal:
        console.print(Text(f"{lead}{text}"), soft_wrap=True)
        return
    table = Table.grid()
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    table.add_row(Text(lead), Text(text))
    console.print(table)


def _facts(ramp: _Document, now: datetime) -> Iterator[tuple[str, str]]:
    yield "scales", line(ramp["target"], 200)
    began = _at(ramp["began_at"])
    yield "began", f"{shown(began, now)}, {words(now - began)} ago"
    if ramp["ended_at"]:
        yield "ended", f"{shown(_at(ramp['ended_at']), now)}, after {words(_at(ramp['ended_at']) - began)}"
    if ramp["why"]:
        yield "because", block(ramp["why"], 1000)
    if ramp["trouble"]:
        again = f"tried {_times(ramp['trouble']['times'])}, again at {shown(_at(ramp['trouble']['again_at']), now)}"
        yield "trouble", f"{block(ramp['trouble']['why'], 800)} ({again})"
    if ramp["before"]:
        yield "before", ramp["before"]
    if ramp["state"] == "aborted":
        yield "left", ramp["left"]


def _when(step: _Document, now: datetime) -> str:
    if step["ended_at"]:
        return f"{shown(_at(step['ended_at']), now)}, after {words(_at(step['ended_at']) - _at(step['began_at']))}"
    if step["state"] != "under way":
        return ""
    if step["lasts"]:
        return f"well for {words(timedelta(seconds=step['well_for']))} of {words(timedelta(seconds=step['lasts']))}"
    left = step["seconds_left"]
    since = f"since {shown(_at(step['began_at']), now)}"
    return since if left is None else f"{since}, {words(timedelta(seconds=left))} {'left' if left >= 0 else 'over'}"


def _found(step: _Document) -> str:
    again = f"attempt {step['attempt']}" if step["attempt"] > 1 else ""
    return "; ".join(one for one in (again, line(step["found"], 800)) if one)


def _next(ramp: _Document) -> Iterator[str]:
    name, state = ramp["incident"], ramp["state"]
    start = f"actinf incident ramp {{}} {name}"
    back = start.format("rollback") + (" --down --yes-down" if ramp["rollback_takes_away"] else "")
    if state == "runs":
        yield f"next: {start.format('pause')}, or {start.format('abort')}"
    elif state == "goes back":
        yield f"to leave all as it is now: {start.format('abort')}"
    elif ramp["goes_back"]:
        yield f"next, to try again ({ramp['goes_back']}): {start.format('resume')}, or {start.format('abort')}"
    elif state in ("paused", "held"):
        yield f"next: {start.format('resume')}, or {start.format('abort')}"
        if state == "held":
            yield f'or, on your word: {start.format("pass")} --reason "…"'
    if ramp["rollback"] and not ramp["goes_back"] and state in ("held", "paused", "aborted"):
        yield f"to put it back ({ramp['rollback']}): {back}"
    for one in ramp["remaining"]:
        yield f"next: {one['command']}   {line(one['what'], 100)}"


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"


def _at(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)
