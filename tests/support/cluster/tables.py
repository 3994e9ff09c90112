"""The tables of `kubectl get`: the server, not kubectl, says what stands in which column."""

import re
from collections.abc import Callable

from support.cluster.kinds import Kind
from support.cluster.store import seconds_since

Cell = Callable[[dict], object]


def age(since: str | None) -> str:
    """As kubectl writes it: 5s, 3m20s, 4h, 12d."""
    seconds = seconds_since(since)
    if seconds == float("inf"):
        return "<unknown>"
    seconds = max(0, int(seconds))
    if seconds < 120:
        return f"{seconds}s"
    if seconds < 600:
        return f"{seconds // 60}m{seconds % 60}s" if seconds % 60 else f"{seconds // 60}m"
    if seconds < 3 * 3600:
        return f"{seconds // 60}m"
    return f"{seconds // 3600}h" if seconds < 48 * 3600 else f"{seconds // 86400}d"


def status(object_: dict) -> dict:
    return object_.get("status") or {}


def _age(object_: dict) -> str:
    return age(object_["metadata"]["creationTimestamp"])


def _none(_: dict) -> str:
    return "<none>"


def _always_ready(_: dict) -> str:
    return "Ready"


def _ready_of_pod(pod: dict) -> str:
    statuses = status(pod).get("containerStatuses", ())
    return f"{sum(each['ready'] for each in statuses)}/{len(pod['spec']['containers'])}"


def reason_of_pod(pod: dict) -> str:
    """The column STATUS of a pod: its phase, or what goes wrong in it."""
    reason = status(pod).get("reason") or status(pod).get("phase", "Pending")
    inits = status(pod).get("initContainerStatuses", ())
    for number, each in enumerate(inits):
        state = each["state"]
        ended = state.get("terminated")
        if ended and ended["exitCode"] == 0:
            continue
        if ended:
            reason = f"Init:{ended['reason']}"
        elif state.get("waiting", {}).get("reason") not in {None, "PodInitializing"}:
            reason = f"Init:{state['waiting']['reason']}"
        else:
            reason = f"Init:{number}/{len(inits)}"
        break
    else:
        for each in reversed(status(pod).get("containerStatuses", ())):
            state = each["state"]
            reason = state.get("waiting", {}).get("reason") or state.get("terminated", {}).get("reason") or reason
        if reason == "Completed" and any("running" in each["state"] for each in status(pod)["containerStatuses"]):
            reason = "Running" if _is_ready(pod) else "NotReady"
    return "Terminating" if "deletionTimestamp" in pod["metadata"] else reason


def _is_ready(pod: dict) -> bool:
    return any(each["type"] == "Ready" and each["status"] == "True" for each in status(pod).get("conditions", ()))


def _restarts(pod: dict) -> str:
    inits = status(pod).get("initContainerStatuses", ())
    # Once a pod has begun, the attempts at beginning are forgotten.
    statuses = status(pod).get("containerStatuses", ()) if all(each["ready"] for each in inits) else inits
    count = sum(each["restartCount"] for each in statuses)
    ends = [each["lastState"].get("terminated", {}).get("finishedAt") for each in statuses]
    last = max(filter(None, ends), default=None)
    return f"{count} ({age(last)} ago)" if count and last else str(count)


def _images(object_: dict) -> str:
    return ",".join(each.get("image", "") for each in object_["spec"]["template"]["spec"]["containers"])


def _of_status(name: str) -> Cell:
    return lambda object_: status(object_).get(name, 0)


def _of_spec(name: str, missing: object = "<none>") -> Cell:
    return lambda object_: object_["spec"].get(name, missing)


def _ports(service: dict) -> str:
    return ",".join(f"{each['port']}/{each['protocol']}" for each in service["spec"].get("ports") or ()) or "<none>"


def _endpoints(object_: dict) -> str:
    pairs = [
        f"{address['ip']}:{port['port']}"
        for subset in object_.get("subsets") or ()
        for port in subset.get("ports") or ()
        for address in subset.get("addresses") or ()
    ]
    return ",".join(pairs) or "<none>"


def _state_of_job(job: dict) -> str:
    conditions = [each["type"] for each in status(job).get("conditions", ()) if each["status"] == "True"]
    return "Complete" if "Complete" in conditions else "Failed" if "Failed" in conditions else "Running"


def _targets(hpa: dict) -> str:
    texts = []
    for metric in hpa["spec"].get("metrics") or ():
        target = metric.get("resource", {}).get("target", {}).get("averageUtilization", "?")
        current = next(
            (
                each["resource"]["current"].get("averageUtilization", "<unknown>")
                for each in status(hpa).get("currentMetrics") or ()
                if each.get("resource", {}).get("name") == metric.get("resource", {}).get("name")
            ),
            "<unknown>",
        )
        texts.append(f"{metric.get('resource', {}).get('name', '?')}: {current}%/{target}%".replace(">%", ">"))
    return ", ".join(texts) or "<none>"


def _reference(hpa: dict) -> str:
    target = hpa["spec"]["scaleTargetRef"]
    return f"{target['kind']}/{target['name']}"


def _object_of(event: dict) -> str:
    involved = event["involvedObject"]
    return f"{involved['kind'].lower()}/{involved['name']}"


def _selector(object_: dict) -> str:
    labels = (object_["spec"].get("selector") or {}).get("matchLabels") or {}
    return ",".join(f"{key}={value}" for key, value in labels.items()) or "<none>"


def _capacity(claim: dict) -> str:
    return status(claim).get("capacity", {}).get("storage", "")


def _count(field: str) -> Cell:
    return lambda object_: len(object_.get(field) or ())


COLUMNS: dict[str, list[tuple[str, Cell]]] = {
    "pods": [("Ready", _ready_of_pod), ("Status", reason_of_pod), ("Restarts", _restarts), ("Age", _age)],
    "deployments.apps": [
        ("Ready", lambda each: f"{status(each).get('readyReplicas', 0)}/{each['spec']['replicas']}"),
        ("Up-to-date", _of_status("updatedReplicas")),
        ("Available", _of_status("availableReplicas")),
        ("Age", _age),
    ],
    "replicasets.apps": [
        ("Desired", _of_spec("replicas")),
        ("Current", _of_status("replicas")),
        ("Ready", _of_status("readyReplicas")),
        ("Age", _age),
    ],
    "statefulsets.apps": [
        ("Ready", lambda each: f"{status(each).get('readyReplicas', 0)}/{each['spec']['replicas']}"),
        ("Age", _age),
    ],
    "jobs.batch": [
        ("Status", _state_of_job),
        ("Completions", lambda each: f"{status(each).get('succeeded', 0)}/{each['spec'].get('completions', 1)}"),
        ("Duration", lambda each: age(status(each).get("startTime"))),
        ("Age", _age),
    ],
    "cronjobs.batch": [
        ("Schedule", _of_spec("schedule")),
        ("Timezone", _of_spec("timeZone")),
        ("Suspend", _of_spec("suspend")),
        ("Active", lambda each: len(status(each).get("active") or ())),
        ("Last Schedule", lambda each: age(status(each).get("lastScheduleTime")).replace("<unknown>", "<none>")),
        ("Age", _age),
    ],
    "services": [
        ("Type", _of_spec("type")),
        ("Cluster-IP", _of_spec("clusterIP")),
        ("External-IP", _none),
        ("Port(s)", _ports),
        ("Age", _age),
    ],
    "endpoints": [("Endpoints", _endpoints), ("Age", _age)],
    "configmaps": [("Data", _count("data")), ("Age", _age)],
    "secrets": [("Type", lambda each: each["type"]), ("Data", _count("data")), ("Age", _age)],
    "namespaces": [("Status", lambda each: status(each).get("phase", "Active")), ("Age", _age)],
    "nodes": [("Status", _always_ready), ("Roles", _none), ("Age", _age)],
    "events": [
        ("Last Seen", lambda each: age(each["lastTimestamp"])),
        ("Type", lambda each: each["type"]),
        ("Reason", lambda each: each["reason"]),
        ("Object", _object_of),
        ("Message", lambda each: each["message"]),
    ],
    "persistentvolumeclaims": [
        ("Status", lambda each: status(each).get("phase", "Pending")),
        ("Volume", _of_spec("volumeName", "")),
        ("Capacity", _capacity),
        ("StorageClass", _of_spec("storageClassName", "")),
        ("Age", _age),
    ],
    "horizontalpodautoscalers.autoscaling": [
        ("Reference", _reference),
        ("Targets", _targets),
        ("MinPods", _of_spec("minReplicas")),
        ("MaxPods", _of_spec("maxReplicas")),
        ("Replicas", _of_status("currentReplicas")),
        ("Age", _age),
    ],
    "poddisruptionbudgets.policy": [
        ("Min Available", _of_spec("minAvailable", "N/A")),
        ("Max Unavailable", _of_spec("maxUnavailable", "N/A")),
        ("Allowed Disruptions", _of_status("disruptionsAllowed")),
        ("Age", _age),
    ],
    "networkpolicies.networking.k8s.io": [
        ("Pod-Selector", lambda each: str((each["spec"].get("podSelector") or {}).get("matchLabels") or "<none>")),
        ("Age", _age),
    ],
    "controllerrevisions.apps": [("Revision", lambda each: each["revision"]), ("Age", _age)],
}
# Shown by `-o wide` alone.
WIDE: dict[str, list[tuple[str, Cell]]] = {
    "pods": [
        ("IP", lambda each: status(each).get("podIP", "<none>")),
        ("Node", lambda each: each["spec"].get("nodeName", "<none>")),
    ],
    "deployments.apps": [("Images", _images), ("Selector", _selector)],
    "replicasets.apps": [("Images", _images), ("Selector", _selector)],
    "statefulsets.apps": [("Images", _images)],
}


def _by_path(path: str) -> Cell:
    """The cell of a column that a CustomResourceDefinition declares, `.status.takenAt` or `.a['b']`."""
    steps = [each or quoted for each, quoted in re.findall(r"\.([\w-]+)|\['([^']+)'\]", path)]

    def cell(object_: dict) -> object:
        value: object = object_
        for step in steps:
            value = value.get(step) if isinstance(value, dict) else None
        return value

    return cell


def _declared(kind: Kind) -> list[tuple[str, Cell]]:
    columns = []
    for each in kind.columns:
        cell = _by_path(each["jsonPath"])
        if each["type"] == "date":
            columns.append((each["name"], lambda object_, cell=cell: age(cell(object_))))
        else:
            columns.append((each["name"], cell))
    return columns or [("Age", _age)]


def table(kind: Kind, objects: list[dict], version: str) -> dict:
    """The table of some objects, each row with the metadata that kubectl needs for labels and sorting."""
    columns = COLUMNS.get(kind.name) or _declared(kind)
    wide = WIDE.get(kind.name, [])
    named = columns if kind.name == "events" else [("Name", lambda each: each["metadata"]["name"]), *columns]
    definitions = [
        {
            "name": name,
            "type": "string",
            "format": "name" if name == "Name" else "",
            "description": "",
            "priority": int(number >= len(named)),
        }
        for number, (name, _) in enumerate([*named, *wide])
    ]
    rows = [
        {"cells": [cell(each) for _, cell in [*named, *wide]], "object": _partial(each), "conditions": []}
        for each in objects
    ]
    return {
        "kind": "Table",
        "apiVersion": "meta.k8s.io/v1",
        "metadata": {"resourceVersion": version},
        "columnDefinitions": definitions,
        "rows": rows,
    }


def _partial(object_: dict) -> dict:
    return {"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": object_["metadata"]}
