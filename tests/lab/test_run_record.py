"""The record of a run: there in whole or not at all, and able to say what is not as it was."""

import hashlib
import json
from dataclasses import replace
from pathlib import Path

import pytest

from actinf.errors import TraceError
from actinf.lab.run_record import RECORD_FILE, RunRecord, digest_of, this_machine, write_atomically


@pytest.fixture
def record() -> RunRecord:
    return RunRecord(
        name="maze",
        command=["actinf", "run", "maze"],
        seed=7,
        model_hash="ab" * 32,
        world_hashes=["cd" * 32],
        configuration={"agents": 3},
        threads=None,
        machine=this_machine("0.1"),
        started="2026-01-01T00:00:00+00:00",
        seconds=1.5,
        trace_sha256="ef" * 32,
        trace_bytes=10,
    )


def test_a_record_is_read_as_it_was_written(record: RunRecord, tmp_path: Path) -> None:
    record.write(tmp_path)
    assert RunRecord.read(tmp_path) == record
    assert [path.name for path in tmp_path.iterdir()] == [RECORD_FILE]


def test_the_record_names_the_versions_and_the_processor(record: RunRecord) -> None:
    machine = record.machine
    assert set(machine.libraries) == {"numpy", "numba", "llvmlite", "xarray", "h5netcdf", "h5py"}
    assert machine.processor
    assert machine.architecture


def test_what_differs_between_machines_is_named(record: RunRecord) -> None:
    then = replace(record.machine, processor="abacus", libraries={**record.machine.libraries, "numpy": "1.0"})
    differences = record.machine.differences(then)
    assert f"processor {record.machine.processor} was abacus" in differences
    assert any(difference.startswith("numpy ") and difference.endswith(" was 1.0") for difference in differences)
    assert record.machine.differences(record.machine) == []


def test_the_record_holds_the_digest_of_the_kernels(record: RunRecord, tmp_path: Path) -> None:
    from actinf.kernels.compile import kernel_digest

    assert RunRecord.read(record.write(tmp_path).parent).machine.kernels == kernel_digest()


def test_kernels_of_another_source_are_told_from_those_of_another_compiler(record: RunRecord) -> None:
    now = record.machine
    (changed,) = now.differences(replace(now, kernels="0123"))
    assert changed == f"digest of the kernels {now.kernels} was 0123: their source was changed"
    older = replace(now, kernels="0123", libraries={**now.libraries, "numba": "0.1"})
    assert now.differences(older)[-1] == f"digest of the kernels {now.kernels} was 0123"


def test_a_record_that_does_not_know_its_kernels_is_read_and_accuses_nobody(record: RunRecord, tmp_path: Path) -> None:
    path = record.write(tmp_path)
    plain = json.loads(path.read_text())
    del plain["machine"]["kernels"]
    path.write_text(json.dumps(plain))
    assert record.machine.differences(RunRecord.read(tmp_path).machine) == []


def test_a_folder_without_a_record_is_not_a_run(tmp_path: Path) -> None:
    with pytest.raises(TraceError, match=r"is not the folder of a run: it has no run\.json"):
        RunRecord.read(tmp_path)


def test_a_damaged_record_is_named(tmp_path: Path) -> None:
    (tmp_path / RECORD_FILE).write_text("{")
    with pytest.raises(TraceError, match="cannot be read as the record of a run"):
        RunRecord.read(tmp_path)


def test_a_file_is_written_in_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.json").write_text("old")

    def fail(descriptor: int) -> None:
        raise OSError("the disk is full")

    monkeypatch.setattr("os.fsync", fail)
    with pytest.raises(OSError, match="full"):
        write_atomically(tmp_path / "a.json", "new")
    assert (tmp_path / "a.json").read_text() == "old"
    assert len(list(tmp_path.iterdir())) == 1


def test_a_digest_is_the_sha256_of_the_bytes(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"abc" * 100_000)
    assert digest_of(tmp_path / "file") == hashlib.sha256(b"abc" * 100_000).hexdigest()
