"""Making an agent: its settings, and what does not depend on how its model is written down."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.comparison import side_by_side
from support.problems import Problem, models, problems

import actinf as ai
from actinf.errors import SettingError


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"gamma": -1}, ["gamma=-1", "at least 0"]),
        ({"gamma": float("nan")}, ["gamma=nan", "finite"]),
        ({"gamma": float("inf")}, ["gamma=inf", "finite"]),
        ({"gamma": "16"}, ["gamma='16'", "number"]),
        ({"gamma": True}, ["gamma=True"]),
        ({"gamma": [1.0, 2.0]}, ["gamma=[1.0, 2.0]"]),
        ({"alpha": 0}, ["alpha=0", "positive number, or None"]),
        ({"alpha": -2.0}, ["alpha=-2.0"]),
        ({"alpha": float("inf")}, ["alpha=inf"]),
        ({"alpha": True}, ["alpha=True"]),
        ({"dtype": "float16"}, ["dtype='float16'", "'float64' or 'float32'"]),
        ({"dtype": "double trouble"}, ["dtype='double trouble'", "'float64' or 'float32'"]),
        ({"dtype": None}, ["dtype='None'", "'float64' or 'float32'"]),
        ({"inference": "exact"}, ["inference='exact'", "FixedPoint() or Exact()"]),
        ({"inference": ai.Exact}, ["Exact", "expected FixedPoint() or Exact()"]),
        ({"planner": 3}, ["planner=3", "Exhaustive()"]),
        ({"choice": "best"}, ["choice='best'", "MarginalAction() or BestPolicy()"]),
        ({"learning": True}, ["learning=True", "expected Learning()"]),
        ({"planner": ai.Exhaustive(novelty=True)}, ["novelty=True", "learns neither", "Learning(A=True)"]),
        (
            {"planner": ai.Exhaustive(novelty=True), "learning": ai.Learning(D=True)},
            ["novelty=True", "learns neither", "leave novelty out"],
        ),
    ],
)
def test_a_setting_that_makes_no_sense_is_named_with_what_would(settings: dict[str, Any], words: list[str]) -> None:
    with pytest.raises(SettingError) as refused:
        ai.Agent(ai.Model.load("tmaze"), **settings)
    for word in words:
        assert word in str(refused.value)


def test_a_model_is_needed() -> None:
    with pytest.raises(
        SettingError, match=r"Agent\(model\) got str: expected a Model; Model.load reads one from a file"
    ):
        ai.Agent("tmaze")  # type: ignore[arg-type]


@pytest.mark.parametrize("dtype", ["float64", np.float64, np.dtype("float32"), "f4", float])
def test_a_type_of_numbers_may_be_written_as_in_numpy(dtype: Any) -> None:
    agent = ai.Agent(ai.Model.load("tmaze"), dtype=dtype)
    assert agent.start().step({}).G.dtype == np.dtype(dtype)


@pytest.mark.parametrize("number", [2, np.float32(2), np.int64(2), np.float64(2)])
def test_a_number_of_numpy_is_a_number(number: Any) -> None:
    agent = ai.Agent(ai.Model.load("tmaze"), gamma=number, alpha=number)
    wanted = ai.Agent(ai.Model.load("tmaze"), gamma=2.0, alpha=2.0)
    np.testing.assert_array_equal(agent.start().step({}).p_action, wanted.start().step({}).p_action)


def test_an_agent_says_what_it_is() -> None:
    said = repr(ai.Agent(ai.Model.load("tmaze"), inference=ai.Exact(), alpha=2.0))
    assert said.startswith("Agent(T-maze, inference=Exact(max_joint_states=65536), planner=Exhaustive(horizon=1")
    assert "gamma=16.0, alpha=2.0" in said
    assert said.endswith("learning=None, dtype='float64')")


# ------------------------------------------------------------------------------------ the same model, written otherwise


def arrays(model: ai.Model) -> dict[str, Any]:
    return {
        "A": [table.dense() for table in model.A],
        "B": [table.dense() for table in model.B],
        "C": [np.array(C) for C in model.C],
        "D": [np.array(D) for D in model.D],
        "A_dependencies": [list(parents) for parents in model.A_dependencies],
        "B_dependencies": [list(parents) for parents in model.B_dependencies],
    }


def relabelled(
    model: ai.Model, states: list[np.ndarray], outcomes: list[np.ndarray], actions: list[np.ndarray]
) -> ai.Model:
    """State s of the new model is state states[f][s] of the old one, and so on."""
    parts = arrays(model)
    for m, A in enumerate(parts["A"]):
        for axis, f in enumerate(parts["A_dependencies"][m]):
            A = np.take(A, states[f], axis=axis + 1)
        parts["A"][m], parts["C"][m] = A[outcomes[m]], parts["C"][m][:, outcomes[m]]
    for f, B in enumerate(parts["B"]):
        for axis, g in enumerate(parts["B_dependencies"][f]):
            B = np.take(B, states[g], axis=axis + 1)
        parts["B"][f], parts["D"][f] = B[states[f]][..., actions[f]], parts["D"][f][states[f]]
    return ai.Model.from_arrays(**parts)


def reordered(model: ai.Model, factors: list[int], modalities: list[int]) -> ai.Model:
    """Factor f of the new model is factor factors[f] of the old one; parents are listed backwards."""
    old = arrays(model)
    new: dict[str, list[Any]] = {name: [] for name in old}
    for m in modalities:
        parents = old["A_dependencies"][m]
        new["A"].append(np.transpose(old["A"][m], [0, *range(len(parents), 0, -1)]))
        new["A_dependencies"].append([factors.index(f) for f in reversed(parents)])
        new["C"].append(old["C"][m])
    for f in factors:
        parents = old["B_dependencies"][f]
        new["B"].append(np.transpose(old["B"][f], [0, *range(len(parents), 0, -1), len(parents) + 1]))
        new["B_dependencies"].append([factors.index(g) for g in reversed(parents)])
        new["D"].append(old["D"][f])
    return ai.Model.from_arrays(**new)


BOTH = st.sampled_from([ai.Exact(), ai.FixedPoint(max_iterations=300)])


@settings(max_examples=60)
@given(models(), BOTH, st.integers(0, 2**32 - 1))
def test_renaming_states_outcomes_and_actions_renames_the_results(model: ai.Model, inference: Any, seed: int) -> None:
    rng = np.random.default_rng(seed)
    states = [rng.permutation(n) for n in model.num_states]
    outcomes = [rng.permutation(n) for n in model.num_obs]
    actions = [rng.permutation(table.shape[-1]) for table in model.B]
    new = relabelled(model, states, outcomes, actions)
    observation = [int(rng.integers(n)) for n in model.num_obs]
    plain, renamed = (ai.Agent(m, inference=inference, gamma=1.0).start() for m in (model, new))
    try:
        wanted = plain.step(observation)
    except ai.errors.ImpossibleObservation:
        return
    got = renamed.step([int(np.flatnonzero(order == o)[0]) for order, o in zip(outcomes, observation, strict=True)])
    for order, q, q_wanted in zip(states, got.qs.values(), wanted.qs.values(), strict=True):
        np.testing.assert_allclose(q, q_wanted[order], atol=1e-7)
    assert got.F == pytest.approx(wanted.F, abs=1e-7)
    controlled = [order for order, control in zip(actions, model.control_of_factor, strict=True) if control is not None]
    shape = model.num_controls or (1,)
    G = wanted.G.reshape(shape)[np.ix_(*controlled)] if controlled else wanted.G
    np.testing.assert_allclose(got.G.reshape(shape), G.reshape(shape), atol=1e-6)


@settings(max_examples=60)
@given(models(), BOTH, st.integers(0, 2**32 - 1))
def test_the_order_of_factors_modalities_and_parents_does_not_matter(
    model: ai.Model, inference: Any, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    factors, modalities = rng.permutation(len(model.num_states)).tolist(), rng.permutation(len(model.num_obs)).tolist()
    observation = [int(rng.integers(n)) for n in model.num_obs]
    plain, other = (
        ai.Agent(m, inference=inference, planner=ai.Exhaustive(horizon=1), gamma=1.0).start()
        for m in (model, reordered(model, factors, modalities))
    )
    try:
        wanted = plain.step(observation)
    except ai.errors.ImpossibleObservation:
        return
    got = other.step([observation[m] for m in modalities])
    q_wanted = list(wanted.qs.values())
    for f, q in zip(factors, got.qs.values(), strict=True):
        np.testing.assert_allclose(q, q_wanted[f], atol=1e-7)
    assert got.F == pytest.approx(wanted.F, abs=1e-7)
    controls = [f for f in range(len(model.num_states)) if model.control_of_factor[f] is not None]
    order = [controls.index(f) for f in factors if f in controls]
    G = wanted.G.reshape(model.num_controls).transpose(order)
    np.testing.assert_allclose(got.G, G.ravel(), atol=1e-6)


@settings(max_examples=40)
@given(models(kinds=("sparse", "certain")), BOTH, st.integers(0, 2**32 - 1))
def test_tables_given_sparse_are_the_same_as_given_in_full(model: ai.Model, inference: Any, seed: int) -> None:
    """Bit for bit, also where a zero is written down among the entries of a sparse table."""
    parts = arrays(model)
    observation = [int(np.random.default_rng(seed).integers(n)) for n in model.num_obs]
    sparse = {key: [ai.Table.from_dense(array) for array in parts[key]] for key in "AB"}
    full = {key: [explicit(array) for array in parts[key]] for key in "AB"}
    found = []
    for variant in (parts, {**parts, **sparse}, {**parts, **full}):
        session = ai.Agent(ai.Model.from_arrays(**variant), inference=inference).start()
        try:
            step = session.step(observation)
        except ai.errors.ImpossibleObservation:
            found.append(None)
            continue
        found.append((step.F, step.G.tolist(), [q.tolist() for q in step.qs.values()]))
    assert found[0] == found[1] == found[2]


def explicit(array: np.ndarray) -> ai.Table:
    """A table that lists every entry, zeros as well."""
    columns = array.reshape(len(array), -1)
    count = columns.shape[1]
    return ai.Table(
        array.shape,
        np.arange(count + 1, dtype=np.int64) * len(array),
        np.tile(np.arange(len(array), dtype=np.int64), count),
        columns.T.ravel(),
    )


def test_columns_that_sum_to_one_only_nearly_are_normalised_by_the_engine() -> None:
    A = np.array([[0.9, 0.2], [0.1, 0.8]])
    near = ai.Model.from_arrays(
        [A * (1 + 9e-6)], [np.eye(2)[:, :, None] * (1 - 9e-6)], D=[np.array([0.4, 0.6]) * 1.000009]
    )
    exact = ai.Model.from_arrays([A], [np.eye(2)[:, :, None]], D=[np.array([0.4, 0.6])])
    for inference in (ai.FixedPoint(), ai.Exact()):
        got, wanted = (ai.Agent(model, inference=inference).start() for model in (near, exact))
        for _ in range(50):
            step, step_wanted = got.step([0], executed=None), wanted.step([0], executed=None)
        np.testing.assert_allclose(step.qs["factor_0"], step_wanted.qs["factor_0"], rtol=1e-12)
        assert step.F == pytest.approx(step_wanted.F, rel=1e-12)


@settings(max_examples=60)
@given(problems(steps=4))
def test_float32_stays_close_to_float64(problem: Problem) -> None:
    agent = problem.agent
    single = ai.Agent(
        agent.model,
        inference=agent.inference,
        planner=agent.planner,
        gamma=agent.gamma,
        choice=agent.choice,
        dtype="float32",
    )
    rough = single.start()
    for t, (_, wanted) in enumerate(side_by_side(problem)):
        got = rough.step(problem.observations[t], executed=problem.executed[t])
        if not got.converged:
            return
        for q, q_wanted in zip(got.qs.values(), wanted.qs.values(), strict=True):
            np.testing.assert_allclose(q, q_wanted, atol=2e-4)
        np.testing.assert_allclose(got.G, wanted.G, atol=2e-3)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_a_large_dense_model_plans_by_matrix_products_to_the_same_G(dtype: str) -> None:
    """Above the size at which BLAS takes over, against NumPy policy by policy."""
    n, horizon = 140, 2
    model = ai.envs.random_model(num_states=(n,), num_obs=(6, 3), num_actions=(3,), seed=1)
    agent = ai.Agent(model, planner=ai.Exhaustive(horizon=horizon), dtype=dtype)
    step = agent.start().step([1, 2])
    B, A = model.B[0].dense(), [table.dense() for table in model.A]
    log_C = [C[0] - np.log(np.exp(C[0]).sum()) for C in model.C]
    q0 = model.D[0] * A[0][1] * A[1][2]
    G = []
    for policy in agent.policies[:, :, 0]:
        q, total = q0 / q0.sum(), 0.0
        for action in policy:
            q = B[..., action] @ q
            for table, preference in zip(A, log_C, strict=True):
                qo = table @ q
                total += qo @ (np.log(qo) - preference) - (table * np.log(table)).sum(axis=0) @ q
        G.append(total)
    np.testing.assert_allclose(step.G, G, atol=1e-10 if dtype == "float64" else 1e-4)
    why = step.explain()
    np.testing.assert_allclose(
        (why.risk + why.ambiguity).sum(axis=(1, 2)), step.G, atol=1e-10 if dtype == "float64" else 1e-4
    )
