"""Raw arrays in pymdp's convention as the named parts of a model."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from actinf.errors import ModelError


def named_parts(
    A: Any,
    B: Any,
    C: Any,
    D: Any,
    pA: Any,
    pB: Any,
    pD: Any,
    A_dependencies: Sequence[Sequence[int]] | None,
    B_dependencies: Sequence[Sequence[int]] | None,
    factors: Mapping[str, Any] | None,
    modalities: Mapping[str, Any] | None,
    controls: Mapping[str, Any] | None,
) -> dict[str, Any]:
    """The arguments of Model for lists of arrays; sizes and default names are read from the arrays.

    Raises:
        ModelError: when a list is missing or an entry has no axes to read a size from.
    """
    likelihoods, transitions = _entries(A if A is not None else pA, "A"), _entries(B if B is not None else pB, "B")
    factors = _names(factors, "factor", transitions, "B")
    modalities = _names(modalities, "modality", likelihoods, "A")
    if controls is None:
        controls = {
            name: np.shape(table)[-1]
            for name, table in zip(factors, transitions, strict=False)
            if len(np.shape(table)) > 2 and np.shape(table)[-1] > 1
        }
    if A_dependencies is None:
        A_dependencies = [list(range(len(factors)))] * len(modalities)
    return {
        "factors": factors,
        "modalities": modalities,
        "controls": controls,
        "A": None if A is None else likelihoods,
        "B": None if B is None else transitions,
        "C": _optional(C, "C"),
        "D": _optional(D, "D"),
        "pA": _optional(pA, "pA"),
        "pB": _optional(pB, "pB"),
        "pD": _optional(pD, "pD"),
        "A_dependencies": list(A_dependencies),
        "B_dependencies": None if B_dependencies is None else list(B_dependencies),
    }


def _entries(given: Any, key: str) -> list[Any]:
    """The arrays as a list; an object array of arrays is unpacked, and a single array stands for one entry."""
    if given is None:
        raise ModelError(f"{key} is not given: expected a list of arrays")
    if isinstance(given, list | tuple):
        return list(given)
    if isinstance(given, np.ndarray) and given.dtype == object:
        return list(given)
    if getattr(given, "ndim", 0) > 0:
        return [given]
    raise ModelError(f"{key} is a {type(given).__name__}: expected a list of arrays")


def _optional(given: Any, key: str) -> list[Any] | None:
    return None if given is None else _entries(given, key)


def _names(given: Mapping[str, Any] | None, kind: str, tables: list[Any], key: str) -> Mapping[str, Any]:
    if given is not None:
        return given
    sizes: dict[str, Any] = {}
    for at, table in enumerate(tables):
        try:
            sizes[f"{kind}_{at}"] = np.shape(table)[0]
        except (ValueError, IndexError):
            raise ModelError(f"{key}[{at}] has no axes: expected an array of numbers") from None
    return sizes
