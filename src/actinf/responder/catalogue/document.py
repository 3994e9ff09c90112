"""Reads a catalogue from plain values, and tells every mistake in it at once.

components:
  api: {name: Active Inference API, aliases: [inference], type: api_down, runbook: api-down,
        dashboard: https://monitoring.example.org/d/api-down, depends_on: [postgres], duty: security,
        public: {name: Inference API, about: Agents and their steps over HTTP}}
  proxy: {name: nginx, shown_on: [api]}
  postgres: {name: Database, type: database_performance}
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from actinf.responder.catalogue.parts import Component, Public, alike
from actinf.responder.document_text import Path
from actinf.responder.intake.untrusted import web_address
from actinf.responder.oncall.document import DUTIES
from actinf.responder.oncall.document_values import Enough, Reading
from actinf.responder.oncall.wording import is_line, one_of, shown
from actinf.responder.runbooks import INCIDENT_TYPES

__all__ = ["read"]

_KEY = re.compile(r"[a-z0-9][a-z0-9._-]{0,62}", re.ASCII)
_PAGE = re.compile(r"[a-z0-9][a-z0-9-]{0,62}", re.ASCII)
_MOST = 1_000
_MOST_ALIASES = 50
_LONGEST_PUBLIC = 100


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
    _look_at_public(values, found)
    return found


def _component(values: _Values, where: Path, key: str, value: object, keys: tuple[str, ...]) -> Component | None:
    optional = ("type", "aliases", "runbook", "dashboard", "depends_on", "duty", "public", "shown_on")
    given = values.mapping(where, value, required=("name",), optional=optional)
    if given is None:
        return None
    depends_on = _others(values, (*where, "depends_on"), given.get("depends_on"), keys)
    if key in depends_on:
        spot = (*where, "depends_on", depends_on.index(key))
        values.add(spot, f"{values.spot(where)} depends on itself: leave that out")
    return Component(
        key=key,
        name=_line(values, (*where, "name"), given.get("name")),
        aliases=_texts(values, (*where, "aliases"), given.get("aliases"), "names"),
        incident_type=values.choice((*where, "type"), given.get("type"), INCIDENT_TYPES) or "other",
        runbook=_link(values, (*where, "runbook"), given.get("runbook"), may_be_page=True),
        dashboard=_link(values, (*where, "dashboard"), given.get("dashboard"), may_be_page=False),
        depends_on=depends_on,
        duty=values.choice((*where, "duty"), given.get("duty"), DUTIES) or "",
        public=_public(values, (*where, "public"), given.get("public")),
        shown_on=_others(values, (*where, "shown_on"), given.get("shown_on"), keys),
    )


def _others(values: _Values, where: Path, value: object, keys: tuple[str, ...]) -> tuple[str, ...]:
    """Keys of parts."""
    found = _texts(values, where, value, "keys of other parts")
    for number, other in enumerate(found):
        if other not in keys:
            values.refuse((*where, number), other, one_of(keys, other))
    return found


def _public(values: _Values, where: Path, value: object) -> Public | None:
    """How the status page shows a part."""
    given = None if value is None else values.mapping(where, value, required=("name",), optional=("about",))
    if given is None:
        return None
    about = given.get("about")
    return Public(
        name=_public_line(values, (*where, "name"), given.get("name"), "a name"),
        about="" if about is None else _public_line(values, (*where, "about"), about, "what it does for its users"),
    )


def _public_line(values: _Values, where: Path, value: object, what: str) -> str:
    if isinstance(value, str) and is_line(value) and len(value.strip()) <= _LONGEST_PUBLIC:
        return value.strip()
    if value is not None:
        values.refuse(where, value, f"{what} in one line of at most {_LONGEST_PUBLIC} characters")
    return ""


def _look_at_public(values: _Values, found: Mapping[str, Component]) -> None:
    """Whether what the status page shows fits together: it is read by those who cannot ask what is meant."""
    names: dict[str, str] = {}
    for key, one in found.items():
        where: Path = ("components", key)
        if one.public is not None:
            if one.shown_on:
                values.add(where, f"{values.spot(where)} has both public and shown_on: leave out one")
            other = names.setdefault(alike(one.public.name), key)
            if other != key:
                said = shown(one.public.name)
                values.add(
                    where, f"{values.spot(where)} is called {said} in public, as components.{other} is: rename one"
                )
        for number, other in enumerate(one.shown_on):
            if other in found and found[other].public is None:
                spot = (*where, "shown_on", number)
                values.add(
                    spot, f"{values.spot(spot)} is {other}, which has no public name: give it one, or name another"
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
