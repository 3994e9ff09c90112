"""Where agents stand, for whichever replica is asked next: a port, and what stands in where there is no cache.

A cache may be outdated, empty, full, slow or gone at any time: an agent that is not found in it is read from the
database, and a step computed from an outdated entry is not kept, so that the database decides (docs/adr/0020).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol
from uuid import UUID

__all__ = ["AgentCache", "NoCache", "Standing"]


@dataclass(frozen=True, slots=True)
class Standing:
    """What an agent is, and where it stands: enough to step it where its model is known.

    Attributes:
        workspace: the one that it belongs to.
        model: the hash of its model.
        settings: its settings, as plain values.
        seed: of its random streams.
        next_step: the number of the step that comes next.
        episode, time, action, carry: as in a `Snapshot`.
    """

    workspace: UUID
    model: str
    settings: Mapping[str, Any]
    seed: int
    next_step: int
    episode: int
    time: int
    action: int
    carry: bytes


class AgentCache(Protocol):
    """Holds where agents stand.  Nothing it does fails, or makes anybody wait for long."""

    @property
    def away(self) -> bool:
        """Whether it is to be done without for now."""
        ...

    def follow(self, lineage: str) -> None:
        """From now on find and keep what is of this lineage of the database; before the first, nothing."""
        ...

    async def find(self, workspace: UUID, agent: UUID) -> Standing | None:
        """Where an agent of that workspace stood when that was kept last; None where it is not known."""
        ...

    def keep(self, agent: UUID, standing: Standing) -> None:
        """Note where an agent stands, soon."""
        ...

    def drop(self, agent: UUID) -> None:
        """Let go of an agent, soon."""
        ...

    def start(self) -> None:
        """Begin to work."""
        ...

    async def stop(self) -> None:
        """Write what is still to be written, and end."""
        ...


class NoCache:
    """Where the process keeps its hot agents and shares nothing."""

    away = False

    def follow(self, lineage: str) -> None:
        """Nothing is kept of any."""

    async def find(self, workspace: UUID, agent: UUID) -> Standing | None:  # noqa: ARG002
        """Nothing."""
        return None

    def keep(self, agent: UUID, standing: Standing) -> None:
        """Nothing is kept."""

    def drop(self, agent: UUID) -> None:
        """There is nothing to let go of."""

    def start(self) -> None:
        """There is nothing to begin."""

    async def stop(self) -> None:
        """There is nothing to end."""
