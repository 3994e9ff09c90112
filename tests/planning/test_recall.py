"""What one agent has worked out the others recall, and nobody could tell."""

from typing import Any

import numba
import numpy as np
import pytest

import actinf as ai
from actinf.agent.program import Program
from actinf.kernels import layout as L
from actinf.planning import recall as memory

RECORD = ("obs", "action", "qs", "q_pi", "G", "F")


@numba.njit
def recall(belief: np.ndarray, results: np.ndarray, plans: np.ndarray, slots: np.ndarray) -> int:
    return memory.recall(belief, results, plans, slots)


@numba.njit
def keep(belief: np.ndarray, results: np.ndarray, slot: int, plans: np.ndarray, slots: np.ndarray) -> None:
    memory.keep(belief, results, slot, plans, slots)


class Thread:
    """The buffers of a thread that plans for the agents of a T-maze."""

    def __init__(self) -> None:
        program = ai.Agent(ai.envs.TMaze().process, planner=ai.Exhaustive(horizon=2)).program
        self.plans, self.slots = program.recall_buffers("float64", whole=False)
        self.outlook = np.full(program.ints[2 * L.W_OUTLOOK + 1] - program.ints[2 * L.W_OUTLOOK], -1.0)

    def recall(self, belief: np.ndarray) -> int:
        return int(recall(belief, self.outlook, self.plans, self.slots))

    def keep(self, belief: np.ndarray, slot: int, value: float) -> None:
        self.outlook[:] = value
        keep(belief, self.outlook, slot, self.plans, self.slots)
        self.outlook[:] = -1.0

    def value(self) -> float:
        (value,) = set(self.outlook.tolist())
        return float(value)


@pytest.fixture
def thread() -> Thread:
    return Thread()


def beliefs(count: int) -> np.ndarray:
    return np.random.default_rng(0).dirichlet(np.ones(7), size=count)


def test_a_plan_is_recalled_for_the_belief_that_it_was_made_from_and_for_no_other(thread: Thread) -> None:
    first, other = beliefs(2)
    slot = thread.recall(first)
    assert slot >= 0
    thread.keep(first, slot, 3.0)
    assert thread.recall(first) == memory.RECALLED
    assert thread.value() == 3.0
    thread.outlook[:] = -1.0
    nearly = first.copy()
    nearly[0] = np.nextafter(nearly[0], 1.0)
    for belief in (other, nearly):
        assert thread.recall(belief) >= 0
        assert thread.value() == -1.0


def test_two_beliefs_of_one_slot_take_its_place_in_turn(thread: Thread) -> None:
    by_slot: dict[int, list[np.ndarray]] = {}
    for belief in beliefs(1000):
        by_slot.setdefault(thread.recall(belief), []).append(belief)
    slot, (one, two, *_) = next((slot, found) for slot, found in by_slot.items() if len(found) > 1)
    thread.keep(one, slot, 1.0)
    assert thread.recall(two) == slot
    thread.keep(two, slot, 2.0)
    assert thread.recall(two) == memory.RECALLED
    assert thread.value() == 2.0
    assert thread.recall(one) == slot


def test_where_no_belief_comes_back_looking_is_given_up_for_a_while(thread: Thread) -> None:
    (belief,) = beliefs(1)
    thread.slots[0], thread.slots[1] = memory.TRIAL, memory.TRIAL // 8 - 1
    thread.recall(belief)
    assert thread.slots[0] == 1 - memory.PAUSE
    assert thread.recall(belief) == memory.NO_SLOT
    thread.slots[0] = 0
    assert thread.recall(belief) >= 0


def test_where_beliefs_come_back_looking_goes_on(thread: Thread) -> None:
    (belief,) = beliefs(1)
    thread.slots[0], thread.slots[1] = memory.TRIAL, memory.TRIAL // 8
    assert thread.recall(belief) >= 0
    assert thread.slots[0] == 1
    assert thread.slots[1] == 0


def simulate(agent: Any, **options: Any) -> Any:
    return ai.simulate(agent, ai.envs.TMaze(cue_validity=0.8), num_steps=12, seed=3, record=RECORD, **options)


@pytest.mark.parametrize("choice", [ai.MarginalAction(), ai.BestPolicy()])
@pytest.mark.parametrize("alpha", [None, 4.0])
@pytest.mark.parametrize("horizon", [2, 4])
def test_a_run_is_the_same_to_the_last_bit_with_and_without(
    choice: Any, alpha: float | None, horizon: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Agents that are given tables of their own recall nothing, since tables may differ; these do not."""
    agent = ai.Agent(ai.envs.TMaze().process, planner=ai.Exhaustive(horizon=horizon), choice=choice, alpha=alpha)
    A = {
        m.name: np.repeat(np.asarray(table)[None], 200, axis=0)
        for m, table in zip(agent.model.modalities, agent.model.A)
    }
    made: list[np.ndarray] = []
    buffers = Program.recall_buffers

    def kept(program: Program, dtype: str, *, whole: bool) -> Any:
        plans, slots = buffers(program, dtype, whole=whole)
        made.append(slots)
        return plans, slots

    monkeypatch.setattr(Program, "recall_buffers", kept)
    alone = simulate(ai.Population(agent, size=200, A=A), threads=1)
    assert not made
    alike = simulate(ai.Population(agent, size=200, gamma=np.full(200, agent.gamma)), threads=1)
    recalled = simulate(agent, num_agents=200, threads=1)
    outlooks, plans = (slots[memory.HEAD :].sum() for slots in made)
    assert 0 < plans < 100  # of 2,400 steps
    assert outlooks == (plans if horizon == 2 else 0)  # with horizon 4 there are too many policies for an outlook
    for name in alone.data_vars:
        np.testing.assert_array_equal(alike[name], alone[name], err_msg=str(name))
        np.testing.assert_array_equal(recalled[name], alone[name], err_msg=str(name))


def test_agents_with_preferences_of_their_own_share_an_outlook_and_nothing_else() -> None:
    """Each is what it would be alone, though all look at the same maze."""
    maze, rng = ai.envs.TMaze().process, np.random.default_rng(0)
    agent = ai.Agent(maze, planner=ai.Exhaustive(horizon=2), gamma=3.0)
    C = {m.name: rng.normal(size=(20, len(m.outcomes))) for m in maze.modalities}
    gamma = rng.uniform(1.0, 9.0, 20)
    together = simulate(ai.Population(agent, size=20, gamma=gamma, C=C))
    for i in (0, 7, 19):
        one = ai.Agent(
            ai.Model.from_arrays(
                list(maze.A),
                list(maze.B),
                [C[m.name][i] for m in maze.modalities],
                list(maze.D),
                A_dependencies=list(maze.A_dependencies),
                B_dependencies=list(maze.B_dependencies),
            ),
            planner=ai.Exhaustive(horizon=2),
            gamma=gamma[i],
        )
        session = one.start(seed=3, index=i)
        obs = np.stack([together[f"obs_{m.name}"][0, i] for m in maze.modalities], axis=-1)
        for t, observation in enumerate(obs):
            step = session.step([int(o) for o in observation])
            np.testing.assert_array_equal(step.G, together["G"][0, i, t])
            np.testing.assert_array_equal(step.q_pi, together["q_pi"][0, i, t])


def test_nothing_is_recalled_where_plans_depend_on_more_than_the_belief() -> None:
    maze = ai.envs.TMaze().process
    learner = ai.Agent(maze, planner=ai.Exhaustive(horizon=2), learning=ai.Learning(A=True))
    timed = ai.Model.from_arrays([np.eye(2)], [np.eye(2)[:, :, None]], [np.zeros((3, 2))], [np.array([0.5, 0.5])])
    wide = ai.envs.random_model(num_states=(2,), num_obs=(2,), num_actions=(20,))
    vast = ai.Agent(wide, planner=ai.Exhaustive(horizon=4))
    for agent in (learner, ai.Agent(timed, planner=ai.Exhaustive(horizon=1)), vast):
        for whole in (True, False):
            plans, slots = agent.program.recall_buffers("float64", whole=whole)
            assert len(plans) == len(slots) == 0


def test_agents_that_differ_share_nothing_where_there_are_too_many_policies_for_an_outlook() -> None:
    program = ai.Agent(ai.envs.TMaze().process, planner=ai.Exhaustive(horizon=4)).program
    assert len(program.recall_buffers("float64", whole=False)[0]) == 0
    assert len(program.recall_buffers("float64", whole=True)[0]) > 0
