"""Modalities that depend on the same factors are planned for side by side."""

import itertools

import numba
import numpy as np
import pytest

import actinf as ai
from actinf.agent.groups import Groups
from actinf.agent.structure import own_structure
from actinf.kernels.rows import padded_width


def model(parents: list[list[int]], num_obs: list[int], kind: str = "dense") -> ai.Model:
    rng = np.random.default_rng(0)
    states = (3, 2)
    A = []
    for count, own in zip(num_obs, parents, strict=True):
        table = rng.random((count, *(states[f] for f in own)))
        if kind == "certain":
            table = (table == table.max(axis=0)).astype(float)
        A.append(table / table.sum(axis=0))
    B = [np.full((n, n, 2), 1.0 / n) for n in states]
    return ai.Model.from_arrays(A, B, A_dependencies=parents)


def test_equal_parents_are_one_group_and_outcomes_follow_one_another() -> None:
    groups = Groups.of(own_structure(model([[0], [0, 1], [0], [0, 1]], [2, 3, 4, 5])))
    assert groups.members == ((0, 2), (1, 3))
    assert groups.of_modality == (0, 1, 0, 1)
    assert groups.num_obs == (6, 8)
    assert groups.offset == (0, 0, 2, 3)
    assert groups.num_columns == (3, 6)


def test_terms_by_modality_keep_them_apart() -> None:
    groups = Groups.of(own_structure(model([[0], [0]], [2, 3])), apart=True)
    assert groups.members == ((0,), (1,))


def test_few_zeros_are_rows_and_many_are_entries() -> None:
    assert Groups.of(own_structure(model([[0, 1]], [8]))).dense == (True,)
    sparse = Groups.of(own_structure(model([[0, 1], [0, 1]], [8, 9], "certain")))
    assert sparse.dense == (False,)
    start, outcome, source = sparse.entries()
    assert len(start) == 6 + 1
    assert len(outcome) == len(source) == start[-1] == 2 * 6
    assert all(sorted(outcome[first:end] >= 8) == [False, True] for first, end in itertools.pairwise(start))


def test_a_group_plans_as_its_modalities_do_apart() -> None:
    for kind in ("dense", "certain"):
        told = model([[0, 1], [0], [0, 1], [0]], [3, 2, 4, 5], kind)
        together = ai.Agent(told, planner=ai.Exhaustive(horizon=2)).start().step([None] * 4)
        np.testing.assert_allclose(together.explain().G, together.G, atol=1e-12)


@numba.njit
def width_in_the_kernel(num_obs: int) -> int:
    return padded_width(num_obs)


@pytest.mark.parametrize("num_obs", range(1, 40))
def test_rows_are_as_wide_for_the_kernel_as_for_whoever_writes_them(num_obs: int) -> None:
    assert (width_in_the_kernel(num_obs),) == Groups.of(own_structure(model([[0]], [num_obs]))).widths
