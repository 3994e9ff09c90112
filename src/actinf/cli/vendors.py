"""`actinf vendors`: whom to call at those who run something for us, and how."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import click
from rich.table import Table
from rich.text import Text

from actinf.cli.address_book import Entries, documents
from actinf.cli.console import Screen
from actinf.cli.group import Group
from actinf.cli.office import at_office
from actinf.errors import NotFound
from actinf.responder.channels.neutral import line

__all__ = ["command"]

_KINDS = ("cloud", "database", "security", "other")


@click.group("vendors", cls=Group)
def command() -> None:
    """Keep whom to call at vendors: the cloud's, the database's, security's; stored sealed as contacts are."""


@command.command("list", short_help="List vendors.")
@click.option("--json", "as_json", is_flag=True, help="Say it as JSON.")
def list_vendors(*, as_json: bool) -> int:
    """List vendors, and for which parts of the catalogue they are."""
    return _VENDORS.list(as_json=as_json)


@command.command("show", short_help="Show how a vendor is reached.")
@click.argument("key", required=False)
@click.option("--json", "as_json", is_flag=True, help="Say it as JSON, in the form of a file.")
def show(*, key: str | None, as_json: bool) -> int:
    """Show how the vendor KEY is reached, what is agreed, and how a case is opened; else all of them."""
    return _VENDORS.show_of(key, as_json=as_json)


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
        made = documents().vendor_from(key, {**before, **given})
        known = office.catalogue()
        for one in made.components:
            if known.find(one) is None:
                screen.warn(f"the catalogue has no component {one!r}: actinf incident catalogue lists those there are")
        _VENDORS.put(screen, office, [made])
    return 0


@command.command("import", short_help="Take vendors from a file.")
@click.argument("file")
@click.option("--check", is_flag=True, help="Only say what is wrong with it.")
def import_vendors(*, file: str, check: bool) -> int:
    """Take vendors from a FILE in YAML, - for standard input; each replaces the one before of the same key."""
    return _VENDORS.take(file, check=check)


@command.command("remove", short_help="Remove a vendor.")
@click.argument("key")
@click.option("--yes", is_flag=True, help="It cannot be taken back; needed.")
def remove(*, key: str, yes: bool) -> int:
    """Remove a vendor; what it was asked in incidents stays on their timelines."""
    return _VENDORS.remove(key, yes=yes)


def _table(found: Sequence[dict[str, Any]]) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold", pad_edge=False)
    for head in ("key", "name", "kind", "for"):
        table.add_column(head, overflow="fold")
    for one in found:
        cells = (one["key"], one["name"] or "?", one["kind"] or "?", ", ".join(one["for"]))
        table.add_row(*(Text(line(cell)) for cell in cells))
    return table


def _print(screen: Screen, one: Any) -> None:
    screen.out.print(Text(f"{one.key}  {line(one.name)}, {one.kind}", style="bold"))
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
            screen.out.print(Text(f"  {name:<9} {line(value, 2000)}"), soft_wrap=True)


_VENDORS = Entries(
    command="vendors",
    one="vendor",
    key="KEY",
    file="VendorsFile",
    written="vendors_document",
    listed=lambda book: book.vendors(),
    found=lambda book, key: list(book.all_vendors()) if key is None else [book.vendor(key)],
    keep=lambda book, made: book.set_vendors(made),
    erase=lambda book, key: book.remove_vendor(key),
    table=_table,
    show=_print,
)
