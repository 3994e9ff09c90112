"""A responder with a directory of contacts, for the tests of this folder."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from support.responding import Responding, responding

from actinf.responder.contacts.directory import KEY_FILE, Directory


@dataclass
class Kept:
    """A responder, and its directory, which pages use."""

    at_hand: Responding
    directory: Directory

    def written(self) -> bytes:
        """All that the store has on the disk, but for its keys."""
        files = [one for one in self.at_hand.store.folder.iterdir() if one.name != KEY_FILE]
        return b"".join(one.read_bytes() for one in files)


@pytest.fixture
def kept(tmp_path: Path) -> Iterator[Kept]:
    at_hand = responding(tmp_path / "store")
    directory = Directory(at_hand.store, at_hand.clock, at_hand.store.folder / KEY_FILE)
    at_hand.desk.announcer.known = directory
    yield Kept(at_hand, directory)
    at_hand.store.close()
