"""A model as plain values, mappings and lists as a file holds them, and back.

    name: ...            description: ...
    factors:     {location: {states: [...], actions: [...], depends_on: [...]}, context: [left, right]}
    modalities:  {where: {outcomes: [...], depends_on: [location]}}
    controls:    {go: {factor: location, actions: [...]}}      # only where a control is not called like its factor
    A, B, C, D, E, pA, pB, pD, pE                              # as the constructor of Model takes them

Mistakes are reported by their path in these values, so that a file can name the line.
"""

from collections.abc import Mapping
from typing import Any

from actinf.model.problems import Path, Problems, listed, shown, suggestion

#: The version of the format that is written and read.
VERSION = 1

KINDS = ("model", "world", "experiment")
HEADER = ("actinf", "kind")
LABELS = ("name", "description")
TABLES = ("A", "B", "C", "D", "E", "pA", "pB", "pD", "pE")
SECTIONS = ("factors", "modalities", "controls", *TABLES)


class PlainModel:
    """What plain values say of a model, as the arguments of Model, and the mistakes in their layout.

    Attributes:
        arguments: the keyword arguments of Model.
        problems: takes the mistakes, by their path in the plain values.
    """

    def __init__(self, data: Mapping[Any, Any], keys: tuple[str, ...] = (*HEADER, *LABELS, *SECTIONS)):
        self.problems = Problems()
        self.arguments: dict[str, Any] = {key: data.get(key) for key in TABLES}
        self._moved: dict[Path, Path] = {}
        for key in data:
            if key not in keys:
                self.problems.add(
                    (str(key),),
                    f"the key {shown(key)} is not known here: expected {', '.join(keys)}{suggestion(key, keys)}",
                )
        for key in LABELS:
            self.arguments[key] = self._text(data, key)
        self.arguments["factors"], self.arguments["B_dependencies"] = self._parts(data, "factors", "states", "B")
        self.arguments["modalities"], self.arguments["A_dependencies"] = self._parts(
            data, "modalities", "outcomes", "A"
        )
        self.arguments["controls"] = self._controls(data)

    def path_in_file(self, where: Path) -> Path:
        """Where the plain values hold what Model calls `where`."""
        for length in range(len(where), 0, -1):
            if where[:length] in self._moved:
                return (*self._moved[where[:length]], *where[length:])
        return where

    def _text(self, data: Mapping[Any, Any], key: str) -> str:
        given = data.get(key)
        if given is None:
            return ""
        if not isinstance(given, str):
            self.problems.add((key,), f"the {key} is {shown(given)}: expected a text")
            return ""
        return given

    def _parts(
        self, data: Mapping[Any, Any], section: str, content: str, table: str
    ) -> tuple[Any, dict[str, Any] | None]:
        """The names in a section by part, and what each part depends on where it says so."""
        given = data.get(section)
        if not isinstance(given, Mapping):
            return given, None
        known = (content, "depends_on", "actions") if section == "factors" else (content, "depends_on")
        kind = "factor" if section == "factors" else "modality"
        names: dict[str, Any] = {}
        dependencies: dict[str, Any] = {}
        for name, entry in given.items():
            names[name] = entry
            if not isinstance(entry, Mapping):
                continue
            for key in entry:
                if key not in known:
                    self.problems.add(
                        (section, name, str(key)),
                        f"{kind} {name!r} has the key {shown(key)}: expected {listed(known)}{suggestion(key, known)}",
                    )
            names[name] = entry.get(content)
            self._moved[section, name] = (section, name, content) if content in entry else (section, name)
            self._moved[f"{table}_dependencies", name] = (section, name)
            if "depends_on" in entry:
                dependencies[name] = entry["depends_on"]
                self._moved[f"{table}_dependencies", name] = (section, name, "depends_on")
        return names, dependencies

    def _controls(self, data: Mapping[Any, Any]) -> Any:
        """The controls of the factors that list their actions, then those of the section `controls`."""
        factors = data.get("factors")
        found: dict[str, Any] = {}
        for name, entry in factors.items() if isinstance(factors, Mapping) else ():
            if isinstance(entry, Mapping) and "actions" in entry:
                found[name] = entry["actions"]
                self._moved["controls", name] = ("factors", name, "actions")
        given = data.get("controls")
        if given is None:
            return found
        if not isinstance(given, Mapping):
            return given
        for name, entry in given.items():
            if name in found:
                self.problems.add(
                    ("controls", name),
                    f"control {name!r} is also stated by the actions of factor {name!r}: state it once",
                )
                continue
            found[name] = entry
            if isinstance(entry, Mapping):
                self._control_keys(name, entry)
        return found

    def _control_keys(self, name: str, entry: Mapping[Any, Any]) -> None:
        known = ("factor", "actions")
        for key in entry:
            if key not in known:
                self.problems.add(
                    ("controls", name, str(key)),
                    f"control {name!r} has the key {shown(key)}: expected {listed(known)}{suggestion(key, known)}",
                )
