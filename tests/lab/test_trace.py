"""The trace: names on raw arrays, and a file that is there in whole or not at all."""

import hashlib
import shutil
from pathlib import Path

import numpy as np
import pytest

from actinf.errors import BudgetError, TraceError
from actinf.lab.trace import TRACE_FILE, TraceWriter, names_of, open_trace, to_dataset
from actinf.lab.trace_layout import Extent, TraceLayout, policy_labels
from actinf.model import Model

from .conftest import Recording, record_at_random


def block(recorded: Recording, agents: slice) -> dict[str, np.ndarray]:
    return {name: values[:, agents] for name, values in recorded.arrays.items()}


def write(path: Path, recorded: Recording, *, width: int = 6, backwards: bool = False) -> str:
    starts = list(range(0, recorded.layout.num_agents, width))
    with TraceWriter(path, recorded.layout) as writer:
        for first in reversed(starts) if backwards else starts:
            writer.write(first, block(recorded, slice(first, first + width)))
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_beliefs_of_a_factor_have_its_states_as_coordinates(recorded: Recording) -> None:
    trace = to_dataset(recorded.layout, recorded.arrays)
    assert trace["qs_location"].dims == ("episode", "agent", "time", "location")
    left = trace["qs_location"].sel(location="left")
    np.testing.assert_array_equal(left, recorded.arrays["qs"][..., 2])
    np.testing.assert_array_equal(trace["qs_context"], recorded.arrays["qs"][..., 4:6])


def test_observations_are_small_integers_that_know_their_names(recorded: Recording) -> None:
    trace = to_dataset(recorded.layout, recorded.arrays)
    assert trace["obs_hint"].dtype == np.int8
    assert names_of(trace["obs_hint"]) == ["none", "go left", "go right"]
    assert names_of(trace["action_location"])[1] == "go cue"
    assert names_of(trace["state_context"]) == ["reward left", "reward right"]


def test_policies_are_named_by_their_actions_in_time(recorded: Recording) -> None:
    trace = to_dataset(recorded.layout, recorded.arrays)
    assert list(trace["policy"].values[:2]) == ["go centre > go centre", "go centre > go cue"]
    assert trace["G"].attrs["units"] == "nats"


def test_joint_actions_are_joined_by_a_plus() -> None:
    model = Model(
        factors={"arm": 2, "leg": 2},
        modalities={"touch": 2},
        controls={"arm": ["up", "down"], "leg": ["walk", "stand"]},
        A={"touch": "uniform"},
        B={"arm": "uniform", "leg": "uniform"},
        A_dependencies={"touch": ["arm"]},
    )
    assert policy_labels(np.array([[[0, 1], [1, 0]]]), model) == ("up+stand > down+walk",)


def test_a_trace_names_its_model_and_its_seed(recorded: Recording, model: Model) -> None:
    trace = to_dataset(recorded.layout, recorded.arrays)
    assert trace.attrs == {"model": "small maze", "model_hash": model.hash, "seed": 7}


def test_only_what_is_asked_for_is_recorded(model: Model) -> None:
    recorded = record_at_random(model, names=("obs", "F"))
    trace = to_dataset(recorded.layout, recorded.arrays)
    assert list(trace.data_vars) == ["obs_where", "obs_hint", "F"]
    assert "policy" not in trace.coords


def test_an_unknown_recording_is_refused_with_the_known_ones(model: Model) -> None:
    with pytest.raises(TraceError, match="cannot record 'belief': what can be recorded is state, obs"):
        TraceLayout.plan(model=model, extent=Extent(num_agents=1, num_steps=1), record=("belief",))


def test_counts_of_a_sparse_table_are_recorded_in_its_dense_shape(model: Model) -> None:
    recorded = record_at_random(model, names=("counts",))
    trace = to_dataset(recorded.layout, recorded.arrays)
    assert trace["pA_hint"].dims == ("episode", "agent", "hint", "location", "context")
    table = model.A["hint"]
    one = trace["pA_hint"].values[1, 3].reshape(3, -1)
    np.testing.assert_array_equal(one[table.indices, table.column_of_entry()], recorded.arrays["pA_hint"][1, 3])
    assert np.count_nonzero(one) == table.nnz


def test_a_factor_may_have_a_name_that_the_trace_needs_itself() -> None:
    model = Model(
        factors={"F": 2}, modalities={"F": 2}, A={"F": "identity"}, B={"F": "identity"}, pA={"F": 1.0}, pB={"F": 1.0}
    )
    layout = TraceLayout.plan(
        model=model, extent=Extent(num_agents=1, num_steps=3), record=("qs", "F", "counts"), learned=("A", "B")
    )
    arrays = {
        "qs": np.full((1, 1, 3, 2), 0.5),
        "F": np.zeros((1, 1, 3)),
        "pA_F": np.ones((1, 1, 2)),
        "pB_F": np.ones((1, 1, 2)),
    }
    trace = to_dataset(layout, arrays)
    assert trace["qs_F"].dims[-1] == "F_state"
    assert len(set(trace["pA_F"].dims)) == 4
    assert len(set(trace["pB_F"].dims)) == 5


def test_a_file_holds_what_the_dataset_in_memory_holds(recorded: Recording, tmp_path: Path) -> None:
    write(tmp_path / TRACE_FILE, recorded, width=4)
    with open_trace(tmp_path) as trace:
        for name, variable in to_dataset(recorded.layout, recorded.arrays).variables.items():
            np.testing.assert_array_equal(trace[name], variable)
            assert trace[name].dims == variable.dims
        assert names_of(trace["obs_hint"]) == ["none", "go left", "go right"]
        assert trace.attrs["seed"] == 7


def test_the_bytes_do_not_depend_on_the_blocks_nor_on_their_order(recorded: Recording, tmp_path: Path) -> None:
    digests = {
        write(tmp_path / "whole.nc", recorded),
        write(tmp_path / "ones.nc", recorded, width=1),
        write(tmp_path / "backwards.nc", recorded, width=4, backwards=True),
    }
    assert len(digests) == 1


def test_a_name_list_beyond_the_old_limit_of_hdf5_is_kept(tmp_path: Path) -> None:
    model = Model(
        factors={"cell": 5000}, modalities={"cell": [f"seen {i}" for i in range(5000)]}, A={"cell": "identity"},
        B={"cell": "identity"},
    )  # fmt: skip
    layout = TraceLayout.plan(model=model, extent=Extent(num_agents=1, num_steps=1), record=("obs",))
    with TraceWriter(tmp_path / TRACE_FILE, layout) as writer:
        writer.write(0, {"obs": np.full((1, 1, 1, 1), 4999)})
    with open_trace(tmp_path) as trace:
        assert names_of(trace["obs_cell"])[int(trace["obs_cell"].item())] == "seen 4999"


def test_an_interrupted_run_leaves_no_trace(recorded: Recording, tmp_path: Path) -> None:
    def interrupted() -> None:
        with TraceWriter(tmp_path / TRACE_FILE, recorded.layout) as writer:
            writer.write(0, block(recorded, slice(0, 3)))
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert list(tmp_path.iterdir()) == []


def test_a_trace_that_lacks_an_agent_never_appears(recorded: Recording, tmp_path: Path) -> None:
    with (
        pytest.raises(TraceError, match="2 agents were not written, the first of them is 4"),
        TraceWriter(tmp_path / TRACE_FILE, recorded.layout) as writer,
    ):
        writer.write(0, block(recorded, slice(0, 4)))
    assert list(tmp_path.iterdir()) == []


def test_an_older_trace_stays_until_the_new_one_is_complete(recorded: Recording, tmp_path: Path) -> None:
    digest = write(tmp_path / TRACE_FILE, recorded)
    with pytest.raises(TraceError), TraceWriter(tmp_path / TRACE_FILE, recorded.layout):
        pass
    assert hashlib.sha256((tmp_path / TRACE_FILE).read_bytes()).hexdigest() == digest


def test_an_agent_cannot_be_written_twice(recorded: Recording, tmp_path: Path) -> None:
    with TraceWriter(tmp_path / TRACE_FILE, recorded.layout) as writer:
        writer.write(0, block(recorded, slice(0, 3)))
        with pytest.raises(TraceError, match="agent 2 was written before"):
            writer.write(2, block(recorded, slice(2, 4)))
        writer.write(3, block(recorded, slice(3, 6)))


def test_an_array_of_another_shape_is_refused_by_name(recorded: Recording, tmp_path: Path) -> None:
    wrong = {**recorded.arrays, "F": np.zeros((2, 6, 4))}
    with pytest.raises(TraceError, match=r"'F' has shape \(2, 6, 4\).*expects \(2, 6, 5\)"):
        to_dataset(recorded.layout, wrong)


def test_a_trace_larger_than_the_disk_is_refused_before_it_starts(
    recorded: Recording, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(100, 90, 10))
    with pytest.raises(BudgetError, match="record less"), TraceWriter(tmp_path / TRACE_FILE, recorded.layout):
        pass
    assert list(tmp_path.iterdir()) == []


def test_a_folder_without_a_trace_is_named(tmp_path: Path) -> None:
    with pytest.raises(TraceError, match=r"no trace at .*trace\.nc"):
        open_trace(tmp_path)


def test_a_file_that_is_no_trace_is_named(tmp_path: Path) -> None:
    (tmp_path / TRACE_FILE).write_text("not HDF5")
    with pytest.raises(TraceError, match="is not a trace that can be read"):
        open_trace(tmp_path)
