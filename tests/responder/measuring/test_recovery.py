"""The recovery checklist and the impact, measured: by a stub for each verdict, and by a real Prometheus."""

import http.server
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from support.loopback import answering
from support.ports import wait_until
from support.responding import Responding
from support.seeing import Prometheus as RealPrometheus
from support.seeing import prometheus_config

from actinf.errors import NotMeasured
from actinf.responder.incident import events
from actinf.responder.incident.event import Event
from actinf.responder.incident.severity import Severity, classify
from actinf.responder.incident.state import Incident
from actinf.responder.measuring.impact import impact
from actinf.responder.measuring.port import Sample
from actinf.responder.measuring.prometheus import Prometheus
from actinf.responder.measuring.queries import DEPENDENCIES, FIRING, Impact, Performance, Stability
from actinf.responder.measuring.recovery import Look, check_by_machine, looks

STABLE, GOOD = Stability(), Performance()
WELL: dict[str, float] = {
    STABLE.answering: 3,
    STABLE.healthy: 1,
    **{one.working: 1 for one in DEPENDENCIES},
    GOOD.errors: 0.0005,
    GOOD.slow: 0.001,
}


@dataclass
class Stub:
    """Measurements that are said; of all else there is no series."""

    said: dict[str, float] = field(default_factory=lambda: dict(WELL))
    firing: list[dict[str, str]] = field(default_factory=list)
    dead_at: str = ""

    def ask(self, query: str) -> tuple[Sample, ...]:
        if query == self.dead_at:
            raise NotMeasured("it is dead")
        if query == FIRING:
            return tuple(Sample(one, 1.0) for one in self.firing)
        return (Sample({}, self.said[query]),) if query in self.said else ()


@pytest.fixture
def incident(desk_at_hand: Responding) -> Incident:
    return desk_at_hand.desk.incident(desk_at_hand.opened(Severity.P1, incident_type="api_down"))


def looked(incident: Incident, stub: Stub) -> dict[str, Look]:
    return {look.item: look for look in looks(incident, stub)}


def test_all_is_well(incident: Incident) -> None:
    assert {look.item: look.passed for look in looks(incident, Stub())} == {
        "stable": True,
        "dependencies": True,
        "alerts": True,
        "performance": True,
    }


@pytest.mark.parametrize(
    ("item", "changed", "passed", "found"),
    [
        ("stable", {STABLE.answering: 0}, False, "no replica of the API answered"),
        ("stable", {STABLE.healthy: 0}, False, "said that it does not work"),
        ("stable", {STABLE.missing: 2}, False, "2 replicas of the API are wanted"),
        ("stable", {STABLE.healthy: None}, None, "actinf_healthy is not there"),
        ("dependencies", {DEPENDENCIES[1].working: 0}, False, "does not work: the cache"),
        ("dependencies", {DEPENDENCIES[1].working: None}, True, "not measured: the cache"),
        ("dependencies", {DEPENDENCIES[0].working: None}, None, "not measured: the database"),
        (
            "dependencies",
            {DEPENDENCIES[0].working: None, DEPENDENCIES[0].asked: 0},
            False,
            "does not work: the database",
        ),
        ("performance", {GOOD.errors: 0.02}, False, "2.00% of requests fail"),
        ("performance", {GOOD.slow: 0.2}, False, "20.00% of steps"),
        ("performance", {GOOD.slow: None}, True, "no steps were asked for"),
        ("performance", {GOOD.errors: float("nan")}, None, "nobody has asked anything"),
    ],
)
def test_what_is_not_well_is_told(
    incident: Incident, item: str, changed: dict[str, float | None], passed: bool | None, found: str
) -> None:
    said = {query: value for query, value in {**WELL, **changed}.items() if value is not None}
    look = looked(incident, Stub(said))[item]
    assert look.passed is passed
    assert found in look.found


@pytest.mark.parametrize(
    ("labels", "passed"),
    [
        ({"alertname": "ApiErrors", "severity": "P1", "incident_type": "api_down"}, False),
        ({"alertname": "BreakerForgotten", "severity": "P3", "incident_type": "api_down"}, True),
        ({"alertname": "DatabaseDown", "severity": "P0", "incident_type": "database_performance"}, True),
        ({"alertname": "Watchdog", "severity": "none"}, True),
    ],
)
def test_alerts_of_its_type_keep_it_open_and_others_do_not(
    incident: Incident, labels: dict[str, str], passed: bool
) -> None:
    assert looked(incident, Stub(firing=[labels]))["alerts"].passed is passed


def test_its_own_alerts_count_even_where_nobody_can_be_asked(desk_at_hand: Responding, incident: Incident) -> None:
    def alert(firing: bool) -> tuple[Event, ...]:
        return (events.AlertJoined(fingerprint="f", name="ApiDown", firing=firing),)

    dead = Stub(dead_at=FIRING)
    assert looked(incident, dead)["alerts"].passed is None
    burning = desk_at_hand.desk.act(incident.id, lambda _: alert(True), by="actinf")
    assert looked(burning, dead)["alerts"].passed is False
    assert looked(burning, Stub())["alerts"].passed is False
    over = desk_at_hand.desk.act(incident.id, lambda _: alert(False), by="actinf")
    assert looked(over, Stub())["alerts"].passed is True
    mild = {"alertname": "ApiDown", "severity": "P3"}
    assert looked(over, Stub(firing=[mild]))["alerts"].passed is False


def test_it_is_written_down_by_whom_it_was_wanted_and_with_what_was_found(
    desk_at_hand: Responding, incident: Incident
) -> None:
    after = check_by_machine(desk_at_hand.desk, incident.id, Stub(dead_at=STABLE.answering), by="ada")
    assert {item: found.passed for item, found in after.checklist.items()} == dict.fromkeys(
        ("stable", "dependencies", "alerts", "performance")
    )
    found = after.checklist["performance"]
    assert (found.by, found.by_machine, found.found) == ("ada", True, "it is dead")


@pytest.mark.parametrize(
    ("said", "severity"),
    [
        ({Impact().answering: 0}, "P0"),
        ({Impact().healthy: 0}, "P0"),
        ({Impact().errors: 0.6, Impact().usual_errors: 0.001}, "P1"),
        ({Impact().errors: 0.1}, "P2"),
        ({Impact().latency: 1.0, Impact().usual_latency: 0.4}, "P1"),
        ({Impact().latency: 0.02, Impact().usual_latency: 0.004, Impact().users: 1}, "P3"),
        ({Impact().users: 12}, "P1"),
    ],
)
def test_what_is_lost_bears_on_the_severity(said: dict[str, float], severity: str) -> None:
    assert classify(impact(Stub(said)).signals).severity == severity


def test_where_nobody_answers_nothing_is_known_and_it_is_said_why() -> None:
    estimate = impact(Stub(dead_at=Impact().answering), "api_down")
    assert (estimate.signals.degradation, estimate.signals.affected_users, estimate.signals.down) == (None, None, False)
    assert estimate.found == ("it is dead",)


# ---------------------------------------------------------------------------------------------------- the real thing


@dataclass
class Api:
    """What the API and its neighbours export, by hand."""

    port: int = 0
    healthy: int = 1
    served: int = 0
    failed: int = 0
    is_dead: bool = False

    def text(self) -> str:
        self.served += 50
        steps = 'method="POST",route="/v1/agents/{id}/steps"'
        histogram = "".join(
            f'actinf_http_request_seconds_bucket{{{steps},le="{le}"}} {self.served}\n'
            for le in ("0.05", "0.25", "+Inf")
        )
        return (
            f"actinf_healthy {self.healthy}\nactinf_users_failing 3\nactinf_workers 1\n"
            f'actinf_degraded{{part="cache"}} 0\npg_healthy 1\npg_up 1\nredis_healthy 1\nnginx_up 1\n'
            f'actinf_http_requests_total{{route="/v1/agents",status="200"}} {self.served}\n'
            f'actinf_http_requests_total{{route="/v1/agents",status="500"}} {self.failed}\n'
            f"{histogram}"
            f"actinf_http_request_seconds_count{{{steps}}} {self.served}\n"
        )


@pytest.fixture(scope="module")
def api() -> Iterator[Api]:
    state = Api()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(503 if state.is_dead else 200)
            self.send_header("Content-Type", "text/plain; version=0.0.4")
            self.end_headers()
            if not state.is_dead:
                self.wfile.write(state.text().encode())

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            pass

    with answering(Handler) as port:
        state.port = port
        yield state


@pytest.fixture(scope="module")
def watching(api: Api, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealPrometheus]:
    target = [(f"127.0.0.1:{api.port}", {"pod": "one"})]
    jobs = ("active-inference-api", "active-inference-worker", "postgres", "cache", "nginx")
    fast = {"scrape_interval": "200ms", "scrape_timeout": "200ms", "evaluation_interval": "200ms"}
    config = prometheus_config(dict.fromkeys(jobs, target), None)
    config["global"] = fast
    server = RealPrometheus(tmp_path_factory.mktemp("measuring") / "prometheus", config)
    server.start()
    try:
        wait_until(lambda: server.query("actinf:slow_steps:ratio_rate5m") != [], "the rules are recorded")
        yield server
    finally:
        server.stop()


def test_a_real_prometheus_takes_every_query(watching: RealPrometheus) -> None:
    real, ask, stable = Prometheus(watching.url), Impact(), Stability()
    queries = [stable.answering, stable.healthy, stable.missing, FIRING, GOOD.errors, GOOD.slow]
    queries += [query for one in DEPENDENCIES for query in (one.working, one.asked)]
    queries += [ask.answering, ask.healthy, ask.errors, ask.latency, ask.users, ask.usual_errors, ask.usual_latency]
    for query in queries:
        assert len(real.ask(query)) <= 1, query
    with pytest.raises(NotMeasured, match="parse error"):
        real.ask("up{")


def test_it_is_seen_to_be_well_then_to_break_and_to_be_dead(
    watching: RealPrometheus, api: Api, incident: Incident
) -> None:
    real, short = Prometheus(watching.url), Stability(window=2)

    def verdicts() -> dict[str, bool | None]:
        return {look.item: look.passed for look in looks(incident, real, stability=short)}

    well = dict.fromkeys(("stable", "dependencies", "alerts", "performance"), True)
    wait_until(lambda: verdicts() == well, "all is well")
    estimate = impact(real, ask=Impact(baseline="1m", offset="1s"))
    assert estimate.signals.affected_users == 3
    assert not estimate.signals.down
    assert estimate.signals.degradation == pytest.approx(0, abs=0.01)
    api.failed, api.healthy = 100_000, 0
    wait_until(lambda: verdicts()["stable"] is False and verdicts()["performance"] is False, "it is seen to fail")
    assert (impact(real).signals.degradation or 0) > 0.5
    api.is_dead = True
    wait_until(lambda: impact(real).signals.down, "it is seen to be down")
    wait_until(lambda: verdicts()["dependencies"] is False, "its neighbours are seen to be down")


def test_every_name_that_is_asked_for_is_exported_by_somebody() -> None:
    root = Path(__file__).parents[3]
    known = (root / "deploy" / "prometheus" / "sources.yml").read_text(encoding="utf-8")
    known += (root / "src" / "actinf" / "service" / "measures.py").read_text(encoding="utf-8")
    known += (root / "deploy" / "alerts" / "objectives.rules.yml").read_text(encoding="utf-8")
    text = (root / "src" / "actinf" / "responder" / "measuring" / "queries.py").read_text(encoding="utf-8")
    names = set(re.findall(r"\b(?:actinf[_:]|pg_|redis_|nginx_|kube_)[a-z0-9_:]+[a-z0-9]", text)) - {"actinf_step"}
    assert len(names) > 10
    for name in names:
        assert name.removesuffix("_bucket") in known, name
