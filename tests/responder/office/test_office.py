"""The office of this machine and that of a server: the same requests, the same documents, the same refusals."""

import hashlib
import json
import random
import socket
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from support.duties import EXAMPLE
from support.responder_in_thread import responder_in_thread
from support.responder_site import ResponderSite

from actinf.errors import (
    ActinfError,
    EvidenceAltered,
    NoSuchEvidence,
    NoSuchIncident,
    NoSuchSilence,
    NotFound,
    OutOfTurn,
    ServiceError,
    ServiceUnavailable,
    SettingError,
    Unauthenticated,
    WebhookRefused,
)
from actinf.responder.catalogue.parts import Catalogue
from actinf.responder.changing import TellChange
from actinf.responder.contacts.document import contact_from, vendor_from
from actinf.responder.duties import Cancel, StandIn
from actinf.responder.intake.changes import ChangeKind
from actinf.responder.office.local import LocalOffice
from actinf.responder.office.port import Office
from actinf.responder.office.remote import RemoteOffice
from actinf.responder.oncall.rotation import Schedule
from actinf.responder.parts import make_parts
from actinf.responder.quiet.requests import AnnounceMaintenance, MakeSilence
from actinf.responder.server.edge import MOST_BYTES_OF_EVIDENCE
from actinf.responder.settings import RespondSettings
from actinf.responder.taking_in import TakeCalendar
from actinf.responder.verbs import (
    Acknowledge,
    Check,
    CloseAsFalse,
    HandEvidenceOn,
    Merge,
    Note,
    OpenCase,
    OpenIncident,
    RemoveEvidence,
    Reopen,
)


@pytest.fixture
def local(tmp_path: Path) -> Iterator[LocalOffice]:
    office = LocalOffice(make_parts(RespondSettings(data_dir=tmp_path / "store")), "ada")
    yield office
    office.close()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ResponderSite]:
    with responder_in_thread(tmp_path_factory.mktemp("server"), insecure_local=True) as process:
        yield process


@pytest.fixture
def remote(server: ResponderSite) -> Iterator[RemoteOffice]:
    office = RemoteOffice(server.url, None, "ada")
    yield office
    for name in office.names():
        office.act(name, CloseAsFalse(reason="the next test begins"))
    office.close()


@pytest.fixture(params=["local", "remote"])
def office(request: pytest.FixtureRequest) -> Office:
    office: Office = request.getfixturevalue(request.param)
    return office


def opened(office: Office) -> str:
    return str(office.open(OpenIncident(component="API", impact="fails", down=True))["id"])


def test_an_incident_is_opened_and_led(office: Office) -> None:
    name = opened(office)
    document = office.act(name, Acknowledge())
    assert (document["severity"], document["lead"], document["attended"]) == ("P0", "ada", True)
    document = office.act(name, Check(item="alerts", passed=None, found="Prometheus is away"))
    assert next(one for one in document["checklist"] if one["item"] == "alerts")["found"] == "Prometheus is away"
    assert office.incident(name)["timeline"] == document["timeline"]
    assert [one["id"] for one in office.incidents()] == list(office.names()) == [name]
    assert office.incidents("all", since=datetime.now(UTC) + timedelta(days=1)) == []


def test_a_list_is_as_long_as_it_is_asked_to_be(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("actinf.responder.office.remote._ON_A_PAGE", 2)
    made = [opened(office) for _ in range(5)]
    assert [one["id"] for one in office.incidents()] == made[::-1]
    assert [one["id"] for one in office.incidents(limit=3)] == made[:1:-1]
    assert sorted(office.names(since=datetime.now(UTC) - timedelta(minutes=5))) == made


def test_one_goes_on_as_another(office: Office) -> None:
    first, second = opened(office), opened(office)
    assert office.act(second, Merge(into=first))["id"] == first
    assert list(office.names("open")) == [first]
    assert {first, second} <= set(office.names("all"))


def test_refusals_are_the_same_errors(office: Office) -> None:
    name = opened(office)
    with pytest.raises(NoSuchIncident, match="no incident '2020-01-01-001'"):
        office.act("2020-01-01-001", Acknowledge())
    with pytest.raises(OutOfTurn, match="is open"):
        office.act(name, Reopen(reason="it is back"))
    with pytest.raises(SettingError, match="text is empty"):
        office.act(name, Note(text=" "))


def test_the_schedule_and_its_exceptions(office: Office) -> None:
    schedule = Schedule.from_text(EXAMPLE)
    office.set_schedule(schedule)
    assert office.schedule() == schedule
    until = datetime.now(UTC) + timedelta(hours=4)
    changed = office.change_duties(StandIn(level=3, who="fay", until=until))
    assert [(one.who, one.until) for one in changed.overrides] == [("fay", until)]
    assert office.schedule() == changed
    cancelled = office.change_duties(Cancel(number=1))
    duty = cancelled.on_call(3, datetime.now(UTC))
    assert duty is not None
    assert duty.person.handle == "eve"


def test_silences_and_windows_are_made_listed_and_ended(office: Office) -> None:
    asked = MakeSilence(matchers=("component=disk",), minutes=5, reason="new disks")
    assert office.would_hold_back(asked) == []
    assert office.silences() == []
    made = office.silence(asked)
    assert (made["by"], made["matchers"]) == ("ada", ['component="disk"'])
    assert [one["id"] for one in office.silences()] == [made["id"]]
    assert office.end_silence(made["id"])["ended_by"] == "ada"
    with pytest.raises(NoSuchSilence, match="no silence that holds"):
        office.end_silence(made["id"])
    assert [one["holds"] for one in office.silences(past=True)] == [False]
    name = "Umzug, Köln + 1.Teil"
    window = AnnounceMaintenance(name=name, matchers=("component=disk",), days=("mon",), opens="2:00", minutes=30)
    assert office.announce(window)["when"] == "every Monday at 02:00 for 30 min, UTC"
    with pytest.raises(SettingError, match="which another window of maintenance has"):
        office.announce(window)
    assert [one["name"] for one in office.maintenances()] == [name]
    assert office.end_maintenance(name)["from"] is None
    with pytest.raises(NoSuchSilence, match="no window of maintenance"):
        office.end_maintenance("../" + name)
    assert (office.maintenances(), len(office.maintenances(past=True))) == ([], 1)


def test_the_catalogue_is_seen_and_set(office: Office) -> None:
    before = office.catalogue()
    catalogue = Catalogue.from_document({"components": {"mail": {"name": "Mail", "type": "api_down"}}})
    try:
        office.set_catalogue(catalogue)
        assert office.catalogue() == catalogue
        assert office.open(OpenIncident(component="MAIL", impact="fails"))["type"] == "api_down"
    finally:
        office.set_catalogue(before)


def test_contacts_and_vendors_are_kept_and_called(office: Office) -> None:
    book = office.address_book
    fay = contact_from("fay", {"name": "Fay", "role": "CTO", "means": [{"phone": "+49 30 7654321"}]})
    ben = contact_from("ben", {"name": "Ben", "role": "x"})
    cloud = vendor_from("cloud", {"name": "Cloud", "kind": "cloud", "for": ["api"], "phone": "0800 123"})
    assert [one.rpartition(" ")[2] for one in book.set_contacts([fay])] == ["made"]
    assert list(book.set_contacts([fay, ben])) == ["fay was changed", "ben was made"]
    assert list(book.set_vendors([cloud])) == ["cloud was made"]
    assert (book.contact("fay"), list(book.all_contacts())) == (fay, [ben, fay])
    assert (book.vendor("cloud"), list(book.all_vendors())) == (cloud, [cloud])
    assert [(one["handle"], one["means"]) for one in book.contacts()["contacts"]] == [("ben", []), ("fay", ["phone"])]
    assert [one["for"] for one in book.vendors()["vendors"]] == [["api"]]
    incident = office.open(OpenIncident(component="api", impact="fails"))["id"]
    assert [one["key"] for one in book.whom_to_call(incident)["vendors"] if one["fits"]] == ["cloud"]
    document = office.act(incident, OpenCase(vendor="Cloud", said="look at it"))
    assert [(one["vendor"], one["said"]) for one in document["cases"]] == [("cloud", "look at it")]
    book.tell_tested("fay", reached=True)
    assert [one["test"]["state"] for one in book.contacts()["contacts"]] == ["never tried", "reached"]
    for refused, kind in (
        (lambda: book.contact("nobody"), NotFound),
        (lambda: book.remove_vendor("no/body"), NotFound),
        (lambda: book.confirm("AAAA-BBBB-CCCC"), NotFound),
        (lambda: book.try_contact("ben"), SettingError),
        (lambda: book.tell_tested("nobody", reached=True), NotFound),
    ):
        with pytest.raises(kind):
            refused()
    for handle in ("fay", "ben"):
        book.remove_contact(handle)
    book.remove_vendor("cloud")
    assert (book.contacts()["contacts"], book.vendors()["vendors"]) == ([], [])


def test_an_incident_shows_the_changes_that_were_told_of(office: Office) -> None:
    link = "https://ci.example.org/42"
    told = office.tell_change(TellChange(kind=ChangeKind.DEPLOY, what="api 1.4.2 to production", url=link))
    assert (told["kind"], told["url"], told["by"]) == ("deploy", link, "ada")
    office.tell_change(TellChange(kind=ChangeKind.FLAG, what="larger pool", at=datetime(2020, 1, 1, tzinfo=UTC)))
    assert office.changes() == [told]  # the other is of years ago
    with pytest.raises(SettingError, match="yet to come"):
        office.tell_change(TellChange(kind=ChangeKind.SCALE, what="to 5", at=datetime(2099, 1, 1, tzinfo=UTC)))
    with pytest.raises(SettingError, match="url is 'javascript"):
        office.tell_change(TellChange(kind=ChangeKind.SCALE, what="to 5", url="javascript:alert(1)"))
    (shown,) = office.incident(opened(office))["changes"]
    assert shown.endswith("deploy: api 1.4.2 to production (by ada)")


def test_all_of_an_incident_is_exported(office: Office) -> None:
    name = opened(office)
    exported = office.export(name)
    assert {event["content"][1] for event in exported["events"]} == {name}
    assert exported["incident"]["id"] == name
    assert len(exported["events"]) == len(exported["incident"]["timeline"])


def test_a_file_of_evidence_arrives_as_it_is(office: Office, tmp_path: Path) -> None:
    name, file = opened(office), tmp_path / "heap dump.bin"
    file.write_bytes(random.Random(4).randbytes(3_000_000))  # more than any other body may have
    kept = office.keep_evidence(name, file, source="pod api-1", custody="ada")
    assert kept["sha256"] == hashlib.sha256(file.read_bytes()).hexdigest()
    assert (kept["name"], kept["size"], kept["by"]) == ("heap dump.bin", 3_000_000, "ada")
    assert [one["sha256"] for one in office.export(name)["evidence"]] == [kept["sha256"]]
    with pytest.raises(NoSuchIncident, match="no incident '2020-01-01-001'"):
        office.keep_evidence("2020-01-01-001", file, source="", custody="")
    with pytest.raises(SettingError, match="is not there: expected a file"):
        office.keep_evidence(name, tmp_path / "nothing", source="", custody="")


def test_evidence_is_listed_handed_on_and_fetched_back(office: Office, tmp_path: Path) -> None:
    name, file = opened(office), tmp_path / 'a "name" \u00fc #1?.log'
    file.write_bytes(b"OOMKilled\n")
    kept = office.keep_evidence(name, file, source="pod api-1", custody="")
    assert [(one["name"], one["holder"], one["state"]) for one in office.evidence(name)] == [(file.name, "ada", None)]
    office.act(name, HandEvidenceOn(evidence=kept["sha256"][:8], to="ben"))
    (held,) = office.evidence(name, look=True, only=file.name)
    assert (held["sha256"], held["holder"], held["state"]) == (kept["sha256"], "ben", "intact")
    office.fetch_evidence(name, held["sha256"], tmp_path / "back")
    assert (tmp_path / "back").read_bytes() == file.read_bytes()
    with pytest.raises(SettingError, match="is there already"):
        office.fetch_evidence(name, held["sha256"], tmp_path / "back")
    for wrong in ("nothing.log", "../responder.key"):
        with pytest.raises(NoSuchEvidence, match="expected a name or the beginning of a SHA-256"):
            office.evidence(name, only=wrong)
    with pytest.raises(NoSuchIncident):
        office.evidence("2020-01-01-001")
    office.act(name, RemoveEvidence(evidence=file.name, reason="asked for"))
    assert [one["state"] for one in office.evidence(name, look=True)] == ["removed"]
    with pytest.raises(NoSuchEvidence, match="was removed"):
        office.fetch_evidence(name, held["sha256"], tmp_path / "again")
    assert not (tmp_path / "again").exists()


# ---------------------------------------------------------------------------------------------------- a server's own


def test_evidence_that_was_altered_is_not_sent(remote: RemoteOffice, server: ResponderSite, tmp_path: Path) -> None:
    name, file = opened(remote), tmp_path / "pods.log"
    file.write_text("OOMKilled")
    kept = remote.keep_evidence(name, file, source="", custody="")
    path = server.folder / "evidence" / name / "pods.log"
    path.chmod(0o600)
    path.write_text("Completed")
    assert [one["state"] for one in remote.evidence(name, look=True)] == ["altered"]
    with pytest.raises(EvidenceAltered, match="is not what was taken"):
        remote.fetch_evidence(name, kept["sha256"], tmp_path / "back")
    assert not (tmp_path / "back").exists()


def test_a_file_that_is_too_large_is_refused(remote: RemoteOffice, tmp_path: Path) -> None:
    file = tmp_path / "huge"
    with file.open("wb") as content:
        content.truncate(MOST_BYTES_OF_EVIDENCE + 1)
    with pytest.raises(ServiceError, match="is too large"):
        remote.keep_evidence(opened(remote), file, source="", custody="")


def asked(reply: httpx.Response | Exception, key: str | None = "ar_key") -> tuple[ActinfError, list[httpx.Request]]:
    requests = []

    def answer(request: httpx.Request) -> httpx.Response:
        requests.append(request)
        if isinstance(reply, Exception):
            raise reply
        return reply

    office = RemoteOffice("https://respond.example.org", key, "ada", transport=httpx.MockTransport(answer))
    with pytest.raises(ActinfError) as refused:
        office.incident("2026-11-27-001")
    office.close()
    return refused.value, requests


def test_who_asks_is_said_in_each_request() -> None:
    problem = {"type": "/problems/unauthenticated", "status": 401, "detail": "the key was revoked"}
    error, requests = asked(httpx.Response(401, json=problem))
    assert isinstance(error, Unauthenticated)
    assert str(error) == "the key was revoked"
    assert requests[0].headers["authorization"] == "Bearer ar_key"
    assert requests[0].headers["x-actinf-user"] == "ada"


@pytest.mark.parametrize(
    ("reply", "kind", "told"),
    [
        (httpx.ConnectError("[Errno 111] Connection refused"), ServiceUnavailable, "cannot be reached"),
        (httpx.ReadTimeout("slow"), ServiceUnavailable, "whether it was done is not known"),
        (httpx.Response(502, text="<html>bad gateway</html>"), ServiceUnavailable, "answered 502 to GET"),
        (httpx.Response(200, text="<html>hello</html>"), ServiceError, "nothing that a responder says"),
        (httpx.Response(200, json=[1]), ServiceError, "nothing that a responder says"),
        (httpx.Response(404, json={"detail": "Not Found"}), ServiceError, "does ACTINF_RESPOND_URL lead to one?"),
    ],
)
def test_what_no_responder_says_is_told(reply: Any, kind: type[ActinfError], told: str) -> None:
    error, _ = asked(reply)
    assert isinstance(error, kind)
    assert told in str(error)
    assert "ar_key" not in str(error)


@pytest.mark.parametrize(
    ("url", "key", "told"),
    [
        ("respond.example.org", None, "expected an address as https://respond.example.org"),
        ("http://respond.example.org", "ar_key", "would be sent there for all to read"),
        ("https://respond.example.org", "ar_\n", "holds characters that no key has"),
    ],
)
def test_an_address_that_makes_no_sense_is_refused(url: str, key: str | None, told: str) -> None:
    with pytest.raises(SettingError, match=told):
        RemoteOffice(url, key, "ada")


# ---------------------------------------------------------------------------------------------- this machine's own


def test_what_a_process_that_died_had_under_way_is_taken_up(local: LocalOffice, tmp_path: Path) -> None:
    opened(local)
    connection = local._parts.store._connection()
    connection.execute("UPDATE outbox SET state = 'under way'")
    assert local.settle().waits == ()
    states = {row["state"] for row in connection.execute("SELECT state FROM outbox")}
    assert states == {"sent"}
    assert (tmp_path / "store" / "responder.lock").exists()


def test_a_channel_that_never_answers_holds_nobody_up(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"smtp://127.0.0.1:{silent.getsockname()[1]}"
        settings = RespondSettings(
            data_dir=tmp_path / "store", smtp_url=url, mail_from="actinf@example.org", mail_to=("ops@example.org",)
        )
        office = LocalOffice(make_parts(settings), "ada", patience=0.3)
        opened(office)
        assert office.settle().waits == ("1 message waits for mail",)
    office.close()


def test_a_scan_is_taken_and_its_findings_are_listed(office: Office) -> None:
    run = {"tool": {"driver": {"name": "Tool"}}, "results": [{"ruleId": "R1", "message": {"text": "small"}}]}
    report = json.dumps({"version": "2.1.0", "runs": [run]}).encode()
    (scan,) = office.take_scan(report, target="shop", component="api")["scans"]
    assert (scan["findings"]["medium"], scan["alerts"], scan["listed"]) == (1, 0, 1)
    assert [(one["rule"], one["component"]) for one in office.findings("api")] == [("R1", "Active Inference API")]
    assert office.findings("postgres") == []
    assert [one["fate"] for one in office.findings("api", past=True)] == ["there"]
    with pytest.raises(WebhookRefused, match="SARIF"):
        office.take_scan(b"{", target="shop")


def test_a_calendar_is_taken_in_and_again_changes_nothing(office: Office) -> None:
    office.set_schedule(Schedule.from_text(EXAMPLE))
    begins = datetime.now(UTC).replace(microsecond=0) + timedelta(days=2)
    lines = (
        "BEGIN:VCALENDAR", "VERSION:2.0", "X-WR-CALNAME:team", "BEGIN:VEVENT", "UID:1", "SUMMARY:On call: E. Moss",
        f"DTSTART:{begins:%Y%m%dT%H%M%SZ}", "DURATION:PT4H", "END:VEVENT", "END:VCALENDAR", "",
    )  # fmt: skip
    content = "\r\n".join(lines).encode()
    with pytest.raises(SettingError, match=r"b\.ics:4: 'On call: E\. Moss': nobody in the schedule"):
        office.take_calendar(content, TakeCalendar(file="b.ics", level=2))
    asked = TakeCalendar(file="b.ics", level=2, known_as={"E. Moss": "eve"})
    tried = office.take_calendar(content, asked.model_copy(update={"dry_run": True}))
    assert (tried["saved"], [one["who"] for one in tried["added"]]) == (False, ["eve"])
    found = office.schedule()
    assert found is not None
    assert found.overrides == ()
    taken = office.take_calendar(content, asked)
    assert (taken["saved"], taken["added"][0]["why"]) == (True, "calendar team")
    again = office.take_calendar(content, asked)
    assert (again["saved"], again["added"], again["kept"]) == (False, [], 1)
    found = office.schedule()
    assert found is not None
    assert found.on_call(2, begins).person.handle == "eve"  # type: ignore[union-attr]


def test_a_calendar_by_which_a_page_reaches_nobody_is_not_taken(office: Office) -> None:
    office.set_schedule(Schedule.from_text(EXAMPLE.replace(", chat_id: U5", "")))
    begins = datetime.now(UTC) + timedelta(days=2)
    content = (
        f"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID:1\r\nSUMMARY:eve\r\nDTSTART:{begins:%Y%m%dT%H%M%SZ}\r\n"
        "DURATION:PT4H\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
    ).encode()
    with pytest.raises(SettingError, match="a page could reach nobody"):
        office.take_calendar(content, TakeCalendar())
    assert office.take_calendar(content, TakeCalendar(anyway=True))["saved"]
