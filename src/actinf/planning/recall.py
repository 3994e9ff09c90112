"""Agents that share a model and hold the same belief plan alike: what one has worked out, the others recall.

A plan follows from the belief and from nothing else, as long as nothing is learned and preferences stay the same.  A
thread of a simulation keeps the plans that it made last, each at the slot that its belief hashes to, and copies one
where all bits of a belief agree.  Agents that share all numbers recall G and the posterior over policies; agents that
differ in preferences or precision recall the outlook, what each policy leads to.  The results are the same to the last
bit, whatever is recalled.
"""

from typing import Any

import numpy as np

from actinf.kernels.compile import inner
from actinf.kernels.elementary import bits_of
from actinf.kernels.hashing import mixed, word_of
from actinf.kernels.views import copy_into, part

__all__ = ["HEAD", "IS_WHOLE", "RECALLED", "keep", "recall", "recalls_whole_plans"]

RECALLED, NO_SLOT = -1, -2
HEAD = 3  # words before the slots: how often a plan was looked for since the last count, and found; and IS_WHOLE
IS_WHOLE = 2  # the word that says whether G and what follows from it is recalled: 1, or the outlook: 0
TRIAL = 1024  # plans that are looked for before it is judged whether that pays
PAUSE = 65_536  # plans that are made without looking where it does not


@inner
def slot_of(belief: Any, num_slots: int) -> Any:
    """The slot of a belief; `num_slots` is a power of two."""
    key = np.uint64(0)
    for i in range(belief.shape[0]):
        key += word_of(np.uint64(bits_of(np.float64(belief[i]))), i)
    return np.int64(mixed(key) & np.uint64(num_slots - 1))


@inner
def recalls_whole_plans(slots: Any) -> bool:
    """Whether what is recalled is G and what follows from it."""
    return slots.shape[0] > 0 and slots[IS_WHOLE] == 1


@inner
def recall(belief: Any, results: Any, plans: Any, slots: Any) -> int:
    """Copy what is kept for a belief to the results and return RECALLED; else the slot to keep it at, or NO_SLOT."""
    if slots.shape[0] == 0:
        return NO_SLOT
    if slots[0] < 0:
        slots[0] += 1
        return NO_SLOT
    if slots[0] == TRIAL:
        pays = 8 * slots[1] >= TRIAL
        slots[0], slots[1] = 0 if pays else -PAUSE, 0
    slot = slot_of(belief, slots.shape[0] - HEAD)
    slots[0] += 1
    if slots[HEAD + slot] == 0:
        return slot
    size = belief.shape[0]
    at = slot * (size + results.shape[0])
    for i in range(size):
        if plans[at + i] != belief[i]:
            return slot
    slots[1] += 1
    copy_into(part(plans, at + size, at + size + results.shape[0]), results)
    return RECALLED


@inner
def keep(belief: Any, results: Any, slot: int, plans: Any, slots: Any) -> None:
    """Keep results at a slot, in place of others."""
    size = belief.shape[0]
    at = slot * (size + results.shape[0])
    copy_into(belief, part(plans, at, at + size))
    copy_into(results, part(plans, at + size, at + size + results.shape[0]))
    slots[HEAD + slot] = 1
