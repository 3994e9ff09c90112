"""Counts: the formula to the letter, what stays zero, and what inference makes of them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.comparison import assert_agreement
from support.oracle import SlowAgent
from support.problems import Problem, problems

import actinf as ai

EXACT, PATIENT = st.just(ai.Exact()), st.just(ai.FixedPoint(max_iterations=300))


@given(problems(inference=EXACT, learning=True, steps=4))
def test_an_exact_agent_learns_as_the_oracle_does(problem: Problem) -> None:
    assert_agreement(problem, 1e-9)


@given(problems(inference=PATIENT, learning=True, steps=4))
def test_a_mean_field_agent_learns_as_the_oracle_does(problem: Problem) -> None:
    assert_agreement(problem, 1e-7)


@given(problems(learning=True, dtype="float32", inference=EXACT))
def test_float32_learns_the_same_to_its_precision(problem: Problem) -> None:
    assert_agreement(problem, 1e-4)


def learned(agent: ai.Agent, **settings: object) -> dict[str, np.ndarray]:
    """Counts at the end of each episode of one agent in its own world."""
    trace = ai.simulate(agent, num_agents=1, record=("obs", "action", "counts"), **settings)
    return {name: trace[name].values[:, 0] for name in trace.data_vars}


def beside(agent: ai.Agent, observations: np.ndarray, actions: np.ndarray) -> SlowAgent:
    slow = SlowAgent(agent)
    for t, observation in enumerate(observations):
        slow.step([int(o) for o in observation], None if t == 0 else tuple(int(a) for a in actions[t - 1]))
    return slow


@pytest.mark.parametrize("inference", [ai.Exact(), ai.FixedPoint(max_iterations=300)])
@pytest.mark.parametrize(("rate", "forgetting"), [(1.0, 0.0), (0.3, 0.2)])
def test_the_counts_of_a_run_are_those_of_the_formula(
    inference: ai.Exact | ai.FixedPoint, rate: float, forgetting: float
) -> None:
    """c ← c₀ + (1 − forgetting)(c − c₀) + rate·Δ, for A, B, D and E at once, over two episodes."""
    model = ai.envs.random_model(
        num_states=(3, 2), num_obs=(4, 2), num_actions=(2, 1), density=0.7, A_dependencies=[[1, 0], [0]],
        B_dependencies=[[0, 1], [1]], seed=9,
    )  # fmt: skip
    agent = ai.Agent(
        model,
        inference=inference,
        alpha=1.0,
        gamma=1.0,
        learning=ai.Learning(A=True, B=True, D=True, E=True, rate=rate, forgetting=forgetting, concentration=3.0),
    )
    trace = ai.simulate(agent, num_agents=1, num_steps=6, num_episodes=2, seed=4)
    slow = SlowAgent(agent)
    for episode in range(2):
        for t in range(6):
            at = {"episode": episode, "agent": 0, "time": t}
            before = (
                None if t == 0 else tuple(int(trace["action_factor_0"].isel({**at, "time": t - 1})) for _ in range(1))
            )
            slow.step([int(trace[f"obs_modality_{m}"].isel(at)) for m in range(2)], before)
        for part, names in (
            ("A", ["modality_0", "modality_1"]),
            ("B", ["factor_0", "factor_1"]),
            ("D", ["factor_0", "factor_1"]),
        ):
            for name, wanted in zip(names, slow.counts.now[part], strict=True):
                got = trace[f"p{part}_{name}"].isel(episode=episode, agent=0).values
                np.testing.assert_allclose(got, wanted.reshape(got.shape), atol=1e-7, err_msg=f"p{part}_{name}")
        np.testing.assert_allclose(trace["pE"].isel(episode=episode, agent=0), slow.counts.now["E"][0], atol=1e-7)
        slow.next_episode()


def coin(pA: list | None = None, **learning: object) -> ai.Agent:
    """One hidden state, one observation: learning A is counting."""
    counts = None if pA is None else [np.array(pA, dtype=float)[:, None]]
    A = None if counts else [np.array([[0.5], [0.5]])]
    return ai.Agent(ai.Model.from_arrays(A, [np.ones((1, 1, 1))], pA=counts), learning=ai.Learning(A=True, **learning))


def probability_of_heads(agent: ai.Agent, tosses: list[int]) -> float:
    """p(0) as the next F tells it."""
    session = agent.start()
    for toss in tosses:
        session.step([toss])
    return float(np.exp(-session.step([0]).F))


def test_inference_uses_counts_divided_by_their_sum() -> None:
    assert probability_of_heads(coin([2.0, 1.0]), []) == pytest.approx(2 / 3)
    assert probability_of_heads(coin([2.0, 1.0]), [1, 1, 0]) == pytest.approx(3 / 6)


def test_without_counts_the_prior_is_the_concentration_times_the_probabilities() -> None:
    assert probability_of_heads(coin(), [0]) == pytest.approx(1.5 / 2)
    assert probability_of_heads(coin(concentration=10.0), [0]) == pytest.approx(6 / 11)


def test_the_rate_is_what_one_observation_adds() -> None:
    assert probability_of_heads(coin([1.0, 1.0], rate=0.25), [0, 0]) == pytest.approx(1.5 / 2.5)


def test_forgetting_takes_its_share_of_what_was_learned_at_every_step_and_leaves_the_prior() -> None:
    c = np.array([1.0, 2.0])
    for toss in (0, 0, 1):
        c = np.array([1.0, 2.0]) + 0.9 * (c - [1.0, 2.0]) + np.eye(2)[toss]
    assert probability_of_heads(coin([1.0, 2.0], forgetting=0.1), [0, 0, 1]) == pytest.approx(c[0] / c.sum())
    assert probability_of_heads(coin([1.0, 2.0], forgetting=1.0), [1, 1, 1, 0]) == pytest.approx(2 / 4)


def test_counts_fade_while_everything_is_missing() -> None:
    session = coin([1.0, 1.0], forgetting=0.5).start()
    session.step([0])
    session.step([None])
    session.step([None])
    assert np.exp(-session.step([0]).F) == pytest.approx(1.25 / 2.25)


def test_a_soft_observation_is_counted_by_its_weights() -> None:
    session = coin([1.0, 1.0]).start()
    session.step([[0.2, 0.8]])
    assert np.exp(-session.step([0]).F) == pytest.approx(1.2 / 3.0)


def test_a_missing_modality_teaches_nothing() -> None:
    assert probability_of_heads(coin([3.0, 1.0]), [None, None]) == pytest.approx(3 / 4)


def test_what_starts_at_zero_stays_at_zero() -> None:
    """The hidden state says "never", the belief about it is soft: the impossible entry gets no count."""
    pA = [np.array([[1.0, 1.0], [1.0, 0.0]])]
    model = ai.Model.from_arrays(None, [np.stack([np.full((2, 2), 0.5)], axis=2)], pA=pA, D=[np.array([0.5, 0.5])])
    agent = ai.Agent(model, learning=ai.Learning(A=True, B=True, D=True, forgetting=0.3))
    counts = learned(agent, num_steps=30)["pA_modality_0"][0]
    assert counts[1, 1] == 0.0
    assert (counts[[0, 0, 1], [0, 1, 0]] > 1.0).all()


def test_a_zero_of_the_initial_state_and_of_a_habit_stays_zero() -> None:
    D = np.array([0.7, 0.3, 0.0])
    model = ai.Model.from_arrays(
        [np.full((2, 3), 0.5)], [np.stack([np.eye(3)] * 3, axis=2)], D=[D], pE=np.array([1.0, 0.0, 1.0])
    )
    agent = ai.Agent(model, gamma=0.0, alpha=1.0, learning=ai.Learning(D=True, E=True))
    found = learned(agent, num_steps=3, num_episodes=4)
    assert (found["pD_factor_0"][:, 2] == 0).all()
    assert (found["pE"][:, 1] == 0).all()
    assert found["pE"][-1].sum() == pytest.approx(2.0 + 12)
    assert set(found["action_factor_0"].ravel()) <= {0, 2}


def test_transitions_are_counted_for_the_action_that_was_executed() -> None:
    """The agent sees all; it is moved by another hand than its own."""
    flip, stay = np.eye(2)[::-1], np.eye(2)
    model = ai.Model.from_arrays(
        [np.eye(2)], pB=[np.stack([np.ones((2, 2)), np.ones((2, 2))], axis=2)], B=None, D=[np.array([1.0, 0.0])]
    )
    agent = ai.Agent(model, learning=ai.Learning(B=True))
    session, state = agent.start(), 0
    session.step([state])
    rng = np.random.default_rng(0)
    counts = np.ones((2, 2, 2))
    for _ in range(20):
        action = int(rng.integers(2))
        before, state = state, int(np.argmax((flip if action else stay)[:, state]))
        session.step([state], executed=[action])
        counts[state, before, action] += 1
    p = counts / counts.sum(axis=0)
    for action in range(2):
        probe = agent.resume(session.snapshot())
        assert np.exp(-probe.step([0], executed=[action]).F) == pytest.approx(p[0, state, action])


def test_the_initial_state_is_learned_from_the_first_step_of_each_episode() -> None:
    model = ai.Model.from_arrays([np.eye(2)], [np.full((2, 2, 1), 0.5)], pD=[np.array([1.0, 1.0])])
    session = ai.Agent(model, learning=ai.Learning(D=True)).start()
    for first in (0, 0, 1, 0):
        assert np.isfinite(session.step([first]).F)
        session.step([1])
        session.step([1])
        session.next_episode()
    assert np.exp(-session.step([0]).F) == pytest.approx(4 / 6)


def test_habits_grow_from_what_was_meant_to_be_done() -> None:
    """pE gets q_π, after planning: the first step still plans with the prior."""
    B = np.repeat(np.eye(2)[:, None, :], 2, axis=1)
    model = ai.Model.from_arrays([np.eye(2)], [B], [np.array([0.0, 1.0])], pE=np.array([3.0, 1.0]))
    session = ai.Agent(model, gamma=1.0, learning=ai.Learning(E=True)).start()
    e = np.array([3.0, 1.0])
    for _ in range(4):
        step = session.step([None])
        wanted = e * np.exp(-step.G)
        np.testing.assert_allclose(step.q_pi, wanted / wanted.sum(), rtol=1e-10)
        np.testing.assert_allclose(step.explain().log_E, np.log(e / e.sum()), atol=1e-10)
        e = e + step.q_pi


def test_counts_carry_over_episodes_unless_told_otherwise() -> None:
    model = ai.envs.random_model(num_states=(2,), num_obs=(3,), num_actions=(2,), seed=1)
    agent = ai.Agent(model, learning=ai.Learning(A=True, B=True, D=True))
    kept = learned(agent, num_steps=5, num_episodes=3)
    lost = learned(agent, num_steps=5, num_episodes=3, carry_counts=False)
    np.testing.assert_allclose(kept["pA_modality_0"].sum(axis=(1, 2)), [2 + 5, 2 + 10, 2 + 15])
    np.testing.assert_allclose(lost["pA_modality_0"].sum(axis=(1, 2)), [2 + 5] * 3)
    np.testing.assert_allclose(kept["pB_factor_0"].sum(axis=(1, 2, 3)), [4 + 4, 4 + 8, 4 + 12])
    np.testing.assert_allclose(kept["pD_factor_0"].sum(axis=1), [1 + 1, 1 + 2, 1 + 3])
    np.testing.assert_allclose(lost["pD_factor_0"].sum(axis=1), [2] * 3)


@given(st.integers(0, 1000))
def test_an_agent_that_learns_everything_finds_its_world(seed: int) -> None:
    """Not only the formula: after many tosses of a biased coin the next one is foretold."""
    rng = np.random.default_rng(seed)
    bias = rng.uniform(0.1, 0.9)
    tosses = (rng.random(400) > bias).astype(int).tolist()
    assert abs(probability_of_heads(coin([1.0, 1.0]), tosses) - bias) < 0.12


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({}, ["learns nothing", "A, B, D and E"]),
        ({"A": True, "rate": 0}, ["rate=0", "positive number"]),
        ({"A": True, "rate": float("nan")}, ["rate=nan", "positive number"]),
        ({"A": True, "rate": float("inf")}, ["rate=inf"]),
        ({"A": True, "forgetting": -0.1}, ["forgetting=-0.1", "from 0 to 1"]),
        ({"A": True, "forgetting": 1.5}, ["forgetting=1.5", "from 0 to 1"]),
        ({"A": True, "forgetting": "some"}, ["forgetting='some'"]),
        ({"A": True, "concentration": 0.0}, ["concentration=0.0", "positive number"]),
        ({"A": True, "rate": True}, ["rate=True", "positive number"]),
        ({"A": "yes"}, ["A='yes'", "True or False"]),
    ],
)
def test_settings_out_of_range_are_refused(settings: dict, words: list[str]) -> None:
    with pytest.raises(ai.errors.SettingError) as refused:
        ai.Learning(**settings)
    for word in words:
        assert word in str(refused.value)
