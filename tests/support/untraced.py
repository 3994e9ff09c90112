"""Numba compiles without being traced by coverage, which sees nothing of a compiled function and makes its compiler
slower by half."""

import sys
from collections.abc import Callable
from functools import wraps
from typing import Any

__all__ = ["compile_untraced"]


def compile_untraced() -> None:
    """Let no compilation of this process, and no loading of what was compiled before, be traced from now on."""
    from numba.core.ccallback import CFunc
    from numba.core.dispatcher import Dispatcher

    for kind in (Dispatcher, CFunc):
        kind.compile = _untraced(kind.compile)


def _untraced(function: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(function)
    def call(*arguments: Any, **named: Any) -> Any:
        tracer = sys.gettrace()
        sys.settrace(None)
        try:
            return function(*arguments, **named)
        finally:
            sys.settrace(tracer)

    return call
