"""Reads a catalogue from plain values, and tells every mistake in it at once.

components:
  api: {name: Active Inference API, aliases: [inference], type: api_down, runbook: api-down,
        dashboard: https://monitoring.example.org/d/api-down, depends_on: [postgres], duty: security}
  postgres: {name: Database, type: database_performance}
"""

from __future__ import annotations

import re
from typing import Any

from actinf.responder.catalogue.parts import Component, alike
from actinf.responder.intake.untrusted import web_address
from actinf.responder.oncall.document import DUTIES
from actinf.responder.oncall.document_text import Path
from actinf.responder.oncall.document_values import Enough, Reading
from actinf.responder.oncall.wording import is_line, one_of, shown
from actinf.responder.runbooks import INCIDENT_TYPES

__all__ = ["read"]

_KEY = re.compile(r"[a-z0-9][a-z0-9._-]{0,62}", re.ASCII)
_PAGE = re.compile(r"[a-z0-9][a-z0-9-]{0,62}", re.ASCII)
_MOST = 1_000
_MOST_ALIASES = 50


class _Values(Reading):
    @staticmethod
    def spot(where: Path) -> str:
        return Reading.spot(where) if where else "the catalogue"


def read(document: object) -> tuple[dict[str, Component] | None, list[tuple[Path, str]]]:
    """The parts by their keys, or None and all mistakes as pairs of path and sentence."""
    values = _Values()
    try:
        components = _components(values, document)
    except Enough:
        components = {}
    return (None if values.problems else components), values.problems


def _components(values: _Values, document: object) -> dict[str, Component]:
    top = values.mapping((), document, required=("components",), optional=())
    if top is None or top.get("components") is None:
        return {}
    listed = values.names(("components",), top["components"], "a mapping of keys to parts, as api: {name: …}")
    if len(listed) > _MOST:
        values.add(("components",), f"components has {len(listed):,} entries: at most {_MOST:,} are taken")
        return {}
    found: dict[str, Component] = {}
    taken: dict[str, str] = {}
    for key, value in listed.items():
        where = ("components", key)
        if not _KEY.fullmatch(key):
            values.refuse(where, key, "small letters, digits, '.', '_' and '-', as alerts label it")
            continue
        component = _component(values, where, key, value, tuple(listed))
        if component is not None:
            found[key] = component
            _take_names(values, where, component, taken)
    return found


def _component(values: _Values, where: Path, key: str, value: object, keys: tuple[str, ...]) -> Component | None:
    optional = ("type", "aliases", "runbook", "dashboard", "depends_on", "duty")
    given = values.mapping(where, value, required=("name",), optional=optional)
    if given is None:
        return None
    depends_on = _texts(values, (*where, "depends_on"), given.get("depends_on"), "keys of other parts")
    for number, other in enumerate(depends_on):
        if other == key:
            values.add((*where, "depends_on", number), f"{values.spot(where)} depends on itself: leave that out")
        elif other not in keys:
            values.refuse((*where, "depends_on", number), other, one_of(keys, other))
    return Component(
        key=key,
        name=_line(values, (*where, "name"), given.get("name")),
        aliases=_texts(values, (*where, "aliases"), given.get("aliases"), "names"),
        incident_type=values.choice((*where, "type"), given.get("type"), INCIDENT_TYPES) or "other",
        runbook=_link(values, (*where, "runbook"), given.get("runbook"), may_be_page=True),
        dashboard=_link(values, (*where, "dashboard"), given.get("dashboard"), may_be_page=False),
        depends_on=depends_on,
        duty=values.choice((*where, "duty"), given.get("duty"), DUTIES) or "",
    )


def _take_names(values: _Values, where: Path, component: Component, taken: dict[str, str]) -> None:
    """Note that each name means this part; one that means another already would mean either."""
    for name in dict.fromkeys(map(alike, (component.key, component.name, *component.aliases))):
        if taken.setdefault(name, component.key) != component.key:
            values.add(
                where, f"{values.spot(where)} is called {shown(name)}, and so is components.{taken[name]}: rename one"
            )


def _line(values: _Values, where: Path, value: object) -> str:
    if isinstance(value, str) and is_line(value):
        return value.strip()
    if value is not None:
        values.refuse(where, value, "a name in one line of at most 200 characters")
    return ""


def _texts(values: _Values, where: Path, value: object, expected: str) -> tuple[str, ...]:
    listed = values.entries(where, [] if value is None else value, expected, may_be_empty=True)
    if len(listed) > _MOST_ALIASES:
        values.add(where, f"{values.spot(where)} has {len(listed):,} entries: at most {_MOST_ALIASES} are taken")
        return ()
    return tuple(filter(None, (_line(values, (*where, number), one) for number, one in enumerate(listed))))


def _link(values: _Values, where: Path, value: Any, *, may_be_page: bool) -> str:
    if value is None:
        return ""
    if isinstance(value, str) and (web_address(value) or (may_be_page and _PAGE.fullmatch(value))):
        return value
    page = "a page of the runbook, as api-down, or " if may_be_page else ""
    values.refuse(where, value, f"{page}an address, as https://monitoring.example.org/d/api")
    return ""
