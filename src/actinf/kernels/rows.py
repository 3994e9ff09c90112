"""Dense likelihoods as padded rows: one row per column, summed up a vector of lanes at a time.

A row holds the probabilities of the outcomes, then the column's ambiguity and novelty, then zeros up to whole vectors, so that
one weighted sum of rows gives a node's predicted outcomes and both expectations.
"""

from typing import Any

from actinf.kernels import layout as L
from actinf.kernels.compile import inner
from actinf.kernels.views import part, section

__all__ = ["add_rows", "padded_width", "write_row"]


@inner
def padded_width(num_obs: int) -> int:
    """Outcomes, ambiguity and novelty, up to whole vectors."""
    return (num_obs + 2 + L.LANES - 1) // L.LANES * L.LANES


@inner
def add_rows(scale: float, weights: Any, rows: Any, step: int, offset: int, table: Any, width: int, out: Any) -> None:
    """out += scale · Σ_i weights[i] · table[offset + rows[i]·step], rows of `width` numbers, a vector of lanes at a time."""
    for v in range(width // L.LANES):
        target = part(out, v * L.LANES, (v + 1) * L.LANES)
        a, b, c, d = target[0], target[1], target[2], target[3]
        e, f, g, h = target[4], target[5], target[6], target[7]
        for i in range(weights.shape[0]):
            at = (offset + rows[i] * step) * width + v * L.LANES
            row = part(table, at, at + L.LANES)
            p = scale * weights[i]
            a += p * row[0]
            b += p * row[1]
            c += p * row[2]
            d += p * row[3]
            e += p * row[4]
            f += p * row[5]
            g += p * row[6]
            h += p * row[7]
        target[0], target[1], target[2], target[3] = a, b, c, d
        target[4], target[5], target[6], target[7] = e, f, g, h


@inner
def write_row(ints: Any, theta: Any, column: int, num_obs: int, row: Any) -> None:
    """A column of a dense likelihood as the padded row that planning sums up."""
    first, last = section(ints, ints, L.A_ENTRY_START)[column], section(ints, ints, L.A_ENTRY_START)[column + 1]
    outcome, a = section(ints, ints, L.A_OUTCOME), section(theta, ints, L.T_A)
    for e in range(first, last):
        row[outcome[e]] = a[e]
    row[num_obs] = section(theta, ints, L.T_AMBIGUITY)[column]
    novelty = section(theta, ints, L.T_NOVELTY_A)
    if novelty.shape[0] > 0:
        row[num_obs + 1] = novelty[column]
