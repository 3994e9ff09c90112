"""Choosing rows of the benchmark."""

import pytest

from actinf.errors import SettingError
from actinf.lab.bench.models import BUILDERS
from actinf.lab.bench.rows import ROWS, select


def test_no_word_means_every_row() -> None:
    assert select([]) == ROWS


def test_a_word_chooses_a_family_or_one_row_in_the_order_of_the_table() -> None:
    keys = [row.key for row in select(["memory", "batch-grid", "sweep"])]
    assert keys == ["batch-grid", "sweep-tmaze25", "memory-million"]


def test_an_unknown_word_is_answered_with_the_known_ones() -> None:
    with pytest.raises(SettingError, match=r"no row 'gird': expected step, batch, .* step-grid"):
        select(["gird"])


def test_every_row_has_a_key_of_its_own_and_a_model_that_exists() -> None:
    assert len({row.key for row in ROWS}) == len(ROWS)
    assert {row.model for row in ROWS} <= set(BUILDERS)
