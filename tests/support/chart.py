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
