"""Reads C, D and E: preferences by outcome, initial states by state, habits by policy.

A vector over names is stated in full (a list of numbers), or as a mapping from name to number in which a name
that is left out counts zero; D can also be one state's name (certain) or `uniform`.
"""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from actinf.model.axes import as_name, positions
from actinf.model.limits import MAX_PREFERENCES
from actinf.model.numerals import as_float, read_array
from actinf.model.problems import Path, Problems, listed, shown, suggestion

FloatArray = NDArray[np.float64]


def read_distribution(
    given: object, names: tuple[str, ...], label: str, owner: str, where: Path, problems: Problems
) -> FloatArray | None:
    """A vector over the states of a factor, float64 (len(names),); not yet checked to be a distribution."""
    name = as_name(given)
    if isinstance(name, str) and name in names:
        vector = np.zeros(len(names))
        vector[names.index(name)] = 1.0
        return vector
    if isinstance(given, str) and given == "uniform":
        return np.full(len(names), 1.0 / len(names))
    if isinstance(given, str) and "\n" not in given:
        problems.add(
            where,
            f"{label} is {shown(given)}: expected a state of {owner} ({listed(names)}), 'uniform', a list of"
            f" {len(names):,} numbers or a mapping from state to number{suggestion(given, names)}",
        )
        return None
    return read_vector(given, names, label, owner, where, problems)


def read_vector(
    given: object, names: tuple[str, ...], label: str, owner: str, where: Path, problems: Problems
) -> FloatArray | None:
    """A vector over names from a list of numbers or from a mapping by name, float64 (len(names),)."""
    if isinstance(given, Mapping):
        entries = read_entries(given, positions(names), label, owner, where, problems)
        if entries is None:
            return None
        vector = np.zeros(len(names))
        vector[entries[0]] = entries[1]
        return vector
    array = read_array(given, where, label, problems)
    if array is None:
        return None
    vector = array.reshape(-1) if array.shape in ((len(names), 1), (1, len(names))) else array
    if vector.shape != (len(names),):
        problems.add(
            where, f"{label} has shape {array.shape}, but {owner} has {len(names):,} entries: expected ({len(names)},)"
        )
        return None
    return vector


def read_preferences(
    given: object, names: tuple[str, ...], label: str, owner: str, where: Path, problems: Problems
) -> FloatArray | None:
    """Log-preferences of a modality, nats, float64 (T, len(names)); T is 1 unless they are stated by time.

    A list of lists, a list of mappings, or an array of two axes states them by time, one row for each step.
    """
    if isinstance(given, Sequence) and not isinstance(given, str) and any(isinstance(row, Mapping) for row in given):
        if len(given) * len(names) > MAX_PREFERENCES:
            problems.add(
                where,
                f"{label} has {len(given):,} steps of {len(names):,} outcomes: expected at most {MAX_PREFERENCES:,}"
                f" numbers",
            )
            return None
        rows = [
            read_vector(row, names, f"{label}[{at}]", owner, (*where, at), problems) for at, row in enumerate(given)
        ]
        kept = [row for row in rows if row is not None]
        preferences = np.stack(kept) if len(kept) == len(rows) else None
    elif isinstance(given, Mapping):
        vector = read_vector(given, names, label, owner, where, problems)
        preferences = None if vector is None else vector[None, :]
    else:
        array = read_array(given, where, label, problems)
        if array is None:
            return None
        preferences = array[None, :] if array.ndim == 1 else array
        if preferences.ndim != 2 or preferences.shape[1] != len(names) or not len(preferences):
            problems.add(
                where,
                f"{label} has shape {array.shape}, but {owner} has {len(names):,} outcomes: expected"
                f" ({len(names)},), or (steps, {len(names)}) for preferences that change over time",
            )
            return None
    if preferences is not None:
        _check_finite(preferences, names, label, where, problems)
    return preferences


def read_habits(given: object, label: str, where: Path, problems: Problems) -> FloatArray | None:
    """A vector over policies, float64 (num_policies,); their number is the planner's affair, not the model's."""
    array = read_array(given, where, label, problems)
    if array is not None and array.ndim == 2 and len(array) == 1:
        array = array.reshape(-1)
    if array is not None and (array.ndim != 1 or not array.size):
        problems.add(where, f"{label} has shape {array.shape}: expected (num_policies,), one number for each policy")
        return None
    return array


def read_entries(
    given: Mapping[object, object], places: Mapping[str, int], label: str, owner: str, where: Path, problems: Problems
) -> tuple[NDArray[np.int64], FloatArray] | None:
    """The entries of a mapping from name to number: their positions, ascending, and their values; zeros left out."""
    before = len(problems)
    found: dict[int, float] = {}
    for key, value in given.items():
        name = as_name(key)
        here = (*where, str(key))
        if name not in places:
            problems.add(
                here,
                f"{label} names {shown(key)}, which {owner} does not have: expected {listed(places)}"
                f"{suggestion(name, places)}",
            )
        elif isinstance(value, bool) or not isinstance(value, int | float | np.number):
            problems.add(here, f"{label}[{name!r}] is {shown(value)}: expected a number")
        elif value != 0:
            found[places[str(name)]] = as_float(value)
    if len(problems) > before:
        return None
    order = sorted(found)
    return np.array(order, dtype=np.int64), np.array([found[at] for at in order], dtype=np.float64)


def _check_finite(preferences: FloatArray, names: tuple[str, ...], label: str, where: Path, problems: Problems) -> None:
    for step, outcome in np.argwhere(~np.isfinite(preferences))[:3]:
        at = f"[{step}]" if len(preferences) > 1 else ""
        problems.add(
            where,
            f"{label}{at}[{names[outcome]!r}] is {preferences[step, outcome]}: expected a finite log-preference"
            f" in nats; state an aversion by a large negative number, such as -16",
        )
