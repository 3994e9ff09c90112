"""Events: what happened to an object, as `kubectl describe` shows it; the same thing again is counted."""

import hashlib

from support.cluster.store import Object, Store, name_of, seconds_since, timestamp

MOST_SECONDS_KEPT = 3600.0


def record(store: Store, kind: str, object_: Object, reason: str, message: str, *, source: str) -> None:
    """Write down what happened; `Warning` for what is wrong, `Normal` for the rest, by its reason."""
    known = store.kind(kind)
    metadata = object_["metadata"]
    namespace = metadata.get("namespace", "default")
    identity = hashlib.sha256(f"{metadata['uid']} {reason} {message}".encode()).hexdigest()[:16]
    name = f"{name_of(object_)}.{identity}"
    moment = timestamp()
    before = store.find("events", namespace, name)
    if before is not None:
        store.change("events", before, lambda new: new.update(count=new["count"] + 1, lastTimestamp=moment))
        return
    involved = {"kind": known.kind, "apiVersion": known.api_version, "namespace": namespace}
    involved |= {"name": name_of(object_), "uid": metadata["uid"]}
    event = {
        "kind": "Event",
        "apiVersion": "v1",
        "metadata": {"name": name, "namespace": namespace},
        "involvedObject": involved,
        "reason": reason,
        "message": message,
        "type": "Warning" if reason in WARNINGS else "Normal",
        "source": {"component": source},
        "reportingComponent": source,
        "reportingInstance": "",
        "count": 1,
        "firstTimestamp": moment,
        "lastTimestamp": moment,
        "eventTime": None,
    }
    store.create("events", event)


WARNINGS = {
    "BackOff",
    "BackoffLimitExceeded",
    "DeadlineExceeded",
    "Failed",
    "FailedCreate",
    "FailedMount",
    "FailedScheduling",
    "Unhealthy",
}


def forget_old(store: Store) -> None:
    for event in store.list("events"):
        if seconds_since(event["lastTimestamp"]) > MOST_SECONDS_KEPT:
            store.remove("events", event)
