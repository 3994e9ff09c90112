"""Chunks: put together they are the simulation in one go, to the last bit; and what does not fit is refused."""

import json
import random
import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr

import actinf as ai
from actinf.errors import FileError, SettingError, Stopped, TraceError
from actinf.lab import blocks
from actinf.lab.chunks import MAGIC, ChunkedRun
from actinf.lab.experiment import AgentSettings, Experiment
from actinf.lab.experiment_document import bundled_document, experiment_from_document, overridden
from actinf.lab.running import simulated
from actinf.lab.trace_layout import Extent

LEARNING = Experiment(
    name="learning",
    model=ai.envs.random_model(num_states=(3, 2), num_obs=(4, 3), num_actions=(2, 2), density=0.7, seed=1),
    agent=AgentSettings(
        planner=ai.Exhaustive(horizon=2, novelty=True),
        learning=ai.Learning(A=True, B=True, D=True, E=True),
        alpha=2.0,
        dtype="float32",
    ),
    extent=Extent(num_agents=11, num_steps=4, num_episodes=3),
    seed=7,
)
CASES = {
    "tmaze": overridden(bundled_document("tmaze"), num_agents=13, num_steps=5, seed=3),
    "a schedule, learning, episodes": overridden(bundled_document("bandit_reversal"), num_agents=9, num_episodes=23),
    "counts forgotten": {
        **overridden(bundled_document("bandit_reversal"), num_agents=5, num_episodes=3),
        "carry_counts": False,
        "schedule": {},
    },
    "grid world": overridden(bundled_document("grid_world"), num_agents=4, num_steps=6),
    "one recording": overridden(bundled_document("cue_chain"), num_agents=4, num_steps=3, record=["obs"]),
    "all that is learned": LEARNING,
}


def run_of(case: str, **sizes: Any) -> ChunkedRun:
    made = CASES[case]
    return ChunkedRun.plan(made, **sizes) if isinstance(made, Experiment) else ChunkedRun.of_document(made, **sizes)


def small() -> ChunkedRun:
    return run_of("tmaze", max_agents=4)


@pytest.mark.parametrize("case", CASES)
def test_chunks_are_the_simulation_simulated(case: str, tmp_path: Path) -> None:
    """In memory the same dataset, on disk the same bytes, in whatever order the chunks come."""
    run = run_of(case, max_agents=2)
    assert len(run.ranges) > 1
    chunks = [run.compute(agents) for agents in run.ranges]
    random.Random(0).shuffle(chunks)
    xr.testing.assert_identical(run.assemble(chunks), simulated(run.experiment))
    run.write(chunks, tmp_path / "chunks.nc")
    simulated(run.experiment, out=tmp_path / "whole.nc").close()
    assert (tmp_path / "chunks.nc").read_bytes() == (tmp_path / "whole.nc").read_bytes()


def test_a_run_is_continued_by_another_process_that_has_the_document_alone() -> None:
    """Whichever chunks there are: the rest is computed from the stored text, with other threads, to the same bytes."""
    text = json.dumps(CASES["a schedule, learning, episodes"])
    first = ChunkedRun.of_document(json.loads(text), max_agents=2)
    kept = {agents: first.compute(agents, threads=2) for agents in first.ranges[::2]}
    later = ChunkedRun.of_document(json.loads(text), max_agents=2)
    assert (later.ranges, later.digest) == (first.ranges, first.digest)
    assert later.compute(later.ranges[0], threads=1) == kept[first.ranges[0]]
    chunks = [kept[agents] if agents in kept else later.compute(agents, threads=1) for agents in later.ranges]
    xr.testing.assert_identical(later.assemble(chunks), simulated(first.experiment))


def test_ranges_are_even_and_keep_to_the_bytes_and_agents_that_are_allowed() -> None:
    whole = run_of("tmaze")
    assert whole.ranges == ((0, 13),)
    per_agent = whole.layout.nbytes // 13
    by_bytes = run_of("tmaze", chunk_bytes=3 * per_agent + 1).ranges
    assert by_bytes[0][0] == 0
    assert by_bytes[-1][1] == 13
    assert {last - first for first, last in by_bytes} == {2, 3}
    assert run_of("tmaze", chunk_bytes=1).ranges == tuple((at, at + 1) for at in range(13))
    assert run_of("tmaze", max_agents=7).ranges == ((0, 6), (6, 13))


def test_ranges_keep_to_the_seconds_that_are_expected() -> None:
    whole = run_of("tmaze")
    assert whole.estimate.trace_bytes == whole.layout.nbytes
    each = run_of("tmaze", chunk_seconds=whole.estimate.seconds * 5.1 / 13)
    assert max(last - first for first, last in each.ranges) == 5
    assert len(run_of("tmaze", chunk_seconds=1e-12).ranges) == 13
    assert run_of("tmaze", chunk_seconds=1e9).ranges == ((0, 13),)
    assert len(run_of("tmaze", chunk_seconds=1e9, max_agents=1).ranges) == 13


def test_what_is_recorded_is_said_at_planning_or_chosen_by_size() -> None:
    assert run_of("tmaze", record=["obs"]).experiment.record == ("obs",)
    chosen = run_of("tmaze").experiment.record
    assert chosen is not None
    assert {"state", "obs", "action", "qs", "q_pi"} <= set(chosen)


def test_progress_is_told_up_to_the_end_of_the_chunk() -> None:
    told: list[tuple[int, int]] = []
    run = small()
    run.compute(run.ranges[0], progress=lambda *at: told.append(at))
    first, last = run.ranges[0]
    assert told[-1] == ((last - first) * 5, (last - first) * 5)


def test_a_chunk_is_stopped_and_computed_again() -> None:
    run = small()
    with pytest.raises(Stopped):
        run.compute(run.ranges[0], should_stop=lambda: True)
    assert run.compute(run.ranges[0], should_stop=lambda: False) == run.compute(run.ranges[0])


def test_how_long_calls_are_changes_no_byte(monkeypatch: pytest.MonkeyPatch) -> None:
    run = run_of("all that is learned", max_agents=5)
    expected = run.compute(run.ranges[1])
    monkeypatch.setattr(blocks, "CALL_SECONDS", 1e-12)
    assert run.compute(run.ranges[1]) == expected


def test_writing_holds_one_chunk_at_a_time(tmp_path: Path) -> None:
    document = overridden(bundled_document("tmaze"), num_agents=4000, num_steps=20)
    run = ChunkedRun.of_document(document, chunk_bytes=2**18)
    stored = [run.compute(agents) for agents in run.ranges]
    run.write(stored[:1] + stored[1:], tmp_path / "first.nc")  # what the libraries keep for themselves is there
    tracemalloc.start()
    try:
        run.write(iter(stored), tmp_path / "again.nc")
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 8 * 2**18 < run.layout.nbytes / 4


def test_an_agent_that_is_missing_or_there_twice_is_named(tmp_path: Path) -> None:
    run = small()
    chunks = [run.compute(agents) for agents in run.ranges]
    with pytest.raises(TraceError, match="3 agents are in no chunk, the first of them is 3"):
        run.assemble([chunks[0], *chunks[2:]])
    with pytest.raises(TraceError, match="agent 3 is in two chunks"):
        run.assemble([*chunks, chunks[1]])
    with pytest.raises(TraceError, match="3 agents were not written"):
        run.write([chunks[0], *chunks[2:]], tmp_path / "t.nc")
    assert list(tmp_path.iterdir()) == []


def test_a_chunk_of_another_run_is_refused() -> None:
    run, other = small(), ChunkedRun.of_document(overridden(bundled_document("tmaze"), num_agents=13, num_steps=5))
    with pytest.raises(TraceError, match="belongs to another run"):
        run.assemble([other.compute(agents) for agents in other.ranges])


def header_of(data: bytes) -> tuple[dict[str, Any], bytes]:
    start = len(MAGIC) + 8
    end = start + int.from_bytes(data[len(MAGIC) : start], "little")
    return json.loads(data[start:end]), data[end:]


def framed(header: object, rest: bytes) -> bytes:
    text = json.dumps(header).encode()
    return MAGIC + len(text).to_bytes(8, "little") + text + rest


def test_a_chunk_is_the_frame_that_is_documented() -> None:
    run = small()
    header, rest = header_of(run.compute(run.ranges[0]))
    assert (header["run"], header["first"], header["last"]) == (run.digest, 0, 3)
    assert sum(one["bytes"] for one in header["arrays"]) == len(rest)
    assert [one["name"] for one in header["arrays"]] == sorted(one["name"] for one in header["arrays"])
    arrays = run.unpack(run.compute(run.ranges[0])).arrays
    assert {one["name"]: tuple(one["shape"]) for one in header["arrays"]} == {
        name: array.shape for name, array in arrays.items()
    }
    assert arrays["obs"].dtype == np.int8


def test_a_damaged_chunk_is_refused_in_every_part() -> None:
    run = small()
    data = run.compute(run.ranges[0])
    header, rest = header_of(data)

    def told(key: str, value: object) -> bytes:
        return framed({**header, key: value}, rest)

    def array(key: str, value: object) -> bytes:
        return told("arrays", [{**header["arrays"][0], key: value}, *header["arrays"][1:]])

    damaged = [
        b"",
        b"PK\x03\x04" + data,
        data[: len(MAGIC) + 3],
        MAGIC + b"\xff" * 8 + b"{}",
        framed([], b""),
        framed({}, b""),
        MAGIC + (2).to_bytes(8, "little") + b"{]",
        told("last", 4),
        told("arrays", 3),
        array("shape", [1, 3, 10**12]),
        array("shape", [1, 3, -1]),
        array("shape", [3]),
        array("shape", [1, 3, 4, 1]),
        array("dtype", "O"),
        array("dtype", "nothing"),
        array("bytes", 3),
        data[:-1],
        framed(header, b"\0" + rest[1:]),
    ]
    for one in damaged:
        with pytest.raises(TraceError):
            run.unpack(one)
    assert run.unpack(data).last == 3


@pytest.mark.parametrize("agents", [(-1, 2), (0, 14), (3, 3), (4, 2)])
def test_agents_that_there_are_not_are_refused(agents: tuple[int, int]) -> None:
    with pytest.raises(SettingError, match="expected a range of agents between 0 and 13"):
        small().compute(agents)


@pytest.mark.parametrize("sizes", [{"chunk_bytes": 0}, {"chunk_bytes": 1.5}, {"max_agents": 0}, {"max_agents": True}])
def test_sizes_that_are_none_are_refused(sizes: dict[str, Any]) -> None:
    with pytest.raises(SettingError, match="expected a whole number of at least 1"):
        run_of("tmaze", **sizes)
    with pytest.raises(SettingError, match="expected a number above 0"):
        run_of("tmaze", chunk_seconds=0)
    with pytest.raises(SettingError, match="threads=0"):
        small().compute((0, 1), threads=0)


def test_a_document_with_a_file_or_a_recording_that_there_is_not_is_refused() -> None:
    with pytest.raises(FileError, match="names no files"):
        ChunkedRun.of_document({"actinf": 1, "kind": "experiment", "model": "mine.yaml"})
    with pytest.raises(SettingError, match="there is no 'belief' to be recorded"):
        run_of("tmaze", record=["belief"])


def test_the_summary_is_plain_data_of_a_bounded_size() -> None:
    document = overridden(bundled_document("bandit_reversal"), num_agents=5, num_episodes=200, num_steps=150)
    run = ChunkedRun.of_document({**document, "record": ["obs", "action", "F"]})
    trace = run.assemble([run.compute(agents) for agents in run.ranges])
    summary = json.loads(json.dumps(run.summary(trace, seconds=2.0)))
    assert summary["headline"].startswith("5 agents lived 200 episodes")
    assert summary["num_steps"] == 150_000
    assert summary["microseconds_per_step"] == pytest.approx(2e6 / 150_000)
    [control] = summary["actions"]
    assert [one["episode"] for one in control["episodes"]] == [0, 199]
    assert len(control["episodes"][0]["steps"]) == len(control["episodes"][0]["share"]) == 100
    assert len(summary["episodes"]) == len(summary["free_energy"]) == 100
    assert summary["behaviour"]
    assert summary["outcomes"]


def test_a_summary_of_what_was_not_recorded_says_nothing_of_it() -> None:
    run = run_of("one recording")
    summary = run.summary(run.assemble([run.compute(agents) for agents in run.ranges]), seconds=1.0)
    assert (summary["actions"], summary["free_energy"]) == ([], None)


def test_the_ranges_do_not_enter_the_digest_but_what_is_run_does() -> None:
    document = CASES["tmaze"]
    assert isinstance(document, dict)
    digests = {
        ChunkedRun.plan(experiment_from_document(made)).digest
        for made in (
            document,
            {**document, "seed": 4},
            {**document, "agents": 14},
            {**document, "world": {"bundled": "tmaze", "settings": {"cue_validity": 0.6}}},
            {**document, "agent": {**document["agent"], "gamma": 3}},
            {**document, "record": ["obs"]},
        )
    }
    assert len(digests) == 6
    assert small().digest in digests


def test_chunks_of_an_earlier_version_are_put_together_under_its_name() -> None:
    earlier = run_of("tmaze", max_agents=4, version="0.0.1")
    chunks = [earlier.compute(agents) for agents in earlier.ranges]
    with pytest.raises(TraceError, match="belongs to another run"):
        small().assemble(chunks)
    trace = run_of("tmaze", max_agents=4, version="0.0.1").assemble(chunks)
    assert trace.attrs["version"] == "0.0.1"
    assert trace.assign_attrs(version=ai.__version__).identical(small().assemble(map(small().compute, small().ranges)))
