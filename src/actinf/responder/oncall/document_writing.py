"""Writes the parts of a schedule as plain values, and these as YAML: the inverse of reading them."""

from collections.abc import Mapping
from datetime import UTC, datetime, time
from typing import Any

import yaml

from actinf.responder.oncall.calendar import Calendar
from actinf.responder.oncall.document import ONE_DAYS, ONE_HAND_OFF, ONE_STARTS, Parts
from actinf.responder.oncall.local_time import WEEKDAYS
from actinf.responder.oncall.overrides import Override
from actinf.responder.oncall.people import Person
from actinf.responder.oncall.shifts import Layer, Post

_WIDTH = 110


def written(parts: Parts) -> dict[str, object]:
    """The document; every value in it is a mapping, a list, a text or a whole number."""
    document: dict[str, object] = {
        "zone": parts.zone,
        "business_hours": _calendar(parts.business_hours, parts.zone),
        "people": {handle: _person(person) for handle, person in parts.people.items()},
        "levels": [_level(post, parts.zone) for post in parts.levels],
        "duties": dict(parts.duties),
        "overrides": [_override(one) for one in parts.overrides],
    }
    return {key: value for key, value in document.items() if value not in ({}, [])}


def yaml_of(document: Mapping[str, object]) -> str:
    """The YAML of a document, in its order: what has no further parts stands on one line."""
    text: str = yaml.safe_dump(
        dict(document), sort_keys=False, allow_unicode=True, width=_WIDTH, default_flow_style=None
    )
    return text


def _calendar(calendar: Calendar, zone: str) -> dict[str, Any]:
    return {
        **({} if calendar.zone == zone else {"zone": calendar.zone}),
        "weekdays": [WEEKDAYS[day] for day in sorted(calendar.weekdays)],
        "opens": f"{calendar.opens:%H:%M}",
        "closes": "24:00" if calendar.closes == time(0) else f"{calendar.closes:%H:%M}",
        **({"holidays": [day.isoformat() for day in sorted(calendar.holidays)]} if calendar.holidays else {}),
    }


def _person(person: Person) -> dict[str, str]:
    means = {"chat_id": person.chat_id, "email": person.email, "phone": person.phone}
    return {"name": person.name, "role": person.role, **{key: text for key, text in means.items() if text is not None}}


def _level(post: Post, zone: str) -> dict[str, Any]:
    layers = [_layer(layer, zone) for layer in post.layers]
    return {"name": post.name, **(layers[0] if len(layers) == 1 else {"layers": layers})}


def _layer(layer: Layer, zone: str) -> dict[str, Any]:
    fields: dict[str, Any] = {"members": list(layer.members)}
    turns = (layer.days, layer.hand_off, layer.starts)
    if len(layer.members) > 1 or turns != (ONE_DAYS, ONE_HAND_OFF, ONE_STARTS):
        weeks, rest = divmod(layer.days, 7)
        weekday = "" if rest else WEEKDAYS[layer.starts.weekday()] + " "
        fields |= {
            "shift": _length(layer.days, "day") if rest else _length(weeks, "week"),
            "hand_off": f"{weekday}{layer.hand_off:%H:%M}",
            "starts": layer.starts.isoformat(),
        }
    if layer.ends is not None:
        fields["ends"] = layer.ends.isoformat()
    if layer.zone != zone:
        fields["zone"] = layer.zone
    if layer.only is not None:
        fields["only"] = _calendar(layer.only, layer.zone)
    return fields


def _override(one: Override) -> dict[str, Any]:
    return {
        "number": one.number,
        "level": one.level,
        "who": one.who,
        "from": _moment(one.since),
        "until": _moment(one.until),
        "by": one.by,
        **({"why": one.why} if one.why else {}),
        "made": _moment(one.made),
        "origin": one.origin.value,
    }


def _length(count: int, unit: str) -> str:
    return f"{count} {unit}" if count == 1 else f"{count} {unit}s"


def _moment(at: datetime) -> str:
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")
