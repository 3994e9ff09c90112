"""Patterns of silences: regular expressions that take linear time whatever they and the text say.

Python's `re` tries one way after the other: `(a+)+b` on thirty letters takes minutes, and a silence is looked at for
every alert of a storm.  Here all ways are followed at once, as a finite automaton does (Thompson 1968), so the time is
bounded by the length of the text times that of the pattern, as with Prometheus's own patterns.  The price is what
cannot be had that way: no references back, no looking ahead or behind.

Known are letters, `.`, classes `[a-z]` `[^…]` `\\d` `\\w` `\\s`, groups, `|`, `*`, `+`, `?` and `{m,n}`.  A pattern has
to match the whole text; `^` before and `$` behind may be written and change nothing.  `.` is any character.
"""

from collections.abc import Callable

from actinf.errors import SettingError

__all__ = ["LONGEST_PATTERN", "Pattern"]

#: Characters of a pattern.
LONGEST_PATTERN = 500
#: Steps of the automaton; counted repetitions multiply them.
_MOST_STEPS = 2000
#: Groups within groups.
_DEEPEST = 30
#: Answers that are kept; beyond it all are forgotten.
_MOST_KEPT = 4096

_Test = Callable[[str], bool]

_CLASSES: dict[str, _Test] = {
    "d": lambda char: "0" <= char <= "9",
    "w": lambda char: char.isascii() and (char.isalnum() or char == "_"),
    "s": lambda char: char in " \t\n\r\f\v",
}
_CONTROLS = {"n": "\n", "t": "\t", "r": "\r", "f": "\f", "v": "\v"}


class Pattern:
    """A regular expression that is matched against whole texts, in linear time.

    Args:
        text: the expression.

    Raises:
        SettingError: it is none, is too long, or wants what cannot be had in linear time.

    Example:
        >>> Pattern("api|worker-[0-9]+").matches("worker-12")
        True
    """

    def __init__(self, text: str):
        if len(text) > LONGEST_PATTERN:
            raise SettingError(f"a pattern has {len(text)} characters: expected at most {LONGEST_PATTERN}")
        self.text = text
        self._program = _Compiler(text).compile()
        self._start = self._closed({0})
        self._kept: dict[tuple[frozenset[int], str], frozenset[int]] = {}

    def matches(self, subject: str) -> bool:
        """Whether it matches a whole text."""
        now = self._start
        for char in subject:
            now = self._after(now, char)
            if not now:
                return False
        return len(self._program) in now

    def _after(self, now: frozenset[int], char: str) -> frozenset[int]:
        """Where the automaton may be after one more character."""
        after = self._kept.get((now, char))
        if after is None:
            steps = {at + 1 for at in now if at < len(self._program) and self._takes(at, char)}
            after = self._closed(steps)
            if len(self._kept) >= _MOST_KEPT:
                self._kept.clear()
            self._kept[now, char] = after
        return after

    def _takes(self, at: int, char: str) -> bool:
        step = self._program[at]
        return not isinstance(step, tuple) and step(char)

    def _closed(self, places: set[int]) -> frozenset[int]:
        """All places that can be reached without another character.  Past the last step it has matched."""
        reached: set[int] = set()
        waiting = list(places)
        while waiting:
            at = waiting.pop()
            if at in reached:
                continue
            reached.add(at)
            step = self._program[at] if at < len(self._program) else None
            if isinstance(step, tuple):
                waiting.extend(at + distance for distance in step)
        # Places that only lead on say nothing any more.
        return frozenset(at for at in reached if at >= len(self._program) or not isinstance(self._program[at], tuple))


#: A test that takes one character, or how far it is to the places where it goes on.
_Step = _Test | tuple[int, ...]


class _Compiler:
    """Reads an expression from left to right and writes the steps of its automaton."""

    def __init__(self, text: str):
        self._text = text.removeprefix("^")
        ends = self._text.endswith("$") and not self._text.endswith("\\$")
        self._text = self._text[:-1] if ends else self._text
        self._shown = text
        self._at = 0
        self._depth = 0

    def compile(self) -> list[_Step]:
        steps = self._alternatives()
        if self._at < len(self._text):
            raise self._wrong("a ) that closes nothing")
        return steps

    def _alternatives(self) -> list[_Step]:
        ways = [self._sequence()]
        while self._next() == "|":
            self._at += 1
            ways.append(self._sequence())
        steps = ways.pop()
        while ways:
            way = ways.pop()
            steps = self._bounded([(1, len(way) + 2), *way, (len(steps) + 1,), *steps])
        return steps

    def _sequence(self) -> list[_Step]:
        steps: list[_Step] = []
        while self._next() not in ("", "|", ")"):
            steps = self._bounded(steps + self._repeated(self._one()))
        return steps

    def _one(self) -> list[_Step]:
        char = self._take()
        if char == "(":
            return self._group()
        if char == "[":
            return [self._class()]
        if char == "\\":
            return [self._escaped()]
        if char == ".":
            return [lambda _: True]
        if char in "*+?{":
            raise self._wrong(f"a {char} that repeats nothing")
        if char in "^$":
            raise self._wrong(f"a {char} in the middle, where it can never match")
        return [_equal(char)]

    def _group(self) -> list[_Step]:
        if self._text.startswith("?:", self._at):
            self._at += 2
        elif self._next() == "?":
            raise self._wrong("a group (?…), of which only (?:…) is known")
        self._depth += 1
        if self._depth > _DEEPEST:
            raise self._wrong(f"more than {_DEEPEST} groups within one another")
        steps = self._alternatives()
        self._depth -= 1
        if self._take() != ")":
            raise self._wrong("a ( that is not closed")
        return steps

    def _escaped(self) -> _Test:
        char = self._take()
        if not char:
            raise self._wrong("a \\ at the end")
        if char in _CLASSES:
            return _CLASSES[char]
        if char.lower() in _CLASSES:
            return _none_of([_CLASSES[char.lower()]])
        return _equal(self._literal(char))

    def _literal(self, char: str) -> str:
        if char in _CONTROLS:
            return _CONTROLS[char]
        if char.isalnum():
            raise self._wrong(f"\\{char}, which is not known")
        return char

    def _class(self) -> _Test:
        negated = self._next() == "^"
        self._at += negated
        tests: list[_Test] = []
        while self._next() != "]" or not tests:
            if self._text.startswith("[:", self._at):
                raise self._wrong("a class [:…:], which is not known")
            tests.append(self._range())
        self._at += 1
        return _none_of(tests) if negated else _any_of(tests)

    def _range(self) -> _Test:
        first = self._take()
        if first == "\\" and self._next().lower() in _CLASSES:
            return self._escaped()
        first = self._of_class(first)
        if self._next() != "-" or self._text[self._at + 1 : self._at + 2] in ("]", ""):
            return _equal(first)
        self._at += 1
        last = self._of_class(self._take())
        if last < first:
            raise self._wrong(f"the range {first}-{last}, which goes backwards")
        return lambda char: first <= char <= last

    def _of_class(self, char: str) -> str:
        if not char:
            raise self._wrong("a [ that is not closed")
        return self._literal(self._take() or "x") if char == "\\" else char

    def _repeated(self, steps: list[_Step]) -> list[_Step]:
        match self._next():
            case "*":
                least, most = 0, None
            case "+":
                least, most = 1, None
            case "?":
                least, most = 0, 1
            case "{":
                return self._not_again(self._counted(steps))
            case _:
                return steps
        self._at += 1
        return self._not_again(self._times(steps, least, most))

    def _not_again(self, steps: list[_Step]) -> list[_Step]:
        # A ? behind says to prefer the shorter match; of the whole text there is only one.
        self._at += self._next() == "?"
        if self._next() and self._next() in "*+?{":
            raise self._wrong("two repetitions of one thing; put it into a group")
        return steps

    def _counted(self, steps: list[_Step]) -> list[_Step]:
        end = self._text.find("}", self._at)
        least, comma, most = self._text[self._at + 1 : max(end, self._at)].partition(",")
        numbers = [number for number in (least, most) if number]
        is_count = bool(least) and all(number.isascii() and number.isdigit() and len(number) < 5 for number in numbers)
        if not is_count:
            raise self._wrong("a { that counts nothing, as {2}, {2,} or {2,4} do; write \\{ for the character")
        if comma and most and int(most) < int(least):
            raise self._wrong(f"the count {{{least},{most}}}, which goes backwards")
        self._at = end + 1
        return self._times(steps, int(least), int(most) if most else None if comma else int(least))

    def _times(self, steps: list[_Step], least: int, most: int | None) -> list[_Step]:
        if (len(steps) + 2) * max(least, most or 0) > _MOST_STEPS:
            raise self._too_much()
        size = len(steps)
        if most is None:
            again: list[_Step] = [(1, size + 2), *steps, (-size - 1,)]
            return self._bounded(steps * least + again)
        # All of those that may be there lead past the last of them, from each one's beginning.
        times = most - least
        maybe: list[_Step] = []
        for left in range(times, 0, -1):
            maybe += [(1, left * (size + 1)), *steps]
        return self._bounded(steps * least + maybe)

    def _bounded(self, steps: list[_Step]) -> list[_Step]:
        if len(steps) > _MOST_STEPS:
            raise self._too_much()
        return steps

    def _next(self) -> str:
        return self._text[self._at : self._at + 1]

    def _take(self) -> str:
        char = self._next()
        self._at += 1
        return char

    def _wrong(self, what: str) -> SettingError:
        return SettingError(f"the pattern {self._shown!r} has {what}")

    def _too_much(self) -> SettingError:
        return SettingError(f"the pattern {self._shown!r} repeats too much: expected fewer or smaller counts in {{}}")


def _equal(wanted: str) -> _Test:
    return lambda char: char == wanted


def _any_of(tests: list[_Test]) -> _Test:
    return lambda char: any(test(char) for test in tests)


def _none_of(tests: list[_Test]) -> _Test:
    return lambda char: not any(test(char) for test in tests)
