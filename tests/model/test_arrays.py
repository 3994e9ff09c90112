"""Raw arrays in pymdp's convention: in, and out again bit by bit."""

import numpy as np
import pytest

from actinf.errors import ModelError
from actinf.model import Model


def random_tables(seed: int = 0) -> tuple[list[np.ndarray], list[np.ndarray]]:
    random = np.random.default_rng(seed)
    A = [np.moveaxis(random.dirichlet(np.ones(rows), size=(3, 2)), -1, 0) for rows in (4, 5)]
    B = [
        np.moveaxis(random.dirichlet(np.ones(3), size=(3, 2)), -1, 0),
        np.moveaxis(random.dirichlet(np.ones(2), size=(2, 1)), -1, 0),
    ]
    return A, B


def test_the_same_numbers_are_found_in_the_model() -> None:
    A, B = random_tables()
    C = [np.array([0.1, 0.2, 0.3, 0.4]), np.arange(10.0).reshape(2, 5)]
    D = [np.array([0.2, 0.3, 0.5]), np.array([0.1, 0.9])]
    E = np.array([0.25, 0.75])
    model = Model.from_arrays(A, B, C, D, E, pA=[a * 7 for a in A])
    assert all(np.array_equal(table.dense(), array) for table, array in zip(model.A, A, strict=True))
    assert all(np.array_equal(table.dense(), array) for table, array in zip(model.B, B, strict=True))
    assert np.array_equal(model.C[0], C[0][None])
    assert np.array_equal(model.C[1], C[1])
    assert all(np.array_equal(here, array) for here, array in zip(model.D, D, strict=True))
    assert model.E is not None
    assert np.array_equal(model.E, E)
    assert np.array_equal(np.asarray(model.pA[1]), A[1] * 7)


def test_dependencies_are_those_of_pymdp_by_default() -> None:
    model = Model.from_arrays(*random_tables())
    assert tuple(model.A_dependencies) == ((0, 1), (0, 1))
    assert tuple(model.B_dependencies) == ((0,), (1,))
    assert [control.factor for control in model.controls] == ["factor_0"]


def test_dependencies_can_be_stated_by_position() -> None:
    A, B = random_tables()
    B[1] = np.full((2, 3, 2, 1), 0.5)
    model = Model.from_arrays([A[0], A[1][:, :, 0]], B, A_dependencies=[[0, 1], [0]], B_dependencies=[[0], [0, 1]])
    assert tuple(model.A_dependencies) == ((0, 1), (0,))
    assert tuple(model.B_dependencies) == ((0,), (0, 1))


def test_object_arrays_of_arrays_are_unpacked_and_one_array_is_one_entry() -> None:
    A, B = random_tables()
    packed = np.empty(2, dtype=object)
    packed[:] = A
    assert Model.from_arrays(packed, tuple(B)) == Model.from_arrays(A, B)
    one = Model.from_arrays(np.eye(3), np.eye(3)[:, :, None])
    assert (one.num_obs, one.num_states, one.num_controls) == ((3,), (3,), ())


def test_float32_is_widened_without_loss() -> None:
    A, B = random_tables()
    narrow = [array.astype(np.float32) for array in A]
    model = Model.from_arrays(narrow, B)
    assert np.array_equal(model.A[0].dense().astype(np.float32), narrow[0])


def test_names_can_be_given() -> None:
    A, B = random_tables()
    model = Model.from_arrays(
        A,
        B,
        factors={"place": ["a", "b", "c"], "time of day": 2},
        modalities={"x": 4, "y": 5},
        controls={"place": ["go", "stay"]},
    )
    assert model.factors.names == ("place", "time of day")
    assert model.controls["place"].actions == ("go", "stay")


@pytest.mark.parametrize("wrong", [None, 3, "A", [3]])
def test_what_is_no_list_of_arrays_is_refused(wrong: object) -> None:
    with pytest.raises(ModelError, match="expected"):
        Model.from_arrays(wrong, [np.eye(2)])


def test_arrays_that_do_not_fit_are_named() -> None:
    A, B = random_tables()
    with pytest.raises(ModelError, match=r"A\['modality_0'\] has shape \(4, 3\), but it depends on 'factor_0' and"):
        Model.from_arrays([A[0][:, :, 0], A[1]], B)
