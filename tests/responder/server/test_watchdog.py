"""The watchdog: where it stays away, the responder itself says so; once, and until it is heard again."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from support.ports import wait_until
from support.responder_in_thread import responder_in_thread
from support.responder_process import alert, message
from support.responding import Responding, schedule_text
from support.webhook_receiver import SECRET, WebhookReceiver

from actinf.responder.incident import decisions
from actinf.responder.intake.alertmanager import read_alertmanager
from actinf.responder.intake.recheck import RecheckSettings
from actinf.responder.reception import Reception
from actinf.responder.server.watchdog import NAME, Watchdog


@dataclass
class Bench:
    """A watchdog on a desk, and seconds that are counted by hand."""

    at_hand: Responding
    seconds: float = 0.0
    given: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.reception = Reception(self.at_hand.desk, recheck=RecheckSettings())
        self.starts()

    def starts(self) -> None:
        """A process begins."""
        self.dog = Watchdog(
            "Watchdog",
            120,
            self.at_hand.store,
            self.at_hand.clock,
            lambda: self.given.append(1),
            counted=lambda: self.seconds,
        )

    def passes(self, seconds: int) -> None:
        for _ in range(0, seconds, 5):
            self.seconds += 5
            self.at_hand.clock.pass_(seconds=5)
            self.dog.once()
            self.reception.digest()
            self.at_hand.beat()

    def barks(self, **given: str) -> None:
        body = message(alert("Watchdog", severity="P3", **given))
        assert self.dog.sifted(read_alertmanager(body, self.at_hand.clock()).alerts) == []

    @property
    def open(self) -> list[str]:
        return [one.component for one in self.at_hand.desk.list("open")]


@pytest.fixture
def bench(desk_at_hand: Responding) -> Bench:
    return Bench(desk_at_hand)


def test_while_it_comes_nothing_is_opened(bench: Bench) -> None:
    for _ in range(10):
        bench.passes(60)
        bench.barks()
    assert (bench.open, bench.given, bench.dog.is_silent) == ([], [], False)


def test_its_silence_is_paged_once_as_p1_and_over_when_it_comes_again(bench: Bench) -> None:
    bench.barks()
    bench.passes(125)
    (incident,) = bench.at_hand.desk.list("open")
    assert (incident.severity.value, incident.component) == ("P1", "Monitoring")
    assert "no other alert would reach anybody" in incident.impact
    assert bench.at_hand.paper.kinds.count("page") == 1
    bench.passes(60)
    assert len(bench.given) == 1, "it is not given again and again"
    bench.barks()
    bench.passes(60)
    assert not bench.dog.is_silent
    for _ in range(8):
        bench.barks()
        bench.passes(60)
    assert bench.open == []
    assert len(bench.at_hand.desk.list("resolved")) == 1


def test_what_ends_it_is_that_it_fires(bench: Bench) -> None:
    bench.passes(125)
    assert bench.open == ["Monitoring"]
    bench.barks(status="resolved")
    bench.passes(60)
    assert bench.dog.is_silent


def test_a_restart_gives_it_its_time_and_forgets_no_silence(bench: Bench) -> None:
    bench.passes(100)
    bench.starts()
    bench.passes(100)
    assert bench.open == []
    bench.passes(25)
    bench.starts()
    bench.passes(60)
    assert (bench.dog.is_silent, bench.open, len(bench.given)) == (True, ["Monitoring"], 1)
    bench.barks()
    bench.passes(5)
    assert (bench.dog.is_silent, len(bench.given)) == (False, 2)


def test_an_incident_that_was_closed_while_it_lasts_is_open_again(bench: Bench) -> None:
    bench.passes(125)
    (incident,) = bench.at_hand.desk.list("open")
    bench.at_hand.desk.act(incident.id, lambda before: decisions.resolve(before, "all is well"), by="ada")
    bench.passes(320)
    assert bench.open == ["Monitoring"]


def test_other_alerts_go_their_way(bench: Bench) -> None:
    body = message(alert("Watchdog"), alert("ApiDown", component="api"))
    (other,) = bench.dog.sifted(read_alertmanager(body, bench.at_hand.clock()).alerts)
    assert other.name == "ApiDown"


@pytest.fixture
def provider() -> Iterator[WebhookReceiver]:
    made = WebhookReceiver()
    yield made
    made.stop()


def test_a_server_pages_when_alerts_do_not_arrive(tmp_path: Path, provider: WebhookReceiver) -> None:
    environment = {"watchdog": "Watchdog", "watchdog_seconds": 3, "hold_seconds": 1}
    pager = {"pager_url": provider.url, "pager_secret": SECRET}
    with (
        responder_in_thread(tmp_path, insecure_local=True, **environment, **pager) as process,
        process.client() as client,
    ):
        process.set_schedule(schedule_text().replace("email: ada@example.org", 'phone: "+49 30 1234567"'))
        reply = client.post("/hooks/alertmanager", content=message(alert("Watchdog", severity="P3")))
        assert (reply.status_code, reply.json()["alerts"]) == (200, 0)
        assert client.get("/health").json()["watchdog"]["is_silent"] is False
        wait_until(lambda: provider.requests, "it is paged")
        assert provider.requests[0][1]["kind"] == "page"
        assert client.get("/health").json()["status"] == "degraded"

        def is_over() -> bool:
            client.post("/hooks/alertmanager", content=message(alert("Watchdog", severity="P3"))).raise_for_status()
            return not client.get("/v1/incidents").json()["incidents"]

        wait_until(is_over, "it closes by itself")
        (incident,) = client.get("/v1/incidents", params={"which": "all"}).json()["incidents"]
        assert (incident["severity"], incident["component"]) == ("P1", "Monitoring")
        assert 'actinf_respond_heard_timestamp_seconds{outsider="watchdog"}' in client.get("/metrics").text
        assert NAME in str(client.get(f"/v1/incidents/{incident['id']}").json())
