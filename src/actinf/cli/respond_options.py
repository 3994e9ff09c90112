"""What the commands of `actinf respond` share: where the store is, and the settings."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import click

from actinf.cli.console import Screen
from actinf.lab.extras import load_extra

__all__ = ["data_dir_option", "respond_settings", "store_settings"]

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


def store_settings(screen: Screen, data_dir: Path | None) -> Any:
    """The settings of a command that works on the store of this machine; whoever works on a server is told so.

    Args, returns and raises as `respond_settings`.
    """
    settings = respond_settings(screen, data_dir=data_dir)
    url = os.environ.get("ACTINF_RESPOND_URL", "").strip()
    if url and settings.data_dir is None:
        screen.warn(
            f"this looks at the store of this machine; for that of {url[:200]} (ACTINF_RESPOND_URL), run it on "
            "that machine, with the settings of its server"
        )
    return settings
