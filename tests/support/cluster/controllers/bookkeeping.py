"""What is kept up to date beside the workloads: endpoints, claims, budgets, namespaces, and what has lost its owner."""

from support.cluster.controllers import pods as of_pods
from support.cluster.controllers.deployments import _amount
from support.cluster.events import forget_old
from support.cluster.network import is_ready, pods_of, port_number
from support.cluster.selectors import labels_of, selects
from support.cluster.store import Object, Store, name_of, namespace_of, owner_reference, random_suffix
from support.cluster.volumes import NODE


def sync(store: Store) -> None:
    _collect_garbage(store)
    _furnish_namespaces(store)
    _end_namespaces(store)
    for service in store.list("services"):
        _publish_endpoints(store, service)
    for claim in store.list("persistentvolumeclaims"):
        _bind(store, claim)
    for budget in store.list("poddisruptionbudgets.policy"):
        _count(store, budget)
    for crd in store.list("customresourcedefinitions.apiextensions.k8s.io"):
        _establish(store, crd)
    forget_old(store)


def _furnish_namespaces(store: Store) -> None:
    """Each namespace has a service account for the pods that name none."""
    for namespace in store.list("namespaces"):
        where = name_of(namespace)
        missing = store.find("serviceaccounts", where, "default") is None
        if missing and namespace["status"]["phase"] == "Active":
            metadata = {"name": "default", "namespace": where}
            store.create("serviceaccounts", {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": metadata})


def _collect_garbage(store: Store) -> None:
    """Delete what belongs to somebody who is gone."""
    everything = list(store.everything())
    uids = {each["metadata"]["uid"] for _, each in everything}
    for kind, each in everything:
        owners = each["metadata"].get("ownerReferences", ())
        if owners and all(owner["uid"] not in uids for owner in owners):
            store.delete(kind, each)


def _end_namespaces(store: Store) -> None:
    for namespace in store.list("namespaces"):
        if namespace["status"]["phase"] == "Terminating":
            left = [(kind, each) for kind, each in store.everything() if namespace_of(each) == name_of(namespace)]
            for kind, each in left:
                store.delete(kind, each)
            if not left:
                store.remove("namespaces", namespace)


def _publish_endpoints(store: Store, service: Object) -> None:
    if not service["spec"].get("selector"):
        return
    ready = pods_of(store, service)
    chosen = [
        pod
        for pod in store.list("pods", namespace_of(service))
        if service["spec"]["selector"].items() <= labels_of(pod).items() and pod.get("status", {}).get("podIP")
    ]
    ports = service["spec"].get("ports") or ()
    metadata = {
        "name": name_of(service),
        "namespace": namespace_of(service),
        "labels": {"kubernetes.io/service-name": name_of(service)},
        "ownerReferences": [owner_reference(store.kind("services"), service)],
    }

    def numbered(pod: Object) -> list[dict]:
        return [
            {"name": port.get("name", ""), "port": port_number(pod, port["targetPort"]), "protocol": port["protocol"]}
            for port in ports
        ]

    def address(pod: Object) -> dict:
        reference = {"kind": "Pod", "name": name_of(pod), "namespace": namespace_of(pod), "uid": pod["metadata"]["uid"]}
        return {"ip": pod["status"]["podIP"], "nodeName": NODE, "targetRef": reference}

    subsets = [{"addresses": [address(pod) for pod in ready], "ports": numbered(ready[0])}] if ready else []
    _put(store, "endpoints", {"apiVersion": "v1", "kind": "Endpoints", "metadata": metadata, "subsets": subsets})
    slice_ = {
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "metadata": metadata,
        "addressType": "IPv4",
        "ports": numbered(chosen[0]) if chosen else [],
        "endpoints": [
            {
                "addresses": [pod["status"]["podIP"]],
                "conditions": {
                    "ready": is_ready(pod),
                    "serving": is_ready(pod),
                    "terminating": of_pods.is_going(pod),
                },
                "nodeName": NODE,
                "targetRef": address(pod)["targetRef"],
            }
            for pod in chosen
        ],
    }
    _put(store, "endpointslices.discovery.k8s.io", slice_)


def _put(store: Store, kind: str, new: Object) -> None:
    old = store.find(kind, namespace_of(new), name_of(new))
    if old is None:
        store.create(kind, new)
        return
    rest = {name: value for name, value in new.items() if name != "metadata"}
    store.change(kind, old, lambda copy: copy.update(rest))


def _bind(store: Store, claim: Object) -> None:
    if claim.get("status", {}).get("phase") == "Bound":
        return
    volume = f"pvc-{claim['metadata']['uid'][:8]}-{random_suffix()}"
    store.change("persistentvolumeclaims", claim, lambda new: new["spec"].update(volumeName=volume))
    capacity = {"storage": claim["spec"]["resources"]["requests"]["storage"]}
    modes = claim["spec"].get("accessModes", [])
    store.set_status("persistentvolumeclaims", claim, phase="Bound", capacity=capacity, accessModes=modes)


def _count(store: Store, budget: Object) -> None:
    """How many pods of a PodDisruptionBudget may be taken away at this moment."""
    every = store.list("pods", namespace_of(budget))
    chosen = [
        pod for pod in every if selects(budget["spec"].get("selector"), labels_of(pod)) and not of_pods.has_ended(pod)
    ]
    healthy = sum(map(is_ready, chosen))
    if "minAvailable" in budget["spec"]:
        wanted = _amount(budget["spec"]["minAvailable"], len(chosen), up=True)
    else:
        wanted = len(chosen) - _amount(budget["spec"].get("maxUnavailable", 0), len(chosen), up=True)
    store.set_status(
        "poddisruptionbudgets.policy",
        budget,
        observedGeneration=budget["metadata"]["generation"],
        expectedPods=len(chosen),
        currentHealthy=healthy,
        desiredHealthy=wanted,
        disruptionsAllowed=max(healthy - wanted, 0),
    )


def _establish(store: Store, crd: Object) -> None:
    before = crd.get("status", {})
    conditions = [
        of_pods.condition("NamesAccepted", True, "NoConflicts", "no conflicts found", before=before),
        of_pods.condition("Established", True, "InitialNamesAccepted", "the names were accepted", before=before),
    ]
    names = crd["spec"]["names"]
    versions = [each["name"] for each in crd["spec"]["versions"] if each.get("storage")]
    store.set_status(
        "customresourcedefinitions.apiextensions.k8s.io",
        crd,
        conditions=conditions,
        acceptedNames=names,
        storedVersions=versions,
    )
