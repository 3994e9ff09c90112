"""The named parts of a model: factors with states, modalities with outcomes, controls with actions."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, SupportsIndex, TypeVar, overload

from actinf.errors import ModelError
from actinf.model.problems import listed, suggestion

T = TypeVar("T")


@dataclass(frozen=True)
class Factor:
    """A hidden state factor: one aspect of the world that the agent does not see directly."""

    name: str
    states: tuple[str, ...]


@dataclass(frozen=True)
class Modality:
    """An outcome modality: one channel through which the agent observes."""

    name: str
    outcomes: tuple[str, ...]


@dataclass(frozen=True)
class Control:
    """A control: the actions by which the agent moves one factor (`factor`, by its name)."""

    name: str
    factor: str
    actions: tuple[str, ...]


class ByName(tuple[T, ...]):
    """A tuple whose entries can also be had by name: `model.A[0]` and `model.A["where"]` are the same table."""

    names: tuple[str, ...]
    _kind: str

    def __new__(cls, entries: Iterable[T], names: Sequence[str], kind: str = "entry") -> "ByName[T]":
        """Entries in order, a name for each, and the word for one of them in messages (`"factor"`)."""
        made = super().__new__(cls, entries)
        made.names, made._kind = tuple(names), kind
        return made

    @overload
    def __getitem__(self, key: SupportsIndex | str) -> T: ...

    @overload
    def __getitem__(self, key: slice) -> tuple[T, ...]: ...

    def __getitem__(self, key: SupportsIndex | slice | str) -> T | tuple[T, ...]:
        return super().__getitem__(self.position(key) if isinstance(key, str) else key)

    def position(self, name: str) -> int:
        """The place of `name`; a ModelError that lists the known names when there is none."""
        if name not in self.names:
            raise ModelError(
                f"{name!r} is not a {self._kind}: expected one of {listed(self.names)}{suggestion(name, self.names)}"
            )
        return self.names.index(name)

    def items(self) -> Iterator[tuple[str, T]]:
        """Pairs of name and entry, in order."""
        return zip(self.names, self, strict=True)

    def __reduce__(self) -> tuple[Any, ...]:
        return ByName, (tuple(self), self.names, self._kind)
