"""Drawing from a generative process that is tables: hidden states move and give rise to observations by chance.

A draw is skipped where a column leaves no choice, which changes nothing else: random numbers are addressed, not
consumed.
"""

from typing import Any

from actinf.kernels import layout as L
from actinf.kernels.compile import inner
from actinf.kernels.random import WORLD_MOVE_STREAM, WORLD_OBSERVE_STREAM, uniform
from actinf.kernels.views import section

__all__ = ["begin", "move", "observe"]


@inner
def draw(values: Any, first: int, last: int, clock: Any, step: int, stream: int, number: int) -> int:
    """The entry of a column that a random number falls on."""
    if last - first <= 1:
        return first
    total = 0.0
    for e in range(first, last):
        total += values[e]
    target = uniform(clock[0], clock[1], clock[2], step, stream, number) * total
    cumulative = 0.0
    chosen = first
    for e in range(first, last):
        if values[e] > 0.0:
            chosen = e
            cumulative += values[e]
            if target < cumulative:
                break
    return chosen


@inner
def begin(world: Any, numbers: Any, clock: Any, state: Any) -> None:
    """Draw the first hidden state of an episode from D."""
    start, d = section(world, world, L.STATE_START), section(numbers, world, L.T_D)
    for f in range(state.shape[0]):
        state[f] = draw(d, start[f], start[f + 1], clock, 0, WORLD_MOVE_STREAM, f) - start[f]


@inner
def observe(world: Any, numbers: Any, clock: Any, state: Any, obs: Any) -> None:
    """Draw the observation of each of the agent's modalities."""
    link, outcome_start = section(world, world, L.LINK_MODALITY), section(world, world, L.LINK_OUTCOME_START)
    outcome_of = section(world, world, L.LINK_OUTCOME)
    parents, parent_start = section(world, world, L.A_PARENT), section(world, world, L.A_PARENT_START)
    strides, columns = section(world, world, L.A_PARENT_STRIDE), section(world, world, L.A_COLUMN_BASE)
    entry_start, outcome = section(world, world, L.A_ENTRY_START), section(world, world, L.A_OUTCOME)
    a = section(numbers, world, L.T_A)
    for m in range(obs.shape[0]):
        w = link[m]
        column = columns[w]
        for k in range(parent_start[w], parent_start[w + 1]):
            column += state[parents[k]] * strides[k]
        entry = draw(a, entry_start[column], entry_start[column + 1], clock, clock[3], WORLD_OBSERVE_STREAM, w)
        obs[m] = outcome_of[outcome_start[m] + outcome[entry]]


@inner
def move(world: Any, numbers: Any, clock: Any, action: int, num_actions: int, state: Any, before: Any) -> None:
    """Draw the next hidden state after the agent's joint action; `before` is scratch of the state's length."""
    parents, parent_start = section(world, world, L.B_PARENT), section(world, world, L.B_PARENT_START)
    strides, columns = section(world, world, L.B_PARENT_STRIDE), section(world, world, L.B_COLUMN_BASE)
    entry_start, reached = section(world, world, L.B_ENTRY_START), section(world, world, L.B_STATE)
    parent_columns, own_action = section(world, world, L.B_COLUMNS), section(world, world, L.LINK_ACTION)
    b = section(numbers, world, L.T_B)
    for f in range(state.shape[0]):
        before[f] = state[f]
    for f in range(state.shape[0]):
        column = columns[f] + own_action[f * num_actions + action] * parent_columns[f]
        for k in range(parent_start[f], parent_start[f + 1]):
            column += before[parents[k]] * strides[k]
        state[f] = reached[
            draw(b, entry_start[column], entry_start[column + 1], clock, clock[3] + 1, WORLD_MOVE_STREAM, f)
        ]
