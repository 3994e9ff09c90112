"""Many agents that differ in some of their numbers: each is what an agent of its own with those numbers would be."""

from typing import Any

import numpy as np
import pytest
import xarray as xr

import actinf as ai
from actinf.errors import ImpossibleObservation, SettingError

SIZE, STEPS = 5, 4


def model(**parts: Any) -> ai.Model:
    base = ai.envs.random_model(num_states=(3, 2), num_obs=(4, 3), num_actions=(2, 2), density=0.8, seed=7)
    arrays = {key: list(getattr(base, key)) for key in "ABCD"} | parts
    return ai.Model.from_arrays(**arrays, A_dependencies=[[0, 1], [0, 1]], B_dependencies=[[0], [1]])


def habits(random: np.random.Generator, size: int = 4) -> np.ndarray:
    return random.dirichlet(np.ones(size))


def of_its_own(part: str, value: Any, **settings: Any) -> ai.Agent:
    """An agent to whose model or settings the value was given directly."""
    if part in ("gamma", "alpha"):
        return ai.Agent(model(), **{"gamma": 2.0, "alpha": 1.0, **settings, part: float(value)})
    return ai.Agent(model(**{part: value}), **{"gamma": 2.0, "alpha": 1.0, **settings})


def columns(random: np.random.Generator, like: ai.Table) -> np.ndarray:
    table = random.gamma(1.0, size=like.shape) * (like.dense() > 0)
    return table / table.sum(axis=0)


def differing() -> dict[str, tuple[Any, list[Any]]]:
    """For each part what a Population is given, and what each agent's own model then is."""
    random, base = np.random.default_rng(3), model()
    A = [np.stack([columns(random, table) for _ in range(SIZE)]) for table in base.A]
    B = [np.stack([columns(random, table) for _ in range(SIZE)]) for table in base.B]
    C = [random.normal(size=(SIZE, n)) for n in base.num_obs]
    D = [np.stack([columns(random, ai.Table.from_dense(part)) for _ in range(SIZE)]) for part in base.D]
    E = np.stack([habits(random) for _ in range(SIZE)])
    by_name = dict(zip(["modality_0", "modality_1"], C, strict=True))
    return {
        "gamma": (np.linspace(0.5, 8.0, SIZE), list(np.linspace(0.5, 8.0, SIZE))),
        "alpha": (np.linspace(0.5, 8.0, SIZE), list(np.linspace(0.5, 8.0, SIZE))),
        "A": (A, [[table[i] for table in A] for i in range(SIZE)]),
        "B": ({"factor_1": B[1]}, [[base.B[0], B[1][i]] for i in range(SIZE)]),
        "C": (by_name, [[part[i] for part in C] for i in range(SIZE)]),
        "D": ([D[0], None], [[D[0][i], base.D[1]] for i in range(SIZE)]),
        "E": (E, list(E)),
    }


def rows_of(trace: xr.Dataset, agent: int) -> dict[str, np.ndarray]:
    return {name: trace[name].isel(agent=agent).values for name in trace.data_vars}


@pytest.mark.parametrize("inference", [ai.FixedPoint(), ai.Exact()])
@pytest.mark.parametrize("part", ["gamma", "alpha", "A", "B", "C", "D", "E"])
def test_an_agent_of_a_population_is_the_agent_of_its_own_numbers(part: str, inference: Any) -> None:
    given, own = differing()[part]
    shared = (
        of_its_own("E", np.full(4, 0.25), inference=inference)
        if part == "E"
        else of_its_own("gamma", 2.0, inference=inference)
    )
    population = ai.Population(shared, SIZE, **{part: given})
    world = ai.World(model())
    together = ai.simulate(population, world, num_steps=STEPS, num_episodes=2, seed=5)
    for i in range(SIZE):
        alone = ai.simulate(
            of_its_own(part, own[i], inference=inference),
            world,
            num_agents=i + 1,
            num_steps=STEPS,
            num_episodes=2,
            seed=5,
        )
        wanted = rows_of(alone, i)
        for name, values in rows_of(together, i).items():
            np.testing.assert_allclose(values, wanted[name], atol=1e-9, err_msg=f"{name} of agent {i}")


@pytest.mark.parametrize("inference", [ai.FixedPoint(), ai.Exact()], ids=["mean field", "exact"])
@pytest.mark.parametrize("soft", [False, True])
def test_a_zero_of_its_own_excludes_as_any_other_zero(inference: Any, soft: bool) -> None:
    """The shared table has an entry there: what counts is the number, not that it is stored."""
    noisy, exact = np.array([[0.9, 0.1], [0.1, 0.9]]), np.eye(2)
    still = np.eye(2)[:, :, None]
    agent = ai.Agent(ai.Model.from_arrays([noisy], [still]), inference=inference)
    members = ai.Population(agent, size=2, A={"modality_0": np.stack([noisy, exact])})
    alone = ai.Agent(ai.Model.from_arrays([exact], [still]), inference=inference)
    deterministic = ai.World(ai.Model.from_arrays([exact], [still]))
    together = ai.simulate(members, deterministic, num_steps=3, seed=0)
    session = alone.start(seed=0, index=1)
    for t, o in enumerate(together["obs_modality_0"].values[0, 1]):
        step = session.step([int(o)])
        np.testing.assert_array_equal(step.qs["factor_0"], together["qs_factor_0"][0, 1, t])
    with pytest.raises(
        ImpossibleObservation, match=r"^agent 1, step \d+ of episode 0: the observation .* is impossible"
    ):
        ai.simulate(members, ai.World(ai.Model.from_arrays([np.full((2, 2), 0.5)], [still])), num_steps=40, seed=0)
    if soft:
        with pytest.raises(ImpossibleObservation):
            session.step([[0.5, 0.5]])


def test_several_parts_may_differ_at_once_and_learning_goes_on_from_each() -> None:
    given = differing()
    agent = of_its_own("gamma", 2.0, learning=ai.Learning(A=True, D=True))
    population = ai.Population(agent, SIZE, gamma=given["gamma"][0], C=given["C"][0], B=given["B"][0])
    trace = ai.simulate(population, ai.World(model()), num_steps=STEPS, seed=1)
    for i in (0, SIZE - 1):
        own = ai.Agent(
            model(C=given["C"][1][i], B=given["B"][1][i]), gamma=float(given["gamma"][0][i]), alpha=1.0,
            learning=ai.Learning(A=True, D=True),
        )  # fmt: skip
        wanted = rows_of(ai.simulate(own, ai.World(model()), num_agents=i + 1, num_steps=STEPS, seed=1), i)
        for name, values in rows_of(trace, i).items():
            np.testing.assert_allclose(values, wanted[name], atol=1e-9, err_msg=name)


def test_preferences_by_agent_may_be_timed_as_the_model_is() -> None:
    timed = model(C=[np.zeros((2, 4)), np.zeros((2, 3))])
    agent = ai.Agent(timed, gamma=1.0)
    C = np.random.default_rng(0).normal(size=(SIZE, 2, 4))
    trace = ai.simulate(ai.Population(agent, SIZE, C={"modality_0": C}), num_steps=2, seed=0, record=["G"])
    held = ai.simulate(ai.Population(agent, SIZE, C={"modality_0": C[:, 1]}), num_steps=2, seed=0, record=["G"])
    np.testing.assert_allclose(trace["G"].values, held["G"].values, atol=1e-12)


def test_a_population_says_what_differs() -> None:
    population = ai.Population(ai.Agent(model()), 3, gamma=[1.0, 2.0, 3.0])
    assert repr(population).startswith("Population(3 × Agent(")
    assert repr(population).endswith("own gamma)")


def wrong() -> dict[str, tuple[dict[str, Any], list[str]]]:
    three = {"size": 3}
    ones = np.ones((3, 4, 3, 2)) / 4
    return {
        "size zero": ({"size": 0}, ["size=0", "at least 1"]),
        "size not whole": ({"size": 2.5}, ["size=2.5"]),
        "gamma of another length": (
            {**three, "gamma": [1.0, 2.0]},
            ["gamma", "shape (2,)", "3 agents", "expected (3,)"],
        ),
        "gamma negative": ({**three, "gamma": [1.0, -2.0, 0.0]}, ["gamma", "-2", "no negative number"]),
        "gamma NaN": ({**three, "gamma": [1.0, float("nan"), 0.0]}, ["gamma", "nan at (1,)", "finite"]),
        "gamma words": ({**three, "gamma": ["a", "b", "c"]}, ["gamma", "not an array of numbers"]),
        "alpha zero": ({**three, "alpha": [1.0, 0.0, 2.0]}, ["alpha", "0", "positive numbers"]),
        "A of an unknown modality": ({**three, "A": {"sound": ones}}, ["A", "'sound'", "'modality_0', 'modality_1'"]),
        "A of another shape": (
            {**three, "A": {"modality_0": ones[:, :3]}},
            ["A['modality_0']", "expected (3, 4, 3, 2)"],
        ),
        "A no probability": ({**three, "A": {"modality_0": ones * 2}}, ["A['modality_0']", "agent 0", "sum to 1"]),
        "A where the model has zeros": (
            {**three, "A": {"modality_0": ones}},
            ["A['modality_0']", "has a zero", "positive"],
        ),
        "A a list too short": ({**three, "A": [ones]}, ["A", "1 entries", "'modality_0', 'modality_1'"]),
        "A a number": ({**three, "A": 3.0}, ["A", "is a float", "mapping by name"]),
        "C ragged": (
            {**three, "C": {"modality_0": [[0.0], [0.0, 1.0], [0.0]]}},
            ["C['modality_0']", "expected shape (3, 4)"],
        ),
        "C infinite": ({**three, "C": {"modality_0": np.full((3, 4), -np.inf)}}, ["C['modality_0']", "-inf", "finite"]),
        "C of another shape": (
            {**three, "C": {"modality_0": np.zeros((3, 5))}},
            ["C['modality_0']", "expected (3, 4)"],
        ),
        "C words": ({**three, "C": {"modality_0": [["a"] * 4] * 3}}, ["C['modality_0']", "not an array of numbers"]),
        "D no probability": ({**three, "D": {"factor_1": np.ones((3, 2))}}, ["D['factor_1']", "sum to 1"]),
        "E without habits": ({**three, "E": np.full((3, 4), 0.25)}, ["E", "model has an E", "uniform"]),
    }


@pytest.mark.parametrize("case", wrong())
def test_what_does_not_fit_is_named(case: str) -> None:
    settings, words = wrong()[case]
    with pytest.raises(SettingError) as refused:
        ai.Population(ai.Agent(model()), **settings)
    for word in words:
        assert word in str(refused.value)


@pytest.mark.parametrize("part", ["A", "B", "D"])
def test_what_is_learned_cannot_be_given_by_agent(part: str) -> None:
    agent = ai.Agent(model(), learning=ai.Learning(A=True, B=True, D=True))
    with pytest.raises(
        SettingError, match=rf"Population\({part}=...\) and Learning\({part}=True\) both say where {part} starts"
    ):
        ai.Population(agent, SIZE, **{part: differing()[part][0]})


def test_habits_that_are_learned_cannot_be_given_by_agent() -> None:
    agent = ai.Agent(model(), learning=ai.Learning(E=True))
    with pytest.raises(SettingError, match=r"Population\(E=...\) and Learning\(E=True\) both say where E starts"):
        ai.Population(agent, SIZE, E=differing()["E"][0])


def test_an_agent_that_is_none_is_refused() -> None:
    with pytest.raises(SettingError, match=r"Population\(agent\) got Model: expected an Agent"):
        ai.Population(model(), 3)  # type: ignore[arg-type]
