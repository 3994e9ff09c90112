"""A scan is a set: it opens one private incident, what is gone ends, and what is not bad enough is only listed."""

import json
import sqlite3
from typing import Any

import pytest
from support.responding import MONDAY, Responding

from actinf.errors import RateLimited, WebhookRefused
from actinf.responder.incident import decisions
from actinf.responder.incident.severity import Severity, classify, signals_of
from actinf.responder.intake.alert import Alert
from actinf.responder.reception import Reception
from actinf.responder.scanning import Scanning
from actinf.responder.store import alerts


def result(number: int, score: str = "9.8", **changes: Any) -> dict[str, Any]:
    return {
        "ruleId": f"CVE-{number}",
        "message": {"text": f"Package: p{number}"},
        "properties": {"security-severity": score},
        "locations": [{"physicalLocation": {"artifactLocation": {"uri": "acme/api"}}}],
        **changes,
    }


def report(*results: dict[str, Any], tool: str = "Trivy", **run: Any) -> bytes:
    image = {"imageName": "registry.example.org/acme/api:1.4"}
    document = {"tool": {"driver": {"name": tool}}, "results": list(results), "properties": image, **run}
    return json.dumps({"version": "2.1.0", "runs": [document]}).encode()


class Scanned:
    """A responder that takes reports."""

    def __init__(self, at_hand: Responding, opens_from: str = "high", most_waiting: int = 100_000):
        self.at_hand = at_hand
        self.scanning = Scanning(at_hand.store, at_hand.clock, opens_from, most_waiting)
        self.reception = Reception(at_hand.desk)

    def take(self, body: bytes, **said: str) -> dict[str, Any]:
        taken = self.scanning.take(body, **said)
        while self.reception.digest():
            pass
        self.at_hand.beat()
        (scan,) = taken["scans"]
        return dict(scan)

    def firing(self) -> list[str]:
        return sorted(alert.name for one in self.at_hand.desk.list() for alert in one.alerts.values() if alert.firing)


@pytest.fixture
def scanned(desk_at_hand: Responding) -> Scanned:
    return Scanned(desk_at_hand)


def test_a_scan_opens_one_private_incident_of_security_and_pages_its_duty(scanned: Scanned) -> None:
    taken = scanned.take(report(*(result(number) for number in range(30)), result(99, "7.0"), result(100, "5.0")))
    assert (taken["alerts"], taken["listed"], taken["new"], taken["gone"]) == (31, 1, 32, 0)
    (incident,) = scanned.at_hand.desk.list()
    assert (incident.severity, incident.incident_type, incident.private) == (Severity.P1, "security", True)
    assert incident.impact == "31 findings by Trivy in registry.example.org/acme/api: 30 critical, 1 high"
    assert incident.component == "Active Inference API"
    paged = [message for message in scanned.at_hand.paper.sent if message.kind == "page"]
    assert sorted(message.to.handle for message in paged if message.to) == ["ada", "sec"]


def test_a_weakness_is_as_severe_as_it_is_bad_and_evidence_of_a_breach_is_more() -> None:
    labels = {"incident_type": "security", "weakness": "high"}
    assert classify(signals_of(labels, {})).severity is Severity.P2
    assert classify(signals_of({**labels, "security_breach": "true"}, {})).severity is Severity.P0
    assert classify(signals_of({**labels, "weakness": "unheard of"}, {})).severity is Severity.P0


def test_what_is_high_waits_for_business_hours_but_opens_at_once(scanned: Scanned) -> None:
    scanned.take(report(result(1, "7.5")))
    (incident,) = scanned.at_hand.desk.list()
    assert incident.severity is Severity.P2


def test_what_the_next_scan_does_not_find_ends_and_the_same_again_is_nothing_new(scanned: Scanned) -> None:
    scanned.take(report(result(1), result(2)))
    again = scanned.take(report(result(1), result(2)))
    assert (again["new"], again["gone"], scanned.firing()) == (0, 0, ["CVE-1", "CVE-2"])
    less = scanned.take(report(result(2), result(3)))
    assert (less["new"], less["gone"], scanned.firing()) == (1, 1, ["CVE-2", "CVE-3"])
    assert len(scanned.at_hand.desk.list()) == 1
    scanned.take(report())
    assert (scanned.firing(), scanned.scanning.findings()) == ([], [])
    assert [one.is_open for one in scanned.at_hand.desk.list()] == [True], "only a person closes what is of security"


def test_another_tool_or_target_is_another_set(scanned: Scanned) -> None:
    scanned.take(report(result(1)))
    scanned.take(report(result(2), tool="Grype"))
    scanned.take(report(result(3)), target="another image")
    assert scanned.firing() == ["CVE-1", "CVE-2", "CVE-3"]


def test_a_scan_that_failed_says_nothing_of_what_it_did_not_find(scanned: Scanned) -> None:
    scanned.take(report(result(1), result(2)))
    taken = scanned.take(report(result(3), invocations=[{"executionSuccessful": False}]))
    assert (taken["complete"], taken["gone"], scanned.firing()) == (False, 0, ["CVE-1", "CVE-2", "CVE-3"])


def test_what_was_suppressed_or_counts_for_less_now_ends(scanned: Scanned) -> None:
    scanned.take(report(result(1), result(2), result(3)))
    taken = scanned.take(report(result(1, suppressions=[{"kind": "external"}]), result(2, "4.0"), result(3)))
    assert (taken["suppressed"], taken["gone"], scanned.firing()) == (1, 1, ["CVE-3"])
    assert [one["alert"] for one in scanned.scanning.findings()] == [True, False]


def fates(scanned: Scanned) -> dict[str, str]:
    return {one["rule"]: one["fate"] for one in scanned.scanning.findings(past=True)}


def test_what_became_of_each_finding_is_known_for_90_days(scanned: Scanned) -> None:
    scanned.take(report(result(1), result(2), result(3, "5.0"), result(4, suppressions=[{"kind": "external"}])))
    (incident,) = scanned.at_hand.desk.list()
    scanned.at_hand.clock.pass_(days=1)
    scanned.take(report(result(1), result(2, suppressions=[{"kind": "inSource"}])))
    assert fates(scanned) == {"CVE-1": "there", "CVE-2": "accepted", "CVE-3": "gone", "CVE-4": "gone"}
    known = {one["rule"]: one for one in scanned.scanning.findings(past=True)}
    assert [known[f"CVE-{number}"]["incident"] for number in (1, 2, 3)] == [incident.id, incident.id, None]
    assert known["CVE-3"]["gone_at"] == scanned.at_hand.clock().isoformat()
    assert [one["rule"] for one in scanned.scanning.findings()] == ["CVE-1"]
    (one,) = scanned.scanning.scans()
    assert (one["tool"], one["complete"]) == ("Trivy", True)
    scanned.at_hand.clock.pass_(days=91)
    scanned.take(report(result(1)))
    assert fates(scanned) == {"CVE-1": "there", "CVE-2": "gone"}, "what went later is still known"


def test_what_is_back_after_it_was_gone_begins_anew_and_what_was_accepted_goes_on(scanned: Scanned) -> None:
    scanned.take(report(result(1), result(2)))
    began = scanned.at_hand.clock()
    scanned.at_hand.clock.pass_(days=1)
    scanned.take(report(result(2, suppressions=[{"kind": "external"}])))
    scanned.at_hand.clock.pass_(days=1)
    again = scanned.take(report(result(1), result(2)))
    since = {one["rule"]: one["since"] for one in scanned.scanning.findings()}
    assert since == {"CVE-1": scanned.at_hand.clock().isoformat(), "CVE-2": began.isoformat()}
    assert (again["new"], scanned.firing()) == (2, ["CVE-1", "CVE-2"])


def test_a_scan_that_failed_says_what_it_accepts_and_nothing_of_what_it_did_not_find(scanned: Scanned) -> None:
    scanned.take(report(result(1), result(2)))
    failed = [{"executionSuccessful": False}]
    taken = scanned.take(report(result(2, suppressions=[{"kind": "external"}]), invocations=failed))
    assert (taken["gone"], fates(scanned)) == (1, {"CVE-1": "there", "CVE-2": "accepted"})
    assert [one["complete"] for one in scanned.scanning.scans()] == [False]


def test_what_is_accepted_in_one_place_and_not_in_another_is_there(scanned: Scanned) -> None:
    scanned.take(report(result(1), result(1, suppressions=[{"kind": "external"}])))
    assert fates(scanned) == {"CVE-1": "there"}


def test_a_finding_that_is_still_there_opens_again_what_was_resolved(scanned: Scanned) -> None:
    scanned.take(report(result(1)))
    (incident,) = scanned.at_hand.desk.list()
    scanned.at_hand.desk.act(incident.id, lambda one: decisions.resolve(one, "patched"), by="ada")
    scanned.at_hand.clock.pass_(minutes=10)
    scanned.take(report(result(1)))
    assert [one.id for one in scanned.at_hand.desk.list()] == [incident.id]


def test_a_setting_says_how_bad_it_has_to_be(desk_at_hand: Responding) -> None:
    scanned = Scanned(desk_at_hand, opens_from="critical")
    assert scanned.take(report(result(1, "8.0")))["alerts"] == 0
    assert scanned.at_hand.desk.list() == []
    assert [one["rule"] for one in scanned.scanning.findings("api")] == ["CVE-1"]
    assert scanned.scanning.findings("postgres") == []


def breach(component: str) -> Alert:
    labels = {"alertname": "AuditContradicted", "component": component, "incident_type": "security"}
    return Alert(
        source="alertmanager",
        fingerprint=f"breach of {component}",
        name="AuditContradicted",
        status="firing",
        labels={**labels, "security_breach": "true"},
        annotations={},
        starts_at=MONDAY,
        ends_at=None,
        generator_url="",
    )


def test_a_breach_never_joins_the_incident_of_a_scan(scanned: Scanned) -> None:
    scanned.take(report(result(1, "7.5")))
    scanned.reception.accept([breach("api")])
    scanned.reception.digest()
    assert sorted(one.severity for one in scanned.at_hand.desk.list()) == [Severity.P0, Severity.P2]


def test_a_weakness_never_joins_a_breach_of_what_its_component_stands_on(scanned: Scanned) -> None:
    scanned.reception.accept([breach("api")])
    scanned.reception.digest()
    scanned.take(report(result(1, "7.5")), component="nginx")
    assert sorted(one.severity for one in scanned.at_hand.desk.list()) == [Severity.P0, Severity.P2]


def test_a_report_is_taken_as_a_whole_or_not_at_all(scanned: Scanned, monkeypatch: pytest.MonkeyPatch) -> None:
    scanned.take(report(result(1)))

    def dies(*_: object) -> None:
        raise sqlite3.OperationalError("disk I/O error")

    with monkeypatch.context() as patched:
        patched.setattr(alerts, "accept", dies)
        with pytest.raises(sqlite3.OperationalError):
            scanned.scanning.take(report(result(2)))
    assert [one["rule"] for one in scanned.scanning.findings()] == ["CVE-1"], "else CVE-2 would never be told"
    assert scanned.take(report(result(2)))["new"] == 1


def test_what_is_refused_changes_nothing_and_too_much_is_put_off(desk_at_hand: Responding) -> None:
    scanned = Scanned(desk_at_hand, most_waiting=3)
    scanned.scanning.take(report(result(1), result(2)))
    with pytest.raises(RateLimited, match="2 alerts wait"):
        scanned.scanning.take(report(result(3), result(4)), target="other")
    with pytest.raises(WebhookRefused):
        scanned.scanning.take(report(result(1), result(5, ruleId=7)))
    assert [one["rule"] for one in scanned.scanning.findings()] == ["CVE-1", "CVE-2"]
