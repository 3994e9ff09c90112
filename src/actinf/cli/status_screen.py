"""What the public is told, as it is shown in a terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from rich.console import Console
from rich.text import Text

from actinf.cli.moments import shown, words
from actinf.responder.channels.neutral import block, line
from actinf.runtime.wording import counted

__all__ = ["print_page", "print_public", "print_work"]

_COLOURS = {
    "operational": "green",
    "maintenance": "blue",
    "degraded": "yellow",
    "partial outage": "red",
    "major outage": "bold red",
}
_MOST_PAST = 5


def print_public(console: Console, incident: Mapping[str, Any], now: datetime) -> None:
    """What users read of an incident, or would."""
    public, name = incident["public"], incident["id"]
    notice, draft, withheld = public["notice"], public["draft"], public["withheld"]
    if notice is not None:
        over = notice["ended_at"] is not None
        console.print(Text.assemble((f"{name} {'was' if over else 'is'} on the status page", "bold")))
        _say(console, notice)
        for one in notice["updates"]:
            _update(console, one, now)
        return
    console.print(Text(f"{name} is not on the status page", style="bold"))
    if withheld is not None:
        console.print(Text(f"withheld by {line(withheld['by'])}: {line(withheld['reason'])}"))
    if draft is None:
        console.print(
            Text(
                "nothing is told of it by itself, for it is private; to tell it nonetheless, give --override, --title "
                "and --text"
            )
        )
    else:
        console.print(Text(f"{_when(public, incident)}this would be published:"))
        _say(console, draft)
        console.print(Text(f"  {draft['text']}"), soft_wrap=True)


def print_page(console: Console, page: Mapping[str, Any], now: datetime) -> None:
    """All that is public."""
    console.print(Text.assemble((f"{line(page['name'])}: ", "bold"), _working(page["status"])))
    if page["url"]:
        console.print(Text(line(page["url"])))
    for one in page["components"]:
        days = sum(day["worst"] is not None for day in one["days"])
        # A share of one day says little: the page shows none, either.
        uptime = f"{one['uptime']:.3%} up in {counted(days, 'day')}" if days > 1 else "uptime not known yet"
        console.print(Text.assemble(f"  {line(one['name'])}: ", _working(one["status"]), f", {uptime}"))
    _notices(console, "goes on", page["current"], now)
    _notices(console, "planned", page["planned"], now)
    _notices(console, "over", page["past"][:_MOST_PAST], now)
    if len(page["past"]) > _MOST_PAST:
        console.print(Text(f"  and {len(page['past']) - _MOST_PAST} more", style="dim"))


def print_work(console: Console, work: Mapping[str, Any], now: datetime) -> None:
    """Planned work, as the public is told of it."""
    begins, ends = (datetime.fromisoformat(work[name]) for name in ("from", "until"))
    console.print(Text(f"{work['number']}  {work['state']}: {line(work['title'])}", style="bold"), soft_wrap=True)
    components = f", of {', '.join(work['components'])}" if work["components"] else ""
    console.print(
        Text.assemble(f"   {shown(begins, now)} to {shown(ends, now)}, ", _working(work["impact"]), components),
        soft_wrap=True,
    )
    if work["text"]:
        for part in block(work["text"]).splitlines():
            console.print(Text(f"   {part}"), soft_wrap=True)
    window = f"; expected alerts: the window {work['window']!r} of actinf maintenance" if work["window"] else ""
    console.print(Text(f"   announced by {line(work['by'])}{window}", style="dim"), soft_wrap=True)


def _notices(console: Console, what: str, notices: Sequence[Mapping[str, Any]], now: datetime) -> None:
    if not notices:
        return
    console.print(Text(f"\n{what}", style="bold"))
    for one in notices:
        began = datetime.fromisoformat(one["began_at"])
        ended = datetime.fromisoformat(one["ended_at"]) if one["ended_at"] else None
        until = f", until {shown(ended, now)}" if ended is not None and ended > now else ""
        lasted = until or f", for {words((ended or now) - began)}"
        since = "from" if began > now else "since"
        console.print(
            Text(f"  {one['key']}  {one['state']}, {since} {shown(began, now)}{lasted}: {line(one['title'])}"),
            soft_wrap=True,
        )


def _say(console: Console, told: Mapping[str, Any]) -> None:
    components = f", of {', '.join(told['components'])}" if told["components"] else ""
    console.print(Text(f"  {line(told['title'])}", style="bold"), soft_wrap=True)
    console.print(Text.assemble(f"  {told['state']}, ", _working(told["impact"]), components))


def _update(console: Console, one: Mapping[str, Any], now: datetime) -> None:
    at = shown(datetime.fromisoformat(one["at"]), now)
    by = "by itself" if one["by"] == "actinf" else f"by {line(one['by'])}"
    why = f", because {line(one['override'])}" if one["override"] else ""
    console.print(Text(f"  {at}  {one['state']}, {by}{why}", style="dim"), soft_wrap=True)
    for part in block(one["text"]).splitlines():
        console.print(Text(f"    {part}"), soft_wrap=True)


def _when(public: Mapping[str, Any], incident: Mapping[str, Any]) -> str:
    if public["due"] is None:
        return "P3 is told only with --override; " if incident["severity"] == "P3" else ""
    due = datetime.fromisoformat(public["due"])
    return f"by {due:%H:%M} UTC at the latest, "


def _working(working: str) -> tuple[str, str]:
    return working, _COLOURS.get(working, "")
