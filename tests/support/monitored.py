"""The monitoring as it is installed (`kubectl apply -k deploy`), beside the service, in the stand-in for Kubernetes.

Prometheus and Alertmanager are Debian's.  Its Prometheus lacks the discovery of Kubernetes, which a vmagent does for it
(`discovering_prometheus`); its Alertmanager is older than `url_file`, and is given the address that is in the file.
Grafana is not to be had: its pod is left out.  kube-state-metrics is the stand-in's own.
"""

import contextlib
import shutil
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from support.cluster import Cluster
from support.documentation import ROOT
from support.operated import RESPONDER_TOKEN, Operated, operated_system
from support.ports import wait_until
from support.seeing import Webhook, webhook

NAMESPACE = "monitoring"

STATE_METRICS = f"""
apiVersion: v1
kind: ServiceAccount
metadata: {{name: kube-state-metrics, namespace: kube-system}}
---
apiVersion: v1
kind: Service
metadata: {{name: kube-state-metrics, namespace: kube-system}}
spec: {{selector: {{app: kube-state-metrics}}, ports: [{{name: http-metrics, port: 8080, targetPort: http-metrics}}]}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {{name: kube-state-metrics, namespace: kube-system}}
spec:
  selector: {{matchLabels: {{app: kube-state-metrics}}}}
  template:
    metadata: {{labels: {{app: kube-state-metrics}}}}
    spec:
      serviceAccountName: kube-state-metrics
      containers:
      - name: kube-state-metrics
        image: stand-in:1
        command: [{sys.executable}, -m, support.cluster.state_metrics]
        env:
        - {{name: PYTHONPATH, value: {ROOT / "tests"}}}
        - {{name: POD_IP, valueFrom: {{fieldRef: {{fieldPath: status.podIP}}}}}}
        ports: [{{name: http-metrics, containerPort: 8080}}]
        readinessProbe: {{httpGet: {{path: /metrics, port: http-metrics}}, periodSeconds: 1}}
"""


@dataclass(frozen=True, kw_only=True)
class Monitored:
    """A service that is watched.

    Attributes:
        system: the service, and where it runs
        prometheus: address of Prometheus
        heard: who is told
    """

    system: Operated
    prometheus: str
    heard: Webhook

    def ask(self, path: str, **parameters: Any) -> Any:
        """What Prometheus' HTTP API answers: its `data`; raises AssertionError for what it does not accept."""
        reply = httpx.get(f"{self.prometheus}/api/v1/{path}", params=parameters, timeout=30).json()
        assert reply["status"] == "success", f"{path} {parameters}: {reply.get('error')}"
        return reply["data"]

    def targets(self) -> dict[str, dict[str, str]]:
        """For each job, how each target is: its address, and `up` or what is wrong."""
        jobs: dict[str, dict[str, str]] = {}
        for one in self.ask("targets", state="active")["activeTargets"]:
            state = one["health"] if one["health"] == "up" else one["lastError"] or one["health"]
            jobs.setdefault(one["scrapePool"], {})[one["scrapeUrl"]] = state
        return jobs


def monitoring(cluster: Cluster) -> list[dict[str, Any]]:
    """The objects of `deploy/kustomization.yaml`."""
    built = cluster.kubectl("kustomize", str(ROOT / "deploy"))
    return [one for one in yaml.safe_load_all(built) if one is not None]


@contextlib.contextmanager
def monitored_system(
    folder: Path, *, told: Mapping[str, str] | None = None, token: str = RESPONDER_TOKEN, **values: object
) -> Iterator[Monitored]:
    """The service and its monitoring, all of it up; a test is skipped where that cannot be had.

    Args:
        folder: for all files; an account that is not root must be able to enter it
        told: addresses of receivers that are told instead of `heard`
        token: that Alertmanager shows the responder
        values: of the chart
    """
    for program in ("prometheus", "prometheus-alertmanager", "vmagent"):
        if shutil.which(program) is None:
            debian = "prometheus, prometheus-alertmanager, victoria-metrics"
            pytest.skip(f"{program} is not installed (Debian: {debian}): the monitoring cannot be installed as it is")
    programs = _programs(folder / "monitoring")
    values = {"responder": {"enabled": True}} | values
    with (
        operated_system(folder, namespace="active-inference", programs=programs, **values) as system,
        webhook() as heard,
    ):
        cluster = system.cluster
        cluster.apply(STATE_METRICS)
        cluster.kubectl("create", "namespace", NAMESPACE)
        receivers = ("incidents", "security", "watchdog", "elsewhere")
        address = {name: f"{heard.url}/{name}" for name in receivers} | dict(told or {})
        addresses = [f"--from-literal={name}={address[name]}" for name in receivers]
        addresses.append(f"--from-literal=token={token}")
        cluster.kubectl("create", "secret", "generic", "alertmanager-receivers", "-n", NAMESPACE, *addresses)
        wanted = [
            one for one in monitoring(cluster) if (one["kind"], one["metadata"]["name"]) != ("Deployment", "grafana")
        ]
        cluster.apply(yaml.safe_dump_all(wanted))
        for pod in ("prometheus-0", "alertmanager-0"):
            cluster.wait("condition=ready", f"pod/{pod}", "-n", NAMESPACE, seconds=90)
        found = cluster.get("service", "prometheus", "-n", NAMESPACE)["spec"]
        address = f"http://{found['clusterIP']}:{found['ports'][0]['port']}"
        yield Monitored(system=system, prometheus=address, heard=heard)


def wait_until_all_is_scraped(monitored: Monitored, jobs: set[str]) -> None:
    """Until these jobs have targets, and all targets there are were scraped."""

    def all_is_up() -> bool:
        found = monitored.targets()
        return jobs <= set(found) and all(state == "up" for job in found.values() for state in job.values())

    try:
        wait_until(all_is_up, "every target is up", seconds=90)
    except AssertionError:
        pytest.fail(f"not every target is up: {monitored.targets()}")


def _programs(folder: Path) -> tuple[Path, ...]:
    """`prometheus` and `alertmanager` as a pod finds them."""
    folder.mkdir(parents=True)
    for name, module in (("prometheus", "discovering_prometheus"), ("alertmanager", "addressed_alertmanager")):
        script = folder / name
        script.write_text(f'#!/bin/sh\nPYTHONPATH={ROOT / "tests"} exec {sys.executable} -m support.{module} "$@"\n')
        script.chmod(0o755)
    return (folder,)
