"""Deployments: a ReplicaSet for each template, and the way from one to the next.

The rules are Kubernetes': never more than `maxSurge` above the wanted number, never fewer than it less
`maxUnavailable` that are available.
"""

import copy
import math

from support.cluster.controllers import pods
from support.cluster.defaults import template_hash
from support.cluster.events import record
from support.cluster.store import Object, Store, name_of, namespace_of, owner_reference, seconds_since, timestamp

KIND = "deployments.apps"
SETS = "replicasets.apps"
REVISION = "deployment.kubernetes.io/revision"
HASH = "pod-template-hash"


def sync(store: Store) -> None:
    for deployment in store.list(KIND):
        sets = store.owned_by(SETS, deployment)
        new = _set_of(store, deployment, sets)
        sets = store.owned_by(SETS, deployment)
        if new is not None:
            new = store.find(SETS, namespace_of(new), name_of(new))
            old = [each for each in sets if each["metadata"]["uid"] != new["metadata"]["uid"]]
            if not deployment["spec"].get("paused"):
                _roll(store, deployment, new, old)
            _forget_old(store, deployment, old)
        _tell(store, deployment)


# ------------------------------------------------------------------------------------------------------- ReplicaSets


def _set_of(store: Store, deployment: Object, sets: list[Object]) -> Object | None:
    """The ReplicaSet of the deployment's template, made where there is none; it carries the newest revision."""
    digest = template_hash(deployment["spec"]["template"])
    newest = max((_revision(each) for each in sets), default=0)
    found = next((each for each in sets if each["metadata"]["labels"].get(HASH) == digest), None)
    if found is None:
        if deployment["spec"].get("paused"):
            return None
        found = store.create(SETS, _new_set(store, deployment, digest, newest + 1))
    elif _revision(found) < newest:
        # An earlier template is wanted again: it becomes the newest revision.
        found = store.change(
            SETS, found, lambda new: new["metadata"]["annotations"].update({REVISION: str(newest + 1)})
        )
    revision = found["metadata"]["annotations"][REVISION]
    if (deployment["metadata"].get("annotations") or {}).get(REVISION) != revision:
        store.change(
            KIND, deployment, lambda new: new["metadata"].setdefault("annotations", {}).update({REVISION: revision})
        )
    return found


def _new_set(store: Store, deployment: Object, digest: str, revision: int) -> Object:
    template = copy.deepcopy(deployment["spec"]["template"])
    template["metadata"].setdefault("labels", {})[HASH] = digest
    selector = copy.deepcopy(deployment["spec"]["selector"])
    selector.setdefault("matchLabels", {})[HASH] = digest
    kept = ("kubectl.kubernetes.io/last-applied-configuration", REVISION)
    annotations = deployment["metadata"].get("annotations") or {}
    return {
        "apiVersion": "apps/v1",
        "kind": "ReplicaSet",
        "metadata": {
            "name": f"{name_of(deployment)}-{digest}",
            "namespace": namespace_of(deployment),
            "labels": dict(template["metadata"]["labels"]),
            "annotations": {name: text for name, text in annotations.items() if name not in kept}
            | {REVISION: str(revision)},
            "ownerReferences": [owner_reference(store.kind(KIND), deployment)],
        },
        "spec": {
            "replicas": 0,
            "minReadySeconds": deployment["spec"].get("minReadySeconds", 0),
            "selector": selector,
            "template": template,
        },
    }


def _revision(replica_set: Object) -> int:
    return int((replica_set["metadata"].get("annotations") or {}).get(REVISION, 0))


def _forget_old(store: Store, deployment: Object, old: list[Object]) -> None:
    empty = [each for each in old if not each["spec"]["replicas"] and not each.get("status", {}).get("replicas")]
    surplus = max(len(empty) - deployment["spec"]["revisionHistoryLimit"], 0)
    for each in sorted(empty, key=_revision)[:surplus]:
        store.delete(SETS, each)


# --------------------------------------------------------------------------------------------------------- rolling


def _amount(value: int | str, of: int, *, up: bool) -> int:
    """A number, or a part of `of` in per cent, rounded up or down."""
    if isinstance(value, int) or not str(value).endswith("%"):
        return int(value)
    share = of * int(str(value)[:-1]) / 100
    return math.ceil(share) if up else math.floor(share)


def limits_of(deployment: Object) -> tuple[int, int]:
    """How many more, and how many fewer, pods than wanted there may be during a rollout."""
    wanted = deployment["spec"]["replicas"]
    rolling = deployment["spec"]["strategy"].get("rollingUpdate") or {}
    surge = _amount(rolling.get("maxSurge", "25%"), wanted, up=True)
    unavailable = _amount(rolling.get("maxUnavailable", "25%"), wanted, up=False)
    return (surge, unavailable) if surge or unavailable else (0, 1)


def _roll(store: Store, deployment: Object, new: Object, old: list[Object]) -> None:
    wanted = deployment["spec"]["replicas"]
    if deployment["spec"]["strategy"]["type"] == "Recreate":
        for each in old:
            _scale(store, deployment, each, 0)
        if not any(pod for each in old for pod in store.owned_by("pods", each)):
            _scale(store, deployment, new, wanted)
        return
    surge, unavailable = limits_of(deployment)
    size = new["spec"]["replicas"]
    if size > wanted:
        _scale(store, deployment, new, wanted)
    elif size < wanted:
        total = sum(each["spec"]["replicas"] for each in [new, *old])
        size += min(max(wanted + surge - total, 0), wanted - size)
        _scale(store, deployment, new, size)
        if size > new["spec"]["replicas"]:
            return
    new = store.get(SETS, namespace_of(new), name_of(new))
    _shrink_old(store, deployment, new, [each for each in old if each["spec"]["replicas"]], wanted - unavailable)


def _shrink_old(store: Store, deployment: Object, new: Object, old: list[Object], fewest: int) -> None:
    """Take pods from the old sets: first those that serve nobody, then as many as can be spared."""
    total = sum(each["spec"]["replicas"] for each in [new, *old])
    missing = new["spec"]["replicas"] - _available(new)
    budget = total - fewest - missing
    for each in sorted(old, key=_revision):
        broken = each["spec"]["replicas"] - _available(each)
        taken = min(broken, max(budget, 0))
        if taken:
            _scale(store, deployment, each, each["spec"]["replicas"] - taken)
            budget -= taken
    old = [store.get(SETS, namespace_of(each), name_of(each)) for each in old]
    spare = min(sum(map(_available, [new, *old])) - fewest, budget)
    for each in sorted(old, key=_revision):
        taken = min(each["spec"]["replicas"], max(spare, 0))
        if taken:
            _scale(store, deployment, each, each["spec"]["replicas"] - taken)
            spare -= taken


def _available(replica_set: Object) -> int:
    """As its own controller last saw it; never more than it is to have."""
    return min(replica_set.get("status", {}).get("availableReplicas", 0), replica_set["spec"]["replicas"])


def _scale(store: Store, deployment: Object, replica_set: Object, size: int) -> None:
    before = replica_set["spec"]["replicas"]
    if size != before:
        store.change(SETS, replica_set, lambda new: new["spec"].update(replicas=size))
        way = "up" if size > before else "down"
        message = f"Scaled {way} replica set {name_of(replica_set)} from {before} to {size}"
        record(store, KIND, deployment, "ScalingReplicaSet", message, source="deployment-controller")


# ---------------------------------------------------------------------------------------------------------- status


def _tell(store: Store, deployment: Object) -> None:
    deployment = store.get(KIND, namespace_of(deployment), name_of(deployment))
    digest = template_hash(deployment["spec"]["template"])
    sets = store.owned_by(SETS, deployment)
    new = [each for each in sets if each["metadata"]["labels"].get(HASH) == digest]

    def total(of: list[Object], field: str) -> int:
        return sum(each.get("status", {}).get(field, 0) for each in of)

    wanted = deployment["spec"]["replicas"]
    replicas, available = total(sets, "replicas"), total(sets, "availableReplicas")
    updated = total(new, "replicas")
    _, unavailable = limits_of(deployment)
    enough = available >= wanted - unavailable
    before = deployment.get("status", {})
    done = updated == wanted == replicas == available
    store.set_status(
        KIND,
        deployment,
        observedGeneration=deployment["metadata"]["generation"],
        replicas=replicas or None,
        updatedReplicas=updated or None,
        readyReplicas=total(sets, "readyReplicas") or None,
        availableReplicas=available or None,
        unavailableReplicas=max(wanted - available, 0) or None,
        conditions=[
            {"lastUpdateTime": timestamp()} | each
            for each in (
                pods.condition(
                    "Available",
                    enough,
                    "MinimumReplicasAvailable" if enough else "MinimumReplicasUnavailable",
                    "Deployment has minimum availability."
                    if enough
                    else "Deployment does not have minimum availability.",
                    before=before,
                ),
                _progress(deployment, before, done, (updated, replicas, available)),
            )
        ],
    )


def _progress(deployment: Object, before: Object, done: bool, figures: tuple[int, int, int]) -> Object:
    """Whether the rollout gets on: not, when nothing has moved for `progressDeadlineSeconds`."""
    name = f'"{name_of(deployment)}"'
    if done:
        what = f"Deployment {name} has successfully progressed."
        return pods.condition("Progressing", True, "NewReplicaSetAvailable", what, before=before)
    old = next((each for each in before.get("conditions", ()) if each["type"] == "Progressing"), None)
    fields = ("updatedReplicas", "replicas", "availableReplicas")
    moved = tuple(before.get(field, 0) for field in fields) != figures
    newer = before.get("observedGeneration") != deployment["metadata"]["generation"]
    deadline = deployment["spec"]["progressDeadlineSeconds"]
    if old is not None and not moved and not newer:
        late = old["reason"] == "ReplicaSetUpdated" and seconds_since(old["lastUpdateTime"]) > deadline
        if late or old["reason"] == "ProgressDeadlineExceeded":
            what = f"Deployment {name} has timed out progressing."
            return pods.condition("Progressing", False, "ProgressDeadlineExceeded", what, before=before)
        if old["reason"] in {"ReplicaSetUpdated", "NewReplicaSetAvailable"}:
            # A pod that fails after the rollout was complete does not begin another one.
            return old
    return pods.condition("Progressing", True, "ReplicaSetUpdated", f"Deployment {name} is progressing.")
