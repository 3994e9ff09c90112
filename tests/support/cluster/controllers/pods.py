"""What controllers know about pods: whose they are, whether they are ready, and how they are made."""

import copy
import datetime as dt

from support.cluster.events import record
from support.cluster.network import is_ready
from support.cluster.store import Object, Store, name_of, namespace_of, owner_reference, seconds_since


def living(store: Store, owner: Object) -> list[Object]:
    """The pods of an owner that are not about to go and have not ended."""
    return [pod for pod in store.owned_by("pods", owner) if not is_going(pod) and not has_ended(pod)]


def is_going(pod: Object) -> bool:
    return "deletionTimestamp" in pod["metadata"]


def has_ended(pod: Object) -> bool:
    return pod.get("status", {}).get("phase") in {"Succeeded", "Failed"}


def is_available(pod: Object, min_ready_seconds: float) -> bool:
    """Whether a pod has been ready for long enough."""
    if not is_ready(pod):
        return False
    condition = next(each for each in pod["status"]["conditions"] if each["type"] == "Ready")
    return not min_ready_seconds or seconds_since(condition["lastTransitionTime"]) >= min_ready_seconds


def make(
    store: Store, kind: str, owner: Object, template: Object, *, name: str = "", labels: dict | None = None
) -> None:
    """Make a pod out of a template; one without a name gets the owner's and some letters."""
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": copy.deepcopy(template.get("metadata", {})),
        "spec": copy.deepcopy(template["spec"]),
        "status": {"phase": "Pending", "qosClass": "Burstable"},
    }
    metadata = pod["metadata"]
    metadata["namespace"] = namespace_of(owner)
    metadata["ownerReferences"] = [owner_reference(store.kind(kind), owner)]
    metadata["labels"] = (metadata.get("labels") or {}) | (labels or {})
    if name:
        metadata["name"] = name
    else:
        metadata["generateName"] = f"{name_of(owner)}-"
    made = store.create("pods", pod)
    controller = kind.partition(".")[0].removesuffix("s")
    record(store, kind, owner, "SuccessfulCreate", f"Created pod: {name_of(made)}", source=f"{controller}-controller")


def remove(store: Store, kind: str, owner: Object, pod: Object) -> None:
    controller = kind.partition(".")[0].removesuffix("s")
    record(store, kind, owner, "SuccessfulDelete", f"Deleted pod: {name_of(pod)}", source=f"{controller}-controller")
    store.delete("pods", pod)


def condition(kind: str, holds: bool, reason: str, message: str = "", *, before: Object | None = None) -> Object:
    """A condition of a status; its time is that of its last change."""
    status = "True" if holds else "False"
    moment = dt.datetime.now(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    old = next((each for each in (before or {}).get("conditions", ()) if each["type"] == kind), None)
    if old is not None and (old["status"], old["reason"], old["message"]) == (status, reason, message):
        return dict(old)
    since = old["lastTransitionTime"] if old is not None and old["status"] == status else moment
    new = {"type": kind, "status": status, "reason": reason, "message": message}
    return new | {"lastTransitionTime": since}
