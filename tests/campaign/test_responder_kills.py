"""The responder is killed fifty times while twenty thousand alerts come in."""

from pathlib import Path

from support.responder_kills import run_campaign


def test_nothing_that_was_answered_is_lost_and_nothing_is_sent_twice_without_saying_so(tmp_path: Path) -> None:
    outcome = run_campaign(tmp_path, writers=8, items=20_000, kills=50, seed=20261127)
    print(outcome)
    assert outcome.acknowledged == 20_000
    assert outcome.opened > 100
    assert outcome.lost == []
    assert outcome.unpaged == []
    assert outcome.unsent == 0
    assert outcome.pages_twice == 0
    # A process that dies has at most one mail under way.
    assert outcome.mails_twice <= outcome.kills
    assert outcome.unmarked == 0
