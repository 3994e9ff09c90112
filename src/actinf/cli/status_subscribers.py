"""`actinf status subscribers`: who is mailed what the page says; for who runs it."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
from rich.table import Table
from rich.text import Text

from actinf.cli.console import Screen
from actinf.cli.group import Group
from actinf.cli.status_serve import data_dir_option, folder_of_page
from actinf.errors import SettingError, SubscriptionRefused
from actinf.lab.extras import load_extra
from actinf.runtime.wording import counted

__all__ = ["command"]

_PURPOSE = "Keeping subscribers"


@contextmanager
def _subscribers(data_dir: Path | None) -> Iterator[Any]:
    """Those of the page of this machine, whether or not its server runs."""
    folder = folder_of_page(data_dir)
    module = load_extra("actinf.responder.subscribing.subscribers", extra="respond", purpose=_PURPOSE)
    if not folder.is_dir():
        raise SettingError(
            f"there is no status page in {folder}: give its folder with --data-dir, or start one, actinf respond serve"
        )
    subscribers = module.Subscribers(folder)
    try:
        yield subscribers
    finally:
        subscribers.close()


@click.group("subscribers", short_help="See and change who is mailed.", cls=Group)
def command() -> None:
    """See who is mailed what the status page says, add those who agreed elsewhere, and erase whoever asks for it."""


@command.command("list", short_help="List them, with their addresses.")
@click.option("--json", "as_json", is_flag=True, help="Say it as JSON.")
@data_dir_option
def show(as_json: bool, data_dir: Path | None) -> int:
    """List those who agreed, with their addresses, which are nobody else's business."""
    screen = Screen(quiet=as_json)
    with _subscribers(data_dir) as subscribers:
        found = list(subscribers.all())
    if as_json:
        screen.json([_document(one) for one in found])
        return 0
    if not found:
        screen.out.print("nobody is subscribed")
        return 0
    table = Table("address", "parts", "since (UTC)", "agreed", "state", box=None, header_style="bold")
    for one in found:
        refused = f"{counted(one.refused, 'mail')} refused" if one.refused else ""
        state = f"paused: {refused}" if one.paused else refused
        parts = ", ".join(one.components) or "all"
        table.add_row(*map(Text, (one.address, parts, f"{one.since:%Y-%m-%d %H:%M}", one.agreed, state)))
    screen.out.print(table)
    return 0


@command.command("count", short_help="Say how many there are.")
@click.option("--json", "as_json", is_flag=True, help="Say it as JSON.")
@data_dir_option
def count(as_json: bool, data_dir: Path | None) -> int:
    """Say how many agreed, how many of them are paused, how many have not said yes yet, and what is unsent."""
    screen = Screen(quiet=as_json)
    with _subscribers(data_dir) as subscribers:
        counts = subscribers.counts()
    if as_json:
        screen.json(counts)
        return 0
    screen.out.print(
        f"{counted(counts['confirmed'], 'subscriber')}, {counts['paused']} of them paused; "
        f"{counts['waiting']} asked and did not say yes yet; {counted(counts['unsent'], 'mail')} unsent"
    )
    return 0


@command.command("add", short_help="Subscribe those who agreed elsewhere.")
@click.argument("addresses", metavar="ADDRESS...", nargs=-1, required=True)
@click.option("--already-agreed", "agreed", metavar="HOW", required=True, help="How they did, for whoever asks later.")
@click.option("--part", "parts", metavar="KEY", multiple=True, help="Only of this part of the service; several times.")
@data_dir_option
def add(addresses: tuple[str, ...], agreed: str, parts: tuple[str, ...], data_dir: Path | None) -> int:
    """Subscribe each ADDRESS without a mail that asks first; where it is -, read them from standard input, by lines.

    Only for those of whom you can show that they agreed. Whoever left is not brought back: they can subscribe
    themselves, on the page.
    """
    screen = Screen()
    if not agreed.strip():
        raise SettingError("--already-agreed is empty: say how they agreed, such as 'contract of 2026-03-01, § 7'")
    _refuse_unknown(parts, folder_of_page(data_dir))
    wanted = [one.strip() for one in sys.stdin] if addresses == ("-",) else list(addresses)
    added, left, wrong = 0, [], []
    with _subscribers(data_dir) as subscribers, subscribers.writing():
        for address in filter(None, wanted):
            try:
                if subscribers.add(address, parts, agreed.strip()[:200], datetime.now(UTC)):
                    added += 1
                else:
                    left.append(address)
            except SubscriptionRefused:
                wrong.append(address)
    screen.say(f"{counted(added, 'subscriber')} added.")
    for address in left:
        screen.warn(f"{_shown(address)} left, and is not brought back: they can subscribe themselves, on the page")
    for address in wrong:
        screen.fail(f"{_shown(address)} is no address that mail can be sent to: expected one like ada@example.org")
    return 1 if wrong else 0


@command.command("remove", short_help="Erase one, as if they had left.")
@click.argument("address")
@data_dir_option
def remove(address: str, data_dir: Path | None) -> int:
    """Erase ADDRESS, with what was to be mailed to it. A keyed digest stays, so that no list brings them back."""
    screen = Screen()
    with _subscribers(data_dir) as subscribers:
        known = subscribers.remove(address, datetime.now(UTC))
    screen.say("Erased." if known else "Nothing was known of that address; no list will bring it in.")
    return 0


def _refuse_unknown(parts: tuple[str, ...], folder: Path) -> None:
    """Take no parts that the page has not; where there is none yet, nobody knows them."""
    page = load_extra("actinf.responder.publishing.page", extra="respond", purpose=_PURPOSE)
    try:
        known = [one.key for one in page.page_of(json.loads((folder / "site" / "status.json").read_bytes())).components]
    except (OSError, ValueError):
        return
    for one in parts:
        if one not in known:
            raise SettingError(f"the page has no part {_shown(one)}: expected one of {', '.join(known) or 'none'}")


def _document(one: Any) -> dict[str, Any]:
    return {
        "address": one.address,
        "components": list(one.components),
        "since": one.since.isoformat(),
        "agreed": one.agreed,
        "refused": one.refused,
        "paused": one.paused,
    }


def _shown(text: str) -> str:
    return repr(text[:100])
