"""What a picture is asked for: a trace that is whole, an agent and an episode that there are, a map that fits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from actinf.envs.maps import Layout
from actinf.errors import SettingError, TraceError

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["check_layout", "check_trace"]


def check_trace(trace: Any, *, agent: Any = 0, episode: Any = 0) -> None:
    """Refuse what is no trace, and an agent or an episode that it does not hold.

    Raises:
        SettingError: it is no trace, or the agent or the episode is no whole number.
        TraceError: the trace lacks an axis, the agent or the episode.
    """
    if not hasattr(trace, "data_vars") or not hasattr(trace, "sizes"):
        raise SettingError(
            f"a plot was asked for of trace={type(trace).__name__}: expected a trace, the xarray.Dataset that "
            "simulate(...) and open_trace(...) return"
        )
    for axis, index in (("agent", agent), ("episode", episode)):
        if isinstance(index, bool) or not isinstance(index, int | np.integer):
            raise SettingError(f"a plot was asked for of {axis}={index!r}: expected a whole number, counted from 0")
        if axis not in trace.sizes:
            raise TraceError(
                f"the trace has no axis {axis!r}: give the whole trace, and say which by {axis}=..., or keep the axis "
                f"by a list, trace.isel({axis}=[0])"
            )
        if not 0 <= index < trace.sizes[axis]:
            raise TraceError(f"there is no {axis} {index}: the trace has {trace.sizes[axis]:,}, counted from 0")


def check_layout(trace: xr.Dataset, layout: Any, name: str, states: int | None = None) -> None:
    """Refuse what is no map, or the map of another world.

    Args:
        trace: what is drawn.
        layout: where the states lie.
        name: the variable that is drawn on the map.
        states: how many states it has, where they are on its last axis.

    Raises:
        SettingError: it is no layout, or has another number of states.
    """
    if not isinstance(layout, Layout):
        raise SettingError(
            f"a plot was asked for on layout={type(layout).__name__}: expected the layout of a world on a map, as "
            "GridWorld().layout, TMaze().layout or CueChain().layout"
        )
    known = len(trace[name].attrs.get("states", ())) if states is None else states
    if known != len(layout.cells):
        raise SettingError(
            f"the layout has {len(layout.cells):,} states, but {name!r} of the trace has {known:,}: give the layout "
            "of the world that was simulated"
        )
