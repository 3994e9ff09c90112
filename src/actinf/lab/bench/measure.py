"""Measuring: both sides take turns, block by block, in one run, so that a slow spell of the machine meets both."""

from __future__ import annotations

import os
import platform
import statistics
import sys
import tempfile
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import singledispatchmethod
from pathlib import Path
from typing import Any, cast

import numpy as np

from actinf.lab.bench import flops, models, reference
from actinf.lab.bench.rows import BatchRow, MemoryRow, Row, StartRow, StepRow
from actinf.lab.bench.workers import Side, Worker, first_answer

__all__ = ["Agreement", "Bench", "Figures", "Measurement", "Report"]

TOLERANCE = 1e-5
DTYPES = ("float64", "float32")
DOCUMENTED, BY_HAND = "pymdp", "pymdp by hand"


@dataclass(frozen=True)
class Figures:
    """What was measured of one variant.

    Attributes:
        median: of the blocks' medians; microseconds per agent and step, or seconds for a start.
        p99, p999: of all steps together; None where the unit is a whole run.
        samples: how many.
        peak_bytes: the most memory its process held, where that is part of the row.
    """

    median: float
    p99: float | None = None
    p999: float | None = None
    samples: int = 0
    peak_bytes: int | None = None


@dataclass(frozen=True)
class Measurement:
    """One row, measured: figures by variant ("float64", "float32", "pymdp", "pymdp by hand")."""

    row: Row
    figures: dict[str, Figures]
    bound: float | None = None

    def ratio(self, ours: str, theirs: str) -> float | None:
        """How many times as fast ours is."""
        if ours not in self.figures or theirs not in self.figures:
            return None
        return self.figures[theirs].median / self.figures[ours].median

    def peak(self, name: str) -> int:
        """The most memory that a variant held, in bytes."""
        return self.figures[name].peak_bytes or 0


@dataclass(frozen=True)
class Agreement:
    """The largest difference of any probability between two calculations of the same episode.

    Attributes:
        model: its name.
        between: which two.
        qs, q_pi: the differences in q(s) and in q(pi).
    """

    model: str
    between: str
    qs: float
    q_pi: float

    @property
    def holds(self) -> bool:
        """Whether both are within 1e-5 (NaN is not)."""
        return self.qs <= TOLERANCE and self.q_pi <= TOLERANCE


@dataclass(frozen=True)
class Report:
    """All that one run of the benchmark found out, with what, and on how busy a machine."""

    agreements: list[Agreement] = field(default_factory=list)
    measurements: list[Measurement] = field(default_factory=list)
    versions: dict[str, str] = field(default_factory=dict)
    machine: str = ""


class Bench:
    """One run of the benchmark.

    Args:
        peer: an interpreter that has inferactively-pymdp 1.0.4, or None for our side alone.
        repeats: how often the sides take turns.
        say: is told what is being done.
    """

    def __init__(self, peer: Path | None, repeats: int, say: Callable[[str], None]):
        here = Path(__file__).parent
        self._ours = Side("actinf", (sys.executable, "-E", "-m", "actinf.lab.bench.ours"))
        self._peer = None if peer is None else Side("pymdp", (str(peer), "-E", str(here / "peer_pymdp.py")))
        self._repeats = repeats
        self._say = say

    def run(self, rows: Sequence[Row], *, check: bool = True) -> Report:
        """Compare the posteriors of every model that the rows use, then measure the rows one by one."""
        machine = _machine()
        with tempfile.TemporaryDirectory(prefix="actinf-bench-") as folder:
            self._folder = Path(folder)
            self._speed = flops.single_core_speed()
            keys = list(dict.fromkeys(row.model for row in rows))
            for key in keys:
                self._say(f"recording an episode: {key}")
                self._prepare(key)
            agreements = [found for key in keys for found in self._compare(key)] if check else []
            measurements = []
            for row in rows:
                self._say(f"measuring {row.key}")
                measurements.append(self._measure(row))
            return Report(agreements, measurements, self._versions(), machine)

    # ------------------------------------------------------------------------------------------------ the comparison

    def _prepare(self, key: str) -> None:
        model = models.build(key)
        model.save(self._file(key, "model"))
        episode, posteriors = reference.record(
            model, steps=4 if model.num_policies * sum(model.num_states) > 4e5 else 24, seed=1
        )
        episode.save(self._file(key, "episode"))
        posteriors.save(self._file(key, "reference"))

    def _file(self, key: str, what: str) -> Path:
        return self._folder / f"{key}.{what}.npz"

    def _compare(self, key: str) -> list[Agreement]:
        """Ours and the peer's against the plain reference, and against each other in the same precision."""
        self._say(f"comparing posteriors: {key}")
        name = models.build(key).name
        found = {"reference": reference.Posteriors.load(self._file(key, "reference"))}
        for dtype in DTYPES:
            with Worker(self._ours) as worker:
                found[f"actinf {dtype}"] = self._replay(worker, key, dtype)
            if self._peer is not None:
                with Worker(self._peer, *(["--double"] if dtype == "float64" else [])) as worker:
                    found[f"pymdp {dtype}"] = self._replay(worker, key, dtype)
        pairs = [(f"{side} {dtype}", "reference") for side in ("actinf", "pymdp") for dtype in DTYPES]
        pairs += [(f"actinf {dtype}", f"pymdp {dtype}") for dtype in DTYPES]
        present = [(a, b) for a, b in pairs if a in found and b in found]
        return [Agreement(name, f"{a} / {b}", *found[a].distance(found[b])) for a, b in present]

    def _replay(self, worker: Worker, key: str, variant: str) -> reference.Posteriors:
        out = self._file(key, "answer")
        worker.ask("replay", **self._paths(key), variant=variant, out=str(out))
        return reference.Posteriors.load(out)

    def _paths(self, key: str) -> dict[str, Any]:
        return {"model": str(self._file(key, "model")), "episode": str(self._file(key, "episode"))}

    def _versions(self) -> dict[str, str]:
        found: dict[str, str] = {}
        for side in (self._ours, self._peer):
            if side is not None:
                with Worker(side) as worker:
                    found |= {f"{side.name}: {name}": v for name, v in worker.ask("versions")["versions"].items()}
        return found

    # ------------------------------------------------------------------------------------------------- the measuring

    @singledispatchmethod
    def _measure(self, row: Row) -> Measurement:
        raise NotImplementedError(row)

    @_measure.register
    def _(self, row: StepRow) -> Measurement:
        limits = {"seconds": row.seconds, "least": 3, "most": 20_000}
        variants = {"float64": "float64", "float32": "float32", "constants": DOCUMENTED, "arguments": BY_HAND}
        blocks = self._take_turns("step", variants, **self._paths(row.model), **limits)
        figures = {}
        for name, answers in blocks.items():
            times = [np.asarray(answer["nanoseconds"]) / 1e3 for answer in answers]
            pooled = np.concatenate(times)
            figures[name] = Figures(
                median=statistics.median(float(np.median(block)) for block in times),
                p99=float(np.percentile(pooled, 99)),
                p999=float(np.percentile(pooled, 99.9)),
                samples=len(pooled),
            )
        return Measurement(row, self._faster_jit(figures), self._bound(row))

    @_measure.register
    def _(self, row: BatchRow) -> Measurement:
        individual = self._individual(row) if row.individual else None
        variants = {"float64": "float64", "float32": "float32", "rollout": DOCUMENTED, "vmap": BY_HAND}
        request = {"agents": row.agents, "steps": row.steps, "repeats": 1, "individual": individual}
        blocks = self._take_turns("batch", variants, **self._paths(row.model), **request)
        scale = 1e6 / (row.agents * row.steps)
        figures = {
            name: Figures(
                median=statistics.median(seconds * scale for answer in answers for seconds in answer["seconds"]),
                samples=sum(len(answer["seconds"]) for answer in answers),
                peak_bytes=max(answer["peak_bytes"] for answer in answers),
            )
            for name, answers in blocks.items()
        }
        return Measurement(row, figures, self._bound(row))

    @_measure.register
    def _(self, row: StartRow) -> Measurement:
        told = ["--first", str(self._file(row.model, "model"))]
        told += ["--agents", str(row.agents), "--steps", str(row.steps)]
        variants = dict(zip(DTYPES, DTYPES, strict=True))
        if self._peer is not None:
            variants |= {DOCUMENTED: "rollout"} | ({BY_HAND: "vmap"} if row.agents else {})
        found: dict[str, list[tuple[float, dict[str, Any]]]] = {name: [] for name in variants}
        with tempfile.TemporaryDirectory(dir=self._folder) as kept:
            for turn in range(self._repeats + 1 if row.cached else 1):
                for name, variant in variants.items():
                    cache = Path(kept) / (f"{name} {turn}" if row.new_shape else name)
                    found[name].append(self._start(row, [*told, "--variant", variant], cache))
        return Measurement(row, {name: _start_figures(answers[row.cached :]) for name, answers in found.items()})

    def _start(self, row: StartRow, told: list[str], cache: Path) -> tuple[float, dict[str, Any]]:
        """One fresh process; pymdp's compiled programs and, where nothing is to be cached, ours go to `cache`."""
        if told[-1] in DTYPES:
            return first_answer(self._ours, told, None if row.cached else cache)
        return first_answer(cast("Side", self._peer), [*told, "--cache", str(cache)])

    @_measure.register
    def _(self, row: MemoryRow) -> Measurement:
        figures = {}
        for dtype in DTYPES:
            told = ["--first", str(self._file(row.model, "model")), "--steps", str(row.steps), "--variant", dtype]
            first_answer(self._ours, [*told, "--agents", "1"])  # a compiler in the process would be counted
            figures[dtype] = _start_figures([first_answer(self._ours, [*told, "--agents", str(row.agents)])])
        return Measurement(row, figures)

    def _take_turns(self, operation: str, variants: dict[str, str], **request: Any) -> dict[str, list[dict[str, Any]]]:
        """Each variant answers the request once in every turn; the answers, by the variant's name in the table."""
        answers: dict[str, list[dict[str, Any]]] = {}
        with ExitStack() as stack:
            ours = stack.enter_context(Worker(self._ours))
            peer = None if self._peer is None else stack.enter_context(Worker(self._peer))
            for _ in range(self._repeats):
                for variant, name in variants.items():
                    worker = ours if variant in DTYPES else peer
                    if worker is not None:
                        answers.setdefault(name, []).append(worker.ask(operation, **request, variant=variant))
        return answers

    def _individual(self, row: BatchRow) -> str:
        """Preferences and a precision for each agent."""
        rng = np.random.default_rng(3)
        model = models.build(row.model)
        own: dict[str, Any] = {f"C{m}": c + rng.normal(size=(row.agents, len(c))) for m, c in enumerate(model.C)}
        path = self._file(row.model, "individual")
        np.savez(path, gamma=rng.uniform(2.0, 16.0, size=row.agents), **own)
        return str(path)

    def _bound(self, row: Row) -> float:
        """Microseconds: of one core for a step, of all cores for a batch, which has them."""
        cores = (os.cpu_count() or 1) if isinstance(row, BatchRow) else 1
        return flops.count(models.build(row.model)) / (self._speed * cores) * 1e6

    @staticmethod
    def _faster_jit(figures: dict[str, Figures]) -> dict[str, Figures]:
        """Two ways to jit the same documented calls: the faster one stands for the peer."""
        jits = [figures.pop(name) for name in (DOCUMENTED, BY_HAND) if name in figures]
        return figures | ({DOCUMENTED: min(jits, key=lambda f: f.median)} if jits else {})


def _machine() -> str:
    """How many cores there are, and how busy they were before the run began."""
    busy = f", load average {os.getloadavg()[0]:.1f} before the run" if hasattr(os, "getloadavg") else ""
    return f"{os.cpu_count()} cores ({platform.machine()}){busy}"


def _start_figures(answers: list[tuple[float, dict[str, Any]]]) -> Figures:
    return Figures(
        median=statistics.median(seconds for seconds, _ in answers),
        samples=len(answers),
        peak_bytes=round(statistics.median(answer["peak_bytes"] for _, answer in answers)),
    )
