"""Hashes of beliefs, as sums over their states, so that the order in which states are met does not matter."""

from typing import Any

import numpy as np

from actinf.kernels.compile import inlined, inner

__all__ = ["mixed", "word_of"]

MIX_0 = np.uint64(0xBF58476D1CE4E5B9)
MIX_1 = np.uint64(0x94D049BB133111EB)


@inner
def mixed(key: Any) -> Any:
    """A well-mixed 64-bit hash of a 64-bit key (the finaliser of Steele, Lea and Flood 2014, "SplitMix")."""
    z = np.uint64(key)
    z = (z ^ (z >> np.uint64(30))) * MIX_0
    z = (z ^ (z >> np.uint64(27))) * MIX_1
    return z ^ (z >> np.uint64(31))


@inlined
def word_of(number: Any, place: int) -> Any:
    """What a number at a place adds to the key of a list of numbers."""
    word = (np.uint64(number) ^ (np.uint64(place) * MIX_0)) * MIX_1
    return word ^ (word >> np.uint64(29))
