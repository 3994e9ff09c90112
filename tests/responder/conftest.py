"""A responder for the tests of this folder."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from support.responding import Responding, responding


@pytest.fixture
def desk_at_hand(tmp_path: Path) -> Iterator[Responding]:
    at_hand = responding(tmp_path / "store")
    yield at_hand
    at_hand.store.close()
