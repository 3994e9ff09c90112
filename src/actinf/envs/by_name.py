"""Worlds by name with their settings, or from a file."""

from __future__ import annotations

import inspect
import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from actinf.envs import BUNDLED, World
from actinf.errors import FileError, SettingError
from actinf.model import Model
from actinf.model.files import WorldStatement, bundled_files, read_world
from actinf.model.problems import listed, shown, suggestion

__all__ = ["BUNDLED", "bundled_model", "bundled_world", "load_world", "world_from_statement"]


def load_world(path: str | os.PathLike[str]) -> World:
    """The world in a file; where there is no such file, the bundled world of that name, with its default settings.

    Raises:
        FileError: there is neither, or the file has mistakes, each as `file:line: message`.
    """
    name = os.fspath(path) if isinstance(path, str | os.PathLike) else None
    if name is not None and not _exists(name):
        if name in BUNDLED:
            return bundled_world(name, {})
        if name not in bundled_files():
            raise FileError(
                f"{shown(name)[1:-1]}: no such file, and no bundled world of that name: bundled are "
                f"{listed(sorted(BUNDLED))}{suggestion(name, sorted(BUNDLED))}"
            )
    return world_from_statement(read_world(path, Model))


def _exists(name: str) -> bool:
    with suppress(OSError, ValueError):
        return Path(name).exists()
    return False


def bundled_world(name: str, settings: Mapping[str, Any]) -> World:
    """A bundled world with its settings.

    Raises:
        SettingError: there is no such world or setting, or a setting is out of its range.
    """
    if name not in BUNDLED:
        known = sorted(BUNDLED)
        raise SettingError(
            f"there is no bundled world {name!r}: expected one of {listed(known)}{suggestion(name, known)}"
        )
    make: Callable[..., World] = BUNDLED[name]
    _check_names(f"the world {name!r}", make, settings)
    return make(**settings)


def bundled_model(world: World, make: str, arguments: Mapping[str, Any]) -> Model:
    """The model of an agent for a bundled world.

    Args:
        world: the world.
        make: which model: `"model"`, or another method of the world whose name ends so.
        arguments: what the method takes.

    Raises:
        SettingError: the world makes no such model, or a setting is wrong.
    """
    makers = [name for name in dir(world) if name == "model" or name.endswith("_model")]
    if make not in makers:
        raise SettingError(f"{world} makes no {make!r}: expected one of {listed(makers)}{suggestion(make, makers)}")
    maker: Callable[..., Model] = getattr(world, make)
    _check_names(f"{make!r} of {world}", maker, arguments)
    return maker(**arguments)


def _check_names(what: str, make: Callable[..., Any], settings: Mapping[str, Any]) -> None:
    """Refuse a setting that there is not, with those that there are."""
    known = list(inspect.signature(make).parameters)
    for setting in settings:
        if setting not in known:
            expected = f"expected {'one of ' + listed(known) if known else 'none'}{suggestion(setting, known)}"
            raise SettingError(f"{what} has no setting {setting!r}: {expected}")


def world_from_statement(statement: WorldStatement) -> World:
    """The world that a file states: its own tables, or a bundled world with settings.

    Raises:
        FileError: the bundled world or one of its settings is wrong, with the line.
    """
    if statement.process is not None:
        return World(statement.process, name=statement.name)
    try:
        return bundled_world(str(statement.bundled), statement.settings)
    except SettingError as error:
        if statement.document is None:
            raise
        raise statement.document.error([(("bundled",), str(error))]) from None
