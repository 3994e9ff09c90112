"""What the advice saves: minutes until an incident is over, beside the runbook's order and others.

    python benchmarks/advise.py [--incidents 2000] [--types api_down …] [--markdown FILE]

The incidents are simulated, in worlds in which the models are wrong (tests/support/simulated_incidents.py says how);
seeds are fixed, and the same table is printed every time.  Exit status: 0, or 1 where for one of the types the 95 %
interval of what is saved against the runbook's order does not exclude 0.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

from support.simulated_incidents import campaign, interval

from actinf.advise.knowledge import TYPES, knowledge

SEED = 20_260


def row(kind: str, incidents: int) -> tuple[str, bool]:
    """A line of the table, and whether the advice saves something for sure."""
    spent = campaign(knowledge(kind), incidents, SEED + TYPES.index(kind))
    saved = spent["runbook"] - spent["advice"]
    low, high = interval(saved, SEED)
    cells = [f"{mean:.1f}" for mean in (spent[name].mean() for name in spent)]
    share = saved.mean() / spent["runbook"].mean()
    cells += [f"{saved.mean():.1f} ({low:.1f} to {high:.1f})", f"{share:.0%}"]
    others = [name for name in spent if name not in ("advice", "runbook")]
    best = min(others, key=lambda name: spent[name].mean())
    against = spent[best] - spent["advice"]
    below, above = interval(against, SEED)
    cells.append(f"{best}: {against.mean():.1f} ({below:.1f} to {above:.1f})")
    return f"| {kind} | {' | '.join(cells)} |", low > 0.0


def main() -> int:
    """Run it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--incidents", type=int, default=2000, help="of each type")
    parser.add_argument("--types", nargs="+", choices=TYPES, default=TYPES, help="which types")
    parser.add_argument("--markdown", type=Path, help="file to write the table to")
    given = parser.parse_args()
    lines = [
        "| Type | advice | runbook | random | cheapest | most probable | first ranking | saved against the runbook "
        "| share | saved against the best of the others |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    pays = True
    for kind in given.types:
        line, saves = row(kind, given.incidents)
        lines.append(line)
        pays = pays and saves
    told = "\n".join(lines) + "\n"
    print(told)
    if given.markdown is not None:
        given.markdown.write_text(told, encoding="utf-8")
    return 0 if pays else 1


if __name__ == "__main__":
    sys.exit(main())
