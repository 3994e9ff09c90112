"""A user's own world: compiled or plain Python it does the same, and what is wrong with it is said."""

import re
from typing import Any, ClassVar

import numba
import numpy as np
import pytest
import xarray as xr

import actinf as ai
from actinf.envs import OwnWorld, random_model
from actinf.errors import ModelError, SettingError

PROCESS = random_model(num_states=(4,), num_obs=(3,), num_actions=(2,), seed=6)
START, MOVES, SHOWS = np.array(PROCESS.D[0]), PROCESS.B[0].dense(), PROCESS.A[0].dense()


def begin(state: Any, draws: Any, nothing: Any) -> None:
    total = 0.0
    for s in range(4):
        total += START[s]
        if draws[0] < total:
            state[0] = s
            return


def observe(state: Any, draws: Any, outcomes: Any) -> None:
    total = 0.0
    for o in range(3):
        total += SHOWS[o, int(state[0])]
        if draws[0] < total:
            outcomes[0] = o
            return


def move(state: Any, draws: Any, actions: Any) -> None:
    total = 0.0
    before = int(state[0])
    for s in range(4):
        total += MOVES[s, before, actions[0]]
        if draws[0] < total:
            state[0] = s
            return


class Named(OwnWorld):
    modalities: ClassVar = {"modality_0": ["0", "1", "2"]}
    controls: ClassVar = {"factor_0": ["0", "1"]}


class Plain(Named):
    begin, observe, move = staticmethod(begin), staticmethod(observe), staticmethod(move)


class Compiled(Named):
    begin, observe, move = (staticmethod(numba.njit(function)) for function in (begin, observe, move))


def run(world: ai.World, agent: ai.Agent | None = None, **settings: Any) -> xr.Dataset:
    agent = agent if agent is not None else ai.Agent(PROCESS, alpha=1.0, gamma=1.0)
    return ai.simulate(agent, world, **{"num_agents": 6, "num_steps": 8, "num_episodes": 2, "seed": 3, **settings})


def changed(world: type[OwnWorld], **parts: Any) -> OwnWorld:
    """A world with some parts in the place of others."""
    return type("Odd", (world,), parts)()


def test_a_world_in_code_does_what_the_same_world_in_tables_does() -> None:
    """It is given the draws that the table world uses, so that the runs are the same bit by bit, in every block."""
    wanted = run(ai.World(PROCESS), record=["obs", "action", "qs", "F"])
    xr.testing.assert_equal(run(Compiled(), record=["obs", "action", "qs", "F"]), wanted)
    xr.testing.assert_equal(run(Compiled(), record=["obs", "action", "qs", "F"], threads=2, block_size=1), wanted)
    with pytest.warns(UserWarning, match=r"the world Plain is plain Python, which is slower: decorate"):
        slow = run(Plain(), record=["obs", "action", "qs", "F"])
    xr.testing.assert_equal(slow, wanted)


def test_compiling_a_world_is_announced(capfd: pytest.CaptureFixture[str]) -> None:
    run(Compiled(name="mine"))
    assert re.search(r"actinf: compiling the world mine for this process … \d+\.\d s", capfd.readouterr().err)
    assert Compiled().compiled
    assert not Plain().compiled


def test_its_states_have_no_names_and_are_not_recorded() -> None:
    assert not [name for name in run(Compiled()).data_vars if str(name).startswith("state")]
    with pytest.raises(SettingError, match=r"record='state'\): the states of Compiled\(Compiled\) have no names"):
        run(Compiled(), record=["state"])


def test_what_is_hidden_or_no_outcome_counts_as_missing() -> None:
    @numba.njit
    def coy(state: Any, draws: Any, outcomes: Any) -> None:
        outcomes[0] = (-1, 99, -7)[int(draws[1] * 3)]

    trace = run(changed(Compiled, observe=staticmethod(coy)))
    assert (trace["obs_modality_0"].values == -1).all()
    assert (trace["F"].values == 0).all()


def test_its_state_is_cleared_when_an_episode_begins_and_kept_until_then() -> None:
    @numba.njit
    def begin(state: Any, draws: Any, nothing: Any) -> None:
        state[1] = 1.0

    @numba.njit
    def observe(state: Any, draws: Any, outcomes: Any) -> None:
        outcomes[0] = min(int(state[0]), 2) if state[1] == 1.0 else -1

    @numba.njit
    def move(state: Any, draws: Any, actions: Any) -> None:
        state[0] += 1.0

    functions = {"begin": staticmethod(begin), "observe": staticmethod(observe), "move": staticmethod(move)}
    trace = run(changed(Named, state_size=2, num_draws=0, **functions), num_agents=2, num_steps=4)
    np.testing.assert_array_equal(trace["obs_modality_0"].values, np.broadcast_to([0, 1, 2, 2], (2, 2, 4)))


def test_names_are_linked_as_for_any_world() -> None:
    with pytest.raises(ModelError, match="observes 'where', which the world does not show: it shows 'modality_0'"):
        run(Compiled(), ai.Agent(ai.envs.TMaze().model()))


def test_an_error_in_plain_python_is_raised_again() -> None:
    def faulty(state: Any, draws: Any, actions: Any) -> None:
        raise ZeroDivisionError("on purpose")

    with pytest.warns(UserWarning, match="plain Python"), pytest.raises(ZeroDivisionError, match="on purpose"):
        run(changed(Plain, move=staticmethod(faulty)))


def wrong() -> dict[str, tuple[dict[str, Any], list[str]]]:
    return {
        "a function is missing": ({"move": None}, ["no function 'move'", "static method"]),
        "nothing is shown": ({"modalities": {}}, ["shows nothing", "`modalities`"]),
        "a size is no number": ({"state_size": "two"}, ["state_size='two'", "whole number"]),
        "draws are negative": ({"num_draws": -1}, ["num_draws=-1", "whole number"]),
    }


@pytest.mark.parametrize("case", wrong())
def test_a_world_that_lacks_something_says_what(case: str) -> None:
    changes, words = wrong()[case]
    with pytest.raises(SettingError) as refused:
        changed(Compiled, **changes)
    for word in ("the world Odd", *words):
        assert word in str(refused.value)


def test_all_functions_are_compiled_or_none() -> None:
    with pytest.raises(SettingError, match="the world Odd has compiled functions, but 'move' is not: decorate it"):
        run(changed(Compiled, move=staticmethod(move)))
