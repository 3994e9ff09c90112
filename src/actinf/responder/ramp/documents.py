"""Ramps as documents: what the command line prints as JSON, and what the API answers."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from actinf.responder.incident.events import Milestone
from actinf.responder.incident.state import Incident
from actinf.responder.incident.tasks import CHECKLIST
from actinf.responder.ramp.cluster import Cluster, Standing
from actinf.responder.ramp.driver import left_of, way_back_of
from actinf.responder.ramp.gates import Soak
from actinf.responder.ramp.plan import Kind, Plan, length_text
from actinf.responder.ramp.state import Ramp, State, Stepped, Tries
from actinf.responder.ramp.trials import Trials

__all__ = ["preview_document", "ramp_document", "remaining", "standing_document", "standing_words"]


def ramp_document(ramp: Ramp, incident: Incident, now: datetime) -> dict[str, Any]:
    """All of a ramp.

    Args:
        ramp: as it stands.
        incident: whose it is.
        now: the time.
    """
    current = ramp.current if not ramp.state.is_over else None
    back = way_back_of(ramp)
    return {
        "id": ramp.id,
        "incident": ramp.incident,
        "target": ramp.target,
        "state": ramp.state,
        "why": ramp.why,
        "may_go_down": ramp.may_go_down,
        "began_at": _moment(ramp.began_at),
        "ended_at": _moment(ramp.ended_at),
        "before": None if ramp.before is None else ramp.before.words,
        "left": left_of(ramp),
        "rollback": None if back is None else back.words,
        "goes_back": ramp.way_back.words if ramp.is_going_back and ramp.way_back is not None else None,
        "trouble": _trouble(ramp.tries),
        "rollback_takes_away": back is not None and back.autoscaler is None and back.wanted < back.now,
        "steps": [_step(one, one is current, now) for one in ramp.steps],
        "plan": ramp.plan.document(),
        "remaining": remaining(incident) if ramp.state is State.DONE else [],
    }


def _trouble(tries: Tries | None) -> dict[str, Any] | None:
    """What the cluster does not do, and when it is asked for it again."""
    if tries is None:
        return None
    return {
        "why": tries.why,
        "times": tries.count,
        "since": _moment(tries.since),
        "again_at": _moment(tries.again_at),
    }


def _step(one: Stepped, is_current: bool, now: datetime) -> dict[str, Any]:
    state = "waits"
    if one.ended_at is not None:
        state = "passed" if one.passed else "failed"
    elif is_current:
        state = "under way" if one.began_at is not None else "next"
    left = None
    if is_current and one.counts_from is not None:
        left = round((one.counts_from + one.step.deadline - now).total_seconds())
    return {
        "number": one.number,
        "step": one.step.words,
        "kind": one.step.kind,
        "state": state,
        "attempt": one.attempt,
        "began_at": _moment(one.began_at),
        "ended_at": _moment(one.ended_at),
        "seconds_left": left,
        "well_for": round(Soak.of(one.progress).well.total_seconds()) if one.step.kind is Kind.SOAK else None,
        "lasts": round(one.step.lasts.total_seconds()) or None,
        "found": one.found,
    }


def remaining(incident: Incident) -> list[dict[str, str]]:
    """What is left to be done when the service is back: each with the command for it."""
    found = []
    if Milestone.FIX not in incident.milestones:
        found.append(("say that the fix is in", f"actinf incident milestone {incident.id} fix"))
    missing = [
        item.text for item in CHECKLIST.values() if not (seen := incident.checklist.get(item.key)) or not seen.passed
    ]
    by_machine = len(missing) - (CHECKLIST["users"].text in missing)
    if by_machine:
        found.append((f"{by_machine} of the recovery checklist", f"actinf incident check {incident.id} --by-machine"))
    if CHECKLIST["users"].text in missing:
        found.append((CHECKLIST["users"].text, f"actinf incident check {incident.id} users --passed --sent latest"))
    if incident.is_open:
        found.append(("call it over", f'actinf incident resolve {incident.id} --how "…"'))
    return [{"what": what, "command": command} for what, command in found]


def preview_document(
    plan: Plan, standing: Standing, cluster: Cluster, trials: Trials, problems: Sequence[str], *, may_go_down: bool
) -> dict[str, Any]:
    """What a ramp would do, with the cluster as it stands.

    Args:
        plan: what was asked for.
        standing: how the cluster stands.
        cluster: what would be scaled.
        trials: what would be tried.
        problems: why it would not begin.
        may_go_down: whether it was said that replicas may be taken away.
    """
    scaler = standing.autoscaler
    name = None if scaler is None else scaler.name
    before = there = standing.least_or_replicas
    steps: list[dict[str, Any]] = []
    for step in plan.steps:
        does = ""
        if step.kind.is_trial:
            does = trials.command(step.kind)
        elif step.kind is Kind.REPLICAS:
            does = (
                cluster.command(name, there, step.replicas) if step.replicas != there else "nothing: it is so already"
            )
            there = step.replicas
        steps.append(_previewed(step.words, step.kind, step.deadline, does, _gate(plan, step.kind)))
    if scaler is not None:
        does = cluster.command(name, there, before) if there != before else "nothing: it is so already"
        steps.append(_previewed("the autoscaler's own lower bound again", Kind.RELEASE, timedelta(minutes=5), does, ""))
    return {
        "target": cluster.target,
        "there": standing_document(standing),
        "steps": steps,
        "limits": plan.gates.document(),
        "on_breach": _on_breach(name, may_go_down),
        "problems": list(problems),
    }


def standing_document(standing: Standing) -> dict[str, Any]:
    """How a deployment stands."""
    scaler = standing.autoscaler
    return {
        "replicas": standing.replicas,
        "ready": standing.ready,
        "pods": len(standing.pods),
        "autoscaler": None
        if scaler is None
        else {"name": scaler.name, "min": scaler.least, "max": scaler.most, "current": scaler.current},
        "words": standing_words(standing),
    }


def standing_words(standing: Standing) -> str:
    """How a deployment stands, in a few words."""
    scaler = standing.autoscaler
    by = "no autoscaler" if scaler is None else f"autoscaler {scaler.name} from {scaler.least} to {scaler.most}"
    return f"{standing.ready} of {standing.replicas} replicas ready, {by}"


def _previewed(words: str, kind: Kind, deadline: timedelta, does: str, gate: str) -> dict[str, Any]:
    return {"step": words, "kind": kind, "within": length_text(deadline), "does": does, "passes": gate}


def _gate(plan: Plan, kind: Kind) -> str:
    if kind.is_trial:
        return "it ends with 0"
    if kind is Kind.REPLICAS:
        return "all of them are ready"
    gates = plan.gates
    return (
        f"at every look at most {gates.errors * 100:g} % of requests fail, 95 % are answered within "
        f"{gates.p95 * 1000:g} ms, all are ready, nothing began anew and no alert began to fire"
    )


def _on_breach(autoscaler: str | None, may_go_down: bool) -> str:
    if autoscaler is not None:
        return "it gives the autoscaler its own lower bound back by itself, which takes no replica away"
    if may_go_down:
        return "it goes back by itself to as many replicas as there were, which takes some away"
    return "it stops where it is and asks: going back would take replicas away, and that was not said twice"


def _moment(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat(timespec="seconds")
