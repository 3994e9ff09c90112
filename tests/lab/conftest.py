"""Raw arrays as a simulation hands them over, made from random numbers, so that no engine is needed."""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from actinf.lab.trace_layout import Extent, TraceLayout
from actinf.model import Model

RECORDED = ("state", "obs", "action", "qs", "q_pi", "G", "F")


def maze_model() -> Model:
    """A small T-maze: two factors, two modalities, one control; A of the cue is learned."""
    places = ["centre", "cue", "left", "right"]
    hint = np.full((3, 4, 2), 1 / 3)
    hint[:, 1, :] = [[0.0, 0.0], [0.9, 0.1], [0.1, 0.9]]
    return Model(
        factors={"location": places, "context": ["reward left", "reward right"]},
        modalities={"where": places, "hint": ["none", "go left", "go right"]},
        controls={"location": [f"go {place}" for place in places]},
        A={"where": "identity", "hint": hint},
        B={"location": np.repeat(np.eye(4)[:, None, :], 4, axis=1), "context": "identity"},
        C={"hint": {"go left": 1.0}},
        A_dependencies={"where": ["location"], "hint": ["location", "context"]},
        pA={"hint": 3.0},
        name="small maze",
    )


@dataclass(frozen=True)
class Recording:
    """A layout and random raw arrays that fit it."""

    layout: TraceLayout
    arrays: dict[str, np.ndarray[Any, Any]]


def record_at_random(
    model: Model,
    *,
    agents: int = 6,
    steps: int = 5,
    episodes: int = 2,
    horizon: int = 2,
    names: tuple[str, ...] = RECORDED,
) -> Recording:
    """Raw arrays of the right shapes: the beliefs and policies are normalised, the rest is noise."""
    random = np.random.default_rng(0)
    lead = (episodes, agents, steps)
    policies = np.array(list(product(product(*map(range, model.num_controls)), repeat=horizon)))
    q_pi = random.dirichlet(np.ones(len(policies)), lead)
    arrays = {
        "state": np.stack([random.integers(0, n, lead) for n in model.num_states], axis=-1),
        "obs": np.stack([random.integers(0, n, lead) for n in model.num_obs], axis=-1),
        "action": np.stack([random.integers(0, n, lead) for n in model.num_controls], axis=-1),
        "qs": np.concatenate([random.dirichlet(np.ones(n), lead) for n in model.num_states], axis=-1),
        "q_pi": q_pi,
        "G": -np.log(q_pi),
        "F": random.gamma(2.0, 0.5, lead),
    }
    for name, table in model.A.items():
        arrays[f"pA_{name}"] = 1.0 + random.random((episodes, agents, table.nnz))
    layout = TraceLayout.plan(
        model=model,
        process=model,
        policies=policies,
        extent=Extent(num_agents=agents, num_steps=steps, num_episodes=episodes),
        record=names,
        learned=("A",) if "counts" in names else (),
        attrs={"seed": 7},
    )
    return Recording(layout, arrays)


@pytest.fixture
def model() -> Model:
    return maze_model()


@pytest.fixture
def recorded(model: Model) -> Recording:
    return record_at_random(model)


@pytest.fixture
def record() -> Callable[..., Recording]:
    return record_at_random


def write_small_experiment(folder: Path) -> Path:
    """An experiment with the small maze: three agents that learn, two episodes of four steps."""
    maze_model().save(folder / "maze.yaml")
    path = folder / "small.yaml"
    path.write_text(
        "actinf: 1\n"
        "kind: experiment\n"
        "name: small\n"
        "model: maze.yaml\n"
        "agent:\n"
        "  planner: {exhaustive: {horizon: 2}}\n"
        "  learning: {A: true, rate: 0.5}\n"
        "agents: 3\n"
        "steps: 4\n"
        "episodes: 2\n"
        "seed: 5\n"
    )
    return path


@pytest.fixture
def experiment_file(tmp_path: Path) -> Path:
    return write_small_experiment(tmp_path)
