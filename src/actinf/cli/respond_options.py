"""What the commands of `actinf respond` share: where the store is, and the settings."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import click

from actinf.cli.console import Screen
from actinf.lab.extras import load_extra

__all__ = ["data_dir_option", "respond_settings"]

_PURPOSE = "Responding to incidents"

data_dir_option = click.option(
    "--data-dir",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder of the store.  [default: the user's data folder]",
)


def respond_settings(screen: Screen, **given: Any) -> Any:
    """The settings of a command of the responder, with a warning for each variable that nothing reads.

    Args:
        screen: where the warnings go.
        given: the flags of the command; None where one was not given.

    Returns:
        `actinf.responder.settings.RespondSettings`.

    Raises:
        SettingError: names each flag and variable that is wrong, with what was expected.
        MissingExtra: the responder is not installed.
    """
    module = load_extra("actinf.responder.settings", extra="respond", purpose=_PURPOSE)
    for sentence in module.unknown_respond_variables(list(os.environ)):
        screen.warn(sentence)
    return module.RespondSettings.read(**given)
