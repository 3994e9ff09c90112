"""What the commands on contacts and on vendors have in common: to list, to show, to take from a file and to remove."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rich.table import Table

from actinf.cli.console import Screen
from actinf.cli.documents import read_document
from actinf.cli.office import at_office
from actinf.errors import SettingError
from actinf.lab.extras import load_extra
from actinf.runtime.wording import counted

if TYPE_CHECKING:
    from actinf.responder.office.address_book import AddressBook
    from actinf.responder.office.port import Office

__all__ = ["Entries", "documents"]

_PURPOSE = "Working with contacts and vendors"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entries:
    """One kind of entry of the address book.

    Attributes:
        command: that keeps them: contacts, vendors; its files, and what is listed, call them so too.
        one: what one of them is called.
        key: by what one is named on a command line.
        file: the class of `actinf.responder.contacts.document` that reads a file of them.
        written: the function there that writes one.
        listed: lists them, with what keeps them from being read.
        found: one of them by its key, or all.
        keep: keeps them in the place of those of the same keys; what was done.
        erase: takes one out.
        table: shows a list.
        show: shows one.
    """

    command: str
    one: str
    key: str
    file: str
    written: str
    listed: Callable[[AddressBook], Mapping[str, Any]]
    found: Callable[[AddressBook, str | None], Sequence[Any]]
    keep: Callable[[AddressBook, Sequence[Any]], Sequence[str]]
    erase: Callable[[AddressBook, str], None]
    table: Callable[[Sequence[dict[str, Any]]], Table]
    show: Callable[[Screen, Any], None]

    def list(self, *, as_json: bool) -> int:
        """List them all."""
        screen = Screen()
        with at_office(screen) as office:
            found = self.listed(office.address_book)
            if as_json:
                screen.json(found)
                return 0
            if found["trouble"]:
                screen.warn(found["trouble"])
            if entries := found[self.command]:
                screen.out.print(self.table(entries))
            else:
                screen.out.print(
                    f"there is none: actinf {self.command} set {self.key}, or actinf {self.command} import FILE"
                )
        return 0

    def show_of(self, key: str | None, *, as_json: bool) -> int:
        """Show how one is reached; None: all of them."""
        screen = Screen()
        with at_office(screen) as office:
            found = self.found(office.address_book, key)
            if as_json:
                screen.json(getattr(documents(), self.written)(found))
                return 0
            if not found:
                screen.out.print("there is none")
            for number, one in enumerate(found):
                if number:
                    screen.out.print()
                self.show(screen, one)
        return 0

    def take(self, file: str, *, check: bool) -> int:
        """Keep those of a file; or say only that nothing is wrong with it."""
        screen = Screen()
        read = read_document(getattr(documents(), self.file), file, self.command)
        if check:
            screen.out.print(f"nothing is wrong with it: {counted(len(read), self.one)}")
            return 0
        with at_office(screen) as office:
            self.put(screen, office, list(read.values()))
        return 0

    def put(self, screen: Screen, office: Office, made: Sequence[Any]) -> None:
        """Keep some, and say what was done."""
        for sentence in self.keep(office.address_book, made):
            screen.out.print(sentence, markup=False)

    def remove(self, key: str, *, yes: bool, after: Callable[[Screen, Office], None] | None = None) -> int:
        """Take one out, which has to be meant; then, do what else follows."""
        if not yes:
            raise SettingError(f"removing {key!r} cannot be taken back: say --yes as well")
        screen = Screen()
        with at_office(screen) as office:
            self.erase(office.address_book, key)
            screen.out.print(f"{key} was removed", markup=False)
            if after is not None:
                after(screen, office)
        return 0


def documents() -> Any:
    """The module that reads and writes files of them."""
    return load_extra("actinf.responder.contacts.document", extra="respond", purpose=_PURPOSE)
