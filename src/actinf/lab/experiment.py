"""An experiment: which agents act in which world, for how long, and what is recorded.

`Experiment` holds everything that a run needs, as objects.  `actinf.lab.experiment_file` reads one from a file and
writes one; `actinf.lab.running` carries it out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from actinf.agent import Agent
from actinf.envs.own_world import OwnWorld
from actinf.errors import SettingError
from actinf.inference.exact import Exact
from actinf.inference.fixed_point import FixedPoint
from actinf.lab.trace_layout import Extent, trace_bytes
from actinf.learning.dirichlet import Learning
from actinf.model import Model
from actinf.planning.choice import BestPolicy, MarginalAction
from actinf.planning.exhaustive import Exhaustive

if TYPE_CHECKING:
    from actinf.envs.world import World

__all__ = ["AgentSettings", "Experiment", "Source", "bytes_of_trace", "choose_recording"]

_RECORD_BUDGET = 256 * 2**20


@dataclass(frozen=True, kw_only=True)
class AgentSettings:
    """How the agents infer, plan, choose and learn; the fields of `Agent` beside its model."""

    inference: FixedPoint | Exact = field(default_factory=FixedPoint)
    planner: Exhaustive = field(default_factory=Exhaustive)
    choice: MarginalAction | BestPolicy = field(default_factory=MarginalAction)
    learning: Learning | None = None
    gamma: float = 16.0
    alpha: float | None = None
    dtype: str = "float64"

    def build(self, model: Model) -> Agent:
        """The agent that these settings make of a model.

        Raises:
            SettingError, BudgetError, ModelError: the settings contradict one another or the model, or do not fit.
        """
        return Agent(
            model,
            inference=self.inference,
            planner=self.planner,
            gamma=self.gamma,
            alpha=self.alpha,
            choice=self.choice,
            learning=self.learning,
            dtype=self.dtype,
        )


@dataclass(frozen=True, kw_only=True)
class Source:
    """Where a model or a world came from, in the words of an experiment file.

    Attributes:
        bundled: the name of a bundled world or model, or `None`.
        settings: the settings of the bundled world.
        make: for a model: which of the world's methods made it, `"model"` or for example `"learning_model"`.
        arguments: what that method was told.
        path: the file it was read from, or `None`.
        label: what the file was called by whoever named it.
    """

    bundled: str | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)
    make: str = "model"
    arguments: Mapping[str, Any] = field(default_factory=dict)
    path: str | None = None
    label: str = ""

    def __str__(self) -> str:
        if self.bundled is None:
            return self.label or self.path or "given in Python"
        said = f"{self.bundled}({_told(self.settings)})" if self.settings else self.bundled
        return said if self.make == "model" and not self.arguments else f"{said}.{self.make}({_told(self.arguments)})"


def _told(settings: Mapping[str, Any]) -> str:
    """Settings in a line; what is long, such as a map, is left to the file."""
    shown = ((name, repr(value)) for name, value in settings.items())
    return ", ".join(f"{name}={value if len(value) <= 40 else '…'}" for name, value in shown)


@dataclass(frozen=True, kw_only=True)
class Experiment:
    """Everything that a run needs.

    Attributes:
        name: what the run is called.
        description: what it shows, for the report.
        model: the agents' generative model.
        world: the world, or `None`: the model is its own world.
        agent: how the agents infer, plan, choose and learn.
        extent: how many agents, steps and episodes.
        seed: of all random streams.
        carry_counts: whether what was learned is kept from episode to episode.
        record: what to record, or `None` to decide by size, see `choose_recording`.
        schedule: the worlds that take over at the given episodes.
        model_source, world_source, schedule_sources: where they came from.

    Raises:
        SettingError: a world is code rather than tables.
    """

    name: str
    model: Model
    description: str = ""
    world: World | None = None
    agent: AgentSettings = field(default_factory=AgentSettings)
    extent: Extent = field(default_factory=lambda: Extent(num_agents=100, num_steps=20))
    seed: int = 0
    carry_counts: bool = True
    record: tuple[str, ...] | None = None
    schedule: Mapping[int, World] = field(default_factory=dict)
    model_source: Source = field(default_factory=Source)
    world_source: Source = field(default_factory=Source)
    schedule_sources: Mapping[int, Source] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Refuse what a file cannot hold."""
        for world in (self.world, *self.schedule.values()):
            if isinstance(world, OwnWorld):
                raise SettingError(
                    f"an experiment is written to files, but the world {world} is code: simulate it from Python, "
                    "simulate(..., out='trace.nc')"
                )

    @property
    def process(self) -> Model:
        """The generative process of the (first) world."""
        return self.model if self.world is None else self.world.process


def choose_recording(experiment: Experiment, num_policies: int) -> tuple[str, ...]:
    """What to record when nobody said: all of it, but what is large only while the trace stays below 256 MiB.

    States, observations, actions and free energies come first, then beliefs, then counts, then what there is of each
    policy.
    """
    chosen: tuple[str, ...] = ("state", "obs", "action", "F")
    for name in ("qs", *(["counts"] if learned_parts(experiment.agent.learning) else []), "q_pi", "G"):
        if name in ("q_pi", "G") and num_policies * experiment.extent.num_steps > _RECORD_BUDGET:
            continue
        if bytes_of_trace(experiment, (*chosen, name), num_policies) <= _RECORD_BUDGET:
            chosen = (*chosen, name)
    return chosen


def bytes_of_trace(experiment: Experiment, record: Iterable[str], num_policies: int) -> int:
    """How many bytes the values of an experiment's trace take.

    Raises:
        TraceError: a name in `record` is not known.
    """
    return trace_bytes(
        model=experiment.model,
        process=experiment.process,
        extent=experiment.extent,
        record=record,
        num_policies=num_policies,
        dtype=experiment.agent.dtype,
        learned=learned_parts(experiment.agent.learning),
    )


def learned_parts(learning: Learning | None) -> tuple[str, ...]:
    """The parts of the model that are learned, from `"A"`, `"B"`, `"D"`, `"E"`."""
    return tuple(part for part in "ABDE" if learning is not None and getattr(learning, part))
