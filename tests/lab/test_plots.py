"""The pictures: named axes, the truth marked, large tables cut to what matters, the same bytes twice."""

from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure

import actinf as ai
from actinf.agent import Explanation
from actinf.envs.maps import Layout
from actinf.errors import ActinfError, SettingError, TraceError
from actinf.lab import plots
from actinf.lab.explain import Terms
from actinf.lab.plots.policies import _in_short
from actinf.lab.plots.rows import pick_rows, unbroken
from actinf.lab.plots.style import THEME, shorten, to_svg
from actinf.lab.trace import to_dataset
from actinf.lab.trace_layout import policy_labels
from actinf.model import Model

from .conftest import Recording, record_at_random


def grid(side: int) -> tuple[Model, Layout]:
    names = [f"{row},{column}" for row in range(side) for column in range(side)]
    model = Model(
        factors={"cell": names},
        modalities={"seen": names},
        controls={"cell": ["stay", "north", "east", "south", "west"]},
        A={"seen": "identity"},
        B={"cell": np.repeat(np.eye(side**2)[:, :, None], 5, axis=2)},
    )
    return model, Layout("cell", (side, side), tuple(divmod(state, side) for state in range(side**2)))


def row_names(figure: Figure, panel: int = 0) -> list[str]:
    return [label.get_text() for label in figure.axes[panel].get_yticklabels()]


def words(figure: Figure) -> str:
    texts = [text.get_text() for text in figure.texts]
    return " | ".join(texts + [text.get_text() for ax in figure.axes for text in ax.texts])


def test_beliefs_have_a_panel_per_factor_with_its_states_named(recorded: Recording) -> None:
    figure = plots.beliefs(to_dataset(recorded.layout, recorded.arrays), agent=3)
    assert row_names(figure, 0) == ["centre", "cue", "left", "right"]
    assert row_names(figure, 1) == ["reward left", "reward right"]
    assert "What agent 3 believed" in words(figure)


def test_the_true_state_is_ringed_at_every_step(recorded: Recording) -> None:
    figure = plots.beliefs(to_dataset(recorded.layout, recorded.arrays), agent=2, episode=1)
    rings = figure.axes[0].collections[-1].get_offsets()
    np.testing.assert_array_equal(np.asarray(rings)[:, 1], recorded.arrays["state"][1, 2, :, 0])


def test_of_a_hundred_states_the_most_believed_are_shown_and_the_rest_is_counted() -> None:
    recorded = record_at_random(grid(10)[0], horizon=1)
    figure = plots.beliefs(to_dataset(recorded.layout, recorded.arrays))
    assert row_names(figure)[-1] == "76 other states"
    assert "24 of 100 states" in words(figure)


def test_of_many_policies_the_most_probable_are_shown_and_the_rest_is_counted() -> None:
    recorded = record_at_random(grid(2)[0], horizon=3)
    figure = plots.policy_posterior(to_dataset(recorded.layout, recorded.arrays))
    assert row_names(figure)[-1] == "111 other policies"
    assert "14 of 125" in words(figure)


def test_rows_that_must_be_shown_come_before_those_with_more_probability() -> None:
    values = np.tile([0.4, 0.3, 0.2, 0.05, 0.02, 0.01, 0.008, 0.006, 0.006, 0.0], (3, 1))
    rows = pick_rows(values, most=2, keep=[9])
    assert rows.shown.tolist() == [0, 9]
    np.testing.assert_allclose(rows.rest, 0.6)


def test_a_few_rows_more_than_wanted_are_all_shown() -> None:
    assert pick_rows(np.full((2, 16), 1 / 16), most=14).hidden == 0


@pytest.mark.parametrize(
    ("falling", "most", "count"),
    [
        ([5, 4, 4, 4, 1, 1, 1, 1, 1], 3, 4),  # the three that tie are shown as well
        ([5, 4, 4, *[3] * 20], 5, 3),  # twenty that tie are left out
        ([5, *[3] * 20], 5, 5),  # so many tie that some have to be shown without the others
        ([5, 4, 3, 2, 1], 3, 3),
        ([5, 4], 3, 2),
    ],
)
def test_rows_that_tie_are_shown_together_or_not_at_all(falling: list[float], most: int, count: int) -> None:
    assert unbroken(np.array(falling, dtype=float), most) == count


def test_rows_that_never_matter_are_not_shown() -> None:
    values = np.zeros((4, 40))
    values[np.arange(4), [3, 9, 9, 30]] = 1.0
    rows = pick_rows(values, most=20)
    assert rows.shown.tolist() == [3, 9, 30]
    np.testing.assert_array_equal(rows.rest, 0.0)


def test_free_energy_of_one_agent_lies_over_the_bands_of_all(recorded: Recording) -> None:
    figure = plots.free_energy(to_dataset(recorded.layout, recorded.arrays), agent=1)
    labels = figure.axes[0].get_legend_handles_labels()[1]
    assert labels == ["90 % of the agents", "50 %", "median of 6 agents", "agent 1"]
    assert figure.axes[0].get_ylabel() == "F (nats)"


def test_shares_of_actions_fill_the_whole_height(recorded: Recording) -> None:
    figure = plots.action_shares(to_dataset(recorded.layout, recorded.arrays))
    tops = {round(bar.get_y() + bar.get_height(), 12) for bar in figure.axes[0].containers[-1]}
    assert tops == {1.0}


def test_shares_by_episode_have_a_bar_for_each_episode(recorded: Recording) -> None:
    figure = plots.action_shares_by_episode(to_dataset(recorded.layout, recorded.arrays))
    assert len(figure.axes[0].containers[0]) == 2


def test_learning_curves_show_surprise_and_the_preferred_outcome(recorded: Recording) -> None:
    trace = to_dataset(recorded.layout, recorded.arrays)
    figure = plots.learning_curves(trace, preferences={"hint": np.array([0.0, 1.0, 0.0])}, changes=[1])
    titles = [ax.get_title(loc="left") for ax in figure.axes]
    assert titles == ["surprise", "preferred outcome: hint = go left"]


def test_a_path_is_drawn_on_the_map_of_the_world() -> None:
    model, layout = grid(4)
    recorded = record_at_random(model, horizon=1)
    figure = plots.paths(to_dataset(recorded.layout, recorded.arrays), layout, agent=2)
    assert "Where the agents went" in words(figure)
    start = figure.axes[0].collections[-2].get_offsets()[0]
    row, column = divmod(int(recorded.arrays["state"][0, 2, 0, 0]), 4)
    np.testing.assert_allclose(start, (column, row), atol=0.2)


def legs_of(figure: Figure) -> list[np.ndarray]:
    (lines,) = [
        drawn for drawn in figure.axes[0].collections if isinstance(drawn, LineCollection) and drawn.zorder == 3
    ]
    return [np.asarray(path.vertices) for path in lines.get_paths()]


def path_through(states: list[int], layout: Layout, names: list[str]) -> Figure:
    shape = (1, 1, len(states))
    variable = (("episode", "agent", "time"), np.array(states).reshape(shape), {"states": names})
    return plots.paths(xr.Dataset({f"state_{layout.factor}": variable}), layout)


def test_moves_between_the_same_cells_run_side_by_side() -> None:
    """They were drawn on top of each other, or slanted."""
    model, layout = grid(2)
    there, back, on = legs_of(path_through([0, 1, 0, 2, 2], layout, list(model.factors["cell"].states)))
    np.testing.assert_allclose(there, [[0, 0.07], [1, 0.07]])
    np.testing.assert_allclose(back[-2:], [[1, -0.07], [0, -0.07]])
    np.testing.assert_allclose(on[-2:], [[0, 0], [0, 1]])  # a move that is made once keeps to the middle


def test_a_jump_passes_through_free_cells_and_no_wall() -> None:
    """In the T-maze the way from the cue to an arm was drawn across the corner of a wall, and the arm's name."""
    maze = ai.envs.TMaze()
    _, jump = legs_of(path_through([0, 1, 3], maze.layout, ["centre", "cue", "left", "right"]))
    inside = jump[(jump[:, 0] > 0.5) & (jump[:, 1] > 0.5)]
    assert np.all(inside[:, 0] < 1.5)
    np.testing.assert_allclose(jump[-1], [2.0, 0.0], atol=0.1)


def test_where_there_is_no_way_round_a_jump_is_straight() -> None:
    layout = Layout("cell", (1, 5), ((0, 0), (0, 4)))
    (jump,) = legs_of(path_through([0, 1], layout, ["here", "there"]))
    assert len(jump) == 2


def test_an_agent_that_stays_has_a_path_without_moves() -> None:
    maze = ai.envs.TMaze()
    assert legs_of(path_through([1, 1, 1], maze.layout, ["centre", "cue", "left", "right"])) == []


def test_the_cells_of_a_small_map_have_names_and_shares_of_time() -> None:
    maze = ai.envs.TMaze()
    figure = path_through([0, 1, 3, 3], maze.layout, ["centre", "cue", "left", "right"])
    assert [text.get_text() for text in figure.axes[0].texts[:4]] == ["centre", "cue", "left", "right"]
    assert [text.get_text() for text in figure.axes[1].texts[1::2]] == ["25 %", "25 %", "0 %", "50 %"]


def test_an_agent_that_is_nowhere_on_the_map_has_no_path() -> None:
    layout = Layout("location", (1, 4), ((0, 0), (0, 1), (0, 2), None))
    drawn = path_through([3, 3, 3], layout, ["a", "b", "c", "elsewhere"]).axes[0].collections
    assert not [lines for lines in drawn if isinstance(lines, LineCollection) and lines.zorder == 3]


def test_states_off_the_map_are_left_out() -> None:
    model, _ = grid(2)
    recorded = record_at_random(model, horizon=1)
    layout = Layout("cell", (1, 3), ((0, 0), (0, 1), (0, 2), None))
    assert plots.belief_maps(to_dataset(recorded.layout, recorded.arrays), layout).axes


@pytest.mark.parametrize(
    "draw", [plots.beliefs, plots.policy_posterior, plots.free_energy, plots.action_shares, plots.learning_curves]
)
def test_what_was_not_recorded_is_named(draw, model: Model) -> None:  # type: ignore[no-untyped-def]
    empty = record_at_random(model, names=("state",))
    with pytest.raises(TraceError, match=r"record|holds neither"):
        draw(to_dataset(empty.layout, empty.arrays))


def test_the_same_picture_has_the_same_bytes(recorded: Recording, tmp_path: Path) -> None:
    trace = to_dataset(recorded.layout, recorded.arrays)
    for suffix in ("png", "svg"):
        first = plots.save(plots.beliefs(trace), tmp_path / f"first.{suffix}").read_bytes()
        second = plots.save(plots.beliefs(trace), tmp_path / f"second.{suffix}").read_bytes()
        assert first == second


def test_a_picture_for_a_page_takes_its_colours_from_the_page(recorded: Recording) -> None:
    text = to_svg(plots.free_energy(to_dataset(recorded.layout, recorded.arrays)), "F", "free <energy>")
    assert text.startswith("<svg ")
    assert 'aria-label="free &lt;energy>"' in text
    assert "var(--ink)" in text
    assert not any(colour in text for colour in THEME)
    assert 'id="F-figure_1"' in text


def test_a_long_name_loses_its_middle() -> None:
    assert shorten("north > east > south", 12) == "north… south"
    assert shorten("short", 12) == "short"


def test_what_was_learned_is_named_by_its_row_and_column(model: Model) -> None:
    recorded = record_at_random(model, names=("counts",), episodes=4)
    figure = plots.learned_probabilities(to_dataset(recorded.layout, recorded.arrays), changes=[2])
    labels = figure.axes[-1].get_legend_handles_labels()[1]
    assert len(labels) == 6
    assert all(" | " in label for label in labels)


def test_of_two_outcomes_that_sum_to_one_a_single_line_is_drawn() -> None:
    bandit = ai.envs.Bandit(better=1)
    agent = ai.Agent(bandit.learning_model(), alpha=0.5, gamma=0.1, learning=ai.Learning(A=True))
    trace = ai.simulate(agent, bandit, num_agents=20, num_steps=4, num_episodes=5)
    drawn = plots.learned_probabilities(trace)
    assert sorted(drawn.axes[0].get_legend_handles_labels()[1]) == ["reward | arm_1", "reward | arm_2"]


def test_a_column_is_told_apart_from_a_row_of_the_same_name() -> None:
    """`left | right` left open which of them was heard and which was the case."""
    names = ["left", "right"]
    counts = np.ones((3, 1, 2, 2)) + np.arange(3).reshape(3, 1, 1, 1) * np.eye(2)
    coords = {"sound": names, "tiger": names}
    trace = xr.Dataset({"pA_sound": (("episode", "agent", "sound", "tiger"), counts)}, coords=coords)
    labels = plots.learned_probabilities(trace).axes[0].get_legend_handles_labels()[1]
    assert sorted(labels) == ["left | tiger left", "left | tiger right"]


def test_nothing_is_drawn_of_counts_that_did_not_move(model: Model) -> None:
    recorded = record_at_random(model, names=("counts",), episodes=3)
    recorded.arrays["pA_where"][:] = 1.0
    recorded.arrays["pA_hint"][:] = 1.0
    with pytest.raises(TraceError, match="hardly move"):
        plots.learned_probabilities(to_dataset(recorded.layout, recorded.arrays))


def explained(model: Model) -> Explanation:
    random = np.random.default_rng(2)
    policies = np.array(list(product(product(range(4)), repeat=2)))
    risk, ambiguity = 50.0 + random.gamma(1.0, 1.0, (16, 2, 2)), random.gamma(1.0, 0.3, (16, 2, 2))
    G = (risk + ambiguity).sum(axis=(1, 2))
    q_pi = np.exp(G.min() - G) / np.exp(G.min() - G).sum()
    zero = np.zeros((16, 2, 2))
    return Explanation(
        policies=policies, names=list(policy_labels(policies, model)), modalities=("where", "hint"),
        risk=risk, ambiguity=ambiguity, novelty_A=zero, novelty_B=zero[:, :, 0], log_E=np.zeros(16), gamma=1.0,
        G=G, q_pi=q_pi, q_action=q_pi, action={},
    )  # fmt: skip


def test_the_terms_of_g_are_stacked_up_to_g(model: Model) -> None:
    terms = Terms.of(explained(model))
    figure = plots.expected_free_energy(explained(model))
    ends = [bar.get_x() + bar.get_width() for bar in figure.axes[0].containers[-1]]
    np.testing.assert_allclose(ends, terms.G[terms.best(16)])


def test_compared_policies_show_only_what_makes_them_worse(model: Model) -> None:
    terms = Terms.of(explained(model))
    figure = plots.policies_compared(explained(model))
    sums = np.asarray(figure.axes[0].collections[-1].get_offsets())[:, 0]
    order = terms.best(16)
    np.testing.assert_allclose(sums, terms.G[order] - terms.G.min())
    assert figure.axes[0].get_xlim()[1] < 30
    assert "the best" in words(figure)
    assert row_names(figure)[0] == terms.labels[order[0]]


MAPS = ("belief_maps", "paths")
DRAWN = sorted(set(ai.plots.__all__) - {"expected_free_energy", "policies_compared", "save"})
OF_ONE_EPISODE = sorted(set(DRAWN) - {"action_shares_by_episode", "learned_probabilities", "learning_curves"})
OF_ONE_AGENT = sorted(set(OF_ONE_EPISODE) - {"action_shares"})


def draw(name: str, trace: Any, maze: ai.envs.TMaze, **which: Any) -> Figure:
    place = (maze.layout,) if name in MAPS else ()
    return getattr(ai.plots, name)(trace, *place, **which)  # type: ignore[no-any-return]


@pytest.fixture(scope="module")
def maze() -> ai.envs.TMaze:
    return ai.envs.TMaze()


@pytest.fixture(scope="module")
def lived(maze: ai.envs.TMaze) -> xr.Dataset:
    agent = ai.Agent(maze.model(), planner=ai.Exhaustive(horizon=2), learning=ai.Learning(A=True))
    return ai.simulate(agent, maze, num_agents=6, num_steps=4, num_episodes=3, seed=0)


@pytest.mark.parametrize("name", DRAWN)
def test_every_plot_is_drawn_of_a_trace_of_simulate(name: str, lived: xr.Dataset, maze: ai.envs.TMaze) -> None:
    assert isinstance(draw(name, lived, maze), Figure)


def test_a_trace_from_a_file_is_drawn_alike(lived: xr.Dataset, tmp_path: Path) -> None:
    lived.to_netcdf(tmp_path / "trace.nc", engine="h5netcdf")
    with ai.open_trace(tmp_path / "trace.nc") as trace:
        first = ai.plots.save(ai.plots.beliefs(trace, agent=2), tmp_path / "first.png").read_bytes()
    assert first == ai.plots.save(ai.plots.beliefs(lived, agent=2), tmp_path / "second.png").read_bytes()


def test_the_policies_of_a_session_are_drawn_of_its_explanation(maze: ai.envs.TMaze) -> None:
    agent = ai.Agent(maze.model(), planner=ai.Exhaustive(horizon=2))
    why = agent.start(seed=0).step({"where": "centre", "cue": "none", "outcome": "none"}).explain()
    assert row_names(ai.plots.policies_compared(why))[0] == "cue > cue"
    assert isinstance(ai.plots.expected_free_energy(why), Figure)


@pytest.mark.parametrize("name", OF_ONE_EPISODE)
@pytest.mark.parametrize(
    ("episode", "said"), [(3, "no episode 3: the trace has 3"), (-1, "no episode -1"), ("0", "'0'")]
)
def test_an_episode_that_is_not_there_is_named(
    name: str, episode: object, said: str, lived: xr.Dataset, maze: ai.envs.TMaze
) -> None:
    with pytest.raises(ActinfError, match=said):
        draw(name, lived, maze, episode=episode)


@pytest.mark.parametrize("name", OF_ONE_AGENT)
@pytest.mark.parametrize(("agent", "said"), [(6, "no agent 6: the trace has 6"), (1.5, "agent=1.5"), (True, "True")])
def test_an_agent_that_is_not_there_is_named(
    name: str, agent: object, said: str, lived: xr.Dataset, maze: ai.envs.TMaze
) -> None:
    with pytest.raises(ActinfError, match=said):
        draw(name, lived, maze, agent=agent)


@pytest.mark.parametrize("name", DRAWN)
def test_what_is_no_whole_trace_is_refused(name: str, lived: xr.Dataset, maze: ai.envs.TMaze) -> None:
    with pytest.raises(SettingError, match=r"trace=str: expected a trace, the xarray.Dataset that simulate"):
        draw(name, "runs/tmaze", maze)
    with pytest.raises(TraceError, match="no axis 'agent': give the whole trace"):
        draw(name, lived.isel(agent=0), maze)


@pytest.mark.parametrize("name", MAPS)
def test_a_map_that_does_not_fit_is_refused(name: str, lived: xr.Dataset) -> None:
    on_a_map = getattr(ai.plots, name)
    with pytest.raises(SettingError, match=r"the layout has 100 states, but '.*_location' of the trace has 4"):
        on_a_map(lived, ai.envs.GridWorld().layout)
    with pytest.raises(SettingError, match=r"layout=TMaze: expected the layout of a world on a map"):
        on_a_map(lived, ai.envs.TMaze())
    with pytest.raises(TraceError, match=r"record '(state|qs)'"):
        on_a_map(lived[["F"]], ai.envs.TMaze().layout)


def test_what_is_no_explanation_is_refused(lived: xr.Dataset) -> None:
    for draw in (ai.plots.policies_compared, ai.plots.expected_free_energy):
        with pytest.raises(SettingError, match=r"why=Dataset: expected an Explanation, which step.explain\(\) returns"):
            draw(lived)  # type: ignore[operator]


def test_a_picture_of_an_unknown_kind_is_refused(lived: xr.Dataset, tmp_path: Path) -> None:
    for name in ("beliefs", "beliefs.doc"):
        with pytest.raises(SettingError, match=rf"{name}'\): expected a name that ends in .png, .svg, .pdf"):
            ai.plots.save(ai.plots.beliefs(lived), tmp_path / name)


def test_preferences_by_time_count_by_their_last_row(lived: xr.Dataset) -> None:
    drawn = ai.plots.learning_curves(lived, preferences={"outcome": np.array([[0.0, 0.0, 9.0], [0.0, 1.0, 0.0]])})
    assert drawn.axes[1].get_title(loc="left") == "preferred outcome: outcome = reward"


LONG = [" > ".join(actions) for actions in (["right"] * 7, ["down", *["left"] * 6], ["up", "down", "left", "up"] * 3)]


def test_names_of_policies_are_shortened_by_whole_actions() -> None:
    """They were cut in the middle of a word: `down > right > righ…ight > right > right`."""
    assert _in_short(LONG[:2]) == ["right ×7", "down > left ×6"]
    assert _in_short(LONG)[2] == "up > down > left > … > down > left > up"
    assert _in_short(["cue > cue", "left > left"]) == ["cue > cue", "left > left"]  # nothing is too long: as it is


def test_policies_that_are_left_out_are_counted_with_those_that_tie() -> None:
    """Of policies that tie some were shown and some were not, and nothing said so."""
    chain = ai.envs.CueChain()
    agent = ai.Agent(chain.model(), planner=ai.Exhaustive(horizon=3))
    why = agent.start(seed=0).step({"where": chain.start}).explain()
    figure = plots.policies_compared(why)
    shown = len(row_names(figure))
    tied = int(np.count_nonzero(np.isclose(why.G, np.sort(why.G)[shown - 1], rtol=0, atol=1e-12)))
    last = int(np.count_nonzero(np.isclose(np.sort(why.G)[:shown], np.sort(why.G)[shown - 1], rtol=0, atol=1e-12)))
    assert f"The best {shown} of 64 are shown" in words(figure)
    assert ("as good as the last" in words(figure)) == (tied > last)


def test_a_change_of_the_world_is_marked_in_the_actions_by_episode(lived: xr.Dataset) -> None:
    figure = plots.action_shares_by_episode(lived, changes=[2])
    assert "a dashed line marks a change" in words(figure)
    assert [line.get_xdata()[0] for line in figure.axes[0].lines] == [1.5]


def test_the_episode_stands_in_the_title(lived: xr.Dataset) -> None:
    assert "What the agents did in episode 2 |" in words(plots.action_shares(lived, episode=2))
    assert "What agent 1 believed |" in words(plots.beliefs(lived.isel(episode=[0]), agent=1))
