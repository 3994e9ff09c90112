"""`actinf vendors`: whom to call at those who run something for us, and how."""

from __future__ import annotations

from typing import Any

import click
from rich.table import Table
from rich.text import Text

from actinf.cli.console import Screen
from actinf.cli.documents import read_document
from actinf.cli.group import Group
from actinf.cli.office import at_office
from actinf.errors import NotFound, SettingError
from actinf.lab.extras import load_extra
from actinf.runtime.wording import counted

__all__ = ["command"]

_PURPOSE = "Working with vendors"
_KINDS = ("cloud", "database", "security", "other")


@click.group("vendors", cls=Group)
def command() -> None:
    """Keep whom to call at vendors: the cloud's, the database's, security's; stored sealed as contacts are."""


@command.command("list", short_help="List vendors.")
@click.option("--json", "as_json", is_flag=True, help="Say it as JSON.")
def list_vendors(*, as_json: bool) -> int:
    """List vendors, and for which parts of the catalogue they are."""
    screen = Screen()
    with at_office(screen) as office:
        found = office.address_book.vendors()
        if as_json:
            screen.json(found)
            return 0
        if found["trouble"]:
            screen.warn(found["trouble"])
        if found["vendors"]:
            screen.out.print(_table(found["vendors"]))
        else:
            screen.out.print("there is none: actinf vendors set KEY, or actinf vendors import FILE")
    return 0


@command.command("show", short_help="Show how a vendor is reached.")
@click.argument("key", required=False)
@click.option("--json", "as_json", is_flag=True, help="Say it as JSON, in the form of a file.")
def show(*, key: str | None, as_json: bool) -> int:
    """Show how the vendor KEY is reached, what is agreed, and how a case is opened; else all of them."""
    screen = Screen()
    with at_office(screen) as office:
        book = office.address_book
        found = list(book.all_vendors()) if key is None else [book.vendor(key)]
        if as_json:
            screen.json(_part("document").vendors_document(found))
            return 0
        if not found:
            screen.out.print("there is none")
        for number, one in enumerate(found):
            if number:
                screen.out.print()
            _print(screen, one)
    return 0


@command.command("set", short_help="Make or change a vendor.")
@click.argument("key")
@click.option("--name", help="As people call it.")
@click.option("--kind", type=click.Choice(_KINDS), help="What it is for.")
@click.option("--for", "components", multiple=True, metavar="COMPONENT", help="A part that rests on it; again, too.")
@click.option("--portal", help="Address where a case is opened.")
@click.option("--phone", help="Of its support.")
@click.option("--email", help="Of its support.")
@click.option("--customer", help="The number by which it knows us.")
@click.option("--contract", help="Of what was agreed.")
@click.option("--support", help='What was bought, as "Business, 24/7".')
@click.option("--answers-within", type=click.IntRange(min=1), metavar="MINUTES", help="In which it promised to answer.")
@click.option("--priority-case", help="How to open a case that somebody looks at now.")
def set_vendor(*, key: str, components: tuple[str, ...], **said: Any) -> int:
    """Make a vendor, or change what is given of one; the rest stays as it is."""
    screen = Screen()
    given: dict[str, Any] = {name: value for name, value in said.items() if value is not None}
    if components:
        given["for"] = list(components)
    with at_office(screen) as office:
        book = office.address_book
        try:
            before = book.vendor(key).document()
        except NotFound:
            before = {}
        made = _part("document").vendor_from(key, {**before, **given})
        known = office.catalogue()
        for one in made.components:
            if known.find(one) is None:
                screen.warn(f"the catalogue has no component {one!r}: actinf incident catalogue lists those there are")
        for sentence in book.set_vendors([made]):
            screen.out.print(sentence, markup=False)
    return 0


@command.command("import", short_help="Take vendors from a file.")
@click.argument("file")
@click.option("--check", is_flag=True, help="Only say what is wrong with it.")
def import_vendors(*, file: str, check: bool) -> int:
    """Take vendors from a FILE in YAML, - for standard input; each replaces the one before of the same key."""
    screen = Screen()
    read = read_document(_part("document").VendorsFile, file, "vendors")
    if check:
        screen.out.print(f"nothing is wrong with it: {counted(len(read), 'vendor')}")
        return 0
    with at_office(screen) as office:
        for sentence in office.address_book.set_vendors(list(read.values())):
            screen.out.print(sentence, markup=False)
    return 0


@command.command("remove", short_help="Remove a vendor.")
@click.argument("key")
@click.option("--yes", is_flag=True, help="It cannot be taken back; needed.")
def remove(*, key: str, yes: bool) -> int:
    """Remove a vendor; what it was asked in incidents stays on their timelines."""
    if not yes:
        raise SettingError(f"removing {key!r} cannot be taken back: say --yes as well")
    screen = Screen()
    with at_office(screen) as office:
        office.address_book.remove_vendor(key)
        screen.out.print(f"{key} was removed", markup=False)
    return 0


def _table(found: list[dict[str, Any]]) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold", pad_edge=False)
    for head in ("key", "name", "kind", "for"):
        table.add_column(head, overflow="fold")
    for one in found:
        cells = (one["key"], one["name"] or "?", one["kind"] or "?", ", ".join(one["for"]))
        table.add_row(*(Text(_line(cell)) for cell in cells))
    return table


def _print(screen: Screen, one: Any) -> None:
    screen.out.print(Text(f"{one.key}  {_line(one.name)}, {one.kind}", style="bold"))
    rows = (
        ("for", ", ".join(one.components)),
        ("portal", one.portal),
        ("phone", one.phone),
        ("email", one.email),
        ("customer", one.customer),
        ("contract", one.contract),
        ("support", one.support),
        ("answers", "" if one.answers_within is None else f"within {one.answers_within} min, as promised"),
        ("priority", one.priority_case),
    )
    for name, value in rows:
        if value:
            screen.out.print(Text(f"  {name:<9} {_line(value, 2000)}"), soft_wrap=True)


def _line(text: str, most: int = 300) -> str:
    line: str = load_extra("actinf.responder.channels.neutral", extra="respond", purpose=_PURPOSE).line(text, most)
    return line


def _part(module: str) -> Any:
    return load_extra(f"actinf.responder.contacts.{module}", extra="respond", purpose=_PURPOSE)
