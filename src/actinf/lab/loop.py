"""The compiled loop: a block of agents, each with a world of its own, through one episode."""

from typing import Any

from numba import types

from actinf.agent.step import advance
from actinf.envs.own import begin_own, move_own, observe_own
from actinf.envs.table import begin, move, observe
from actinf.kernels import layout as L
from actinf.kernels.compile import entry_point, inner
from actinf.kernels.views import part, section

__all__ = ["run_block"]

J_SEED, J_FIRST, J_EPISODE, J_BEGIN, J_END, J_STEPS, J_STATES, J_ACTIONS, J_HALF = range(9)
WHOLE, SEE, ACT, REFRESH = range(4)


def signature(real: Any) -> Any:
    """run_block(buffers of the agents, of the world, job, records) -> None."""
    ints, floats, table, record = types.int64[::1], real[::1], real[:, ::1], types.int32[:, ::1]
    agents = (ints, table, ints, table, table, ints, floats, ints, floats)
    world = (ints, types.float64[::1], ints, types.float64[::1], ints)
    return types.void(*agents, *world, record, record, record, table, table, table, table, ints)


@inner
def record(values: Any, row: Any, at: int) -> None:
    """row[at:] = values, where the row records them."""
    if row.shape[0] > 0:
        for i in range(values.shape[0]):
            row[at * values.shape[0] + i] = values[i]


@entry_point(signature)
def run_block(
    ints: Any,
    theta: Any,
    own: Any,
    own_theta: Any,
    carry: Any,
    x: Any,
    wf: Any,
    wi: Any,
    out: Any,
    world: Any,
    numbers: Any,
    state: Any,
    own_state: Any,
    job: Any,
    obs_record: Any,
    action_record: Any,
    state_record: Any,
    qs_record: Any,
    q_pi_record: Any,
    g_record: Any,
    f_record: Any,
    failed: Any,
) -> None:
    """Run the agents of a block, one after the other, through an episode.

    theta, own_theta: (1, …) shared or (agents, …); carry: (agents, …).  A record has a row for each agent, with no
    columns where it is not kept.  The job says which steps, and whether whole ones or one half of a single step: with
    a plan that is made outside, one agent at a time sees, is given its G among the results, and acts.  failed[a] is 1
    + the step at which agent a met an impossible observation, else 0.
    """
    num_states, num_actions = job[J_STATES], job[J_ACTIONS]
    current, before = part(state, 0, num_states), part(state, num_states, 2 * num_states)
    clock, obs = section(x, ints, L.X_CLOCK), section(x, ints, L.X_OBS)
    executed, action = section(x, ints, L.X_EXECUTED), section(x, ints, L.X_ACTION)
    asked = section(x, ints, L.X_STATUS)
    is_own = section(world, world, L.OWN_CALLS).shape[0] > 0
    for a in range(carry.shape[0]):
        row = a if theta.shape[0] > 1 else 0
        clock[0], clock[1], clock[2], clock[3] = job[J_SEED], job[J_FIRST] + a, job[J_EPISODE], job[J_BEGIN]
        failed[a] = 0
        if job[J_HALF] == REFRESH:
            asked[0] = L.REFRESH_ONLY
            advance(ints, theta[row], own, own_theta[row], carry[a], x, wf, wi, out)
            continue
        if job[J_BEGIN] == 0 and job[J_HALF] != ACT:
            action[0] = -1
            if is_own:
                begin_own(world, clock, own_state, state)
            else:
                begin(world, numbers, clock, current)
        for t in range(job[J_BEGIN], job[J_END]):
            clock[3] = t
            if job[J_HALF] != ACT:
                if is_own:
                    observe_own(world, clock, own_state, state, obs)
                else:
                    observe(world, numbers, clock, current, obs)
                executed[0] = action[0]
            asked[0] = (
                L.WHOLE_STEP if job[J_HALF] == WHOLE else (L.PERCEIVE_ONLY if job[J_HALF] == SEE else L.CHOOSE_ONLY)
            )
            status = advance(ints, theta[row], own, own_theta[row], carry[a], x, wf, wi, out)
            if status != L.OK:
                failed[a] = t + 1
                break
            if job[J_HALF] == SEE:
                break
            record(obs, obs_record[a], t)
            record(current, state_record[a], t)
            record(action, action_record[a], t)
            record(section(out, ints, L.O_QS), qs_record[a], t)
            record(section(out, ints, L.O_Q_PI), q_pi_record[a], t)
            record(section(out, ints, L.O_G), g_record[a], t)
            if f_record.shape[1] > 0:
                f_record[a, t] = section(out, ints, L.O_SCALARS)[0]
            if t + 1 < job[J_STEPS]:
                if is_own:
                    move_own(world, clock, action[0], num_actions, own_state, state)
                else:
                    move(world, numbers, clock, action[0], num_actions, current, before)
