"""Estimates of simulations: the trace to the byte, memory as an upper bound."""

import dataclasses
import gc
import tracemalloc
from pathlib import Path

import numpy as np
import pytest

import actinf as ai
from actinf.errors import SettingError, TraceError
from actinf.lab.catalogue import find_experiment
from actinf.lab.estimate import estimate_simulation
from actinf.lab.experiment import AgentSettings, Experiment, bytes_of_trace
from actinf.lab.simulate import prepare, trace_layout
from actinf.lab.trace_layout import RECORDABLE, Extent


def learner(num_agents: int = 40) -> Experiment:
    return Experiment(
        name="learner",
        model=ai.envs.random_model(num_states=(4, 3), num_obs=(5,), num_actions=(3, 2), density=0.6, seed=2),
        agent=AgentSettings(
            planner=ai.Exhaustive(horizon=2), learning=ai.Learning(A=True, B=True, D=True, E=True), dtype="float32"
        ),
        extent=Extent(num_agents=num_agents, num_steps=5, num_episodes=3),
    )


def bundled(name: str, num_agents: int, num_steps: int) -> Experiment:
    experiment = find_experiment(name)
    extent = dataclasses.replace(experiment.extent, num_agents=num_agents, num_steps=num_steps)
    return dataclasses.replace(experiment, extent=extent)


EXPERIMENTS = [bundled(name, 60, 8) for name in ("tmaze", "bandit_reversal", "cue_chain", "grid_world")] + [learner()]


def simulated(experiment: Experiment, record: tuple[str, ...], out: Path) -> None:
    extent = experiment.extent
    ai.simulate(
        experiment.agent.build(experiment.model),
        experiment.world,
        num_agents=extent.num_agents,
        num_steps=extent.num_steps,
        num_episodes=extent.num_episodes,
        record=record,
        schedule=dict(experiment.schedule) or None,
        threads=1,
        out=out,
    ).close()


def traced_peak(experiment: Experiment, record: tuple[str, ...], out: Path) -> int:
    """The most bytes at once of this process during a run; what other threads of it take now and then is in it, too."""
    gc.collect()
    tracemalloc.start()
    try:
        simulated(experiment, record, out)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("experiment", EXPERIMENTS, ids=lambda one: one.name)
def test_the_size_of_the_trace_is_counted_to_the_byte(experiment: Experiment) -> None:
    agent, extent = experiment.agent.build(experiment.model), experiment.extent
    for names in (*((name,) for name in RECORDABLE), RECORDABLE):
        record = tuple(name for name in names if name != "counts" or agent.learning is not None)
        if record:
            run = prepare(
                agent, experiment.world, extent.num_agents, extent.num_steps, extent.num_episodes, 0, record, True, None
            )
            assert bytes_of_trace(experiment, record, agent.num_policies) == trace_layout(run).nbytes


@pytest.mark.parametrize("experiment", EXPERIMENTS, ids=lambda one: one.name)
def test_a_run_takes_no_more_memory_than_is_estimated(experiment: Experiment, tmp_path: Path) -> None:
    estimate = estimate_simulation(experiment)
    simulated(experiment, estimate.record, tmp_path / "first.nc")  # what libraries keep for themselves is there
    peak = min(traced_peak(experiment, estimate.record, tmp_path / f"{at}.nc") for at in range(2))
    assert peak <= estimate.memory_bytes + 2**20  # of xarray and h5py
    assert estimate.memory_bytes <= 8 * peak + 2**20


def test_what_is_recorded_and_how_many_steps_there_are_is_told() -> None:
    estimate = estimate_simulation(learner())
    assert set(estimate.record) == set(RECORDABLE)
    assert estimate.num_steps == 40 * 5 * 3
    assert estimate.seconds > estimate.num_steps * estimate.agent.seconds_per_step
    assert estimate_simulation(learner(), record=["obs"]).trace_bytes == 40 * 5 * 3
    assert estimate_simulation(dataclasses.replace(learner(), record=("F",))).record == ("F",)


def test_more_threads_take_more_memory() -> None:
    one, four = (estimate_simulation(learner(10**6), threads=threads) for threads in (1, 4))
    assert four.memory_bytes >= one.memory_bytes + 3 * one.agent.bytes_per_thread
    assert four.trace_bytes == one.trace_bytes


def test_a_run_that_nobody_can_carry_out_is_told_in_numbers() -> None:
    far = dataclasses.replace(
        learner(),
        agent=AgentSettings(planner=ai.Exhaustive(horizon=10**6)),
        extent=Extent(num_agents=10**8, num_steps=10**4),
    )
    estimate = estimate_simulation(far, record=RECORDABLE[:-1])
    assert estimate.memory_bytes > 2**500
    assert np.isfinite(estimate.seconds)
    assert "q_pi" not in estimate_simulation(far).record


def test_what_cannot_be_estimated_is_refused() -> None:
    with pytest.raises(SettingError, match="threads=0"):
        estimate_simulation(learner(), threads=0)
    with pytest.raises(TraceError, match="cannot record 'belief'"):
        estimate_simulation(learner(), record=["belief"])
