"""Optional dependencies: imported when they are used, named when they are missing."""

import sys

import pytest

from actinf.errors import MissingExtra
from actinf.lab.extras import load_extra


def test_a_module_that_is_there_is_imported() -> None:
    assert load_extra("json.decoder", extra="none", purpose="Nothing") is sys.modules["json.decoder"]


def test_a_missing_module_is_named_with_the_extra_that_brings_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(MissingExtra, match=r"Drawing a plot needs the package .*pip install '\.\[plot\]'"):
        load_extra("matplotlib.figure", extra="plot", purpose="Drawing a plot")
