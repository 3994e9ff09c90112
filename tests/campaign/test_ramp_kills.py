"""Whoever carries out ramps is killed fifty times, before, within and after everything that is done."""

from pathlib import Path

from support.cluster import running_cluster
from support.ramp_kills import MOMENTS, run_campaign


def test_no_step_is_done_twice_and_none_is_left_out(tmp_path: Path) -> None:
    with running_cluster(tmp_path / "cluster") as cluster:
        outcome = run_campaign(cluster, tmp_path / "ramps", kills=50, seed=20261127)
    print(outcome)
    assert sum(outcome.kills.values()) >= 50
    assert outcome.unfinished == []
    assert outcome.twice == []
    assert outcome.missing == []
    assert outcome.trials_twice == []
    assert outcome.steps_wrong == []
    # It died at every kind of moment, and in every step.
    assert set(outcome.kills) == set(MOMENTS)
    assert {step[0] for step in outcome.steps if step} == set("123456")
