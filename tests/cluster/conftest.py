"""One cluster for all tests of a process; each test names its objects apart."""

from collections.abc import Iterator

import pytest
from support.cluster import Cluster, running_cluster


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    with running_cluster(tmp_path_factory.mktemp("cluster"), back_off=0.3) as running:
        yield running
