"""One service for the tests of a file, and a client that is let in."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

import actinf as ai

if TYPE_CHECKING:
    from support.service import RunningService


@pytest.fixture
def client(service: "RunningService") -> "Iterator[ai.Client]":
    """A client with a key for everything."""
    with ai.Client(service.url, service.key) as made:
        yield made
