"""Large dense models are planned in by matrix products: the same numbers, the same settings, the same errors."""

from typing import Any

import numpy as np
import pytest
from support.oracle import log_softmax, xlogx
from support.problems import with_habits
from threadpoolctl import ThreadpoolController

import actinf as ai
from actinf.errors import ImpossibleObservation

STATES = 130


def large(num_actions: int = 3, rows: int = 1, seed: int = 1) -> ai.Model:
    """One dense factor above the size at which products win, two modalities, preferences that may be timed."""
    model = ai.envs.random_model(num_states=(STATES,), num_obs=(6, 3), num_actions=(num_actions,), seed=seed)
    C = [np.random.default_rng(seed).normal(size=(rows, n)) for n in (6, 3)]
    return ai.Model.from_arrays(list(model.A), list(model.B), C, list(model.D))


def slow_G(model: ai.Model, belief: np.ndarray, policies: np.ndarray, time: int) -> np.ndarray:
    """Policy by policy, step by step."""
    B, A = model.B[0].dense(), [table.dense() for table in model.A]
    found = []
    for policy in policies[:, :, 0]:
        q, total = belief, 0.0
        for tau, action in enumerate(policy, start=1):
            q = B[..., action] @ q
            for table, C in zip(A, model.C, strict=True):
                qo = table @ q
                total += (
                    xlogx(qo).sum() - qo @ log_softmax(C[min(time + tau, len(C) - 1)]) - xlogx(table).sum(axis=0) @ q
                )
        found.append(total)
    return np.array(found)


@pytest.mark.parametrize(("dtype", "tolerance"), [("float64", 1e-10), ("float32", 2e-4)])
@pytest.mark.parametrize("horizon", [1, 2, 3])
@pytest.mark.parametrize("rows", [1, 3])
def test_G_is_that_of_every_policy_by_itself(dtype: str, tolerance: float, horizon: int, rows: int) -> None:
    model = large(rows=rows)
    agent = ai.Agent(model, planner=ai.Exhaustive(horizon=horizon), gamma=1.0, dtype=dtype)
    assert agent.plans_densely
    session = agent.start()
    for time, observation in enumerate([[1, 2], [0, None], [None, None]]):
        step = session.step(observation)
        belief = np.asarray(step.qs["factor_0"], dtype=np.float64)
        np.testing.assert_allclose(step.G, slow_G(model, belief / belief.sum(), agent.policies, time), atol=tolerance)
        why = step.explain()
        np.testing.assert_allclose((why.risk + why.ambiguity).sum(axis=(1, 2)), step.G, atol=tolerance)
        assert step.q_pi.sum() == pytest.approx(1.0, abs=1e-5)


def sparser(model: ai.Model) -> ai.Model:
    """The same model beside a second factor that nothing depends on, which keeps it from the products."""
    return ai.Model.from_arrays(
        list(model.A), [*model.B, np.ones((1, 1, 1))], list(model.C), [*model.D, np.ones(1)], model.E,
        A_dependencies=[[0], [0]], B_dependencies=[[0], [1]],
    )  # fmt: skip


@pytest.mark.parametrize(
    "settings",
    [
        {"alpha": 2.0},
        {"choice": ai.BestPolicy(), "alpha": 1.0},
        {"inference": ai.Exact()},
        {"learning": ai.Learning(E=True)},
        {"learning": ai.Learning(D=True, forgetting=0.1)},
    ],
)
def test_the_two_ways_of_planning_agree_under_all_settings(settings: dict[str, Any]) -> None:
    model = with_habits(large(num_actions=2), np.array([0.1, 0.4, 0.3, 0.2]))
    settings = {"planner": ai.Exhaustive(horizon=2), "gamma": 2.0, **settings}
    dense = ai.Agent(model, **settings)
    graph = ai.Agent(sparser(model), **{**settings, "inference": ai.FixedPoint()})
    assert (dense.plans_densely, graph.plans_densely) == (True, False)
    here, there = dense.start(seed=4), graph.start(seed=4)
    for episode in range(2):
        for observation in ([1, 0], [2, 2], [None, 1]):
            got, wanted = here.step(observation, executed=[0]), there.step(observation, executed=[0])
            for name in ("G", "q_pi", "p_action"):
                np.testing.assert_allclose(getattr(got, name), getattr(wanted, name), atol=1e-9, err_msg=name)
            np.testing.assert_allclose(got.explain().log_E, wanted.explain().log_E, atol=1e-9)
            assert got.action == wanted.action, episode
        here.next_episode()
        there.next_episode()


def test_a_joint_of_many_states_is_planned_in_by_products_too() -> None:
    model = ai.envs.random_model(num_states=(12, 11), num_obs=(5,), num_actions=(2, 1), seed=3)
    agent = ai.Agent(model, inference=ai.Exact(), planner=ai.Exhaustive(horizon=2))
    assert agent.plans_densely
    step = agent.start().step([2])
    q = np.einsum("i,j->ij", *model.D) * model.A[0].dense()[2]
    q /= q.sum()
    A, B0, B1 = model.A[0].dense(), model.B[0].dense(), model.B[1].dense()[..., 0]
    G = []
    for policy in agent.policies[:, :, 0]:
        p, total = q, 0.0
        for action in policy:
            p = B0[..., action] @ p @ B1.T
            qo = np.einsum("oij,ij->o", A, p)
            total += xlogx(qo).sum() - qo @ log_softmax(model.C[0][0]) - (xlogx(A).sum(axis=0) * p).sum()
        G.append(total)
    np.testing.assert_allclose(step.G, G, atol=1e-10)


def test_an_impossible_observation_leaves_a_dense_session_where_it_was() -> None:
    model = large()
    A = [table.dense() for table in model.A]
    A[1] = np.concatenate([A[1], np.zeros((1, STATES))])
    agent = ai.Agent(ai.Model.from_arrays(A, list(model.B)), gamma=1.0)
    calm, shaken = agent.start(), agent.start()
    for _ in range(2):
        with pytest.raises(ImpossibleObservation):
            shaken.step([1, 3])
        got, wanted = shaken.step([1, 1]), calm.step([1, 1])
        np.testing.assert_allclose(got.G, wanted.G, rtol=1e-12)
        assert got.time == wanted.time


def test_a_population_of_dense_models_is_planned_for_one_by_one() -> None:
    model = large(num_actions=2)
    agent = ai.Agent(model, planner=ai.Exhaustive(horizon=2), gamma=1.0)
    C = np.random.default_rng(0).normal(size=(3, 6))
    trace = ai.simulate(ai.Population(agent, 3, C={"modality_0": C}), num_steps=2, record=["G", "qs"], seed=2)
    for i in range(3):
        own = ai.Model.from_arrays(list(model.A), list(model.B), [C[i], model.C[1]], list(model.D))
        belief = trace["qs_factor_0"].values[0, i, 0]
        np.testing.assert_allclose(trace["G"].values[0, i, 0], slow_G(own, belief, agent.policies, 0), atol=1e-9)


def test_a_run_on_two_threads_keeps_the_blas_on_one_and_gives_back_what_it_found() -> None:
    controller = ThreadpoolController()

    def counts() -> list[int]:
        return [pool["num_threads"] for pool in controller.info() if pool["user_api"] == "blas"]

    before, meanwhile = counts(), []
    agent = ai.Agent(large(), planner=ai.Exhaustive(horizon=2))
    ai.simulate(agent, num_agents=6, num_steps=2, threads=2, progress=lambda _done, _all: meanwhile.append(counts()))
    assert meanwhile
    assert all(seen == [1] * len(before) for seen in meanwhile)
    assert counts() == before
