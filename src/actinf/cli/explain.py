"""`actinf explain`: why one agent did what it did at one step."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from actinf.cli.console import Screen

if TYPE_CHECKING:
    from actinf.lab.explain import Part, Reasons, Terms

__all__ = ["command"]


@click.command("explain")
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--agent", "index", type=click.IntRange(min=0), default=0, show_default=True, help="Which agent, from 0.")
@click.option("--step", type=click.IntRange(min=0), default=0, show_default=True, help="Which step, from 0.")
@click.option("--episode", type=click.IntRange(min=0), default=0, show_default=True, help="Which episode, from 0.")
@click.option("--top", type=click.IntRange(min=1), default=10, show_default=True, help="How many policies to show.")
@click.option("--json", "as_json", is_flag=True, help="Say it as JSON, with every part of G.")
def command(folder: Path, *, index: int, step: int, episode: int, top: int, as_json: bool) -> int:
    """Say why an agent of the run in FOLDER did what it did at a step.

    The agent is replayed from the seed with what it saw and did; G of its policies is taken apart by term, modality and
    time.
    """
    screen = Screen(quiet=as_json)
    with screen.waiting("reading"):
        from actinf.lab.replay import explain_step
        from actinf.lab.running import load_run, warm_up
        from actinf.lab.trace import open_trace

        _, experiment = load_run(folder)
        agent = experiment.agent.build(experiment.model)
    warm_up(experiment)  # beside no spinner: what it says would not be seen
    with screen.waiting("replaying"), open_trace(folder) as trace:
        reasons = explain_step(agent, experiment, trace, index=index, episode=episode, time=step)
    if as_json:
        screen.json(_plain(reasons, top))
        return 0
    for sentence in reasons.in_words():
        screen.out.print(Text(sentence))
    if reasons.action:
        _show_terms(screen.out, reasons, top)
    return 0


def _show_terms(out: Console, reasons: Reasons, top: int) -> None:
    """The best policies, then G of the two that decided it, taken apart."""
    from actinf.lab.explain import MEANING

    terms = reasons.terms
    count = len(terms.labels)
    which = f"the {top} best of {count:,} policies" if count > top else f"all {count} policies, the best first"
    out.print(Text(f"\n{which}; G and its terms in nats", style="dim"))
    out.print(_policies(reasons, top))
    for policy in _compared(reasons):
        out.print(Text.assemble(("\nG of ", "dim"), (terms.labels[policy], "bold"), (" taken apart, in nats", "dim")))
        out.print(_parts(terms, policy))
    out.print(Text("\nbold: policies that start as the agent did; τ: steps ahead", style="dim"))
    for term in terms.parts:
        out.print(Text(f"{term}: {MEANING[term]}", style="dim"))


def _policies(reasons: Reasons, top: int) -> Table:
    """The best policies: probability, G and its terms."""
    terms = reasons.terms
    order = terms.best(top)
    table = Table(box=None, padding=(0, 1), show_edge=False)
    table.add_column("policy", overflow="fold")
    parts = terms.parts
    with_habit = bool(abs(terms.log_E - terms.log_E[0]).max() > 0)
    for name in ("q(π)", "G", *parts, *(["ln E"] if with_habit else [])):
        table.add_column(name, justify="right", no_wrap=True)
    for policy in order:
        mine = tuple(terms.policies[policy, 0]) == reasons.action_index
        habit = [f"{terms.log_E[policy]:.3f}"] if with_habit else []
        table.add_row(
            Text(terms.labels[policy], style="bold" if mine else ""),
            _percent(float(terms.q_pi[policy])),
            f"{terms.G[policy]:.3f}",
            *(f"{values[policy]:.3f}" for values in parts.values()),
            *habit,
        )
    return table


def _compared(reasons: Reasons) -> list[int]:
    """The best policy that starts as the agent did, and the best that starts otherwise."""
    terms = reasons.terms
    found = (terms.best_starting_with(reasons.action_index), terms.best_starting_otherwise(reasons.action_index))
    return [policy for policy in found if policy is not None]


def _parts(terms: Terms, policy: int) -> Table:
    """G of one policy taken apart: a row for each term and modality, a column for each step ahead."""
    horizon = terms.policies.shape[1]
    ahead = range(1, horizon + 1)
    rows: dict[tuple[str, str], dict[int, float]] = {}
    for part in terms.details:
        rows.setdefault((part.term, part.about), {})[part.ahead] = float(part.values[policy])
    table = Table(box=None, padding=(0, 1), show_edge=False)
    table.add_column("term", no_wrap=True)
    table.add_column("of", no_wrap=True)
    for step in ahead:
        table.add_column(f"τ={step}", justify="right", no_wrap=True)
    table.add_column("sum", justify="right", style="bold", no_wrap=True)
    for (term, about), values in sorted(rows.items(), key=lambda row: _order(terms, row[0][0])):
        if any(abs(value) >= 5e-4 for value in values.values()):
            table.add_row(term, about, *(_nats(values.get(step, 0.0)) for step in ahead), _nats(sum(values.values())))
    sums = [sum(_of(terms.details, step, policy)) for step in ahead]
    table.add_row("G", "", *(_nats(value) for value in sums), _nats(float(terms.G[policy])), style="bold")
    return table


def _of(details: tuple[Part, ...], step: int, policy: int) -> list[float]:
    return [float(part.values[policy]) for part in details if part.ahead == step]


def _order(terms: Terms, term: str) -> int:
    return list(terms.parts).index(term)


def _nats(value: float) -> Text:
    return Text("·", style="dim") if abs(value) < 5e-4 else Text(f"{value:.3f}")


def _percent(value: float) -> str:
    return f"{value:.1%}" if value >= 0.0005 or value == 0 else "<0.1%"


def _plain(reasons: Reasons, top: int) -> dict[str, Any]:
    """Everything as plain values."""
    terms = reasons.terms
    return {
        "agent": reasons.agent,
        "episode": reasons.episode,
        "step": reasons.step,
        "observed": dict(reasons.observed),
        "believed": {factor: dict(states) for factor, states in reasons.believed.items()},
        "action": dict(reasons.action),
        "q_action": dict(reasons.q_action),
        "F": reasons.F,
        "impossibility_tested": reasons.impossibility_tested,
        "words": reasons.in_words(),
        "policies": [
            {
                "policy": terms.labels[policy],
                "q_pi": float(terms.q_pi[policy]),
                "G": float(terms.G[policy]),
                "log_E": float(terms.log_E[policy]),
                "parts": [
                    {"term": part.term, "of": part.about, "ahead": part.ahead, "nats": float(part.values[policy])}
                    for part in terms.details
                ],
            }
            for policy in terms.best(top)
        ],
    }
