"""What the advice saves: minutes until an incident is over, beside the runbook's order and others.

    python benchmarks/advise.py [--incidents 2000] [--types api_down …] [--markdown FILE]

The incidents are simulated, in worlds in which the models are wrong (tests/support/simulated_incidents.py says how);
seeds are fixed, and the same tables are printed every time.  Exit status: 0, or 1 where for one of the types the 95 %
interval of what is saved against the runbook's order does not exclude 0.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from itertools import repeat
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

from support.simulated_incidents import (
    ADVICE,
    BLIND,
    KNOWS_CAUSE,
    KNOWS_CHECKS,
    ORDERS,
    RUNBOOK,
    STOPS,
    WORLDS,
    Floats,
    Thinking,
    Way,
    campaign,
    interval,
)

from actinf.advise.knowledge import TYPES, knowledge

SEED = 20_260
Spent = Mapping[Way, Floats]
#: The first table.
BOUNDED = (
    "Type", "runbook", "advice", "tries at once", "checks for nothing", "knows the cause", "saved", "share",
    "of what could be", "saved against trying at once",
)  # fmt: skip
#: What is compared in worlds that are wrong on average.
IN_WORLDS = (RUNBOOK, ("one step", "sure"), ADVICE, BLIND)


@dataclass(frozen=True)
class Measured:
    """What was measured for a type.

    Attributes:
        spent: by way, against what nobody can do.
        by_order: by order of the checks and rule when to stop.
        in_worlds: world → by way, where models are wrong on average.
    """

    spent: Spent
    by_order: Spent
    in_worlds: Mapping[str, Spent]


def measured(kind: str, incidents: int) -> Measured:
    """Measure a type: a fifth of the incidents where many ways or worlds are compared."""
    thinking, seed = Thinking(knowledge(kind)), SEED + TYPES.index(kind)
    orders = {(order, stop) for order in ORDERS for stop in STOPS}
    return Measured(
        spent=campaign(thinking, incidents, seed, ways={RUNBOOK, ADVICE, BLIND, KNOWS_CHECKS, KNOWS_CAUSE}),
        by_order=campaign(thinking, incidents // 5, seed, ways=orders),
        in_worlds={
            name: campaign(thinking, incidents // 5, seed + 100, world, ways=set(IN_WORLDS))
            for name, world in WORLDS.items()
        },
    )


def saved(kind: str, spent: Spent) -> tuple[str, bool]:
    """A line of the first table, and whether the advice saves something for sure."""
    gain = spent[RUNBOOK] - spent[ADVICE]
    low, high = interval(gain, SEED)
    could = (spent[RUNBOOK] - spent[KNOWS_CHECKS]).mean()
    means = [f"{spent[way].mean():.1f}" for way in (RUNBOOK, ADVICE, BLIND, KNOWS_CHECKS, KNOWS_CAUSE)]
    share = gain.mean() / spent[RUNBOOK].mean()
    tries = spent[BLIND] - spent[ADVICE]
    below, above = interval(tries, SEED)
    cells = [*means, f"{gain.mean():.1f} ({low:.1f} to {high:.1f})", f"{share:.0%}", f"{gain.mean() / could:.0%}"]
    cells.append(f"{tries.mean():.1f} ({below:.1f} to {above:.1f})")
    return f"| {kind} | {' | '.join(cells)} |", low > 0.0


def ordered(kind: str, spent: Spent) -> list[str]:
    """Lines of the second table: each order of checks, with each rule when to stop."""
    lines = []
    for stop in STOPS:
        means = [f"{spent[order, stop].mean():.1f}" for order in ORDERS]
        best = min((order for order in ORDERS if order != "advice"), key=lambda order: spent[order, stop].mean())
        gain = spent[best, stop] - spent["advice", stop]
        low, high = interval(gain, SEED)
        lines.append(f"| {kind} | {stop} | {' | '.join(means)} | {best}: {gain.mean():.1f} ({low:.1f} to {high:.1f}) |")
    return lines


def wrong(world: str, found: Sequence[Measured]) -> str:
    """A line of the third table: a world that is wrong on average, all types together."""
    spent = {way: np.concatenate([one.in_worlds[world][way] for one in found]) for way in IN_WORLDS}
    gain = spent[RUNBOOK] - spent[ADVICE]
    low, high = interval(gain, SEED)
    means = [f"{spent[way].mean():.1f}" for way in IN_WORLDS]
    return f"| {world} | {' | '.join(means)} | {gain.mean():.1f} ({low:.1f} to {high:.1f}) |"


def main() -> int:
    """Run it, a process for each type."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--incidents", type=int, default=2000, help="of each type; a fifth, where many ways or worlds are compared"
    )
    parser.add_argument("--types", nargs="+", choices=TYPES, default=TYPES, help="which types")
    parser.add_argument("--markdown", type=Path, help="file to write the tables to")
    given = parser.parse_args()
    with ProcessPoolExecutor(len(given.types)) as processes:
        found = dict(zip(given.types, processes.map(measured, given.types, repeat(given.incidents))))
    first = [saved(kind, one.spent) for kind, one in found.items()]
    tables = [
        _table(*BOUNDED) + [line for line, _ in first],
        _table("Type", "stop", *ORDERS, "saved against the best of the others")
        + [line for kind, one in found.items() for line in ordered(kind, one.by_order)],
        _table("World", "runbook", "one step", "advice", "tries at once", "saved against the runbook")
        + [wrong(world, list(found.values())) for world in WORLDS],
    ]
    told = "\n\n".join("\n".join(table) for table in tables) + "\n"
    print(told)
    if given.markdown is not None:
        given.markdown.write_text(told, encoding="utf-8")
    return 0 if all(sure for _, sure in first) else 1


def _table(*names: str) -> list[str]:
    return [f"| {' | '.join(names)} |", "|---" * len(names) + "|"]


if __name__ == "__main__":
    sys.exit(main())
