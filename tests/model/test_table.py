"""Tables: what is stored, and that nothing is lost."""

import pickle

import hypothesis.extra.numpy as hnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from actinf.errors import ModelError
from actinf.model import Table

SHAPES = hnp.array_shapes(min_dims=1, max_dims=4, min_side=1, max_side=4)
ARRAYS = hnp.arrays(np.float64, SHAPES, elements=st.sampled_from([0.0, -0.0, 0.1, 1 / 3, 1e-300, 1.0]))


@given(ARRAYS)
def test_a_table_gives_back_the_numbers_it_was_made_of(array: np.ndarray) -> None:
    table = Table.from_dense(array)
    assert np.array_equal(table.dense(), array)
    assert table.shape == array.shape
    assert table.nnz == np.count_nonzero(array)


@given(ARRAYS)
def test_columns_are_stored_in_c_order_with_ascending_rows(array: np.ndarray) -> None:
    table = Table.from_dense(array)
    for column, entries in enumerate(array.reshape(len(array), -1).T):
        stored = slice(table.indptr[column], table.indptr[column + 1])
        assert table.indices[stored].tolist() == np.flatnonzero(entries).tolist()
        assert table.values[stored].tolist() == entries[entries != 0].tolist()


@given(ARRAYS)
def test_zeros_that_are_handed_in_are_dropped(array: np.ndarray) -> None:
    rows, columns = array.shape[0], int(np.prod(array.shape[1:]))
    full = Table(
        array.shape,
        np.arange(columns + 1) * rows,
        np.tile(np.arange(rows), columns),
        array.reshape(rows, -1).T.ravel(),
    )
    assert full == Table.from_dense(array)
    assert hash(full) == hash(Table.from_dense(array))


def test_arrays_of_a_table_are_copies_that_cannot_be_written() -> None:
    values = np.ones(2)
    table = Table((2, 2), np.arange(3), np.arange(2), values)
    values[0] = 5.0
    assert table.values.tolist() == [1.0, 1.0]
    for array in (table.indptr, table.indices, table.values):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 0


def test_a_pickled_table_is_read_only_too() -> None:
    table = pickle.loads(pickle.dumps(Table.from_dense(np.eye(3))))
    assert table == Table.from_dense(np.eye(3))
    assert not table.values.flags.writeable


@pytest.mark.parametrize(
    ("table", "expected"),
    [
        (Table.identity((3, 3)), np.eye(3)),
        (Table.identity((2, 3, 2), axis=2), np.stack([np.eye(2)] * 3, axis=1)),
        (Table.uniform((4, 2, 3)), np.full((4, 2, 3), 0.25)),
        (Table.deterministic((3, 2), [2, 0]), np.array([[0, 1], [0, 0], [1, 0]])),
        (
            Table.deterministic((2, 3, 2), np.array([[0], [1], [0]])),
            np.array([[[1, 1], [0, 0], [1, 1]], [[0, 0], [1, 1], [0, 0]]]),
        ),
    ],
)
def test_rules_expand_to_what_they_say(table: Table, expected: np.ndarray) -> None:
    assert np.array_equal(np.asarray(table), expected)


@given(
    st.lists(hnp.arrays(np.float64, (3, 2, 2, 1), elements=st.sampled_from([0.0, 0.25, 1.0])), min_size=1, max_size=4)
)
def test_joined_tables_stand_side_by_side(arrays: list[np.ndarray]) -> None:
    joined = Table.joined([Table.from_dense(array) for array in arrays])
    assert np.array_equal(joined.dense(), np.concatenate(arrays, axis=-1))


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        (((2, 2), [0, 1], [0, 1], [1.0, 1.0]), "indptr has shape"),
        (((2, 2), [0, 2, 1], [0, 1], [1.0, 1.0]), "indptr has to ascend"),
        (((2, 2), [0, 1, 2], [0, 2], [1.0, 1.0]), "outside 0 ... 1"),
        (((2, 1), [0, 2], [1, 0], [0.5, 0.5]), "indices have to ascend"),
        (((2, 1), [0, 2], [1, 1], [0.5, 0.5]), "indices have to ascend"),
        (((2, 1), [0, 2], [0, 1], [0.5]), "need one length"),
        (((2, 0), [0], [], []), "is empty"),
    ],
)
def test_parts_that_make_no_table_are_refused(parts: tuple, message: str) -> None:
    with pytest.raises(ModelError, match=message):
        Table(*parts)
