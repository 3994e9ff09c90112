"""`actinf list`: what comes with actinf."""

import pytest

from actinf.cli.bench import command as bench
from actinf.lab.catalogue import catalogue, find_experiment

from .conftest import Call


def test_every_bundled_thing_has_a_line(actinf: Call) -> None:
    answer = actinf("list")
    assert answer.code == 0
    for entries in catalogue().values():
        for name, said in entries:
            assert name in answer.out
            assert len(said) > 20


def test_json_has_the_same(actinf: Call) -> None:
    plain = actinf("list", "--json").plain
    assert {entry["name"] for entry in plain["experiments"]} == {"tmaze", "bandit_reversal", "grid_world", "cue_chain"}
    assert {entry["name"] for entry in plain["worlds"]} >= {"tmaze", "bandit", "grid_world", "cue_chain"}


@pytest.mark.parametrize("kind", ["experiments", "models"])
def test_what_is_listed_can_be_run_by_its_name(kind: str) -> None:
    for name, _ in catalogue()[kind]:
        experiment = find_experiment(name)
        experiment.agent.build(experiment.model)


def test_the_benchmark_names_the_rows_it_does_not_have(actinf: Call) -> None:
    answer = actinf("bench", "--rows", "no-such-row")
    assert bench.name == "bench"
    assert answer.code == 2
    assert "no row 'no-such-row'" in answer.err
