"""A user's own world: compiled or plain Python it does the same, and what is wrong with it is said."""

import re
from typing import Any, ClassVar

import numba
import numpy as np
import pytest
import xarray as xr

import actinf as ai
from actinf.envs import OwnWorld, random_model
from actinf.envs.own_world import FUNCTIONS
from actinf.errors import ImpossibleObservation, ModelError, SettingError, WorldError

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
    name = parts.pop("name", "")
    return type("Odd", (world,), parts)(name=name)


def test_a_world_in_code_does_what_the_same_world_in_tables_does() -> None:
    """It is given the draws that the table world uses, so that the runs are the same bit by bit, in every block."""
    wanted = run(ai.World(PROCESS), record=["obs", "action", "qs", "F"])
    xr.testing.assert_equal(run(Compiled(), record=["obs", "action", "qs", "F"]), wanted)
    xr.testing.assert_equal(run(Compiled(), record=["obs", "action", "qs", "F"], threads=2, block_size=1), wanted)
    with pytest.warns(UserWarning, match=r"the world Plain is plain Python, which is slower: decorate"):
        slow = run(Plain(), record=["obs", "action", "qs", "F"])
    xr.testing.assert_equal(slow, wanted)


def test_compiling_a_world_is_announced(capfd: pytest.CaptureFixture[str]) -> None:
    world = changed(Compiled, move=staticmethod(numba.njit(move)), name="mine")
    run(world)
    assert re.search(r"actinf: compiling the world mine for this process … \d+\.\d s", capfd.readouterr().err)
    run(world)
    assert capfd.readouterr().err == ""  # once for each process
    assert Compiled().compiled
    assert not Plain().compiled


def test_its_states_have_no_names_and_are_not_recorded() -> None:
    assert not [name for name in run(Compiled()).data_vars if str(name).startswith("state")]
    with pytest.raises(SettingError, match=r"record='state'\): the states of Compiled\(Compiled\) have no names"):
        run(Compiled(), record=["state"])


def test_what_is_hidden_counts_as_missing() -> None:
    @numba.njit
    def coy(state: Any, draws: Any, outcomes: Any) -> None:
        outcomes[0] = -1

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


def counting(raising: str, at: int, *, show: int = 0, state_size: int = 2) -> dict[str, Any]:
    """Functions that count their calls in an episode, one of which raises at the call number `at`, from 0."""

    def begin(state: Any, draws: Any, nothing: Any) -> None:
        if raising == "begin":
            raise ValueError("too early")
        state[1] = draws[0]

    def observe(state: Any, draws: Any, outcomes: Any) -> None:
        if raising == "observe" and state[0] == at:
            raise ValueError("too dark")
        outcomes[0] = show

    def move(state: Any, draws: Any, actions: Any) -> None:
        state[1] = 7.0
        if raising == "move" and state[0] == at:
            raise ValueError("too far")
        state[0] += 1.0

    return {"begin": begin, "observe": observe, "move": move, "state_size": state_size, "num_draws": 1}


def in_code(parts: dict[str, Any], *, compiled: bool, **more: Any) -> OwnWorld:
    wrapped = {name: staticmethod(numba.njit(parts[name]) if compiled else parts[name]) for name in FUNCTIONS}
    return changed(Named, **{**parts, **wrapped, **more})


@pytest.mark.filterwarnings("ignore:the world Odd is plain Python")
@pytest.mark.parametrize("compiled", [True, False])
@pytest.mark.parametrize(
    ("raising", "at", "step", "said"),
    [
        ("begin", 0, 0, "the function 'begin' of the world Odd raised ValueError: too early"),
        ("observe", 0, 0, "the function 'observe' of the world Odd raised ValueError: too dark"),
        ("observe", 3, 3, "the function 'observe' of the world Odd raised ValueError: too dark"),
        ("move", 0, 0, "the function 'move' of the world Odd raised ValueError: too far"),
        ("move", 2, 2, "the function 'move' of the world Odd raised ValueError: too far"),
    ],
)
def test_what_a_world_raises_is_told_with_agent_step_and_world(
    raising: str, at: int, step: int, said: str, compiled: bool, capfd: pytest.CaptureFixture[str]
) -> None:
    """Of compiled functions it was printed as ignored, and the run went on with what the world had left undone."""
    with pytest.raises(WorldError) as failed:
        run(in_code(counting(raising, at), compiled=compiled), threads=1, block_size=6)
    assert str(failed.value).startswith(f"agent 0, step {step} of episode 0: {said}; it was called with state=[")
    assert type(failed.value.__cause__) is ValueError
    assert "ignored" not in capfd.readouterr().err


def flagging(raises: bool) -> dict[str, Any]:
    """Functions that raise where a draw is large, or else show it at the next step."""

    def observe(state: Any, draws: Any, outcomes: Any) -> None:
        outcomes[0] = int(state[0])

    def move(state: Any, draws: Any, actions: Any) -> None:
        state[0] = 1.0 if draws[0] > 0.98 else 0.0
        if raises and state[0] == 1.0:
            raise ValueError("too much")

    return {**counting("none", 0), "observe": observe, "move": move}


@pytest.mark.filterwarnings("ignore:the world Odd is plain Python")
@pytest.mark.parametrize("compiled", [True, False])
@pytest.mark.parametrize(("block_size", "episodes"), [(20, 1), (1, 1), (20, 3)])
def test_the_agent_and_the_step_are_those_at_which_the_world_raised(
    compiled: bool, block_size: int, episodes: int
) -> None:
    """They are told by the number of calls that were made before."""
    extent = {"num_agents": 20, "num_episodes": episodes, "threads": 1, "block_size": block_size, "seed": 6}
    flags = run(in_code(flagging(False), compiled=compiled), **extent)["obs_modality_0"].values == 1
    episode, agent, seen = np.argwhere(flags)[0]
    assert agent > 0
    with pytest.raises(WorldError, match=f"^agent {agent}, step {seen - 1} of episode {episode}: the function 'move'"):
        run(in_code(flagging(True), compiled=compiled), **extent)


@pytest.mark.parametrize("block_size", [1, 20])
def test_of_a_world_that_raises_and_agents_that_met_the_impossible_the_first_is_told_of(block_size: int) -> None:
    """An agent that is lost ends early, with fewer calls; what comes after the first of them is not looked at."""

    def observe(state: Any, draws: Any, outcomes: Any) -> None:
        outcomes[0] = 1 if state[0] == 2.0 and draws[0] < 0.5 else 0

    def agent(likelihood: str) -> ai.Agent:
        model = ai.Model(
            factors={"factor_0": 3}, controls={"factor_0": 2}, modalities={"modality_0": 3},
            A={"modality_0": likelihood}, B={"factor_0": {"default": "stay"}}, D={"factor_0": "0"},
        )  # fmt: skip
        return ai.Agent(model)

    extent = {"num_agents": 20, "num_episodes": 1, "threads": 1, "block_size": block_size, "seed": 1}
    seen = run(in_code({**counting("none", 0), "observe": observe}, compiled=True), agent("uniform"), **extent)
    lost = (seen["obs_modality_0"].values[0] == 1).any(axis=1)
    assert lost[0]
    with pytest.raises(
        ImpossibleObservation, match=r"^agent 0, step \d of episode 0: the observation .* is impossible"
    ):
        run(in_code({**counting("move", 3), "observe": observe}, compiled=True), agent("identity"), **extent)
    with pytest.raises(WorldError, match=r"^agent 0, step 1 of episode 0: the function 'move'"):
        run(in_code({**counting("move", 1), "observe": observe}, compiled=True), agent("identity"), **extent)


@pytest.mark.filterwarnings("ignore:the world Odd is plain Python")
@pytest.mark.parametrize("compiled", [True, False])
@pytest.mark.parametrize("shown", [3, 7, -2])
def test_what_a_world_shows_has_to_be_an_outcome(shown: int, compiled: bool) -> None:
    """It was taken for a missing observation, which left the agent blind."""

    def observe(state: Any, draws: Any, outcomes: Any) -> None:
        outcomes[0] = shown if state[0] == 2.0 else -1

    said = rf"^agent 0, step 2 of episode 0: .*'observe' .* showed {shown} of .* expected an index from 0 to 2, or -1"
    with pytest.raises(WorldError, match=said):
        run(in_code({**counting("none", 0), "observe": observe}, compiled=compiled))


def test_a_world_that_raises_with_matrix_products_is_told_alike() -> None:
    model = random_model(num_states=(140,), num_obs=(3,), num_actions=(2,), seed=0)
    agent = ai.Agent(model, planner=ai.Exhaustive(horizon=2))
    assert agent.plans_densely
    with pytest.raises(WorldError, match=r"agent 0, step 1 of episode 0: the function 'move'"):
        run(in_code(counting("move", 1), compiled=True), agent, num_agents=2, num_steps=3, num_episodes=1)


def test_of_a_large_state_it_is_told_that_something_was_raised() -> None:
    world = in_code(counting("move", 1, state_size=5000), compiled=True)
    with pytest.raises(WorldError, match=r"step 1 of episode 0: .*cannot tell more: to see it, run .* without @njit"):
        run(world)


@pytest.mark.filterwarnings("ignore:the world Odd is plain Python")
def test_an_interrupt_in_plain_python_is_passed_on_as_it_is() -> None:
    def interrupted(state: Any, draws: Any, actions: Any) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(changed(Plain, move=staticmethod(interrupted)))


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
