"""The dashboards as they are shipped, and what their panels ask."""

import json
import re
from collections.abc import Iterator
from typing import Any

from support.seeing import DEPLOY

DASHBOARDS = sorted((DEPLOY / "dashboards").glob("*.json"))


def boards() -> dict[str, dict[str, Any]]:
    """Every dashboard by its uid."""
    found = [json.loads(path.read_text(encoding="utf-8")) for path in DASHBOARDS]
    return {board["uid"]: board for board in found}


def panels(board: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Its panels, those inside of rows as well."""
    for panel in board["panels"]:
        yield panel
        yield from panel.get("panels") or []


def expressions(board: dict[str, Any], *, pod: str = ".*") -> Iterator[tuple[str, str]]:
    """What its panels ask: the title, and the expression with Grafana's variables filled in."""
    for panel in panels(board):
        for target in panel.get("targets") or []:
            filled = target["expr"].replace("$__rate_interval", "1m").replace("$pod", pod)
            assert "$" not in filled, f"nothing is known for a variable in {filled}"
            yield panel["title"], filled


def variables(board: dict[str, Any]) -> dict[str, tuple[str, str]]:
    """For each of its variables the series and the label whose values it offers."""
    found = {}
    for one in board.get("templating", {}).get("list") or []:
        said = re.fullmatch(r"label_values\((.*), (\w+)\)", one["query"])
        assert said is not None, one["query"]
        found[one["name"]] = (said[1], said[2])
    return found
