"""`actinf respond learned`: what closed incidents taught the advice, and how it is forgotten."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from actinf.cli.console import Screen
from actinf.cli.respond_options import data_dir_option, store_settings
from actinf.errors import SettingError
from actinf.lab.extras import load_extra
from actinf.runtime.wording import counted

__all__ = ["command"]

_PURPOSE = "Looking at what was learned"
_TYPES = click.Choice(["api_down", "database_performance", "high_memory", "security"])


def _part(module: str) -> Any:
    return load_extra(f"actinf.responder.{module}", extra="respond", purpose=_PURPOSE)


@click.command("learned", short_help="Show what closed incidents taught the advice, or forget it.")
@click.option("--type", "kind", type=_TYPES, help="Of this type of incident alone.")
@click.option("--forget", is_flag=True, help="Forget it: the advice begins anew with the numbers that are shipped.")
@click.option("--yes", is_flag=True, help="Do forget it; without it, say what would be.")
@click.option("--json", "as_json", is_flag=True, help="Say it as JSON.")
@data_dir_option
def command(kind: str | None, forget: bool, yes: bool, as_json: bool, data_dir: Path | None) -> int:
    """Show how often each cause was named when an incident was closed, or forget it.

    It holds names of the runbook's pages, and nothing that people wrote.
    """
    if yes and not forget:
        raise SettingError("--yes is for --forget: give both, or neither")
    screen = Screen(quiet=as_json)
    store = _part("store.database").Store(_part("parts").data_directory(store_settings(screen, data_dir)))
    lessons, page = _part("store.lessons"), _part("advising.page")
    try:
        with store.reading() as connection:
            found = {one: lessons.lessons(connection, one) for one in page.ADVISED if kind in (None, one)}
        if forget and yes:
            with store.writing() as connection:
                lessons.forget(connection, kind)
    finally:
        store.close()
    if as_json:
        counts = _part("advising.lessons").counts_of
        screen.json({one: counts(every, page.the_page(one)) for one, every in found.items()})
        return 0
    total = sum(map(len, found.values()))
    if forget:
        done = "was forgotten" if yes else "would be forgotten: --yes does it"
        screen.out.print(f"what {counted(total, 'closed incident')} taught {done}", soft_wrap=True)
        return 0
    if not total:
        screen.out.print("nothing: no incident was closed whose cause was named, actinf incident resolve --cause NAME")
    for one, every in found.items():
        if every:
            screen.out.print(f"{one}: {counted(len(every), 'closed incident')}")
            for cause, words in page.the_page(one).causes.items():
                times = sum(lesson.cause == cause for lesson in every)
                if times:
                    screen.out.print(f"  {times:>4}  {cause:<18} {words}", soft_wrap=True)
    return 0
