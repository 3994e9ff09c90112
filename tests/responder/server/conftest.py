"""A responder that serves, for the tests of this folder."""

from collections.abc import Iterator

import pytest
from support.responder_process import ResponderProcess, responder_process


@pytest.fixture(scope="module")
def serving(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ResponderProcess]:
    """One that needs no key."""
    with responder_process(tmp_path_factory.mktemp("responder"), "--insecure-local") as process:
        yield process
