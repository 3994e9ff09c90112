"""Agents that share all numbers and hold the same belief plan alike: what one has worked out, the others recall.

A plan follows from the belief and from nothing else, as long as nothing is learned and preferences stay the same.  A
thread of a simulation keeps the plans that it made last, each at the slot that its belief hashes to, and copies one
where all bits of a belief agree.  The results are the same to the last bit, whatever is recalled.
"""

from typing import Any

import numpy as np

from actinf.kernels import layout as L
from actinf.kernels.compile import inner
from actinf.kernels.elementary import bits_of
from actinf.kernels.views import copy_into, part

__all__ = ["NUM_TALLIES", "RECALLED", "keep", "recall"]

RECALLED, NO_SLOT = -1, -2
NUM_TALLIES = 2  # words before the slots: how often a plan was looked for since the last count, and found
TRIAL = 1024  # plans that are looked for before it is judged whether that pays
PAUSE = 65_536  # plans that are made without looking where it does not
ODD_0, ODD_1 = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)


@inner
def slot_of(belief: Any, num_slots: int) -> Any:
    """The slot of a belief; `num_slots` is a power of two."""
    key = np.uint64(0)
    for i in range(belief.shape[0]):
        word = (np.uint64(bits_of(np.float64(belief[i]))) ^ (np.uint64(i) * ODD_0)) * ODD_1
        key += word ^ (word >> np.uint64(29))
    key = (key ^ (key >> np.uint64(32))) * ODD_0
    return np.int64((key >> np.uint64(32)) & np.uint64(num_slots - 1))


@inner
def recall(ints: Any, belief: Any, plans: Any, slots: Any, out: Any) -> int:
    """Copy the plan of a belief to the results and return RECALLED; else the slot to keep it at, or NO_SLOT."""
    if slots.shape[0] == 0:
        return NO_SLOT
    if slots[0] < 0:
        slots[0] += 1
        return NO_SLOT
    if slots[0] == TRIAL:
        pays = 8 * slots[1] >= TRIAL
        slots[0], slots[1] = 0 if pays else -PAUSE, 0
    slot = slot_of(belief, slots.shape[0] - NUM_TALLIES)
    slots[0] += 1
    if slots[NUM_TALLIES + slot] == 0:
        return slot
    results, size = part(out, ints[2 * L.O_Q_ACTION], ints[2 * L.O_G + 1]), belief.shape[0]
    at = slot * (size + results.shape[0])
    for i in range(size):
        if plans[at + i] != belief[i]:
            return slot
    slots[1] += 1
    copy_into(part(plans, at + size, at + size + results.shape[0]), results)
    return RECALLED


@inner
def keep(ints: Any, belief: Any, slot: int, plans: Any, slots: Any, out: Any) -> None:
    """Keep the plan in the results at a slot, in place of another one."""
    results, size = part(out, ints[2 * L.O_Q_ACTION], ints[2 * L.O_G + 1]), belief.shape[0]
    at = slot * (size + results.shape[0])
    copy_into(belief, part(plans, at, at + size))
    copy_into(results, part(plans, at + size, at + size + results.shape[0]))
    slots[NUM_TALLIES + slot] = 1
