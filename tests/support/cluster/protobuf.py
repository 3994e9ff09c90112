"""Bodies in protobuf, which kubectl sends for the few objects that it makes itself (`kubectl create namespace …`).

The fields of those objects are known here, and no others.  A Job that is made from a CronJob comes without its spec:
it is the CronJob's, and whoever reads this takes it from there.
"""

import base64
from collections.abc import Iterator

from support.cluster.errors import Refusal

MAGIC = b"k8s\x00"

# By field number: the name, and what it is (text, bytes, number, flag, a map to text or to bytes, or a record).
OWNER = {1: ("kind", "text"), 3: ("name", "text"), 4: ("uid", "text"), 5: ("apiVersion", "text")}
OWNER |= {6: ("controller", "flag"), 7: ("blockOwnerDeletion", "flag")}
METADATA = {1: ("name", "text"), 2: ("generateName", "text"), 3: ("namespace", "text")}
METADATA |= {11: ("labels", "map"), 12: ("annotations", "map"), 13: ("ownerReferences", [OWNER])}
ATTRIBUTES = {1: ("namespace", "text"), 2: ("verb", "text"), 3: ("group", "text"), 4: ("version", "text")}
ATTRIBUTES |= {5: ("resource", "text"), 6: ("subresource", "text"), 7: ("name", "text")}
NAMED = {1: ("metadata", METADATA)}
KINDS = {
    "Namespace": NAMED,
    "ServiceAccount": NAMED,
    "Job": NAMED,
    "Eviction": NAMED,
    "ConfigMap": NAMED | {2: ("data", "map"), 3: ("binaryData", "map of bytes")},
    "Secret": NAMED | {2: ("data", "map of bytes"), 3: ("type", "text"), 4: ("stringData", "map")},
    "SelfSubjectAccessReview": NAMED | {2: ("spec", {1: ("resourceAttributes", ATTRIBUTES)})},
    "DeleteOptions": {1: ("gracePeriodSeconds", "number"), 4: ("propagationPolicy", "text")},
}


def parse(body: bytes) -> dict:
    """The object in a body.

    Raises:
        Refusal: 415, it is of a kind whose fields are not known here.
    """
    envelope = dict(_fields(body.removeprefix(MAGIC)))
    kind = {number: value.decode() for number, value in _fields(envelope[1])}
    name = kind.get(2, "")
    if name not in KINDS:
        what = f"the stand-in reads no {name} in protobuf: write a manifest, and apply it"
        raise Refusal(415, "UnsupportedMediaType", what)
    return {"apiVersion": kind.get(1, ""), "kind": name} | _record(envelope[2], KINDS[name])


def _record(data: bytes, known: dict) -> dict:
    found: dict = {}
    for number, value in _fields(data):
        if number not in known:
            continue
        name, what = known[number]
        if what == "text":
            found[name] = value.decode()
        elif what == "flag":
            found[name] = bool(value)
        elif what == "number":
            found[name] = value
        elif isinstance(what, dict):
            found[name] = _record(value, what)
        elif isinstance(what, list):
            found.setdefault(name, []).append(_record(value, what[0]))
        else:
            entry = dict(_fields(value))
            content = entry.get(2, b"")
            text = base64.b64encode(content) if what == "map of bytes" else content
            found.setdefault(name, {})[entry[1].decode()] = text.decode()
    return {name: value for name, value in found.items() if value != ""}


def _fields(data: bytes) -> Iterator[tuple[int, bytes | int]]:
    """The fields of a message: numbers, and what is counted in bytes; others do not occur."""
    place = 0
    while place < len(data):
        tag, place = _number(data, place)
        if tag & 7 == 0:
            value, place = _number(data, place)
            yield tag >> 3, value
        else:
            length, place = _number(data, place)
            yield tag >> 3, data[place : place + length]
            place += length


def _number(data: bytes, place: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[place]
        value |= (byte & 127) << shift
        place, shift = place + 1, shift + 7
        if byte < 128:
            return value, place
