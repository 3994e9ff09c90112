"""G, term by term."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.comparison import assert_agreement
from support.oracle import Tables, log_softmax, xlogx
from support.problems import Problem, histories, problems

import actinf as ai

SETTLED = st.sampled_from([ai.Exact(), ai.FixedPoint(max_iterations=300)])


def explained(problem: Problem) -> ai.Explanation:
    return problem.agent.start().step(problem.observations[0]).explain()


@given(problems(inference=SETTLED, learning=True, novelty=True))
def test_novelty_is_the_expected_divergence_between_dirichlets(problem: Problem) -> None:
    assert_agreement(problem, 1e-7)


@settings(max_examples=50)
@given(problems(inference=SETTLED, learning=True, novelty=True, dtype="float32", kinds=("dense",)))
def test_novelty_in_float32_is_the_same_to_its_precision(problem: Problem) -> None:
    assert_agreement(problem, 1e-3)


@given(problems(surprises=False, learning=True, novelty=True, steps=1))
def test_the_terms_of_an_explanation_sum_to_G_and_the_policies_follow(problem: Problem) -> None:
    why, agent = explained(problem), problem.agent
    summed = (why.risk + why.ambiguity - why.novelty_A).sum(axis=(1, 2)) - why.novelty_B.sum(axis=1)
    np.testing.assert_allclose(summed, why.G, atol=1e-9)
    with np.errstate(divide="ignore"):
        np.testing.assert_allclose(
            why.q_pi * np.exp(why.log_E - agent.gamma * why.G).sum(), np.exp(why.log_E - agent.gamma * why.G), rtol=1e-6
        )
    assert why.q_pi.sum() == pytest.approx(1.0)
    assert why.q_action.sum() == pytest.approx(1.0)


@given(problems(surprises=False, learning=True, novelty=True, steps=1))
def test_no_term_is_negative_and_novelty_is_information_too(problem: Problem) -> None:
    why = explained(problem)
    for term in (why.risk, why.ambiguity, why.novelty_A, why.novelty_B):
        assert term.min() >= -1e-12


@given(problems(surprises=False, steps=1))
def test_risk_and_ambiguity_are_minus_information_gain_minus_expected_preference(problem: Problem) -> None:
    """The other way of writing the same G, for one modality: E_q(o)[D_KL(q(s|o) ‖ q(s))] by its definition."""
    agent = problem.agent
    model = agent.model
    single = ai.Model.from_arrays(
        [model.A[0]], list(model.B), [model.C[0]], list(model.D),
        A_dependencies=[model.A_dependencies[0]], B_dependencies=list(model.B_dependencies),
    )  # fmt: skip
    plain = ai.Agent(single, inference=ai.Exact(), planner=ai.Exhaustive(horizon=1))
    step = plain.start().step([None])
    G = []

    tables = Tables.of(single)
    for action in tables.joint_actions():
        q = tables.push(tables.initial(), action)
        joint = np.stack([q[state] * tables.outcomes(0, state) for state in tables.states()])  # (states, outcomes)
        qo, qs = joint.sum(axis=0), joint.sum(axis=1)
        gain = xlogx(joint).sum() - xlogx(qo).sum() - xlogx(qs).sum()
        row = tables.C[0][min(1, len(tables.C[0]) - 1)]
        G.append(-gain - qo @ log_softmax(row))
    np.testing.assert_allclose(step.G, G, atol=1e-9)


def two_arms(C: list) -> ai.Model:
    """One control between two outcomes that are certain."""
    B = np.stack([np.array([[1.0, 1.0], [0.0, 0.0]]), np.array([[0.0, 0.0], [1.0, 1.0]])], axis=2)
    return ai.Model.from_arrays([np.eye(2)], [B], [np.array(C)])


def test_preferences_are_log_probabilities_up_to_a_constant() -> None:
    """C is unnormalised: a constant on all outcomes changes neither G nor anything else."""
    G = [ai.Agent(two_arms(C)).start().step([0]).G for C in ([0.0, 2.0], [100.0, 102.0], [-7.0, -5.0])]
    np.testing.assert_allclose(G[1], G[0], atol=1e-12)
    np.testing.assert_allclose(G[2], G[0], atol=1e-12)
    np.testing.assert_allclose(G[0], [np.log(1 + np.e**2), np.log(1 + np.e**-2)], atol=1e-12)


def test_a_timed_preference_is_read_at_the_time_it_is_about_and_its_last_row_is_held() -> None:
    """Row t + τ of C: at step 0 the next outcome is judged by row 1, at step 1 by row 2, then by the last row."""
    rows = np.array([[50.0, 0.0], [1.0, 0.0], [0.0, 2.0]])
    session = ai.Agent(two_arms(rows.tolist()), planner=ai.Exhaustive(horizon=2)).start()
    cost = -rows + np.log(np.exp(rows).sum(axis=1, keepdims=True))
    for first, second in ((1, 2), (2, 2), (2, 2)):
        wanted = [cost[first, a] + cost[second, b] for a in range(2) for b in range(2)]
        np.testing.assert_allclose(session.step([None]).G, wanted, atol=1e-9)


def test_a_timed_preference_starts_again_with_an_episode() -> None:
    session = ai.Agent(two_arms([[0.0, 0.0], [3.0, 0.0], [0.0, 3.0]])).start()
    first = session.step([0]).G
    assert not np.allclose(session.step([0]).G, first)
    session.next_episode()
    np.testing.assert_array_equal(session.step([0]).G, first)


@pytest.mark.parametrize("num_obs", [1, 2, 5, 6, 7, 8, 9, 14, 15, 17])
@pytest.mark.parametrize("num_states", [1, 3, 8, 11])
def test_no_size_falls_between_the_lanes_of_a_vector_register(num_states: int, num_obs: int) -> None:
    model = ai.envs.random_model(
        num_states=(num_states,), num_obs=(num_obs,), num_actions=(2,), seed=num_states + num_obs
    )
    why = ai.Agent(model).start().step([None]).explain()
    A, B, C, D = (
        part[0].dense() if hasattr(part[0], "dense") else part[0] for part in (model.A, model.B, model.C, model.D)
    )
    for action in range(2):
        qs = B[..., action] @ D
        qo = A @ qs
        assert why.risk[action, 0, 0] == pytest.approx(qo @ (np.log(qo) - C[0] + np.log(np.exp(C[0]).sum())), abs=1e-12)
        assert why.ambiguity[action, 0, 0] == pytest.approx(-xlogx(A).sum(axis=0) @ qs, abs=1e-12)


@settings(max_examples=15)
@given(st.integers(0, 10_000), st.data())
def test_several_dense_factors_that_move_are_summed_by_parts_to_the_same_G(seed: int, data: st.DataObject) -> None:
    """Two controls, likelihoods over both factors, horizon 2: the case for which A is summed over one parent first."""
    model = ai.envs.random_model(
        num_states=(3, 2), num_obs=(8, 6), num_actions=(3, 2), A_dependencies=[[0, 1], [1, 0]], seed=seed
    )
    agent = ai.Agent(model, inference=ai.FixedPoint(max_iterations=300), planner=ai.Exhaustive(horizon=2), gamma=1.0)
    assert_agreement(Problem(agent, *data.draw(histories(model, 1))), 1e-7)


def test_three_controlled_factors_of_which_a_modality_shows_two() -> None:
    model = ai.envs.random_model(
        num_states=(2, 3, 2), num_obs=(6, 3, 4), num_actions=(2, 2, 2), A_dependencies=[[0, 2], [1], [2, 1]], seed=8
    )
    for inference in (ai.FixedPoint(max_iterations=300), ai.Exact()):
        agent = ai.Agent(model, inference=inference, planner=ai.Exhaustive(horizon=2), gamma=1.0)
        assert_agreement(Problem(agent, [[1, None, 2]], [(0, 0, 0)]), 1e-7)
