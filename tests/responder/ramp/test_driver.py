"""A ramp is carried out step by step, stops where something is wrong, and goes on where it was."""

from dataclasses import replace
from itertools import pairwise

import pytest
from support.ramping import RampAtHand

from actinf.errors import OutOfTurn, SettingError
from actinf.responder.incident import decisions
from actinf.responder.incident.events import AlertJoined
from actinf.responder.ramp.cluster import Standing
from actinf.responder.ramp.gates import LOOKS_EVERY
from actinf.responder.ramp.plan import Kind
from actinf.responder.ramp.ramping import Ramping
from actinf.responder.ramp.requests import Direction, DirectRamp
from actinf.responder.ramp.state import Bound, State
from actinf.responder.ramp.trials import Fate, Verdict

FAILED = Verdict(passed=False, said="p95 is 900 ms")


def test_each_step_comes_when_the_one_before_has_passed(at_hand: RampAtHand) -> None:
    at_hand.start()
    at_hand.turn()
    assert at_hand.trials.begun == ["1-1-1", "1-2-1"]
    assert at_hand.cluster.told == [(None, 1, 3)]
    at_hand.pass_(minutes=4, seconds=45)
    assert at_hand.cluster.told == [(None, 1, 3)]
    at_hand.pass_(minutes=1)
    assert at_hand.cluster.told == [(None, 1, 3), (None, 3, 5)]
    assert at_hand.ramp.state is State.DONE
    assert at_hand.kinds == ["began", *["step"] * 5, "done"]
    assert at_hand.trials.begun == ["1-1-1", "1-2-1"]


def test_a_failed_trial_ends_a_ramp_that_has_set_nothing(at_hand: RampAtHand) -> None:
    at_hand.trials.ends = {Kind.SMOKE: Verdict(passed=True, said="ok"), Kind.LOAD: FAILED}
    at_hand.start()
    at_hand.turn()
    assert at_hand.ramp.state is State.ABORTED
    assert "p95 is 900 ms" in at_hand.ramp.why
    assert at_hand.cluster.told == []
    # The next one begins from the beginning.
    at_hand.trials.ends = {kind: Verdict(passed=True, said="ok") for kind in (Kind.SMOKE, Kind.LOAD)}
    at_hand.start()
    at_hand.turn()
    assert at_hand.trials.begun[2:] == ["2-1-1", "2-2-1"]


def in_the_soak(at_hand: RampAtHand, **said: object) -> None:
    at_hand.start(**said)
    at_hand.turn()
    at_hand.pass_(minutes=1)


def test_what_is_bad_lets_the_soak_begin_anew(at_hand: RampAtHand) -> None:
    in_the_soak(at_hand)
    at_hand.pass_(minutes=3)
    at_hand.measured.errors = 0.02
    at_hand.pass_(seconds=30)
    at_hand.measured.errors = 0.001
    at_hand.pass_(minutes=4, seconds=30)
    assert at_hand.ramp.state is State.RUNS
    assert len(at_hand.cluster.told) == 1
    at_hand.pass_(minutes=1)
    assert at_hand.ramp.state is State.DONE


@pytest.mark.parametrize("what", ["errors for long", "many errors", "restart", "slow", "not ready"])
def test_a_breach_asks_where_going_back_takes_replicas_away(at_hand: RampAtHand, what: str) -> None:
    in_the_soak(at_hand)
    spoil(at_hand, what)
    at_hand.pass_(minutes=2)
    assert at_hand.ramp.state is State.HELD
    assert "--down --yes-down" in at_hand.ramp.why
    assert len(at_hand.cluster.told) == 1
    with pytest.raises(SettingError, match="has to be said twice"):
        at_hand.say(Direction.ROLLBACK)
    with pytest.raises(SettingError, match="down is given and yes_down is not"):
        at_hand.say(Direction.ROLLBACK, down=True)
    at_hand.say(Direction.ROLLBACK, down=True, yes_down=True)
    at_hand.turn()
    assert at_hand.cluster.told[1:] == [(None, 3, 1)]
    assert at_hand.ramp.state is State.WENT_BACK
    assert at_hand.kinds[-3:] == ["held", "goes back", "went back"]


def spoil(at_hand: RampAtHand, what: str) -> None:
    if what == "errors for long":
        at_hand.measured.errors = 0.02
    elif what == "many errors":
        at_hand.measured.errors = 0.5
    elif what == "slow":
        at_hand.measured.p95 = 0.4
    elif what == "restart":
        at_hand.cluster.restart_a_pod()
    else:
        at_hand.cluster.standing = replace(at_hand.cluster.standing, ready=2)


def test_told_twice_at_the_beginning_it_goes_back_by_itself(at_hand: RampAtHand) -> None:
    in_the_soak(at_hand, down=True, yes_down=True)
    at_hand.cluster.restart_a_pod(out_of_memory=True)
    at_hand.pass_(seconds=30)
    assert at_hand.cluster.told == [(None, 1, 3), (None, 3, 1)]
    assert at_hand.ramp.state is State.WENT_BACK
    assert "ran out of memory" in at_hand.ramp.why


def test_an_autoscaler_gets_its_lower_bound_back_at_the_end(at_hand: RampAtHand) -> None:
    at_hand.cluster.with_autoscaler(2, 5)
    in_the_soak(at_hand)
    at_hand.pass_(minutes=5)
    assert at_hand.cluster.told == [("hpa", 2, 3), ("hpa", 3, 5), ("hpa", 5, 2)]
    assert at_hand.ramp.state is State.DONE


def test_an_autoscaler_gets_its_lower_bound_back_by_itself_where_it_fails(at_hand: RampAtHand) -> None:
    at_hand.cluster.with_autoscaler(2, 5)
    in_the_soak(at_hand)
    at_hand.measured.errors = 0.5
    at_hand.pass_(seconds=30)
    assert at_hand.cluster.told == [("hpa", 2, 3), ("hpa", 3, 2)]
    assert at_hand.ramp.state is State.WENT_BACK


@pytest.mark.parametrize("blind", ["no answer", "nobody asks"])
def test_what_is_not_known_never_passes_and_a_person_is_asked(at_hand: RampAtHand, blind: str) -> None:
    in_the_soak(at_hand)
    at_hand.measured.trouble = "Prometheus does not answer" if blind == "no answer" else ""
    at_hand.measured.errors = at_hand.measured.p95 = None
    at_hand.pass_(minutes=1, seconds=45)
    assert at_hand.ramp.state is State.RUNS
    at_hand.pass_(minutes=1)
    assert at_hand.ramp.state is State.HELD
    with pytest.raises(SettingError, match="reason is empty"):
        at_hand.say(Direction.PASS)
    at_hand.say(Direction.PASS, reason="looked at the dashboards")
    at_hand.turn()
    assert at_hand.cluster.told == [(None, 1, 3), (None, 3, 5)]
    assert at_hand.ramp.state is State.DONE


@pytest.mark.parametrize(("name", "state"), [("ApiErrors", State.HELD), ("ErrorBudgetBurns", State.DONE)])
def test_an_alert_that_begins_to_fire_counts_unless_it_tells_of_what_is_past(
    at_hand: RampAtHand, name: str, state: State
) -> None:
    in_the_soak(at_hand)
    at_hand.pass_(seconds=30)
    fires = AlertJoined(fingerprint="f", name=name, firing=True, summary="", link="")
    at_hand.responding.desk.act(at_hand.incident, lambda _: (fires,), by="actinf")
    at_hand.pass_(minutes=7)
    assert (at_hand.ramp.state, "ApiErrors" in at_hand.ramp.why) == (state, state is State.HELD)


def test_time_in_which_nobody_looked_does_not_count(at_hand: RampAtHand) -> None:
    in_the_soak(at_hand)
    at_hand.pass_(minutes=2)
    at_hand.responding.clock.pass_(minutes=3)  # the responder was away
    at_hand.turn()
    assert at_hand.ramp.state is State.RUNS
    at_hand.pass_(minutes=1, seconds=30)
    assert at_hand.ramp.state is State.RUNS
    at_hand.pass_(minutes=1)
    assert at_hand.ramp.state is State.DONE


def test_after_a_long_gap_the_soak_begins_anew(at_hand: RampAtHand) -> None:
    in_the_soak(at_hand)
    at_hand.pass_(minutes=3)
    at_hand.responding.clock.pass_(minutes=6)
    at_hand.turn()
    at_hand.pass_(minutes=4, seconds=30)
    assert at_hand.ramp.state is State.RUNS
    at_hand.pass_(minutes=1)
    assert at_hand.ramp.state is State.DONE


def test_the_time_of_a_soak_does_not_run_out_while_nobody_looks(at_hand: RampAtHand) -> None:
    in_the_soak(at_hand)
    at_hand.responding.clock.pass_(hours=3)
    at_hand.turn()
    at_hand.pass_(minutes=5, seconds=30)
    assert at_hand.ramp.state is State.DONE


def test_what_was_meant_long_ago_is_still_done(at_hand: RampAtHand) -> None:
    """The process died before the cluster was told, and nobody started another for hours."""
    at_hand.cluster.with_autoscaler(1, 5)
    at_hand.start()
    tells = at_hand.cluster.scale

    def dies(autoscaler: str | None, now: int, wanted: int) -> None:
        raise KeyboardInterrupt

    at_hand.cluster.scale = dies  # type: ignore[method-assign]
    with pytest.raises(KeyboardInterrupt):
        at_hand.turn()
    at_hand.cluster.scale = tells  # type: ignore[method-assign]
    at_hand.responding.clock.pass_(hours=3)
    at_hand.cluster.starts = False
    at_hand.turn()
    assert at_hand.cluster.told == [("hpa", 1, 3)]
    at_hand.pass_(minutes=4)
    assert at_hand.ramp.state is State.RUNS
    at_hand.pass_(minutes=2)
    assert at_hand.ramp.state is State.WENT_BACK


def test_somebody_else_is_not_fought(at_hand: RampAtHand) -> None:
    in_the_soak(at_hand)
    at_hand.cluster.standing = replace(at_hand.cluster.standing, replicas=4, ready=4)
    at_hand.pass_(seconds=30)
    assert at_hand.ramp.state is State.HELD
    assert "replicas are 4 by now, and the ramp set 3: somebody else changes it" in at_hand.ramp.why
    at_hand.say(Direction.RESUME, reason="that was me")
    at_hand.pass_(minutes=6)
    assert at_hand.cluster.told == [(None, 1, 3), (None, 4, 5)]
    assert at_hand.ramp.state is State.DONE


def test_who_undoes_what_it_set_at_once_is_not_fought_either(at_hand: RampAtHand) -> None:
    at_hand.start()
    tells = at_hand.cluster.scale

    def undone(autoscaler: str | None, now: int, wanted: int) -> None:
        tells(autoscaler, now, wanted)
        at_hand.cluster.standing = replace(at_hand.cluster.standing, replicas=1, ready=1)

    at_hand.cluster.scale = undone  # type: ignore[method-assign]
    at_hand.turn()
    assert at_hand.cluster.told == [(None, 1, 3)]
    assert at_hand.ramp.state is State.HELD
    assert "that is 1 again: somebody else changes it" in at_hand.ramp.why


def test_a_way_back_that_somebody_else_bars_ends_there(at_hand: RampAtHand) -> None:
    at_hand.cluster.with_autoscaler(2, 5)
    in_the_soak(at_hand)
    tells = at_hand.cluster.scale

    def barred(autoscaler: str | None, now: int, wanted: int) -> None:
        tells(autoscaler, now, wanted)
        at_hand.cluster.with_autoscaler(3, 5)

    at_hand.cluster.scale = barred  # type: ignore[method-assign]
    at_hand.measured.errors = 0.5
    at_hand.pass_(minutes=2)
    assert at_hand.cluster.told == [("hpa", 2, 3), ("hpa", 3, 2)]
    assert at_hand.ramp.state is State.ABORTED
    assert at_hand.ramp.why.startswith("it could not go back: ")
    # Nothing that failed is passed over by going on.
    with pytest.raises(OutOfTurn, match="is aborted"):
        at_hand.say(Direction.RESUME)


def test_a_way_back_that_is_refused_is_for_a_person_and_can_be_tried_again(at_hand: RampAtHand) -> None:
    at_hand.cluster.with_autoscaler(2, 5)
    in_the_soak(at_hand)
    at_hand.measured.errors, at_hand.cluster.refuses = 0.5, "no patch for you"
    asked = at_hand.cluster.asked
    at_hand.pass_(minutes=10, every=2)
    assert at_hand.cluster.asked == asked + 3
    assert (at_hand.ramp.state, at_hand.ramp.ended_at) == (State.HELD, None)
    assert at_hand.ramp.why == (
        "it cannot go back, minReplicas of hpa 3 → 2: no patch for you "
        "(refused 3 times: it is tried again when somebody says so)"
    )
    assert at_hand.kinds[-2:] == ["goes back", "held"]
    with pytest.raises(OutOfTurn, match="is held on its way back: no step of it can be let pass"):
        at_hand.say(Direction.PASS, reason="never mind")
    at_hand.cluster.trouble = "it does not answer"  # to say that it is to be tried again needs no cluster
    at_hand.say(Direction.RESUME, reason="the right is given")
    at_hand.turn()
    at_hand.cluster.trouble = at_hand.cluster.refuses = ""
    assert at_hand.ramp.state is State.GOES_BACK
    at_hand.pass_(seconds=10, every=2)
    assert at_hand.cluster.told == [("hpa", 2, 3), ("hpa", 3, 2)]
    assert (at_hand.ramp.state, at_hand.ramp.why) == (State.WENT_BACK, "the right is given")


def test_a_way_back_that_is_held_can_be_ended_there(at_hand: RampAtHand) -> None:
    at_hand.cluster.with_autoscaler(2, 5)
    in_the_soak(at_hand)
    at_hand.measured.errors, at_hand.cluster.refuses = 0.5, "no patch for you"
    at_hand.pass_(minutes=2)
    assert at_hand.say(Direction.ABORT)["left"] == "minReplicas 3 of hpa, before it 2"
    at_hand.pass_(minutes=30)
    assert at_hand.cluster.told == [("hpa", 2, 3)]


def test_while_the_cluster_is_away_the_way_back_is_tried_more_and_more_seldom(at_hand: RampAtHand) -> None:
    at_hand.cluster.with_autoscaler(2, 5)
    in_the_soak(at_hand)
    looked, looks = [], at_hand.cluster.look

    def counted() -> Standing:
        looked.append(at_hand.responding.clock())
        return looks()

    at_hand.cluster.look = counted  # type: ignore[method-assign]
    at_hand.measured.errors, at_hand.cluster.trouble = 0.5, "it does not answer"
    at_hand.pass_(minutes=6, every=2)
    assert at_hand.ramp.state is State.GOES_BACK
    rests = [(after - before).total_seconds() for before, after in pairwise(looked[1:])]
    assert rests[:6] == [2, 4, 8, 16, 32, 60]
    assert set(rests[6:]) == {60}
    told = at_hand.ramping.document(at_hand.incident)["trouble"]
    assert (told["why"], told["times"]) == ("it does not answer", len(looked) - 1)
    at_hand.cluster.trouble = ""
    at_hand.pass_(minutes=1, every=2)
    assert at_hand.ramp.state is State.WENT_BACK
    assert at_hand.ramping.document(at_hand.incident)["trouble"] is None


def test_a_way_back_that_finds_nobody_for_long_is_for_a_person(at_hand: RampAtHand) -> None:
    at_hand.cluster.with_autoscaler(2, 5)
    in_the_soak(at_hand)
    at_hand.measured.errors, at_hand.cluster.trouble = 0.5, "it does not answer"
    at_hand.pass_(minutes=29)
    assert at_hand.ramp.state is State.GOES_BACK
    at_hand.pass_(minutes=3)
    assert at_hand.ramp.state is State.HELD
    assert at_hand.ramp.why.startswith("it cannot go back, minReplicas of hpa 3 → 2: it does not answer (tried ")


def test_a_step_that_is_refused_is_not_asked_for_until_its_time_is_over(at_hand: RampAtHand) -> None:
    at_hand.cluster.refuses = "no scale for you"
    at_hand.start()
    at_hand.pass_(minutes=1, every=2)
    assert (at_hand.cluster.asked, at_hand.ramp.state) == (3, State.HELD)
    assert "replicas 1 → 3 could not be set: no scale for you (refused 3 times: " in at_hand.ramp.why
    # Nothing was set, and nothing else is said.
    with pytest.raises(OutOfTurn, match="has set nothing that could be put back: 1 replica, as before it"):
        at_hand.say(Direction.ROLLBACK)
    at_hand.cluster.refuses = ""
    at_hand.say(Direction.RESUME)
    at_hand.pass_(minutes=6)
    assert at_hand.cluster.told == [(None, 1, 3), (None, 3, 5)]
    assert at_hand.ramp.state is State.DONE


def test_refusals_that_are_no_more_do_not_add_up(at_hand: RampAtHand) -> None:
    """Twice refused, then away, then refused again: that is not three times one after another."""
    at_hand.cluster.refuses = "no scale for you"
    at_hand.start()
    at_hand.pass_(seconds=4, every=2)
    at_hand.cluster.trouble = "it does not answer"
    at_hand.pass_(seconds=16, every=2)
    at_hand.cluster.trouble = ""
    at_hand.pass_(seconds=20, every=2)
    assert at_hand.ramp.state is State.RUNS
    at_hand.cluster.refuses = ""
    at_hand.pass_(minutes=1, every=2)
    assert at_hand.cluster.told == [(None, 1, 3)]


def test_replicas_that_do_not_come_up_are_a_breach(at_hand: RampAtHand) -> None:
    at_hand.cluster.with_autoscaler(1, 5)
    at_hand.cluster.starts = False
    at_hand.start()
    at_hand.pass_(minutes=4)
    assert at_hand.ramp.state is State.RUNS
    at_hand.pass_(minutes=2)
    assert at_hand.ramp.state is State.WENT_BACK
    assert "1 of 3 replicas are ready after 5m" in at_hand.ramp.why
    assert at_hand.cluster.told == [("hpa", 1, 3), ("hpa", 3, 1)]


def test_an_effect_that_was_done_is_not_done_again(at_hand: RampAtHand) -> None:
    """The process dies after the cluster was told, and before it is written down; or before it was told."""
    at_hand.start()
    at_hand.cluster.trouble = "it does not answer"
    at_hand.turn()
    at_hand.cluster.trouble = ""
    at_hand.responding.clock.pass_(seconds=3)
    answers = at_hand.cluster.scale

    def dies(autoscaler: str | None, now: int, wanted: int) -> None:
        answers(autoscaler, now, wanted)
        raise KeyboardInterrupt

    at_hand.cluster.scale = dies  # type: ignore[method-assign]
    with pytest.raises(KeyboardInterrupt):
        at_hand.turn()
    at_hand.cluster.scale = answers  # type: ignore[method-assign]
    at_hand.turn()
    assert at_hand.cluster.told == [(None, 1, 3)]
    assert at_hand.ramp.current is not None
    assert at_hand.ramp.current.step.kind is Kind.SOAK


def test_a_trial_that_was_lost_is_begun_once_more_and_then_a_person_is_asked(at_hand: RampAtHand) -> None:
    at_hand.trials.ends = {Kind.SMOKE: Fate.LOST}
    at_hand.start()
    at_hand.turn()
    assert at_hand.trials.begun == ["1-1-1", "1-1-2"]
    assert at_hand.ramp.state is State.HELD
    assert "was cut off 2 times" in at_hand.ramp.why


def test_a_paused_ramp_waits_and_an_aborted_one_leaves_what_is(at_hand: RampAtHand) -> None:
    in_the_soak(at_hand)
    at_hand.say(Direction.PAUSE)
    at_hand.pass_(minutes=30)
    assert len(at_hand.cluster.told) == 1
    at_hand.say(Direction.RESUME)
    at_hand.pass_(minutes=2)
    left = at_hand.say(Direction.ABORT, reason="enough for today")
    assert left["left"] == "3 replicas, before it 1"
    at_hand.pass_(minutes=30)
    assert len(at_hand.cluster.told) == 1
    with pytest.raises(OutOfTurn, match="is aborted, and resume is for one that is paused or held"):
        at_hand.say(Direction.RESUME)


def test_a_running_trial_is_stopped_with_its_ramp(at_hand: RampAtHand) -> None:
    at_hand.trials.ends = {Kind.SMOKE: Fate.RUNS}
    at_hand.start()
    at_hand.turn()
    at_hand.say(Direction.ABORT)
    assert at_hand.trials.stopped == ["1-1-1"]


def test_one_ramp_goes_on_for_a_deployment(at_hand: RampAtHand) -> None:
    at_hand.start()
    at_hand.incident = at_hand.responding.opened()
    with pytest.raises(OutOfTurn, match="another ramp goes on for deployment active-inference-api"):
        at_hand.start()


def test_a_ramp_is_for_an_open_incident(at_hand: RampAtHand) -> None:
    closed(at_hand, "resolved")
    with pytest.raises(OutOfTurn, match="is not open"):
        at_hand.start()


def test_a_trial_that_is_let_pass_is_stopped(at_hand: RampAtHand) -> None:
    """Else its load goes on while replicas are added, and the soak measures it."""
    at_hand.trials.ends = {Kind.SMOKE: Verdict(passed=True, said="ok"), Kind.LOAD: Fate.RUNS}
    at_hand.start()
    at_hand.turn()
    at_hand.say(Direction.PASS, reason="seen by hand")
    assert at_hand.trials.stopped == ["1-2-1"]


def test_a_verdict_of_another_ramp_with_the_same_number_is_none(at_hand: RampAtHand) -> None:
    """As after a backup was brought back, or with another store over the same folder."""
    at_hand.start()
    ramp = at_hand.ramp
    later = replace(ramp, began_at=ramp.began_at + LOOKS_EVERY)
    assert ramp.trial(ramp.steps[0]) != later.trial(later.steps[0])


def test_a_ramp_that_was_held_this_moment_is_not_resumed_unseen(at_hand: RampAtHand) -> None:
    """What is there would not be known, and the ramp would forget what it has to put back."""
    in_the_soak(at_hand)
    at_hand.measured.errors = 0.5

    class Late(Ramping):
        def _there(self, incident: str) -> Bound | None:
            found = super()._there(incident)
            at_hand.pass_(seconds=30)
            return found

    late = Late(at_hand.ramping.desk, at_hand.cluster, at_hand.trials, 5)
    with pytest.raises(OutOfTurn, match="held since a moment ago"):
        late.direct(at_hand.incident, Direction.RESUME, DirectRamp(), by="ada")
    assert at_hand.ramp.state is State.HELD
    assert at_hand.ramp.expected == Bound(autoscaler=None, value=3)


def closed(at_hand: RampAtHand, how: str) -> None:
    desk, name = at_hand.responding.desk, at_hand.incident
    if how == "resolved":
        desk.act(name, decisions.resolve, by="ada")
    elif how == "closed as false":
        desk.act(name, lambda one: decisions.close_as_false(one, "a mistake"), by="ada")
    else:
        desk.merge(name, at_hand.responding.opened(), by="ada")


@pytest.mark.parametrize("how", ["resolved", "closed as false", "merged"])
def test_an_incident_does_not_end_while_its_ramp_goes_on(at_hand: RampAtHand, how: str) -> None:
    """Nobody would look at it any more when the ramp asks, or goes back."""
    in_the_soak(at_hand)
    numbered = at_hand.responding.desk.incident(at_hand.incident).number
    with pytest.raises(OutOfTurn) as refused:
        closed(at_hand, how)
    assert str(refused.value) == (
        f"{at_hand.incident} cannot be {how} while its ramp goes on: ramp 1 is running, at step 4, 5m soak; wait for "
        f"it, or end it and leave all as it is, actinf incident ramp abort {at_hand.incident}"
    )
    at_hand.cluster.restart_a_pod()
    at_hand.pass_(seconds=30)
    assert at_hand.ramp.state is State.HELD
    with pytest.raises(OutOfTurn, match=f"ramp 1 is held, .*actinf incident ramp show {at_hand.incident}"):
        closed(at_hand, how)
    assert at_hand.responding.desk.incident(at_hand.incident).is_open
    assert at_hand.kinds[-1] == "held"
    assert at_hand.responding.desk.incident(at_hand.incident).number == numbered + 1, "nothing of it was written down"
    at_hand.say(Direction.ABORT)
    closed(at_hand, how)
    assert not at_hand.responding.desk.incident(at_hand.incident).is_open


def test_nor_does_it_end_by_itself(at_hand: RampAtHand) -> None:
    in_the_soak(at_hand)
    for firing in (True, False):
        alert = AlertJoined(fingerprint="f", name="ErrorBudgetBurns", firing=firing, summary="", link="")
        at_hand.responding.desk.act(at_hand.incident, lambda _, alert=alert: (alert,), by="actinf")
    at_hand.responding.clock.pass_(minutes=30)
    at_hand.responding.beat()
    assert at_hand.responding.desk.incident(at_hand.incident).is_open
    at_hand.say(Direction.ABORT)
    at_hand.responding.beat()
    assert not at_hand.responding.desk.incident(at_hand.incident).is_open


def test_an_incident_whose_ramp_goes_on_takes_up_another(at_hand: RampAtHand) -> None:
    in_the_soak(at_hand)
    other = at_hand.responding.opened()
    at_hand.responding.desk.merge(other, at_hand.incident, by="ada")
    at_hand.pass_(minutes=6)
    assert at_hand.ramp.state is State.DONE


def test_what_was_said_over_before_can_be_put_back(at_hand: RampAtHand) -> None:
    in_the_soak(at_hand)
    at_hand.pass_(minutes=6)
    closed(at_hand, "resolved")
    at_hand.say(Direction.ROLLBACK, down=True, yes_down=True)
    at_hand.turn()
    assert at_hand.ramp.state is State.WENT_BACK
