"""States the tables of a model as briefly as can be done without losing a bit, for files.

A rule where one holds exactly, an array in full where it is small, a list of entries where it is mostly zeros, and
bytes where it is large.
"""

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from actinf.model.axes import Axes
from actinf.model.numerals import write_bytes
from actinf.model.plain import VERSION
from actinf.model.table import Table

if TYPE_CHECKING:
    from actinf.model.model import Model

_LARGEST_IN_FULL = 200
_LARGEST_AS_TEXT = 20_000
_MOST_COLUMNS_BY_NAME = 500


def describe(model: "Model") -> dict[str, Any]:
    """The model as plain values, as a file holds them."""
    data: dict[str, Any] = {"actinf": VERSION, "kind": "model"}
    data |= {key: text for key, text in (("name", model.name), ("description", model.description)) if text}
    inline = _controls_are_inline(model)
    data["factors"] = {}
    for at, factor in enumerate(model.factors):
        entry: dict[str, Any] = {"states": _names(factor.states)}
        control = model.control_of_factor[at]
        if inline and control is not None:
            entry["actions"] = _names(model.controls[control].actions)
        if model.B_dependencies[at] != (at,):
            entry["depends_on"] = [model.factors[parent].name for parent in model.B_dependencies[at]]
        data["factors"][factor.name] = entry if len(entry) > 1 else entry["states"]
    data["modalities"] = {
        modality.name: {
            "outcomes": _names(modality.outcomes),
            "depends_on": [model.factors[parent].name for parent in parents],
        }
        for modality, parents in zip(model.modalities, model.A_dependencies, strict=True)
    }
    if not inline:
        data["controls"] = {
            control.name: {"factor": control.factor, "actions": _names(control.actions)} for control in model.controls
        }
    return data | _tables(model)


def _tables(model: "Model") -> dict[str, Any]:
    """The sections A to pE that are not what a model has by default."""
    sections: dict[str, dict[str, Any]] = {key: {} for key in ("A", "B", "C", "D", "pA", "pB", "pD")}
    for at, modality in enumerate(model.modalities):
        axes = likelihood_axes(model, at)
        _table_and_counts(sections, "A", modality.name, model.A[at], model.pA[at], axes)
        if model.C[at].any() or len(model.C[at]) > 1:
            sections["C"][modality.name] = _preferences(model.C[at], modality.outcomes)
    for at, factor in enumerate(model.factors):
        axes = transition_axes(model, at)
        _table_and_counts(sections, "B", factor.name, model.B[at], model.pB[at], axes)
        counts, uniform = model.pD[at], np.full(len(factor.states), 1.0 / len(factor.states))
        if counts is not None:
            sections["pD"][factor.name] = _vector(counts, factor.states)
        if not np.array_equal(model.D[at], uniform if counts is None else counts / counts.sum()):
            sections["D"][factor.name] = _vector(model.D[at], factor.states, certain=True)
    found: dict[str, Any] = {key: section for key, section in sections.items() if section}
    if model.E is not None and (model.pE is None or not np.array_equal(model.E, model.pE / model.pE.sum())):
        found["E"] = _numbers(model.E)
    if model.pE is not None:
        found["pE"] = _numbers(model.pE)
    return {key: found[key] for key in ("A", "B", "C", "D", "E", "pA", "pB", "pD", "pE") if key in found}


def likelihood_axes(model: "Model", at: int) -> Axes:
    """The axes of `model.A[at]`."""
    modality = model.modalities[at]
    parents = tuple(model.factors[parent] for parent in model.A_dependencies[at])
    return Axes(f"A[{modality.name!r}]", f"modality {modality.name!r}", modality.outcomes, parents)


def transition_axes(model: "Model", at: int) -> Axes:
    """The axes of `model.B[at]`."""
    factor, control = model.factors[at], model.control_of_factor[at]
    dependencies = model.B_dependencies[at]
    return Axes(
        f"B[{factor.name!r}]",
        f"factor {factor.name!r}",
        factor.states,
        tuple(model.factors[parent] for parent in dependencies),
        True,
        dependencies.index(at) if at in dependencies else None,
        None if control is None else model.controls[control],
    )


def _controls_are_inline(model: "Model") -> bool:
    """Whether each control is called like its factor, and the order of controls is that of factors."""
    factors = [control.factor for control in model.controls]
    ordered = [name for name in model.factors.names if name in factors]
    return ordered == factors == list(model.controls.names)


def _table_and_counts(
    sections: dict[str, dict[str, Any]], key: str, name: str, table: Table, counts: Table | None, axes: Axes
) -> None:
    if counts is not None:
        sections[f"p{key}"][name] = _statement(counts, axes)
    if counts is None or counts.normalised() != table:
        sections[key][name] = _statement(table, axes)


def _statement(table: Table, axes: Axes) -> Any:
    size = table.num_rows * table.num_columns
    one_row = table.nnz == table.num_columns and bool(np.all(np.diff(table.indptr) == 1))
    if one_row and np.all(table.values == 1.0):
        rule = _identity(table, axes) or _deterministic(table, axes)
        if rule is not None:
            return rule
    if table.nnz == size and np.all(table.values == 1.0 / table.num_rows):
        return "uniform"
    if size <= _LARGEST_IN_FULL:
        dense = table.dense()
        return _nested(dense if axes.control or not axes.transition else dense[..., 0])
    if table.nnz <= 0.3 * size:
        return {"sparse": _sparse_text(table, axes)}
    dense = table.dense()
    if size <= _LARGEST_AS_TEXT:
        return _text(dense.reshape(len(dense), -1))
    return {"base64": write_bytes(dense)}


def _identity(table: Table, axes: Axes) -> Any:
    places = np.unravel_index(np.arange(table.num_columns), table.shape[1:])
    for at, parent in enumerate(axes.parents):
        if len(parent.states) == table.num_rows and np.array_equal(table.indices, places[at]):
            plain = at == axes.own if axes.transition else len(axes.parents) == 1
            return "identity" if plain else {"identity": parent.name}
    return None


def _deterministic(table: Table, axes: Axes) -> Any:
    """The nested mapping from names to rows; a level whose entries are alike is left out."""
    if table.num_columns > _MOST_COLUMNS_BY_NAME:
        return None
    rows = table.indices.reshape(table.shape[1:])
    levels = [parent.states for parent in axes.parents]
    stay = np.full(rows.shape, -1)
    if axes.own is not None:
        stay[...] = np.arange(table.num_rows).reshape([-1 if at == axes.own else 1 for at in range(rows.ndim)])
    if axes.control:
        rows, stay = np.moveaxis(rows, -1, 0), np.moveaxis(stay, -1, 0)
        levels.insert(0, axes.actions)
        if axes.actions == axes.rows and np.array_equal(rows, np.indices(rows.shape)[0]):
            return {"deterministic": "by_name"}
    elif axes.transition:
        rows, stay = rows[..., 0], stay[..., 0]

    def node(rows: NDArray[np.int64], stay: NDArray[np.int64], depth: int) -> Any:
        if depth and np.all(rows == rows.flat[0]):
            return axes.rows[rows.flat[0]]
        return {
            name: node(rows[at], stay[at], depth + 1)
            for at, name in enumerate(levels[depth])
            if not np.array_equal(rows[at], stay[at])
        }

    return {"deterministic": node(rows, stay, 0)}


def _sparse_text(table: Table, axes: Axes) -> str:
    places = np.unravel_index(table.column_of_entry(), table.shape[1:])
    if axes.transition and axes.control is None:
        places = places[:-1]
    columns = [column.tolist() for column in (table.indices, *places, table.values)]
    return "".join(" ".join(map(_number, entry)) + "\n" for entry in zip(*columns, strict=True))


def _names(names: tuple[str, ...]) -> list[str] | int:
    return len(names) if names == tuple(map(str, range(len(names)))) else list(names)


def _preferences(preferences: NDArray[np.float64], outcomes: tuple[str, ...]) -> Any:
    if len(preferences) == 1:
        return _vector(preferences[0], outcomes)
    if preferences.size > _LARGEST_IN_FULL:
        return _text(preferences)
    return [{name: value for name, value in zip(outcomes, row.tolist(), strict=True) if value} for row in preferences]


def _vector(vector: NDArray[np.float64], names: tuple[str, ...], certain: bool = False) -> Any:
    """By name what is not zero, or the one name that is `certain`; in full where that would be long."""
    places = np.flatnonzero(vector)
    if certain and len(places) == 1 and vector[places[0]] == 1.0:
        return names[places[0]]
    if len(places) <= _LARGEST_IN_FULL // 4:
        return {names[at]: float(vector[at]) for at in places}
    return _numbers(vector)


def _numbers(vector: NDArray[np.float64]) -> Any:
    return vector.tolist() if len(vector) <= _LARGEST_IN_FULL else _text(vector[None, :])


def _nested(array: NDArray[np.float64]) -> Any:
    return array.tolist()


def _text(array: NDArray[np.float64]) -> str:
    """Lines of numbers; a single line ends with a line break all the same, by which it is known as numbers."""
    return "".join(" ".join(map(_number, row)) + "\n" for row in array.tolist())


def _number(value: float) -> str:
    return str(int(value)) if value == int(value) and abs(value) < 1e15 else repr(value)
