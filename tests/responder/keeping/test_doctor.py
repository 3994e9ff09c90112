"""The doctor: each thing that could be in the way of a page is looked at, and named with how to mend it."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr
from support.mail_server import MailServer
from support.ports import free_port
from support.responding import schedule_text

from actinf.errors import PublishingError
from actinf.responder.clocks.steady import Reading, SteadyClock, machine_count, machine_run
from actinf.responder.desk import NewIncident
from actinf.responder.incident.severity import Severity
from actinf.responder.intake.alert import Alert
from actinf.responder.keeping import doctor
from actinf.responder.keeping.doctor import Finding, State, examine
from actinf.responder.keeping.watched import Outsider, put
from actinf.responder.oncall.rotation import Schedule
from actinf.responder.parts import CLOCK, Parts, make_parts
from actinf.responder.quiet.requests import AnnounceMaintenance, MakeSilence
from actinf.responder.settings import RespondSettings
from actinf.responder.store import notes
from actinf.responder.store.lock import sole


@pytest.fixture
def mail() -> Iterator[MailServer]:
    server = MailServer()
    yield server
    server.stop()


@pytest.fixture
def parts(tmp_path: Path, mail: MailServer) -> Iterator[Parts]:
    """A responder as it should be, but for a server that runs."""
    made = make_parts(settings(tmp_path, mail.port))
    text = schedule_text().replace("duties: {security: sec}", "duties: {security: sec, legal: sec}")
    made.desk.set_schedule(Schedule.from_text(text), by="eve")
    made.pulse.once()
    with made.store.writing() as connection:
        put(connection, Outsider.WATCHER, made.clock())
        put(connection, Outsider.WATCHDOG, made.clock())
    made.writer.once()
    yield made
    made.close()


def settings(folder: Path, port: int, **given: object) -> RespondSettings:
    known = {
        "data_dir": folder / "store",
        "smtp_url": SecretStr(f"smtp://127.0.0.1:{port}"),
        "mail_from": "incidents@example.org",
        "heartbeat_url": SecretStr("https://example.org/alive"),
        "prometheus_url": None,
        "status_port": None,
        "watchdog": "Watchdog",
    }
    return RespondSettings(**{**known, **given})  # type: ignore[arg-type]


def found(parts: Parts, what: str) -> list[Finding]:
    return [one for one in examine(parts) if one.what == what]


def states(parts: Parts) -> dict[str, State]:
    return {one.what: one.state for one in examine(parts)}


def test_as_it_should_be_nothing_fails_and_no_message_goes_out(parts: Parts, mail: MailServer) -> None:
    seen = states(parts)
    assert {state for what, state in seen.items() if what not in ("pulse", "schedule")} == {State.OK}, examine(parts)
    assert seen["pulse"] is State.WARN
    assert mail.mails == []


def test_each_failure_says_how_to_mend_it(parts: Parts, monkeypatch: pytest.MonkeyPatch) -> None:
    parts.desk.open(NewIncident(severity=Severity.P1, reasons=(), component="api", impact="x"), by="ada")
    with parts.store.writing() as connection:
        connection.execute("UPDATE personal SET value = 'x'")
        connection.execute("DELETE FROM escalation")
        connection.execute("DELETE FROM roster")
    monkeypatch.setattr(doctor, "_LEAST_FREE", 2**60)
    failing = [one for one in examine(parts) if one.state is State.FAIL]
    assert {one.what for one in failing} == {"record", "disk", "schedule", "escalation"}
    assert all(one.mend for one in failing)


def test_a_page_that_is_not_written_is_found(parts: Parts) -> None:
    parts.writer.site.link.unlink()
    (finding,) = found(parts, "status page")
    assert (finding.state, "is gone" in finding.said) == (State.FAIL, True)
    parts.writer.site.link.mkdir()  # somebody else's
    parts.desk.open(NewIncident(severity=Severity.P1, reasons=(), component="api", impact="x"), by="ada")
    with pytest.raises(PublishingError):
        parts.writer.once()
    (finding,) = found(parts, "status page")
    assert (finding.state, "is no symbolic link" in finding.said) == (State.FAIL, True)
    parts.writer.site.link.rmdir()
    parts.writer.once()
    assert found(parts, "status page")[0].state is State.OK


def test_a_mail_server_that_is_dead_or_refuses_is_found(tmp_path: Path, mail: MailServer) -> None:
    for url, said in (
        (f"smtp://127.0.0.1:{free_port()}", "broke off"),
        (f"smtp://ada:secret@127.0.0.1:{mail.port}", "cannot do what is set"),
    ):
        made = make_parts(settings(tmp_path, 1, smtp_url=SecretStr(url)))
        (one,) = found(made, "channel mail")
        assert one.state is State.FAIL
        assert said in one.said
        assert "secret" not in one.said
        made.close()


def test_without_channels_and_schedule_nobody_would_be_told(tmp_path: Path) -> None:
    made = make_parts(settings(tmp_path, 1, smtp_url=None, mail_from=None, heartbeat_url=None, watchdog=None))
    seen = states(made)
    assert (seen["channels"], seen["schedule"]) == (State.FAIL, State.FAIL)
    assert (seen["dead man's switch"], seen["watchdog"]) == (State.WARN, State.WARN)
    made.close()


def test_whether_anybody_outside_watches_is_told(parts: Parts) -> None:
    (one,) = found(parts, "dead man's switch")
    assert (one.state, "actinf respond watch asked" in one.said) == (State.OK, True)
    with parts.store.writing() as connection:
        put(connection, Outsider.WATCHER, parts.clock() - timedelta(hours=2))
    (one,) = found(parts, "dead man's switch")
    assert (one.state, one.said) == (
        State.WARN, "nobody outside watches any more: actinf respond watch asked 2 h ago"
    )  # fmt: skip
    with parts.store.writing() as connection:
        put(connection, Outsider.HEARTBEAT, parts.clock())
    assert found(parts, "dead man's switch")[0].state is State.OK
    with parts.store.writing() as connection:
        connection.execute("DELETE FROM note WHERE name LIKE 'heard %'")
    (one,) = found(parts, "dead man's switch")
    assert (one.state, "has not taken a sign of life yet" in one.said) == (State.WARN, True)


def test_whether_alerts_arrive_is_told(parts: Parts) -> None:
    (one,) = found(parts, "watchdog")
    assert (one.state, one.said) == (State.OK, "the alert Watchdog came 0 s ago: alerts arrive")
    with parts.store.writing() as connection:
        put(connection, Outsider.WATCHDOG, parts.clock() - timedelta(minutes=3))
    (one,) = found(parts, "watchdog")
    assert (one.state, "came 3 min ago for the last time" in one.said) == (State.FAIL, True)
    with parts.store.writing() as connection:
        connection.execute("DELETE FROM note WHERE name LIKE 'heard %'")
    (one,) = found(parts, "watchdog")
    assert (one.state, "has never come" in one.said) == (State.WARN, True)


def test_who_has_only_a_phone_is_not_reached_by_mail(parts: Parts) -> None:
    text = schedule_text().replace("email: ada@example.org", 'phone: "+49 30 1234567"')
    parts.desk.set_schedule(Schedule.from_text(text), by="eve")
    (one,) = found(parts, "people")
    assert (one.state, "ada" in one.said) == (State.FAIL, True)


def test_messages_that_wait_or_were_given_up_are_told(parts: Parts) -> None:
    parts.desk.open(NewIncident(severity=Severity.P1, reasons=(), component="api", impact="x"), by="ada")
    parts.pulse.once()
    with parts.store.writing() as connection:
        connection.execute("UPDATE outbox SET put_at = put_at - 3600000000, trouble = 'no room'")
    (one,) = found(parts, "channel mail")
    assert one.state is State.FAIL
    assert "no room" in one.said
    with parts.store.writing() as connection:
        connection.execute("UPDATE outbox SET state = 'given up'")
    (one,) = found(parts, "channel mail")
    assert (one.state, "given up" in one.said) == (State.WARN, True)


def test_a_server_whose_pulse_stands_still_is_found(parts: Parts) -> None:
    with sole(parts.store.folder) as mine:
        assert mine
        assert found(parts, "pulse")[0].state is State.FAIL, "it has never kept time"
        for ago, state in ((1.0, State.OK), (100.0, State.FAIL)):
            with parts.store.writing() as connection:
                notes.put(connection, CLOCK, Reading(machine_run(), machine_count() - ago, 0.0).text())
            assert found(parts, "pulse")[0].state is state


def test_a_clock_that_was_set_is_found(parts: Parts) -> None:
    wall, count = 1000.0, 0.0
    clock = SteadyClock(wall=lambda: wall, count=lambda: count)
    clock()
    wall += 3600
    stepped = Parts(**{name: getattr(parts, name) for name in Parts.__slots__ if name != "clock"}, clock=clock)
    (one,) = list(doctor._clock(stepped))
    assert (one.state, "3600 s ahead of" in one.said) == (State.FAIL, True)


def test_events_that_nobody_anchors_are_told(parts: Parts, monkeypatch: pytest.MonkeyPatch) -> None:
    parts.desk.open(NewIncident(severity=Severity.P3, reasons=(), component="api", impact="x"), by="ada")
    assert found(parts, "anchors")[0].state is State.OK, "a moment ago"
    monkeypatch.setattr(doctor, "_LATE", timedelta(seconds=-60))
    assert found(parts, "anchors")[0].state is State.WARN
    parts.pulse.once()
    while parts.pulse.once():
        pass
    assert found(parts, "anchors")[0].state is State.OK


def test_a_damaged_store_is_found(parts: Parts) -> None:
    with closing(sqlite3.connect(parts.store.path)) as raw:
        raw.execute("INSERT INTO personal VALUES (999, 'text', x'00', 'whose?')")
        raw.commit()
    (one,) = found(parts, "store")
    assert (one.state, "belongs to no row of event" in one.said) == (State.FAIL, True)


def test_a_prometheus_that_is_dead_is_worth_a_look(tmp_path: Path, mail: MailServer) -> None:
    made = make_parts(settings(tmp_path, mail.port, prometheus_url=f"http://127.0.0.1:{free_port()}"))
    assert found(made, "Prometheus")[0].state is State.WARN
    made.close()


def test_a_grave_alert_that_is_silenced_and_a_silence_that_lasts_too_long_are_told(parts: Parts) -> None:
    assert [one.state for one in found(parts, "silences")] == [State.OK]
    parts.quieting.silence(MakeSilence(matchers=("component=disk",), minutes=60, reason="new disks"), by="ada")
    long = AnnounceMaintenance(
        name="move", matchers=("component=queue",), until=parts.clock() + timedelta(days=2, minutes=1)
    )
    for severity in ("P2", "P1"):
        labels = {"alertname": f"Disk{severity}", "component": "disk", "severity": severity}
        alert = Alert(
            source="alertmanager", fingerprint=severity, name=labels["alertname"], status="firing", labels=labels,
            annotations={}, starts_at=parts.clock(), ends_at=None, generator_url="",
        )  # fmt: skip
        parts.reception.accept([alert])
    parts.reception.digest()
    (grave,) = found(parts, "silences")
    assert (grave.state, grave.said) == (State.WARN, "P1 DiskP1 fires, and silence 1 keeps it from being told")
    assert "actinf silence end" in grave.mend
    parts.quieting.announce(long, by="eve")
    assert "maintenance move lasts 2 d, longer than the 1 d" in found(parts, "silences")[1].said
