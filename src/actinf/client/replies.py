"""What the API replies: frozen records, with numpy arrays where the lab has arrays and names where it has names."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from actinf.client.reading import arrays, each, maybe, moment, nats, nats_array, reader

__all__ = [
    "AgentRecord",
    "AgentSummary",
    "AuditEntry",
    "Health",
    "Inferred",
    "KeyRecord",
    "ModelRecord",
    "ModelSummary",
    "ModelVersion",
    "NewAgent",
    "NewKey",
    "Page",
    "Progress",
    "SimulationRecord",
    "SimulationSummary",
    "StepReply",
    "TakenStep",
    "Terms",
]

Item = TypeVar("Item")
Array = NDArray[np.float64]
Moment = Annotated[datetime, moment]
MaybeMoment = Annotated[datetime | None, maybe(moment)]
Nats = Annotated[float, nats]
NatsArray = Annotated[Array, nats_array]
MaybeNatsArray = Annotated[Array | None, maybe(nats_array)]


@dataclass(frozen=True, kw_only=True)
class Page(Generic[Item]):
    """A part of a list.

    Attributes:
        items: what is on it.
        next: what to pass as `after` for the page that follows; None: this is the last.
    """

    items: Sequence[Item]
    next: Any


@dataclass(frozen=True, kw_only=True, eq=False)
class Terms:
    """G taken apart, in nats; G = Σ risk + Σ ambiguity − Σ novelty_A − Σ novelty_B.

    Attributes:
        policies: the names of the policies.
        modalities: the order of the last axis.
        risk: KL from the predicted outcomes to the preferred ones, (policy, step ahead, modality).
        ambiguity: expected entropy of the outcomes, of the same shape.
        novelty_A: expected information about A, of the same shape.
        novelty_B: expected information about B, (policy, step ahead).
    """

    policies: list[str]
    modalities: list[str]
    risk: NatsArray
    ambiguity: NatsArray
    novelty_A: NatsArray
    novelty_B: NatsArray


@dataclass(frozen=True, kw_only=True, eq=False)
class StepReply:
    """What an agent did, and why.

    Attributes:
        agent: its id.
        step: the number of the step; steps count from 0 and go on through all episodes.
        episode, time: the episode, and the step within it.
        action: control → the action chosen.
        qs: factor → the posterior over its states.
        F: variational free energy of the observation, nats.
        q_pi: posterior over the policies; None: more than 4,096, ask for `include=("policies",)`.
        G: expected free energy of the policies, nats, smaller is better; None as `q_pi`.
        terms: G taken apart; None: ask for `include=("terms",)`.
    """

    agent: str
    step: int
    episode: int
    time: int
    action: dict[str, str]
    qs: Annotated[dict[str, Array], arrays]
    F: Nats
    q_pi: MaybeNatsArray
    G: MaybeNatsArray
    terms: Annotated[Terms | None, maybe(reader(Terms))]


@dataclass(frozen=True, kw_only=True, eq=False)
class TakenStep(StepReply):
    """A step out of an agent's history.

    Attributes:
        created_at: when it was taken.
        observation, executed: what was sent.
    """

    created_at: Moment
    observation: Any
    executed: Any


@dataclass(frozen=True, kw_only=True)
class AgentSummary:
    """An agent in a list.

    Attributes:
        id: names it.
        name: what people call it.
        model: the hash of its model.
        next_step: the number of the step that comes next.
        episode: the episode that it is in.
        created_at: when it was made.
    """

    id: str
    name: str
    model: str
    next_step: int
    episode: int
    created_at: Moment


@dataclass(frozen=True, kw_only=True)
class AgentRecord(AgentSummary):
    """An agent, whole.

    Attributes:
        seed: of its random stream.
        settings: how it infers, plans, chooses and learns, as in an experiment file.
        time: steps of this episode so far.
        factors: hidden factors and their states, the order of `qs`.
        modalities: what it observes, and the outcomes.
        controls: what it can do, and the actions.
        num_policies: how many policies it weighs.
        policies: their names, the order of `q_pi` and `G`; None: more than 4,096.
    """

    seed: int
    settings: dict[str, Any]
    time: int
    factors: dict[str, list[str]]
    modalities: dict[str, list[str]]
    controls: dict[str, list[str]]
    num_policies: int
    policies: list[str] | None


@dataclass(frozen=True, kw_only=True)
class NewAgent(AgentRecord):
    """An agent that was just made.

    Attributes:
        first: its first step; None: it waits for an observation.
    """

    first: Annotated[StepReply | None, maybe(reader(StepReply))] = None


@dataclass(frozen=True, kw_only=True)
class ModelVersion:
    """A name that a model has.

    Attributes:
        name, version: `name` alone means the newest version, `name@2` the second.
        created_at: when it was given.
    """

    name: str
    version: int
    created_at: Moment


@dataclass(frozen=True, kw_only=True)
class ModelSummary:
    """A model in a list.

    Attributes:
        hash: of its content; it never changes.
        name, version: the newest of its names.
        description: its first words.
        created_at: None: it comes with the service.
    """

    hash: str
    name: str
    version: int
    description: str
    created_at: MaybeMoment


@dataclass(frozen=True, kw_only=True)
class ModelRecord:
    """A model, whole.

    Attributes:
        hash: of its content; it never changes.
        names: what it is called in the workspace.
        factors, modalities, controls: the names inside it, as in `AgentRecord`.
        document: laid out as in a model file; `ai.Model.from_dict` reads it.
    """

    hash: str
    names: Annotated[list[ModelVersion], each(reader(ModelVersion))]
    factors: dict[str, list[str]]
    modalities: dict[str, list[str]]
    controls: dict[str, list[str]]
    document: dict[str, Any]


@dataclass(frozen=True, kw_only=True, eq=False)
class Inferred:
    """What is to be believed at each step, given everything that was observed until then.

    Attributes:
        model: the hash of the model.
        qs: factor → the posteriors over its states, (step, state).
        F: variational free energy of each observation, nats, (step,).
        total_F: their sum, nats.
        log_evidence: ln p of all observations, given the actions, nats; None unless inference is exact.
    """

    model: str
    qs: Annotated[dict[str, Array], arrays]
    F: NatsArray
    total_F: Nats
    log_evidence: float | None


@dataclass(frozen=True, kw_only=True)
class Progress:
    """How far a simulation is.

    Attributes:
        chunks_done: ranges of agents that are computed and kept: no failure loses them.
        num_chunks: how many there are.
        steps_done: steps of all agents so far.
        steps_total: how many there will be.
    """

    chunks_done: int
    num_chunks: int
    steps_done: int
    steps_total: int


@dataclass(frozen=True, kw_only=True)
class SimulationSummary:
    """A simulation in a list.

    Attributes:
        id: names it.
        name: what people call it.
        status: queued, running, succeeded, failed or cancelled.
        num_agents, num_steps, num_episodes: its extent.
        progress: how far it is.
        created_at, started_at, finished_at: None: not yet.
    """

    id: str
    name: str
    status: str
    num_agents: int
    num_steps: int
    num_episodes: int
    progress: Annotated[Progress, reader(Progress)]
    created_at: Moment
    started_at: MaybeMoment
    finished_at: MaybeMoment

    @property
    def has_ended(self) -> bool:
        """Whether it will not change any more."""
        return self.status not in ("queued", "running")


@dataclass(frozen=True, kw_only=True)
class SimulationRecord(SimulationSummary):
    """A simulation, whole but for its experiment and its trace.

    Attributes:
        version: grows with every change.
        engine: the version of actinf that computes it.
        attempts: how often a worker took it up.
        seconds: wall-clock time that was computed for it.
        error: why it failed.
        summary: what came out, in sentences and numbers, once it succeeded.
    """

    version: int
    engine: str
    attempts: int
    seconds: float
    error: str | None
    summary: dict[str, Any] | None


@dataclass(frozen=True, kw_only=True)
class AuditEntry:
    """Who did what to what, when, and how it ended.

    Attributes:
        seq: its number in the log of the whole installation; those of one workspace have gaps.
        created_at: when.
        actor: `key:` and what names the key, `cli:` and a login, `local`, or `unknown`.
        action: what was done, such as `agents.create`.
        object: to what, such as `agent:` and its id.
        request_id: names the request in the logs.
        outcome: done, refused or failed.
        details: what else there is to know.
    """

    seq: int
    created_at: Moment
    actor: str
    action: str
    object: str
    request_id: str
    outcome: str
    details: dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class KeyRecord:
    """What is known of a key.

    Attributes:
        id: names it, for `revoke`.
        name: what it is for.
        prefix: the part of it that is shown in lists and logs.
        scopes: what it may do: read, run, operate, admin.
        created_at, expires_at, revoked_at: None: never.
        last_used_at: to within a minute; None: never.
    """

    id: str
    name: str
    prefix: str
    scopes: list[str]
    created_at: Moment
    expires_at: MaybeMoment
    revoked_at: MaybeMoment
    last_used_at: MaybeMoment


@dataclass(frozen=True, kw_only=True)
class NewKey(KeyRecord):
    """A key that was just made.

    Attributes:
        key: the key itself.  It is shown this once, and left out of `repr`.
    """

    key: str

    def __repr__(self) -> str:
        return f"NewKey(name={self.name!r}, prefix={self.prefix!r}, scopes={self.scopes!r})"


@dataclass(frozen=True, kw_only=True)
class Health:
    """Whether the service works.

    Attributes:
        ok: whether it does.
        reason: why not; None: it does.
        degraded: parts that it does without for now.
        version: its release.
    """

    ok: bool
    reason: str | None
    degraded: list[str]
    version: str
