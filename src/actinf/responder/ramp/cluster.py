"""What a ramp asks of a cluster: how one deployment stands, and to set how many replicas of it there are.

Every change says what it changes as well: where that is another by now, nothing is changed.  So a change that goes out
twice is made once, and what somebody else did meanwhile is not undone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from actinf.errors import ClusterTrouble

__all__ = ["Autoscaler", "Cluster", "NoCluster", "Pod", "Standing"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Autoscaler:
    """The HorizontalPodAutoscaler of a deployment.

    Attributes:
        name: of it.
        least, most: replicas that it lets be.
        current: how many it sees.
    """

    name: str
    least: int
    most: int
    current: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Pod:
    """A pod of the deployment.

    Attributes:
        restarts: of its containers, all together.
        out_of_memory: whether the last end of one of them was for want of memory.
    """

    restarts: int
    out_of_memory: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How a deployment stands.

    Attributes:
        replicas: as many as it is told to have.
        ready: as many as are ready, of the newest release.
        autoscaler: what tells it; None: nobody but people.
        pods: by their uid.
    """

    replicas: int
    ready: int
    autoscaler: Autoscaler | None
    pods: Mapping[str, Pod]

    @property
    def least_or_replicas(self) -> int:
        """What a ramp sets: the autoscaler's lower bound, or where there is none the number of replicas itself."""
        return self.replicas if self.autoscaler is None else self.autoscaler.least


class Cluster(Protocol):
    """Looks after one deployment."""

    @property
    def target(self) -> str:
        """Which deployment it is, and where: two that are the same have the same name."""
        ...

    def look(self) -> Standing:
        """How it stands.

        Raises:
            ClusterTrouble: it cannot be told; with why.
        """
        ...

    def scale(self, autoscaler: str | None, now: int, wanted: int) -> None:
        """Set the lower bound of the autoscaler, or where there is none the number of replicas.

        Args:
            autoscaler: its name; None: there is none.
            now: what it is; where it is another, nothing is changed.
            wanted: what it is to be.

        Raises:
            ClusterTrouble: that was refused, or it is not known what came of it.
        """
        ...

    def command(self, autoscaler: str | None, now: int, wanted: int) -> str:
        """What `scale` does, as somebody would type it."""
        ...


@dataclass(frozen=True, slots=True)
class NoCluster:
    """There is none.

    Attributes:
        why: there is none, and what would have to be set.
    """

    why: str = (
        "no cluster is set up that a ramp could scale: name the program kubectl to the server, "
        "ACTINF_RESPOND_KUBECTL=kubectl, or in a pod of it ACTINF_RESPOND_IN_CLUSTER=true: docs/howto/come-back.md has "
        "all it needs"
    )

    @property
    def target(self) -> str:
        """As `Cluster.target`: nothing."""
        return ""

    def look(self) -> Standing:
        """As `Cluster.look`: it never can."""
        raise ClusterTrouble(self.why)

    def scale(self, autoscaler: str | None, now: int, wanted: int) -> None:  # noqa: ARG002
        """As `Cluster.scale`: it never can."""
        self.look()

    def command(self, autoscaler: str | None, now: int, wanted: int) -> str:  # noqa: ARG002
        """As `Cluster.command`: nothing."""
        return ""
