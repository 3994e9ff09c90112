"""A responder that serves, for the tests of this folder."""

from collections.abc import Iterator

import pytest
from support.responder_in_thread import responder_in_thread
from support.responder_site import ResponderSite


@pytest.fixture(scope="module")
def serving(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ResponderSite]:
    """One that needs no key."""
    with responder_in_thread(tmp_path_factory.mktemp("responder"), insecure_local=True) as process:
        yield process
