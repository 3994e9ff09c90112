"""Views into a buffer that do not count references.

A slice of an array in compiled code counts a reference to its memory, atomically, when it is made and when it goes.
A step makes some hundreds of views of four buffers that its caller holds anyway, and counting would cost more than
the arithmetic. A view made here borrows: it must not outlive the buffer, and no kernel returns one to Python.
"""

from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic
from numba.np.arrayobj import make_array, populate_array

from actinf.kernels.compile import inner

__all__ = ["at_address", "copy_into", "fill", "half", "like_at_address", "part", "section"]


def borrowed(context: Any, builder: Any, array_type: Any, array: Any, begin: Any, end: Any) -> Any:
    """LLVM for the view array[begin:end] that owns nothing; begin and end are 64-bit words."""
    source = make_array(array_type)(context, builder, array)
    word = ir.IntType(64)
    size = ir.Constant(word, context.get_abi_sizeof(context.get_data_type(array_type.dtype)))
    found = make_array(types.Array(array_type.dtype, 1, "C"))(context, builder)
    data = cgutils.gep_inbounds(builder, source.data, begin)
    populate_array(found, data=data, shape=[builder.sub(end, begin)], strides=[size], itemsize=size, meminfo=None)
    return found._getvalue()


def addressed(context: Any, builder: Any, frame_type: Any, frame: Any, place: Any, dtype: Any) -> Any:
    """LLVM for the array of `dtype` whose address and length stand at 2·place and 2·place + 1 of a frame."""
    source = make_array(frame_type)(context, builder, frame)
    word = ir.IntType(64)
    at = builder.shl(place, ir.Constant(word, 1))
    address = builder.load(cgutils.gep_inbounds(builder, source.data, at))
    length = builder.load(cgutils.gep_inbounds(builder, source.data, builder.add(at, ir.Constant(word, 1))))
    kind = context.get_data_type(dtype)
    found = make_array(types.Array(dtype, 1, "C"))(context, builder)
    size = ir.Constant(word, context.get_abi_sizeof(kind))
    data = builder.inttoptr(address, kind.as_pointer())
    populate_array(found, data=data, shape=[length], strides=[size], itemsize=size, meminfo=None)
    return found._getvalue()


@intrinsic
def at_address(typingctx: Any, frame: Any, place: Any, kind: Any) -> Any:
    """The buffer of a NumPy type that stands at a place of a frame, borrowed; see `buffers.Frame`."""

    def codegen(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        where = context.cast(builder, arguments[1], signature.args[1], types.int64)
        return addressed(context, builder, signature.args[0], arguments[0], where, kind.dtype)

    return types.Array(kind.dtype, 1, "C")(frame, place, kind), codegen


@intrinsic
def like_at_address(typingctx: Any, frame: Any, place: Any, like: Any) -> Any:
    """The same, of the type of the numbers in `like`."""

    def codegen(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        where = context.cast(builder, arguments[1], signature.args[1], types.int64)
        return addressed(context, builder, signature.args[0], arguments[0], where, like.dtype)

    return types.Array(like.dtype, 1, "C")(frame, place, like), codegen


@intrinsic
def part(typingctx: Any, array: Any, start: Any, stop: Any) -> Any:
    """array[start:stop] of a contiguous one-dimensional array, borrowed; bounds are not checked."""

    def codegen(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        begin = context.cast(builder, arguments[1], signature.args[1], types.int64)
        end = context.cast(builder, arguments[2], signature.args[2], types.int64)
        return borrowed(context, builder, signature.args[0], arguments[0], begin, end)

    return types.Array(array.dtype, 1, "C")(array, start, stop), codegen


@intrinsic
def half(typingctx: Any, array: Any, which: Any) -> Any:
    """The first (which = 0) or second half of an array of even length, borrowed."""

    def codegen(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        source = make_array(signature.args[0])(context, builder, arguments[0])
        word = ir.IntType(64)
        length = builder.lshr(builder.extract_value(source.shape, 0), ir.Constant(word, 1))
        begin = builder.mul(length, context.cast(builder, arguments[1], signature.args[1], types.int64))
        return borrowed(context, builder, signature.args[0], arguments[0], begin, builder.add(begin, length))

    return types.Array(array.dtype, 1, "C")(array, which), codegen


@intrinsic
def section(typingctx: Any, buffer: Any, ints: Any, k: Any) -> Any:
    """The part of a buffer that section k names: buffer[ints[2k]:ints[2k + 1]], borrowed."""

    def codegen(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        header = make_array(signature.args[1])(context, builder, arguments[1])
        word = ir.IntType(64)
        at = builder.shl(context.cast(builder, arguments[2], signature.args[2], types.int64), ir.Constant(word, 1))
        begin = builder.load(cgutils.gep_inbounds(builder, header.data, at))
        end = builder.load(cgutils.gep_inbounds(builder, header.data, builder.add(at, ir.Constant(word, 1))))
        return borrowed(context, builder, signature.args[0], arguments[0], begin, end)

    return types.Array(buffer.dtype, 1, "C")(buffer, ints, k), codegen


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
