"""A real Prometheus and a real Alertmanager for tests, with the configuration of `deploy/`, and who is told at the end.

Debian's Prometheus is built without the discovery of Kubernetes: here every job has the targets that a test gives it,
and all else is as it is shipped: rules, intervals, labels, routes, inhibitions.
"""

import contextlib
import http.server
import json
import shutil
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest
import yaml
from support.loopback import answering
from support.ports import free_port, wait_until
from support.server_process import ServerProcess

ROOT = Path(__file__).resolve().parent.parent.parent
DEPLOY = ROOT / "deploy"
RULES = sorted((DEPLOY / "alerts").glob("*.rules.yml"))

#: Where the targets of a job are, each with the labels that discovery would give it.
Targets = Mapping[str, Sequence[tuple[str, Mapping[str, str]]]]


def program(name: str) -> str:
    """Where it is; no test without it, for it is not to be had from a package index."""
    found = shutil.which(name)
    if found is None:
        pytest.skip(f"{name} is not installed (Debian: prometheus, prometheus-alertmanager): alerts are not tested")
    return found


def read(path: Path) -> Any:
    """What a YAML file holds."""
    return yaml.safe_load(path.read_text(encoding="utf-8"))


@cache
def alerts() -> Mapping[str, dict[str, Any]]:
    """Every alert that is shipped, by its name; read once, and written by nobody."""
    groups = [group for path in RULES for group in read(path)["groups"]]
    return {rule["alert"]: rule for group in groups for rule in group["rules"] if "alert" in rule}


def prometheus_config(targets: Targets, alertmanager: str | None, **other: Any) -> dict[str, Any]:
    """The configuration that is shipped, with given targets for its jobs; a job without one is left out."""
    config: dict[str, Any] = read(DEPLOY / "prometheus" / "prometheus.yml")
    config["rule_files"] = [str(DEPLOY / "alerts" / "*.rules.yml")]
    config["alerting"] = (
        {} if alertmanager is None else {"alertmanagers": [{"static_configs": [{"targets": [alertmanager]}]}]}
    )
    jobs = {job["job_name"]: job for job in config["scrape_configs"]}
    assert set(targets) <= set(jobs), "no such job"
    config["scrape_configs"] = [_local(jobs[name], targets[name]) for name in jobs if name in targets]
    return {**config, **other}


def _local(job: dict[str, Any], targets: Sequence[tuple[str, Mapping[str, str]]]) -> dict[str, Any]:
    """A job of the cluster, on this machine."""
    of_the_cluster = {"kubernetes_sd_configs", "relabel_configs", "scheme", "authorization", "tls_config"}
    kept = {key: value for key, value in job.items() if key not in of_the_cluster}
    return {**kept, "static_configs": [{"targets": [place], "labels": dict(labels)} for place, labels in targets]}


AddressOf = Callable[[str], str]


def alertmanager_config(address_of: AddressOf, *, token: str | None = None) -> dict[str, Any]:
    """The configuration that is shipped, with an address for each receiver, and a token where they need one.

    Debian's Alertmanager is older than `url_file` (0.26): each is replaced by an address.
    """
    config: dict[str, Any] = read(DEPLOY / "alertmanager" / "alertmanager.yml")
    for receiver in config["receivers"]:
        for hook in receiver["webhook_configs"]:
            hook["url"] = address_of(Path(hook.pop("url_file")).name)
            asks_for_token = hook.pop("http_config", None) is not None
            if token is not None and asks_for_token:
                hook["http_config"] = {"authorization": {"credentials": token}}
    return config


def exported_by(adapter: str) -> set[str]:
    """What alerts and dashboards read of an adapter."""
    return set(read(DEPLOY / "prometheus" / "sources.yml")["adapters"][adapter])


class Prometheus(ServerProcess):
    """A Prometheus with a configuration of its own below a folder."""

    def __init__(self, folder: Path, config: Mapping[str, Any], *flags: str, port: int | None = None):
        folder.mkdir(exist_ok=True)
        path, port = folder / "prometheus.yml", port or free_port()
        path.write_text(yaml.safe_dump(dict(config)), encoding="utf-8")
        command = [
            program("prometheus"),
            f"--config.file={path}",
            f"--storage.tsdb.path={folder / 'data'}",
            f"--web.listen-address=127.0.0.1:{port}",
            "--log.level=warn",
            *flags,
        ]
        super().__init__(command, port=port, log=folder / "prometheus.log")
        self.url = f"http://127.0.0.1:{port}"

    def start(self) -> None:
        """Start it, and wait until it answers queries."""
        super().start()
        wait_until(lambda: httpx.get(f"{self.url}/-/ready").status_code == 200, "Prometheus is ready")

    def query(self, expression: str) -> list[dict[str, Any]]:
        """The series that an expression has now; raises AssertionError for what Prometheus does not accept."""
        reply = httpx.get(f"{self.url}/api/v1/query", params={"query": expression}, timeout=30).json()
        assert reply["status"] == "success", f"{expression}: {reply.get('error')}"
        result = reply["data"]["result"]
        return result if reply["data"]["resultType"] == "vector" else [{"value": result}]

    def is_up(self, job: str) -> bool:
        """Whether all targets of a job were scraped."""
        found = self.query(f'up{{job="{job}"}}')
        return bool(found) and all(one["value"][1] == "1" for one in found)

    def firing(self) -> set[str]:
        """The names of the alerts that fire."""
        return {one["metric"]["alertname"] for one in self.query('ALERTS{alertstate="firing"}')}


class Alertmanager(ServerProcess):
    """An Alertmanager with the routes that are shipped."""

    def __init__(self, folder: Path, address_of: AddressOf, *, token: str | None = None):
        folder.mkdir(exist_ok=True)
        path, port = folder / "alertmanager.yml", free_port()
        path.write_text(yaml.safe_dump(alertmanager_config(address_of, token=token)), encoding="utf-8")
        command = [
            program("prometheus-alertmanager"),
            f"--config.file={path}",
            f"--storage.path={folder / 'alertmanager'}",
            f"--web.listen-address=127.0.0.1:{port}",
            "--cluster.listen-address=",
            "--log.level=warn",
        ]
        super().__init__(command, port=port, log=folder / "alertmanager.log")


@dataclass(frozen=True)
class Told:
    """One alert of one notification: when it came (time.monotonic), to which receiver, and what it says."""

    at: float
    receiver: str
    alert: dict[str, Any]


@dataclass
class Webhook:
    """Who is told: it keeps what comes."""

    url: str
    told: list[Told] = field(default_factory=list)

    def address_of(self, receiver: str) -> str:
        """Where a receiver is told, so that it is known which one was."""
        return f"{self.url}/{quote(receiver)}"

    def when(self, alertname: str, status: str = "firing", *, since: float = 0.0) -> float | None:
        """When it was first told of an alert, after a time; None: not yet."""
        times = [
            one.at
            for one in self.told
            if one.alert["labels"]["alertname"] == alertname and one.alert["status"] == status and one.at > since
        ]
        return min(times, default=None)

    def receivers(self, alertname: str) -> set[str]:
        """Who was told of an alert."""
        return {one.receiver for one in self.told if one.alert["labels"]["alertname"] == alertname}


@contextlib.contextmanager
def webhook() -> Iterator[Webhook]:
    """A receiver of notifications on a free port."""
    heard = Webhook("")

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            said = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            receiver = self.path.strip("/")
            heard.told += [Told(time.monotonic(), receiver, alert) for alert in said["alerts"]]
            self.send_response(200)
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
            pass

    with answering(Handler) as port:
        heard.url = f"http://127.0.0.1:{port}"
        yield heard


@dataclass(frozen=True)
class Seeing:
    """Prometheus, and who is told by way of Alertmanager."""

    prometheus: Prometheus
    heard: Webhook

    def seconds_until_told(self, alertname: str, since: float, *, within: float = 60.0) -> float:
        """How long after a time (time.monotonic) the webhook heard of an alert; fails where it is not told in time."""

        def told() -> bool:
            return self.heard.when(alertname, since=since) is not None

        with contextlib.suppress(AssertionError):
            wait_until(told, alertname, seconds=max(1.0, since + within - time.monotonic()))
        at = self.heard.when(alertname, since=since)
        assert at is not None, f"{alertname} was not told within {within} s; what fires: {self.prometheus.firing()}"
        return at - since


@contextlib.contextmanager
def seeing(folder: Path, targets: Targets) -> Iterator[Seeing]:
    """Everything from the scrape to the webhook, as it is shipped."""
    program("prometheus-alertmanager")
    with webhook() as heard:
        alertmanager = Alertmanager(folder / "alertmanager", heard.address_of)
        prometheus = Prometheus(folder / "prometheus", prometheus_config(targets, f"127.0.0.1:{alertmanager.port}"))
        try:
            alertmanager.start()
            prometheus.start()
            yield Seeing(prometheus, heard)
        finally:
            prometheus.stop()
            alertmanager.stop()
