"""A run of the benchmark, small and without a peer."""

import sys
from pathlib import Path

import pytest

from actinf.errors import SettingError
from actinf.lab.bench import Bench, render
from actinf.lab.bench.measure import Agreement, Figures, Measurement, Report
from actinf.lab.bench.rows import BatchRow, MemoryRow, StepRow


def quiet(_: str) -> None:
    pass


def test_the_engine_agrees_with_the_plain_calculation_and_is_timed() -> None:
    rows = [
        StepRow("step-small", "a step", "tmaze25", 15, seconds=0.0),
        BatchRow("batch-small", "a batch", "tmaze25", 8, agents=3, steps=2, individual=True),
        MemoryRow("memory-small", "a run", "tmaze25", agents=3, steps=2, peak_limit=10**12),
    ]
    report = Bench(None, 1, quiet).run(rows)
    assert [agreement.between for agreement in report.agreements] == [
        "actinf float64 / reference",
        "actinf float32 / reference",
    ]
    assert all(agreement.holds for agreement in report.agreements)
    step, batch, memory = report.measurements
    assert step.figures["float64"].samples == 3
    assert 0 < step.figures["float64"].median <= step.figures["float64"].p999
    assert batch.figures["float32"].median > 0
    assert 1e7 < memory.peak("float64") < 1e10
    assert "| a step |" in render(report)


def test_a_peer_without_pymdp_is_named_with_what_its_process_said_last() -> None:
    row = StepRow("step-small", "a step", "tmaze25", seconds=0.0)
    with pytest.raises(SettingError, match=r"the benchmark's process for pymdp ended early: ModuleNotFoundError.*jax"):
        Bench(Path(sys.executable), 1, quiet).run([row])


@pytest.mark.parametrize("difference", [2e-5, float("nan")])
def test_posteriors_that_differ_do_not_pass(difference: float) -> None:
    assert not Agreement("m", "a / b", difference, 0.0).holds
    assert not Agreement("m", "a / b", 0.0, difference).holds


def test_a_target_is_held_against_the_peer_of_the_same_run() -> None:
    row = BatchRow("batch-small", "a batch", "tmaze25", 8, agents=1, steps=1)
    figures = {"float32": Figures(1.0), "float64": Figures(1.5), "pymdp": Figures(9.0), "pymdp by hand": Figures(4.0)}
    slower = figures | {"float32": Figures(2.0)}
    table = render(Report(measurements=[Measurement(row, figures), Measurement(row, slower)]))
    assert "| 9.00x | ≥ 8x ✓ | 4.00 | 4.00x |" in table
    assert "| 4.50x | ≥ 8x ✗ | 4.00 | 2.00x |" in table
