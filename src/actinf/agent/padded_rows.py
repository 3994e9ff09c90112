"""Dense likelihoods as rows padded to whole vector registers: which ones, how wide, and where they begin."""

from actinf.agent.structure import Structure
from actinf.kernels import layout as L

__all__ = ["has_padded_rows", "padded", "padded_rows_start"]


def padded(width: int) -> int:
    """The next multiple of the lanes of a vector register."""
    return -(-width // L.LANES) * L.LANES


def has_padded_rows(packed: Structure, m: int) -> bool:
    """Whether a likelihood is dense enough to be summed by padded rows instead of entry by entry."""
    cells = packed.A[m].num_columns * padded(packed.num_obs[m] + 2)
    return packed.A[m].num_entries >= 0.25 * cells


def padded_rows_start(packed: Structure) -> list[int]:
    """Where the padded rows of each modality begin, −1 where it has none; and their length in all."""
    starts, at = [], 0
    for m, table in enumerate(packed.A):
        starts.append(at if has_padded_rows(packed, m) else -1)
        at += table.num_columns * padded(packed.num_obs[m] + 2) if has_padded_rows(packed, m) else 0
    return [*starts, at]
