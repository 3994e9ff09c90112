"""What an observation says about the columns of a likelihood."""

from typing import Any

from actinf.kernels import layout as L
from actinf.kernels.compile import inner
from actinf.kernels.views import fill, part, section

__all__ = ["MISSING", "SOFT", "count_positive", "log_evidence"]

MISSING, SOFT = -1, -2


@inner
def log_evidence(ints: Any, theta: Any, m: int, outcome: int, soft: Any, excluded: float, out: Any) -> None:
    """out[column] = ln A[m][o, column]; for a soft observation w: Σ_o w_o ln A[m][o, column].

    A column that excludes the outcome, or one with a weight, gets the number `excluded` instead: it has no entry for
    it, or, in a population, one that is zero for this agent.
    """
    obs_start = section(ints, ints, L.OBS_START)
    row_start = section(ints, ints, L.A_ROW_START)
    row_column, row_entry = section(ints, ints, L.A_ROW_COLUMN), section(ints, ints, L.A_ROW_ENTRY)
    a, log_a = section(theta, ints, L.T_A), section(theta, ints, L.T_LOG_A)
    if outcome >= 0:
        fill(out, excluded)
        row = obs_start[m] + outcome
        for i in range(row_start[row], row_start[row + 1]):
            e = row_entry[i]
            if a[e] > 0.0:
                out[row_column[i]] = log_a[e]
        return
    columns = section(ints, ints, L.A_COLUMN_BASE)
    entry_start, outcomes = section(ints, ints, L.A_ENTRY_START), section(ints, ints, L.A_OUTCOME)
    weights = part(soft, obs_start[m], obs_start[m + 1])
    weighted = count_positive(weights)
    for column in range(out.shape[0]):
        value = 0.0
        missing = weighted
        for e in range(entry_start[columns[m] + column], entry_start[columns[m] + column + 1]):
            w = weights[outcomes[e]]
            if w > 0.0 and a[e] > 0.0:
                value += w * log_a[e]
                missing -= 1
        out[column] = excluded if missing > 0 else value


@inner
def count_positive(values: Any) -> int:
    """How many numbers are above zero."""
    count = 0
    for i in range(values.shape[0]):
        if values[i] > 0.0:
            count += 1
    return count
