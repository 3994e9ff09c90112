"""Views into a buffer that do not count references.

A slice of an array in compiled code counts a reference to its memory, atomically, when it is made and when it goes.  A step
makes some hundreds of views of four buffers that its caller holds anyway, and counting would cost more than the arithmetic.
A view made here borrows: it must not outlive the buffer, and no kernel returns one to Python.
"""

from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic
from numba.np.arrayobj import make_array, populate_array

from actinf.kernels.compile import inner

__all__ = ["copy_into", "fill", "part"]


@intrinsic
def part(typingctx: Any, array: Any, start: Any, stop: Any) -> Any:
    """array[start:stop] of a contiguous one-dimensional array, borrowed; bounds are not checked."""
    result = types.Array(array.dtype, 1, "C")

    def codegen(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        source = make_array(signature.args[0])(context, builder, arguments[0])
        word = ir.IntType(64)
        begin = context.cast(builder, arguments[1], signature.args[1], types.int64)
        end = context.cast(builder, arguments[2], signature.args[2], types.int64)
        size = context.get_abi_sizeof(context.get_data_type(signature.args[0].dtype))
        found = make_array(result)(context, builder)
        populate_array(
            found,
            data=cgutils.gep_inbounds(builder, source.data, begin),
            shape=[builder.sub(end, begin)],
            strides=[ir.Constant(word, size)],
            itemsize=ir.Constant(word, size),
            meminfo=None,
        )
        return found._getvalue()

    return result(array, start, stop), codegen


@inner
def fill(target: Any, value: float) -> None:
    """target[i] = value for all i."""
    for i in range(target.shape[0]):
        target[i] = value


@inner
def copy_into(source: Any, target: Any) -> None:
    """target[i] = source[i] for all i of the target."""
    for i in range(target.shape[0]):
        target[i] = source[i]
