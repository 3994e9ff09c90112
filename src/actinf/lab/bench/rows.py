"""The rows of the benchmark: what each one measures, in which units, and what it is held against."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from actinf.errors import SettingError

__all__ = ["ROWS", "BatchRow", "MemoryRow", "Row", "StartRow", "StepRow", "select"]


@dataclass(frozen=True)
class Row:
    """One line of the table.

    Attributes:
        key: how the command line calls it.
        title: how the table calls it.
        model: the key of the model in `models.BUILDERS`.
        target: how many times as fast as the peer's documented way it must be; None where it is for information.
        judged: which of our dtypes the target is held against.
    """

    key: str
    title: str
    model: str
    target: float | None = None
    judged: str = "float64"


@dataclass(frozen=True)
class StepRow(Row):
    """Latency of a single agent's step by `session.step`, up to action, q(s) and q(pi) as NumPy arrays.

    Attributes:
        seconds: of steps in one block, at least 3 of them, at most 20,000.
    """

    seconds: float = 1.0


@dataclass(frozen=True)
class BatchRow(Row):
    """A whole run of a batch in its world, only observations and actions recorded, per agent and step.

    Attributes:
        agents, steps: of the run.
        individual: whether each agent has preferences and a precision of its own.
    """

    agents: int = 1
    steps: int = 1
    individual: bool = False
    judged: str = "float32"


@dataclass(frozen=True)
class StartRow(Row):
    """From the start of a fresh process to its first result, and the most memory that it held.

    Attributes:
        agents: 0 for one step of one agent, else a run of so many.
        cached: whether what can be compiled once, for this installation and for this model, has been.
        new_shape: whether the model is the first of its shape, so that what is compiled for each shape has not been.
        peak_target: the peak as a part of the peer's.
    """

    agents: int = 0
    steps: int = 1
    cached: bool = True
    new_shape: bool = False
    peak_target: float | None = None


@dataclass(frozen=True)
class MemoryRow(Row):
    """The most memory that one large run of ours holds.

    Attributes:
        peak_limit: bytes.
    """

    agents: int = 1
    steps: int = 1
    peak_limit: int = 0


ROWS: tuple[Row, ...] = (
    StepRow("step-tmaze25", "T-maze, 25 policies", "tmaze25", 15),
    StepRow("step-tmaze625", "T-maze, 625 policies", "tmaze625", 15),
    StepRow("step-grid", "10x10 grid, 625 policies", "grid", 150),
    StepRow("step-grid_noisy", "the same, noisy sensor", "grid_noisy", 150),
    StepRow("step-random", "random 2x3, 216 policies", "random", 10),
    StepRow("step-dense1000", "1,000 dense states, 512 policies", "dense1000", 200, "float32", seconds=3.0),
    StepRow("step-chain4", "chain, 256 policies", "chain4"),
    StepRow("step-chain5", "chain, 1,024 policies", "chain5"),
    StepRow("step-chain6", "chain, 4,096 policies", "chain6"),
    StepRow("step-chain7", "chain, 16,384 policies", "chain7", 8, seconds=2.0),
    BatchRow("batch-tmaze25", "1,000 T-mazes, 25 policies", "tmaze25", 8, agents=1000, steps=50),
    BatchRow("batch-tmaze625", "100 T-mazes, 625 policies", "tmaze625", 20, agents=100, steps=50),
    BatchRow("batch-grid", "16 grids, 625 policies", "grid", 300, agents=16, steps=25),
    BatchRow("batch-grid_noisy", "the same, noisy sensor", "grid_noisy", 300, agents=16, steps=25),
    BatchRow("batch-random", "1,000 random 2x3, 216 policies", "random", 10, agents=1000, steps=20),
    BatchRow(
        "sweep-tmaze25", "10,000 T-mazes, own C and gamma", "tmaze25", 8, agents=10_000, steps=20, individual=True
    ),
    StartRow(
        "start-batch", "first run of 1,000 T-mazes", "tmaze25", 8, agents=1000, steps=20, peak_target=0.3
    ),
    StartRow("start-step", "first step of one T-maze", "tmaze25"),
    StartRow("start-shape", "first run of a model of a new shape", "tmaze25", agents=1000, steps=20, new_shape=True),
    StartRow("start-cold", "first run, nothing cached", "tmaze25", agents=1000, steps=20, cached=False),
    MemoryRow("memory-million", "1,000,000 T-mazes, 20 steps", "tmaze25", agents=1_000_000, steps=20,
              peak_limit=600_000_000),
)  # fmt: skip


def select(words: Sequence[str]) -> tuple[Row, ...]:
    """The rows whose key is one of these words, or begins with one and a hyphen; all of them for no words.

    Raises:
        SettingError: for a word that fits no row.
    """
    chosen = {word: [row for row in ROWS if row.key == word or row.key.startswith(f"{word}-")] for word in words}
    unknown = [word for word, rows in chosen.items() if not rows]
    if unknown:
        keys = ", ".join(row.key for row in ROWS)
        raise SettingError(
            f"the benchmark has no row {unknown[0]!r}: expected step, batch, sweep, start, memory or one of {keys}"
        )
    wanted = {row.key for rows in chosen.values() for row in rows}
    return tuple(row for row in ROWS if not words or row.key in wanted)
