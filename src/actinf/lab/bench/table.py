"""The benchmark's tables, as Markdown."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from actinf.lab.bench.measure import BY_HAND, DOCUMENTED, TOLERANCE, Agreement, Measurement, Report
from actinf.lab.bench.rows import BatchRow, MemoryRow, Row, StartRow, StepRow

__all__ = ["render"]

NOTHING = "–"
Columns = Sequence[tuple[str, Callable[[Any], str]]]


def _number(value: float | None) -> str:
    if value is None:
        return NOTHING
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def _median(name: str) -> Callable[[Measurement], str]:
    return lambda m: _number(m.figures[name].median if name in m.figures else None)


def _slowest_in_a_thousand(name: str) -> Callable[[Measurement], str]:
    """The 99.9th percentile, where there were at least as many steps as it takes to have one."""
    return lambda m: _number(m.figures[name].p999 if name in m.figures and m.figures[name].samples >= 1000 else None)


def _peak(name: str) -> Callable[[Measurement], str]:
    return lambda m: _number(m.peak(name) / 1e6 if name in m.figures else None)


def _ratio(theirs: str) -> Callable[[Measurement], str]:
    def cell(m: Measurement) -> str:
        ratio = m.ratio(m.row.judged, theirs)
        return NOTHING if ratio is None else f"{_number(ratio)}x"

    return cell


def _verdict(wanted: str, reached: bool | None) -> str:
    return wanted if reached is None else f"{wanted} {'✓' if reached else '✗'}"


def _target(m: Measurement) -> str:
    target, ratio = m.row.target, m.ratio(m.row.judged, DOCUMENTED)
    return NOTHING if target is None else _verdict(f"≥ {target:g}x", None if ratio is None else ratio >= target)


def _part(m: Measurement) -> str:
    return f"{m.peak(m.row.judged) / m.peak(DOCUMENTED):.2f}" if DOCUMENTED in m.figures else NOTHING


def _peak_target(m: Measurement) -> str:
    if isinstance(m.row, MemoryRow):
        return _verdict(f"≤ {m.row.peak_limit / 1e6:,.0f}", m.peak(m.row.judged) <= m.row.peak_limit)
    if not isinstance(m.row, StartRow) or m.row.peak_target is None:
        return NOTHING
    reached = m.peak(m.row.judged) <= m.row.peak_target * m.peak(DOCUMENTED) if DOCUMENTED in m.figures else None
    return _verdict(f"≤ {m.row.peak_target:g}", reached)


def _above_bound(m: Measurement) -> str:
    return NOTHING if m.bound is None else f"{_number(m.figures[m.row.judged].median / m.bound)}x"


AGREEMENT: Columns = (
    ("largest difference", lambda a: a.model),
    ("between", lambda a: a.between),
    ("q(s)", lambda a: f"{a.qs:.1e}"),
    ("q(π)", lambda a: f"{a.q_pi:.1e}"),
    ("target", lambda a: _verdict(f"≤ {TOLERANCE:g}", a.holds)),
)
STEP: Columns = (
    ("step, µs", lambda m: m.row.title),
    ("float64", _median("float64")),
    ("float32", _median("float32")),
    ("pymdp", _median(DOCUMENTED)),
    ("ratio", _ratio(DOCUMENTED)),
    ("target", _target),
    ("p99.9 float64", _slowest_in_a_thousand("float64")),
    ("p99.9 pymdp", _slowest_in_a_thousand(DOCUMENTED)),
    ("to the bound", _above_bound),
)
BATCH: Columns = (
    ("batch, µs per agent and step", lambda m: m.row.title),
    ("float32", _median("float32")),
    ("float64", _median("float64")),
    ("float64's speed", lambda m: f"{m.ratio('float64', 'float32'):.2f}x"),
    ("pymdp", _median(DOCUMENTED)),
    ("ratio", _ratio(DOCUMENTED)),
    ("target", _target),
    ("pymdp by hand", _median(BY_HAND)),
    ("ratio", _ratio(BY_HAND)),
    ("to the bound", _above_bound),
)
START: Columns = (
    ("fresh process, s", lambda m: m.row.title),
    ("float64", _median("float64")),
    ("float32", _median("float32")),
    ("pymdp", _median(DOCUMENTED)),
    ("ratio", _ratio(DOCUMENTED)),
    ("target", _target),
    ("pymdp by hand", _median(BY_HAND)),
    ("ratio", _ratio(BY_HAND)),
)
PEAK: Columns = (
    ("peak memory, MB", lambda m: m.row.title),
    ("float64", _peak("float64")),
    ("float32", _peak("float32")),
    ("pymdp", _peak(DOCUMENTED)),
    ("part of it", _part),
    ("target", _peak_target),
    ("pymdp by hand", _peak(BY_HAND)),
)


def _markdown(columns: Columns, found: Sequence[Measurement] | Sequence[Agreement]) -> str:
    lines = [[head for head, _ in columns], ["---", *(["---:"] * (len(columns) - 1))]]
    lines += [[cell(one) for _, cell in columns] for one in found]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in lines)


def render(report: Report) -> str:
    """Everything that a run found out, as one Markdown text."""
    tables: list[tuple[Columns, tuple[type[Row], ...]]] = [
        (STEP, (StepRow,)),
        (BATCH, (BatchRow,)),
        (START, (StartRow,)),
        (PEAK, (StartRow, MemoryRow)),
    ]
    parts = [_markdown(AGREEMENT, report.agreements)] if report.agreements else []
    for columns, kinds in tables:
        found = [m for m in report.measurements if isinstance(m.row, kinds)]
        if found:
            parts.append(_markdown(columns, found))
    used = [f"{name} {version}" for name, version in report.versions.items()]
    parts.append("; ".join([*([report.machine] if report.machine else []), *used]))
    return "\n\n".join(parts)
