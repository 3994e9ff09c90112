"""Carries an experiment out into a folder, and runs a recorded one again.

The folder holds `experiment.json` (with its model and worlds), `trace.nc`, `run.json`, and what can be drawn of them.
It is filled under a temporary name beside its place and renamed when it is complete: an interrupted run leaves nothing.
"""

from __future__ import annotations

import dataclasses
import importlib.metadata
import json
import os
import re
import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from actinf.agent import Agent
from actinf.agent.loop import run_job
from actinf.errors import ActinfError, SettingError, TraceError
from actinf.lab.experiment import Experiment, choose_recording
from actinf.lab.experiment_file import read_experiment, write_experiment
from actinf.lab.extras import load_extra
from actinf.lab.run_record import RECORD_FILE, RunRecord, digest_of, this_machine
from actinf.lab.simulate import simulate
from actinf.lab.trace import TRACE_FILE

__all__ = ["EXPERIMENT_FILE", "Repetition", "free_folder", "load_run", "rerun", "run", "simulated", "slug", "warm_up"]

if TYPE_CHECKING:
    import xarray as xr

EXPERIMENT_FILE = "experiment.json"
"""The name of the experiment inside the folder of a run."""

_LONGEST_VALUE = 60

Progress = Callable[[int, int], None]


@dataclass(frozen=True, kw_only=True)
class Repetition:
    """How a repetition compares with the recorded run.

    Attributes:
        same: whether the bytes of the trace are the same.
        digest: of the new trace.
        expected: of the recorded one.
        differences: what is not as it was: the experiment, versions, the kernels, the processor; empty when nothing is
            known to differ.
        kept: where the new trace was kept, because it differs; or put back, because it was missing.
        seconds: how long the simulation took.
    """

    same: bool
    digest: str
    expected: str
    differences: Sequence[str]
    kept: Path | None
    seconds: float


def run(
    experiment: Experiment,
    folder: Path,
    *,
    command: Sequence[str] = (),
    threads: int | None = None,
    force: bool = False,
    progress: Progress | None = None,
    finish: Callable[[Path, Experiment, Agent, RunRecord], None] | None = None,
) -> RunRecord:
    """Simulate an experiment and record it in a folder.

    Args:
        experiment: what to run; where it does not say what to record, that is decided by size.
        folder: where the run shall be; it must not exist, unless `force` is set and it is the folder of a run.
        command: the command line, for the record.
        threads: threads to use, or `None` for all cores; the result does not depend on it.
        force: replace an existing run.
        progress: called now and then with the steps done and all steps.
        finish: called with the unpublished folder when the trace is there, to add plots and a report.

    Returns:
        The record, as in the folder's `run.json`.

    Raises:
        SettingError: the folder exists.
        ActinfError: the settings contradict one another, or do not fit into memory or on the disk.
    """
    refuse_existing(folder, force)
    agent = experiment.agent.build(experiment.model)
    if experiment.record is None:
        experiment = dataclasses.replace(experiment, record=choose_recording(experiment, agent.num_policies))
    with _staged(folder, force) as staging:
        path = write_experiment(experiment, staging)
        started, seconds = _simulate(experiment, agent, staging / TRACE_FILE, threads, progress)
        record = RunRecord(
            name=experiment.name,
            command=list(command),
            seed=experiment.seed,
            model_hash=experiment.model.hash,
            world_hashes=_world_hashes(experiment),
            configuration=json.loads(path.read_text(encoding="utf-8")),
            threads=threads,
            machine=this_machine(importlib.metadata.version("actinf")),
            started=started.isoformat(timespec="seconds"),
            seconds=round(seconds, 6),
            trace_sha256=digest_of(staging / TRACE_FILE),
            trace_bytes=(staging / TRACE_FILE).stat().st_size,
        )
        record.write(staging)
        if finish is not None:
            finish(staging, experiment, agent, record)
    return record


def warm_up(experiment: Experiment) -> None:
    """Load what a run needs: compiled kernels, which the first time on an installation are compiled and say so, and
    the libraries of traces.

    Args:
        experiment: what will be run: its dtype decides.

    Raises:
        MissingExtra: a library of traces is not installed.
    """
    for module in ("h5netcdf", "xarray.backends.h5netcdf_"):
        load_extra(module, extra="trace", purpose="Recording a run")
    run_job.compiled(experiment.agent.dtype)


def rerun(folder: Path, *, threads: int | None = None, progress: Progress | None = None) -> Repetition:
    """Run a recorded run again and compare the bytes of the traces.

    Args:
        folder: the folder of the run.
        threads: threads to use, or `None` for all cores.
        progress: called now and then with the steps done and all steps.

    Returns:
        How the repetition compares.  A trace that differs is kept beside the recorded one; a missing one is put back.

    Raises:
        TraceError: the folder is not that of a run, its model is no longer the one that was run, or the trace beside it
            is not the one that was recorded.
    """
    record, experiment = load_run(folder)
    agent = experiment.agent.build(experiment.model)
    new = folder / f".{TRACE_FILE}.{os.getpid()}.rerun"
    try:
        _, seconds = _simulate(experiment, agent, new, threads, progress)
        digest = digest_of(new)
        same = digest == record.trace_sha256
        stored = folder / TRACE_FILE
        if same and stored.exists() and digest_of(stored) != record.trace_sha256:
            raise TraceError(
                f"{stored} is not what was recorded: {RECORD_FILE} says sha256 {record.trace_sha256[:12]}…, the file "
                f"has {digest_of(stored)[:12]}…. Remove the file, and rerun puts the recorded trace back"
            )
        kept = None
        if not same:
            kept = folder / "trace.rerun.nc"
        elif not (folder / TRACE_FILE).exists():
            kept = folder / TRACE_FILE
        if kept is not None:
            new.replace(kept)
    finally:
        new.unlink(missing_ok=True)
    now = this_machine(importlib.metadata.version("actinf"))
    return Repetition(
        same=same,
        digest=digest,
        expected=record.trace_sha256,
        differences=[
            *_changed_settings(folder, record),
            *_changed_worlds(experiment, record),
            *now.differences(record.machine),
        ],
        kept=kept,
        seconds=seconds,
    )


def load_run(folder: Path) -> tuple[RunRecord, Experiment]:
    """The record and the experiment of a run.

    Raises:
        TraceError: the folder is not that of a run, or its model is no longer the one that was run.
        FileError: the files of the experiment cannot be read.
    """
    record = RunRecord.read(folder)
    experiment = read_experiment(folder / EXPERIMENT_FILE)
    if experiment.model.hash != record.model_hash:
        raise TraceError(
            f"the model in {folder} has the hash {experiment.model.hash[:12]}, but {RECORD_FILE} says "
            f"{record.model_hash[:12]}: a file of the run was changed, or the bundled model is of another version"
        )
    return record, experiment


def slug(name: str) -> str:
    """A name as it may stand in a path: `"T-maze, blue"` becomes `"t-maze-blue"`."""
    return re.sub(r"[^a-z0-9_]+", "-", name.lower()).strip("-") or "run"


def free_folder(parent: Path, name: str) -> Path:
    """The first of `<name>-1`, `<name>-2`, ... in `parent` that comes after all that exist."""
    pattern = re.compile(rf"{re.escape(name)}-(\d+)")
    taken = [int(found.group(1)) for path in _entries(parent) if (found := pattern.fullmatch(path.name))]
    return parent / f"{name}-{max(taken, default=0) + 1}"


def refuse_existing(folder: Path, force: bool) -> None:
    """Refuse to write where something is.

    Raises:
        SettingError: the folder exists and may not be replaced.
    """
    if not folder.exists():
        return
    if not force:
        raise SettingError(f"{folder} exists: choose another folder, or replace it with --force")
    if not folder.is_dir() or (any(folder.iterdir()) and not (folder / RECORD_FILE).is_file()):
        raise SettingError(f"{folder} is not the folder of a run (it has no {RECORD_FILE}): it is not replaced")


def _entries(parent: Path) -> Iterator[Path]:
    return parent.iterdir() if parent.is_dir() else iter(())


def simulated(
    experiment: Experiment,
    agent: Agent | None = None,
    *,
    threads: int | None = None,
    progress: Progress | None = None,
    out: Path | None = None,
) -> xr.Dataset:
    """The trace of an experiment.

    Args:
        experiment: what is run.
        agent: its agent, where that was built already.
        threads, progress, out: as for `simulate`.
    """
    extent = experiment.extent
    return simulate(
        agent if agent is not None else experiment.agent.build(experiment.model),
        experiment.world,
        num_agents=extent.num_agents,
        num_steps=extent.num_steps,
        num_episodes=extent.num_episodes,
        seed=experiment.seed,
        record=experiment.record,
        carry_counts=experiment.carry_counts,
        schedule=dict(experiment.schedule) or None,
        threads=threads,
        progress=progress,
        out=out,
    )


def _simulate(
    experiment: Experiment, agent: Agent, target: Path, threads: int | None, progress: Progress | None
) -> tuple[datetime, float]:
    """Simulate into a trace file; when it began, and how many seconds it took."""
    warm_up(experiment)  # not part of how long the simulation takes
    started, clock = datetime.now(UTC), time.perf_counter()
    simulated(experiment, agent, threads=threads, progress=progress, out=target).close()
    return started, time.perf_counter() - clock


def _world_hashes(experiment: Experiment) -> list[str]:
    return [experiment.process.hash, *(world.process.hash for world in experiment.schedule.values())]


def _changed_settings(folder: Path, record: RunRecord) -> list[str]:
    """What the experiment beside the record says otherwise than the record does."""
    now = json.loads((folder / EXPERIMENT_FILE).read_text(encoding="utf-8"))
    return [
        f"{key} of {EXPERIMENT_FILE} {_short(now.get(key))} was {_short(record.configuration.get(key))}"
        for key in dict.fromkeys([*record.configuration, *now])
        if now.get(key) != record.configuration.get(key)
    ]


def _short(value: object) -> str:
    said = json.dumps(value, ensure_ascii=False)
    return said if len(said) <= _LONGEST_VALUE else f"{said[:_LONGEST_VALUE]}…"


def _changed_worlds(experiment: Experiment, record: RunRecord) -> list[str]:
    changed = _world_hashes(experiment) != list(record.world_hashes)
    return ["the world is not the one that was run"] if changed else []


@contextmanager
def _staged(folder: Path, force: bool) -> Iterator[Path]:
    """A temporary folder that takes its place when the block ends well, and is removed when it does not."""
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        staging = folder.with_name(f".{folder.name}.{os.getpid()}.part")
        staging.mkdir()
    except OSError as error:
        raise SettingError(f"{folder} cannot be created: {error.strerror or error}") from error
    try:
        yield staging
        refuse_existing(folder, force)
        _publish(staging, folder)
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def _publish(staging: Path, folder: Path) -> None:
    """Put a finished folder into its place; one that is there already is removed after that."""
    old = folder.with_name(f".{folder.name}.{os.getpid()}.old")
    if folder.exists():
        folder.rename(old)
    try:
        staging.rename(folder)
    except OSError as error:
        if old.exists():
            old.rename(folder)
        raise ActinfError(f"{folder} could not be put into its place: {error}") from error
    shutil.rmtree(old, ignore_errors=True)
