"""Puts the report of a run together."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from actinf.lab import plots
from actinf.lab.headline import headline
from actinf.lab.plots.style import to_svg
from actinf.lab.report.model_tables import model_tables
from actinf.lab.report.page import Html, code, details, figure, join, page, paragraph, section, table, text
from actinf.lab.report.pictures import Picture, pictures_of
from actinf.lab.report.story import story
from actinf.lab.run_record import write_atomically

if TYPE_CHECKING:
    import xarray as xr

    from actinf.agent import Agent
    from actinf.lab.experiment import Experiment
    from actinf.lab.run_record import RunRecord
    from actinf.lab.summary import Summary

__all__ = ["PLOTS_FOLDER", "REPORT_FILE", "write_report"]

_LINKS = (
    ("did", "Population"),
    ("one", "One agent"),
    ("settings", "Settings"),
    ("model", "Model"),
    ("again", "How to run it again"),
)
REPORT_FILE = "report.html"
PLOTS_FOLDER = "plots"


def write_report(
    folder: Path,
    *,
    experiment: Experiment,
    agent: Agent,
    record: RunRecord,
    trace: xr.Dataset,
    summary: Summary,
    index: int = 0,
    progress: Callable[[str], None] | None = None,
) -> Path:
    """Draw the plots of a run as PNG files and write its report.

    Args:
        folder: the folder of the run; `report.html` and `plots/` are written into it.
        experiment, agent, record, trace, summary: what was run and what came out.
        index: the agent that is shown by itself.
        progress: called with the name of each picture.

    Returns:
        The path of the report.

    Raises:
        MissingExtra: matplotlib is not installed.
    """
    drawn: list[tuple[Picture, Html]] = []
    (folder / PLOTS_FOLDER).mkdir(exist_ok=True)
    for picture in pictures_of(experiment, agent, trace, index=index):
        if progress is not None:
            progress(picture.name)
        plots.save(picture.figure, folder / PLOTS_FOLDER / f"{picture.name}.png")
        drawn.append((picture, to_svg(picture.figure, picture.name, picture.label)))
    body = join(
        [
            _heading(experiment, record, summary, agent),
            section("did", "The population", _gallery(drawn, "population")),
            section("one", f"Agent {index} by itself", _agent(drawn, experiment, agent, trace, index)),
            section("settings", "Settings", _settings(experiment, agent)),
            section("model", "The model", model_tables(experiment.model)),
            section("again", "How to run it again", _again(record)),
        ]
    )
    return write_atomically(folder / REPORT_FILE, page(f"{experiment.name}: report of a run", body))


def _heading(experiment: Experiment, record: RunRecord, summary: Summary, agent: Agent) -> Html:
    last = experiment.extent.num_episodes - 1
    sentences = [headline(experiment)]
    sentences += [f"Their actions: {said}" for said in summary.behaviour(0)]
    if last:
        sentences += [f"In the last episode: {said}" for said in summary.behaviour(last)]
    sentences += summary.outcomes()
    tiles = [
        ("agents", f"{experiment.extent.num_agents:,}", ""),
        ("steps each", f"{experiment.extent.num_steps * experiment.extent.num_episodes:,}", ""),
        ("policies", f"{agent.num_policies:,}", f"{agent.planner.horizon} deep"),
        ("time per agent-step", f"{summary.microseconds_per_step:,.3g}", "µs"),
        ("simulated in", f"{record.seconds:,.3g}", "s"),
    ]
    if summary.free_energy is not None:
        tiles.insert(3, ("mean F of a step", f"{summary.free_energy.mean():.3f}", "nats"))
    boxes = "".join(
        f"<div><dt>{text(name)}</dt><dd>{text(value)} <small>{text(unit)}</small></dd></div>"
        for name, value, unit in tiles
    )
    links = "".join(f'<a href="#{name}">{title}</a>' for name, title in _LINKS)
    return join(
        [
            f"<header><h1>{text(experiment.name)}</h1>",
            paragraph(text(experiment.description.strip()), "muted") if experiment.description.strip() else "",
            join(paragraph(text(sentence), "lead" if at == 0 else "") for at, sentence in enumerate(sentences)),
            f'<dl class="tiles">{boxes}</dl>',
            paragraph(
                f"Run on {text(_in_words(record.started))} with actinf {text(record.machine.actinf)}, "
                f"seed {record.seed}.",
                "muted",
            ),
            f"<nav>{links}</nav></header>",
        ]
    )


def _in_words(started: str) -> str:
    """`2026-03-01T09:30:00+00:00` as `2026-03-01 at 09:30:00 UTC`."""
    return started.replace("T", " at ", 1).replace("+00:00", " UTC")


def _gallery(drawn: list[tuple[Picture, Html]], about: str) -> Html:
    found = [
        figure(svg, join(paragraph(text(line)) for line in one.caption)) for one, svg in drawn if one.about == about
    ]
    return join(found) or paragraph("Nothing was recorded that could be drawn.", "muted")


def _agent(
    drawn: list[tuple[Picture, Html]], experiment: Experiment, agent: Agent, trace: xr.Dataset, index: int
) -> Html:
    if not any(picture.about == "agent" for picture, _ in drawn):
        return paragraph("Its observations or its actions were not recorded, so that it cannot be shown.", "muted")
    told = story(experiment, agent, trace, index=index, episode=0)
    return join([_gallery(drawn, "agent"), details("Step by step: what it saw, believed and did", told)])


def _settings(experiment: Experiment, agent: Agent) -> Html:
    extent = experiment.extent
    rows = [
        ("model", experiment.model_source),
        ("world", experiment.world_source if experiment.world is not None else "the model itself"),
        *((f"world from episode {at}", source) for at, source in experiment.schedule_sources.items()),
        ("inference", repr(agent.inference)),
        ("planner", repr(agent.planner)),
        ("choice", repr(agent.choice)),
        ("learning", repr(agent.learning) if agent.learning is not None else "none"),
        ("gamma, policy precision", f"{agent.gamma:g}"),
        ("alpha, action precision", "the most probable action" if agent.alpha is None else f"{agent.alpha:g}"),
        ("numbers", agent.dtype),
        ("agents, steps, episodes", f"{extent.num_agents:,}, {extent.num_steps:,}, {extent.num_episodes:,}"),
        ("counts carried over", "yes" if experiment.carry_counts else "no"),
        ("recorded", ", ".join(experiment.record or ())),
        ("seed", experiment.seed),
    ]
    return table([], rows)


def _again(record: RunRecord) -> Html:
    machine = record.machine
    libraries = ", ".join(f"{name} {version}" for name, version in machine.libraries.items())
    rows = [
        ("command", " ".join(record.command) or "from Python"),
        ("model hash", record.model_hash),
        ("trace", f"sha256 {record.trace_sha256}, {record.trace_bytes:,} bytes"),
        ("versions", f"actinf {machine.actinf}, Python {machine.python}, {libraries}"),
        ("kernels", f"digest {machine.kernels}"),
        ("machine", f"{machine.processor}, {machine.cores} cores ({machine.architecture}), {machine.system}"),
    ]
    python = (
        "import actinf as ai\n\n"
        'trace = ai.open_trace("FOLDER")      # an xarray.Dataset\n'
        'trace["F"].mean("agent")             # for example\n'
    )
    return join(
        [
            paragraph("The same bytes on the same machine, checked against the digest:"),
            code("actinf rerun FOLDER"),
            paragraph("Why an agent did what it did, at any step:"),
            code("actinf explain FOLDER --agent 0 --step 1"),
            paragraph("The numbers, in Python:"),
            code(python),
            table([], rows),
        ]
    )
