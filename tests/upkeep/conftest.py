"""A prepared server with the tables of this release, for all tests of a file."""

import os
from collections.abc import Iterator

import pytest
from support.postgres_pod import PostgresPod, postgres_pod

from actinf.service import schema_version


@pytest.fixture(scope="module")
def migrated_pod() -> Iterator[PostgresPod]:
    with postgres_pod() as pod:
        schema_version.upgrade(pod.address("actinf_owner"))
        yield pod


@pytest.fixture(autouse=True)
def no_server_of_somebody_else(monkeypatch: pytest.MonkeyPatch) -> None:
    """What libpq would take from the environment of who runs the tests."""
    for name in [name for name in os.environ if name.startswith("PG")]:
        monkeypatch.delenv(name)
