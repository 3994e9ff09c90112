"""What an observation says about the columns of a likelihood."""

from typing import Any

from actinf.kernels import layout as L
from actinf.kernels.compile import inner
from actinf.kernels.views import fill, part, section

__all__ = ["MISSING", "SOFT", "log_evidence"]

MISSING, SOFT = -1, -2


@inner
def log_evidence(ints: Any, theta: Any, m: int, outcome: int, soft: Any, excluded: float, out: Any) -> None:
    """out[column] = ln A[m][o, column]; for a soft observation w: Σ_o w_o ln A[m][o, column].

    A column that excludes the outcome, or one with a weight, gets the number `excluded` instead.
    """
    obs_start = section(ints, ints, L.OBS_START)
    row_start = section(ints, ints, L.A_ROW_START)
    row_column, row_entry = section(ints, ints, L.A_ROW_COLUMN), section(ints, ints, L.A_ROW_ENTRY)
    log_a = section(theta, ints, L.T_LOG_A)
    if outcome >= 0:
        fill(out, excluded)
        row = obs_start[m] + outcome
        for i in range(row_start[row], row_start[row + 1]):
            out[row_column[i]] = log_a[row_entry[i]]
        return
    fill(out, 0.0)
    columns = section(ints, ints, L.A_COLUMN_BASE)
    entry_start, outcomes = section(ints, ints, L.A_ENTRY_START), section(ints, ints, L.A_OUTCOME)
    weights = part(soft, obs_start[m], obs_start[m + 1])
    total = 0.0
    for o in range(weights.shape[0]):
        total += weights[o]
    for column in range(out.shape[0]):
        value = 0.0
        weight_left = total
        for e in range(entry_start[columns[m] + column], entry_start[columns[m] + column + 1]):
            w = weights[outcomes[e]]
            if w > 0.0:
                value += w * log_a[e]
                weight_left -= w
        missing = weight_left > 1e-12 * total  # some weighted outcome has no entry in this column
        out[column] = excluded if missing else value
