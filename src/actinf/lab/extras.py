"""Optional dependencies, imported when they are used, with the command that installs a missing one."""

import importlib
from typing import Any

from actinf.errors import MissingExtra

__all__ = ["load_extra"]


def load_extra(module: str, *, extra: str, purpose: str) -> Any:
    """Import an optional module, or say how to install it.

    Args:
        module: its dotted name, for example `"matplotlib.figure"`.
        extra: the extra of this package that brings it, for example `"plot"`.
        purpose: what needs it, as the start of a sentence: `"Drawing a plot"`.

    Returns:
        The imported module.

    Raises:
        MissingExtra: the module, or something that it needs, is not installed.
    """
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        raise MissingExtra(error.name or module, extra, purpose) from error
