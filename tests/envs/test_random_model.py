"""Random models: reproducible, of the size and the density asked for."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from actinf.envs import random_model
from actinf.errors import ModelError, SettingError


def test_the_same_seed_gives_the_same_model() -> None:
    assert random_model(seed=3) == random_model(seed=3)
    assert random_model(seed=3) != random_model(seed=4)


@given(
    st.lists(st.tuples(st.integers(1, 4), st.integers(1, 3)), min_size=1, max_size=3),
    st.lists(st.integers(1, 4), min_size=1, max_size=3),
    st.floats(0, 1),
)
def test_any_size_and_density_gives_a_model(factors: list[tuple[int, int]], num_obs: list[int], density: float) -> None:
    states, actions = zip(*factors, strict=True)
    model = random_model(num_states=states, num_obs=num_obs, num_actions=actions, density=density)
    assert model.num_states == states
    assert model.num_obs == tuple(num_obs)
    assert model.num_controls == tuple(size for size in actions if size > 1)


@pytest.mark.parametrize(("density", "share"), [(0.0, 0.01), (0.3, 0.3), (1.0, 1.0)])
def test_the_density_is_the_share_of_entries_that_are_not_zero(density: float, share: float) -> None:
    table = random_model(num_states=(100,), num_obs=(100,), num_actions=(1,), density=density).A[0]
    assert table.nnz / 10_000 == pytest.approx(share, abs=0.02)


def test_dependencies_can_be_stated() -> None:
    model = random_model(A_dependencies=[[1], [0, 1]], B_dependencies=[[0, 1], [1]])
    assert tuple(model.A_dependencies) == ((1,), (0, 1))
    assert model.B[0].shape == (3, 3, 2, 2)
    assert np.allclose(model.B[0].column_sums(), 1.0)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"num_states": 3}, "num_states=3"),
        ({"num_obs": []}, "num_obs="),
        ({"num_obs": [0]}, "num_obs=0"),
        ({"num_actions": [2]}, "has 1 entries for 2 factors: expected one each"),
        ({"density": 2}, "density=2"),
        ({"concentration": 0}, "concentration=0"),
        ({"seed": -1}, "seed=-1"),
    ],
)
def test_a_setting_out_of_its_range_is_named(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(SettingError, match=message):
        random_model(**settings)


def test_dependencies_that_do_not_exist_are_named() -> None:
    with pytest.raises(ModelError, match="depends on 5, which is not a factor"):
        random_model(A_dependencies=[[5], [0]])
