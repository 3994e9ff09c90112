"""What is silenced opens nothing, is kept, and is told the moment that nothing silences it any more."""

from datetime import timedelta
from typing import Any

import pytest
from support.responding import MONDAY, Responding

from actinf.errors import NoSuchSilence, SettingError
from actinf.responder.documents import event_document
from actinf.responder.incident import decisions
from actinf.responder.intake.alert import Alert
from actinf.responder.quiet.quieting import Quieting
from actinf.responder.quiet.requests import AnnounceMaintenance, MakeSilence, Weekday
from actinf.responder.reception import Reception
from actinf.responder.record.narrative import sentence
from actinf.responder.record.verification import verify
from actinf.responder.store import office

HOUR = timedelta(hours=1)


def alert(name: str = "DiskFull", *, firing: bool = True, **labels: str) -> Alert:
    given: dict[str, Any] = {"alertname": name, "component": "disk", "severity": "P1", **labels}
    return Alert(
        source="alertmanager",
        fingerprint=f"{name} {sorted(given.items())}",
        name=name,
        status="firing" if firing else "resolved",
        labels=given,
        annotations={"summary": f"{name} now"},
        starts_at=MONDAY,
        ends_at=None,
        generator_url="",
    )


def silence(*matchers: str, minutes: int = 120, **given: Any) -> MakeSilence:
    return MakeSilence(matchers=matchers or ("component=disk",), minutes=minutes, reason="new disks", **given)


class Scene:
    """A responder with alerts and silences."""

    def __init__(self, at_hand: Responding):
        self.at_hand = at_hand
        self.desk, self.clock = at_hand.desk, at_hand.clock
        self.reception = Reception(at_hand.desk)
        self.quieting = Quieting(at_hand.store, at_hand.clock)
        self.counted: list[str] = []
        self.reception.quieted = self.counted.append

    def take(self, *taken: Alert) -> None:
        self.reception.accept(taken)
        self.look()

    def look(self) -> None:
        while self.reception.digest():
            pass

    def pass_(self, **given: float) -> None:
        self.clock.pass_(**given)
        self.look()

    @property
    def open(self) -> list[str]:
        return [one.component for one in self.desk.list()]

    def held(self) -> list[str]:
        return [one.alert.name for one in self.quieting.held()]


@pytest.fixture
def scene(desk_at_hand: Responding) -> Scene:
    return Scene(desk_at_hand)


def test_a_silenced_alert_opens_nothing_is_kept_and_counted(scene: Scene) -> None:
    made = scene.quieting.silence(silence(), by="ada")
    assert (made["id"], made["by"], made["holds"], made["holds_back"]) == ("1", "ada", True, [])
    scene.take(alert(), alert(component="mail"))
    scene.take(alert())
    assert scene.open == ["mail"]
    (now,) = scene.quieting.silences()
    assert [(one["name"], one["severity"], one["since"]) for one in now["holds_back"]] == [
        ("DiskFull", "P1", "2026-11-23T10:00:00+00:00")
    ]
    assert now["times_held"] == 1
    assert scene.counted == ["silence 1"]


def test_when_the_silence_ends_and_it_still_fires_it_opens_its_incident_then(scene: Scene) -> None:
    scene.quieting.silence(silence(), by="ada")
    scene.take(alert())
    scene.pass_(minutes=119.9)
    assert scene.open == []
    scene.pass_(minutes=0.2)
    (incident,) = scene.desk.list()
    # Its clocks count from the moment on at which it was to be told.
    assert incident.detected_at == MONDAY + 2 * HOUR
    told = [one.event.stored().get("text") for one in scene.desk.timeline(incident.id) if one.event.kind == "note"]
    assert told == ["it fires since 2026-11-23 10:00 UTC, and was kept back by silence 1"]
    assert scene.held() == []
    scene.at_hand.beat()
    assert "page" in scene.at_hand.paper.kinds


def test_an_end_by_hand_takes_effect_at_once(scene: Scene) -> None:
    scene.quieting.silence(silence(), by="ada")
    scene.take(alert())
    scene.pass_(minutes=10)
    ended = scene.quieting.end_silence("1", by="ben")
    assert (ended["ended_by"], ended["holds"], [one["name"] for one in ended["holds_back"]]) == (
        "ben",
        False,
        ["DiskFull"],
    )
    scene.look()
    (incident,) = scene.desk.list()
    assert incident.detected_at == MONDAY + timedelta(minutes=10)
    with pytest.raises(NoSuchSilence, match="no silence that holds has the number '1'"):
        scene.quieting.end_silence("1", by="ben")
    (past,) = scene.quieting.silences(past=True)
    assert (past["ended_by"], past["by"], past["reason"]) == ("ben", "ada", "new disks")


def test_what_ended_meanwhile_opens_nothing_afterwards(scene: Scene) -> None:
    scene.quieting.silence(silence(), by="ada")
    scene.take(alert())
    scene.take(alert(firing=False))
    assert scene.held() == []
    scene.pass_(hours=3)
    assert scene.desk.list("all") == []


def test_what_two_silence_is_told_after_the_last_of_them(scene: Scene) -> None:
    scene.quieting.silence(silence(minutes=60), by="ada")
    scene.quieting.silence(silence("alertname=~Disk.*", minutes=90), by="ben")
    scene.take(alert())
    assert [len(one["holds_back"]) for one in scene.quieting.silences()] == [1, 1]
    scene.quieting.end_silence("2", by="ben")
    scene.look()
    assert scene.open == []
    scene.pass_(minutes=61)
    assert scene.open == ["disk"]


def test_a_silence_hides_no_incident_that_is_open(scene: Scene) -> None:
    scene.take(alert())
    (incident,) = scene.desk.list()
    made = scene.quieting.silence(silence(), by="ada")
    assert [one["incident"] for one in made["holds_back"]] == [incident.id]
    scene.take(alert(firing=False))
    scene.take(alert())
    assert [one.event.stored()["firing"] for one in scene.desk.timeline(incident.id) if one.event.kind == "alert"] == [
        True,
        False,
        True,
    ]
    assert scene.held() == []


def test_what_comes_back_silenced_reopens_nothing_until_the_silence_ends(scene: Scene) -> None:
    scene.take(alert())
    (incident,) = scene.desk.list()
    scene.desk.act(incident.id, lambda one: decisions.resolve(one, "mended"), by="ada")
    scene.take(alert(firing=False))
    before = len(scene.desk.timeline(incident.id))
    scene.quieting.silence(silence(minutes=10), by="ada")
    for firing in (True, False, True):
        scene.take(alert(firing=firing))
    assert scene.open == []
    assert len(scene.desk.timeline(incident.id)) == before
    scene.pass_(minutes=11)
    assert [one.id for one in scene.desk.list()] == [incident.id]


def test_what_was_erased_meanwhile_stops_nothing(scene: Scene) -> None:
    scene.take(alert())
    (incident,) = scene.desk.list()
    scene.desk.act(incident.id, lambda one: decisions.resolve(one, "mended"), by="ada")
    scene.quieting.silence(silence(minutes=10), by="ada")
    scene.take(alert(firing=False))
    scene.take(alert())
    scene.desk.erase(incident.id, "asked for", by="ada")
    assert scene.held() == []
    scene.pass_(minutes=11)
    scene.take(alert())
    assert scene.open == ["disk"]


def test_what_waits_to_last_is_held_back_as_soon_as_it_is_silenced(scene: Scene) -> None:
    scene.take(alert(severity="P2"))
    scene.quieting.silence(silence(), by="ada")
    scene.look()
    assert scene.held() == ["DiskFull"]
    scene.pass_(minutes=1)
    assert scene.open == []
    scene.pass_(hours=2)
    assert scene.open == ["disk"]


def test_a_window_every_week_holds_back_what_it_is_for_while_it_goes_on(scene: Scene) -> None:
    request = AnnounceMaintenance(
        name="disk swap",
        matchers=("component=disk",),
        days=(Weekday.MON,),
        opens="12:00",
        minutes=60,
        zone="Europe/Berlin",
    )
    made = scene.quieting.announce(request, by="eve")
    assert (made["when"], made["holds"], made["from"]) == (
        "every Monday at 12:00 for 1 h, Europe/Berlin",
        False,
        "2026-11-23T11:00:00+00:00",
    )
    scene.take(alert(firing=False))
    scene.pass_(minutes=61)
    scene.take(alert())
    assert scene.held() == ["DiskFull"]
    (now,) = scene.quieting.maintenances()
    assert (now["holds"], now["until"], len(now["holds_back"])) == (True, "2026-11-23T12:00:00+00:00", 1)
    scene.pass_(minutes=60)
    assert scene.open == ["disk"]
    assert scene.counted == ["maintenance disk swap"]


def test_a_window_that_was_ended_quiets_no_more_and_its_name_is_free(scene: Scene) -> None:
    request = AnnounceMaintenance(name="Swap", matchers=("component=disk",), until=MONDAY + HOUR)
    scene.quieting.announce(request, by="eve")
    with pytest.raises(SettingError, match="name is 'swap', which another window of maintenance has"):
        scene.quieting.announce(request.model_copy(update={"name": "swap"}), by="eve")
    scene.take(alert())
    ended = scene.quieting.end_maintenance("swap", by="ben")
    assert (ended["ended_by"], len(ended["holds_back"])) == ("ben", 1)
    scene.look()
    assert scene.open == ["disk"]
    with pytest.raises(NoSuchSilence, match="is called 'swap'"):
        scene.quieting.end_maintenance("swap", by="ben")
    scene.quieting.announce(request, by="eve")
    assert [one["ended_by"] for one in scene.quieting.maintenances(past=True)] == [None, "ben"]


def test_what_is_private_and_what_is_not_silence_one_another_never(scene: Scene) -> None:
    intruder = alert("BadKeys", incident_type="security")
    scene.quieting.silence(silence("component=disk"), by="ada")
    scene.take(intruder)
    assert [one.private for one in scene.desk.list()] == [True]
    scene.quieting.silence(silence("alertname=~.+", private=True), by="sec")
    scene.take(alert("Leak", incident_type="security", component="mail"), alert(component="mail"))
    assert sorted(scene.open) == ["disk", "mail"]
    assert scene.held() == ["Leak"]
    assert [one["id"] for one in scene.quieting.silences(sees_private=False)] == ["1"]
    assert [one["id"] for one in scene.quieting.silences(sees_private=True)] == ["1", "2"]
    with pytest.raises(NoSuchSilence):
        scene.quieting.end_silence("2", by="ada", sees_private=False)


def test_a_silence_that_would_be_forgotten_or_hide_everything_is_refused(scene: Scene) -> None:
    with pytest.raises(SettingError, match=r"the silence would last 1 d 1 min: expected 1 d at most.*maintenance"):
        scene.quieting.silence(silence(minutes=24 * 60 + 1), by="ada")
    with pytest.raises(SettingError, match="would quiet every alert"):
        scene.quieting.silence(silence("component=~.*"), by="ada")
    with pytest.raises(SettingError, match="'disk' is no matcher"):
        scene.quieting.silence(silence("disk"), by="ada")
    with pytest.raises(ValueError, match="say why"):
        MakeSilence(matchers=("component=disk",), minutes=5, reason="  ")
    assert scene.quieting.silences(past=True) == []


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({}, "nothing says when it ends"),
        ({"until": MONDAY}, "which is over"),
        ({"until": MONDAY + timedelta(days=8)}, "expected a week at most"),
        ({"since": MONDAY + 2 * HOUR, "until": MONDAY + HOUR}, "expected an end after the start"),
        ({"days": ["mon"]}, "lacks the hour at which it begins and how long it lasts"),
        ({"days": ["mon"], "opens": "10:00", "minutes": 5, "until": MONDAY + HOUR}, "say either"),
        ({"days": ["mon"], "opens": "10:00", "minutes": 5, "zone": "Mars"}, "zone is 'Mars'"),
        ({"days": list(Weekday), "opens": "10:00", "minutes": 1440}, "would never end"),
        ({"days": ["mon"], "opens": "00:00", "minutes": 7 * 1440}, "would never end"),
    ],
)
def test_a_window_whose_time_makes_no_sense_is_refused(scene: Scene, given: dict[str, Any], said: str) -> None:
    with pytest.raises(SettingError, match=said):
        scene.quieting.announce(AnnounceMaintenance(name="w", matchers=("component=disk",), **given), by="eve")


@pytest.mark.parametrize("name", ["", " ", "../x", "a/b", "a\nb", "\x1b[31m", "x" * 81])
def test_a_name_that_would_be_none_in_an_address_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="name"):
        AnnounceMaintenance(name=name, matchers=("component=disk",), until=MONDAY)


def test_a_preview_says_what_it_would_hold_back_and_makes_nothing(scene: Scene) -> None:
    scene.take(alert("Old"), alert("Ended", firing=False), alert(component="mail"))
    (first,) = [one.id for one in scene.desk.list() if one.component == "disk"]
    scene.take(alert("Slow", severity="P3", component="disk", root="x"))
    found = scene.quieting.would_hold_back(silence(), by="ada")
    assert {(one.alert.name, one.known.firing, one.incident, one.is_kept_back) for one in found} == {
        ("Old", True, first, False),
        ("Slow", True, None, True),
        ("Ended", False, None, False),
    }
    assert scene.quieting.silences(past=True) == []


def test_of_a_silenced_storm_the_most_severe_are_named_and_all_are_counted(scene: Scene) -> None:
    scene.quieting.silence(silence(), by="ada")
    scene.take(*(alert(severity="P2", pod=f"api-{number}") for number in range(150)), alert("DiskGone", severity="P0"))
    (now,) = scene.quieting.silences()
    assert (len(now["holds_back"]), now["holds_back_in_all"], now["holds_back"][0]["name"]) == (100, 151, "DiskGone")
    found = scene.quieting.in_short()
    assert (found.silences, found.windows, found.held, found.grave) == (1, 0, 151, 1)
    ended = scene.quieting.end_silence("1", by="ada")
    assert (len(ended["holds_back"]), ended["holds_back_in_all"]) == (100, 151)


def test_a_preview_names_no_private_incident_that_took_an_alert_up(scene: Scene) -> None:
    scene.take(alert())
    (public,) = scene.desk.list()
    assert [one.incident for one in scene.quieting.would_hold_back(silence(), by="ada")] == [public.id]
    private = scene.at_hand.opened(private=True)
    scene.desk.merge(public.id, private, by="ada")
    assert scene.quieting.would_hold_back(silence(), by="ada") == []
    assert scene.quieting.silence(silence(), by="ada")["holds_back"] == []


def test_who_silenced_and_who_ended_it_stands_in_the_log_of_the_office(scene: Scene) -> None:
    scene.quieting.silence(silence(), by="ada")
    scene.quieting.end_silence("1", by="ben")
    window = AnnounceMaintenance(name="Swap", matchers=("component=disk",), since=MONDAY, until=MONDAY + HOUR)
    scene.quieting.announce(window, by="eve")
    scene.quieting.end_maintenance("Swap", by="ada")
    with scene.at_hand.store.reading() as connection:
        told = [(one.by, sentence(event_document(one))) for one in office.log(connection)]
        assert verify(connection, scene.at_hand.store.key, None).good
    assert told[1:] == [
        ("ada", 'silence 1, until 2026-11-23 12:00 UTC, of component="disk": new disks'),
        ("ben", "silence 1 was ended"),
        ("eve", 'maintenance 1, 2026-11-23 10:00 to 2026-11-23 11:00 UTC, of component="disk": Swap'),
        ("ada", "maintenance 1 was ended"),
    ]


def test_the_store_lets_no_silence_be_changed_or_deleted(scene: Scene) -> None:
    scene.quieting.silence(silence(), by="ada")
    with scene.at_hand.store.writing() as connection:
        for statement in ("DELETE FROM silence", "UPDATE silence SET ends_at = ends_at + 1"):
            with pytest.raises(Exception, match="a silence is only ended"):
                connection.execute(statement)
