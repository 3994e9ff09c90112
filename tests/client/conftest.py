"""One service for the tests of a file, and a client that is let in."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

import actinf as ai

if TYPE_CHECKING:
    from support.postgres import PostgresServer
    from support.service import RunningService


@pytest.fixture(scope="module")
def service(postgres_server: "PostgresServer") -> "Iterator[RunningService]":
    """The API, with a database of its own."""
    from support.postgres import fresh_database
    from support.service import running_service

    with fresh_database(postgres_server) as url, running_service(url) as running:
        yield running


@pytest.fixture
def client(service: "RunningService") -> "Iterator[ai.Client]":
    """A client with a key for everything."""
    with ai.Client(service.url, service.key) as made:
        yield made
