"""The chart, rendered by the real Helm, for whoever wants its objects."""

import shutil
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml
from support.kube_tools import helm

CHART = Path(__file__).resolve().parents[2] / "deploy" / "chart"

Manifest = dict[str, Any]

#: Values that turn everything on, each with something that is not the default.
EVERYTHING_ON: dict[str, Any] = {
    "image": {"digest": f"sha256:{'ab' * 32}", "pullSecrets": ["mirror"]},
    "api": {"auditAnchorClaim": "anchors", "env": {"ACTINF_HOT_AGENTS": 100}},
    "postgres": {"storage": {"className": "fast", "archiveAccessMode": "ReadWriteMany"}},
    "nginx": {"service": {"clusterIP": "10.96.0.10", "annotations": {"example.org/zone": "a"}}},
    "monitoring": {"service": "grafana.monitoring.svc:3000"},
    "network": {
        "nginxFrom": [{"ipBlock": {"cidr": "192.0.2.0/24"}}],
        "apiEgress": [{"ports": [{"port": 443}]}],
        "kubernetesAddresses": ["10.96.0.1/32"],
    },
    "access": {"responders": [{"kind": "Group", "name": "on-call"}], "changers": [{"kind": "User", "name": "ada"}]},
    "debug": {"enabled": True},
    "responder": {
        "enabled": True,
        "publicUrl": "https://incidents.example.org",
        "env": {"ACTINF_RESPOND_SLACK_ROOM": "ops"},
        "storage": {"className": "fast"},
        "reachedFrom": [{"ipBlock": {"cidr": "192.0.2.0/24"}}],
        "ramp": {"enabled": True, "url": "https://api.example.org"},
        "statusPage": {
            "url": "https://status.example.org",
            "mailSecret": "actinf-status",
            "mailFrom": "status@example.org",
            "reachedFrom": [{"ipBlock": {"cidr": "198.51.100.0/24"}}],
        },
    },
}


class ChartRefused(Exception):
    """Helm did not render the chart; the text is what it said."""


def rendered(values: Mapping[str, Any] | None = None, *, namespace: str = "active-inference") -> list[Manifest]:
    """The objects that an installation makes, its CustomResourceDefinition first.

    Args:
        values: beside those of values.yaml, nested as there.
        namespace: of the release; objects do not name it, as with `kubectl apply --namespace`.

    Raises:
        ChartRefused: these values make no sense.
    """
    done = subprocess.run(
        [helm(), "template", "actinf", CHART, "--namespace", namespace, "--include-crds", "--values", "-"],
        input=yaml.safe_dump(dict(values or {})),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise ChartRefused(done.stderr)
    return [manifest for manifest in yaml.load_all(done.stdout, yaml.CSafeLoader) if manifest is not None]


def notes(folder: Path, values: Mapping[str, Any] | None = None) -> str:
    """What somebody reads who has installed the chart with these values.

    Helm renders the notes for a cluster alone: in a copy of the chart, in `folder`, they are an object's text.
    """
    chart = folder / "chart"
    shutil.copytree(CHART, chart, dirs_exist_ok=True)
    (chart / "templates" / "NOTES.txt").rename(chart / "NOTES.txt")
    (chart / "templates" / "notes.yaml").write_text('kind: Notes\ntext: {{ tpl (.Files.Get "NOTES.txt") . | quote }}\n')
    done = subprocess.run(
        [helm(), "template", "actinf", chart, "--show-only", "templates/notes.yaml", "--values", "-"],
        input=yaml.safe_dump(dict(values or {})),
        capture_output=True,
        text=True,
        check=True,
    )
    text: str = yaml.safe_load(done.stdout)["text"]
    return text


def named(manifests: list[Manifest], kind: str, name: str) -> Manifest:
    """The one object of this kind and name."""
    [found] = [one for one in manifests if one["kind"] == kind and one["metadata"]["name"] == name]
    return found


def pod_specs(manifests: list[Manifest]) -> Iterator[tuple[str, Manifest]]:
    """The templates of pods, each after the name of the object that makes them."""
    for manifest in manifests:
        spec = manifest.get("spec", {})
        template = spec.get("jobTemplate", {}).get("spec", spec).get("template")
        if template is not None:
            yield f"{manifest['kind']} {manifest['metadata']['name']}", template


def containers(template: Manifest) -> list[Manifest]:
    """All containers of a pod's template, those that run first included."""
    return [*template["spec"].get("initContainers", []), *template["spec"]["containers"]]


def container_of(manifests: list[Manifest], kind: str, name: str, container: str) -> Manifest:
    """The container of that name in what an object makes pods of."""
    template = named(manifests, kind, name)["spec"]["template"]
    [found] = [one for one in containers(template) if one["name"] == container]
    return found


def variables_of(container: Manifest) -> dict[str, str]:
    """The variables that a container is given outright."""
    return {one["name"]: one.get("value", "") for one in container["env"]}
