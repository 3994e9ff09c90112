"""The bundled worlds: their tables against what their descriptions say, state by state."""

import itertools
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from actinf.envs import BUNDLED, Bandit, CueChain, GridWorld, TMaze, World
from actinf.errors import SettingError
from actinf.model import Model


def probability(model: Model, modality: str, outcome: str, **states: str) -> float:
    """P(outcome | states), read from the table by names."""
    at = model.modalities.position(modality)
    parents = [model.factors[f] for f in model.A_dependencies[at]]
    place = tuple(parent.states.index(states[parent.name]) for parent in parents)
    return float(model.A[at].dense()[(model.modalities[at].outcomes.index(outcome), *place)])


def step(model: Model, factor: str, state: str, action: str) -> dict[str, float]:
    """P(next state | state, action) by name; states without probability left out."""
    at = model.factors.position(factor)
    names, control = model.factors[at].states, model.control_of_factor[at]
    assert control is not None
    column = model.B[at].dense()[:, names.index(state), model.controls[control].actions.index(action)]
    return {name: float(p) for name, p in zip(names, column, strict=True) if p}


@pytest.mark.parametrize("name", BUNDLED)
def test_a_bundled_world_has_a_process_and_a_model_that_fits_it(name: str) -> None:
    world = BUNDLED[name]()
    assert isinstance(world, World)
    assert world.process.E is None
    model = world.model()
    assert isinstance(model, Model)
    assert any(preferences.any() for preferences in model.C)
    world.linked(model)
    assert World(model).linked(model).num_factors == len(model.factors)


@pytest.mark.parametrize(("name", "world"), [("tmaze", TMaze()), ("bandit", Bandit())])
def test_bundled_model_files_are_the_models_of_their_worlds(name: str, world: Any) -> None:
    assert Model.load(name) == world.model()


@pytest.mark.parametrize("context", ["left", "right"])
def test_the_cue_and_the_arms_of_the_tmaze_tell_what_their_settings_say(context: str) -> None:
    process = TMaze(cue_validity=0.7, reward_probability=0.9).process
    other = {"left": "right", "right": "left"}[context]
    at_cue, arm, wrong = ({"location": place, "context": context} for place in ("cue", context, other))
    assert probability(process, "cue", context, **at_cue) == 0.7
    assert probability(process, "cue", other, **at_cue) == 0.3
    assert probability(process, "outcome", "none", **at_cue) == 1.0
    assert probability(process, "outcome", "reward", **arm) == 0.9
    assert probability(process, "outcome", "loss", **arm) == 0.1
    assert probability(process, "outcome", "loss", **wrong) == 0.9
    assert probability(process, "cue", "none", **arm) == 1.0
    assert probability(process, "where", context, location=context) == 1.0


@pytest.mark.parametrize("absorbing", [True, False])
def test_arms_of_the_tmaze_are_left_only_where_they_do_not_absorb(absorbing: bool) -> None:
    process = TMaze(absorbing=absorbing).process
    assert step(process, "location", "centre", "left") == {"left": 1.0}
    assert step(process, "location", "left", "cue") == {"left" if absorbing else "cue": 1.0}


def test_a_grid_moves_and_is_seen_as_its_settings_say() -> None:
    world = GridWorld(map="S.#\n..G", slip=0.25, sensor_noise=0.4)
    process, model = world.process, world.model(goal=2.0, guidance=0.5)
    assert process.factors["location"].states == ("r0c0", "r0c1", "r1c0", "r1c1", "r1c2")
    assert step(process, "location", "r0c1", "down") == {"r1c1": 0.75, "r0c1": 0.25}
    assert step(process, "location", "r0c1", "right") == {"r0c1": 1.0}
    assert step(process, "location", "r0c1", "up") == {"r0c1": 1.0}
    assert step(process, "location", "r1c1", "stay") == {"r1c1": 1.0}
    assert probability(process, "where", "r1c2", location="r1c2") == 0.6
    assert probability(process, "where", "r1c1", location="r1c2") == 0.4
    assert probability(process, "where", "r1c0", location="r1c1") == pytest.approx(0.4 / 3)
    assert probability(process, "goal", "yes", location="r1c2") == 1.0
    assert model.C["where"].tolist() == [[-1.5, -1.0, -1.0, -0.5, 0.0]]
    assert model.C["goal"].tolist() == [[0.0, 2.0]]
    assert process.D["location"].tolist() == [1, 0, 0, 0, 0]
    assert world.layout.shape == (2, 3)
    assert world.layout.cells[2] == (1, 0)


def test_the_start_and_the_goal_of_a_grid_can_be_stated() -> None:
    world = GridWorld(width=3, height=2, start="anywhere", goal=[0, 1])
    assert world.process.D["location"].tolist() == [1 / 6] * 6
    assert probability(world.process, "goal", "yes", location="r0c1") == 1.0
    assert GridWorld(width=3, height=2, start=[1, 2]).process.D["location"].argmax() == 5


@given(st.lists(st.text(".#", min_size=4, max_size=4), min_size=1, max_size=5))
def test_distances_on_a_map_are_those_of_shortest_ways(rows: list[str]) -> None:
    """The oracle relaxes every pair of neighbours until nothing changes."""
    if not any("." in row for row in rows):
        return
    world = GridWorld(map=rows)
    cells = world.layout.cells
    found = {cells[world.goal]: 0}
    for _ in cells:
        for (r, c), (s, d) in itertools.product(cells, cells):  # type: ignore[misc]
            if abs(r - s) + abs(c - d) == 1 and (s, d) in found:
                found[r, c] = min(found.get((r, c), 99), found[s, d] + 1)
    assert world.map.distances(world.goal).tolist() == [found.get(cell, -1) for cell in cells]


def test_the_chain_has_the_size_of_the_one_in_print() -> None:
    process = CueChain().process
    assert process.num_states == (50, 4, 4, 2)
    assert process.num_obs == (50, 5, 5, 3, 3)
    assert process.num_controls == (4,)


def test_each_cue_of_the_chain_tells_the_truth_where_it_is_and_nothing_elsewhere() -> None:
    world = CueChain(map=["S1.", "2.2", "R.R"])
    process = world.process
    for location, cue, reward in itertools.product(*(factor.states for factor in process.factors)):
        here = {"location": location, "cue_2": cue, "reward": reward}
        assert probability(process, "cue_1", cue if location == "r0c1" else "nothing", **here) == 1.0
        assert probability(process, "cue_2", reward if location == cue else "nothing", **here) == 1.0
        outcome = "none" if location not in ("r2c0", "r2c2") else "reward" if location == reward else "loss"
        assert probability(process, "outcome", outcome, **here) == 1.0


def test_cues_of_the_chain_may_err() -> None:
    process = CueChain(cue_validity=0.7, reward_probability=0.9).process
    here = {"location": "r2c2", "cue_2": "r2c0", "reward": "r8c1"}
    assert probability(process, "cue_1", "r2c0", **here) == 0.7
    assert probability(process, "cue_1", "r3c3", **here) == pytest.approx(0.1)
    assert probability(process, "outcome", "loss", location="r8c1", reward="r8c1") == pytest.approx(0.1)
    assert probability(process, "outcome", "reward", location="r8c3", reward="r8c1") == pytest.approx(0.1)


def test_the_hint_and_the_arms_of_the_bandit_yield_what_their_settings_say() -> None:
    process = Bandit(
        num_arms=3, reward_probability=0.7, other_probability=0.2, hint_validity=0.8, volatility=0.1
    ).process
    for better, arm in itertools.product(("arm_1", "arm_2", "arm_3"), repeat=2):
        expected = 0.7 if arm == better else 0.2
        assert probability(process, "outcome", "reward", choice=arm, better=better) == expected
        told = probability(process, "hint", arm, choice="hint", better=better)
        assert told == pytest.approx(0.8 if arm == better else 0.1)
    assert process.B["better"].dense()[:, 0, 0].tolist() == [0.9, 0.05, 0.05]
    assert step(process, "choice", "start", "arm_2") == {"arm_2": 1.0}


def test_a_reversed_bandit_has_the_other_arm_as_the_better_one() -> None:
    bandit = Bandit(better=1, hint_validity=0.6)
    assert bandit.process.D["better"].tolist() == [1.0, 0.0]
    assert bandit.reversed().process.D["better"].tolist() == [0.0, 1.0]
    assert bandit.reversed().reversed().process == bandit.process
    assert Bandit(num_arms=3, better=3).reversed().better == 1


def test_the_model_of_a_bandit_does_not_know_the_better_arm() -> None:
    assert Bandit(better=1).model().D["better"].tolist() == [0.5, 0.5]


def test_a_learner_at_the_bandit_starts_with_its_counts() -> None:
    model = Bandit().learning_model(counts=3.0)
    assert np.asarray(model.pA["outcome"]).tolist() == [[1, 1, 0, 0], [0, 0, 3, 3], [0, 0, 3, 3]]
    Bandit().linked(model)


WRONG: list[tuple[Any, dict[str, Any], str]] = [
    (TMaze, {"cue_validity": 1.5}, "TMaze(cue_validity=1.5): expected a number from 0 to 1"),
    (TMaze, {"cue_validity": float("nan")}, "TMaze(cue_validity=nan)"),
    (TMaze, {"reward_probability": "high"}, "TMaze(reward_probability='high')"),
    (TMaze, {"absorbing": 1}, "TMaze(absorbing=1): expected true or false"),
    (GridWorld, {"width": 0}, "GridWorld(width=0): expected a whole number from 1 to 250,000"),
    (GridWorld, {"width": 100_000, "height": 100_000}, "GridWorld(height=100000): expected a whole number from 1 to 2"),
    (GridWorld, {"slip": True}, "GridWorld(slip=True)"),
    (GridWorld, {"start": [10, 0]}, "GridWorld(start=[10, 0]): expected [row, column] of a free cell, rows 0 to 9"),
    (GridWorld, {"start": "centre"}, "GridWorld(start='centre'): expected [row, column]"),
    (GridWorld, {"goal": [[0], [1]]}, "GridWorld(goal=[[0], [1]]): expected [row, column]"),
    (GridWorld, {"map": "#.", "goal": [0, 0]}, "GridWorld(goal=[0, 0])"),
    (GridWorld, {"map": "S.\n..."}, "GridWorld(map=...) has 3 cells in row 1: expected 2, as in row 0"),
    (GridWorld, {"map": "S.x"}, "GridWorld(map=...) has the mark 'x' in row 0: expected one of # . S G"),
    (GridWorld, {"map": "###"}, "GridWorld(map=...) has 0 free cells"),
    (GridWorld, {"map": 3}, "GridWorld(map=...): expected a text, or a list of texts"),
    (GridWorld, {"map": ""}, "GridWorld(map=...): expected a text, or a list of texts"),
    (GridWorld, {"map": "GG"}, "GridWorld(map=...) has 2 cells marked G: expected at most one goal"),
    (CueChain, {"map": "1RR"}, "CueChain(map=...) has 0 cells marked S (start): expected 1"),
    (CueChain, {"map": "SRR"}, "CueChain(map=...) has 0 cells marked 1 (the first cue): expected 1"),
    (CueChain, {"map": "S1R"}, "CueChain(map=...) has 1 cells marked R (places of the reward): expected 2 to 64"),
    (CueChain, {"map": "S13RR"}, "CueChain(map=...) marks places of cue 3, but none of cue 2"),
    (CueChain, {"cue_validity": -1}, "CueChain(cue_validity=-1)"),
    (Bandit, {"num_arms": 1}, "Bandit(num_arms=1): expected a whole number from 2 to 100"),
    (Bandit, {"better": 3}, "Bandit(better=3): expected a whole number from 1 to 2"),
    (Bandit, {"hint_validity": None}, "Bandit(hint_validity=None)"),
]


@pytest.mark.parametrize(("world", "settings", "message"), WRONG)
def test_a_setting_out_of_its_range_is_named(world: Any, settings: dict[str, Any], message: str) -> None:
    with pytest.raises(SettingError) as caught:
        world(**settings)
    assert message in str(caught.value)


def test_a_bandit_without_a_better_arm_cannot_be_reversed() -> None:
    with pytest.raises(SettingError, match="name one to reverse it"):
        Bandit().reversed()
    with pytest.raises(SettingError, match=r"learning_model\(counts=0\)"):
        Bandit().learning_model(counts=0)
