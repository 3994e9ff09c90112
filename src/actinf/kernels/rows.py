"""Dense likelihoods as padded rows: one row per column of a group, summed up a vector of lanes at a time.

A row holds the probabilities of the outcomes of all modalities of the group, then the column's ambiguity and novelty,
then zeros up to whole vectors, so that one weighted sum of rows gives a node's predicted outcomes and both
expectations.  The last part of the file brings rows in line with what was learned.
"""

from collections.abc import Callable
from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic
from numba.np.arrayobj import make_array

from actinf.kernels import layout as L
from actinf.kernels.compile import inlined, inner
from actinf.kernels.views import part, section

__all__ = ["add_rows", "padded_width", "refresh_group", "refresh_groups", "sum_rows"]


@inner
def padded_width(num_obs: int) -> int:
    """Outcomes, ambiguity and novelty, up to whole vectors."""
    return (num_obs + 2 + L.LANES - 1) // L.LANES * L.LANES


def sums_in_registers(vectors: int, begun: bool) -> Callable[..., Any]:
    """An intrinsic that does some vectors of lanes: out[lane + j] = Σ_i weights[i] · table[number_i + j] for all j.

    number_i is (offset + rows[i]·step)·width + lane.  With `begun` the sum is added to what stands in `out`.  It is
    kept in registers, and several vectors go side by side, since a single one would wait for its own last addition.
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
        real, word = context.get_data_type(kinds["out"].dtype), ir.IntType(64)
        vector = ir.VectorType(real, L.LANES)
        align = context.get_abi_sizeof(real)
        multiply_add = cgutils.get_or_insert_function(
            builder.module,
            ir.FunctionType(vector, [vector] * 3),
            f"llvm.fmuladd.v{L.LANES}f{8 * align}",
        )

        def lanes_at(data: Any, index: Any, v: int) -> Any:
            place = builder.add(index, ir.Constant(word, v * L.LANES))
            return builder.bitcast(builder.gep(data, [place]), vector.as_pointer())

        targets = [lanes_at(arrays["out"].data, numbers["lane"], v) for v in range(vectors)]
        totals = [cgutils.alloca_once(builder, vector) for _ in range(vectors)]
        for target, total in zip(targets, totals, strict=True):
            builder.store(builder.load(target, align=align) if begun else ir.Constant(vector, None), total)
        count = builder.extract_value(arrays["weights"].shape, 0)
        with cgutils.for_range(builder, count) as loop:
            row = builder.load(builder.gep(arrays["rows"].data, [loop.index]))
            number = builder.add(numbers["offset"], builder.mul(row, numbers["step"]))
            at = builder.add(builder.mul(number, numbers["width"]), numbers["lane"])
            weight = builder.load(builder.gep(arrays["weights"].data, [loop.index]))
            single = builder.insert_element(ir.Constant(vector, ir.Undefined), weight, ir.Constant(ir.IntType(32), 0))
            mask = ir.Constant(ir.VectorType(ir.IntType(32), L.LANES), None)
            spread = builder.shuffle_vector(single, ir.Constant(vector, ir.Undefined), mask)
            for v, total in enumerate(totals):
                values = builder.load(lanes_at(arrays["table"].data, at, v), align=align)
                builder.store(builder.call(multiply_add, [spread, values, builder.load(total)]), total)
        for target, total in zip(targets, totals, strict=True):
            builder.store(builder.load(total), target, align=align)
        return context.get_dummy_value()

    @intrinsic
    def sums(
        typingctx: Any, out: Any, lane: Any, weights: Any, rows: Any, step: Any, offset: Any, table: Any, width: Any
    ) -> Any:
        return types.void(out, lane, weights, rows, step, offset, table, width), codegen

    found: Callable[..., Any] = sums
    return found


sum_one, sum_two = sums_in_registers(1, begun=False), sums_in_registers(2, begun=False)
add_one, add_two = sums_in_registers(1, begun=True), sums_in_registers(2, begun=True)


@inlined
def sum_rows(weights: Any, rows: Any, step: int, offset: int, table: Any, width: int, out: Any) -> None:
    """out = Σ_i weights[i] · table[offset + rows[i]·step], rows of `width` numbers, whole vectors at a time."""
    lane = 0
    while lane + L.LANES < width:
        sum_two(out, lane, weights, rows, step, offset, table, width)
        lane += 2 * L.LANES
    if lane < width:
        sum_one(out, lane, weights, rows, step, offset, table, width)


@inlined
def add_rows(weights: Any, rows: Any, step: int, offset: int, table: Any, width: int, out: Any) -> None:
    """The same, added to what stands in `out`."""
    lane = 0
    while lane + L.LANES < width:
        add_two(out, lane, weights, rows, step, offset, table, width)
        lane += 2 * L.LANES
    if lane < width:
        add_one(out, lane, weights, rows, step, offset, table, width)


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
