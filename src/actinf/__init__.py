"""Active Inference Simulation Lab: build, run and study agents that perceive, plan and learn by minimising free energy.

Names are loaded when they are first used, so that `import actinf` costs nothing and the command line answers at once.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from actinf import client, envs, errors
    from actinf.agent import Agent, Explanation, Session, Snapshot, Step
    from actinf.agent.population import Population
    from actinf.agent.replay import Evidence
    from actinf.client import AsyncClient, Client
    from actinf.envs.world import World
    from actinf.inference.exact import Exact
    from actinf.inference.fixed_point import FixedPoint
    from actinf.lab import plots
    from actinf.lab.simulate import simulate
    from actinf.lab.trace import open_trace
    from actinf.learning.dirichlet import Learning
    from actinf.model import Control, Factor, Modality, Model, Table
    from actinf.planning.choice import BestPolicy, MarginalAction
    from actinf.planning.exhaustive import Exhaustive

__version__ = "0.1.0.dev0"

__all__ = [
    "Agent",
    "AsyncClient",
    "BestPolicy",
    "Client",
    "Control",
    "Evidence",
    "Exact",
    "Exhaustive",
    "Explanation",
    "Factor",
    "FixedPoint",
    "Learning",
    "MarginalAction",
    "Modality",
    "Model",
    "Population",
    "Session",
    "Snapshot",
    "Step",
    "Table",
    "World",
    "client",
    "envs",
    "errors",
    "open_trace",
    "plots",
    "simulate",
]

_HOME = {
    "Agent": "actinf.agent",
    "AsyncClient": "actinf.client",
    "BestPolicy": "actinf.planning.choice",
    "Client": "actinf.client",
    "Control": "actinf.model",
    "Evidence": "actinf.agent.replay",
    "Exact": "actinf.inference.exact",
    "Exhaustive": "actinf.planning.exhaustive",
    "Explanation": "actinf.agent",
    "Factor": "actinf.model",
    "FixedPoint": "actinf.inference.fixed_point",
    "Learning": "actinf.learning.dirichlet",
    "MarginalAction": "actinf.planning.choice",
    "Modality": "actinf.model",
    "Model": "actinf.model",
    "Population": "actinf.agent.population",
    "Session": "actinf.agent",
    "Snapshot": "actinf.agent",
    "Step": "actinf.agent",
    "Table": "actinf.model",
    "World": "actinf.envs.world",
    "open_trace": "actinf.lab.trace",
    "simulate": "actinf.lab.simulate",
}


_MODULES = {"client": "actinf.client", "envs": "actinf.envs", "errors": "actinf.errors", "plots": "actinf.lab.plots"}


def __getattr__(name: str) -> Any:
    if name in _HOME:
        value = getattr(import_module(_HOME[name]), name)
    elif name in _MODULES:
        value = import_module(_MODULES[name])
    else:
        raise AttributeError(f"module 'actinf' has no attribute {name!r}")
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
