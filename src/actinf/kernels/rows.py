"""Dense likelihoods as padded rows: one row per column of a group, summed up a vector of lanes at a time.

A row holds the probabilities of the outcomes of all modalities of the group, then the column's ambiguity and novelty,
then zeros up to whole vectors, so that one weighted sum of rows gives a node's predicted outcomes and both
expectations.  The last part of the file brings rows in line with what was learned.
"""

from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic
from numba.np.arrayobj import make_array

from actinf.kernels import layout as L
from actinf.kernels.compile import inlined, inner
from actinf.kernels.views import part, section

__all__ = ["add_rows", "padded_width", "refresh_group", "refresh_groups"]


@inner
def padded_width(num_obs: int) -> int:
    """Outcomes, ambiguity and novelty, up to whole vectors."""
    return (num_obs + 2 + L.LANES - 1) // L.LANES * L.LANES


@intrinsic
def add_vector(
    typingctx: Any, out: Any, lane: Any, weights: Any, rows: Any, step: Any, offset: Any, table: Any, width: Any
) -> Any:
    """out[lane : lane + 8] += Σ_i weights[i] · table[(offset + rows[i]·step)·width + lane : … + 8], in one register.

    LLVM by itself vectorises such a loop over i, with gathers, which is slow for the few rows of a belief.
    """

    def codegen(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        kinds = dict(
            zip(("out", "lane", "weights", "rows", "step", "offset", "table", "width"), signature.args, strict=True)
        )
        given = dict(zip(kinds, arguments, strict=True))
        arrays = {
            name: make_array(kinds[name])(context, builder, given[name]) for name in ("out", "weights", "rows", "table")
        }
        numbers = {
            name: context.cast(builder, given[name], kinds[name], types.int64)
            for name in ("lane", "step", "offset", "width")
        }
        real = context.get_data_type(kinds["out"].dtype)
        vector = ir.VectorType(real, L.LANES)
        align = context.get_abi_sizeof(real)
        multiply_add = cgutils.get_or_insert_function(
            builder.module,
            ir.FunctionType(vector, [vector] * 3),
            f"llvm.fmuladd.v{L.LANES}f{8 * align}",
        )

        def lanes_at(data: Any, index: Any) -> Any:
            return builder.bitcast(builder.gep(data, [index]), vector.as_pointer())

        target = lanes_at(arrays["out"].data, numbers["lane"])
        total = cgutils.alloca_once(builder, vector)
        builder.store(builder.load(target, align=align), total)
        count = builder.extract_value(arrays["weights"].shape, 0)
        with cgutils.for_range(builder, count) as loop:
            row = builder.load(builder.gep(arrays["rows"].data, [loop.index]))
            number = builder.add(numbers["offset"], builder.mul(row, numbers["step"]))
            at = builder.add(builder.mul(number, numbers["width"]), numbers["lane"])
            weight = builder.load(builder.gep(arrays["weights"].data, [loop.index]))
            single = builder.insert_element(ir.Constant(vector, ir.Undefined), weight, ir.Constant(ir.IntType(32), 0))
            mask = ir.Constant(ir.VectorType(ir.IntType(32), L.LANES), None)
            spread = builder.shuffle_vector(single, ir.Constant(vector, ir.Undefined), mask)
            values = builder.load(lanes_at(arrays["table"].data, at), align=align)
            builder.store(builder.call(multiply_add, [spread, values, builder.load(total)]), total)
        builder.store(builder.load(total), target, align=align)
        return context.get_dummy_value()

    return types.void(out, lane, weights, rows, step, offset, table, width), codegen


@inlined
def add_rows(weights: Any, rows: Any, step: int, offset: int, table: Any, width: int, out: Any) -> None:
    """out += Σ_i weights[i] · table[offset + rows[i]·step], rows of `width` numbers, a vector of lanes at a time."""
    for v in range(width // L.LANES):
        add_vector(out, v * L.LANES, weights, rows, step, offset, table, width)


@inner
def refresh_group(ints: Any, theta: Any, m: int, column: int) -> None:
    """Bring what planning reads of a group in line with a column of one of its modalities, after it has changed.

    `column` counts the columns of modality m.
    """
    g = section(ints, ints, L.GROUP_OF)[m]
    bases, members = section(ints, ints, L.A_COLUMN_BASE), section(ints, ints, L.GROUP_MEMBER)
    entropy, gain = section(theta, ints, L.T_AMBIGUITY), section(theta, ints, L.T_NOVELTY_A)
    start = section(ints, ints, L.GROUP_START)
    ambiguity, novelty = 0.0, 0.0
    for i in range(start[g], start[g + 1]):
        ambiguity += entropy[bases[members[i]] + column]
        if gain.shape[0] > 0:
            novelty += gain[bases[members[i]] + column]
    rows_start, obs_start = section(ints, ints, L.GROUP_ROWS_START)[g], section(ints, ints, L.GROUP_OBS_START)
    if rows_start < 0:
        at = 2 * (section(ints, ints, L.GROUP_COLUMN_BASE)[g] + column)
        both = part(section(theta, ints, L.T_EXPECTED), at, at + 2)
    else:
        num_obs = obs_start[g + 1] - obs_start[g]
        width = padded_width(num_obs)
        at = rows_start + column * width
        row = part(section(theta, ints, L.T_ROWS), at, at + width)
        write_outcomes(ints, theta, m, bases[m] + column, row)
        both = part(row, num_obs, num_obs + 2)
    both[0], both[1] = ambiguity, novelty


@inner
def write_outcomes(ints: Any, theta: Any, m: int, column: int, row: Any) -> None:
    """A column of a modality, among those of all, into the padded row of its group."""
    first, last = section(ints, ints, L.A_ENTRY_START)[column], section(ints, ints, L.A_ENTRY_START)[column + 1]
    outcome, a, offset = (
        section(ints, ints, L.A_OUTCOME),
        section(theta, ints, L.T_A),
        section(ints, ints, L.GROUP_OFFSET)[m],
    )
    for e in range(first, last):
        row[offset + outcome[e]] = a[e]


@inner
def refresh_groups(ints: Any, theta: Any) -> None:
    """The same for all columns of all modalities."""
    columns = section(ints, ints, L.A_COLUMN_BASE)
    for m in range(columns.shape[0] - 1):
        for column in range(columns[m + 1] - columns[m]):
            refresh_group(ints, theta, m, column)
