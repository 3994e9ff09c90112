"""Nothing that was answered is lost when everything is killed; the long form is in tests/campaign."""

from support.kill_campaign import run_campaign
from support.serving import serving


def test_what_was_answered_survives_kills_of_the_api_and_of_the_database() -> None:
    with serving("--workers", "0", "--log-level", "warning", ACTINF_RATE_LIMIT="10000000") as installation:
        outcome = run_campaign(installation, writers=4, items=400, kills=3, seed=1)
    assert outcome.acknowledged == 400
    assert (outcome.lost, outcome.doubled, outcome.different) == (0, 0, 0)
    assert installation.starts > 1, "no kill took the API away"
