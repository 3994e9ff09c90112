"""All objects of the cluster, their versions, and who watches them.

Everything happens on one event loop and no method waits, so a change is whole or does not happen.  What is handed out
is the stored object itself: a reader must not change it, `change` hands a copy to who wants to.
"""

import asyncio
import copy
import datetime as dt
import uuid
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from support.cluster.errors import AlreadyThere, Conflict, NotFound
from support.cluster.kinds import Kind, Kinds

MOST_CHANGES_KEPT = 20_000

Object = dict
Objects = list[dict]


def timestamp(moment: dt.datetime | None = None) -> str:
    return (moment or dt.datetime.now(dt.UTC)).strftime("%Y-%m-%dT%H:%M:%SZ")


def seconds_since(text: str | None) -> float:
    """How long ago a time stamp was, in seconds; for ever where there is none."""
    if not text:
        return float("inf")
    return (dt.datetime.now(dt.UTC) - dt.datetime.fromisoformat(text)).total_seconds()


@dataclass(frozen=True)
class Change:
    """What happened to an object: ADDED, MODIFIED or DELETED."""

    version: int
    what: str
    kind: str
    object: Object


class Store:
    """The objects, by kind, namespace and name."""

    def __init__(self) -> None:
        self.kinds = Kinds()
        self.version = 1
        self._objects: dict[str, dict[tuple[str, str], Object]] = {}
        self._changes: deque[Change] = deque(maxlen=MOST_CHANGES_KEPT)
        self._listeners: set[asyncio.Queue[Change]] = set()
        self.changed = asyncio.Event()

    # -------------------------------------------------------------------------------------------------- reading

    def kind(self, name: str) -> Kind:
        """The kind of that name, `deployments.apps`."""
        return next(kind for kind in self.kinds if kind.name == name)

    def find(self, kind: str, namespace: str, name: str) -> Object | None:
        return self._objects.get(kind, {}).get((namespace, name))

    def get(self, kind: str, namespace: str, name: str) -> Object:
        found = self.find(kind, namespace, name)
        if found is None:
            raise NotFound(kind, name)
        return found

    def list(self, kind: str, namespace: str = "") -> "Objects":
        """Those of a namespace, or of all where none is named, by name."""
        objects = self._objects.get(kind, {})
        return [objects[key] for key in sorted(objects) if not namespace or key[0] == namespace]

    def owned_by(self, kind: str, owner: Object) -> "Objects":
        uid = owner["metadata"]["uid"]
        return [each for each in self.list(kind, namespace_of(owner)) if controller_of(each) == uid]

    def everything(self) -> Iterable[tuple[str, Object]]:
        return [(kind, each) for kind, objects in self._objects.items() for each in objects.values()]

    # ------------------------------------------------------------------------------------------------- changing

    def create(self, kind: str, given: Object) -> Object:
        new = copy.deepcopy(given)
        metadata = new.setdefault("metadata", {})
        if "name" not in metadata and metadata.get("generateName"):
            metadata["name"] = metadata["generateName"] + random_suffix()
        key = (metadata.get("namespace", ""), metadata["name"])
        if key in self._objects.get(kind, {}):
            raise AlreadyThere(kind, metadata["name"])
        metadata |= {"uid": str(uuid.uuid4()), "creationTimestamp": timestamp(), "generation": 1}
        self._put("ADDED", kind, new)
        return new

    def replace(self, kind: str, new: Object) -> Object:
        """Put an object in the place of its predecessor, unless that was changed since the new one was read."""
        metadata = new["metadata"]
        old = self.get(kind, metadata.get("namespace", ""), metadata["name"])
        if metadata.get("resourceVersion") not in {None, "", old["metadata"]["resourceVersion"]}:
            raise Conflict(kind, metadata["name"])
        new = copy.deepcopy(new)
        kept = ("uid", "creationTimestamp", "generation", "resourceVersion", "deletionTimestamp")
        new["metadata"] |= {name: old["metadata"][name] for name in kept if name in old["metadata"]}
        if new == old:
            return old
        if any(
            new.get(part) != old.get(part) for part in new.keys() | old.keys() if part not in {"metadata", "status"}
        ):
            new["metadata"]["generation"] = old["metadata"]["generation"] + 1
        self._put("MODIFIED", kind, new)
        return new

    def change(self, kind: str, object_: Object, edit: Callable[[Object], object]) -> Object | None:
        """Edit a copy of an object as it stands now, and store it; None where it is gone meanwhile."""
        metadata = object_["metadata"]
        old = self.find(kind, metadata.get("namespace", ""), metadata["name"])
        if old is None or old["metadata"]["uid"] != metadata["uid"]:
            return None
        new = copy.deepcopy(old)
        edit(new)
        return self.replace(kind, new)

    def set_status(self, kind: str, object_: Object, **status: object) -> None:
        """Store parts of a status; a part that is None goes."""

        def edit(new: Object) -> None:
            together = new.get("status", {}) | status
            new["status"] = {name: value for name, value in together.items() if value is not None}

        self.change(kind, object_, edit)

    def delete(self, kind: str, object_: Object, *, grace: float | None = None) -> Object:
        """Delete an object; a pod gets the time that it needs to end, a namespace that to become empty."""
        metadata = object_["metadata"]
        if kind == "namespaces":
            # It goes when nothing is left in it.
            return self.change(kind, object_, lambda new: new.update(status={"phase": "Terminating"})) or object_
        if kind != "pods":
            return self.remove(kind, object_)
        if grace is None:
            grace = object_["spec"].get("terminationGracePeriodSeconds", 30)
        if grace == 0 and not object_["spec"].get("nodeName"):
            return self.remove(kind, object_)
        if "deletionTimestamp" in metadata and grace >= metadata.get("deletionGracePeriodSeconds", 0):
            return object_
        new = copy.deepcopy(object_)
        end = dt.datetime.now(dt.UTC) + dt.timedelta(seconds=grace)
        new["metadata"] |= {"deletionTimestamp": timestamp(end), "deletionGracePeriodSeconds": grace}
        self._put("MODIFIED", kind, new)
        return new

    def remove(self, kind: str, object_: Object) -> Object:
        metadata = object_["metadata"]
        last = self._objects.get(kind, {}).pop((metadata.get("namespace", ""), metadata["name"]), None)
        if last is None:
            return object_
        last = copy.deepcopy(last)
        self._stamp(last)
        if kind == "customresourcedefinitions.apiextensions.k8s.io":
            self.kinds.forget(last)
        self._tell(Change(self.version, "DELETED", kind, last))
        return last

    def _put(self, what: str, kind: str, new: Object) -> None:
        self._stamp(new)
        self._objects.setdefault(kind, {})[new["metadata"].get("namespace", ""), new["metadata"]["name"]] = new
        if kind == "customresourcedefinitions.apiextensions.k8s.io":
            self.kinds.declare(new)
        self._tell(Change(self.version, what, kind, new))

    def _stamp(self, new: Object) -> None:
        self.version += 1
        new["metadata"]["resourceVersion"] = str(self.version)

    def _tell(self, change: Change) -> None:
        self._changes.append(change)
        self.changed.set()
        for listener in self._listeners:
            listener.put_nowait(change)

    # ------------------------------------------------------------------------------------------------- watching

    def listen(self, since: int | None = None) -> "asyncio.Queue[Change]":
        """A queue of all changes from now on, or after a version; `hush` ends it."""
        queue: asyncio.Queue[Change] = asyncio.Queue()
        if since is not None:
            for change in self._changes:
                if change.version > since:
                    queue.put_nowait(change)
        self._listeners.add(queue)
        return queue

    def hush(self, queue: "asyncio.Queue[Change]") -> None:
        self._listeners.discard(queue)


def random_suffix() -> str:
    letters = "bcdfghjklmnpqrstvwxz2456789"
    return "".join(letters[byte % len(letters)] for byte in uuid.uuid4().bytes[:5])


def namespace_of(object_: Object) -> str:
    return object_["metadata"].get("namespace", "")


def name_of(object_: Object) -> str:
    return object_["metadata"]["name"]


def controller_of(object_: Object) -> str | None:
    """The uid of the object that made this one and looks after it."""
    owners = object_["metadata"].get("ownerReferences", ())
    return next((owner["uid"] for owner in owners if owner.get("controller")), None)


def owner_reference(kind: Kind, owner: Object) -> Object:
    return {
        "apiVersion": kind.api_version,
        "kind": kind.kind,
        "name": name_of(owner),
        "uid": owner["metadata"]["uid"],
        "controller": True,
        "blockOwnerDeletion": True,
    }
