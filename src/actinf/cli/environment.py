"""The settings of a command that works with the service: its flags, then the environment, then the defaults."""

from __future__ import annotations

import os
import sys
from typing import Any

from actinf.cli.console import Screen
from actinf.lab.extras import load_extra

__all__ = ["read_settings"]


def read_settings(screen: Screen, *, purpose: str, **given: Any) -> Any:
    """Read the settings, and warn of each variable `ACTINF_…` that nothing reads: it is likely misspelt.

    Args:
        screen: where the warnings go.
        purpose: what needs the settings, as `load_extra` takes it.
        given: the flags of the command; None where one was not given.

    Returns:
        `actinf.runtime.settings.Settings`.

    Raises:
        SettingError: names each flag and variable that is wrong, with its value and what was expected.
        MissingExtra: the service is not installed.
    """
    module = load_extra("actinf.runtime.settings", extra="serve", purpose=purpose)
    if "log_format" in given and given["log_format"] is None and _people_read():
        given["log_format"] = "text"
    for sentence in module.unknown_variables(os.environ):
        screen.warn(sentence)
    return module.Settings.read(**given)


def _people_read() -> bool:
    """Whether logs go to a terminal, and nobody said in what form."""
    return sys.stdout.isatty() and not os.environ.get("ACTINF_LOG_FORMAT")
