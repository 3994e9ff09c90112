"""HorizontalPodAutoscalers: they hold the number of replicas between their bounds.

A replica count that somebody sets by hand outside the bounds is put back; zero switches the autoscaler off, as in
Kubernetes.  Nothing scales by load here: a test would have to wait for it, and prove Kubernetes' arithmetic.
"""

from support.cluster.controllers import pods
from support.cluster.events import record
from support.cluster.store import Object, Store, namespace_of

KIND = "horizontalpodautoscalers.autoscaling"


def sync(store: Store) -> None:
    for autoscaler in store.list(KIND):
        reference = autoscaler["spec"]["scaleTargetRef"]
        kind = store.kinds.named(reference["apiVersion"], reference["kind"])
        target = None if kind is None else store.find(kind.name, namespace_of(autoscaler), reference["name"])
        if target is not None:
            _hold(store, autoscaler, kind.name, target)


def _hold(store: Store, autoscaler: Object, kind: str, target: Object) -> None:
    current = target["spec"].get("replicas", 1)
    spec = autoscaler["spec"]
    desired = min(max(current, spec["minReplicas"]), spec["maxReplicas"]) if current else 0
    if desired != current:
        store.change(kind, target, lambda new: new["spec"].update(replicas=desired))
        bound = "below minReplicas" if desired > current else "above maxReplicas"
        message = f"New size: {desired}; reason: Current number of replicas {bound}"
        record(store, KIND, autoscaler, "SuccessfulRescale", message, source="horizontal-pod-autoscaler")
    before = autoscaler.get("status", {})
    active = pods.condition(
        "ScalingActive", current > 0, "ValidMetricFound" if current else "ScalingDisabled", before=before
    )
    store.set_status(
        KIND,
        autoscaler,
        currentReplicas=target.get("status", {}).get("replicas", 0),
        desiredReplicas=desired,
        conditions=[active],
    )
