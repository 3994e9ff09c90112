"""Batches: each row is a session of its own, whatever the threads and the blocks; and what is refused beforehand."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st
from support.problems import Problem, problems

import actinf as ai
from actinf.errors import BudgetError, ImpossibleObservation, SettingError


def assert_row_is_a_session(trace: xr.Dataset, agent: ai.Agent, row: int, seed: int, carry_counts: bool = True) -> None:
    """Bit for bit: what agent.start(seed, row) does when it is shown what the row was shown."""
    model = agent.model
    session = agent.start(seed=seed, index=row)
    for episode in range(trace.sizes["episode"]):
        if episode:
            session.next_episode(carry_counts=carry_counts)
        here = trace.isel(episode=episode, agent=row)
        for t in range(trace.sizes["time"]):
            step = session.step([int(here[f"obs_{m.name}"].values[t]) for m in model.modalities])
            for c, control in enumerate(model.controls):
                assert here[f"action_{control.name}"].values[t] == step.action_index[c]
            for factor in model.factors:
                np.testing.assert_array_equal(here[f"qs_{factor.name}"].values[t], step.qs[factor.name])
            np.testing.assert_array_equal(here["q_pi"].values[t], step.q_pi)
            np.testing.assert_array_equal(here["G"].values[t], step.G)
            assert here["F"].values[t] == step.F


@settings(max_examples=40)
@given(problems(learning=True), st.booleans())
def test_a_row_of_a_batch_is_a_session_bit_for_bit(problem: Problem, carry_counts: bool) -> None:
    """`agent.start(seed=s, index=i)` is row i of `simulate(seed=s)`: with learning, habits, episodes, any settings."""
    agent = problem.agent
    trace = ai.simulate(
        agent, num_agents=3, num_steps=3, num_episodes=2, seed=9, carry_counts=carry_counts, block_size=2
    )
    for row in (0, 2):
        assert_row_is_a_session(trace, agent, row, 9, carry_counts)


@settings(max_examples=40)
@given(st.sampled_from(["float64", "float32"]).flatmap(lambda dtype: problems(dtype=dtype)))
def test_a_row_of_an_agent_that_does_not_learn_is_a_session_too(problem: Problem) -> None:
    trace = ai.simulate(problem.agent, num_agents=2, num_steps=4, seed=3)
    assert_row_is_a_session(trace, problem.agent, 1, 3)


DENSE = """
import numpy as np
import actinf as ai

model = ai.envs.random_model(num_states=(140,), num_obs=(5,), num_actions=(2,), seed=0)
agent = ai.Agent(model, planner=ai.Exhaustive(horizon=2), gamma=1.0)
traces = [
    ai.simulate(agent, num_agents=4, num_steps=3, num_episodes=2, seed=1, threads=threads, block_size=size)
    for threads, size in ((1, 4), (2, 1), (2, 3))
]
assert all(trace.identical(traces[0]) for trace in traces)
for row in range(4):
    session = agent.start(seed=1, index=row)
    for episode in range(2):
        here = traces[0].isel(episode=episode, agent=row)
        for t in range(3):
            step = session.step([int(here["obs_modality_0"].values[t])])
            np.testing.assert_array_equal(here["G"].values[t], step.G)
            assert here["action_factor_0"].values[t] == step.action_index[0]
        session.next_episode()
"""


def test_a_row_of_a_large_dense_model_is_a_session_where_products_are_made_on_one_thread(
    fresh_python: Callable[..., Any],
) -> None:
    """Plans are products of BLAS there, which by itself promises nothing on several threads."""
    fresh_python(DENSE, OPENBLAS_NUM_THREADS="1", MKL_NUM_THREADS="1", OMP_NUM_THREADS="1")


def rich_agent(dtype: str = "float64") -> ai.Agent:
    model = ai.envs.random_model(
        num_states=(3, 2), num_obs=(6, 3), num_actions=(2, 2), density=0.8, B_dependencies=[[0, 1], [1]], seed=3
    )
    learning = ai.Learning(A=True, B=True, D=True, E=True, forgetting=0.05)
    return ai.Agent(
        model, planner=ai.Exhaustive(horizon=2, novelty=True), alpha=2.0, gamma=2.0, learning=learning, dtype=dtype
    )


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_threads_and_blocks_change_nothing(dtype: str) -> None:
    agent = rich_agent(dtype)
    traces = [
        ai.simulate(agent, num_agents=70, num_steps=5, num_episodes=2, seed=8, threads=threads, block_size=size)
        for threads in (1, 2)
        for size in (1, 7, 64)
    ]
    for trace in traces[1:]:
        xr.testing.assert_identical(trace, traces[0])


def test_threads_and_blocks_change_nothing_in_a_population_either() -> None:
    agent = ai.Agent(ai.envs.TMaze().model(), planner=ai.Exhaustive(horizon=2))
    gamma = np.linspace(0.1, 16, 70)
    traces = [
        ai.simulate(
            ai.Population(agent, 70, gamma=gamma), ai.envs.TMaze(), num_steps=4, threads=threads, block_size=size
        )
        for threads, size in ((1, 64), (2, 1), (2, 7))
    ]
    for trace in traces[1:]:
        xr.testing.assert_identical(trace, traces[0])


def test_an_agent_does_the_same_in_a_larger_run_a_longer_one_and_after_others() -> None:
    agent = ai.Agent(ai.envs.Bandit().model(), alpha=1.0)
    small = ai.simulate(agent, ai.envs.Bandit(), num_agents=3, num_steps=4, seed=6)
    large = ai.simulate(agent, ai.envs.Bandit(), num_agents=50, num_steps=9, num_episodes=2, seed=6)
    xr.testing.assert_equal(small, large.isel(agent=slice(3), time=slice(4), episode=slice(1)))


def test_a_trace_on_disk_is_the_one_in_memory(tmp_path: Any) -> None:
    agent = rich_agent()
    memory = ai.simulate(agent, num_agents=20, num_steps=4, num_episodes=2, seed=2, block_size=6)
    disk = ai.simulate(agent, num_agents=20, num_steps=4, num_episodes=2, seed=2, block_size=7, out=tmp_path / "t.nc")
    xr.testing.assert_equal(disk.load(), memory)
    disk.close()


def test_without_a_world_the_model_is_its_own() -> None:
    agent = ai.Agent(ai.envs.TMaze().model())
    xr.testing.assert_identical(
        ai.simulate(agent, num_agents=5, num_steps=3),
        ai.simulate(agent, ai.World(agent.model), num_agents=5, num_steps=3),
    )


def test_a_model_without_controls_is_only_watched() -> None:
    model = ai.envs.random_model(num_states=(3,), num_obs=(2,), num_actions=(1,))
    trace = ai.simulate(ai.Agent(model), num_agents=2, num_steps=3)
    assert not [name for name in trace.data_vars if str(name).startswith("action")]
    assert trace["qs_factor_0"].shape == (1, 2, 3, 3)
    assert ai.simulate(ai.Agent(model), num_agents=2, num_steps=3, record=["obs", "action"]).sizes["time"] == 3


def test_a_schedule_changes_the_world_from_an_episode_on() -> None:
    before = ai.envs.Bandit(better=1, hint_validity=1.0)
    agent = ai.Agent(before.model(), planner=ai.Exhaustive(horizon=2))
    trace = ai.simulate(
        agent, before, num_agents=10, num_steps=4, num_episodes=4, schedule={1: before.reversed(), 3: before}, seed=0
    )
    better = trace["state_better"].values
    np.testing.assert_array_equal(better[[0, 3]], 0)
    np.testing.assert_array_equal(better[[1, 2]], 1)
    np.testing.assert_array_equal(trace["action_choice"].values[[0, 3], :, 1], 2)
    np.testing.assert_array_equal(trace["action_choice"].values[[1, 2], :, 1], 3)


def test_worlds_with_other_states_are_scheduled_without_recording_them() -> None:
    """Their states have no common names; they were once written one row into the next."""
    agent = ai.Agent(ai.Model.from_arrays([np.eye(2)], [np.full((2, 2, 1), 0.5)], D=[np.full(2, 0.5)]))
    wide = ai.Model(
        factors={"factor_0": ["0", "1"], "more": ["a", "b", "c"]}, modalities={"modality_0": ["0", "1"]},
        A_dependencies={"modality_0": ["factor_0"]}, A={"modality_0": "identity"},
        B={"factor_0": np.full((2, 2, 1), 0.5), "more": "identity"},
    )  # fmt: skip
    schedule = {1: ai.World(wide)}
    trace = ai.simulate(agent, num_agents=3, num_steps=2, num_episodes=2, schedule=schedule)
    assert "state_factor_0" not in trace
    with pytest.raises(SettingError, match="simulate\\(record='state'\\): the scheduled worlds have other states"):
        ai.simulate(agent, num_agents=3, num_steps=2, num_episodes=2, schedule=schedule, record=["state"])


def test_progress_is_told_up_to_the_end() -> None:
    told: list[tuple[int, int]] = []
    agent = ai.Agent(ai.envs.TMaze().model())
    ai.simulate(agent, num_agents=10, num_steps=3, num_episodes=2, block_size=4, progress=lambda *at: told.append(at))
    assert told[-1] == (60, 60)
    assert [done for done, _ in told] == sorted(done for done, _ in told)
    assert len(told) == 3


def test_an_error_in_progress_stops_the_run_and_is_passed_on(tmp_path: Any) -> None:
    def interrupted(done: int, total: int) -> None:
        raise KeyboardInterrupt

    agent = ai.Agent(ai.envs.TMaze().model())
    with pytest.raises(KeyboardInterrupt):
        ai.simulate(agent, num_agents=50, num_steps=3, block_size=1, progress=interrupted, out=tmp_path / "t.nc")
    assert list(tmp_path.glob("*")) == []


def test_a_world_that_shows_what_the_model_excludes_is_named_with_agent_step_and_episode() -> None:
    model = ai.Model.from_arrays([np.eye(2)], [np.eye(2)[:, :, None]], D=[np.array([1.0, 0.0])])
    drifting = ai.Model.from_arrays([np.eye(2)], [np.full((2, 2, 1), 0.5)], D=[np.array([1.0, 0.0])])
    with pytest.raises(
        ImpossibleObservation,
        match=r"^agent \d+, step [1-9] of episode 0: the observation \['1'\] is impossible: its w",
    ):
        ai.simulate(ai.Agent(model), ai.World(drifting), num_agents=5, num_steps=10)


def wrong() -> dict[str, tuple[dict[str, Any], list[str]]]:
    maze = ai.envs.TMaze()
    return {
        "no agents": ({"num_agents": 0}, ["num_agents=0", "at least 1"]),
        "half an agent": ({"num_agents": 1.5}, ["num_agents=1.5", "whole number"]),
        "a boolean": ({"num_agents": True}, ["num_agents=True", "whole number"]),
        "no steps": ({"num_steps": 0}, ["num_steps=0", "at least 1"]),
        "no episodes": ({"num_episodes": 0}, ["num_episodes=0", "at least 1"]),
        "a negative seed": ({"seed": -1}, ["seed=-1", "at least 0"]),
        "no seed": ({"seed": None}, ["seed=None"]),
        "too large a seed": ({"seed": 2**63}, ["seed=9223372036854775808"]),
        "no threads": ({"threads": 0}, ["threads=0", "at least 1"]),
        "threads in words": ({"threads": "2"}, ["threads='2'", "whole number"]),
        "no block": ({"block_size": 0}, ["block_size=0"]),
        "half a block": ({"block_size": 2.5}, ["block_size=2.5"]),
        "an unknown record": (
            {"record": "nonsense"},
            ["record='nonsense'", "state, obs, action, qs, q_pi, G, F, counts"],
        ),
        "an unknown record of one": ({"record": ["beliefs"]}, ["record=['beliefs']", "state, obs, action, qs"]),
        "an unknown record among others": ({"record": ("obs", "actions")}, ["'actions'", "did you mean 'action'?"]),
        "a number for a record": ({"record": 3}, ["record=3", "state, obs, action"]),
        "a number among records": ({"record": ["obs", 4]}, ["no 4 to be recorded", "state, obs, action"]),
        "a list among records": ({"record": [["obs"]]}, ["record=[['obs']]", "state, obs, action"]),
        "records by name": ({"record": {"obs": True}}, ["record={'obs': True}", "state, obs, action"]),
        "a record in bytes": ({"record": b"obs"}, ["record=b'obs'", "state, obs, action"]),
        "counts of none that learns": ({"record": "counts"}, ["record='counts'", "no learning"]),
        "a world by name": ({"world": "tmaze"}, ["world=str", "expected a World", "World(model)"]),
        "a model for a world": ({"world": maze.process}, ["world=Model", "expected a World"]),
        "a list for a schedule": ({"schedule": [maze]}, ["schedule=list", "mapping from episode to World"]),
        "a schedule beyond the end": ({"schedule": {5: maze}}, ["schedule={5", "1 episodes, 0 to 0"]),
        "a schedule in halves": ({"schedule": {0.5: maze}}, ["schedule={0.5"]),
        "a schedule of names": ({"schedule": {0: "tmaze"}}, ["schedule={0: str}", "expected a World"]),
        "progress that is none": ({"progress": True}, ["progress=True", "function"]),
        "a path that is none": ({"out": 3}, ["out=3", "path"]),
        "counts carried perhaps": ({"carry_counts": "no"}, ["carry_counts='no'", "True or False"]),
    }


@pytest.mark.parametrize("case", wrong())
def test_what_cannot_be_simulated_is_refused(case: str) -> None:
    wrong_settings, words = wrong()[case]
    with pytest.raises(SettingError) as refused:
        ai.simulate(ai.Agent(ai.envs.TMaze().model()), **{"num_steps": 2, **wrong_settings})
    for word in words:
        assert word in str(refused.value)


def test_a_model_is_no_agent() -> None:
    with pytest.raises(SettingError, match=r"simulate\(Model\): expected an Agent or a Population"):
        ai.simulate(ai.envs.TMaze().model(), num_steps=1)  # type: ignore[arg-type]


def test_a_population_knows_its_size() -> None:
    population = ai.Population(ai.Agent(ai.envs.TMaze().model()), 3)
    with pytest.raises(SettingError, match=r"num_agents=4\) contradicts the Population of 3: leave it out"):
        ai.simulate(population, num_steps=1, num_agents=4)
    assert ai.simulate(population, num_steps=1, num_agents=3).sizes["agent"] == 3


def test_a_trace_that_would_not_fit_into_memory_is_refused_with_the_numbers() -> None:
    with pytest.raises(BudgetError) as refused:
        ai.simulate(ai.Agent(ai.envs.TMaze().model()), num_agents=10**10, num_steps=20)
    for word in ("10,000,000,000 agents", "20 steps", "GiB", "record=('obs', 'action')", "out='trace.nc'"):
        assert word in str(refused.value)
