"""One pass through a chain of records, which finds what is not as it was written.

What is in a record is for those to know who wrote it: here it has a number, a content and a MAC.  A change breaks the
chain at one record, and the pass goes on from there, so that each change is told by itself.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Generic, TypeVar

from actinf.runtime.anchor import Anchor
from actinf.runtime.chain import GENESIS

__all__ = ["ChainReading", "Gap", "Wrong"]

Content = TypeVar("Content")

_MOST_RANGES = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Wrong:
    """Something that is not as it was written.

    Attributes:
        first, last: the numbers of the records; None where it is about no record.
        what: what is wrong with them.
    """

    first: int | None
    last: int | None
    what: str

    def __str__(self) -> str:
        if self.first is None:
            return self.what
        rows = f"row {self.first}" if self.first == self.last else f"rows {self.first} to {self.last}"
        return f"{rows}: {self.what}"


@dataclass(slots=True)
class Gap(Generic[Content]):
    """Records that are missing, between one and another (`last` + 1), which the chain cannot check.

    Attributes:
        first, last: their numbers.
        before, after: the contents of the records around them; None: there is none, or it cannot be read.
        mac: of the record after them.
    """

    first: int
    last: int
    before: Content | None
    after: Content | None
    mac: bytes


class ChainReading(Generic[Content]):
    """The state of the pass.

    Args:
        mac_of: the MAC that a content has behind another MAC.
        anchors: that are to be found in the chain.

    Attributes:
        before: the MAC that the next record has to continue.
        expected: the number of the next record.
        rows: how many there were.
        proven: how many of them are what was written.
        first: the number of the first one; None: there was none.
        wrong: what is not as it was written.
        gaps: where records are missing.
        agree, differ: the anchors whose record is there as it was; whose record is another one now.
        wanted: the other anchors, by their numbers; after the last record, those whose records are missing.
    """

    def __init__(self, mac_of: Callable[[bytes, Content], bytes], anchors: Iterable[Anchor]):
        self._mac_of = mac_of
        self.before = GENESIS
        self._before_that = GENESIS
        self._last: Content | None = None
        self.expected = 1
        self.rows = 0
        self.proven = 0
        self.first: int | None = None
        self.wrong: list[Wrong] = []
        self.gaps: list[Gap[Content]] = []
        self.agree: list[Anchor] = []
        self.differ: list[Anchor] = []
        self.wanted: dict[int, list[Anchor]] = {}
        for anchor in anchors:
            if anchor.seq > 0:
                self.wanted.setdefault(anchor.seq, []).append(anchor)

    def row(self, seq: int, content: Content | None, mac: bytes) -> bool:
        """Take the next record.

        Args:
            seq: its number.
            content: None where it is nothing that could have been written.
            mac: its MAC.

        Returns:
            Whether it is proven to be what was written.
        """
        self.rows += 1
        if seq < self.expected:
            self._twice(seq, content, mac)
            return False
        fits: bool | None = content is not None and mac == self._mac_of(self.before, content)
        if seq > self.expected:
            self.gaps.append(Gap(self.expected, seq - 1, self._last, content, mac))
            fits = None
        if fits is False:
            self.say(seq, "changed, or put in")
        elif fits:
            self.proven += 1
        if self.first is None:
            self.first = seq
        for anchor in self.wanted.pop(seq, ()):
            if mac.hex() == anchor.mac:
                self.agree.append(anchor)
            elif fits is not False:  # the chain holds it, and yet it is not the record that was there
                self.differ.append(anchor)
        self._before_that, self.before, self.expected = self.before, mac, seq + 1
        self._last = content
        return bool(fits)

    def missing(self) -> list[Anchor]:
        """The anchors whose records are not there, or are others now; after the last record."""
        beyond = [anchor for seq, anchors in self.wanted.items() if seq >= self.expected for anchor in anchors]
        return [*self.differ, *beyond]

    def say(self, seq: int, what: str) -> None:
        """Tell of a record; neighbours of which the same is told are told as one range."""
        before = self.wrong[-1] if self.wrong else None
        if before is not None and before.what == what and before.last == seq - 1:
            self.wrong[-1] = Wrong(first=before.first, last=seq, what=what)
        elif len(self.wrong) < _MOST_RANGES:
            self.wrong.append(Wrong(first=seq, last=seq, what=what))

    def _twice(self, seq: int, content: Content | None, mac: bytes) -> None:
        """A number that was there before: one of the two was put in, and the chain goes on from the other."""
        self.say(seq, "there more than once, or where no row belongs")
        is_real = seq == self.expected - 1 and content is not None and mac == self._mac_of(self._before_that, content)
        if is_real:
            self.before = mac
