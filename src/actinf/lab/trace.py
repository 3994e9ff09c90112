"""Traces: what was recorded of a simulation, as an xarray Dataset in memory or a NetCDF file on disk.

The file is HDF5 written by h5netcdf, in blocks of agents, each variable at a place of its own that does not depend on
the order of the blocks; it holds no time stamp, so that the same run gives the same bytes.  It is written under a
temporary name and renamed when every agent is in it.  What the variables are is decided in `actinf.lab.trace_layout`.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import NDArray

from actinf.errors import BudgetError, TraceError
from actinf.lab.extras import load_extra
from actinf.lab.trace_layout import TraceLayout, Variable

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["TRACE_FILE", "TraceWriter", "names_of", "open_trace", "to_dataset"]

TRACE_FILE = "trace.nc"
"""The name of the trace inside the folder of a run."""

_FORMAT = ("v110", "v110")  # the HDF5 format: from 1.10 on, an attribute may be longer than 64 KiB


def to_dataset(layout: TraceLayout, arrays: Mapping[str, NDArray[Any]]) -> xr.Dataset:
    """Put names on the raw arrays of a whole simulation.

    Args:
        layout: the variables and their names.
        arrays: the raw arrays, each (episode, agent, ...), for all agents; see `Variable.source`.

    Returns:
        A Dataset whose variables share memory with the arrays where the types agree.

    Raises:
        TraceError: an array is missing or does not have the shape that the layout expects.
        MissingExtra: xarray is not installed.
    """
    xarray = load_extra("xarray", extra="trace", purpose="A trace")
    variables = {}
    for variable in layout.variables:
        values = variable.take(arrays)
        if values.shape != variable.shape:
            raise TraceError(f"array {variable.source!r} has shape {values.shape}: expected {variable.shape}")
        variables[variable.name] = (variable.dims, values, variable.attrs)
    coords = {name: np.array(names) for name, names in layout.coords.items()}
    dataset: xr.Dataset = xarray.Dataset(variables, coords=coords, attrs=layout.attrs)
    return dataset


def open_trace(where: str | os.PathLike[str]) -> xr.Dataset:
    """Open a recorded trace; its values are read when they are used.

    Args:
        where: the folder of a run, or the trace file itself.

    Returns:
        The Dataset; close it, or use it in a `with` block.

    Raises:
        TraceError: there is no trace, or it cannot be read.
        MissingExtra: xarray or h5netcdf is not installed.
    """
    path = Path(where)
    if path.is_dir():
        path = path / TRACE_FILE
    if not path.is_file():
        raise TraceError(f"no trace at {path}: expected the folder of a finished run, or its {TRACE_FILE}")
    load_extra("h5netcdf", extra="trace", purpose="Reading a trace")
    xarray = load_extra("xarray", extra="trace", purpose="Reading a trace")
    try:
        dataset: xr.Dataset = xarray.open_dataset(path, engine="h5netcdf")
    except (OSError, ValueError) as error:
        raise TraceError(f"{path} is not a trace that can be read: {error}") from error
    return dataset


def names_of(variable: xr.DataArray) -> list[str]:
    """The names of the values of an `obs_`, `action_` or `state_` variable, in the order of their indices.

    Raises:
        TraceError: the variable holds no indices with names.
    """
    for kind in ("outcomes", "actions", "states"):
        if kind in variable.attrs:
            names = variable.attrs[kind]
            return [names] if isinstance(names, str) else [str(name) for name in names]
    raise TraceError(f"the values of {variable.name!r} have no names: it is not an observation, an action or a state")


class TraceWriter:
    """A trace file that is filled block by block of agents, and appears only when it is complete.

    Used as a context: at the end of the `with` block the file is renamed into place, unless an exception is on its way
    or an agent is missing; then nothing is left.  Memory stays within one block.

        with TraceWriter("runs/mine/trace.nc", layout) as writer:
            writer.write(0, arrays_of_the_first_block)
    """

    def __init__(self, path: str | os.PathLike[str], layout: TraceLayout):
        """Prepare a trace; nothing is created before the `with` block begins.

        Args:
            path: where the finished file shall be; its folder is created.
            layout: the variables and their names.
        """
        self.path = Path(path)
        self.layout = layout
        self._partial = self.path.with_name(f".{self.path.name}.{os.getpid()}.part")
        self._sources = sorted({variable.source for variable in layout.variables})
        self._file: Any = None
        self._targets: list[tuple[Variable, Any]] = []
        self._written = np.zeros(layout.num_agents, dtype=bool)

    def __enter__(self) -> Self:
        """Create the file under its temporary name.

        Raises:
            BudgetError: the disk has not enough room for it.
            MissingExtra: h5netcdf is not installed.
        """
        h5netcdf = load_extra("h5netcdf", extra="trace", purpose="Writing a trace")
        self.path.parent.mkdir(parents=True, exist_ok=True)
        free = shutil.disk_usage(self.path.parent).free
        if self.layout.nbytes > free:
            raise BudgetError(
                f"the trace would take {self.layout.nbytes / 1e9:.1f} GB, but {self.path.parent} has "
                f"{free / 1e9:.1f} GB left: record less (`record`), or fewer agents, steps or episodes"
            )
        h5py = load_extra("h5py", extra="trace", purpose="Writing a trace")
        try:
            with h5netcdf.File(self._partial, "w", libver=_FORMAT) as file:
                self._lay_out(file, h5py.string_dtype())
            # Blocks are written past h5netcdf, which needs a millisecond to find a variable.
            self._file = h5py.File(self._partial, "r+", libver=_FORMAT)
            self._targets = [(variable, self._file[variable.name]) for variable in self.layout.variables]
        except BaseException:
            self._discard()
            raise
        return self

    def write(self, first_agent: int, arrays: Mapping[str, NDArray[Any]]) -> None:
        """Write a block of agents.

        Args:
            first_agent: index of the block's first agent.
            arrays: the raw arrays of the block, each (episode, agents of the block, ...).

        Raises:
            TraceError: an array is missing, has another shape, or an agent was written before; or the disk is full.
        """
        if self._file is None:
            raise TraceError("TraceWriter.write is used inside `with TraceWriter(...) as writer:`")
        count = self._mark(first_agent, arrays)
        for variable, target in self._targets:
            values = variable.take(arrays)
            try:
                target[:, first_agent : first_agent + count] = values
            except OSError as error:
                raise TraceError(f"{self.path} could not be written: {error}") from error

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Rename the finished file into place, or remove the unfinished one."""
        if kind is not None:
            self._discard()
            return
        missing = np.flatnonzero(~self._written)
        if missing.size and self.layout.variables:
            self._discard()
            raise TraceError(f"{missing.size} agents were not written, the first of them is {missing[0]}")
        self._close()
        self._partial.replace(self.path)

    def _lay_out(self, file: Any, text: Any) -> None:
        """Create all dimensions, coordinates and variables, in the order of the layout."""
        file.dimensions = self.layout.sizes
        for name, names in self.layout.coords.items():
            coordinate = file.create_variable(name, (name,), dtype=text)
            coordinate[...] = np.array(names, dtype=object)
        for variable in self.layout.variables:
            created = file.create_variable(variable.name, variable.dims, variable.dtype)
            for key, value in variable.attrs.items():
                created.attrs[key] = value
        for key, value in self.layout.attrs.items():
            file.attrs[key] = value

    def _mark(self, first_agent: int, arrays: Mapping[str, NDArray[Any]]) -> int:
        """Count the agents of a block, and refuse one that was written before or does not exist."""
        counts = {source: arrays[source].shape[1] for source in self._sources if source in arrays}
        if len(set(counts.values())) > 1:
            raise TraceError(f"the arrays of a block have different numbers of agents: {counts}")
        count = next(iter(counts.values()), 0)
        block = self._written[first_agent : first_agent + count]
        if first_agent < 0 or block.size != count:
            raise TraceError(f"agents {first_agent} to {first_agent + count - 1}: the trace has {self._written.size}")
        if block.any():
            raise TraceError(f"agent {first_agent + int(block.argmax())} was written before")
        block[...] = True
        return count

    def _close(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file, self._targets = None, []

    def _discard(self) -> None:
        try:
            self._close()
        finally:
            self._partial.unlink(missing_ok=True)
