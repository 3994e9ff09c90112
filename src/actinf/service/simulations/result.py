"""The trace of a finished simulation, put together from its chunks in a temporary file and sent from there.

Memory holds one chunk at a time, however large the trace.  The file has no name any more when the first byte is sent:
whatever happens to the reply, nothing is left.
"""

import asyncio
import json
import os
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from functools import partial
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, BinaryIO
from uuid import UUID

import numpy as np
from numpy.typing import NDArray
from sqlalchemy.ext.asyncio import AsyncEngine

from actinf.errors import BudgetError, Conflict
from actinf.lab.chunks import ChunkedRun
from actinf.lab.estimate import estimate_simulation
from actinf.lab.experiment_document import experiment_from_document
from actinf.lab.trace import open_trace
from actinf.service.context import Parts
from actinf.service.simulations import repository
from actinf.service.simulations.planning import planned_run
from actinf.service.tables import AnyRow

if TYPE_CHECKING:
    import xarray as xr

__all__ = [
    "MOST_VALUES",
    "chunks_of",
    "json_file",
    "made_netcdf",
    "netcdf_file",
    "refuse_unfinished",
    "sent",
    "size_of",
]

#: The most numbers of a trace that is sent as JSON.
MOST_VALUES = 5_000_000

_PIECE = 1 << 20
_VALUES_AT_ONCE = 100_000


def refuse_unfinished(row: AnyRow) -> None:
    """Do nothing where there is a result.

    Raises:
        Conflict: says why there is none.
    """
    if row.status == "failed":
        raise Conflict(f"the simulation {row.id} failed, and has no result: {row.error}")
    if row.status == "cancelled":
        raise Conflict(f"the simulation {row.id} was cancelled, and has no result: run it again")
    if row.status != "succeeded":
        raise Conflict(
            f"the simulation {row.id} is {row.status}, {row.work_done:,} of {row.work_total:,} steps are done: its "
            "result is there when its status is succeeded"
        )


async def netcdf_file(parts: Parts, row: AnyRow) -> BinaryIO:
    """The trace as an open NetCDF file without a name.

    Raises:
        ServiceUnavailable: there is no room to put it together now.
    """
    return await _beside(parts, row, made_netcdf)


async def json_file(parts: Parts, row: AnyRow) -> BinaryIO:
    """The summary and the trace as an open JSON file without a name.

    Raises:
        BudgetError: the trace has too many numbers for JSON.
        ServiceUnavailable: there is no room to put it together now.
    """
    return await _beside(parts, row, _made_json)


async def _beside(
    parts: Parts, row: AnyRow, make: Callable[[AsyncEngine, AnyRow, asyncio.AbstractEventLoop], BinaryIO]
) -> BinaryIO:
    """Make a file in a thread of the crew.  The run is planned anew for it, and its agent built: that takes memory."""
    nbytes = await parts.crew.run(_bytes_of_agent, row.document)
    with parts.admission.work("the trace of a simulation", nbytes):
        return await parts.crew.run(make, parts.engine, row, asyncio.get_running_loop())


def _bytes_of_agent(document: str) -> int:
    return estimate_simulation(experiment_from_document(json.loads(document))).agent.bytes


def made_netcdf(engine: AsyncEngine, row: AnyRow, loop: asyncio.AbstractEventLoop) -> BinaryIO:
    """The trace as an open NetCDF file without a name; for a thread beside the event loop."""
    with tempfile.TemporaryDirectory(prefix="actinf-trace-") as folder:
        path = _written(engine, row, loop, Path(folder))
        return path.open("rb")


def _made_json(engine: AsyncEngine, row: AnyRow, loop: asyncio.AbstractEventLoop) -> BinaryIO:
    with tempfile.TemporaryDirectory(prefix="actinf-trace-") as folder:
        run = planned_run(row.document, row.chunk_agents, row.engine)
        values = sum(int(np.prod(variable.shape)) for variable in run.layout.variables)
        if values > MOST_VALUES:
            raise BudgetError(
                f"the trace has {values:,} numbers, and {MOST_VALUES:,} is the most that is sent as JSON: ask for "
                "NetCDF (Accept: application/x-netcdf, or ?format=netcdf), which xarray opens"
            )
        path = _written(engine, row, loop, Path(folder), run)
        sent_path = Path(folder) / "trace.json"
        with sent_path.open("w", encoding="ascii") as file, open_trace(path) as trace:
            _write_json(file, row, trace)
        return sent_path.open("rb")


async def sent(file: BinaryIO) -> AsyncIterator[bytes]:
    """The bytes of a file, which is closed at the end."""
    try:
        while piece := await asyncio.to_thread(file.read, _PIECE):
            yield piece
    finally:
        file.close()


def size_of(file: BinaryIO) -> int:
    """The bytes of an open file."""
    return os.fstat(file.fileno()).st_size


def chunks_of(engine: AsyncEngine, simulation: UUID, count: int, loop: asyncio.AbstractEventLoop) -> Iterator[bytes]:
    """The chunks of a simulation one by one, for a thread beside the event loop.

    Raises:
        Conflict: the simulation was deleted meanwhile.
    """

    async def read(chunk: int) -> bytes | None:
        async with engine.connect() as connection:
            return await repository.chunk_data(connection, simulation, chunk)

    for chunk in range(count):
        data = asyncio.run_coroutine_threadsafe(read(chunk), loop).result()
        if data is None:
            raise Conflict(f"chunk {chunk} of the simulation {simulation} is gone: it was deleted meanwhile")
        yield data


def _written(
    engine: AsyncEngine, row: AnyRow, loop: asyncio.AbstractEventLoop, folder: Path, run: ChunkedRun | None = None
) -> Path:
    run = run if run is not None else planned_run(row.document, row.chunk_agents, row.engine)
    path = folder / "trace.nc"
    run.write(chunks_of(engine, row.id, row.num_chunks, loop), path)
    return path


def _write_json(file: IO[str], row: AnyRow, trace: "xr.Dataset") -> None:
    """Write what `read_result` promises, some agents at a time."""
    head = {
        "id": str(row.id),
        "summary": row.summary,
        "attrs": _plain_attrs(trace.attrs),
        "coords": {str(name): coord.values.tolist() for name, coord in trace.coords.items()},
    }
    file.write(json.dumps(head)[:-1] + ', "variables": {')
    for index, (name, variable) in enumerate(trace.data_vars.items()):
        said = {"dims": list(variable.dims), "attrs": _plain_attrs(variable.attrs)}
        file.write(f'{", " if index else ""}{json.dumps(str(name))}: {json.dumps(said)[:-1]}, "values": ')
        _write_values(file, variable.shape, partial(_part, variable))
        file.write("}")
    file.write("}}")


def _part(variable: "xr.DataArray", where: Any) -> NDArray[Any]:
    values: NDArray[Any] = variable[where].values
    return values


def _write_values(file: IO[str], shape: tuple[int, ...], take: Callable[[Any], NDArray[Any]]) -> None:
    """Write an array (episode, agent, …) as nested lists."""
    agents_at_once = max(1, _VALUES_AT_ONCE // max(1, int(np.prod(shape[2:]))))
    file.write("[")
    for episode in range(shape[0]):
        file.write(", [" if episode else "[")
        for first in range(0, shape[1], agents_at_once):
            values = take((episode, slice(first, first + agents_at_once)))
            file.write((", " if first else "") + json.dumps(_plain_values(values))[1:-1])
        file.write("]")
    file.write("]")


def _plain_values(values: NDArray[Any]) -> Any:
    """Nested lists; what is no number in JSON (infinities, not a number) is null."""
    if values.dtype.kind == "f" and not np.isfinite(values).all():
        plain = values.astype(object)
        plain[~np.isfinite(values)] = None
        return plain.tolist()
    return values.tolist()


def _plain_attrs(attrs: Any) -> dict[str, Any]:
    return {
        str(name): value.tolist() if isinstance(value, np.ndarray | np.generic) else value
        for name, value in attrs.items()
    }
