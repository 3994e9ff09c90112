"""The model as tables: every number that is small enough to be read, and the size of what is not."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from actinf.lab.report.page import Html, details, join, paragraph, table, text

if TYPE_CHECKING:
    from actinf.model import Model, Table

__all__ = ["model_tables"]

_MOST_CELLS = 1500
_MOST_COLUMNS = 40
_MOST_NAMES = 60


def model_tables(model: Model) -> Html:
    """Factors, modalities and controls; then A, B, C, D, each in a part that the reader opens."""
    return join([_parts(model), *_likelihoods(model), *_transitions(model), *_preferences(model), *_initial(model)])


def _parts(model: Model) -> Html:
    rows = [("hidden factor", f.name, len(f.states), _listed(f.states)) for f in model.factors]
    rows += [("modality", m.name, len(m.outcomes), _listed(m.outcomes)) for m in model.modalities]
    rows += [("control", c.name, len(c.actions), _listed(c.actions)) for c in model.controls]
    return table(["", "name", "values", "their names"], rows, numbers=[2])


def _listed(names: tuple[str, ...]) -> str:
    shown = ", ".join(names[:12])
    return shown if len(names) <= 12 else f"{shown}, … {names[-1]}"


def _likelihoods(model: Model) -> list[Html]:
    found = []
    for m, modality in enumerate(model.modalities):
        parents = [model.factors[f] for f in model.A_dependencies[m]]
        title = f"A: {modality.name} given {', '.join(parent.name for parent in parents)}"
        columns = [", ".join(names) for names in product(*(parent.states for parent in parents))]
        found.append(_part(title, model.A[m], lambda t, c=columns, n=modality.outcomes: _matrix(t.dense(), n, c)))
    return found


def _transitions(model: Model) -> list[Html]:
    found = []
    for f, factor in enumerate(model.factors):
        control = model.control_of_factor[f]
        actions = ("—",) if control is None else model.controls[control].actions
        parents = [model.factors[g] for g in model.B_dependencies[f]]
        given = ", ".join(parent.name for parent in parents) + ("" if control is None else " and the action")
        columns = [", ".join(names) for names in product(*(parent.states for parent in parents))]

        def draw(
            t: Table, c: list[str] = columns, a: tuple[str, ...] = actions, n: tuple[str, ...] = factor.states
        ) -> Html:
            if t.nnz == t.num_columns:
                return _next_states(t, n, c, a)
            dense = t.dense().reshape(len(n), len(c), len(a))
            return join(f"<h3>{text(action)}</h3>{_matrix(dense[:, :, u], n, c)}" for u, action in enumerate(a))

        found.append(_part(f"B: next {factor.name} given {given}", model.B[f], draw))
    return found


def _preferences(model: Model) -> list[Html]:
    rows = [
        (modality.name, outcome, f"{value:g}" if len(C) == 1 else ", ".join(f"{v:g}" for v in C[:, o]))
        for modality, C in zip(model.modalities, model.C)
        if np.ptp(C) > 0 and len(modality.outcomes) <= _MOST_NAMES
        for o, outcome in enumerate(modality.outcomes)
        for value in [C[0, o]]
        if np.any(C[:, o] != 0)
    ]
    content = table(["modality", "outcome", "log-preference (nats)"], rows, numbers=[2]) if rows else ""
    return [details("C: log-preferences", content or paragraph("No preferences that differ.", "muted"), is_open=True)]


def _initial(model: Model) -> list[Html]:
    rows = [
        (factor.name, "uniform" if np.ptp(D) < 1e-12 and len(D) > 1 else ", ".join(_likely(factor.states, D)))
        for factor, D in zip(model.factors, model.D)
    ]
    return [details("D: initial states", table(["factor", "initial state"], rows), is_open=True)]


def _likely(names: tuple[str, ...], values: NDArray[np.float64]) -> list[str]:
    order = [int(s) for s in np.argsort(-values, kind="stable") if values[s] > 0]
    said = [names[s] if values[s] == 1 else f"{names[s]} {values[s]:.3g}" for s in order[:8]]
    return said if len(order) <= 8 else [*said, f"{len(order) - 8} more"]


def _part(title: str, values: Table, draw: object) -> Html:
    """A table that the reader opens, or a sentence on its size when it is too large to be read."""
    size = " × ".join(str(n) for n in values.shape)
    heading = f"{text(title)} <small>({size}; {values.nnz:,} not zero)</small>"
    cells = int(np.prod(values.shape, dtype=object))
    readable = cells <= _MOST_CELLS if values.nnz != values.num_columns else values.num_columns <= _MOST_CELLS
    if not readable:
        return details(heading, paragraph("Too large to be shown here; the model file has it.", "muted"))
    return details(heading, draw(values))  # type: ignore[operator]


def _matrix(values: NDArray[np.float64], rows: tuple[str, ...], columns: list[str]) -> Html:
    """Probabilities, each shaded by its size; many columns are turned into rows."""
    values = values.reshape(len(rows), -1)
    if len(columns) > _MOST_COLUMNS or len(columns) > 2 * len(rows) + 6:
        values, rows, columns = values.T, tuple(columns), list(rows)
    head = "".join(f"<th class=number>{text(column)}</th>" for column in columns)
    body = "\n".join(
        f"<tr><th>{text(name)}</th>{''.join(_probability(value) for value in row)}</tr>"
        for name, row in zip(rows, values)
    )
    return f'<div class="wide"><table><thead><tr><th></th>{head}</tr></thead><tbody>{body}</tbody></table></div>'


def _probability(value: float) -> Html:
    if value == 0.0:
        return "<td class=zero>·</td>"
    return f'<td class=p style="--p:{min(value, 1.0):.3f}">{value:.3g}</td>'


def _next_states(values: Table, states: tuple[str, ...], columns: list[str], actions: tuple[str, ...]) -> Html:
    """A table without chance: the next state by state and action."""
    following = values.indices.reshape(len(columns), len(actions))
    rows = [(f"from {name}", *(states[s] for s in row)) for name, row in zip(columns, following)]
    return table(["", *actions], rows)
