"""Turns what a caller states as numbers into a float64 array, and says what is wrong when that cannot be done."""

import base64
import io
import warnings
from typing import Any

import numpy as np
from numpy.typing import NDArray

from actinf.model.problems import Path, Problems, shown

#: The most lines of a text of numbers.
MAX_LINES = 4_000_000

Float64 = NDArray[np.float64]


def read_array(given: object, where: Path, label: str, problems: Problems) -> Float64 | None:
    """A new float64 array of the numbers in `given`; None, and a problem noted, when they are not numbers.

    Nested lists, arrays of any kind that NumPy understands, and a text of rows of numbers are read.  Negative
    zeros become zeros.
    """
    if isinstance(given, str):
        return read_text(given, where, label, problems)
    try:
        array: NDArray[Any] = np.asarray(given)
    except (ValueError, TypeError, OverflowError):
        problems.add(where, f"{label} has rows of different lengths: expected an array of numbers")
        return None
    if array.dtype.kind not in "iufb":
        problems.add(where, f"{label} is {_what(given, array)}: expected an array of numbers")
        return None
    if isinstance(given, list | tuple | bool) and _holds_truth(given):
        problems.add(where, f"{label} holds true or false: expected numbers")
        return None
    return array.astype(np.float64) + 0.0


def read_text(given: str, where: Path, label: str, problems: Problems) -> Float64 | None:
    """A text of lines of numbers, separated by blanks, as an array of shape (lines, numbers in a line)."""
    widths, num_lines = _widths(given)
    if len(widths) != 1:
        problems.add(
            where,
            f"{label} is {shown(given)}: expected lines of numbers, as many in each, and at most {MAX_LINES:,} lines",
        )
        return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            numbers = np.fromstring(given, dtype=np.float64, sep=" ")
    except (ValueError, DeprecationWarning):
        problems.add(where, f"{label} is a text that holds more than numbers and blanks: {shown(given)}")
        return None
    return numbers.reshape(num_lines, -1) + 0.0


def read_bytes(given: object, size: int, where: Path, label: str, problems: Problems) -> Float64 | None:
    """`size` numbers, float64 (size,), from the base64 text of their little-endian bytes in C order."""
    try:
        content = base64.b64decode(given, validate=True) if isinstance(given, str) else b""
    except ValueError:
        content = b""
    if len(content) != 8 * size:
        problems.add(
            where,
            f"{label} is stated by {len(content):,} bytes of base64: expected {8 * size:,}, the little-endian float64"
            f" of {size:,} numbers",
        )
        return None
    return np.frombuffer(content, dtype="<f8").astype(np.float64) + 0.0


def write_bytes(array: Float64) -> str:
    """The text that `read_bytes` reads."""
    return base64.b64encode(np.ascontiguousarray(array, dtype="<f8").tobytes()).decode("ascii")


def as_float(given: Any) -> float:
    """A number as a float; infinite where it is too large for one."""
    try:
        return float(given)
    except OverflowError:
        return float("inf")


def _widths(text: str) -> tuple[set[int], int]:
    """How many words the lines have, blank ones left out, and how many lines there are; none for too many lines."""
    widths: set[int] = set()
    num_lines = 0
    if text.count("\n") > MAX_LINES:
        return widths, num_lines
    for line in io.StringIO(text):
        width = len(line.split())
        if width:
            widths.add(width)
            num_lines += 1
        if len(widths) > 1:
            break
    return widths, num_lines


def _holds_truth(given: object) -> bool:
    if isinstance(given, list | tuple):
        return any(map(_holds_truth, given))
    return isinstance(given, bool)


def _what(given: object, array: NDArray[Any]) -> str:
    if array.ndim == 0:
        return shown(given)
    if array.dtype.kind in "US":
        return "an array that holds text"
    return "an array that holds complex numbers" if array.dtype.kind == "c" else "an array of mixed things"
