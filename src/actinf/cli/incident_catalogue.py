"""`actinf incident catalogue`: which parts the system has, and what is known of each."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click
from rich.table import Table
from rich.text import Text

from actinf.cli.console import Screen
from actinf.cli.documents import read_document
from actinf.cli.office import acting, at_office
from actinf.errors import SettingError
from actinf.lab.extras import load_extra
from actinf.runtime.wording import counted

if TYPE_CHECKING:
    from actinf.responder.catalogue.parts import Catalogue

__all__ = ["command"]

_PURPOSE = "Working with incidents"


@click.command("catalogue", short_help="Show the parts of the system, or set others.")
@click.option("--set", "file", metavar="FILE", help="Let the catalogue in a file hold; - for standard input.")
@click.option("--check", metavar="FILE", help="Only say what is wrong with the catalogue in a file.")
@click.option("--json", "as_json", is_flag=True, help="Say it as JSON, in the form that a file has.")
def command(*, file: str | None, check: str | None, as_json: bool) -> int:
    """Show the parts of the system: names, the type of their incidents, what fails with them, where to look.

    Until one is set, the catalogue of actinf itself holds.  Incidents keep the names with which they were opened.
    """
    screen = Screen()
    if file is not None and check is not None:
        raise SettingError("--set and --check: expected one of them")
    if check is not None:
        count = len(_read(check).components)
        screen.out.print(f"nothing is wrong with it: {counted(count, 'part')}")
        return 0
    with at_office(screen) as office:
        if file is not None:
            read = _read(file)
            office.set_catalogue(read)
            screen.out.print(f"saved by {acting()}: it holds from now on")
        found = office.catalogue()
        if as_json and file is None:
            screen.json(found.document())
        else:
            screen.out.print(_table(found))
    return 0


def _read(file: str) -> Catalogue:
    kind: type[Catalogue] = load_extra("actinf.responder.catalogue.parts", extra="respond", purpose=_PURPOSE).Catalogue
    return read_document(kind, file, "a catalogue")


def _table(found: Catalogue) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold", pad_edge=False)
    for head in ("key", "name", "also", "type", "depends on", "duty"):
        table.add_column(head, overflow="fold")
    for one in found.components.values():
        cells = (one.key, one.name, ", ".join(one.aliases), one.incident_type, ", ".join(one.depends_on), one.duty)
        table.add_row(*map(Text, cells))
    return table
