"""Table worlds: what they draw, and how they are linked to agents by names."""

import numpy as np
import pytest
import xarray as xr

import actinf as ai
from actinf.envs import random_model
from actinf.errors import ModelError


def watched(process: ai.Model, num_agents: int, num_steps: int, seed: int = 0) -> xr.Dataset:
    """A world run by agents that act at random and believe nothing in particular."""
    agent = ai.Agent(process, gamma=0.0, alpha=1.0)
    return ai.simulate(
        agent,
        ai.World(process),
        num_agents=num_agents,
        num_steps=num_steps,
        seed=seed,
        record=["state", "obs", "action"],
    )


def frequencies_agree(counts: np.ndarray, table: np.ndarray) -> bool:
    """Every column's frequencies within five standard errors of its probabilities; zeros are zeros."""
    counts, table = counts.reshape(len(counts), -1), table.reshape(len(table), -1)
    total = counts.sum(axis=0)
    error = 5 * np.sqrt(table * (1 - table) / np.maximum(total, 1))
    return bool(np.all(np.abs(counts / np.maximum(total, 1) - table)[:, total > 0] <= error[:, total > 0] + 1e-12))


def test_states_and_observations_come_as_often_as_the_tables_say() -> None:
    """Two factors that move each other, two controls, two modalities; parents not in ascending order."""
    process = random_model(
        num_states=(3, 2), num_obs=(4, 2), num_actions=(2, 3), density=0.7,
        A_dependencies=[[1, 0], [1]], B_dependencies=[[1, 0], [1]], seed=4,
    )  # fmt: skip
    trace = watched(process, 4000, 6)
    state = [trace[f"state_factor_{f}"].values[0] for f in range(2)]
    action = [trace[f"action_factor_{f}"].values[0] for f in range(2)]
    obs = [trace[f"obs_modality_{m}"].values[0] for m in range(2)]
    for f in range(2):
        first = np.bincount(state[f][:, 0], minlength=process.num_states[f])
        assert frequencies_agree(first[:, None], np.asarray(process.D[f])[:, None])
    for m in range(2):
        counts = np.zeros(process.A[m].shape)
        np.add.at(counts, (obs[m], *(state[f] for f in process.A_dependencies[m])), 1)
        assert frequencies_agree(counts, process.A[m].dense())
    for f in range(2):
        counts = np.zeros(process.B[f].shape)
        before = tuple(state[g][:, :-1] for g in process.B_dependencies[f])
        np.add.at(counts, (state[f][:, 1:], *before, action[f][:, :-1]), 1)
        assert frequencies_agree(counts, process.B[f].dense())


def test_draws_of_modalities_factors_and_steps_are_independent() -> None:
    """Coins everywhere: no two of the series agree more or less often than half the time."""
    coin = np.full((2, 2), 0.5)
    process = ai.Model.from_arrays(
        [coin, coin], [np.full((2, 2, 1), 0.5)] * 2, D=[np.full(2, 0.5)] * 2, A_dependencies=[[0], [1]]
    )
    trace = watched(process, 3000, 2)
    names = ["state_factor_0", "state_factor_1", "obs_modality_0", "obs_modality_1"]
    series = [trace[name].values[0, :, t] for name in names for t in range(2)]
    for i, a in enumerate(series):
        for b in series[:i]:
            assert abs(np.mean(a == b) - 0.5) < 5 * 0.5 / np.sqrt(3000)


def test_agents_of_a_run_and_runs_of_other_seeds_draw_other_numbers() -> None:
    process = random_model(num_states=(6,), num_obs=(6,), num_actions=(2,), seed=1)
    one, two = watched(process, 50, 20, seed=1), watched(process, 50, 20, seed=2)
    rows = {tuple(row) for run in (one, two) for row in run["state_factor_0"].values[0]}
    assert len(rows) == 100


def test_the_true_state_is_recorded_before_the_action_moves_it() -> None:
    world = ai.envs.TMaze(cue_validity=1.0)
    agent = ai.Agent(world.model(), planner=ai.Exhaustive(horizon=2))
    trace = ai.simulate(agent, world, num_agents=3, num_steps=3, seed=0)
    state, action = trace["state_location"].values[0], trace["action_location"].values[0]
    np.testing.assert_array_equal(state[:, 0], [0, 0, 0])
    np.testing.assert_array_equal(state[:, 1:], action[:, :-1])
    np.testing.assert_array_equal(trace["obs_where"].values[0], state)


def weather(**changes: object) -> dict:
    return {
        "factors": {"sky": ["dry", "wet"], "coat": ["off", "on"]},
        "modalities": {"drops": ["none", "some"], "warmth": ["cold", "warm"]},
        "controls": {"coat": ["take off", "put on"]},
        "A_dependencies": {"drops": ["sky"], "warmth": ["coat"]},
        "A": {"drops": [[1.0, 0.2], [0.0, 0.8]], "warmth": "identity"},
        "B": {"sky": [[0.8, 0.3], [0.2, 0.7]], "coat": {"deterministic": {"take off": "off", "put on": "on"}}},
        **changes,
    }


def world_model(**changes: object) -> ai.Model:
    parts = weather(**changes)
    B = np.repeat(np.eye(2)[:, None, :], 2, axis=1)
    parts["B"] = {"sky": np.array([[0.8, 0.3], [0.2, 0.7]])[:, :, None], "coat": B}
    return ai.Model(**parts)


def test_modalities_outcomes_controls_and_actions_are_linked_by_name_in_any_order() -> None:
    """The agent lists outcomes and actions backwards, knows one outcome more and looks at one modality less."""
    world = ai.World(world_model())
    B = np.repeat(np.eye(2)[:, None, ::-1], 2, axis=1)
    agent = ai.Agent(
        ai.Model(
            factors={"coat": ["off", "on"]},
            modalities={"warmth": ["hot", "warm", "cold"]},
            controls={"coat": ["put on", "take off"]},
            A={"warmth": [[0.0, 0.0], [0.0, 1.0], [1.0, 0.0]]},
            B={"coat": B},
            C={"warmth": {"warm": 2.0}},
        )
    )
    trace = ai.simulate(agent, world, num_agents=4, num_steps=3, seed=0)
    np.testing.assert_array_equal(trace["action_coat"].values[0], np.zeros((4, 3)))
    np.testing.assert_array_equal(trace["obs_warmth"].values[0][:, 1:], np.ones((4, 2)))
    np.testing.assert_array_equal(trace["state_coat"].values[0][:, 1:], np.ones((4, 2)))


def test_an_action_that_the_agent_lacks_is_never_taken() -> None:
    world = ai.World(world_model())
    only = ai.Model(
        factors={"coat": ["off", "on"]}, modalities={"warmth": ["cold", "warm"]}, controls={"coat": ["take off"]},
        A={"warmth": "identity"}, B={"coat": np.repeat(np.eye(2)[:, None, :1], 2, axis=1)},
    )  # fmt: skip
    trace = ai.simulate(ai.Agent(only), world, num_agents=3, num_steps=4, seed=0)
    np.testing.assert_array_equal(trace["state_coat"].values[0][:, 1:], 0)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        (
            {
                "modalities": {"drops": ["none", "some"], "noise": ["cold", "warm"]},
                "A_dependencies": {"drops": ["sky"], "noise": ["coat"]},
                "A": {"drops": "identity", "noise": "identity"},
            },
            ["the agent observes 'noise', which the world does not show", "'drops', 'warmth'"],
        ),
        (
            {"modalities": {"drops": ["none", "few"], "warmth": ["cold", "warm"]}},
            ["the world can show 'some' in modality 'drops'", "knows only 'none', 'few'"],
        ),
        (
            {"controls": {"coat": ["take off", "burn"]}},
            ["the agent can take 'burn' of control 'coat'", "knows only 'take off', 'put on'"],
        ),
        (
            {"controls": [ai.Control("hands", "coat", ("take off", "put on"))]},
            ["the agent moves 'hands', which the world does not have", "the world needs the control 'coat'"],
        ),
    ],
)  # fmt: skip
def test_names_that_do_not_fit_are_listed(changes: dict, words: list[str]) -> None:
    with pytest.raises(ModelError) as refused:
        ai.World(world_model()).linked(world_model(**changes))
    for word in words:
        assert word in str(refused.value)


def test_every_mistake_of_a_link_is_listed_at_once_with_its_place() -> None:
    other = random_model(num_states=(2,), num_obs=(2, 2), num_actions=(2,))
    with pytest.raises(ModelError) as refused:
        ai.World(world_model()).linked(other)
    places = [where for where, _ in refused.value.problems]
    assert places == [
        ("modalities", "modality_0"), ("modalities", "modality_1"), ("controls", "factor_0"), ("controls", "coat"),
    ]  # fmt: skip


def test_a_world_is_made_of_a_model_and_of_nothing_else() -> None:
    with pytest.raises(ModelError, match=r"World\(process\) got str: expected a Model"):
        ai.World("tmaze")  # type: ignore[arg-type]
    assert repr(ai.World(world_model(), name="weather")) == "World(weather)"
