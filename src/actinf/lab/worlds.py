"""Worlds by name with their settings, or from a file."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any

from actinf import envs
from actinf.envs.world import World
from actinf.errors import SettingError
from actinf.model.files import WorldStatement
from actinf.model.problems import listed, suggestion

__all__ = ["BUNDLED", "bundled_world", "world_from_statement"]

BUNDLED: Mapping[str, type[Any]] = getattr(envs, "BUNDLED", {})
"""The bundled worlds: name -> class."""


def bundled_world(name: str, settings: Mapping[str, Any]) -> Any:
    """A bundled world with its settings.

    Raises:
        SettingError: there is no such world or setting, or a setting is out of its range.
    """
    if name not in BUNDLED:
        known = sorted(BUNDLED)
        raise SettingError(
            f"there is no bundled world {name!r}: expected one of {listed(known)}{suggestion(name, known)}"
        )
    known = list(inspect.signature(BUNDLED[name]).parameters)
    for setting in settings:
        if setting not in known:
            raise SettingError(
                f"the world {name!r} has no setting {setting!r}: expected one of {listed(known)}"
                f"{suggestion(setting, known)}"
            )
    return BUNDLED[name](**settings)


def world_from_statement(statement: WorldStatement) -> World:
    """The world that a file states: its own tables, or a bundled world with settings.

    Raises:
        FileError: the bundled world or one of its settings is wrong, with the line.
    """
    if statement.process is not None:
        return World(statement.process, name=statement.name)
    try:
        world: World = bundled_world(str(statement.bundled), statement.settings)
    except SettingError as error:
        if statement.document is None:
            raise
        raise statement.document.error([(("bundled",), str(error))]) from None
    return world
