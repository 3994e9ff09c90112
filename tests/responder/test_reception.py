"""Alerts come in: incidents open, join, clear, come back; a storm ends in a few."""

from datetime import timedelta
from typing import Any

import pytest
from support.responding import MONDAY, Responding, alert, take

from actinf.responder.incident import decisions
from actinf.responder.incident.severity import Severity
from actinf.responder.reception import Reception


@pytest.fixture
def reception(desk_at_hand: Responding) -> Reception:
    return Reception(desk_at_hand.desk)


def test_an_alert_opens_an_incident_that_says_what_it_said(desk_at_hand: Responding, reception: Reception) -> None:
    take(reception, alert())
    (incident,) = desk_at_hand.desk.list()
    assert (incident.severity, incident.incident_type, incident.component) == (
        Severity.P1,
        "api_down",
        "Active Inference API",
    )
    assert incident.impact == "ApiDown: nothing answers"
    assert incident.source == "alert"
    assert incident.detected_at == MONDAY
    assert [seen.name for seen in incident.alerts.values()] == ["ApiDown"]
    desk_at_hand.beat()
    assert desk_at_hand.paper.kinds == ["page", "alert"]


def test_the_same_alert_again_is_nothing_new(desk_at_hand: Responding, reception: Reception) -> None:
    for _ in range(5):
        take(reception, alert(), alert())
    (incident,) = desk_at_hand.desk.list()
    assert [one.event.kind for one in desk_at_hand.desk.timeline(incident.id)] == ["opened", "alert", "published"]


def test_alerts_of_one_root_are_one_incident_and_others_another(desk_at_hand: Responding, reception: Reception) -> None:
    take(reception, alert(), alert(pod="b"), alert("ApiErrors"), alert("NothingIsScraped", component="prometheus"))
    found = {one.component: len(one.alerts) for one in desk_at_hand.desk.list()}
    assert found == {"Active Inference API": 3, "Monitoring": 1}


@pytest.mark.parametrize("names", [("DatabaseDown", "ApiUnhealthy"), ("ApiUnhealthy", "DatabaseDown")])
def test_what_a_part_takes_down_with_it_is_no_second_incident(
    desk_at_hand: Responding, reception: Reception, names: tuple[str, str]
) -> None:
    made = {
        "DatabaseDown": alert("DatabaseDown", component="postgres", incident_type="database_performance"),
        "ApiUnhealthy": alert("ApiUnhealthy", component="api"),
    }
    take(reception, made[names[0]])
    desk_at_hand.beat()
    desk_at_hand.clock.pass_(minutes=4)
    take(reception, made[names[1]], alert("NginxErrors", component="nginx", severity="P2"))
    (incident,) = desk_at_hand.desk.list()
    assert {one.name for one in incident.alerts.values()} == {*names, "NginxErrors"}
    assert desk_at_hand.paper.kinds.count("page") == 1


def test_what_is_worse_later_or_unbound_is_an_incident_of_its_own(
    desk_at_hand: Responding, reception: Reception
) -> None:
    slow = {"component": "postgres", "incident_type": "database_performance"}
    take(reception, alert("DatabaseDown", **slow))
    take(reception, alert("ApiDown", severity="P0"))
    assert len(desk_at_hand.desk.list()) == 2, "it is worse than what was known, and has to page"
    take(reception, alert("NothingIsScraped", component="monitoring", incident_type="other"))
    assert len(desk_at_hand.desk.list()) == 3, "neither stands on the other"
    desk_at_hand.clock.pass_(minutes=6)
    take(reception, alert("WorkersGone", component="worker"))
    assert len(desk_at_hand.desk.list()) == 4, "it came long after"


def test_a_worse_alert_makes_the_incident_worse_and_a_milder_one_does_not(
    desk_at_hand: Responding, reception: Reception
) -> None:
    take(reception, alert(severity="P2"))
    desk_at_hand.clock.pass_(seconds=31)
    reception.digest()
    take(reception, alert("ApiErrors", severity="P0"), alert("ApiTimeouts", severity="P3"))
    (incident,) = desk_at_hand.desk.list()
    assert incident.severity is Severity.P0


def test_what_is_gone_again_before_it_lasted_opens_nothing(desk_at_hand: Responding, reception: Reception) -> None:
    take(reception, alert(severity="P2"))
    assert desk_at_hand.desk.list() == []
    desk_at_hand.clock.pass_(seconds=10)
    take(reception, alert(severity="P2", firing=False))
    desk_at_hand.clock.pass_(minutes=5)
    reception.digest()
    assert desk_at_hand.desk.list("all") == []


def test_it_closes_by_itself_when_nobody_came_and_all_was_quiet_for_a_while(
    desk_at_hand: Responding, reception: Reception
) -> None:
    take(reception, alert(), alert(pod="b"))
    desk_at_hand.beat()
    take(reception, alert(firing=False))
    desk_at_hand.clock.pass_(minutes=10)
    desk_at_hand.beat()
    assert len(desk_at_hand.desk.list()) == 1
    take(reception, alert(pod="b", firing=False))
    desk_at_hand.clock.pass_(minutes=4.9)
    desk_at_hand.beat()
    assert len(desk_at_hand.desk.list()) == 1
    desk_at_hand.clock.pass_(minutes=0.2)
    desk_at_hand.beat()
    (incident,) = desk_at_hand.desk.list("resolved")
    assert incident.resolution == "all its alerts have been quiet for 5 min"


def test_what_comes_and_goes_has_to_be_quiet_for_longer(desk_at_hand: Responding, reception: Reception) -> None:
    for _ in range(3):
        take(reception, alert())
        desk_at_hand.clock.pass_(minutes=1)
        take(reception, alert(firing=False))
    desk_at_hand.clock.pass_(minutes=15)
    desk_at_hand.beat()
    assert len(desk_at_hand.desk.list()) == 1
    desk_at_hand.clock.pass_(minutes=6)
    desk_at_hand.beat()
    (incident,) = desk_at_hand.desk.list("resolved")
    assert incident.resolution == "all its alerts have been quiet for 20 min"


def test_what_somebody_attends_to_is_theirs_to_close(desk_at_hand: Responding, reception: Reception) -> None:
    take(reception, alert())
    (incident,) = desk_at_hand.desk.list()
    desk_at_hand.desk.act(incident.id, lambda one: decisions.acknowledge(one, "ada"), by="ada")
    take(reception, alert(firing=False))
    desk_at_hand.clock.pass_(hours=1)
    desk_at_hand.beat()
    assert desk_at_hand.desk.incident(incident.id).is_open
    assert desk_at_hand.desk.incident(incident.id).cleared_at == MONDAY


def test_security_never_closes_by_itself(desk_at_hand: Responding, reception: Reception) -> None:
    intruder = {"incident_type": "security", "component": "api"}
    take(reception, alert("BadKeys", **intruder))
    take(reception, alert("BadKeys", firing=False, **intruder))
    desk_at_hand.clock.pass_(hours=1)
    desk_at_hand.beat()
    (incident,) = desk_at_hand.desk.list()
    assert (incident.severity, incident.private) == (Severity.P0, True)


def test_what_somebody_lowered_is_raised_again_by_evidence_alone(
    desk_at_hand: Responding, reception: Reception
) -> None:
    """Else the next guessed key would page everybody for what was looked at, and found to be noise."""
    suspicious = {"incident_type": "security", "severity": "P0"}
    take(reception, alert("KeysGuessed", **suspicious))
    (incident,) = desk_at_hand.desk.list()
    assert incident.reasons[0] == "P0: security: it counts as a breach until somebody has looked"
    desk_at_hand.desk.act(
        incident.id, lambda one: decisions.change_severity(one, Severity.P2, "a forgotten program"), by="ada"
    )
    take(reception, alert("ScopesProbed", **suspicious))
    (incident,) = desk_at_hand.desk.list()
    assert (incident.severity, len(incident.alerts), incident.private) == (Severity.P2, 2, True)
    take(reception, alert("AuditContradicted", security_breach="true", **suspicious))
    (incident,) = desk_at_hand.desk.list()
    assert (incident.severity, incident.reasons) == (Severity.P0, ("P0: security: there is evidence of a breach",))


def test_evidence_of_a_breach_is_private_whatever_its_type(desk_at_hand: Responding, reception: Reception) -> None:
    take(reception, alert(), alert("RowsChanged", security_breach="yes"))
    found = {(one.incident_type, one.severity, one.private) for one in desk_at_hand.desk.list()}
    assert found == {("api_down", Severity.P1, False), ("security", Severity.P0, True)}


def test_what_is_not_about_security_is_raised_whoever_judged_it(desk_at_hand: Responding, reception: Reception) -> None:
    take(reception, alert())
    (incident,) = desk_at_hand.desk.list()
    desk_at_hand.desk.act(
        incident.id, lambda one: decisions.change_severity(one, Severity.P2, "few requests fail"), by="ada"
    )
    take(reception, alert("ApiUnhealthy", severity="P0"))
    assert desk_at_hand.desk.incident(incident.id).severity is Severity.P0


def test_what_comes_back_soon_is_opened_again(desk_at_hand: Responding, reception: Reception) -> None:
    take(reception, alert())
    (incident,) = desk_at_hand.desk.list()
    desk_at_hand.desk.act(incident.id, lambda one: decisions.resolve(one, "restarted"), by="ada")
    take(reception, alert(firing=False))
    desk_at_hand.clock.pass_(minutes=20)
    take(reception, alert())
    assert [one.id for one in desk_at_hand.desk.list()] == [incident.id]
    desk_at_hand.desk.act(incident.id, lambda one: decisions.resolve(one, "restarted"), by="ada")
    take(reception, alert(firing=False))
    desk_at_hand.clock.pass_(hours=2)
    take(reception, alert())
    assert [one.id for one in desk_at_hand.desk.list()] == ["2026-11-23-002"]


def test_an_alert_joins_what_a_person_has_opened_for_the_same(desk_at_hand: Responding, reception: Reception) -> None:
    name = desk_at_hand.opened(component="api", incident_type="api_down")
    take(reception, alert())
    assert [one.id for one in desk_at_hand.desk.list()] == [name]


def test_a_storm_ends_in_a_few_incidents_and_their_timelines_stay_readable(
    desk_at_hand: Responding, reception: Reception
) -> None:
    storm = [
        alert(f"Alert{root}", pod=f"p{number}", component=f"part{root}") for number in range(300) for root in range(4)
    ]
    for begin in range(0, len(storm), 200):
        take(reception, *storm[begin : begin + 200])
    incidents = desk_at_hand.desk.list()
    assert len(incidents) == 4
    for incident in incidents:
        assert len(incident.alerts) == 100
        assert len(desk_at_hand.desk.timeline(incident.id)) < 120
    with desk_at_hand.store.reading() as connection:
        assert connection.execute("SELECT count(*) FROM alert WHERE firing").fetchone()[0] == 1200


def test_unlike_alerts_all_at_once_end_in_one_incident_more(desk_at_hand: Responding, reception: Reception) -> None:
    take(reception, *[alert(f"Alert{root}", component=f"part{root}") for root in range(200)])
    assert len(desk_at_hand.desk.list()) == 11


def test_what_was_accepted_is_there_after_a_crash(desk_at_hand: Responding, reception: Reception) -> None:
    reception.accept([alert()])
    desk_at_hand.store.close()
    desk_at_hand.clock.pass_(seconds=1)
    assert reception.digest()
    assert len(desk_at_hand.desk.list()) == 1
    assert not reception.digest()


def test_changes_before_it_are_shown(desk_at_hand: Responding, reception: Reception) -> None:
    from actinf.responder.intake.changes import Change, ChangeKind
    from actinf.responder.store import changes

    with desk_at_hand.store.writing() as connection:
        for hour in range(8):
            what = Change(at=MONDAY - timedelta(hours=hour), kind=ChangeKind.DEPLOY, what=f"release {hour}", by="ci")
            changes.keep(connection, what)
    take(reception, alert())
    (incident,) = desk_at_hand.desk.list()
    assert [said.split(": ")[1] for said in incident.changes] == [f"release {hour} (by ci)" for hour in range(5)]


def told(desk_at_hand: Responding, incident: str) -> list[tuple[str, Any]]:
    events = [one.event for one in desk_at_hand.desk.timeline(incident)]
    return [
        (one.kind, one.stored()["firing"] if one.kind == "alert" else one.stored()["text"])
        for one in events
        if one.kind in ("alert", "note")
    ]


def test_an_alert_that_comes_and_goes_is_said_once_and_then_counted(
    desk_at_hand: Responding, reception: Reception
) -> None:
    for _ in range(200):
        take(reception, alert())
        desk_at_hand.clock.pass_(minutes=1)
        take(reception, alert(firing=False))
        desk_at_hand.clock.pass_(minutes=1)
        desk_at_hand.beat()
    (incident,) = desk_at_hand.desk.list()
    # As long as it comes and goes the incident counts as burning, and does not close by itself.
    assert incident.cleared_at is None
    listed = told(desk_at_hand, incident.id)
    assert listed == [
        *[("alert", firing) for _ in range(5) for firing in (True, False)],
        ("alert", True),
        ("note", "ApiDown came 6 times within an hour: from now on that is counted"),
    ]
    for _ in range(80):
        desk_at_hand.clock.pass_(minutes=1)
        reception.digest()
        desk_at_hand.beat()
    (incident,) = desk_at_hand.desk.list("resolved")
    assert told(desk_at_hand, incident.id)[len(listed) :] == [
        ("alert", False),
        ("note", "ApiDown changed 389 more times, comes and goes no more, and has ended"),
    ]
    assert [seen.firing for seen in incident.alerts.values()] == [False]


def test_what_comes_and_goes_and_stays_then_is_told_as_firing(desk_at_hand: Responding, reception: Reception) -> None:
    for firing in (True, False) * 8:
        take(reception, alert(firing=firing))
        desk_at_hand.clock.pass_(seconds=30)
    take(reception, alert())
    desk_at_hand.clock.pass_(minutes=61)
    reception.digest()
    (incident,) = desk_at_hand.desk.list()
    assert told(desk_at_hand, incident.id)[-1] == (
        "note",
        "ApiDown changed 6 more times, comes and goes no more, and fires",
    )
    take(reception, alert(firing=False))
    assert told(desk_at_hand, incident.id)[-1] == ("alert", False)
    assert desk_at_hand.desk.incident(incident.id).cleared_at == desk_at_hand.clock.now
