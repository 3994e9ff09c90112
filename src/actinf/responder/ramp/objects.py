"""What the objects of a cluster say, by whatever way they came: how a deployment stands, and what changes it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from actinf.errors import ClusterTrouble
from actinf.responder.ramp.cluster import Autoscaler, Pod, Standing

__all__ = ["OUT_OF_MEMORY", "change_of_bound", "change_of_replicas", "pods_of", "selector_of", "standing_of"]

#: The reason of a container's end for want of memory.
OUT_OF_MEMORY = "OOMKilled"


def standing_of(
    target: str, name: str, deployment: Mapping[str, Any], scalers: Mapping[str, Any], pods: Mapping[str, Pod]
) -> Standing:
    """How a deployment stands.

    Args:
        target: what it is called in messages.
        name: of the deployment.
        deployment: the object.
        scalers: the list of all autoscalers of its namespace.
        pods: of it, by their uid.

    Raises:
        ClusterTrouble: they say nothing that can be read, or several autoscalers look after it.
    """
    try:
        status = deployment.get("status", {})
        return Standing(
            replicas=int(deployment["spec"].get("replicas", 1)),
            ready=_ready(deployment["metadata"], status),
            autoscaler=_autoscaler(target, name, scalers["items"]),
            pods=pods,
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise _unreadable(target, error) from None


def selector_of(target: str, deployment: Mapping[str, Any]) -> str:
    """By which labels the pods of a deployment are found.

    Raises:
        ClusterTrouble: it says none.
    """
    try:
        return ",".join(f"{name}={value}" for name, value in deployment["spec"]["selector"]["matchLabels"].items())
    except (KeyError, TypeError, AttributeError) as error:
        raise _unreadable(target, error) from None


def pods_of(target: str, listed: Mapping[str, Any]) -> Mapping[str, Pod]:
    """The pods of a list, by their uid.

    Raises:
        ClusterTrouble: it is no list of pods.
    """
    try:
        return {one["metadata"]["uid"]: _pod(one.get("status", {})) for one in listed["items"]}
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise _unreadable(target, error) from None


def change_of_replicas(now: int, wanted: int) -> list[dict[str, Any]]:
    """A JSON patch for the scale of a deployment, which fails where there are not as many as there were."""
    return _change("/spec/replicas", now, wanted)


def change_of_bound(now: int, wanted: int) -> list[dict[str, Any]]:
    """A JSON patch for an autoscaler, which fails where its lower bound is another by now."""
    return _change("/spec/minReplicas", now, wanted)


def _change(path: str, now: int, wanted: int) -> list[dict[str, Any]]:
    return [{"op": "test", "path": path, "value": now}, {"op": "replace", "path": path, "value": wanted}]


def _pod(status: Mapping[str, Any]) -> Pod:
    containers = status.get("containerStatuses") or ()
    ends = [(one.get("lastState") or {}).get("terminated") or {} for one in containers]
    return Pod(
        restarts=sum(int(one.get("restartCount", 0)) for one in containers),
        out_of_memory=any(one.get("reason") == OUT_OF_MEMORY for one in ends),
    )


def _autoscaler(target: str, deployment: str, found: Sequence[Mapping[str, Any]]) -> Autoscaler | None:
    own = [
        one
        for one in found
        if one["spec"]["scaleTargetRef"]["kind"] == "Deployment" and one["spec"]["scaleTargetRef"]["name"] == deployment
    ]
    if len(own) > 1:
        names = ", ".join(one["metadata"]["name"] for one in own)
        raise ClusterTrouble(f"{target} has several autoscalers, {names}: expected one, or none")
    if not own:
        return None
    spec = own[0]["spec"]
    return Autoscaler(
        name=own[0]["metadata"]["name"],
        least=int(spec.get("minReplicas", 1)),
        most=int(spec["maxReplicas"]),
        current=int(own[0].get("status", {}).get("currentReplicas", 0)),
    )


def _ready(metadata: Mapping[str, Any], status: Mapping[str, Any]) -> int:
    """Replicas that are ready; none as long as what the deployment says is of before its last change."""
    if int(status.get("observedGeneration", 0)) < int(metadata.get("generation", 0)):
        return 0
    return min(int(status.get("readyReplicas", 0)), int(status.get("updatedReplicas", 0)))


def _unreadable(target: str, error: Exception) -> ClusterTrouble:
    return ClusterTrouble(f"{target}: the cluster says nothing that can be read ({error!r})")
