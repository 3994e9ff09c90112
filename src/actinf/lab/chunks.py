"""A simulation in chunks: ranges of agents computed apart, in any order, on any machine, and put together again.

Agents are independent given the seed and their index, so that a chunk is a checkpoint: what was computed is kept as
bytes, and a run that was interrupted computes the rest.  Put together, the chunks are the trace of `actinf.simulate`,
to the last bit, in memory as on disk.  Where chunks are kept, and who computes which, is not decided here.

A chunk is a frame: the eight bytes of `MAGIC`; the length of the header, a 64-bit little-endian number; the header, a
JSON object with sorted keys (`run`: the digest of what is run, `first` and `last`: the agents, `arrays`: name, type,
shape and stored bytes of each); then the arrays, one behind the other.  Each array is in C order, its bytes sorted by
their weight (all first bytes of the numbers, then all second ones), which packs better, and packed by zlib.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
import zlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise
from math import ceil, prod
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

import actinf
from actinf.agent import Agent
from actinf.errors import SettingError, TraceError
from actinf.lab.blocks import Arrays, Collected, Progress, Run, ShouldStop, cores, run_blocks, size_of_blocks
from actinf.lab.estimate import SimulationEstimate, estimate_simulation
from actinf.lab.experiment import Experiment, choose_recording
from actinf.lab.experiment_document import experiment_from_document
from actinf.lab.simulate import prepare, refuse_large, trace_layout
from actinf.lab.summary import summarise
from actinf.lab.trace import TraceWriter, to_dataset
from actinf.lab.trace_layout import TraceLayout

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["MAGIC", "Chunk", "ChunkedRun"]

MAGIC = b"actinf\x00\x01"
"""The first bytes of a chunk; the last of them is the version of the frame."""

CHUNK_BYTES = 16 * 2**20
_MOST_HEADER_BYTES = 2**24
_LEVEL = 1  # of zlib: a higher one takes several times as long for a few percent


@dataclass(frozen=True, kw_only=True)
class Chunk:
    """A range of agents, and its arrays.

    Attributes:
        first, last: the agents from `first` to before `last`.
        arrays: as a simulation gives them, each (episode, agents of the range, …).
    """

    first: int
    last: int
    arrays: Arrays


@dataclass(frozen=True)
class ChunkedRun:
    """An experiment cut into ranges of agents.

    Attributes:
        experiment: what is run, with what is recorded decided.
        agent: the agent that all are.
        chunk_bytes: the most bytes of a chunk before it is packed.
        max_agents: the most agents of a chunk, or None.
        version: of the actinf that computes the chunks, or that computed those which are put together.
    """

    experiment: Experiment
    agent: Agent = field(repr=False, compare=False)
    chunk_bytes: int = CHUNK_BYTES
    max_agents: int | None = None
    version: str = actinf.__version__

    @classmethod
    def plan(
        cls,
        experiment: Experiment,
        *,
        record: Iterable[str] | None = None,
        chunk_bytes: int = CHUNK_BYTES,
        chunk_seconds: float | None = None,
        max_agents: int | None = None,
        version: str = actinf.__version__,
    ) -> ChunkedRun:
        """Cut an experiment into chunks.

        Args:
            experiment: what to run.
            record: what to record; by default what the experiment says, or what is chosen by size.
            chunk_bytes: the most bytes of a chunk before it is packed; a chunk has one agent at least.
            chunk_seconds: about how long one core shall need for a chunk, as far as can be told; or None.
            max_agents: the most agents of a chunk, or None.
            version: give another one to put together chunks that an earlier actinf computed; they are told apart by it.

        Raises:
            SettingError: a size is no whole number of at least 1, or what is to be recorded does not exist.
            ActinfError: the settings contradict one another, or the agent does not fit into memory.
        """
        record = None if record is None else tuple(record)
        for name, value in (("chunk_bytes", chunk_bytes), ("max_agents", max_agents)):
            if value is not None and (isinstance(value, bool) or not isinstance(value, int) or value < 1):
                raise SettingError(f"ChunkedRun.plan({name}={value!r}): expected a whole number of at least 1")
        if chunk_seconds is not None:
            if isinstance(chunk_seconds, bool) or not isinstance(chunk_seconds, int | float) or not chunk_seconds > 0:
                raise SettingError(f"ChunkedRun.plan(chunk_seconds={chunk_seconds!r}): expected a number above 0")
            expected = estimate_simulation(experiment, record=record)
            in_time = int(min(chunk_seconds * experiment.extent.num_agents / expected.seconds, 2**62))
            max_agents = max(1, min(in_time, max_agents or in_time))
        agent = experiment.agent.build(experiment.model)
        if record is not None:
            experiment = dataclasses.replace(experiment, record=record)
        elif experiment.record is None:
            experiment = dataclasses.replace(experiment, record=choose_recording(experiment, agent.num_policies))
        run = cls(experiment, agent, chunk_bytes, max_agents, version)
        run.layout  # noqa: B018 -- what contradicts itself is refused here
        return run

    @classmethod
    def of_document(cls, document: object, **sizes: Any) -> ChunkedRun:
        """Cut the experiment that plain data states into chunks; the rest is as for `plan`.

        The same document and sizes give the same ranges and, chunk by chunk, the same bytes.

        Raises:
            FileError: every mistake of the document, by its place; ActinfError: as `plan`.
        """
        return cls.plan(experiment_from_document(document), **sizes)

    @cached_property
    def _run(self) -> Run:
        experiment, extent = self.experiment, self.experiment.extent
        return prepare(
            self.agent,
            experiment.world,
            extent.num_agents,
            extent.num_steps,
            extent.num_episodes,
            experiment.seed,
            experiment.record,
            experiment.carry_counts,
            experiment.schedule or None,
        )

    @cached_property
    def layout(self) -> TraceLayout:
        """How the whole trace is laid out."""
        layout = trace_layout(self._run)
        return dataclasses.replace(layout, attrs={**layout.attrs, "version": self.version})

    @cached_property
    def ranges(self) -> tuple[tuple[int, int], ...]:
        """The agents of each chunk, (first, one after the last), from the first agent to the last one."""
        agents = self.experiment.extent.num_agents
        width = min(max(self.chunk_bytes * agents // max(self.layout.nbytes, 1), 1), self.max_agents or agents, agents)
        count = ceil(agents / width)
        return tuple(pairwise(agents * at // count for at in range(count + 1)))

    @cached_property
    def estimate(self) -> SimulationEstimate:
        """What the whole run costs where one thread computes it; a chunk that is held takes its bytes some times."""
        return estimate_simulation(self.experiment)

    @cached_property
    def digest(self) -> str:
        """What is run, in 64 characters: chunks fit together where it agrees; it does not depend on the ranges."""
        experiment, extent = self.experiment, self.experiment.extent
        said = {
            "version": self.version,
            "model": experiment.model.hash,
            "worlds": [experiment.process.hash, *(world.process.hash for world in experiment.schedule.values())],
            "from": [0, *experiment.schedule],
            "agent": self.agent.settings_text(),
            "extent": [extent.num_agents, extent.num_steps, extent.num_episodes],
            "seed": experiment.seed,
            "carry_counts": experiment.carry_counts,
            "record": sorted(self._run.record),
        }
        return hashlib.sha256(json.dumps(said).encode()).hexdigest()

    def compute(
        self,
        agents: tuple[int, int],
        *,
        threads: int | None = None,
        progress: Progress | None = None,
        should_stop: ShouldStop | None = None,
    ) -> bytes:
        """The chunk of a range of agents; the same bytes whatever the threads and whatever else was computed.

        Args:
            agents: from the first to before the last, one of `ranges` or any other range.
            threads: at most so many at once; default: all cores.
            progress: called as progress(agent-steps done, agent-steps of this chunk).
            should_stop: asked several times a second; when it says so, work ends within a few tenths of a second.

        Raises:
            SettingError: there are no such agents.
            Stopped: because `should_stop` said so.
            ImpossibleObservation: a world shows an agent what its model excludes.
        """
        first, last = agents
        if not 0 <= first < last <= self.layout.num_agents:
            raise SettingError(
                f"ChunkedRun.compute({agents!r}): expected a range of agents between 0 and {self.layout.num_agents}"
            )
        if threads is not None and (isinstance(threads, bool) or not isinstance(threads, int) or threads < 1):
            raise SettingError(f"ChunkedRun.compute(threads={threads!r}): expected a whole number of at least 1")
        count = threads if threads is not None else cores()
        collected = Collected(self.layout, first, last)
        size = size_of_blocks(self._run, self.layout, last - first, count)
        run_blocks(
            self._run,
            range(first, last, size),
            count,
            collected.write,
            progress=progress,
            should_stop=should_stop,
        )
        return _pack(Chunk(first=first, last=last, arrays=collected.arrays), self.digest)

    def unpack(self, data: bytes) -> Chunk:
        """The arrays of a chunk of this run.

        Raises:
            TraceError: the bytes are no chunk, a damaged one, or one of another run.
        """
        return _unpack(data, self.digest, self.layout.nbytes + 2**20)

    def assemble(self, chunks: Iterable[bytes]) -> xr.Dataset:
        """The trace that `actinf.simulate` returns, from chunks that hold every agent once, in any order.

        Raises:
            TraceError: a chunk is damaged or of another run; an agent is missing, or there twice.
            BudgetError: the trace would not fit into memory: `write` it.
            MissingExtra: xarray is not installed.
        """
        refuse_large(self.layout)
        collected = Collected(self.layout)
        for data in chunks:
            chunk = self.unpack(data)
            twice = np.flatnonzero(collected.written[chunk.first : chunk.last])
            if twice.size:
                raise TraceError(f"agent {chunk.first + int(twice[0])} is in two chunks: expected it in one")
            collected.write(chunk.first, chunk.arrays)
        missing = np.flatnonzero(~collected.written)
        if missing.size:
            raise TraceError(f"{missing.size:,} agents are in no chunk, the first of them is {missing[0]}")
        return to_dataset(self.layout, collected.arrays)

    def write(self, chunks: Iterable[bytes], path: str | os.PathLike[str]) -> None:
        """Write the NetCDF file that `actinf.simulate(out=path)` writes; memory holds one chunk at a time.

        The file appears when it is complete.

        Raises:
            TraceError: as `assemble`; or the file cannot be written.
            BudgetError: the disk has not enough room.
            MissingExtra: h5netcdf is not installed.
        """
        with TraceWriter(Path(path), self.layout) as writer:
            for data in chunks:
                chunk = self.unpack(data)
                writer.write(chunk.first, chunk.arrays)

    def summary(self, trace: xr.Dataset, *, seconds: float) -> dict[str, Any]:
        """What came out, as plain data: see `Summary.to_plain`.

        Args:
            trace: of this run, assembled, or opened from its file.
            seconds: how long the simulation took.
        """
        return summarise(trace, self.experiment, seconds).to_plain()


def _pack(chunk: Chunk, digest: str) -> bytes:
    said, packed = [], []
    for name in sorted(chunk.arrays):
        array = chunk.arrays[name].astype(chunk.arrays[name].dtype.newbyteorder("<"), order="C", copy=False)
        by_weight = np.ascontiguousarray(array.reshape(-1).view(np.uint8).reshape(-1, array.itemsize).T)
        packed.append(zlib.compress(by_weight.data, _LEVEL))
        said.append({"name": name, "dtype": array.dtype.str, "shape": array.shape, "bytes": len(packed[-1])})
    header = {"run": digest, "first": chunk.first, "last": chunk.last, "arrays": said}
    text = json.dumps(header, sort_keys=True).encode()
    return b"".join([MAGIC, len(text).to_bytes(8, "little"), text, *packed])


def _unpack(data: bytes, digest: str, most_bytes: int) -> Chunk:
    """The chunk in a frame, none of whose arrays may take more than so many bytes."""
    header, at = _header(data)
    try:
        run, first, last = str(header["run"]), int(header["first"]), int(header["last"])
        said = [
            (str(one["name"]), np.dtype(one["dtype"]), tuple(map(int, one["shape"])), int(one["bytes"]))
            for one in header["arrays"]
        ]
    except (KeyError, TypeError, ValueError) as error:
        raise TraceError(f"the chunk is damaged: its header does not say what it holds ({error})") from None
    if run != digest:
        raise TraceError(
            f"the chunk belongs to another run: it says {run[:12]}…, expected {digest[:12]}… (the experiment, or the "
            "version of actinf, is another one)"
        )
    arrays = {}
    for name, dtype, shape, stored in said:
        arrays[name] = _unpacked(memoryview(data)[at : at + stored], name, dtype, shape, most_bytes)
        if arrays[name].shape[1] != last - first:
            raise TraceError(f"the chunk is damaged: {name!r} has {shape[1]} agents, expected {last - first}")
        at += stored
    return Chunk(first=first, last=last, arrays=arrays)


def _header(data: bytes) -> tuple[dict[str, Any], int]:
    """The header of a frame, and where the arrays begin."""
    start = len(MAGIC) + 8
    if data[: len(MAGIC)] != MAGIC:
        raise TraceError(f"the bytes are no chunk of a simulation: they begin with {data[: len(MAGIC)]!r}")
    length = int.from_bytes(data[len(MAGIC) : start], "little")
    if length > min(len(data) - start, _MOST_HEADER_BYTES):
        raise TraceError(f"the chunk is damaged: a header of {length:,} bytes in {len(data):,} bytes")
    try:
        header: dict[str, Any] = json.loads(data[start : start + length])
    except ValueError as error:
        raise TraceError(f"the chunk is damaged: its header is no JSON ({error})") from None
    return header, start + length


def _unpacked(
    stored: memoryview, name: str, dtype: np.dtype[Any], shape: tuple[int, ...], most_bytes: int
) -> NDArray[Any]:
    """One array, in the machine's order of bytes."""
    size = prod(shape)
    expected = size * dtype.itemsize
    if len(shape) < 2 or min(shape) < 0 or expected > most_bytes or dtype.kind not in "iuf":
        raise TraceError(f"the chunk is damaged: {name!r} of shape {shape} and type {dtype}")
    reader = zlib.decompressobj()
    try:
        raw = reader.decompress(stored, expected + 1)
    except zlib.error as error:
        raise TraceError(f"the chunk is damaged: {name!r} cannot be unpacked ({error})") from None
    if len(raw) != expected or not reader.eof:
        raise TraceError(f"the chunk is damaged: {name!r} has {len(raw):,} bytes, expected {expected:,}")
    by_weight = np.frombuffer(raw, dtype=np.uint8).reshape(dtype.itemsize, size)
    array: NDArray[Any] = np.ascontiguousarray(by_weight.T).view(dtype).reshape(shape)
    return array.astype(dtype.newbyteorder("="), copy=False)
