"""Experiment files: every mistake is named with its line, and what is written is read again."""

from collections.abc import Callable
from pathlib import Path

import pytest

from actinf.errors import FileError, SettingError
from actinf.inference.exact import Exact
from actinf.inference.fixed_point import FixedPoint
from actinf.lab.experiment_file import read_experiment, write_experiment
from actinf.learning.dirichlet import Learning
from actinf.model import Model
from actinf.planning.choice import BestPolicy
from actinf.planning.exhaustive import Exhaustive

Write = Callable[[str], Path]


@pytest.fixture
def write(model: Model, tmp_path: Path) -> Write:
    model.save(tmp_path / "maze.yaml")

    def make(body: str) -> Path:
        path = tmp_path / "my.yaml"
        path.write_text("actinf: 1\nkind: experiment\n" + body)
        return path

    return make


def problems(path: Path) -> list[str]:
    with pytest.raises(FileError) as caught:
        read_experiment(path)
    return [problem.removeprefix(str(path)) for problem in caught.value.problems]


def test_an_experiment_names_its_model_beside_it_and_all_settings(experiment_file: Path, model: Model) -> None:
    experiment = read_experiment(experiment_file)
    assert experiment.model == model
    assert experiment.name == "small"
    assert experiment.agent.planner == Exhaustive(horizon=2)
    assert experiment.agent.learning == Learning(A=True, rate=0.5)
    extent = experiment.extent
    assert (extent.num_agents, extent.num_steps, extent.num_episodes, experiment.seed) == (3, 4, 2, 5)


def test_what_is_left_out_has_the_defaults_of_the_engine(write: Write) -> None:
    experiment = read_experiment(write("model: maze.yaml\n"))
    assert experiment.name == "my"
    assert experiment.agent.inference == FixedPoint()
    assert experiment.world is None
    assert experiment.record is None


def test_a_choice_is_a_name_or_a_name_with_settings(write: Write) -> None:
    body = "model: maze.yaml\nagent: {inference: {exact: {max_joint_states: 9}}, choice: best_policy, alpha: 2}\n"
    agent = read_experiment(write(body)).agent
    assert agent.inference == Exact(max_joint_states=9)
    assert agent.choice == BestPolicy()
    assert agent.alpha == 2


def test_a_model_file_is_an_experiment_in_a_world_that_is_as_it_believes(write: Write, model: Model) -> None:
    path = write("model: maze.yaml\n").with_name("maze.yaml")
    experiment = read_experiment(path)
    assert experiment.model == model
    assert experiment.world is None
    assert experiment.process == model


def test_all_mistakes_are_named_at_once_with_their_lines(write: Write) -> None:
    found = problems(
        write(
            "model: maze.yaml\n"
            "agnts: 10\n"
            "steps: many\n"
            "agent:\n"
            "  inference: Exact\n"
            "  gama: 3\n"
            "  planner: {exhaustive: {horizon: 0}}\n"
            "record: [obs, belief]\n"
            "seed: -1\n"
        )
    )
    assert [problem.split(":")[1] for problem in found] == ["4", "5", "7", "8", "9", "10", "11"]
    assert "did you mean 'agents'?" in found[0]
    assert "steps is 'many': expected a whole number from 1" in found[1]
    assert "inference is 'Exact': expected one of 'fixed_point', 'exact'" in found[2]
    assert "did you mean 'gamma'?" in found[3]
    assert "Exhaustive(horizon=0): expected a whole number of at least 1" in found[4]
    assert "record has 'belief'" in found[5]
    assert "seed is -1" in found[6]


def test_an_experiment_without_a_model_is_told_what_to_name(write: Write) -> None:
    (found,) = problems(write("steps: 3\n"))
    assert "has no `model`: expected a bundled name, the name of a file" in found


def test_a_model_file_that_is_missing_is_named(write: Write) -> None:
    (found,) = problems(write("model: maize.yaml\n"))
    assert found.startswith(":3: model is 'maize.yaml', but there is no such file in ")


def test_the_mistakes_of_the_model_file_have_its_own_lines(write: Write, tmp_path: Path) -> None:
    path = write("model: wrong.yaml\nsteps: 0\n")
    (tmp_path / "wrong.yaml").write_text("actinf: 1\nkind: model\nfactors: {a: 2}\nmodalities: {b: 2}\nA: {b: [1]}\n")
    found = problems(path)
    assert found[0].startswith(":4: steps is 0")
    assert any("wrong.yaml:5:" in problem for problem in found[1:])


def test_an_unknown_bundled_world_is_named_with_the_known_ones(write: Write) -> None:
    (found,) = problems(write("model: maze.yaml\nworld: no_such_world\n"))
    assert "there is no bundled world 'no_such_world'" in found


def test_a_file_beside_the_experiment_can_be_its_world(write: Write, model: Model) -> None:
    experiment = read_experiment(write("model: maze.yaml\nworld: maze.yaml\n"))
    assert experiment.world is not None
    assert experiment.world.process == model


def test_a_schedule_changes_the_world_at_an_episode(write: Write) -> None:
    experiment = read_experiment(write("model: maze.yaml\nepisodes: 4\nschedule: {2: maze.yaml}\n"))
    assert list(experiment.schedule) == [2]


def test_a_schedule_beyond_the_last_episode_is_refused(write: Write) -> None:
    (found,) = problems(write("model: maze.yaml\nepisodes: 4\nschedule: {4: maze.yaml}\n"))
    assert "schedule has the episode 4: expected 1 to 3" in found


def test_more_steps_than_any_machine_will_finish_are_refused(write: Write) -> None:
    (found,) = problems(write("model: maze.yaml\nagents: 10000000\nsteps: 1000000\n"))
    assert "agents × steps × episodes is 10,000,000,000,000" in found


@pytest.mark.parametrize(
    "body",
    [
        "agent: 3\n",
        "record: obs\n",
        "schedule: [1]\n",
        "carry_counts: maybe\n",
        "name: 3\n",
        "world: 3\n",
        "world: [1]\n",
    ],
)
def test_a_value_of_the_wrong_kind_is_named(write: Write, body: str) -> None:
    (found,) = problems(write(f"model: maze.yaml\n{body}"))
    assert found.startswith(":4: ")
    assert "expected" in found


def test_a_world_file_is_not_an_experiment(write: Write) -> None:
    path = write("")
    path.write_text("actinf: 1\nkind: world\nbundled: tmaze\n")
    (found,) = problems(path)
    assert "the file is of kind 'world': expected 'experiment' or 'model'" in found


def test_a_written_experiment_is_read_as_it_was(experiment_file: Path, tmp_path: Path) -> None:
    experiment = read_experiment(experiment_file)
    folder = tmp_path / "written"
    folder.mkdir()
    again = read_experiment(write_experiment(experiment, folder))
    assert again.model.hash == experiment.model.hash
    assert again.agent == experiment.agent
    assert again.extent == experiment.extent
    assert again.seed == experiment.seed
    assert sorted(path.name for path in folder.iterdir()) == ["experiment.json", "model.yaml"]


def test_worlds_are_written_beside_the_experiment(write: Write, tmp_path: Path) -> None:
    experiment = read_experiment(write("model: maze.yaml\nworld: maze.yaml\nepisodes: 3\nschedule: {1: maze.yaml}\n"))
    folder = tmp_path / "written"
    folder.mkdir()
    again = read_experiment(write_experiment(experiment, folder))
    assert again.world is not None
    assert {path.name for path in folder.iterdir()} == {"experiment.json", "model.yaml", "world.yaml", "world-1.yaml"}


def test_an_experiment_made_in_python_is_written_whole(model: Model, tmp_path: Path) -> None:
    from actinf.envs.world import World
    from actinf.lab.experiment import Experiment

    experiment = Experiment(name="made", model=model, world=World(model), schedule={})
    again = read_experiment(write_experiment(experiment, tmp_path))
    assert again.model == model
    assert again.world is not None
    assert again.world.process.hash == model.hash


def test_a_world_that_is_code_is_no_part_of_an_experiment(model: Model) -> None:
    from actinf.envs.own_world import OwnWorld
    from actinf.lab.experiment import Experiment

    class Mine(OwnWorld):
        def __init__(self) -> None:
            pass

        def __repr__(self) -> str:
            return "Mine()"

    with pytest.raises(SettingError, match=r"the world Mine\(\) is code: simulate it from Python"):
        Experiment(name="mine", model=model, world=Mine())
