"""The compiled loop: the one function that Python calls, for a single step as for a block of agents in their worlds.

That a session and a row of a simulation run the same machine code is what makes them equal to the last bit.
"""

from typing import Any

import numpy as np
from numba import types

from actinf.agent.step import advance
from actinf.kernels import layout as L
from actinf.kernels.called_process import begin_own, move_own, observe_own, shown_by_own
from actinf.kernels.compile import entry_point, inner
from actinf.kernels.process import begin, move, observe
from actinf.kernels.views import at_address, like_at_address, part, section

__all__ = ["run_job"]


def signature(real: Any) -> Any:
    """run_job(frame, out) -> status."""
    return types.int64(types.int64[::1], real[::1])


@entry_point(signature)
def run_job(frame: Any, out: Any) -> Any:
    """Do what the job of a frame says; results of the last step go to `out`, whose type is that of all numbers.

    Returns the status of the step where a single one is asked for, else `OK`; `failed` tells of the agents of a block.
    """
    ints, own = at_address(frame, L.F_INTS, np.int64), at_address(frame, L.F_OWN, np.int64)
    theta, own_theta = like_at_address(frame, L.F_THETA, out), like_at_address(frame, L.F_OWN_THETA, out)
    carry, wf = like_at_address(frame, L.F_CARRY, out), like_at_address(frame, L.F_WF, out)
    x, wi = at_address(frame, L.F_X, np.int64), at_address(frame, L.F_WI, np.int64)
    plans, slots = like_at_address(frame, L.F_PLANS, out), at_address(frame, L.F_SLOTS, np.int64)
    job = at_address(frame, L.F_JOB, np.int64)
    if job[L.J_KIND] == L.SINGLE:
        return advance(ints, theta, own, own_theta, carry, x, plans, slots, wf, wi, out)
    clock, asked, failed = (
        section(x, ints, L.X_CLOCK),
        section(x, ints, L.X_STATUS),
        at_address(frame, L.F_FAILED, np.int64),
    )
    agents = job[L.J_AGENTS]
    width = carry.shape[0] // agents
    theta_width = theta.shape[0] if job[L.J_STRIDE] == 0 else job[L.J_STRIDE]
    own_width = own_theta.shape[0] if job[L.J_OWN_STRIDE] == 0 else job[L.J_OWN_STRIDE]
    for a in range(agents):
        clock[0], clock[1], clock[2], clock[3] = job[L.J_SEED], job[L.J_FIRST] + a, job[L.J_EPISODE], job[L.J_BEGIN]
        failed[3 * a] = 0
        at, own_at = a * job[L.J_STRIDE], a * job[L.J_OWN_STRIDE]
        numbers, own_numbers = part(theta, at, at + theta_width), part(own_theta, own_at, own_at + own_width)
        carried = part(carry, a * width, (a + 1) * width)
        if job[L.J_KIND] == L.REFRESH:
            asked[0] = L.REFRESH_ONLY
            advance(ints, numbers, own, own_numbers, carried, x, plans, slots, wf, wi, out)
        else:
            live(frame, ints, numbers, own, own_numbers, carried, x, plans, slots, wf, wi, out, a)
    return L.OK


@inner
def live(
    frame: Any,
    ints: Any,
    theta: Any,
    own: Any,
    own_theta: Any,
    carry: Any,
    x: Any,
    plans: Any,
    slots: Any,
    wf: Any,
    wi: Any,
    out: Any,
    a: int,
) -> None:
    """One agent of a block through the steps of the job, in a world of its own.

    With a plan that is made outside, one agent at a time sees, is given its G among the results, and acts.
    """
    job, failed = at_address(frame, L.F_JOB, np.int64), at_address(frame, L.F_FAILED, np.int64)
    kind = job[L.J_KIND]
    clock, obs, action = section(x, ints, L.X_CLOCK), section(x, ints, L.X_OBS), section(x, ints, L.X_ACTION)
    asked = section(x, ints, L.X_STATUS)
    world, state = at_address(frame, L.F_WORLD, np.int64), at_address(frame, L.F_HIDDEN, np.int64)
    if job[L.J_BEGIN] == 0 and kind != L.ACT:
        action[0] = -1
        begin_world(frame, clock)
    for t in range(job[L.J_BEGIN], job[L.J_END]):
        clock[3] = t
        if kind != L.ACT:
            wrong = observe_world(frame, clock, obs)
            if wrong >= 0:
                stop(failed, a, t, wrong, shown_by_own(world, state, wrong))
                break
            section(x, ints, L.X_EXECUTED)[0] = action[0]
        asked[0] = L.WHOLE_STEP if kind == L.WHOLE else (L.PERCEIVE_ONLY if kind == L.SEE else L.CHOOSE_ONLY)
        if advance(ints, theta, own, own_theta, carry, x, plans, slots, wf, wi, out) != L.OK:
            record(obs, at_address(frame, L.F_RECORD_OBS, np.int32), job, a, t)
            stop(failed, a, t, -1, 0)
            break
        if kind == L.SEE:
            break
        record_step(frame, ints, x, out, a, t)
        if t + 1 < job[L.J_STEPS]:
            move_world(frame, clock, action[0])


@inner
def stop(failed: Any, a: int, t: int, modality: int, shown: int) -> None:
    """Note at which step an agent was stopped, and by what."""
    failed[3 * a], failed[3 * a + 1], failed[3 * a + 2] = t + 1, modality, shown


@inner
def is_called(world: Any) -> Any:
    """Whether a world has functions of its own."""
    return section(world, world, L.OWN_CALLS).shape[0] > 0


@inner
def begin_world(frame: Any, clock: Any) -> None:
    """Begin an episode."""
    world, state = at_address(frame, L.F_WORLD, np.int64), at_address(frame, L.F_HIDDEN, np.int64)
    if is_called(world):
        begin_own(world, clock, at_address(frame, L.F_MEMORY, np.float64), state)
        return
    num_factors = at_address(frame, L.F_JOB, np.int64)[L.J_FACTORS]
    begin(world, at_address(frame, L.F_NUMBERS, np.float64), clock, part(state, 0, num_factors))


@inner
def observe_world(frame: Any, clock: Any, obs: Any) -> int:
    """Let the world show the agent something; returns the modality of which it showed what is no outcome, else −1."""
    world, state = at_address(frame, L.F_WORLD, np.int64), at_address(frame, L.F_HIDDEN, np.int64)
    if is_called(world):
        wrong: int = observe_own(world, clock, at_address(frame, L.F_MEMORY, np.float64), state, obs)
        return wrong
    num_factors = at_address(frame, L.F_JOB, np.int64)[L.J_FACTORS]
    observe(world, at_address(frame, L.F_NUMBERS, np.float64), clock, part(state, 0, num_factors), obs)
    return -1


@inner
def move_world(frame: Any, clock: Any, action: int) -> None:
    """Move the world by the agent's joint action."""
    world, state = at_address(frame, L.F_WORLD, np.int64), at_address(frame, L.F_HIDDEN, np.int64)
    job = at_address(frame, L.F_JOB, np.int64)
    if is_called(world):
        move_own(world, clock, action, job[L.J_ACTIONS], at_address(frame, L.F_MEMORY, np.float64), state)
        return
    n = job[L.J_FACTORS]
    numbers = at_address(frame, L.F_NUMBERS, np.float64)
    move(world, numbers, clock, action, job[L.J_ACTIONS], part(state, 0, n), part(state, n, 2 * n))


@inner
def record_step(frame: Any, ints: Any, x: Any, out: Any, a: int, t: int) -> None:
    """Keep what the job records of step t of agent a."""
    job, state = at_address(frame, L.F_JOB, np.int64), at_address(frame, L.F_HIDDEN, np.int64)
    record(section(x, ints, L.X_OBS), at_address(frame, L.F_RECORD_OBS, np.int32), job, a, t)
    record(section(x, ints, L.X_ACTION), at_address(frame, L.F_RECORD_ACTION, np.int32), job, a, t)
    record(part(state, 0, job[L.J_FACTORS]), at_address(frame, L.F_RECORD_STATE, np.int32), job, a, t)
    record(section(out, ints, L.O_QS), like_at_address(frame, L.F_RECORD_QS, out), job, a, t)
    record(section(out, ints, L.O_Q_PI), like_at_address(frame, L.F_RECORD_Q_PI, out), job, a, t)
    record(section(out, ints, L.O_G), like_at_address(frame, L.F_RECORD_G, out), job, a, t)
    record(part(section(out, ints, L.O_SCALARS), 0, 1), like_at_address(frame, L.F_RECORD_F, out), job, a, t)


@inner
def record(values: Any, rows: Any, job: Any, a: int, t: int) -> None:
    """rows[a, t] = values, where there are rows; rows has the shape (agents, steps, values)."""
    if rows.shape[0] > 0:
        at = (a * job[L.J_STEPS] + t) * values.shape[0]
        for i in range(values.shape[0]):
            rows[at + i] = values[i]
