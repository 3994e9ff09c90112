"""20,000 steps from 8 writers, 50 kills of the API and the postmaster at random points: nothing lost, nothing twice."""

from support.kill_campaign import run_campaign
from support.serving import serving


def test_nothing_that_was_answered_is_lost() -> None:
    with serving("--log-level", "warning", ACTINF_RATE_LIMIT="10000000") as installation:
        outcome = run_campaign(installation, writers=8, items=20_000, kills=50, seed=20261126)
    print(outcome)
    assert outcome.acknowledged == 20_000
    assert (outcome.lost, outcome.doubled, outcome.different) == (0, 0, 0)
