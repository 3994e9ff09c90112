"""`actinf incident case`: what vendors were asked in an incident, and what they said; `call`: whom to call."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click
from rich.table import Table
from rich.text import Text

from actinf.cli.console import Screen
from actinf.cli.incident_acts import act, named, text_of
from actinf.cli.moments import ahead, shown
from actinf.cli.office import at_office
from actinf.errors import SettingError
from actinf.responder.channels.neutral import line

if TYPE_CHECKING:
    from actinf.responder.office.port import Document

__all__ = ["call", "case", "case_rows"]

_ACTS = ("open", "note", "close")


@click.command("case", short_help="Write down what a vendor was asked, and said.")
@click.argument("incident")
@click.argument("vendor", required=False)
@click.argument("what", required=False, metavar="[open|note|close]", type=click.Choice(_ACTS))
@click.argument("said", nargs=-1)
@click.option("--reference", help="The number that the vendor gave to the case.")
@click.option("--with", "contact", help="With whom, there.")
@click.option("--answer-by", metavar="TIME", help="Until when they answer: 30m, 14:05, …  [open: as they promised]")
@click.option("--case", "case_number", type=click.IntRange(min=1), help="Which, where there are several.")
@click.option("--at", metavar="TIME", help="When it happened: 10m ago, 14:05, …  [default: now]")
@click.option("--json", "as_json", is_flag=True, help="Say it as JSON.")
def case(*, vendor: str | None, what: str | None, case_number: int | None, answer_by: str | None, **said: Any) -> int:
    """Write down what VENDOR, by its key or name, was asked or said; without a vendor, list the cases.

    SAID is - for standard input.  Where an answer is not there in time, whoever leads is reminded once.  A note says
    anew until when one is awaited.
    """
    words: tuple[str, ...] = said.pop("said")
    text = text_of(words)
    if vendor is None or what is None:
        if vendor is not None or text:
            raise SettingError("case needs what was done with the vendor: open, note or close")
        return _list(**said)
    now = datetime.now(UTC)
    until = ahead(answer_by, now) if answer_by else None
    if what == "close":
        if said.pop("reference") or said.pop("contact") or until is not None:
            raise SettingError("close ends a case: leave --reference, --with and --answer-by out, or note them before")
        return act("case-close", _closed, {**said, "said": text}, vendor=vendor, **_numbered(case_number))
    if not text:
        raise SettingError(f"{what} needs what was said, in a sentence, or - for standard input")
    if what == "open" and case_number is not None:
        raise SettingError("open makes a new case, which gets its number: leave --case out")
    known = {"vendor": vendor, **_numbered(case_number), **({"answer_by": until} if until is not None else {})}
    told = _latest if what == "open" else lambda document: _noted(document, vendor, case_number)
    given = {name: said.pop(name) for name in ("reference", "contact")}
    given = {name: value for name, value in given.items() if value is not None}
    return act(f"case-{what}", told, {**said, "said": text}, **known, **given)


@click.command("call", short_help="Say whom to call.")
@click.argument("incident", default="latest")
@click.option("--json", "as_json", is_flag=True, help="Say it as JSON.")
def call(*, incident: str, as_json: bool) -> int:
    """Say whom to call for an incident, those first whom it is about: on call, duties, vendors; with their numbers."""
    screen = Screen()
    with at_office(screen) as office:
        found = office.address_book.whom_to_call(named(incident, office))
        if as_json:
            screen.json(found)
            return 0
        if found["trouble"]:
            screen.warn(found["trouble"])
        for one in (*found["people"], *found["vendors"]):
            screen.out.print(
                Text.assemble((line(one["name"]), "bold" if one["fits"] else ""), f"  {line(one['title'])}")
            )
            for means in one["means"]:
                told = f"  {means['kind']:<6} {line(means['value'])}  {line(means['when'])}".rstrip()
                screen.out.print(Text(told), soft_wrap=True)
            for name, value in one["facts"].items():
                screen.out.print(Text(f"  {name}: {line(value, 2000)}"), soft_wrap=True)
        if not found["people"] and not found["vendors"]:
            screen.out.print("nobody is known: actinf oncall schedule --set FILE, actinf vendors set KEY")
    return 0


def _list(*, incident: str, as_json: bool, at: str | None, reference: str | None, contact: str | None) -> int:
    if at or reference or contact:
        raise SettingError("--at, --reference and --with are of what was said to a vendor: say to which, and what")
    screen, now = Screen(), datetime.now(UTC)
    with at_office(screen) as office:
        cases = office.incident(named(incident, office))["cases"]
        if as_json:
            screen.json(cases)
        elif cases:
            screen.out.print(_table(cases, now))
        else:
            screen.out.print(f"no vendor was asked: actinf incident case {incident} VENDOR open TEXT", markup=False)
    return 0


def _numbered(case_number: int | None) -> dict[str, int]:
    return {} if case_number is None else {"case": case_number}


def _latest(document: Document) -> str:
    return _told(document["cases"][-1], "opened")


def _noted(document: Document, vendor: str, number: int | None) -> str:
    named = vendor.strip().casefold()
    found = [
        one
        for one in document["cases"]
        if number in (None, one["case"]) and named in (one["vendor"].casefold(), one["name"].casefold())
    ]
    return _told(max(found, key=lambda one: str(one["said_at"])), "noted") if found else "noted"


def _told(one: dict[str, Any], what: str) -> str:
    awaited = ""
    if one["answer_by"]:
        awaited = f"; answer awaited until {shown(datetime.fromisoformat(one['answer_by']), datetime.now(UTC))}"
    return f"case {one['case']} with {one['name']} {what}{awaited}"


def _closed(document: Document) -> str:
    left = sum(one["closed_at"] is None for one in document["cases"])
    return "case closed" + (f"; {left} open" if left else "")


def case_rows(cases: list[dict[str, Any]], now: datetime) -> Iterator[list[Text]]:
    """A row for each case: its number, the vendor and its number for it, the answer that is awaited, what was said."""
    for one in cases:
        contact = f" ({line(one['contact'], 80)})" if one["contact"] else ""
        yield [
            Text(str(one["case"])),
            Text(line(one["name"], 80)),
            Text(line(one["reference"] or "", 80)),
            _awaited(one, now),
            Text(f"{line(one['said'])}{contact}"),
        ]


def _table(cases: list[dict[str, Any]], now: datetime) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold", pad_edge=False)
    for head in ("case", "vendor", "reference", "answer", "said last"):
        table.add_column(head, overflow="fold")
    for row in case_rows(cases, now):
        table.add_row(*row)
    return table


def _awaited(one: dict[str, Any], now: datetime) -> Text:
    if one["closed_at"]:
        return Text("closed")
    if one["answer_by"] is None:
        return Text("none awaited")
    due = datetime.fromisoformat(one["answer_by"])
    late = due < now
    return Text(f"{'overdue since' if late else 'until'} {shown(due, now)}", style="bold red" if late else "")
