"""The service that the smoke test looks at: that of `ACTINF_URL`, or one of its own."""

import os
from collections.abc import Iterator

import pytest
from support.postgres import fresh_database
from support.service import running_service
from support.worker import running_worker


@pytest.fixture(scope="module")
def target(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[str, str | None]]:
    """Address and key."""
    if os.environ.get("ACTINF_URL"):
        yield os.environ["ACTINF_URL"], os.environ.get("ACTINF_KEY") or None
        return
    server = request.getfixturevalue("postgres_server")
    with (
        fresh_database(server) as url,
        running_service(url) as service,
        running_worker(url, tmp_path_factory.mktemp("w")),
    ):
        yield service.url, service.key
