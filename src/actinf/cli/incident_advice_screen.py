"""How advice is shown in a terminal."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from rich.console import Console

from actinf.responder.advising.advice import percent
from actinf.responder.advising.page import Page
from actinf.responder.channels.neutral import line
from actinf.runtime.wording import counted

__all__ = ["print_advice", "print_steps"]

_BEST, _CAUSES, _BAR = 3, 5, 20


def print_advice(out: Console, advice: Mapping[str, Any], *, everything: bool) -> None:
    """Print what to look at next, what it probably is, and what was seen.

    Args:
        out: where.
        advice: as `actinf.responder.advising.advice.advice_for` writes it.
        everything: all steps that are left, instead of the best three checks.
    """
    name, treat = advice["incident"], advice["treat"]
    checks = advice["checks"] if everything else advice["checks"][:_BEST]
    sections = (
        list(_beginning(advice)),
        ["do now", *_step("", treat, name)] if treat is not None else [],
        list(_steps("look next" if treat is None else "or look on", checks, name)),
        list(_steps("to make it better", advice["resolutions"] if everything else (), name)),
        list(_causes(advice)),
        list(_seen(advice)),
    )
    _say(out, "\n\n".join("\n".join(lines) for lines in sections if lines))


def print_steps(out: Console, page: Page) -> None:
    """Print the names of the steps, what each can show, and the causes."""
    lines = []
    for title, is_check in (("look at", True), ("to make it better", False)):
        lines.append(title)
        for step in page.steps.values():
            if step.is_check is is_check:
                lines.append(f"  {step.name:<18} {step.words}")
                lines += [f"      {outcome:<18} {words}" for outcome, words in step.outcomes.items() if is_check]
    lines += ["      better, unchanged  what came of any of these", "causes, for --cause"]
    lines += [f"  {cause:<18} {words}" for cause, words in page.causes.items()]
    _say(out, "\n".join(lines))


def _beginning(advice: Mapping[str, Any]) -> Iterator[str]:
    if advice["absent"] is not None:
        yield f"no advice: {line(advice['absent'])}" + ("; in the runbook's order:" if advice["checks"] else "")
    if advice["first"]:
        yield advice["first"]


def _steps(title: str, steps: Iterable[Mapping[str, Any]], incident: str) -> Iterator[str]:
    for number, step in enumerate(steps, start=1):
        if number == 1:
            yield title
        yield from _step(f"{number}.", step, incident)


def _step(number: str, step: Mapping[str, Any], incident: str) -> Iterator[str]:
    yield f"  {number:<3}{step['step']}: {step['words']}"
    if step["reason"]:
        yield f"     {step['reason']}"
    for command in step["commands"].splitlines():
        yield f"     $ {command}"
    outcomes = "|".join(one["outcome"] for one in step["outcomes"])
    yield f"     then: actinf incident looked {incident} {step['step']} {outcomes}"


def _causes(advice: Mapping[str, Any]) -> Iterator[str]:
    if not advice["causes"]:
        return
    learned = advice["learned_from"]
    taught = f", and {counted(learned, 'closed incident')}" if learned else ""
    yield f"what it may be (by the model{taught})"
    for one in advice["causes"][:_CAUSES]:
        bar = "█" * round(one["belief"] * _BAR)
        yield f"  {percent(one['belief']):>8}  {bar:<{_BAR}}  {one['cause']:<16} {one['words']}"


def _seen(advice: Mapping[str, Any]) -> Iterator[str]:
    if advice["looked"]:
        yield "seen so far"
    for one in advice["looked"]:
        by = "by machine" if one["by_machine"] else f"by {line(one['by'], 64)}"
        note = f": {line(one['note'])}" if one["note"] else ""
        yield f"  {one['step']:<18} {one['outcome']:<16} {by}{note}"


def _say(out: Console, text: str) -> None:
    """Print a text of the project's own; what people wrote in it has been made harmless."""
    out.print(text, markup=False, highlight=False, soft_wrap=True)
