"""The catalogue: a part under any of its names, and what is known of it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import Any

from actinf.responder.runbooks import runbook_of

__all__ = ["Catalogue", "Component", "Guidance", "Public", "alike"]

_SHIPPED = Path(__file__).with_name("shipped.yaml")
_MOST_NEAR = 3
_LONGEST_COMPARED = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Public:
    """What its users call a part, and what it does for them, a line; that may be empty."""

    name: str
    about: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Component:
    """A part of the system.

    Attributes:
        key: as alerts label it: `api`.
        name: as people read it: Active Inference API.
        aliases: what else it is called.
        incident_type: of which its incidents are, where nobody says otherwise.
        runbook: a page of the runbook by its name, or an address of the web.
        dashboard: an address of the web; empty: there is none.
        depends_on: keys of the parts without which it does not work.
        duty: who is paged for it besides those on call, a duty of the schedule; empty: nobody.
        public: how the status page shows it; None: its users do not know of it.
        shown_on: of one that they do not know, keys of the public parts on which they see that it fails; empty: on
            those that depend on it.
    """

    key: str
    name: str
    aliases: tuple[str, ...] = ()
    incident_type: str = "other"
    runbook: str = ""
    dashboard: str = ""
    depends_on: tuple[str, ...] = ()
    duty: str = ""
    public: Public | None = None
    shown_on: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Guidance:
    """What is to be read when something fails.

    Attributes:
        key: of the part that it is about; None: the catalogue does not have it.
        runbook: a path from the root of the project, or an address of the web.
        dashboard: an address of the web; empty: there is none.
        near: names in the catalogue that resemble the one that it does not have.
    """

    key: str | None
    runbook: str
    dashboard: str
    near: tuple[str, ...] = ()


def alike(name: str) -> str:
    """What names have in common that count as the same: `Active-Inference_API` and `active inference api`."""
    return re.sub(r"[\s_-]+", " ", name).strip().casefold()


@dataclass(frozen=True, slots=True)
class Catalogue:
    """The parts of a system, each by its key."""

    components: Mapping[str, Component]
    _by_name: Mapping[str, Component] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        names = {alike(name): one for one in self.components.values() for name in (one.key, one.name, *one.aliases)}
        object.__setattr__(self, "_by_name", names)

    @classmethod
    def shipped(cls) -> Catalogue:
        """The catalogue that holds until another is set: the parts of this system."""
        return _shipped()

    @classmethod
    def from_document(cls, document: object) -> Catalogue:
        """The catalogue that mappings, lists and texts state.

        Raises:
            SettingError: every mistake, a line for each.
        """
        from actinf.responder.catalogue.document import read  # which reads into what is defined here
        from actinf.responder.document_text import read_values

        return cls(read_values(document, read))

    @classmethod
    def from_text(cls, text: str, name: str = "catalogue") -> Catalogue:
        """The catalogue that a YAML text states.

        Args:
            text: the YAML.
            name: what the text is called in messages.

        Raises:
            SettingError: every mistake as `name:line: sentence`.
        """
        from actinf.responder.catalogue.document import read
        from actinf.responder.document_text import read_text  # YAML takes a while to load

        return cls(read_text(text, name, read))

    def document(self) -> dict[str, Any]:
        """The catalogue as mappings, lists and texts, from which `from_document` makes the same one again."""
        return {
            "components": {
                one.key: {
                    "name": one.name,
                    "type": one.incident_type,
                    **({"aliases": list(one.aliases)} if one.aliases else {}),
                    **({"runbook": one.runbook} if one.runbook else {}),
                    **({"dashboard": one.dashboard} if one.dashboard else {}),
                    **({"depends_on": list(one.depends_on)} if one.depends_on else {}),
                    **({"duty": one.duty} if one.duty else {}),
                    **({"public": _public_document(one.public)} if one.public else {}),
                    **({"shown_on": list(one.shown_on)} if one.shown_on else {}),
                }
                for one in self.components.values()
            }
        }

    def find(self, name: str) -> Component | None:
        """The part of that key, name or alias, in large or small letters; None: there is none."""
        return self._by_name.get(alike(name))

    def named(self, name: str) -> str:
        """The name of the part that is called so; of what is not in the catalogue, what it is called."""
        found = self.find(name)
        return name.strip() if found is None else found.name

    def key_of(self, name: str) -> str:
        """The key of the part that is called so; of what is not in the catalogue, what it is called."""
        found = self.find(name)
        return name.strip() if found is None else found.key

    def near(self, name: str) -> tuple[str, ...]:
        """The names of parts that one could have meant."""
        close = get_close_matches(alike(name)[:_LONGEST_COMPARED], self._by_name, n=_MOST_NEAR)
        return tuple(dict.fromkeys(self._by_name[one].name for one in close))

    def failing_with(self, name: str) -> tuple[Component, ...]:
        """The parts that depend on one, themselves or by way of others; the nearest first."""
        start = self.find(name)
        if start is None:
            return ()
        found, looked_at = {start.key: start}, [start.key]
        for key in looked_at:
            for one in self.components.values():
                if key in one.depends_on and one.key not in found:
                    found[one.key] = one
                    looked_at.append(one.key)
        return tuple(one for one in found.values() if one is not start)

    def standing_on(self, name: str) -> tuple[Component, ...]:
        """The parts on which one depends, itself or by way of others; the nearest first."""
        start = self.find(name)
        if start is None:
            return ()
        found = {start.key: start}
        looked_at = [start]
        for one in looked_at:
            for below in map(self.find, one.depends_on):
                if below is not None and below.key not in found:
                    found[below.key] = below
                    looked_at.append(below)
        return tuple(one for one in found.values() if one is not start)

    def public_parts(self) -> tuple[Component, ...]:
        """The parts that users know, in the order of the catalogue."""
        return tuple(one for one in self.components.values() if one.public is not None)

    def public_with(self, names: Iterable[str]) -> tuple[str, ...]:
        """Keys of the public parts on which users see that these fail, in the order of the catalogue.

        Args:
            names: of parts; one that the catalogue does not have is not seen.
        """
        seen = {key for name in names for key in self._seen_on(name)}
        return tuple(one.key for one in self.public_parts() if one.key in seen)

    def _seen_on(self, name: str) -> Iterable[str]:
        found = self.find(name)
        if found is None:
            return ()
        if found.public is not None:
            return (found.key,)
        return found.shown_on or [one.key for one in self.failing_with(name) if one.public is not None]

    def guidance(self, component: str, incident_type: str) -> Guidance:
        """What is to be read when a part has an incident of a type.

        The page of the runbook is that of the type; where the type has none of its own, or is the part's usual one, it
        is that of the part.
        """
        found = self.find(component)
        page = runbook_of(incident_type)
        if found is None:
            return Guidance(key=None, runbook=page, dashboard="", near=self.near(component))
        if found.runbook and incident_type in (found.incident_type, "other"):
            is_address = found.runbook.startswith(("http://", "https://"))
            page = found.runbook if is_address else f"docs/runbooks/{found.runbook}.md"
        return Guidance(key=found.key, runbook=page, dashboard=found.dashboard)


def _public_document(public: Public) -> dict[str, str]:
    return {"name": public.name, **({"about": public.about} if public.about else {})}


@cache
def _shipped() -> Catalogue:
    return Catalogue.from_text(_SHIPPED.read_text(encoding="utf-8"), _SHIPPED.name)
