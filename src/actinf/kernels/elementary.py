"""Logarithm, exponential and digamma as plain arithmetic, so that loops over them vectorise.

A call of the C library's `log` cannot be vectorised by LLVM and differs from one C library to the next.  The
entropies of the predicted outcomes are the largest cost of planning in a dense model; written out as arithmetic they
are several times cheaper.  Errors are below 2 units in the last place (tested against mpmath-free references in the
tests).
"""

from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from actinf.kernels.compile import strict

__all__ = ["digamma", "exponential", "exponentials_into", "logarithm", "logarithms_into"]

# No re-association here: the splitting of ln 2 into a high and a low part depends on the order of the operations.

LN2_HIGH = 6.93147180369123816490e-01
LN2_LOW = 1.90821492927058770002e-10
LOG2_E = 1.44269504088896338700
SQRT_HALF_BITS = 0x3FE6A09E667F3BCD
ONE_BITS = 0x3FF0000000000000
MANTISSA = 0x000FFFFFFFFFFFFF
MANTISSA_BITS = np.uint64(52)
# Between whole numbers and floats by way of the mantissa: few processors convert a vector of 64-bit integers.
TWO_52, TWO_52_BITS = 4503599627370496.0, 0x4330000000000000
ROUNDER = 6755399441055744.0  # 1.5 · 2^52: added to a small number, it leaves the nearest integer in the last bits
SMALLEST_NORMAL = 2.2250738585072014e-308
LARGEST = 1.7976931348623157e308


# Arithmetic of two int32 is int64 in Numba: what shall stay in the 32 bits of single precision has to be said.
SINGLE_SHIFT = np.int32(0x3F800000 - 0x3F3504F3)
SINGLE_SQRT_HALF_BITS = np.int32(0x3F3504F3)
SINGLE_MANTISSA = np.int32(0x007FFFFF)
SINGLE_MANTISSA_BITS = np.int32(23)
SINGLE_BIAS = np.int32(127)
SINGLE_LN2_HIGH = np.float32(0.693359375)
SINGLE_LN2_LOW = np.float32(-2.12194440e-4)


@intrinsic
def bits_of(typingctx: Any, value: Any) -> Any:
    """The bits of a float64 as int64, of a float32 as int32."""
    whole = types.int32 if value == types.float32 else types.int64
    width = 32 if value == types.float32 else 64

    def codegen(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.bitcast(arguments[0], ir.IntType(width))

    return whole(types.float32 if value == types.float32 else types.float64), codegen


@intrinsic
def float_of(typingctx: Any, bits: Any) -> Any:
    """The float64 that has the bits of an int64, the float32 that has those of an int32."""
    real, kind = (types.float32, ir.FloatType()) if bits == types.int32 else (types.float64, ir.DoubleType())

    def codegen(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.bitcast(arguments[0], kind)

    return real(bits if bits == types.int32 else types.int64), codegen


@strict
def logarithm(x: float) -> float:
    """ln x for x ≥ 0; −inf at zero and below the smallest normal number.

    With x = 2^k·m and m in [√½, √2): ln x = k ln 2 + 2 artanh((m − 1)/(m + 1)), artanh by its power series.
    """
    x = np.float64(x)
    shifted = bits_of(x) + (ONE_BITS - SQRT_HALF_BITS)
    k = float_of(np.int64(np.uint64(shifted) >> MANTISSA_BITS) | TWO_52_BITS) - (TWO_52 + 1023.0)
    f = float_of((shifted & MANTISSA) + SQRT_HALF_BITS) - 1.0
    s = f / (2.0 + f)
    z = s * s
    series = 1.0 / 19.0
    series = series * z + 1.0 / 17.0
    series = series * z + 1.0 / 15.0
    series = series * z + 1.0 / 13.0
    series = series * z + 1.0 / 11.0
    series = series * z + 1.0 / 9.0
    series = series * z + 1.0 / 7.0
    series = series * z + 1.0 / 5.0
    series = series * z + 1.0 / 3.0
    tail = 2.0 * s * z * series
    value = k * LN2_HIGH + ((k * LN2_LOW + tail) + 2.0 * s)
    return value if x >= SMALLEST_NORMAL else -np.inf


@strict
def exponential(x: float) -> float:
    """e^x for finite x or −inf; zero below −708, the largest number's range is not exceeded by x ≤ 709.

    With x = k ln 2 + r and |r| ≤ ½ ln 2: e^x = 2^k·e^r, e^r by its power series.
    """
    x = np.float64(x)
    bounded = min(max(x, -709.0), 709.0)
    shifted = bounded * LOG2_E + ROUNDER
    k = shifted - ROUNDER
    r = (bounded - k * LN2_HIGH) - k * LN2_LOW
    series = 1.0 / 6227020800.0
    series = series * r + 1.0 / 479001600.0
    series = series * r + 1.0 / 39916800.0
    series = series * r + 1.0 / 3628800.0
    series = series * r + 1.0 / 362880.0
    series = series * r + 1.0 / 40320.0
    series = series * r + 1.0 / 5040.0
    series = series * r + 1.0 / 720.0
    series = series * r + 1.0 / 120.0
    series = series * r + 1.0 / 24.0
    series = series * r + 1.0 / 6.0
    series = series * r + 0.5
    value = (r * r * series + r) + 1.0
    scaled = value * float_of((bits_of(shifted) + 1023) << 52)
    return scaled if x > -708.0 else 0.0


@strict
def exponentials_into(values: Any, out: Any) -> None:
    """out = e^values, element by element, in double precision before it is stored."""
    for i in range(values.shape[0]):
        out[i] = exponential(values[i])


@strict
def single_logarithm(x: Any) -> Any:
    """ln x for a normal float32 x > 0, as float32: the same series, as far as single precision reaches."""
    shifted = np.int32(bits_of(x) + SINGLE_SHIFT)
    k = np.float32(np.int32(np.int32(shifted >> SINGLE_MANTISSA_BITS) - SINGLE_BIAS))
    f = float_of(np.int32(np.int32(shifted & SINGLE_MANTISSA) + SINGLE_SQRT_HALF_BITS)) - np.float32(1.0)
    s = f / (np.float32(2.0) + f)
    z = s * s
    series = np.float32(1.0 / 9.0)
    series = series * z + np.float32(1.0 / 7.0)
    series = series * z + np.float32(1.0 / 5.0)
    series = series * z + np.float32(1.0 / 3.0)
    tail = np.float32(2.0) * s * z * series
    return k * SINGLE_LN2_HIGH + ((k * SINGLE_LN2_LOW + tail) + np.float32(2.0) * s)


@intrinsic
def logarithm_in_kind(typingctx: Any, x: Any) -> Any:
    """The logarithm in the precision of its argument."""
    kernel = single_logarithm if x == types.float32 else logarithm
    dispatcher = types.Dispatcher(kernel)
    signature = dispatcher.get_call_type(typingctx, (x,), {})

    def codegen(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return context.get_function(dispatcher, signature)(builder, arguments)

    return signature, codegen


@strict
def logarithms_into(values: Any, out: Any, floor: float) -> None:
    """out = ln max(values, floor), element by element, in the precision of both.

    The floor is a normal number, or zero in double precision.
    """
    for i in range(values.shape[0]):
        out[i] = logarithm_in_kind(max(values[i], floor))


@strict
def digamma(x: float) -> float:
    """ψ(x) for x > 0: recurrence up to 10, then the asymptotic series (Abramowitz and Stegun 1964, 6.3.5, 6.3.18)."""
    shift = 0.0
    while x < 10.0:
        shift -= 1.0 / x
        x += 1.0
    z = 1.0 / (x * x)
    series = z * (
        1.0 / 12.0 - z * (1.0 / 120.0 - z * (1.0 / 252.0 - z * (1.0 / 240.0 - z * (1.0 / 132.0 - z * 691.0 / 32760.0))))
    )
    return shift + np.log(x) - 0.5 / x - series
