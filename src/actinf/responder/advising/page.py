"""The runbook's pages as steps with names: what can be looked at, what it can show, what can be done, what it can be.

They stand in files (`pages/*.toml`), in the words of the runbook.  Numbers are none of theirs: those are in the
engine's models of the same names.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from actinf.errors import SettingError

__all__ = ["ADVISED", "BETTER", "Page", "Step", "page_of", "the_page"]

_FOLDER = Path(__file__).with_name("pages")

#: The types of incidents whose pages have steps with names.
ADVISED = ("api_down", "database_performance", "high_memory", "security")

#: The outcome of a resolution that has helped.
BETTER = "better"
#: What can come of a resolution.
_CAME_OF_IT = {BETTER: "it got better", "unchanged": "nothing changed"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A step of the runbook.

    Attributes:
        name: of it, in commands and addresses.
        words: what is done, beginning with the verb.
        runbook: where it stands, `api-down#the-pods`; empty: nowhere.
        commands: what is typed, lines of the runbook; empty: no command.
        outcomes: what it can show: name → words.
        is_check: it shows something and changes nothing; else it is to make it better.
    """

    name: str
    words: str
    runbook: str
    commands: str
    outcomes: Mapping[str, str]
    is_check: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A page of the runbook.

    Attributes:
        kind: the type of incident.
        first: what comes before all steps; empty: nothing does.
        causes: what it can be: name → words.
        steps: by name, checks first, in the order of the page.
        by_machine: alert → (step, outcome) that it says by firing.
        by_change: kind of change → (step, outcome) that it says where it was made in the last day.
        by_dependencies: step → outcome that is said where monitoring finds all dependencies well.
    """

    kind: str
    first: str
    causes: Mapping[str, str]
    steps: Mapping[str, Step]
    by_machine: Mapping[str, tuple[str, str]]
    by_change: Mapping[str, tuple[str, str]]
    by_dependencies: Mapping[str, str]

    def step(self, name: str) -> Step:
        """A step by its name.

        Raises:
            SettingError: there is none.
        """
        if name not in self.steps:
            raise SettingError(
                f"step is {name[:60]!r}, which an incident of type {self.kind} does not have: expected one of "
                f"{', '.join(self.steps)}"
            )
        return self.steps[name]


def page_of(kind: str) -> Page | None:
    """The page for a type of incident; None: it has no steps with names."""
    return _read(kind) if kind in ADVISED else None


def the_page(kind: str) -> Page:
    """The page for a type of incident.

    Raises:
        SettingError: it has none.
    """
    page = page_of(kind)
    if page is None:
        raise SettingError(
            f"incidents of type {kind!r} have no steps and causes with names: expected one of {', '.join(ADVISED)}; "
            "say it in a note"
        )
    return page


@cache
def _read(kind: str) -> Page:
    stated = tomllib.loads((_FOLDER / f"{kind}.toml").read_text(encoding="utf-8"))
    steps = [
        *(_step(stated["page"], name, one, is_check=True) for name, one in stated["checks"].items()),
        *(_step(stated["page"], name, one, is_check=False) for name, one in stated["resolutions"].items()),
    ]
    return Page(
        kind=kind,
        first=stated["first"],
        causes=stated["causes"],
        steps={step.name: step for step in steps},
        by_machine={alert: (step, outcome) for alert, (step, outcome) in stated["by_machine"].items()},
        by_change={change: (step, outcome) for change, (step, outcome) in stated["by_change"].items()},
        by_dependencies=stated["by_dependencies"],
    )


def _step(page: str, name: str, stated: Mapping[str, Any], *, is_check: bool) -> Step:
    at: str = stated["at"]
    return Step(
        name=name,
        words=stated["words"],
        runbook=f"{page}{at}" if at.startswith("#") else at,
        commands=stated["commands"].strip(),
        outcomes=stated["outcomes"] if is_check else _CAME_OF_IT,
        is_check=is_check,
    )
