"""Plans: what they may be, and why others are refused."""

from datetime import timedelta

import pytest
from support.seeing import DEPLOY, read

from actinf.errors import SettingError
from actinf.responder.measuring.queries import PAST
from actinf.responder.ramp.cluster import Autoscaler, Standing
from actinf.responder.ramp.plan import RUNBOOK, Kind, Plan, Step, misfits

ONE = Standing(replicas=1, ready=1, autoscaler=None, pods={})


def test_without_a_plan_it_is_the_runbooks() -> None:
    assert [step.words for step in RUNBOOK.steps] == [
        "smoke test",
        "load test with reduced traffic",
        "3 replicas",
        "15m soak",
        "5 replicas",
    ]


def test_a_plan_is_read_as_it_was_written() -> None:
    assert Plan.from_document(RUNBOOK.document()) == RUNBOOK
    text = "steps: [smoke, {load: {within: 90s}}, {replicas: 2, within: 1m 30s}]\nlimits: {errors: 0.5%, p95: 250ms}"
    plan = Plan.from_text(text)
    assert Plan.from_document(plan.document()) == plan
    assert [step.deadline for step in plan.steps[1:]] == [timedelta(seconds=90)] * 2
    assert (plan.gates.errors, plan.gates.p95, plan.gates.slower) == (0.005, 0.25, 2.0)


@pytest.mark.parametrize(
    ("steps", "why"),
    [
        ("[]", "steps is an empty list: expected a list of steps"),
        ("[load, smoke, {replicas: 3}]", "the first step is load test with reduced traffic: expected the smoke test"),
        ("[smoke, {replicas: 5}, {soak: 1m}, {replicas: 3}]", "replicas is 3 after 5: a ramp goes up"),
        ("[smoke, {replicas: 3}, {soak: 1m}, {replicas: 3}]", "a second time, which changes nothing"),
        ("[smoke, {replicas: 3}, {replicas: 5}]", "without a soak between"),
        ("[smoke, {soak: 0s}, {replicas: 3}]", "soak is 0s: expected 1s to 24h; in no time nothing shows"),
        ("[smoke, {soak: 10m, within: 5m}, {replicas: 3}]", "which is less than it lasts"),
        ("[smoke, {soak: -5m}, {replicas: 3}]", "is '-5m': expected a length of time"),
        ("[smoke, {soak: }, {replicas: 3}]", "is nothing: expected a length of time"),
        ("[smoke, {replicas: 0}]", "is '0': expected a whole number from 1"),
        ("[smoke, {replicas: 2.5}]", "is '2.5': expected a whole number from 1"),
        ("[smoke, {replicas: 99999}]", "replicas is 99999: expected 1 to 1000"),
        ("[smoke, {jump: 3}]", "is 'jump': expected one step, of smoke, load, replicas, soak"),
        ("[smoke, {replicas: 3, soak: 1m}]", "expected one step"),
        ("[smoke, release, {replicas: 3}]", "is 'release': expected one step"),
        ("[smoke, smoke, {replicas: 3}]", "a second smoke test"),
        ("[smoke, {load: now}, {replicas: 3}]", "is 'now': expected nothing, or {within: 2m}"),
        ("[smoke, load]", "no step has replicas"),
        ("[smoke, [replicas, 3]]", "is a list of 2: expected a mapping"),
        ("3", "is '3': expected a list of steps"),
    ],
)
def test_a_plan_that_makes_no_sense_is_refused_with_the_reason(steps: str, why: str) -> None:
    with pytest.raises(SettingError) as refused:
        Plan.from_text(f"steps: {steps}", "plan.yaml")
    assert why in str(refused.value)
    assert str(refused.value).startswith("plan.yaml:1: ")
    assert str(refused.value).count("\n") == 0, "one mistake is told once"


@pytest.mark.parametrize(
    ("limits", "why"),
    [
        ("{errors: -1%}", "limits.errors is '-1%': expected a share of requests"),
        ("{errors: 20%, worst_errors: 10%}", "expected shares of requests"),
        ("{worst_errors: 200%}", "expected shares of requests"),
        ("{p95: 0ms}", "p95 is 0 s"),
        ("{slower: 1}", "slower is 1 times: expected more than 1"),
        ("{grace: 0s}", "grace is 0s: expected 1s to 24h"),
        ("{p95: nan}", "is 'nan': expected a time"),
        ("{past: ErrorBudgetBurns}", "limits.past is 'ErrorBudgetBurns': expected a list of names of alerts"),
        ("{past: [a, [b]]}", "expected names of alerts"),
        ("{most: 3}", "has the key 'most': expected one of"),
    ],
)
def test_limits_that_make_no_sense_are_refused_with_the_reason(limits: str, why: str) -> None:
    with pytest.raises(SettingError, match="plan") as refused:
        Plan.from_text(f"steps: [smoke, {{replicas: 3}}]\nlimits: {limits}")
    assert why in str(refused.value)


def test_the_alerts_of_the_past_are_those_of_the_budgets_and_others_can_be_named() -> None:
    assert set(PAST) == {
        rule["alert"]
        for group in read(DEPLOY / "alerts" / "objectives.rules.yml")["groups"]
        for rule in group["rules"]
        if "alert" in rule
    }
    plan = Plan.from_text("steps: [smoke, {replicas: 3}]\nlimits: {past: [Spent]}")
    assert plan.gates.past == ("Spent",)
    assert Plan.from_document(plan.document()) == plan


def test_a_step_that_follows_by_itself_cannot_be_planned() -> None:
    with pytest.raises(SettingError, match="'release' is no step"):
        Plan(steps=(Step(kind=Kind.SMOKE), Step(kind=Kind.REPLICAS, replicas=2), Step(kind=Kind.RELEASE)))


def misfit(standing: Standing, *, most: int = 5, may_go_down: bool = False) -> str:
    return "\n".join(misfits(RUNBOOK, standing, most_replicas=most, may_go_down=may_go_down))


def test_a_plan_has_to_fit_the_cluster() -> None:
    scaler = Autoscaler(name="hpa", least=2, most=4, current=2)
    assert misfit(ONE) == ""
    assert "more than the database has connections for, 4" in misfit(ONE, most=4)
    assert "more than the autoscaler hpa lets be, maxReplicas 4" in misfit(
        Standing(replicas=2, ready=2, autoscaler=scaler, pods={})
    )
    assert "scaled to 0" in misfit(Standing(replicas=0, ready=0, autoscaler=None, pods={}))


def test_nothing_goes_down_unless_it_was_said() -> None:
    four = Standing(replicas=4, ready=4, autoscaler=None, pods={})
    assert "there are 4 replicas, and 3 would be fewer" in misfit(four)
    assert misfit(four, may_go_down=True) == ""
    held = Standing(replicas=9, ready=9, autoscaler=Autoscaler(name="hpa", least=4, most=9, current=9), pods={})
    assert "minReplicas of the autoscaler hpa is 4, and 3 would be fewer" in misfit(held)
    # What the load made of it is the autoscaler's: only its lower bound is set.
    raised = Standing(replicas=9, ready=9, autoscaler=Autoscaler(name="hpa", least=2, most=9, current=9), pods={})
    assert misfit(raised) == ""
