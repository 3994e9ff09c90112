"""The models that the benchmark runs."""

from pathlib import Path

import numpy as np
import pytest

from actinf.lab.bench.models import BUILDERS, BenchModel, build

POLICIES = {
    "tmaze25": 25,
    "tmaze625": 625,
    "grid": 625,
    "grid_noisy": 625,
    "random": 216,
    "chain4": 256,
    "chain7": 16_384,
}


@pytest.mark.parametrize("key", POLICIES)
def test_every_column_of_a_model_sums_to_one(key: str) -> None:
    model = build(key)
    for table in (*model.A, *model.B, *model.D):
        assert np.allclose(table.sum(axis=0), 1.0, atol=1e-12)


@pytest.mark.parametrize(("key", "policies"), POLICIES.items())
def test_a_model_has_the_number_of_policies_that_its_row_says(key: str, policies: int) -> None:
    assert build(key).num_policies == policies


def test_both_sides_read_the_very_same_numbers(tmp_path: Path) -> None:
    model = build("random")
    model.save(tmp_path / "model.npz")
    found = BenchModel.load(tmp_path / "model.npz")
    for ours, theirs in zip(
        (*model.A, *model.B, *model.C, *model.D), (*found.A, *found.B, *found.C, *found.D), strict=True
    ):
        assert np.array_equal(ours, theirs)
    assert (found.A_dependencies, found.B_dependencies) == (model.A_dependencies, model.B_dependencies)
    assert (found.name, found.horizon, found.gamma) == (model.name, model.horizon, model.gamma)


def test_a_model_is_the_same_each_time_it_is_built() -> None:
    for key in sorted(set(BUILDERS) - {"dense1000"}):
        assert all(np.array_equal(a, b) for a, b in zip(build(key).A, build(key).A, strict=True))
