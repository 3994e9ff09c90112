"""Why an action was chosen.  That the terms are right is tested in tests/planning; here what an explanation shows."""

import numpy as np
import pytest
from support.problems import with_habits

import actinf as ai


def test_an_explanation_names_policies_and_modalities_and_repeats_the_step() -> None:
    agent = ai.Agent(ai.Model.load("tmaze"), planner=ai.Exhaustive(horizon=2), gamma=4.0)
    step = agent.start().step({"where": "centre", "cue": "none", "outcome": "none"})
    why = step.explain()
    assert why.names[:3] == ["centre > centre", "centre > cue", "centre > left"]
    assert why.modalities == ("where", "cue", "outcome")
    assert why.risk.shape == why.ambiguity.shape == why.novelty_A.shape == (16, 2, 3)
    assert why.novelty_B.shape == (16, 2)
    assert (why.gamma, why.action) == (4.0, {"location": "cue"})
    for name in ("G", "q_pi", "q_action"):
        np.testing.assert_array_equal(getattr(why, name), getattr(step, name))
    np.testing.assert_array_equal(why.policies, agent.policies)
    np.testing.assert_array_equal(why.log_E, np.zeros(16))
    assert not why.novelty_A.any()


def test_in_the_tmaze_the_cue_is_visited_for_what_it_tells() -> None:
    """Going to the cue and then to an arm beats going to the arm at once."""
    agent = ai.Agent(ai.envs.TMaze(cue_validity=1.0).model(), planner=ai.Exhaustive(horizon=2))
    why = agent.start().step({"where": "centre", "cue": "none", "outcome": "none"}).explain()
    best = int(np.argmin(why.G))
    assert why.names[best].startswith("cue > ")


@pytest.mark.parametrize("inference", [ai.FixedPoint(), ai.Exact()])
def test_a_later_step_is_explained_from_its_own_beliefs_and_counts(inference: ai.FixedPoint | ai.Exact) -> None:
    """An explanation asked for late is the one of its step, not of the session as it stands."""
    model = ai.envs.random_model(num_states=(3, 2), num_obs=(4,), num_actions=(2, 1), seed=2)
    agent = ai.Agent(
        model, inference=inference, planner=ai.Exhaustive(horizon=2, novelty=True), learning=ai.Learning(A=True, B=True)
    )
    session = agent.start()
    steps = [session.step([o]) for o in (0, 3, 1, 2)]
    for step in steps:
        why = step.explain()
        total = (why.risk + why.ambiguity - why.novelty_A).sum(axis=(1, 2)) - why.novelty_B.sum(axis=1)
        np.testing.assert_allclose(total, step.G, atol=1e-9)
    assert not np.allclose(steps[0].G, steps[-1].G)


def test_a_habit_is_shown_even_where_G_leaves_the_policy_no_chance() -> None:
    B = np.repeat(np.eye(2)[:, None, :], 2, axis=1)
    model = with_habits(ai.Model.from_arrays([np.eye(2)], [B], [np.array([0.0, 400.0])]), np.array([0.75, 0.25]))
    step = ai.Agent(model, gamma=16.0).start().step([0])
    assert step.q_pi[0] == 0.0
    np.testing.assert_allclose(step.explain().log_E, np.log([0.75, 0.25]), atol=1e-12)


def test_given_policies_are_explained_in_their_order() -> None:
    model = ai.envs.random_model(num_states=(3,), num_obs=(4,), num_actions=(3,), seed=5)
    everything = ai.Agent(model, planner=ai.Exhaustive(horizon=2)).start().step([1]).explain()
    chosen = [7, 0, 7, 3]
    some = ai.Agent(model, planner=ai.Exhaustive(policies=everything.policies[chosen])).start().step([1]).explain()
    np.testing.assert_allclose(some.risk, everything.risk[chosen], atol=1e-12)
    np.testing.assert_allclose(some.ambiguity, everything.ambiguity[chosen], atol=1e-12)
    assert some.names == [everything.names[i] for i in chosen]
