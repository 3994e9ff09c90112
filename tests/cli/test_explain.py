"""`actinf explain`: why this action, in words, in a table, and as JSON."""

from pathlib import Path

import pytest

from .conftest import Call


def test_the_reasons_are_told_in_words_and_taken_apart(actinf: Call, recorded: Path) -> None:
    answer = actinf("explain", recorded, "--agent", 1, "--step", 2)
    assert answer.code == 0
    assert answer.out.startswith("At step 2 agent 1 saw sky = ")
    assert "all 2 policies, the best first" in answer.out
    assert "τ=1" in answer.out
    assert "risk: how far the predicted outcomes are" in answer.out


def test_json_holds_every_part_of_g(actinf: Call, recorded: Path) -> None:
    plain = actinf("explain", recorded, "--json").plain
    for policy in plain["policies"]:
        assert sum(part["nats"] for part in policy["parts"]) == pytest.approx(policy["G"])
    assert set(plain["believed"]["weather"]) == {"dry", "wet"}
    assert sum(plain["q_action"].values()) == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("option", "said"), [("--agent", "there is no agent 9"), ("--step", "no step 9"), ("--episode", "no episode 9")]
)
def test_who_is_not_there_is_named(actinf: Call, recorded: Path, option: str, said: str) -> None:
    answer = actinf("explain", recorded, option, 9)
    assert answer.code == 2
    assert said in answer.err


def test_the_t_maze_asks_the_cue_first(actinf: Call, tmp_path: Path) -> None:
    assert actinf("run", "tmaze", "--agents", 2, "--steps", 3, "--no-report", "-q").code == 0
    answer = actinf("explain", "runs/tmaze-1", "--agent", 1, "--step", 0)
    assert "It did 'cue'" in answer.out
    assert "the 10 best of 16 policies" in answer.out
