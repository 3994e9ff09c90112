"""The manifests of the monitoring: what `kubectl apply -k deploy` would create."""

import subprocess
from functools import cache
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml
from support.chart import Manifest, containers, named, pod_specs
from support.dashboards import DASHBOARDS
from support.kube_tools import kubectl
from support.seeing import DEPLOY, RULES, read

KUBERNETES = "1.31"
#: Made by who installs it; docs/howto/monitoring.md says how.
SECRETS = {
    "alertmanager-receivers": {"incidents", "security", "watchdog", "elsewhere", "token"},
    "grafana": {"admin-password"},
}


@cache
def _built() -> str:
    return subprocess.run([kubectl(), "kustomize", DEPLOY], capture_output=True, text=True, check=True).stdout


@pytest.fixture(scope="module")
def manifests() -> list[Manifest]:
    return [one for one in yaml.safe_load_all(_built()) if one is not None]


def data_of(manifests: list[Manifest], name: str) -> dict[str, str]:
    """What a ConfigMap holds, whose name ends with a hash of it."""
    [found] = [
        one for one in manifests if one["kind"] == "ConfigMap" and one["metadata"]["name"].rpartition("-")[0] == name
    ]
    data: dict[str, str] = found["data"]
    return data


def test_kubernetes_knows_every_field(manifests: list[Manifest]) -> None:
    for manifest in manifests:
        kubernetes_validate.validate(manifest, KUBERNETES, strict=True)


def test_every_object_says_where_it_belongs(manifests: list[Manifest]) -> None:
    """They lie in two namespaces: one that is left out would follow whoever types."""
    of_the_cluster = {"Namespace", "ClusterRole", "ClusterRoleBinding"}
    for manifest in manifests:
        namespace = manifest["metadata"].get("namespace")
        expected = {None} if manifest["kind"] in of_the_cluster else {"monitoring", "active-inference"}
        assert namespace in expected, manifest["metadata"]["name"]


def test_all_that_is_written_is_installed(manifests: list[Manifest]) -> None:
    """The list of files is typed by hand: a new rule or dashboard must not be forgotten."""
    for name, paths in (
        ("prometheus-alerts", RULES),
        ("grafana-dashboards", DASHBOARDS),
        ("prometheus", [DEPLOY / "prometheus" / "prometheus.yml"]),
        ("alertmanager", [DEPLOY / "alertmanager" / "alertmanager.yml"]),
        ("grafana-datasources", [DEPLOY / "grafana" / "provisioning" / "datasources" / "actinf.yml"]),
        ("grafana-providers", [DEPLOY / "grafana" / "provisioning" / "dashboards" / "actinf.yml"]),
    ):
        assert data_of(manifests, name) == {path.name: path.read_text(encoding="utf-8") for path in paths}


def test_every_volume_is_of_something_that_there_is(manifests: list[Manifest]) -> None:
    there = {(one["kind"], one["metadata"]["name"]) for one in manifests}
    for where, template in pod_specs(manifests):
        claimed = named(manifests, *where.split())["spec"].get("volumeClaimTemplates", [])
        volumes = {one["metadata"]["name"] for one in claimed}
        for volume in template["spec"]["volumes"]:
            volumes.add(volume["name"])
            if "configMap" in volume:
                assert ("ConfigMap", volume["configMap"]["name"]) in there
            if "secret" in volume:
                assert volume["secret"]["secretName"] in SECRETS
        for container in containers(template):
            assert {mount["name"] for mount in container["volumeMounts"]} == volumes
            for variable in container.get("env", []):
                source = variable.get("valueFrom", {}).get("secretKeyRef")
                assert source is None or source["key"] in SECRETS[source["name"]]


def mounted(manifests: list[Manifest], kind: str, name: str) -> set[str]:
    """Where the container of a pod sees something."""
    [container] = named(manifests, kind, name)["spec"]["template"]["spec"]["containers"]
    return {mount["mountPath"] for mount in container["volumeMounts"]}


def test_files_lie_where_they_are_looked_for(manifests: list[Manifest]) -> None:
    assert "/etc/prometheus/alerts" in mounted(manifests, "StatefulSet", "prometheus")
    assert read(DEPLOY / "prometheus" / "prometheus.yml")["rule_files"] == ["alerts/*.rules.yml"]
    receivers = read(DEPLOY / "alertmanager" / "alertmanager.yml")["receivers"]
    hooks = [hook for one in receivers for hook in one["webhook_configs"]]
    addresses = {Path(hook["url_file"]) for hook in hooks}
    addresses |= {
        Path(hook["http_config"]["authorization"]["credentials_file"]) for hook in hooks if "http_config" in hook
    }
    assert {str(path.parent) for path in addresses} <= mounted(manifests, "StatefulSet", "alertmanager")
    assert {path.name for path in addresses} == SECRETS["alertmanager-receivers"]
    [provider] = read(DEPLOY / "grafana" / "provisioning" / "dashboards" / "actinf.yml")["providers"]
    assert provider["options"]["path"] in mounted(manifests, "Deployment", "grafana")


def test_pods_are_restricted_and_probed_and_limited(manifests: list[Manifest]) -> None:
    for _, template in pod_specs(manifests):
        assert template["spec"]["securityContext"]["runAsNonRoot"] is True
        assert template["spec"]["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        for container in containers(template):
            allowed: dict[str, Any] = container["securityContext"]
            assert allowed["allowPrivilegeEscalation"] is False
            assert allowed["readOnlyRootFilesystem"] is True
            assert allowed["capabilities"] == {"drop": ["ALL"]}
            assert {"readinessProbe", "livenessProbe"} <= set(container)
            assert set(container["resources"]["limits"]) == {"cpu", "memory"}


def test_prometheus_alone_may_ask_the_cluster_and_only_look(manifests: list[Manifest]) -> None:
    rules = [rule for one in manifests if one["kind"] in {"Role", "ClusterRole"} for rule in one["rules"]]
    assert {verb for rule in rules for verb in rule["verbs"]} == {"get", "list", "watch"}
    assert {resource for rule in rules for resource in rule["resources"]} == {"pods", "nodes", "nodes/metrics"}
    for where, template in pod_specs(manifests):
        if where != "StatefulSet prometheus":
            assert template["spec"]["automountServiceAccountToken"] is False


def test_the_services_have_the_names_by_which_they_are_called(manifests: list[Manifest]) -> None:
    sources = read(DEPLOY / "grafana" / "provisioning" / "datasources" / "actinf.yml")["datasources"]
    called = {one["url"] for one in sources}
    there = {
        f"http://{one['metadata']['name']}:{one['spec']['ports'][0]['port']}"
        for one in manifests
        if one["kind"] == "Service"
    }
    assert called <= there
    config = read(DEPLOY / "prometheus" / "prometheus.yml")
    [alertmanagers] = config["alerting"]["alertmanagers"][0]["static_configs"]
    assert {f"http://{place}" for place in alertmanagers["targets"]} <= there
