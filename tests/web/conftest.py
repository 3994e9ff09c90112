"""One browser for the tests of a file."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser


@pytest.fixture(scope="module")
def browser() -> "Iterator[Browser]":
    """A Chromium."""
    from support.browser import CHROMIUM, running_browser

    if CHROMIUM is None:
        pytest.skip("there is no Chromium here (apt-get install chromium): the console's pages are not opened")
    with running_browser() as started:
        yield started
