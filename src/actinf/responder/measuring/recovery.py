"""The four items of the recovery checklist that a machine can look at."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from actinf.errors import NotMeasured
from actinf.responder.desk import Desk
from actinf.responder.incident import decisions
from actinf.responder.incident.severity import Severity
from actinf.responder.incident.state import Incident
from actinf.responder.measuring.patience import Patience
from actinf.responder.measuring.port import Measurements, Sample
from actinf.responder.measuring.queries import DEPENDENCIES, FIRING, Dependency, Performance, Stability

__all__ = ["Look", "check_by_machine", "looks"]

#: An alert of this severity or a milder one does not keep an incident from being over.
_MILD = Severity.P3.value


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """How an item stands.

    Attributes:
        item: its key.
        passed: None where it cannot be told.
        found: what was seen, in sentences.
    """

    item: str
    passed: bool | None
    found: str


def check_by_machine(desk: Desk, incident: str, measurements: Measurements, by: str) -> Incident:
    """Look at the four items and write down what was found.

    Args:
        desk: through which it is written down.
        incident: its id.
        measurements: who is asked, before anything is written.
        by: the handle of who wants it.

    Returns:
        The incident as it stands afterwards.

    Raises:
        NoSuchIncident: there is none of that id.
    """
    found = looks(desk.incident(incident), measurements)
    return desk.act(
        incident,
        lambda _: tuple(
            event
            for look in found
            for event in decisions.check(look.item, passed=look.passed, found=look.found, by_machine=True)
        ),
        by=by,
    )


def looks(
    incident: Incident, measurements: Measurements, *, stability: Stability | None = None
) -> tuple[Look, Look, Look, Look]:
    """Look at the four items; what cannot be told, by whatever reason, is None and says why."""
    asked = Patience(measurements)
    stability = stability or Stability()
    return (
        _looked("stable", lambda: _stable(asked, stability)),
        _looked("dependencies", lambda: _dependencies(asked)),
        _looked("alerts", lambda: _alerts(asked, incident)),
        _looked("performance", lambda: _performance(asked, Performance())),
    )


def _looked(item: str, look: Callable[[], tuple[bool | None, str]]) -> Look:
    try:
        passed, found = look()
    except NotMeasured as error:
        passed, found = None, str(error)
    return Look(item=item, passed=passed, found=found)


def _stable(asked: Patience, queries: Stability) -> tuple[bool | None, str]:
    during = f"in the last {queries.window} s"
    answering = asked.number(queries.answering)
    if not answering:
        return False, f"at some moment {during} no replica of the API answered Prometheus"
    healthy = asked.number(queries.healthy)
    if healthy is None:
        return None, "the API answers and does not say whether it works: actinf_healthy is not there"
    if healthy < 1:
        return False, f"at some moment {during} a replica of the API said that it does not work"
    missing = asked.number(queries.missing)
    if missing is not None and missing > 0:
        return False, f"{missing:.0f} replicas of the API are wanted and not available"
    return True, f"{during} {answering:.0f} or more replicas answered at every moment, and all said that they work"


def _dependencies(asked: Patience) -> tuple[bool | None, str]:
    found = [(one, _works(asked, one)) for one in DEPENDENCIES]
    broken = [one.name for one, works in found if works is False]
    unknown = [one.name for one, works in found if works is None]
    working = [one.name for one, works in found if works]
    said = "; ".join(
        f"{what}: {', '.join(names)}"
        for what, names in (("does not work", broken), ("works", working), ("not measured", unknown))
        if names
    )
    if broken:
        return False, said
    return None if any(one.is_needed and works is None for one, works in found) else True, said


def _works(asked: Patience, dependency: Dependency) -> bool | None:
    working = asked.number(dependency.working)
    if working is not None:
        return working >= 1
    return False if asked.number(dependency.asked) == 0 else None


def _alerts(asked: Patience, incident: Incident) -> tuple[bool | None, str]:
    own = {alert.name for alert in incident.alerts.values()}
    still = sorted(alert.name for alert in incident.alerts.values() if alert.firing)
    try:
        firing = {
            sample.labels.get("alertname", "?") for sample in asked.ask(FIRING) if _matters(sample, incident, own)
        }
    except NotMeasured as error:
        if still:
            return False, f"by the last that was heard these fire: {', '.join(still)} ({error})"
        return None, f"none of its own alerts fires by the last that was heard, and {error}"
    all_of_them = sorted(firing | set(still))
    if all_of_them:
        return False, f"these fire: {', '.join(all_of_them)}"
    return True, "no alert of it fires, and none of its type above P3"


def _matters(sample: Sample, incident: Incident, own: set[str]) -> bool:
    labels = sample.labels
    if labels.get("alertname") in own:
        return True
    if labels.get("severity") == _MILD or labels.get("incident_type", "none") == "none":
        return False
    return incident.incident_type in ("other", labels["incident_type"])


def _performance(asked: Patience, queries: Performance) -> tuple[bool | None, str]:
    errors, slow = asked.number(queries.errors), asked.number(queries.slow)
    if errors is None:
        return None, "in the last 5 min nobody has asked anything of the API, or Prometheus has not its recording rules"
    said = [f"{errors:.2%} of requests fail, at most {queries.most_errors:.1%} may"]
    said.append(
        "no steps were asked for"
        if slow is None
        else f"{slow:.2%} of steps take longer than 250 ms, at most {queries.most_slow:.0%} may"
    )
    return errors <= queries.most_errors and (slow or 0.0) <= queries.most_slow, "; ".join(said)
