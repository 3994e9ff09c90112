"""ReplicaSets: as many pods of one template as are wanted."""

from support.cluster.controllers import pods
from support.cluster.network import is_ready
from support.cluster.selectors import labels_of, selects
from support.cluster.store import Object, Store

KIND = "replicasets.apps"


def sync(store: Store) -> None:
    for replica_set in store.list(KIND):
        wanted = replica_set["spec"]["replicas"]
        _release(store, replica_set)
        existing = pods.living(store, replica_set)
        for _ in range(wanted - len(existing)):
            pods.make(store, KIND, replica_set, replica_set["spec"]["template"])
        for pod in sorted(existing, key=_last_to_go)[: max(len(existing) - wanted, 0)]:
            pods.remove(store, KIND, replica_set, pod)
        _tell(store, replica_set)


def _release(store: Store, replica_set: Object) -> None:
    """A pod whose labels were changed, so that it is not meant any more, is nobody's from then on."""
    for pod in pods.living(store, replica_set):
        if not selects(replica_set["spec"]["selector"], labels_of(pod)):
            store.change("pods", pod, lambda new: new["metadata"].pop("ownerReferences"))


def _last_to_go(pod: Object) -> tuple[bool, int]:
    """Those that serve nobody go first, then the youngest."""
    return is_ready(pod), -int(pod["metadata"]["resourceVersion"])


def _tell(store: Store, replica_set: Object) -> None:
    existing = pods.living(store, replica_set)
    patience = replica_set["spec"].get("minReadySeconds", 0)
    store.set_status(
        KIND,
        replica_set,
        replicas=len(existing),
        fullyLabeledReplicas=len(existing),
        readyReplicas=sum(map(is_ready, existing)),
        availableReplicas=sum(pods.is_available(pod, patience) for pod in existing),
        observedGeneration=replica_set["metadata"]["generation"],
    )
