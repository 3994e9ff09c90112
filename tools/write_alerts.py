"""Write docs/reference/alerts.md from the rules in deploy/alerts.

python tools/write_alerts.py            write the page
python tools/write_alerts.py --check    exit with 1 when the page is not what would be written
"""

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml
from writing import write_or_check

ROOT = Path(__file__).resolve().parent.parent
RULES = ROOT / "deploy" / "alerts"
PAGE = ROOT / "docs" / "reference" / "alerts.md"

INTRODUCTION = """\
# Alerts

What Prometheus is told to watch, as `deploy/alerts` has it. P0 and P1 page at any hour, P2 waits for business hours, P3
for whoever looks at the queue. An alert fires when its condition has held for as long as it says.
[Monitoring](../howto/monitoring.md) says how they are set up. This page is written by `make format`.
"""

TITLES = {
    "api_down": "API down",
    "database_performance": "Database performance",
    "high_memory": "High memory",
    "security": "Security",
    "upkeep": "Upkeep",
}


def alerts() -> Iterator[dict[str, Any]]:
    """Every alert, file by file."""
    for path in sorted(RULES.glob("*.rules.yml")):
        for group in yaml.safe_load(path.read_text(encoding="utf-8"))["groups"]:
            yield from (rule for rule in group["rules"] if "alert" in rule)


def told(summary: str) -> str:
    """A summary for a page: names of labels for their values, an ellipsis for the number."""
    named = re.sub(r"\{\{ \$labels\.(\w+) \}\}", r"*\1*", summary)
    return re.sub(r"\{\{ \$value[^}]*\}\}", "…", named).replace("|", "\\\\|")


def render() -> str:
    """The whole page."""
    page = INTRODUCTION
    for kind, title in TITLES.items():
        page += f"\n## {title}\n\n"
        page += f"What to do: [the runbook](../runbooks/{kind.replace('_', '-')}.md).\n\n"
        page += "| Alert | | Holds for | Says |\n|---|---|---|---|\n"
        for alert in alerts():
            labels = alert["labels"]
            if labels["incident_type"] == kind:
                said = told(alert["annotations"]["summary"])
                page += f"| `{alert['alert']}` | {labels['severity']} | {alert['for']} | {said} |\n"
    return page


if __name__ == "__main__":
    sys.exit(write_or_check({PAGE: render()}))
