"""What was seen, what is advised, and what is learned from it."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import pytest
from support.responding import MONDAY, Responding

from actinf.advise.knowledge import knowledge
from actinf.advise.ranking import advise
from actinf.errors import OutOfTurn, SettingError
from actinf.responder.advising.advice import advice_for, percent, warm
from actinf.responder.advising.lessons import FORGETTING, counts_of
from actinf.responder.advising.page import the_page
from actinf.responder.advising.port import Absent, NoAdviser, Question, Rating, Told
from actinf.responder.changing import TellChange
from actinf.responder.desk import Desk
from actinf.responder.incident import decisions
from actinf.responder.incident.events import AlertJoined, Milestone
from actinf.responder.store import lessons
from actinf.responder.store.lessons import Lesson
from actinf.responder.verbs import CloseAsFalse, Erase, Look, Reach, Reopen, Resolve


@dataclass
class Asked:
    """Answers with the engine itself, in this process, or with what it is given; and writes down what it was asked."""

    answer: Told | Absent | None = None
    questions: list[Question] = field(default_factory=list)
    warmed: list[str] = field(default_factory=list)

    def ask(self, question: Question, *, patience: float) -> Told | Absent:
        self.questions.append(question)
        if self.answer is not None:
            return self.answer
        told = advise(knowledge(question.kind), question.seen)
        rated = [
            tuple(Rating(**{name: getattr(one, name) for name in Rating.__dataclass_fields__}) for one in ranked)
            for ranked in (told.checks, told.resolutions)
        ]
        return Told(causes=told.beliefs, checks=rated[0], resolutions=rated[1], treat=told.treat)

    def warm(self, kind: str) -> None:
        self.warmed.append(kind)

    def close(self) -> None:
        pass


@pytest.fixture
def asked() -> Asked:
    return Asked()


@pytest.fixture
def desk(desk_at_hand: Responding, asked: Asked) -> Desk:
    return replace(desk_at_hand.desk, adviser=asked)


def look(desk: Desk, name: str, step: str, outcome: str, note: str = "") -> None:
    Look(step=step, outcome=outcome, note=note).run(desk, name, "ada")


def test_what_somebody_saw_is_on_the_timeline_and_asked_with(
    desk: Desk, desk_at_hand: Responding, asked: Asked
) -> None:
    name = desk_at_hand.opened(incident_type="api_down")
    look(desk, name, "pods", "ready")
    look(desk, name, "pods", "restarting", "three of five")
    advice = advice_for(desk, name, patience=1)
    assert asked.questions[-1].seen == (("pods", "restarting"),), "the last word counts"
    assert advice["looked"] == [
        {
            "step": "pods",
            "words": "list the pods of the API",
            "outcome": "restarting",
            "showed": "restarted again and again",
            "by": "ada",
            "by_machine": False,
            "at": MONDAY.isoformat(timespec="seconds"),
            "note": "three of five",
        }
    ]
    assert [one.event.kind for one in desk.timeline(name)][-2:] == ["looked", "looked"]
    assert desk.document(name)["looks"][0]["outcome"] == "restarting"


def test_advice_is_in_plain_words_with_the_command_of_the_runbook(desk: Desk, desk_at_hand: Responding) -> None:
    advice = advice_for(desk, desk_at_hand.opened(incident_type="api_down"), patience=1)
    first = advice["checks"][0]
    assert first["commands"].splitlines()[-1] == "curl -sS https://api.active-inference.com/health"
    assert first["reason"] == (
        "it separates “the database is away or refuses” from “the load balancer, DNS, a certificate or the network "
        "before the proxy”, takes about 1 min and changes nothing"
    )
    assert sum(one["expected"] for one in first["outcomes"]) == pytest.approx(1.0)
    assert advice["causes"][0] == {"cause": "release", "words": "the new release fails", "belief": pytest.approx(0.24)}
    assert (advice["absent"], advice["treat"]) == (None, None)
    assert {one["step"] for one in advice["resolutions"]} >= {"rollback", "escalate"}


def test_a_cause_that_is_believed_in_is_treated(desk: Desk, desk_at_hand: Responding) -> None:
    name = desk_at_hand.opened(incident_type="api_down")
    look(desk, name, "health", "failing")
    look(desk, name, "database-health", "failing")
    treat = advice_for(desk, name, patience=1)["treat"]
    assert treat["step"] == "mend-database"
    assert "“the database is away or refuses” is 95\N{NO-BREAK SPACE}% probable" in treat["reason"]
    assert treat["reason"].endswith(
        "takes about 22 min and does harm of its own with one of 10\N{NO-BREAK SPACE}%; tried now, it is expected to "
        "be over in 32 min, with harm counted as minutes, 1 min sooner than if one looks on first"
    )


def test_a_reason_names_the_cause_that_is_treated_and_what_a_resolution_needs(
    desk: Desk, desk_at_hand: Responding
) -> None:
    name = desk_at_hand.opened(incident_type="high_memory")
    look(desk, name, "releases", "none")
    assert advice_for(desk, name, patience=1)["treat"]["reason"].endswith(
        "tried now, it is expected to be over in 25 min, with harm counted as minutes, a little sooner than if one "
        "looks on first"
    )
    look(desk, name, "refuse-large", "unchanged")
    raised = next(one for one in advice_for(desk, name, patience=1)["resolutions"] if one["step"] == "raise-limit")
    assert raised["reason"].startswith("“too little for what is asked of it” is")
    other = desk_at_hand.opened(incident_type="security")
    look(desk, other, "audit-log", "one-key")
    advice = advice_for(desk, other, patience=1)
    assert advice["treat"] is None
    assert "“revoke the key” needs what it shows" in advice["checks"][0]["reason"]


def test_where_a_step_has_helped_nothing_is_to_be_done_now_until_it_is_said_that_it_does_not_hold(
    desk: Desk, desk_at_hand: Responding
) -> None:
    name = desk_at_hand.opened(incident_type="high_memory")
    look(desk, name, "dashboard", "peaks")
    assert advice_for(desk, name, patience=1)["treat"]["step"] == "refuse-large"
    look(desk, name, "restart", "better")
    helped = advice_for(desk, name, patience=1)
    assert helped["treat"] is None
    assert helped["first"].startswith("it got better by “")
    assert helped["checks"], "one may look on"
    look(desk, name, "restart", "unchanged")
    assert advice_for(desk, name, patience=1)["treat"] is not None
    assert advice_for(desk, name, patience=1)["first"] == the_page("high_memory").first


def test_where_all_was_looked_at_and_nothing_is_worth_to_be_tried_it_says_so(
    desk: Desk, desk_at_hand: Responding
) -> None:
    name = desk_at_hand.opened(incident_type="security")
    for step in the_page("security").steps.values():
        if step.name != "isolate":
            look(desk, name, step.name, "intact" if step.name == "audit-verify" else list(step.outcomes)[-1])
    advice = advice_for(desk, name, patience=1)
    assert ([one["step"] for one in advice["resolutions"]], advice["checks"]) == (["isolate"], [])
    assert (advice["treat"], advice["absent"]) == (None, None)
    assert advice["first"].startswith(
        "all was looked at, and to try what is left is expected to cost more than it saves"
    )


def test_what_was_done_is_not_advised_again(desk: Desk, desk_at_hand: Responding) -> None:
    name = desk_at_hand.opened(incident_type="api_down")
    look(desk, name, "health", "failing")
    look(desk, name, "database-health", "failing")
    assert advice_for(desk, name, patience=1)["treat"] is not None
    Reach(milestone=Milestone.FIX, text="mended").run(desk, name, "ada")
    advice = advice_for(desk, name, patience=1)
    assert (advice["treat"], advice["first"][:23]) == (None, "a fix was made at 10:00")
    assert advice["checks"], "where it did not help, there is more to look at"


def test_a_machine_says_what_alerts_changes_and_dependencies_show_and_people_know_better(
    desk: Desk, desk_at_hand: Responding, asked: Asked
) -> None:
    desk.tell_change(TellChange(kind="deploy", what="api 1.4.2"), by="ci")
    desk_at_hand.clock.pass_(hours=1)
    name = desk_at_hand.opened(incident_type="api_down")

    def joined(alert: str, *, firing: bool) -> None:
        desk.act(name, lambda _: (AlertJoined(fingerprint=alert, name=alert, firing=firing),), by="actinf")

    joined("NginxDown", firing=True)
    joined("NginxDown", firing=False)
    joined("SomebodyElses", firing=True)
    desk.act(name, lambda _: decisions.check("dependencies", passed=True, found="", by_machine=True), by="ada")
    looked = {one["step"]: one for one in advice_for(desk, name, patience=1)["looked"]}
    assert {step: (one["outcome"], one["note"]) for step, one in looked.items()} == {
        "releases": ("recent", "a deploy was told of"),
        "proxy": ("ill", "the alert NginxDown fired"),
        "database-health": ("ok", "monitoring finds all dependencies well"),
        "cache-health": ("ok", "monitoring finds all dependencies well"),
    }
    assert all(one["by_machine"] and one["by"] is None for one in looked.values())
    look(desk, name, "proxy", "well")
    looked = {one["step"]: one for one in advice_for(desk, name, patience=1)["looked"]}
    assert (looked["proxy"]["outcome"], looked["proxy"]["by_machine"]) == ("well", False)


def test_a_change_of_last_week_says_nothing(desk: Desk, desk_at_hand: Responding) -> None:
    desk.tell_change(TellChange(kind="deploy", what="api 1.4.2"), by="ci")
    desk_at_hand.clock.now += timedelta(days=2)
    assert advice_for(desk, desk_at_hand.opened(incident_type="api_down"), patience=1)["looked"] == []


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (Absent("its process ended (signal 9)"), "its process ended (signal 9)"),
        (Told(causes={"rain": 1.0}, checks=(), resolutions=(), treat=None), "different releases"),
    ],
)
def test_without_advice_the_steps_are_in_the_order_of_the_runbook(
    desk: Desk, desk_at_hand: Responding, asked: Asked, answer: Told | Absent, why: str
) -> None:
    asked.answer = answer
    name = desk_at_hand.opened(incident_type="security")
    look(desk, name, "audit-verify", "intact")
    advice = advice_for(desk, name, patience=1)
    assert why in advice["absent"]
    assert [one["step"] for one in advice["checks"]][:2] == ["proxy-log", "addresses"]
    assert advice["first"].startswith("Keep the evidence")
    assert advice["causes"] == []


def test_what_has_no_model_or_is_over_is_not_asked_about(desk: Desk, desk_at_hand: Responding, asked: Asked) -> None:
    other = desk_at_hand.opened(incident_type="other")
    assert advice_for(desk, other, patience=1)["absent"] == "incidents of type 'other' have no model"
    warm(desk)
    assert asked.warmed == []
    name = desk_at_hand.opened(incident_type="api_down")
    warm(desk)
    assert asked.warmed == ["api_down"]
    Resolve().run(desk, name, "ada")
    assert advice_for(desk, name, patience=1)["absent"] == "it is resolved"
    assert asked.questions == []


def test_what_cannot_be_is_refused_with_what_can(desk: Desk, desk_at_hand: Responding) -> None:
    name = desk_at_hand.opened(incident_type="api_down")
    for said, message in (
        (Look(step="podz", outcome="ready"), "step is 'podz', which an incident of type api_down does not have"),
        (Look(step="pods", outcome="green"), "expected one of ready, restarting, unready, absent"),
        (Reach(milestone=Milestone.ROOT_CAUSE, cause="rain"), "cause is 'rain', .* expected one of release"),
        (Reach(milestone=Milestone.FIX, cause="release"), "belongs to the root cause alone"),
        (Resolve(cause="rain"), "cause is 'rain'"),
    ):
        with pytest.raises(SettingError, match=message):
            said.run(desk, name, "ada")
    with pytest.raises(SettingError, match="no steps and causes with names"):
        look(desk, desk_at_hand.opened(incident_type="other"), "pods", "ready")
    CloseAsFalse(reason="a test").run(desk, name, "ada")
    with pytest.raises(OutOfTurn, match="is over"):
        look(desk, name, "pods", "ready")


def taught(desk: Desk, kind: str = "api_down") -> list[Lesson]:
    with desk.store.reading() as connection:
        return lessons.lessons(connection, kind)


def test_a_closed_incident_teaches_once_and_what_is_reopened_no_more(desk: Desk, desk_at_hand: Responding) -> None:
    name = desk_at_hand.opened(incident_type="api_down")
    look(desk, name, "pods", "restarting")
    Reach(milestone=Milestone.ROOT_CAUSE, text="a pool", cause="release").run(desk, name, "ada")
    assert taught(desk) == []
    Resolve(cause="memory").run(desk, name, "ada")
    assert taught(desk) == [Lesson(cause="memory", seen={"pods": "restarting"})]
    look(desk, name, "describe", "killed")
    assert taught(desk) == [Lesson(cause="memory", seen={"pods": "restarting", "describe": "killed"})]
    Reopen(reason="it is back").run(desk, name, "ada")
    assert taught(desk) == []
    Resolve().run(desk, name, "ada")
    assert len(taught(desk)) == 1
    Erase(reason="asked for").run(desk, name, "ada")
    assert taught(desk) == [Lesson(cause="memory", seen={"pods": "restarting", "describe": "killed"})]


def test_who_does_not_want_it_learns_nothing_and_uses_nothing(
    desk: Desk, desk_at_hand: Responding, asked: Asked
) -> None:
    stubborn = replace(desk, learns=False)
    Resolve(cause="memory").run(stubborn, desk_at_hand.opened(incident_type="api_down"), "ada")
    assert taught(desk) == []
    Resolve(cause="memory").run(desk, desk_at_hand.opened(incident_type="api_down"), "ada")
    name = desk_at_hand.opened(incident_type="api_down")
    assert advice_for(stubborn, name, patience=1)["learned_from"] == 0
    assert asked.questions[-1].counts == {}
    assert advice_for(desk, name, patience=1)["learned_from"] == 1
    assert asked.questions[-1].counts == {"causes": {"memory": 1.0}, "outcomes": {}}


def test_counts_forget_as_the_engine_does() -> None:
    """c ← (1 − forgetting)·c + Δ with each incident, the oldest first."""
    page = the_page("api_down")
    series = [
        Lesson(cause="memory", seen={"pods": "restarting"}),
        Lesson(cause="memory", seen={"pods": "ready", "gone": "x"}),
        Lesson(cause="nobody knows any more", seen={"pods": "ready"}),
    ]
    kept = 1.0 - FORGETTING
    expected: Mapping[str, Any] = {
        "causes": {"memory": pytest.approx(kept**2 + kept)},
        "outcomes": {"pods": {"memory": {"restarting": pytest.approx(kept**2), "ready": pytest.approx(kept)}}},
    }
    assert counts_of(series, page) == expected
    assert counts_of([], page) == {}


def test_lessons_are_forgotten_where_that_is_wanted(desk: Desk, desk_at_hand: Responding) -> None:
    for kind, cause in (("api_down", "memory"), ("high_memory", "leak"), ("high_memory", "leak")):
        Resolve(cause=cause).run(desk, desk_at_hand.opened(incident_type=kind), "ada")
    with desk.store.writing() as connection:
        assert lessons.forget(connection, "high_memory") == 2
    assert (len(taught(desk)), len(taught(desk, "high_memory"))) == (1, 0)
    with desk.store.writing() as connection:
        assert lessons.forget(connection) == 1


def test_shares_are_told_so_that_what_is_possible_is_neither_certain_nor_excluded() -> None:
    told = [percent(share).replace("\N{NO-BREAK SPACE}", " ") for share in (0.0, 0.004, 0.3, 0.996, 1.0)]
    assert told == ["0 %", "< 1 %", "30 %", "> 99 %", "100 %"]


def test_the_null_adviser_says_that_it_is_switched_off() -> None:
    question = Question(kind="api_down", seen=(), counts={})
    assert NoAdviser().ask(question, patience=0) == Absent("it is switched off (ACTINF_RESPOND_ADVICE)")
