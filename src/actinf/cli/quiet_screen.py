"""Silences and windows of maintenance as they are shown in a terminal.  What people wrote is made harmless first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from rich.console import Console
from rich.text import Text

from actinf.cli.moments import shown, words
from actinf.responder.channels.neutral import line
from actinf.runtime.wording import counted

__all__ = [
    "print_announced",
    "print_ended",
    "print_maintenances",
    "print_preview",
    "print_silence_made",
    "print_silences",
]

_Document = Mapping[str, Any]

_STYLES = {"P0": "bold white on red", "P1": "bold red", "P2": "yellow", "P3": "cyan"}


def print_silence_made(console: Console, made: _Document, now: datetime) -> None:
    """What was silenced."""
    until = shown(_at(made["ends_at"]), now)
    _say(console, Text.assemble((f"silence {made['id']}", "bold"), f" until {until}: {_matchers(made)}"))
    _print_met(console, made["holds_back"], now)
    _say(console, Text(f"to end it before: actinf silence end {made['id']}", style="dim"))


def print_announced(console: Console, made: _Document, now: datetime) -> None:
    """What was announced."""
    _say(console, Text.assemble((f"maintenance {made['name']}", "bold"), f", {made['when']}: {_matchers(made)}"))
    if made["holds"]:
        _say(console, Text(f"it goes on now, until {shown(_at(made['until']), now)}"))
        _print_met(console, made["holds_back"], now)
    else:
        _say(console, Text(f"it begins at {shown(_at(made['from']), now)}"))


def print_preview(console: Console, found: Sequence[_Document], now: datetime) -> None:
    """Which alerts it would be for."""
    held = [one for one in found if _is_kept_back(one)]
    others = [one for one in found if not one["firing"]]
    _print_met(console, [one for one in found if one["firing"]], now, would=True)
    if others:
        _say(
            console,
            Text(
                f"it would be for {counted(len(others), 'alert')} of the last 7 days that {_do(others)} not fire now:"
            ),
        )
        _print_alerts(console, others, now)
    if not held and not others and not any(one["firing"] for one in found):
        _say(console, Text("no alert of the last 7 days meets these matchers", style="bold"))
    _say(console, Text("nothing was made: leave out --dry-run", style="dim"))


def print_silences(console: Console, found: Sequence[_Document], now: datetime) -> None:
    """Silences, each with the alerts that it holds back."""
    for one in found:
        head = Text.assemble((f"silence {one['id']}", "bold" if one["holds"] else "dim"), f"  {_matchers(one)}")
        if one["holds"]:
            ends_at = _at(one["ends_at"])
            head.append(f"  until {shown(ends_at, now)}, {words(ends_at - now)} left")
        else:
            head.append(f"  {_ended(one, now) or 'over since ' + shown(_at(one['ends_at']), now)}", style="dim")
        _print_one(console, head, one, f"{line(one['by'], 64)}: {line(one['reason'], 300)}", now)


def print_maintenances(console: Console, found: Sequence[_Document], now: datetime) -> None:
    """Windows of maintenance, each with the alerts that it holds back."""
    for one in found:
        head = Text.assemble((f"maintenance {one['name']}", "bold" if one["from"] else "dim"), f"  {_matchers(one)}")
        if one["holds"]:
            head.append(f"  goes on until {shown(_at(one['until']), now)}", style="yellow")
        elif one["from"]:
            head.append(f"  begins at {shown(_at(one['from']), now)}")
        else:
            head.append(f"  {_ended(one, now) or 'over'}", style="dim")
        _print_one(console, head, one, f"{line(one['by'], 64)}: {one['when']}", now)


def print_ended(console: Console, ended: _Document, now: datetime) -> None:
    """What was ended, and what comes of it."""
    what = f"silence {ended['id']}" if "id" in ended else f"maintenance {ended['name']}"
    _say(console, Text.assemble((what, "bold"), " is ended"))
    if ended["holds_back"]:
        _say(
            console,
            Text(f"it held back {counted(ended['holds_back_in_all'], 'alert')}, told now unless something else holds:"),
        )
        _print_alerts(console, ended["holds_back"], now, in_all=ended["holds_back_in_all"])


def _print_one(console: Console, head: Text, one: _Document, about: str, now: datetime) -> None:
    if one["private"]:
        head.append("  private", style="magenta")
    _say(console, head)
    _say(console, Text(f"  {about}", style="dim"))
    if one["holds"]:
        told = f"holds back {counted(one['holds_back_in_all'], 'alert')} now"
        _say(console, Text(f"  {told}, has held back {one['times_held']} since it was made"))
        _print_alerts(console, one["holds_back"], now, in_all=one["holds_back_in_all"])
    elif one["times_held"]:
        _say(console, Text(f"  held back {counted(one['times_held'], 'alert')}", style="dim"))


def _print_met(console: Console, met: Sequence[_Document], now: datetime, *, would: bool = False) -> None:
    held = [one for one in met if _is_kept_back(one)]
    stay = [one for one in met if one["incident"] is not None]
    verb = "would hold back" if would else "holds back"
    if held:
        _say(
            console, Text(f"it {verb} {counted(len(held), 'alert')} that {'fires' if len(held) == 1 else 'fire'} now:")
        )
        _print_alerts(console, held, now)
    elif not would:
        _say(console, Text("it holds back no alert now"))
    if stay:
        _say(console, Text(f"it hides no incident that is open, and so not {counted(len(stay), 'alert')} of these:"))
        _print_alerts(console, stay, now)


def _print_alerts(console: Console, found: Sequence[_Document], now: datetime, *, in_all: int = 0) -> None:
    for one in found:
        text = Text("    ").append(one["severity"], style=_STYLES[one["severity"]])
        text.append(f" {line(one['name'], 80)}")
        if one["component"]:
            text.append(f", {line(one['component'], 60)}")
        if one["summary"] != one["name"]:
            text.append(f": {line(one['summary'], 160)}")
        if one["firing"] and one["since"]:
            text.append(f" (since {shown(_at(one['since']), now)})", style="dim")
        if one["incident"]:
            text.append(f" in {one['incident']}", style="bold")
        _say(console, text)
    if len(found) < in_all:
        _say(console, Text(f"    and {in_all - len(found)} more, none of them more severe", style="dim"))


def _is_kept_back(one: _Document) -> bool:
    return bool(one["firing"]) and one["incident"] is None


def _matchers(one: _Document) -> str:
    return line(" ".join(one["matchers"]), 400)


def _ended(one: _Document, now: datetime) -> str:
    if one["ended_at"] is None:
        return ""
    return f"ended by {line(one['ended_by'], 64)} at {shown(_at(one['ended_at']), now)}"


def _do(found: Sequence[object]) -> str:
    return "does" if len(found) == 1 else "do"


def _at(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _say(console: Console, text: Text) -> None:
    console.print(text, soft_wrap=True)
