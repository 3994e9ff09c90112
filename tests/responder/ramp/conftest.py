"""A ramp for the tests of this folder."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from support.ramping import RampAtHand, ramp_at_hand


@pytest.fixture
def at_hand(tmp_path: Path) -> Iterator[RampAtHand]:
    made = ramp_at_hand(tmp_path / "store")
    yield made
    made.responding.store.close()
