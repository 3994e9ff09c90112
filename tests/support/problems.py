"""Random agents and what happens to them, small enough for the oracle."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from hypothesis import strategies as st
from support.oracle import Tables

import actinf as ai

KINDS = ("dense", "sparse", "certain")


@dataclass
class Problem:
    """An agent, and for each step an observation in the model's order and the joint action executed before it."""

    agent: ai.Agent
    observations: list[list[Any]]
    executed: list[tuple[int, ...]]

    def __repr__(self) -> str:
        arrays = {key: [np.asarray(part) for part in getattr(self.agent.model, key)] for key in "ABCD"}
        return (
            f"{self.agent!r}, choice={self.agent.choice!r}, A_dependencies={list(self.agent.model.A_dependencies)}, "
            f"B_dependencies={list(self.agent.model.B_dependencies)}, E={self.agent.model.E}, {arrays}, "
            f"observations={self.observations}, executed={self.executed}"
        )


def columns(random: np.random.Generator, shape: tuple[int, ...], kind: str) -> np.ndarray:
    """A table whose columns sum to one: without zeros, with many, or with a single one in each column."""
    table = random.gamma(1.0, size=shape) + 1e-2
    if kind != "dense":
        keep = random.integers(shape[0], size=(1, *shape[1:]))
        alone = np.arange(shape[0]).reshape([-1] + [1] * (len(shape) - 1)) == keep
        table *= alone | (random.random(shape) < (0.5 if kind == "sparse" else 0.0))
    return table / table.sum(axis=0)


@st.composite
def models(draw: st.DrawFn, *, factors: int = 3, kinds: tuple[str, ...] = KINDS, counts: bool = False) -> ai.Model:
    """Up to three factors with parents among each other, controlled or not, and up to three modalities."""
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    kind = st.sampled_from(kinds)
    num_factors = draw(st.integers(1, factors))
    num_states = [draw(st.integers(1, 3)) for _ in range(num_factors)]
    num_obs = [draw(st.sampled_from([1, 2, 3, 4, 6])) for _ in range(draw(st.integers(1, 3)))]
    num_actions = [draw(st.sampled_from([1, 1, 2, 3] if f else [1, 2, 3])) for f in range(num_factors)]
    some = st.lists(st.integers(0, num_factors - 1), min_size=1, max_size=num_factors, unique=True)
    A_parents = [draw(some) for _ in num_obs]
    B_parents = [draw(st.one_of(st.just([f]), some)) for f in range(num_factors)]
    A = [columns(random, (n, *(num_states[f] for f in deps)), draw(kind)) for n, deps in zip(num_obs, A_parents)]
    B = [
        columns(random, (num_states[f], *(num_states[g] for g in deps), num_actions[f]), draw(kind))
        for f, deps in enumerate(B_parents)
    ]
    rows = draw(st.sampled_from([1, 1, 3]))
    arguments: dict[str, Any] = {
        "C": [random.normal(size=(rows, n)) * 2 if rows > 1 else random.normal(size=n) * 2 for n in num_obs],
        "D": [columns(random, (n,), draw(kind)) for n in num_states],
    }
    if counts:
        arguments["pA"] = [table * random.uniform(0.5, 4.0, size=(1, *table.shape[1:])) for table in A]
        arguments["pB"] = [table * random.uniform(0.5, 4.0, size=(1, *table.shape[1:])) for table in B]
        arguments["pD"] = [part * random.uniform(0.5, 4.0) for part in arguments["D"]]
    return ai.Model.from_arrays(A, B, A_dependencies=A_parents, B_dependencies=B_parents, **arguments)


def with_habits(model: ai.Model, habits: np.ndarray) -> ai.Model:
    return ai.Model.from_arrays(
        list(model.A),
        list(model.B),
        list(model.C),
        list(model.D),
        habits,
        pA=list(model.pA),
        pB=list(model.pB),
        pD=list(model.pD),
        A_dependencies=list(model.A_dependencies),
        B_dependencies=list(model.B_dependencies),
    )


@st.composite
def histories(draw: st.DrawFn, model: ai.Model, steps: int, *, surprises: bool = True) -> tuple[list, list]:
    """What a world that is like the model shows, with some of it missing, soft or made up; and the actions executed."""
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    tables = Tables.of(model)

    def pick(probabilities: np.ndarray) -> int:
        return int(random.choice(probabilities.size, p=probabilities.ravel() / probabilities.sum()))

    state: tuple[int, ...] = tuple(pick(D) for D in tables.D)
    observations, executed = [], []
    for t in range(steps):
        executed.append(tuple(int(random.integers(n)) for n in tables.num_controls))
        if t:
            state = tuple(pick(tables.next_states(f, state, executed[t])) for f in range(len(state)))
        observation: list[Any] = []
        for m, size in enumerate(tables.num_obs):
            seen = pick(tables.outcomes(m, state))
            how = random.choice(["seen", "missing", "soft", "any"], p=[0.6, 0.15, 0.2, 0.05])
            if how == "soft":
                weights = random.dirichlet(np.ones(size)) * (tables.outcomes(m, state) > 0)
                weights = 0.6 * np.eye(size)[seen] + 0.4 * weights / weights.sum()
                observation.append(weights)
            elif how == "missing":
                observation.append(None)
            else:
                observation.append(int(random.integers(size)) if how == "any" and surprises else seen)
        observations.append(observation)
    return observations, executed


@st.composite
def problems(
    draw: st.DrawFn,
    *,
    inference: st.SearchStrategy[Any] | None = None,
    factors: int = 3,
    kinds: tuple[str, ...] = KINDS,
    learning: bool = False,
    novelty: bool = False,
    steps: int = 3,
    dtype: str = "float64",
    surprises: bool = True,
) -> Problem:
    """An agent with any settings and a few steps of its life."""
    model = draw(models(factors=factors, kinds=kinds, counts=draw(st.booleans())))
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    joint_actions = int(np.prod(model.num_controls)) if model.num_controls else 1
    horizon = draw(st.integers(1, 3 if joint_actions <= 3 else 2 if joint_actions <= 6 else 1))
    policies = None
    if model.num_controls and draw(st.booleans()):
        policies = random.integers(
            0, model.num_controls, size=(draw(st.integers(1, 5)), horizon, len(model.num_controls))
        )
    num_policies = joint_actions**horizon if policies is None else len(policies)
    if draw(st.booleans()):
        model = with_habits(model, columns(random, (num_policies,), draw(st.sampled_from(["dense", "sparse"]))))
    learns = None
    if learning:
        parts = draw(st.lists(st.sampled_from("ABDE"), min_size=1, unique=True))
        if novelty and not {"A", "B"} & set(parts):
            parts.append("A")
        learns = ai.Learning(
            **dict.fromkeys(parts, True),
            rate=draw(st.sampled_from([1.0, 0.3])),
            forgetting=draw(st.sampled_from([0.0, 0.0, 0.2, 1.0])),
            concentration=draw(st.sampled_from([1.0, 5.0])),
        )
    agent = ai.Agent(
        model,
        inference=draw(inference if inference is not None else st.sampled_from([ai.Exact(), ai.FixedPoint()])),
        planner=ai.Exhaustive(horizon=horizon, policies=policies, novelty=novelty),
        gamma=draw(st.sampled_from([0.0, 1.0, 16.0])),
        alpha=draw(st.sampled_from([None, None, 0.5, 4.0])),
        choice=draw(st.sampled_from([ai.MarginalAction(), ai.BestPolicy()])),
        learning=learns,
        dtype=dtype,
    )
    return Problem(agent, *draw(histories(model, steps, surprises=surprises)))
