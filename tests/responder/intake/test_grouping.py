import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from actinf.errors import SettingError
from actinf.responder.intake.alert import Alert
from actinf.responder.intake.fingerprint import full_fingerprint, partial_fingerprint
from actinf.responder.intake.grouping import (
    GroupingSettings,
    GroupKey,
    Joins,
    Opens,
    Placement,
    Reopens,
    Standing,
    group_of,
    place,
)

NOW = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def an_alert(name: str = "ApiErrors", at: datetime = NOW, **labels: str) -> Alert:
    labels = {"alertname": name} | labels
    return Alert(
        source="alertmanager",
        fingerprint=full_fingerprint("alertmanager", labels),
        name=name,
        status="firing",
        labels=labels,
        annotations={},
        starts_at=at,
        ends_at=None,
        generator_url="",
    )


API = {"component": "api", "incident_type": "api_down"}


class Incidents:
    """What a store does: keeps what stands, and does what was decided."""

    def __init__(self, settings: GroupingSettings | None = None):
        self.standing: dict[str, Standing] = {}
        self._settings = settings

    def take(self, alert: Alert, at: datetime = NOW) -> Placement:
        placement = place(alert, self.standing.values(), at, self._settings)
        partial = partial_fingerprint(alert.labels)
        match placement:
            case Opens(key, takes_storm):
                name = str(len(self.standing))
                self.standing[name] = Standing(
                    incident=name, key=key, opened_at=at, newest_alert_at=at, alerts={partial}, takes_storm=takes_storm
                )
            case Joins(name, True):
                one = self.standing[name]
                self.standing[name] = replace(one, newest_alert_at=at, alerts={*one.alerts, partial})
            case Reopens(name):
                self.standing[name] = replace(self.standing[name], resolved_at=None)
        return placement

    def resolve(self, name: str, at: datetime) -> None:
        self.standing[name] = replace(self.standing[name], resolved_at=at)


def test_the_group_of_an_alert_is_its_component_and_its_root() -> None:
    assert group_of(an_alert(**API)) == GroupKey(component="api", root="api_down", private=False)
    assert group_of(an_alert(root="disk", **API)).root == "disk"
    assert group_of(an_alert("Alone")) == GroupKey(component="", root="Alone", private=False)


def test_alerts_of_one_component_and_root_are_one_incident() -> None:
    incidents = Incidents()
    assert isinstance(incidents.take(an_alert("ApiDown", **API)), Opens)
    joined = incidents.take(an_alert("ApiErrors", **API), NOW + MINUTE)
    assert isinstance(joined, Joins)
    assert (joined.incident, joined.is_new) == ("0", True)
    assert "api, api_down" in joined.why
    assert isinstance(incidents.take(an_alert("ApiErrors", component="nginx", incident_type="api_down")), Opens)
    assert isinstance(incidents.take(an_alert("X", component="api", incident_type="high_memory")), Opens)


def test_the_same_alert_of_another_pod_or_once_more_is_nothing_new_however_late() -> None:
    incidents = Incidents()
    incidents.take(an_alert(instance="a", **API))
    again = incidents.take(an_alert(instance="b", **API), NOW + timedelta(days=5))
    assert isinstance(again, Joins)
    assert not again.is_new


def test_what_comes_long_after_the_last_that_was_new_is_another_incident() -> None:
    """An incident of low severity that has stood for days must not take what is urgent now, with clocks run out."""
    incidents = Incidents()
    incidents.take(an_alert("A", **API))
    incidents.take(an_alert("A", **API), NOW + 59 * MINUTE)
    assert isinstance(incidents.take(an_alert("B", **API), NOW + 60 * MINUTE), Joins)
    assert isinstance(incidents.take(an_alert("C", **API), NOW + 121 * MINUTE), Opens)
    newest = incidents.take(an_alert("D", **API), NOW + 122 * MINUTE)
    assert isinstance(newest, Joins)
    assert newest.incident == "1"


def test_what_was_resolved_a_short_while_ago_is_opened_again() -> None:
    incidents = Incidents()
    incidents.take(an_alert("A", **API))
    incidents.resolve("0", NOW + MINUTE)
    back = place(an_alert("A", **API), incidents.standing.values(), NOW + 30 * MINUTE)
    assert back == Reopens("0", "it was resolved a short while ago, and the same came back")
    assert isinstance(place(an_alert("A", **API), incidents.standing.values(), NOW + 31 * MINUTE), Opens)
    never = GroupingSettings(reopen_within=timedelta(0))
    assert isinstance(place(an_alert("A", **API), incidents.standing.values(), NOW + MINUTE, never), Opens)


def test_what_is_private_never_meets_what_is_not() -> None:
    incidents = Incidents(GroupingSettings(root_labels=("root",), storm_after=1))
    secret = {"component": "api", "root": "x", "incident_type": "security"}
    incidents.take(an_alert("A", component="api", root="x"))
    opened = incidents.take(an_alert("A", **secret))
    assert isinstance(opened, Opens)
    assert opened.key.private
    incidents.take(an_alert("B", component="nginx", root="y"))
    assert incidents.standing["2"].takes_storm
    stormed = incidents.take(an_alert("C", **secret | {"root": "z"}))
    assert isinstance(stormed, Opens)
    assert stormed.key.private


# ------------------------------------------------------------------------------------- storms


@pytest.mark.parametrize("causes", [1, 3, 10, 40])
def test_a_storm_ends_in_as_many_incidents_as_it_has_roots_and_one_more_at_most(causes: int) -> None:
    """A thousand alerts a second for five seconds: of many rules, pods and nodes, in any order."""
    chance = random.Random(7)
    incidents = Incidents()
    for number in range(5000):
        cause = chance.randrange(causes)
        alert = an_alert(
            f"Rule{chance.randrange(8)}",
            component=f"part{cause % 5}",
            root=f"cause {cause}",
            pod=f"pod-{number}",
            severity=f"P{chance.randrange(4)}",
        )
        incidents.take(alert, NOW + number * timedelta(milliseconds=1))
    assert len(incidents.standing) <= causes + 1


def test_a_storm_in_which_nobody_knows_a_root_ends_in_few_incidents() -> None:
    incidents = Incidents()
    for number in range(3000):
        incidents.take(an_alert(f"Alert{number}", pod=f"pod-{number}"), NOW + number * timedelta(milliseconds=1))
    assert len(incidents.standing) == GroupingSettings().storm_after + 1
    assert [one.incident for one in incidents.standing.values() if one.takes_storm] == ["10"]


def test_an_alert_of_a_storm_stays_where_it_is_when_the_storm_is_over() -> None:
    incidents = Incidents(GroupingSettings(storm_after=2))
    for name in "ABCD":
        incidents.take(an_alert(name))
    later = NOW + timedelta(days=1)
    again = incidents.take(an_alert("D"), later)
    assert isinstance(again, Joins)
    assert (again.incident, again.is_new) == ("2", False)
    assert isinstance(incidents.take(an_alert("E"), later), Opens)
    assert not incidents.standing["3"].takes_storm


def test_a_storm_that_was_resolved_is_not_opened_again_by_the_next_thing() -> None:
    incidents = Incidents(GroupingSettings(storm_after=2))
    for name in "ABC":
        incidents.take(an_alert(name))
    incidents.resolve("2", NOW + MINUTE)
    assert isinstance(incidents.take(an_alert("C"), NOW + 20 * MINUTE), Opens)


@pytest.mark.parametrize("changes", [{"storm_after": 0}, {"window": -MINUTE}, {"reopen_within": -MINUTE}])
def test_settings_out_of_their_range_are_refused(changes: dict[str, object]) -> None:
    with pytest.raises(SettingError, match=next(iter(changes))):
        GroupingSettings(**changes)
