"""The responder under a storm: how long a webhook waits, how much memory it takes, how long until somebody is paged.

    python benchmarks/respond.py [--seconds 60] [--rate 1000] [--markdown FILE]

The process is `actinf respond serve` with a real disk under it; alerts come one by one and in messages of twenty, with
the pages going to a provider on this machine.  Exit status: 0, or 1 where a target is missed.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

from support.measured_storm import Measured, measure


def table(found: list[Measured]) -> str:
    """What was measured, in Markdown."""
    lines = [
        "| Alerts in a message | Accepted | Refused | p50 | p99 | From the alert to the page | Memory | Incidents |",
        "|---|---|---|---|---|---|---|---|",
    ]
    lines += [
        f"| {one.per_message} | {one.accepted:,} | {one.refused:,} | {one.p50 * 1000:.0f} ms | {one.p99 * 1000:.0f} ms "
        f"| {one.paged:.1f} s | {one.memory / 10**6:.0f} MB | {one.incidents} |"
        for one in found
    ]
    return "\n".join(lines) + "\n"


def main() -> int:
    """Run it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=60.0, help="of each storm")
    parser.add_argument("--rate", type=float, default=1000.0, help="alerts a second")
    parser.add_argument("--markdown", type=Path, help="file to write the table to")
    given = parser.parse_args()
    found = [measure(given.seconds, given.rate, per_message) for per_message in (1, 20)]
    told = table(found)
    print(told)
    if given.markdown is not None:
        given.markdown.write_text(told, encoding="utf-8")
    return 0 if all(one.met for one in found) else 1


if __name__ == "__main__":
    sys.exit(main())
