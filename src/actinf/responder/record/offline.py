"""Verifies an exported incident without this project: copy this one file, which needs nothing but Python.

    python offline.py 2026-11-23-001.json responder.key

The export is signed as a whole, so that nothing in it can be changed, removed or moved; and each event has its MAC, so
that what was changed is named.  The key is the 64 hexadecimal digits of `responder.key`: whoever has it can also write
any export, so it is for those who verify, and for nobody else.

    MAC of an event   HMAC-SHA256(key, MAC of the event before it || canonical(content))
    content           [seq, incident, number, at, recorded_at, kind, body]
    a personal field  in body as {"digest": SHA-256(salt || value)}, with salt and value beside, unless it was erased
    signature         HMAC-SHA256(HMAC-SHA256(key, "actinf audit export"), canonical(export without "signature"))
    canonical         JSON without blanks, keys sorted, all but ASCII escaped; a number is its digits without zeros at
                      either end, "E", and the power of ten: 0.8 is 8E-1, 1200 is 12E2, and nothing is 0
"""

import hashlib
import hmac
import json
import sys
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

__all__ = ["canonical", "events_in", "signature_of", "wrong_in"]

FORMAT = "actinf incident 1"


def canonical(value: object) -> str:
    """JSON with one form for each value."""
    if isinstance(value, dict):
        return "{" + ",".join(f"{json.dumps(str(name))}:{canonical(value[name])}" for name in sorted(value)) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ",".join(map(canonical, value)) + "]"
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        sign, digits, exponent = Decimal(repr(value)).as_tuple()
        text = "".join(map(str, digits)).lstrip("0")
        short = text.rstrip("0")
        return f"{'-' if sign else ''}{short}E{int(exponent) + len(text) - len(short)}" if short else "0"
    return json.dumps(value)


def signature_of(export: "dict[str, object]", key: bytes) -> str:
    """The signature of an export, hexadecimal."""
    said = {name: value for name, value in export.items() if name != "signature"}
    signing = hmac.new(key, b"actinf audit export", hashlib.sha256).digest()
    return hmac.new(signing, canonical(said).encode(), hashlib.sha256).hexdigest()


def wrong_in(export: object, key: bytes) -> "list[str]":
    """What is not as it was exported, a sentence each; empty: nothing.

    Args:
        export: what the file says, read as JSON.
        key: 32 bytes.
    """
    if not isinstance(export, dict) or export.get("format") != FORMAT:
        return [f"it is no export: expected the format {FORMAT!r}"]
    try:
        wrong = [
            *_wrong_events(export["events"], export["incident"]["id"], key),
            *(
                f"{other['id']}, {one}"
                for other in export.get("taken_up", [])
                for one in _wrong_events(other["events"], other["id"], key)
            ),
        ]
        if not hmac.compare_digest(str(export.get("signature")).encode(), signature_of(export, key).encode()):
            wrong.append("the export as a whole is not what was signed with this key")
    except (ArithmeticError, AttributeError, KeyError, IndexError, TypeError, ValueError, RecursionError) as error:
        return [f"it cannot be read: something was changed beyond recognition ({type(error).__name__})"]
    return wrong


def _wrong_events(events: "list[Any]", incident: str, key: bytes) -> "Iterator[str]":
    previous = None
    for number, event in enumerate(events, 1):
        content, mac = event["content"], event["mac"]
        named = f"event {number}"
        expected = hmac.new(key, bytes.fromhex(event["before"]) + canonical(content).encode(), hashlib.sha256)
        if not hmac.compare_digest(mac, expected.hexdigest()):
            yield f"{named}: changed, or put in"
        if content[:3] != [event["seq"], incident, number]:
            yield f"{named}: {content[2]} of {content[1]} stands in its place"
        if previous is not None and previous["seq"] + 1 == event["seq"] and previous["mac"] != event["before"]:
            yield f"{named}: does not follow the one before it"
        for name, one in event["personal"].items():
            digest = hashlib.sha256(bytes.fromhex(one["salt"]) + one["value"].encode()).hexdigest()
            if content[6].get(name) != {"digest": digest}:
                yield f"{named}: its text ({name}) is not what was written"
        previous = event


def events_in(export: "dict[str, Any]") -> int:
    """How many events there are, with those of incidents that were merged into it."""
    return len(export["events"]) + sum(len(one["events"]) for one in export.get("taken_up", []))


def main(arguments: "list[str]") -> int:
    """Verify one file; 0 where it is what was exported, 1 where it is not, 2 where it cannot be told."""
    if len(arguments) != 2:
        sys.stderr.write("expected two arguments: the exported incident, and the file with the key\n")
        return 2
    try:
        key = bytes.fromhex(Path(arguments[1]).read_text(encoding="ascii").strip())
        export = json.loads(Path(arguments[0]).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        sys.stderr.write(f"error: {error}\n")
        return 2
    wrong = wrong_in(export, key)
    for sentence in wrong:
        sys.stderr.write(f"error: {sentence}\n")
    sys.stdout.write("NOT what was exported\n" if wrong else f"intact: {events_in(export)} events\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
