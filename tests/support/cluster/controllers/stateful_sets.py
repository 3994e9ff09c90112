"""StatefulSets: pods with numbers, each with its own claims, which stay when the pods go."""

import copy

from support.cluster.controllers import pods
from support.cluster.defaults import template_hash
from support.cluster.network import is_ready
from support.cluster.store import Object, Store, name_of, namespace_of, owner_reference

KIND = "statefulsets.apps"
REVISIONS = "controllerrevisions.apps"
HASH = "controller-revision-hash"


def sync(store: Store) -> None:
    for each in store.list(KIND):
        revision = _revision(store, each)
        _sync_one(store, each, revision)
        _tell(store, each, revision)


def _sync_one(store: Store, owner: Object, revision: str) -> None:
    in_order = owner["spec"]["podManagementPolicy"] == "OrderedReady"
    existing = {_number(pod): pod for pod in store.owned_by("pods", owner)}
    for number in range(owner["spec"]["replicas"]):
        pod = existing.get(number)
        if pod is None:
            _make(store, owner, number, revision)
        elif pods.has_ended(pod) and not pods.is_going(pod):
            store.delete("pods", pod)
        if in_order and (pod is None or not is_ready(pod)):
            # The next one is not begun before this one is ready; one of an outdated template may never be.
            break
    surplus = sorted((number for number in existing if number >= owner["spec"]["replicas"]), reverse=True)
    for number in surplus[: 1 if in_order else None]:
        if not pods.is_going(existing[number]):
            pods.remove(store, KIND, owner, existing[number])
    if surplus or owner["spec"]["updateStrategy"]["type"] == "OnDelete":
        return
    _update(store, owner, existing, revision)


def _update(store: Store, owner: Object, existing: dict[int, Object], revision: str) -> None:
    """Replace the pods of an earlier template, from the highest number down, one after another."""
    partition = owner["spec"]["updateStrategy"].get("rollingUpdate", {}).get("partition", 0)
    for number in sorted((number for number in existing if number >= partition), reverse=True):
        pod = existing[number]
        if pods.is_going(pod):
            return
        if pod["metadata"]["labels"].get(HASH) != revision:
            pods.remove(store, KIND, owner, pod)
            return
        if not is_ready(pod):
            return


def _number(pod: Object) -> int:
    return int(name_of(pod).rpartition("-")[2])


def _make(store: Store, owner: Object, number: int, revision: str) -> None:
    name = f"{name_of(owner)}-{number}"
    template = copy.deepcopy(owner["spec"]["template"])
    volumes = template["spec"].setdefault("volumes", [])
    for each in owner["spec"].get("volumeClaimTemplates") or ():
        claim = f"{each['metadata']['name']}-{name}"
        volumes.append({"name": each["metadata"]["name"], "persistentVolumeClaim": {"claimName": claim}})
        if store.find("persistentvolumeclaims", namespace_of(owner), claim) is None:
            labels = (owner["spec"]["selector"].get("matchLabels") or {}) | (each["metadata"].get("labels") or {})
            metadata = {"name": claim, "namespace": namespace_of(owner), "labels": labels}
            new = {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": metadata, "spec": each["spec"]}
            store.create("persistentvolumeclaims", new)
    labels = {HASH: revision, "statefulset.kubernetes.io/pod-name": name, "apps.kubernetes.io/pod-index": str(number)}
    template["spec"]["hostname"] = name
    if store.find("pods", namespace_of(owner), name) is None:
        pods.make(store, KIND, owner, template, name=name, labels=labels)


def _revision(store: Store, owner: Object) -> str:
    """The name of the template's revision; it is written down, so that `rollout undo` finds it."""
    name = f"{name_of(owner)}-{template_hash(owner['spec']['template'])}"
    known = store.owned_by(REVISIONS, owner)
    newest = max((each["revision"] for each in known), default=0)
    found = next((each for each in known if name_of(each) == name), None)
    if found is None:
        template = copy.deepcopy(owner["spec"]["template"]) | {"$patch": "replace"}
        store.create(
            REVISIONS,
            {
                "apiVersion": "apps/v1",
                "kind": "ControllerRevision",
                "metadata": {
                    "name": name,
                    "namespace": namespace_of(owner),
                    "labels": dict(owner["spec"]["selector"].get("matchLabels") or {}),
                    "ownerReferences": [owner_reference(store.kind(KIND), owner)],
                },
                "data": {"spec": {"template": template}},
                "revision": newest + 1,
            },
        )
    elif found["revision"] < newest:
        store.change(REVISIONS, found, lambda new: new.update(revision=newest + 1))
    surplus = len(known) - owner["spec"]["revisionHistoryLimit"] - 1
    for each in sorted(known, key=lambda each: each["revision"])[: max(surplus, 0)]:
        if name_of(each) != name:
            store.remove(REVISIONS, each)
    return name


def _tell(store: Store, owner: Object, revision: str) -> None:
    existing = [pod for pod in store.owned_by("pods", owner) if not pods.has_ended(pod)]
    ready = [pod for pod in existing if is_ready(pod)]
    updated = [pod for pod in existing if pod["metadata"]["labels"].get(HASH) == revision]
    done = len(updated) == len(ready) == len(existing) == owner["spec"]["replicas"]
    current = revision if done else owner.get("status", {}).get("currentRevision", revision)
    store.set_status(
        KIND,
        owner,
        observedGeneration=owner["metadata"]["generation"],
        replicas=len(existing),
        readyReplicas=len(ready),
        availableReplicas=len(ready),
        updatedReplicas=len(updated),
        currentReplicas=sum(pod["metadata"]["labels"].get(HASH) == current for pod in existing),
        currentRevision=current,
        updateRevision=revision,
        collisionCount=0,
    )
