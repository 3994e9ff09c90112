"""The alerts as they are shipped: each is tried at its threshold, says what it is for, and reads what is exported."""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from support.measured import exported, names_in, recorded
from support.seeing import DEPLOY, ROOT, RULES, alertmanager_config, alerts, program, prometheus_config, read

TESTS = sorted((DEPLOY / "alerts" / "tests").glob("*.yml"))
KINDS = {"api_down", "database_performance", "high_memory", "security", "upkeep"}
PAGING = {"P0", "P1"}


def run(*command: str | Path, folder: Path | None = None) -> str:
    """What a command prints; fails with all of it where the command does."""
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, check=False, cwd=folder)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def expectations() -> Iterator[tuple[str, bool]]:
    """What the tests of the rules expect: the name of an alert, and whether it fires."""
    for path in TESTS:
        for test in read(path)["tests"]:
            for one in test["promql_expr_test"]:
                named = re.fullmatch(r'count\(ALERTS\{alertname="(\w+)",alertstate="firing"\}\)', one["expr"])
                assert named is not None, one["expr"]
                yield named[1], bool(one["exp_samples"])


@pytest.mark.parametrize("path", TESTS, ids=lambda path: path.stem)
def test_each_alert_fires_when_it_should_and_not_before(path: Path) -> None:
    run(program("promtool"), "test", "rules", path)


def test_every_alert_is_tried_both_ways() -> None:
    found = set(expectations())
    assert {name for name in alerts() if (name, True) not in found} == set(), "never seen to fire"
    always = {"Watchdog"}
    assert {name for name in alerts() if (name, False) not in found} == always, "never seen to be silent"
    assert {name for name, _ in found} <= set(alerts())


@pytest.mark.parametrize("name", alerts())
def test_an_alert_says_what_it_is_about_and_where_to_look(name: str) -> None:
    alert = alerts()[name]
    labels, notes = alert["labels"], alert["annotations"]
    assert set(labels) - {"security_breach"} == {"severity", "incident_type", "component"}
    assert labels["severity"] in {"P0", "P1", "P2", "P3"}
    assert labels["incident_type"] in KINDS
    if labels["incident_type"] == "security":
        assert labels["severity"] == "P0", "what may be a breach counts as one until somebody has looked"
    assert labels.get("security_breach", "true") == "true"
    assert "security_breach" not in labels or labels["incident_type"] == "security"
    assert set(notes) == {"summary", "runbook_url", "dashboard_url"}
    assert notes["runbook_url"] == f"docs/runbooks/{labels['incident_type'].replace('_', '-')}.md"
    assert notes["dashboard_url"].startswith("https://monitoring.active-inference.com/d/")
    if labels["severity"] in PAGING:
        seconds = re.fullmatch(r"(\d+)s", alert["for"])
        assert seconds is not None, "what pages waits some seconds"
        assert int(seconds[1]) <= 20, "what pages waits twenty seconds at most"


def test_the_page_that_lists_them_is_up_to_date() -> None:
    """It is made from the rules: `make format` writes it."""
    done = subprocess.run([sys.executable, str(ROOT / "tools" / "write_alerts.py"), "--check"], check=False)
    assert done.returncode == 0, "docs/reference/alerts.md is not up to date: run `make format`"


def test_each_kind_of_incident_has_alerts_that_page() -> None:
    paging = {one["labels"]["incident_type"] for one in alerts().values() if one["labels"]["severity"] in PAGING}
    assert paging == KINDS


def test_every_metric_that_an_alert_reads_is_exported_by_somebody() -> None:
    """A name that nobody exports is an alert that never fires, and nobody notices."""
    there = exported() | set(recorded())
    read_by = {name: names_in(alert["expr"]) for name, alert in alerts().items()}
    read_by |= {name: names_in(expression) for name, expression in recorded().items()}
    unknown = {who: names - there - {"vector", "time"} for who, names in read_by.items() if names - there}
    assert unknown == {}


def test_names_are_found_in_expressions() -> None:
    """The test above is worth what this finds."""
    said = 'sum by (le) (rate(a_bucket{b="c",d=~"e"}[5m])) / on (f) group_left (g) h:i:j > 1e9 and absent(k) offset 1h'
    assert names_in(said) == {"a_bucket", "h:i:j", "k"}


def test_what_is_shipped_is_accepted_by_the_tools_that_read_it(tmp_path: Path) -> None:
    run(program("promtool"), "check", "rules", *RULES)
    run(program("amtool"), "check-config", routes_in(tmp_path))
    jobs = [job["job_name"] for job in read(DEPLOY / "prometheus" / "prometheus.yml")["scrape_configs"]]
    config = prometheus_config({job: [("127.0.0.1:1", {"pod": job})] for job in jobs}, "127.0.0.1:2")
    (tmp_path / "prometheus.yml").write_text(yaml.safe_dump(config))
    run(program("promtool"), "check", "config", tmp_path / "prometheus.yml")


def test_the_pods_are_scraped_every_five_seconds_under_names_that_alerts_know() -> None:
    """Debian's tools know nothing of Kubernetes: what they cannot check is held here."""
    config = read(DEPLOY / "prometheus" / "prometheus.yml")
    assert config["global"]["scrape_interval"] == config["global"]["evaluation_interval"] == "5s"
    jobs: dict[str, Any] = {job["job_name"]: job for job in config["scrape_configs"]}
    of_pods = {"active-inference-api", "active-inference-worker", "postgres", "cache", "nginx", "actinf-responder"}
    for name in of_pods:
        assert jobs[name]["kubernetes_sd_configs"] == [{"role": "pod", "namespaces": {"names": ["active-inference"]}}]
        relabelled = {one.get("source_labels", [""])[0]: one for one in jobs[name]["relabel_configs"]}
        assert relabelled["__meta_kubernetes_pod_label_app"]["regex"] == name
        assert relabelled["__meta_kubernetes_pod_name"]["target_label"] == "pod"
    asked = {job for alert in alerts().values() for job in re.findall(r'job="([\w-]+)"', alert["expr"])}
    assert asked <= set(jobs)


def routes_in(folder: Path) -> Path:
    """Alertmanager's configuration as the tool of this machine reads it."""
    path = folder / "alertmanager.yml"
    path.write_text(yaml.safe_dump(alertmanager_config(lambda _: "http://127.0.0.1:1")), encoding="utf-8")
    return path


def receiver_of(labels: dict[str, str], folder: Path) -> str:
    config = f"--config.file={routes_in(folder)}"
    return run(program("amtool"), "config", "routes", "test", config, *map("=".join, labels.items())).strip()


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_an_alert_reaches_whom_it_concerns(kind: str, tmp_path: Path) -> None:
    for severity in ("P0", "P3"):
        labels = {"alertname": "Any", "incident_type": kind, "severity": severity, "component": "api"}
        assert receiver_of(labels, tmp_path) == ("security" if kind == "security" else "incidents")


def test_the_watchdog_goes_to_somebody_outside(tmp_path: Path) -> None:
    assert receiver_of({"alertname": "Watchdog", **alerts()["Watchdog"]["labels"]}, tmp_path) == "watchdog"


def test_that_the_incident_tool_is_dead_is_not_told_to_it_alone(tmp_path: Path) -> None:
    for name in ("ResponderDown", "AlertsNotSent"):
        assert receiver_of({"alertname": name, **alerts()[name]["labels"]}, tmp_path) == "elsewhere,incidents"


def test_the_incident_tool_hears_the_watchdog_too_and_is_shown_the_token() -> None:
    """It pages where the watchdog stops: else a dead Prometheus looks like a quiet night to it."""
    receivers = {
        one["name"]: one["webhook_configs"] for one in read(DEPLOY / "alertmanager/alertmanager.yml")["receivers"]
    }
    assert [Path(hook["url_file"]).name for hook in receivers["watchdog"]] == ["watchdog", "incidents"]
    for hook in (one for hooks in receivers.values() for one in hooks):
        to_the_tool = Path(hook["url_file"]).name in ("incidents", "security")
        assert ("http_config" in hook) == to_the_tool, "a token is shown to nobody else"


def test_what_pages_is_sent_after_five_seconds() -> None:
    route = read(DEPLOY / "alertmanager" / "alertmanager.yml")["route"]
    paging = next(one for one in route["routes"] if one["matchers"] == ['severity=~"P0|P1"'])
    assert route["group_wait"] == "5s"
    assert "group_wait" not in paging
    assert paging["group_interval"] == "10s"


def test_inhibitions_name_alerts_that_there_are() -> None:
    rules = read(DEPLOY / "alertmanager" / "alertmanager.yml")["inhibit_rules"]
    matchers = [one for rule in rules for side in ("source_matchers", "target_matchers") for one in rule[side]]
    named = {name for one in matchers for said in re.findall(r'alertname=~?"(.*)"', one) for name in said.split("|")}
    assert named
    assert named <= set(alerts())


def test_the_pages_exist_to_which_alerts_lead() -> None:
    pages = {alert["annotations"]["runbook_url"] for alert in alerts().values()}
    assert {page for page in pages if not (ROOT / page).is_file()} == set()
