"""`actinf contacts`: how people are reached."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from rich.table import Table
from rich.text import Text

from actinf.cli.address_book import Entries, documents
from actinf.cli.console import Screen
from actinf.cli.group import Group
from actinf.cli.office import acting, at_office
from actinf.cli.respond_options import data_dir_option, store_settings
from actinf.errors import NotFound, SettingError
from actinf.lab.extras import load_extra
from actinf.responder.channels.neutral import line

if TYPE_CHECKING:
    from actinf.responder.contacts.means import Means
    from actinf.responder.contacts.records import Contact
    from actinf.responder.office.address_book import AddressBook
    from actinf.responder.office.port import Office

__all__ = ["command"]

_PURPOSE = "Working with contacts"


@click.group("contacts", cls=Group)
def command() -> None:
    """Keep how people are reached: DevOps on call, Engineering Manager, CTO, and whoever else is called.

    They are stored sealed, with a key from a file of its own.  HANDLE is the one of the schedule.
    """


@command.command("list", short_help="List contacts.")
@click.option("--json", "as_json", is_flag=True, help="Say it as JSON.")
def list_contacts(*, as_json: bool) -> int:
    """List contacts, with the kinds of their means; the numbers of one are shown by `show`."""
    return _CONTACTS.list(as_json=as_json)


@command.command("show", short_help="Show how somebody is reached.")
@click.argument("handle", required=False)
@click.option("--json", "as_json", is_flag=True, help="Say it as JSON, in the form of a file.")
def show(*, handle: str | None, as_json: bool) -> int:
    """Show how HANDLE is reached, else everybody; of who is not on call it is logged who looked."""
    return _CONTACTS.show_of(handle, as_json=as_json)


@command.command("set", short_help="Make or change a contact.")
@click.argument("handle")
@click.option("--name", help="As others call them.")
@click.option("--role", help='What they are, as "CTO".')
@click.option("--phone", "phones", multiple=True, help="A number; again for another. Replaces those before.")
@click.option("--email", "emails", multiple=True, help="An address; again for another. Replaces those before.")
@click.option("--chat", "chats", multiple=True, help="The name that the chat knows them by. Replaces those before.")
@click.option("--web", "webs", multiple=True, help="An address of the web. Replaces those before.")
@click.option("--when", help="When to use what is given here: at night, …")
@click.option("--note", help="What a caller should know.")
def set_contact(*, handle: str, when: str | None, **said: Any) -> int:
    """Make a contact, or change what is given of one; the rest stays as it is.

    Numbers are in the history of the shell afterwards: `actinf contacts import -` reads them from standard input.
    """
    screen = Screen()
    with at_office(screen) as office:
        made = documents().contact_from(handle, _merged(office.address_book, handle, said, when))
        _CONTACTS.put(screen, office, [made])
    return 0


@command.command("import", short_help="Take contacts from a file, or from the schedule.")
@click.argument("file", required=False)
@click.option("--from-schedule", is_flag=True, help="Move phone, email and chat_id from the schedule to the contacts.")
@click.option("--check", is_flag=True, help="Only say what is wrong with the file.")
def import_contacts(*, file: str | None, from_schedule: bool, check: bool) -> int:
    """Take contacts from a FILE in YAML, - for standard input; each replaces the one before of the same handle.

    The schedule then needs to hold no more than handles, names and roles.
    """
    if (file is None) != from_schedule or (check and from_schedule):
        raise SettingError("import needs a FILE, or --from-schedule: expected one of them")
    if file is not None:
        return _CONTACTS.take(file, check=check)
    screen = Screen()
    with at_office(screen) as office:
        moved = office.address_book.import_schedule()
        told = f"moved from the schedule: {', '.join(moved)}" if moved else "the schedule says of nobody how"
        screen.out.print(told, markup=False)
    return 0


@command.command("remove", short_help="Erase a contact.")
@click.argument("handle")
@click.option("--yes", is_flag=True, help="It cannot be taken back; needed.")
def remove(*, handle: str, yes: bool) -> int:
    """Erase a contact, and what is known of whether they were reached."""

    def look_at_schedule(screen: Screen, office: Office) -> None:
        schedule = office.schedule()
        if schedule is not None and handle in schedule.people:
            screen.warn(f"{handle} is still in the schedule: take them out, actinf oncall schedule --set FILE")

    return _CONTACTS.remove(handle, yes=yes, after=look_at_schedule)


@command.command("test", short_help="Try whether contacts are reached.")
@click.argument("handle", required=False)
@click.option("--due", is_flag=True, help="Send a test to everybody who is to be tried.")
@click.option("--reached", "reached", flag_value=True, type=bool, default=None, help="Say that HANDLE was reached.")
@click.option("--not-reached", "reached", flag_value=False, type=bool, help="Say that HANDLE was not reached.")
@click.option("--code", help="Say that a test arrived, by the code in it.")
@click.option("--json", "as_json", is_flag=True, help="Say it as JSON.")
def test(*, handle: str | None, due: bool, reached: bool | None, code: str | None, as_json: bool) -> int:
    """Send HANDLE a test by every channel that reaches them, with a code by which they say that it has arrived.

    Without one, say how it stands with all; ends with 1 where somebody is to be tried, or was not reached.
    """
    screen = Screen(quiet=as_json)
    if sum((due, reached is not None, code is not None)) > 1:
        raise SettingError("--due, --reached, --not-reached and --code: expected one of them")
    if (handle is None) == (reached is not None):
        if reached is not None:
            raise SettingError("--reached and --not-reached are of somebody: say whose HANDLE")
        if handle is not None and (due or code is not None):
            raise SettingError("--due and --code say themselves whom: leave the HANDLE out")
    with at_office(screen) as office:
        book = office.address_book
        if code is not None:
            return _told(screen, as_json, f"{book.confirm(code)} was reached")
        if handle is not None and reached is not None:
            book.tell_tested(handle, reached=reached)
            return _told(screen, as_json, f"{handle} was {'reached' if reached else 'not reached'}")
        if handle is None and not due:
            return _standings(screen, book, as_json=as_json)
        waiting = (
            [handle]
            if handle is not None
            else [one["handle"] for one in book.contacts()["contacts"] if one["test"]["due"]]
        )
        return _sent(screen, book, waiting, as_json=as_json)


@command.command("rekey", short_help="Seal everything with another key.")
@click.option("--new", is_flag=True, help="Put a new key at the head of the file first.")
@data_dir_option
def rekey(*, new: bool, data_dir: Path | None) -> int:
    """Seal all contacts and vendors of this machine's store with the first key of the file, all of it or nothing.

    Keys further down open what backups hold: keep those for as long as the backups, and take them out then.
    """
    screen = Screen()
    settings = store_settings(screen, data_dir)
    parts = load_extra("actinf.responder.parts", extra="respond", purpose=_PURPOSE).make_parts(settings)
    try:
        path = parts.directory.key_file
        count, first = parts.directory.seal_anew(by=acting(), new=new)
        if new:
            screen.out.print(f"a new key stands first in {path}", markup=False, soft_wrap=True)
        others = [name for name in _part("sealing").key_ring(path).keys if name != first]
    finally:
        parts.close()
    sealed = f"{count} contacts and vendors are" if count != 1 else "1 contact or vendor is"
    screen.out.print(f"{sealed} sealed with the key {first}", markup=False)
    if others:
        screen.say(f"nothing in the store needs {', '.join(others)} any more; backups from before do")
    return 0


# ---------------------------------------------------------------------------------------------------------------- parts


def _told(screen: Screen, as_json: bool, sentence: str) -> int:
    if as_json:
        screen.json({"done": [sentence]})
    else:
        screen.out.print(sentence, markup=False)
    return 0


def _standings(screen: Screen, book: AddressBook, *, as_json: bool) -> int:
    found = book.contacts()["contacts"]
    if as_json:
        screen.json([{"handle": one["handle"], **one["test"]} for one in found])
    elif found:
        screen.out.print(_table(found))
    else:
        screen.out.print("there is no contact that could be tried")
    return 1 if any(one["test"]["due"] for one in found) else 0


def _sent(screen: Screen, book: AddressBook, handles: list[str], *, as_json: bool) -> int:
    """Send tests, one after another; one that cannot be sent keeps nobody else waiting."""
    outcomes: list[dict[str, Any]] = []
    for handle in handles:
        try:
            channels = [one["channel"] for one in book.try_contact(handle)["channels"]]
            outcomes.append({"handle": handle, "channels": channels, "trouble": None})
        except (NotFound, SettingError) as error:
            if len(handles) == 1:
                raise
            outcomes.append({"handle": handle, "channels": [], "trouble": str(error)})
    if as_json:
        screen.json(outcomes)
    for one in () if as_json else outcomes:
        if one["trouble"]:
            screen.warn(f"{one['handle']}: {one['trouble']}")
        else:
            told = f"a test goes to {one['handle']} through {', '.join(one['channels'])}, with a code to answer by"
            screen.out.print(told, markup=False, soft_wrap=True)
    if not outcomes and not as_json:
        screen.out.print("nobody is to be tried")
    return 1 if any(one["trouble"] for one in outcomes) else 0


def _merged(book: AddressBook, handle: str, said: dict[str, Any], when: str | None) -> dict[str, Any]:
    """What is known of somebody, with what was said now in its place."""
    try:
        before = book.contact(handle).document()
    except NotFound:
        before = {"means": []}
    given = {"phone": said["phones"], "email": said["emails"], "chat": said["chats"], "web": said["webs"]}
    if when is not None and not any(given.values()):
        raise SettingError("--when is of what is given with it: give --phone, --email, --chat or --web as well")
    means = [one for one in before["means"] if not any(given[kind] for kind in given if kind in one)]
    added = [{kind: value, **({"when": when} if when else {})} for kind, values in given.items() for value in values]
    others = {name: said[name] for name in ("name", "role", "note") if said[name] is not None}
    return {**before, **others, "means": [*added, *means]}


def _table(found: Sequence[dict[str, Any]]) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold", pad_edge=False)
    for head in ("handle", "name", "role", "reached by", "tried"):
        table.add_column(head, overflow="fold")
    for one in found:
        cells = (
            one["handle"],
            line(one["name"] or "?"),
            line(one["role"] or "?"),
            ", ".join(one["means"]) or "nothing",
        )
        table.add_row(*map(Text, cells), _tried(one["test"]))
    return table


def _tried(test: dict[str, Any]) -> Text:
    at = f", {datetime.fromisoformat(test['at']):%Y-%m-%d}" if test["at"] else ""
    return Text(f"{test['state']}{at}", style="yellow" if test["due"] else "")


def _print(screen: Screen, one: Contact) -> None:
    screen.out.print(Text(f"{one.handle}  {line(one.name)}, {line(one.role)}", style="bold"))
    for means in one.means:
        screen.out.print(Text(f"  {_means(means)}"))
    if not one.means:
        screen.out.print(Text("  nothing says how they are reached"))
    if one.note:
        screen.out.print(Text(f"  {line(one.note)}"))


def _means(one: Means) -> str:
    return f"{one.kind:<6} {line(one.value)}" + (f"  {line(one.when)}" if one.when else "")


def _part(module: str) -> Any:
    return load_extra(f"actinf.responder.contacts.{module}", extra="respond", purpose=_PURPOSE)


_CONTACTS = Entries(
    command="contacts",
    one="contact",
    key="HANDLE",
    file="ContactsFile",
    written="contacts_document",
    listed=lambda book: book.contacts(),
    found=lambda book, handle: list(book.all_contacts()) if handle is None else [book.contact(handle)],
    keep=lambda book, made: book.set_contacts(made),
    erase=lambda book, handle: book.remove_contact(handle),
    table=_table,
    show=_print,
)
