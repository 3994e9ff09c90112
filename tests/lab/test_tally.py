"""Counts over a population, and what is said of them."""

import numpy as np
import pytest

from actinf.lab import tally
from actinf.lab.summary import describe_shares, summarise
from actinf.lab.tally import Shares, action_shares_of, mean_free_energy, preferred_shares, state_shares
from actinf.lab.trace import to_dataset

from .conftest import Recording, record_at_random


def test_shares_of_actions_sum_to_one_and_count_every_agent(recorded: Recording) -> None:
    (shares,) = action_shares_of(to_dataset(recorded.layout, recorded.arrays))
    assert shares.control == "location"
    np.testing.assert_allclose(shares.share.sum(axis=2), 1.0)
    chosen = recorded.arrays["action"][1, :, 3, 0] == 2
    assert shares.share[1, 3, 2] == pytest.approx(chosen.mean())


def test_counting_by_small_blocks_changes_nothing(recorded: Recording, monkeypatch: pytest.MonkeyPatch) -> None:
    trace = to_dataset(recorded.layout, recorded.arrays)
    whole = state_shares(trace, "location").share
    monkeypatch.setattr(tally, "_BLOCK_VALUES", 1)
    np.testing.assert_array_equal(state_shares(trace, "location").share, whole)


def test_missing_values_are_nobodys_share(recorded: Recording) -> None:
    recorded.arrays["action"][:, 0] = -1
    (shares,) = action_shares_of(to_dataset(recorded.layout, recorded.arrays))
    np.testing.assert_allclose(shares.share.sum(axis=2), 5 / 6)


def test_the_preferred_outcome_is_the_one_with_the_largest_log_preference(recorded: Recording) -> None:
    trace = to_dataset(recorded.layout, recorded.arrays)
    found = preferred_shares(trace, {"hint": np.array([0.0, 0.0, 2.0]), "where": np.zeros(4)})
    assert list(found) == ["hint: go right"]
    np.testing.assert_allclose(found["hint: go right"], (recorded.arrays["obs"][..., 1] == 2).mean(axis=2))


def test_free_energy_is_averaged_over_the_steps(recorded: Recording) -> None:
    mean = mean_free_energy(to_dataset(recorded.layout, recorded.arrays))
    assert mean is not None
    np.testing.assert_allclose(mean, recorded.arrays["F"].mean(axis=2))


def test_shares_are_said_with_the_largest_first_and_the_small_ones_together() -> None:
    names = ["a", "b", "c", "d", "e"]
    assert describe_shares(names, np.array([0.03, 0.9, 0.03, 0.02, 0.02])) == "b 90%, others 10%"
    assert describe_shares(names, np.array([0.5, 0.5, 0.0, 0.0, 0.0])) == "a 50%, b 50%"


def test_behaviour_is_told_by_stretches_of_steps(recorded: Recording) -> None:
    from actinf.lab.summary import Summary

    share = np.zeros((1, 6, 3))
    share[0, 0, 0] = share[0, 1:, 1] = 1.0
    shares = Shares(control="go", names=["cue", "left", "right"], share=share, num_agents=10_000)
    summary = Summary(headline="", actions=[shares], free_energy=None, preferred={}, num_steps=60_000, seconds=0.6)
    assert summary.behaviour() == ["step 0: cue 100%; from step 1 on: left 100%."]
    assert summary.microseconds_per_step == pytest.approx(10.0)


def test_chance_in_a_small_population_is_not_told_as_behaviour(recorded: Recording) -> None:
    share = np.full((1, 8, 2), 0.5)
    share[0, ::2] += (0.08, -0.08)
    shares = Shares(control="go", names=["left", "right"], share=share, num_agents=100)
    from actinf.lab.summary import Summary

    summary = Summary(headline="", actions=[shares], free_energy=None, preferred={}, num_steps=800, seconds=1.0)
    assert summary.behaviour() == ["steps 0 to 7: left 54%, right 46%."]


def test_outcomes_of_several_episodes_are_compared(model) -> None:  # type: ignore[no-untyped-def]
    from actinf.lab.experiment import Experiment
    from actinf.lab.trace_layout import Extent

    recorded = record_at_random(model, agents=4, episodes=3)
    experiment = Experiment(name="x", model=model, extent=Extent(num_agents=4, num_steps=5, num_episodes=3))
    summary = summarise(to_dataset(recorded.layout, recorded.arrays), experiment, 1.0)
    told = summary.outcomes()
    assert told[0].startswith("The preferred outcome (hint: go left) was seen at ")
    assert "in the first episode" in told[1]
    assert summary.num_steps == 60
