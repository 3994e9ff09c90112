"""Blocks: the length of the calls changes nothing, and work stops when that is asked."""

from pathlib import Path
from typing import Any

import pytest
import xarray as xr

import actinf as ai
from actinf.errors import ImpossibleObservation, Stopped
from actinf.lab import blocks
from actinf.lab.simulate import prepare
from actinf.planning.exhaustive import Exhaustive


def learner(dtype: str = "float64") -> ai.Agent:
    model = ai.envs.random_model(num_states=(3, 2), num_obs=(4,), num_actions=(2, 2), seed=3)
    return ai.Agent(model, planner=Exhaustive(horizon=2), alpha=2.0, learning=ai.Learning(A=True, B=True), dtype=dtype)


def trace_in_calls_of(
    seconds: float, monkeypatch: pytest.MonkeyPatch, agent: ai.Agent, world: ai.World | None = None, **extent: int
) -> xr.Dataset:
    with monkeypatch.context() as patch:
        patch.setattr(blocks, "CALL_SECONDS", seconds)
        return ai.simulate(agent, world, seed=4, threads=2, **extent)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_how_much_is_computed_in_a_call_changes_nothing(dtype: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The world, the beliefs and the last action stay where they are from one stretch of steps to the next."""
    agent, extent = learner(dtype), {"num_agents": 7, "num_steps": 9, "num_episodes": 2}
    step_by_step = trace_in_calls_of(1e-12, monkeypatch, agent, **extent)
    at_once = trace_in_calls_of(1e6, monkeypatch, agent, **extent)
    xr.testing.assert_identical(step_by_step, at_once)


def test_an_agent_that_cannot_go_on_is_named_however_long_the_calls_are(monkeypatch: pytest.MonkeyPatch) -> None:
    drifting = ai.Model.from_arrays([[[1.0, 0.0], [0.0, 1.0]]], [[[[0.5], [0.5]], [[0.5], [0.5]]]], D=[[1.0, 0.0]])
    certain = ai.Model.from_arrays([[[1.0, 0.0], [0.0, 1.0]]], [[[[1.0], [0.0]], [[0.0], [1.0]]]], D=[[1.0, 0.0]])
    said = []
    for seconds in (1e-12, 1e6):
        with pytest.raises(ImpossibleObservation) as caught:
            trace_in_calls_of(seconds, monkeypatch, ai.Agent(certain), ai.World(drifting), num_agents=5, num_steps=8)
        said.append(str(caught.value))
    assert said[0] == said[1]


@pytest.mark.parametrize("num_agents", [1, 200_000])
def test_work_stops_in_the_middle_of_a_block(num_agents: int) -> None:
    """One agent alone, and many in one block, would take minutes; written is only what was complete."""
    agent = ai.Agent(ai.envs.CueChain().model(), planner=Exhaustive(horizon=5))
    run = prepare(agent, None, num_agents, 2_000_000 // num_agents, 1, 0, ("action",), True, None)
    written: list[int] = []

    def take(first: int, arrays: dict[str, Any]) -> None:
        written.append(first)

    asked = iter([False, False, True])
    with pytest.raises(Stopped):
        blocks.run_blocks(run, range(0, num_agents, num_agents), 2, take, should_stop=lambda: next(asked))
    assert written == []


def test_nothing_is_stopped_that_nobody_stops() -> None:
    run = prepare(learner(), None, 5, 3, 1, 0, ("action",), True, None)
    written: list[int] = []
    blocks.run_blocks(run, range(0, 5, 2), 1, lambda first, _: written.append(first), should_stop=lambda: False)
    assert written == [0, 2, 4]


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({"cpu.max": "150000 100000\n"}, 2),
        ({"cpu.max": "20000 100000\n"}, 1),
        ({"cpu.max": "max 100000\n"}, 4),
        ({"cpu/cpu.cfs_quota_us": "300000\n", "cpu/cpu.cfs_period_us": "100000\n"}, 3),
        ({"cpu/cpu.cfs_quota_us": "-1\n", "cpu/cpu.cfs_period_us": "100000\n"}, 4),
        ({}, 4),
    ],
)
def test_a_container_uses_no_more_processors_than_its_share(
    files: dict[str, str], expected: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(blocks.os, "sched_getaffinity", lambda _: set(range(4)), raising=False)
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    assert blocks.cores(tmp_path) == expected
