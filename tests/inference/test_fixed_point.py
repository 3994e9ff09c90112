"""Mean-field filtering against a slow fixed point, and against Bayes' rule where that is what it is."""

import math

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from support.comparison import assert_agreement, side_by_side
from support.oracle import MeanField, SlowAgent, Tables, evidence, marginals, product
from support.problems import Problem, models, problems

import actinf as ai

PATIENT = st.just(ai.FixedPoint(max_iterations=300))


@given(problems(inference=PATIENT))
def test_everything_agrees_with_the_slow_fixed_point(problem: Problem) -> None:
    assert_agreement(problem, 1e-7)


@given(problems(inference=PATIENT, dtype="float32"))
def test_float32_agrees_to_its_own_precision(problem: Problem) -> None:
    assert_agreement(problem, 1e-3)


@given(problems(inference=PATIENT, kinds=("dense",), steps=1))
def test_settled_beliefs_are_the_best_reply_to_each_other(problem: Problem) -> None:
    tables = Tables.of(problem.agent.model)
    step = problem.agent.start().step(problem.observations[0])
    assume(step.converged)
    field = MeanField(tables, tables.D, problem.observations[0], 1e-16)
    q = list(step.qs.values())
    for own, logs in zip(q, field.optimal_logs(q), strict=True):
        best = np.exp(logs - logs.max())
        np.testing.assert_allclose(own, best / best.sum(), atol=1e-7)
    if any(value is not None for value in problem.observations[0]):
        assert step.F == pytest.approx(field.free_energy(q), abs=1e-9)


@given(problems(inference=st.just(ai.FixedPoint()), surprises=False))
def test_F_is_no_less_than_the_surprise_and_no_more_than_at_the_uniform_start(problem: Problem) -> None:
    """Under the factorised predictive prior, whether the iteration has settled or not, with zeros and soft outcomes."""
    tables, session = Tables.of(problem.agent.model), problem.agent.start()
    belief: np.ndarray | None = None
    for observation, executed in zip(problem.observations, problem.executed, strict=True):
        prior = tables.D if belief is None else marginals(tables.push(belief, executed))
        step = session.step(observation, executed=executed)
        belief = product(list(step.qs.values()))
        surprise = -math.log((product(prior) * evidence(tables, observation)).sum())
        uniform = [np.full_like(part, 1.0 / len(part)) for part in prior]
        assert step.F >= surprise - 1e-9
        if any(value is not None for value in observation):
            assert step.F <= MeanField(tables, prior, observation, 1e-16).free_energy(uniform) + 1e-9


@given(problems(inference=st.just(ai.FixedPoint()), factors=1))
def test_with_one_factor_mean_field_is_exact(problem: Problem) -> None:
    agent = problem.agent
    exact = ai.Agent(
        agent.model,
        inference=ai.Exact(),
        planner=agent.planner,
        gamma=agent.gamma,
        alpha=agent.alpha,
        choice=agent.choice,
    )
    for wanted, got in side_by_side(Problem(exact, problem.observations, problem.executed)):
        np.testing.assert_allclose(got.qs["factor_0"], wanted.qs[0], atol=1e-10)
    assert_agreement(problem, 1e-9)


def single_parents() -> ai.Model:
    rng = np.random.default_rng(5)
    A = [rng.dirichlet(np.ones(3), size=n).T for n in (2, 3)]
    return ai.Model.from_arrays(A, [np.eye(2)[:, :, None], np.eye(3)[:, :, None]], A_dependencies=[[0], [1]])


def test_where_each_modality_shows_one_factor_one_sweep_is_exact() -> None:
    model = single_parents()
    mean_field, exact = (ai.Agent(model, inference=how).start().step([1, 2]) for how in (ai.FixedPoint(), ai.Exact()))
    assert (mean_field.iterations, mean_field.converged) == (1, True)
    assert mean_field.F == pytest.approx(exact.F, abs=1e-12)
    for name, q in exact.qs.items():
        np.testing.assert_allclose(mean_field.qs[name], q, atol=1e-12)


@pytest.mark.parametrize("inference", [ai.FixedPoint(), ai.Exact()])
def test_when_everything_is_missing_beliefs_are_predictions_and_F_is_zero(inference: ai.FixedPoint | ai.Exact) -> None:
    model = ai.envs.random_model(num_states=(3, 2), num_actions=(2, 1), seed=1)
    session, tables = ai.Agent(model, inference=inference).start(), Tables.of(model)
    first = session.step([None, None])
    np.testing.assert_allclose(first.qs["factor_0"], tables.D[0], atol=1e-12)
    later = session.step({}, executed=[1])
    for q, wanted in zip(later.qs.values(), marginals(tables.push(tables.initial(), (1,))), strict=True):
        np.testing.assert_allclose(q, wanted, atol=1e-12)
    assert (first.F, later.F, later.converged) == (0.0, 0.0, True)


def test_too_few_iterations_are_admitted() -> None:
    model = ai.envs.random_model(num_states=(3, 3), num_obs=(4,), concentration=0.2, seed=3)
    hasty = ai.Agent(model, inference=ai.FixedPoint(max_iterations=1)).start().step([2])
    patient = ai.Agent(model, inference=ai.FixedPoint(max_iterations=500)).start().step([2])
    assert (hasty.iterations, hasty.converged) == (1, False)
    assert patient.converged
    assert patient.F <= hasty.F


def test_a_coarser_tolerance_takes_fewer_sweeps() -> None:
    model = ai.envs.random_model(num_states=(3, 3), num_obs=(4,), concentration=0.5, seed=4)
    sweeps = [
        ai.Agent(model, inference=ai.FixedPoint(max_iterations=500, tolerance=tolerance)).start().step([1]).iterations
        for tolerance in (1e-2, 1e-6, 1e-12)
    ]
    assert sweeps == sorted(sweeps)
    assert sweeps[0] < sweeps[2]


def one_of_two() -> ai.Model:
    """Outcome 0 says that the two switches are not both on: no single switch is ruled out by it."""
    A = np.array([[[1.0, 0.5], [0.5, 0.0]], [[0.0, 0.5], [0.5, 1.0]]])
    return ai.Model.from_arrays([A], [np.eye(2)[:, :, None]] * 2, A_dependencies=[[0, 1]])


def test_a_zero_counts_as_much_as_the_floor_says() -> None:
    """The lower the floor, the more it costs to believe a little in both."""
    found = {}
    for floor in (1e-3, 1e-8, 1e-16):
        step = ai.Agent(one_of_two(), inference=ai.FixedPoint(log_floor=floor, max_iterations=500)).start().step([0])
        field = MeanField(Tables.of(one_of_two()), [np.full(2, 0.5)] * 2, [0], floor)
        assert step.converged
        assert step.F == pytest.approx(field.free_energy(list(step.qs.values())), abs=1e-9)
        found[floor] = step.qs["factor_0"][1]
    assert found[1e-3] > found[1e-8] > found[1e-16] > 0


def interlocked(strength: float) -> ai.Model:
    """Two factors that all but have to agree, and modalities that pull them apart: parallel updates overshoot."""
    near = np.full((2, 2), 1 - strength) + np.eye(2) * (2 * strength - 1)
    A = np.stack([near, 1 - near])
    return ai.Model.from_arrays(
        [A, A, A],
        [np.eye(2)[:, :, None]] * 2,
        D=[np.array([0.6, 0.4]), np.array([0.4, 0.6])],
        A_dependencies=[[0, 1]] * 3,
    )


@pytest.mark.parametrize("strength", [0.9, 0.99, 0.9999])
def test_updates_that_overshoot_are_damped_until_F_falls(strength: float) -> None:
    model = interlocked(strength)
    step = ai.Agent(model, inference=ai.FixedPoint(max_iterations=400)).start().step([0, 0, 0])
    tables = Tables.of(model)
    field = MeanField(tables, tables.D, [0, 0, 0], 1e-16)
    q = list(step.qs.values())
    assert field.solve(400, 1e-10)[3], "this model should need damping"
    assert step.converged
    assert step.F == pytest.approx(field.free_energy(q), abs=1e-9)
    for own, logs in zip(q, field.optimal_logs(q), strict=True):
        best = np.exp(logs - logs.max())
        np.testing.assert_allclose(own, best / best.sum(), atol=1e-6)


@given(models(), st.data())
def test_beliefs_are_finite_and_sum_to_one_whatever_is_seen(model: ai.Model, data: st.DataObject) -> None:
    session = ai.Agent(model).start()
    for _ in range(3):
        observation = [data.draw(st.integers(0, n - 1)) for n in model.num_obs]
        try:
            step = session.step(observation)
        except ai.errors.ImpossibleObservation:
            return
        for q in step.qs.values():
            assert np.isfinite(q).all()
            assert (q >= 0).all()
            assert q.sum() == pytest.approx(1.0, abs=1e-9)
        assert np.isfinite(step.F)
        assert np.isfinite(step.G).all()
        assert step.q_pi.sum() == pytest.approx(1.0, abs=1e-9)


def test_the_slow_agent_and_the_engine_start_from_the_same_tables() -> None:
    agent = ai.Agent(single_parents())
    assert SlowAgent(agent).policies == [tuple(map(tuple, policy)) for policy in agent.policies]


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"max_iterations": 0}, ["max_iterations=0", "at least 1"]),
        ({"max_iterations": 2.5}, ["max_iterations=2.5", "whole number"]),
        ({"max_iterations": True}, ["max_iterations=True", "whole number"]),
        ({"tolerance": 0.0}, ["tolerance=0.0", "above 0 and below 1"]),
        ({"tolerance": float("nan")}, ["tolerance=nan", "above 0 and below 1"]),
        ({"tolerance": "fine"}, ["tolerance='fine'", "above 0 and below 1"]),
        ({"log_floor": 0.0}, ["log_floor=0.0", "1e-37"]),
        ({"log_floor": None}, ["log_floor=None", "1e-37"]),
    ],
)
def test_settings_out_of_range_are_refused(settings: dict, words: list[str]) -> None:
    with pytest.raises(ai.errors.SettingError) as refused:
        ai.FixedPoint(**settings)
    for word in words:
        assert word in str(refused.value)
