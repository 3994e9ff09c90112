"""The numbers of a model (or of a population of models of one shape) in the order in which the kernels read them."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from actinf.agent.groups import Groups
from actinf.agent.structure import Structure
from actinf.errors import ModelError
from actinf.kernels import layout as L
from actinf.kernels.buffers import view
from actinf.kernels.columns import Columns
from actinf.kernels.elementary import digamma
from actinf.model import Model, Table

__all__ = ["Parameters", "likelihood_counts", "prior_counts", "transition_counts", "write_theta"]

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Parameters:
    """Numbers by model part, each with a first axis of 1 (shared) or one row per agent.

    Attributes:
        A: (rows, A entries) probabilities, in the order of the model's own structure.
        B: (rows, B entries) likewise.
        C: (rows, Σ C rows · outcomes) log-preferences as given.
        D: (rows, states of the own factors).
        E: (rows, policies), or (1, 0) when there are no habits.
        gamma, alpha: (rows, 1); alpha is −1 for "the most probable action".
        counts_A, counts_B, counts_D, counts_E: (rows, …) prior Dirichlet counts of what is learned, else (1, 0).
    """

    A: Floats
    B: Floats
    C: Floats
    D: Floats
    E: Floats
    gamma: Floats
    alpha: Floats
    counts_A: Floats
    counts_B: Floats
    counts_D: Floats
    counts_E: Floats

    @property
    def num_rows(self) -> int:
        """1 when all agents share everything, else the number of agents."""
        return max(int(getattr(self, name).shape[0]) for name in self.__slots__)

    def rows(self, first: int, last: int) -> "Parameters":
        """The parameters of the agents from `first` to `last`; what is shared stays shared."""
        parts = {name: getattr(self, name) for name in self.__slots__}
        return replace(self, **{name: part[first:last] for name, part in parts.items() if part.shape[0] > 1})


def entries(tables: Any, structure: tuple[Columns, ...]) -> Floats:
    """The values of some tables, in the order of the structure's entries."""
    values = [np.asarray(table.values)[columns.source] for table, columns in zip(tables, structure, strict=True)]
    return np.concatenate(values) if values else np.zeros(0)


def likelihood_counts(model: Model, concentration: float) -> list[Table]:
    """Prior counts of every likelihood: the model's, else `concentration` times its probabilities."""
    return [pA if pA is not None else A.scaled(concentration) for A, pA in zip(model.A, model.pA, strict=True)]


def transition_counts(model: Model, concentration: float) -> list[Table]:
    """Prior counts of every transition, likewise."""
    return [pB if pB is not None else B.scaled(concentration) for B, pB in zip(model.B, model.pB, strict=True)]


def prior_counts(model: Model, structure: Structure, learning: Any, num_policies: int) -> dict[str, Floats]:
    """The prior counts of what is learned, by the field names of Parameters.

    Raises:
        ModelError: when the counts of habits do not fit the planner.
    """
    none = np.zeros((1, 0))
    found = {"counts_A": none, "counts_B": none, "counts_D": none, "counts_E": none}
    if learning is None:
        return found
    if learning.A:
        _check_supports("A", model.A, likelihood_counts(model, learning.concentration))
        found["counts_A"] = entries(likelihood_counts(model, learning.concentration), structure.A)[None]
    if learning.B:
        _check_supports("B", model.B, transition_counts(model, learning.concentration))
        found["counts_B"] = entries(transition_counts(model, learning.concentration), structure.B)[None]
    if learning.D:
        counts = [pD if pD is not None else D * learning.concentration for D, pD in zip(model.D, model.pD, strict=True)]
        found["counts_D"] = np.concatenate(counts)[None]
    if learning.E:
        habits = model.pE
        if habits is None:
            prior = model.E if model.E is not None else np.full(num_policies, 1.0 / num_policies)
            habits = np.asarray(prior) * learning.concentration
        if len(habits) != num_policies:
            raise ModelError(
                f"pE has {len(habits)} entries, but the planner has {num_policies} policies: give one count each"
            )
        found["counts_E"] = np.asarray(habits, dtype=np.float64)[None]
    return found


def _check_supports(part: str, tables: Any, counts: list[Table]) -> None:
    """Refuse counts that are positive elsewhere than the probabilities: what starts at zero stays at zero.

    Raises:
        ModelError: that names the table.
    """
    for (name, table), count in zip(tables.items(), counts, strict=True):
        if not (np.array_equal(table.indptr, count.indptr) and np.array_equal(table.indices, count.indices)):
            raise ModelError(
                f"p{part}[{name!r}] and {part}[{name!r}] are not positive in the same places, and the agent learns "
                f"{part}: give p{part} alone ({part} is then its normalisation), or a zero wherever the other has one"
            )


def _normalised(values: Floats, start: NDArray[np.int64]) -> Floats:
    """Each column divided by its sum."""
    if values.shape[1] == 0:
        return values
    sums = np.add.reduceat(values, start[:-1], axis=1)
    return np.asarray(values / np.repeat(sums, np.diff(start), axis=1))


def _entropy(values: Floats, start: NDArray[np.int64]) -> Floats:
    if values.shape[1] == 0:
        return np.zeros((values.shape[0], 0))
    terms = np.zeros_like(values)
    positive = values > 0.0
    terms[positive] = -values[positive] * np.log(values[positive])
    return np.asarray(np.add.reduceat(terms, start[:-1], axis=1))


def _gain(counts: Floats, start: NDArray[np.int64]) -> Floats:
    """Expected information gain of one more outcome about each column's parameters; see `learning.dirichlet`."""
    psi = np.vectorize(digamma.py_func, otypes=[float])
    sums = np.add.reduceat(counts, start[:-1], axis=1)
    total = np.repeat(sums, np.diff(start), axis=1)
    terms = np.zeros_like(counts)
    positive = counts > 0.0
    c, s = counts[positive], total[positive]
    terms[positive] = c / s * (np.log(s) - np.log(c) + psi(c + 1.0) - psi(s + 1.0))
    return np.asarray(np.add.reduceat(terms, start[:-1], axis=1))


def _start(tables: tuple[Columns, ...]) -> NDArray[np.int64]:
    """Column starts of some tables laid one behind the other."""
    offsets = np.concatenate(([0], np.cumsum([table.num_entries for table in tables])))
    parts = [table.start[:-1] + offset for table, offset in zip(tables, offsets[:-1], strict=True)]
    return np.concatenate([*parts, offsets[-1:]]).astype(np.int64)


def _log_softmax_by_row(values: Floats, sizes: list[tuple[int, int]]) -> Floats:
    out = np.empty_like(values)
    at = 0
    for rows, outcomes in sizes:
        block = values[:, at : at + rows * outcomes].reshape(-1, rows, outcomes)
        largest = block.max(axis=2, keepdims=True)
        log_z = largest + np.log(np.exp(block - largest).sum(axis=2, keepdims=True))
        out[:, at : at + rows * outcomes] = (block - log_z).reshape(len(values), -1)
        at += rows * outcomes
    return out


def write_theta(
    parameters: Parameters,
    own: Structure,
    packed: Structure,
    ints: NDArray[np.int64],
    length: int,
    knobs: Floats,
    preference_sizes: list[tuple[int, int]],
    *,
    apart: bool = False,
) -> Floats:
    """The `theta` of each row of parameters for the packed structure, float64 of shape (rows, length).

    `apart` says that the program keeps the terms of G by modality.
    """
    theta = np.zeros((parameters.num_rows, length))
    start_A, start_B = _start(own.A), _start(own.B)
    A = _normalised(parameters.counts_A if parameters.counts_A.shape[1] else parameters.A, start_A)
    B = _normalised(parameters.counts_B if parameters.counts_B.shape[1] else parameters.B, start_B)
    entropy = _entropy(A, start_A)
    D = parameters.counts_D if parameters.counts_D.shape[1] else parameters.D
    factor_start = np.concatenate(([0], np.cumsum(own.num_states))).astype(np.int64)
    D = _normalised(D, factor_start)
    gain_A = _gain(parameters.counts_A, start_A) if len(view(theta[0], ints, L.T_NOVELTY_A)) else None
    gain_B = _gain(parameters.counts_B, start_B) if len(view(theta[0], ints, L.T_NOVELTY_B)) else None
    if packed.joint:
        source_A, column_A = joint_sources_A(own, packed)
        A, entropy = A[:, source_A], entropy[:, column_A]
        gain_A = None if gain_A is None else gain_A[:, column_A]
        entry_source, column_source = joint_sources_B(own, packed)
        B = np.prod(B[:, entry_source], axis=2)
        gain_B = None if gain_B is None else gain_B[:, column_source].sum(axis=2)
        joint = np.ones((len(D), 1))
        for f in range(len(own.num_states)):
            part = D[:, factor_start[f] : factor_start[f + 1]]
            joint = (joint[:, :, None] * part[:, None, :]).reshape(len(D), -1)
        D = joint
    floor = knobs[L.K_LOG_FLOOR]
    with np.errstate(divide="ignore"):
        view(theta, ints, L.T_LOG_A)[:] = np.log(np.maximum(A, floor))
        E = parameters.counts_E if parameters.counts_E.shape[1] else parameters.E
        if E.shape[1]:
            view(theta, ints, L.T_LOG_E)[:] = np.log(E / E.sum(axis=1, keepdims=True))
    view(theta, ints, L.T_A)[:] = A
    view(theta, ints, L.T_AMBIGUITY)[:] = entropy
    _write_groups(theta, ints, Groups.of(packed, apart=apart), A, entropy, gain_A)
    view(theta, ints, L.T_B)[:] = B
    view(theta, ints, L.T_LOG_C)[:] = _log_softmax_by_row(parameters.C, preference_sizes)
    view(theta, ints, L.T_D)[:] = D
    if gain_A is not None:
        view(theta, ints, L.T_NOVELTY_A)[:] = gain_A
    if gain_B is not None:
        view(theta, ints, L.T_NOVELTY_B)[:] = gain_B
    view(theta, ints, L.T_KNOBS)[:] = knobs
    view(theta, ints, L.T_KNOBS)[:, L.K_GAMMA] = parameters.gamma[:, 0]
    view(theta, ints, L.T_KNOBS)[:, L.K_ALPHA] = parameters.alpha[:, 0]
    counts = view(theta, ints, L.T_PRIOR_COUNTS)
    at = 0
    for part in (parameters.counts_A, parameters.counts_B, parameters.counts_D, parameters.counts_E):
        counts[:, at : at + part.shape[1]] = part
        at += part.shape[1]
    return theta


def _write_groups(
    theta: Floats, ints: NDArray[np.int64], groups: Groups, A: Floats, entropy: Floats, gain: Floats | None
) -> None:
    """What planning reads of each group: padded rows of outcomes, ambiguity and novelty, or the latter two alone."""
    packed, count = groups.packed, len(theta)
    entry = np.cumsum([0, *(table.num_entries for table in packed.A)])
    column = np.cumsum([0, *(table.num_columns for table in packed.A)])
    rows, expected = view(theta, ints, L.T_ROWS), view(theta, ints, L.T_EXPECTED).reshape(count, -1, 2)
    for g, members in enumerate(groups.members):
        columns = groups.num_columns[g]
        both = np.zeros((count, columns, 2))
        for m in members:
            both[:, :, 0] += entropy[:, column[m] : column[m + 1]]
            both[:, :, 1] += 0.0 if gain is None else gain[:, column[m] : column[m + 1]]
        if not groups.dense[g]:
            expected[:, groups.column_base[g] : groups.column_base[g] + columns] = both
            continue
        block = np.zeros((count, columns, groups.widths[g]))
        for m in members:
            table = packed.A[m]
            block[:, table.column_of_entry, groups.offset[m] + table.row] = A[:, entry[m] : entry[m + 1]]
        block[:, :, groups.num_obs[g] : groups.num_obs[g] + 2] = both
        start = groups.rows_start[g]
        rows[:, start : start + columns * groups.widths[g]] = block.reshape(count, -1)


def joint_sources_A(own: Structure, packed: Structure) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """For each entry and column of the joint likelihoods, the entry and column of the model's own that it repeats.

    The joint tables were taken from the own ones, whose sources point into the model's tables: map back by position.
    """
    entry_parts, column_parts = [], []
    entry_offset = column_offset = 0
    for mine, joint in zip(own.A, packed.A, strict=True):
        entry_parts.append(joint.source + entry_offset)
        column_parts.append(joint.column_source + column_offset)
        entry_offset += mine.num_entries
        column_offset += mine.num_columns
    return np.concatenate(entry_parts), np.concatenate(column_parts)


def joint_sources_B(own: Structure, packed: Structure) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """(entries, factors) and (columns, factors): positions in the own transitions laid one behind the other."""
    assert packed.B_entry_sources is not None  # noqa: S101  (a joint structure has them)
    assert packed.B_column_sources is not None  # noqa: S101
    entry_offset = np.concatenate(([0], np.cumsum([table.num_entries for table in own.B])[:-1])).astype(np.int64)
    column_offset = np.concatenate(([0], np.cumsum([table.num_columns for table in own.B])[:-1])).astype(np.int64)
    return packed.B_entry_sources + entry_offset, packed.B_column_sources + column_offset
