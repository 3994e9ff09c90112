"""Puts the parts of a model together, step by step, and notes every mistake on the way.

Later steps leave out what an earlier one found wrong, so that one mistake is reported once and the others are
reported too.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from actinf.model.axes import Axes, positions
from actinf.model.dependencies import by_name, infer_dependencies, read_dependencies
from actinf.model.naming import NameReader
from actinf.model.numerals import as_float
from actinf.model.problems import Problems, listed, shown
from actinf.model.records import Control, Factor, Modality
from actinf.model.statement import TableReader
from actinf.model.table import Table, frozen
from actinf.model.validation import check_agreement, check_table, check_vector
from actinf.model.vectors import read_distribution, read_habits, read_preferences

FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class Statements:
    """What a caller says about a model, as it was said; the fields are those of the constructor of Model."""

    factors: object
    modalities: object
    controls: object
    A: object
    B: object
    C: object
    D: object
    E: object
    pA: object
    pB: object
    pD: object
    pE: object
    A_dependencies: object
    B_dependencies: object


@dataclass(frozen=True)
class Parts:
    """A model's parts, all valid, in the order of factors and modalities."""

    factors: tuple[Factor, ...]
    modalities: tuple[Modality, ...]
    controls: tuple[Control, ...]
    A_dependencies: tuple[tuple[int, ...], ...]
    B_dependencies: tuple[tuple[int, ...], ...]
    A: tuple[Table, ...]
    B: tuple[Table, ...]
    C: tuple[FloatArray, ...]
    D: tuple[FloatArray, ...]
    E: FloatArray | None
    pA: tuple[Table | None, ...]
    pB: tuple[Table | None, ...]
    pD: tuple[FloatArray | None, ...]
    pE: FloatArray | None


def assemble(given: Statements) -> Parts:
    """The parts that `given` states.

    Raises:
        ModelError: that lists every mistake.
    """
    problems = Problems()
    assembly = _Assembly(given, problems)
    A, pA = assembly.tables("A", given.A, given.pA, assembly.likelihood_axes)
    B, pB = assembly.tables("B", given.B, given.pB, assembly.transition_axes)
    C = assembly.preferences(given.C)
    D, pD = assembly.initial_states(given.D, given.pD)
    E, pE = _habits(given.E, given.pE, problems)
    problems.raise_if_any()
    factors, modalities = list(assembly.factors), list(assembly.modalities)
    return Parts(
        factors=tuple(factor for factor in assembly.factors.values() if factor),
        modalities=tuple(modality for modality in assembly.modalities.values() if modality),
        controls=tuple(control for control in assembly.controls.values() if control),
        A_dependencies=_positions(assembly.likelihood_axes, modalities, factors),
        B_dependencies=_positions(assembly.transition_axes, factors, factors),
        A=tuple(A[name] for name in modalities),
        B=tuple(B[name] for name in factors),
        C=tuple(C[name] for name in modalities),
        D=tuple(D[name] for name in factors),
        E=E,
        pA=tuple(pA.get(name) for name in modalities),
        pB=tuple(pB.get(name) for name in factors),
        pD=tuple(pD.get(name) for name in factors),
        pE=pE,
    )


class _Assembly:
    """The names of a model and the axes of its tables; None stands for what is known to be wrong."""

    def __init__(self, given: Statements, problems: Problems):
        self.problems = problems
        self._reader = TableReader(problems)
        names = NameReader(problems)
        self.factors = names.factors(given.factors)
        self.modalities = names.modalities(given.modalities)
        self.controls = names.controls(given.controls, self.factors)
        self.likelihood_axes = self._likelihood_axes(given)
        self.transition_axes = self._transition_axes(given)

    def _likelihood_axes(self, given: Statements) -> dict[str, Axes | None]:
        stated = read_dependencies(
            given.A_dependencies, self.modalities, "A_dependencies", "modality", self.factors, self.problems
        )
        quiet = Problems()
        tables = by_name(given.pA, self.modalities, "pA", "modality", quiet)
        tables |= by_name(given.A, self.modalities, "A", "modality", quiet)
        found: dict[str, Axes | None] = {}
        for name, modality in self.modalities.items():
            parents = stated[name] if name in stated else infer_dependencies(tables.get(name), self.factors)
            if parents is None and name not in stated and self.factors:
                self.problems.add(
                    ("A_dependencies", name),
                    f"modality {name!r} does not say which factors it depends on, and A[{name!r}] leaves it open:"
                    f" list them (`depends_on` in a file, A_dependencies[{name!r}] in Python), of"
                    f" {listed(self.factors)}",
                )
            records = self._records(parents)
            found[name] = (
                Axes(f"A[{name!r}]", f"modality {name!r}", modality.outcomes, records)
                if (modality and records)
                else None
            )
        return found

    def _transition_axes(self, given: Statements) -> dict[str, Axes | None]:
        stated = read_dependencies(
            given.B_dependencies, self.factors, "B_dependencies", "factor", self.factors, self.problems
        )
        movers = {control.factor: control for control in self.controls.values() if control}
        unsure = any(control is None for control in self.controls.values())
        found: dict[str, Axes | None] = {}
        for name, factor in self.factors.items():
            parents = stated.get(name, (name,))
            records = self._records(parents)
            if factor is None or records is None or parents is None or (unsure and name not in movers):
                found[name] = None
                continue
            own = parents.index(name) if name in parents else None
            found[name] = Axes(f"B[{name!r}]", f"factor {name!r}", factor.states, records, True, own, movers.get(name))
        return found

    def _records(self, parents: tuple[str, ...] | None) -> tuple[Factor, ...] | None:
        found = tuple(self.factors[parent] for parent in parents or ())
        known = tuple(factor for factor in found if factor is not None)
        return known if known and len(known) == len(found) else None

    def tables(
        self, key: str, given: object, given_counts: object, all_axes: Mapping[str, Axes | None]
    ) -> tuple[dict[str, Table], dict[str, Table]]:
        """All tables of A or of B and their counts, by name, those that are valid."""
        kind = "modality" if key == "A" else "factor"
        stated = by_name(given, all_axes, key, kind, self.problems)
        counted = by_name(given_counts, all_axes, f"p{key}", kind, self.problems)
        tables: dict[str, Table] = {}
        counts: dict[str, Table] = {}
        for name, axes in all_axes.items():
            if name not in stated and name not in counted:
                hint = f"; if the factor never changes, state {key}[{name!r}] as 'identity'" if key == "B" else ""
                self.problems.add((key,), f"{key} has no entry for {kind} {name!r}: state {key}[{name!r}]{hint}")
            if axes is None:
                continue
            if name in stated:
                table = self._probabilities(stated[name], axes, key, name)
                if table is not None:
                    tables[name] = table
            if name in counted:
                count = self._counts(counted[name], axes, f"p{key}", name, tables.get(name))
                if count is None:
                    continue
                counts[name] = count
                if name not in stated:
                    tables[name] = count.normalised()
                elif name in tables:
                    check_agreement(tables[name], count, _counts_axes(axes), (f"p{key}", name), self.problems)
        return tables, counts

    def _probabilities(self, given: object, axes: Axes, key: str, name: str) -> Table | None:
        before = len(self.problems)
        table = self._reader.read(given, axes, (key, name))
        if table is not None:
            check_table(table, axes, (key, name), self.problems)
        return table if len(self.problems) == before else None

    def _counts(self, given: object, axes: Axes, key: str, name: str, table: Table | None) -> Table | None:
        before = len(self.problems)
        axes = _counts_axes(axes)
        if _is_number(given):
            if table is None:
                self.problems.add(
                    (key, name),
                    f"{axes.label} is a number, the concentration by which {axes.label[1:]} is multiplied, but"
                    f" {axes.label[1:]} is not stated: state it, or state the counts in full",
                )
                return None
            multiple = _concentration(given, axes.label, (key, name), self.problems)
            counts = None if multiple is None else table.scaled(multiple)
        else:
            counts = self._reader.read(given, axes, (key, name))
        if counts is not None:
            check_table(counts, axes, (key, name), self.problems)
        return counts if len(self.problems) == before else None

    def preferences(self, given: object) -> dict[str, FloatArray]:
        """C by modality, float64 (T, num_obs), zeros where it is not stated."""
        stated = by_name(given, self.modalities, "C", "modality", self.problems)
        found: dict[str, FloatArray] = {}
        for name, modality in self.modalities.items():
            if modality is None:
                continue
            preferences: FloatArray | None = np.zeros((1, len(modality.outcomes)))
            if stated.get(name) is not None:
                preferences = read_preferences(
                    stated[name], modality.outcomes, f"C[{name!r}]", f"modality {name!r}", ("C", name), self.problems
                )
            if preferences is not None:
                found[name] = frozen(preferences)
        return found

    def initial_states(
        self, given: object, given_counts: object
    ) -> tuple[dict[str, FloatArray], dict[str, FloatArray]]:
        """D by factor, float64 (num_states,), uniform where it is not stated; and pD where it is stated."""
        stated = by_name(given, self.factors, "D", "factor", self.problems)
        counted = by_name(given_counts, self.factors, "pD", "factor", self.problems)
        found: dict[str, FloatArray] = {}
        counts: dict[str, FloatArray] = {}
        for name, factor in self.factors.items():
            if factor is None:
                continue
            size = len(factor.states)
            D, pD = _vector_and_counts(
                "D", name, factor, stated.get(name), counted.get(name), np.full(size, 1.0 / size), self.problems
            )
            if D is not None:
                found[name] = frozen(D)
            if pD is not None:
                counts[name] = frozen(pD)
        return found, counts


def _vector_and_counts(
    key: str,
    name: str,
    factor: Factor,
    given: object,
    given_counts: object,
    default: FloatArray,
    problems: Problems,
) -> tuple[FloatArray | None, FloatArray | None]:
    label, owner, before = f"{key}[{name!r}]", f"factor {name!r}", len(problems)
    vector: FloatArray | None = None
    if given is not None:
        vector = read_distribution(given, factor.states, label, owner, (key, name), problems)
        if vector is not None:
            check_vector(vector, factor.states, label, (key, name), problems)
    if given_counts is None or len(problems) > before:
        return (default if given is None else vector), None
    where = (f"p{key}", name)
    if _is_number(given_counts):
        multiple = _concentration(given_counts, f"p{label}", where, problems)
        counts = None if multiple is None else (default if vector is None else vector) * multiple
    else:
        counts = read_distribution(given_counts, factor.states, f"p{label}", owner, where, problems)
    if counts is not None:
        check_vector(counts, factor.states, f"p{label}", where, problems, counts=True)
    if counts is None or len(problems) > before:
        return vector, None
    _check_vectors_agree(vector, counts, label, where, problems)
    return counts / counts.sum() if vector is None else vector, counts


def _habits(given: object, given_counts: object, problems: Problems) -> tuple[FloatArray | None, FloatArray | None]:
    """E and pE, float64 (num_policies,), or None where they are not stated."""
    before = len(problems)
    E = None if given is None else read_habits(given, "E", ("E",), problems)
    if E is not None:
        check_vector(E, None, "E", ("E",), problems)
    if given_counts is None or len(problems) > before:
        return E if E is None or len(problems) > before else frozen(E), None
    if _is_number(given_counts) and E is not None:
        multiple = _concentration(given_counts, "pE", ("pE",), problems)
        pE = None if multiple is None else E * multiple
    else:
        pE = read_habits(given_counts, "pE", ("pE",), problems)
    if pE is not None:
        check_vector(pE, None, "pE", ("pE",), problems, counts=True)
    if pE is None or len(problems) > before:
        return E, None
    if E is not None and len(E) != len(pE):
        problems.add(("pE",), f"pE has {len(pE)} entries and E has {len(E)}: expected one for each policy in both")
        return E, None
    _check_vectors_agree(E, pE, "E", ("pE",), problems)
    return frozen(pE / pE.sum() if E is None else E), frozen(pE)


def _check_vectors_agree(
    vector: FloatArray | None, counts: FloatArray, label: str, where: tuple[str | int, ...], problems: Problems
) -> None:
    if vector is not None and not np.allclose(vector, counts / counts.sum(), rtol=0.0, atol=1e-5):
        problems.add(
            where, f"{label} and p{label} disagree: expected {label} to be p{label} over its sum; give one of the two"
        )


def _counts_axes(axes: Axes) -> Axes:
    return replace(axes, label=f"p{axes.label}", counts=True)


def _concentration(given: object, label: str, where: tuple[str | int, ...], problems: Problems) -> float | None:
    """The number by which probabilities are multiplied to give counts."""
    value = as_float(given)
    if 0.0 < value < np.inf:
        return value
    problems.add(where, f"{label} is {shown(given)}: expected counts, or a finite number above 0 that multiplies")
    return None


def _is_number(given: object) -> bool:
    return isinstance(given, int | float | np.number) and not isinstance(given, bool)


def _positions(
    all_axes: Mapping[str, Axes | None], names: list[str], factors: list[str]
) -> tuple[tuple[int, ...], ...]:
    places = positions(tuple(factors))
    return tuple(
        tuple(places[parent.name] for parent in axes.parents)
        for axes in (all_axes[name] for name in names)
        if axes is not None
    )
