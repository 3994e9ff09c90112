"""Models ready for use, kept by the hash of their content: what strangers send is parsed once."""

import asyncio
import hashlib
import json
from collections import OrderedDict
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from uuid import UUID
from weakref import WeakKeyDictionary

from pydantic_core import to_json

from actinf.agent import Agent
from actinf.agent.estimate import AgentEstimate
from actinf.envs.by_name import BUNDLED, bundled_model, bundled_world
from actinf.errors import ServiceUnavailable
from actinf.lab.experiment import AgentSettings
from actinf.model import Model
from actinf.model.files import BUNDLED as MODEL_FILES
from actinf.service.protection.admission import Admission
from actinf.service.protection.crew import Crew

__all__ = ["ModelLibrary", "bundled_names", "model_of_bytes", "model_of_plain"]

_MOST_MODELS = 256
_MOST_AGENTS = 256
_COMPILE_PATIENCE_SECONDS = 20.0


def bundled_names() -> list[str]:
    """The models that come with actinf: files, and what bundled worlds believe of themselves."""
    return sorted({path.stem for path in MODEL_FILES.glob("*.yaml")} | set(BUNDLED))


def bundled(name: str) -> Model | None:
    """The bundled model of that name, or None."""
    path = Path(MODEL_FILES, f"{name}.yaml")
    if name in BUNDLED:
        return bundled_model(bundled_world(name, {}), "model", {})
    if name in bundled_names():
        return Model.load(path)
    return None


def model_of_plain(data: Mapping[str, Any]) -> Model:
    """The model that plain values state; they are laid out as in a model file.

    Raises:
        ModelError: lists every mistake, by its path.
    """
    return Model.from_dict(data)


def model_of_bytes(document: bytes) -> Model:
    """The model of a document as it is kept."""
    return Model.from_dict(json.loads(document))


def written(model: Model) -> bytes:
    """A model as it is kept: the JSON of a model file."""
    return json.dumps(model.to_dict(), ensure_ascii=False, separators=(",", ":")).encode()


def bytes_of(model: Model) -> int:
    """What a model takes in memory, roughly: entries with their places, columns, preferences."""
    tables = (*model.A, *model.B)
    numbers = 2 * sum(table.nnz for table in tables) + sum(table.num_columns for table in tables)
    return 8 * (numbers + sum(C.size for C in model.C)) + 2**14


class ModelLibrary:
    """The models and agents that were used lately.  An `Agent` is what all sessions with the same settings share.

    A model's hash leaves out its own name and description, which are somebody's words: models are therefore kept by
    workspace, and never handed from one to another.

    Attributes:
        kernels: set once the compiled step is loaded; until then no agent is handed out, for its first step would
            compile, and hold up all others.

    Args:
        admission: says which agents may be built, and counts what is kept.
        crew: threads to build them in.
    """

    def __init__(self, admission: Admission, crew: Crew):
        self._admission = admission
        self._crew = crew
        admission.gives_way(self._let_go)
        self.kernels = asyncio.Event()
        self._models: OrderedDict[tuple[UUID, str], Model] = OrderedDict()
        self._agents: OrderedDict[tuple[int, str], Agent] = OrderedDict()  # by the model object, which they hold
        self._estimates: WeakKeyDictionary[Agent, AgentEstimate] = WeakKeyDictionary()
        self._bundled: dict[str, Model] = {}
        self._stated: OrderedDict[tuple[UUID, bytes], Model] = OrderedDict()

    def bundled(self, name: str) -> Model | None:
        """The bundled model of that name, or None; read once."""
        if name not in self._bundled:
            found = bundled(name)
            if found is None:
                return None
            self._bundled[name] = found
        return self._bundled[name]

    def keep(self, workspace: UUID, model: Model) -> Model:
        """The same model as it is kept here."""
        kept = self._models.setdefault((workspace, model.hash), model)
        self._models.move_to_end((workspace, model.hash))
        while len(self._models) > _MOST_MODELS:
            self._models.popitem(last=False)
        if kept is model:
            self._admission.keep(model, bytes_of(model))
        return kept

    def known(self, workspace: UUID, digest: str) -> Model | None:
        """A model by its hash, if it was used lately."""
        return self._models.get((workspace, digest))

    async def read(self, workspace: UUID, digest: str, document: bytes) -> Model:
        """A model of the database, parsed where it was not used lately; large ones beside the event loop."""
        known = self.known(workspace, digest)
        if known is not None:
            return known
        if len(document) < 65_536:
            return self.keep(workspace, model_of_bytes(document))
        return self.keep(workspace, await asyncio.to_thread(model_of_bytes, document))

    async def stated(self, workspace: UUID, document: Mapping[str, Any]) -> Model:
        """The model of a document that a request holds; the same document sent again is not parsed again.

        Raises:
            ModelError: lists every mistake, by its path.
        """
        name = (workspace, hashlib.sha256(to_json(document)).digest())
        model = self._stated.get(name)
        if model is None:
            model = self.keep(workspace, await asyncio.to_thread(model_of_plain, document))
            self._stated[name] = model
        self._stated.move_to_end(name)
        while len(self._stated) > _MOST_MODELS:
            self._stated.popitem(last=False)
        return model

    async def agent(self, model: Model, settings: AgentSettings) -> Agent:
        """The agent of a model and settings; built where it was not used lately.

        Raises:
            ServiceUnavailable: the compiled step is not there yet.
            ModelError, SettingError, BudgetError: the settings do not fit the model, or any machine.
            ServiceUnavailable: there is no room for it now.
        """
        if not self.kernels.is_set():
            try:
                await asyncio.wait_for(self.kernels.wait(), _COMPILE_PATIENCE_SECONDS)
            except TimeoutError:
                raise ServiceUnavailable(
                    "the engine is being compiled for this machine, which happens once and takes about a minute: try "
                    "again",
                    retry_after=5,
                ) from None
        name = (id(model), repr(settings))
        agent = self._agents.get(name)
        if agent is not None:
            self._agents.move_to_end(name)
            return agent
        estimate = self._admission.agent(model, settings)
        with self._admission.work(f"an agent of the model {model.name!r}", estimate.bytes):
            agent = await self._crew.run(settings.build, model)
        self._agents[name] = agent
        self._estimates[agent] = estimate
        while len(self._agents) > _MOST_AGENTS:
            self._agents.popitem(last=False)
        self._admission.keep(agent, estimate.bytes - estimate.bytes_per_thread)
        return agent

    def estimate(self, agent: Agent) -> AgentEstimate:
        """What an agent of this library costs."""
        return self._estimates[agent]

    def _let_go(self) -> bool:
        """Forget the agent, else the model, that was not used for longest."""
        if self._agents:
            self._agents.popitem(last=False)
        elif self._models:
            model = self._models.popitem(last=False)[1]
            self._stated = OrderedDict((key, one) for key, one in self._stated.items() if one is not model)
        else:
            return False
        return True
