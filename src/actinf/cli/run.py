"""`actinf run`: run an experiment or a model, record it, draw it, and say what the agents did."""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from actinf.cli.console import Screen

if TYPE_CHECKING:
    from actinf.agent import Agent
    from actinf.lab.experiment import Experiment
    from actinf.lab.run_record import RunRecord
    from actinf.lab.summary import Summary

__all__ = ["command"]


@click.command("run")
@click.argument("target")
@click.option("--agents", type=click.IntRange(min=1), help="Number of agents.")
@click.option("--steps", type=click.IntRange(min=1), help="Steps of each episode.")
@click.option("--episodes", type=click.IntRange(min=1), help="Number of episodes.")
@click.option("--seed", type=click.IntRange(min=0), help="Seed of all random streams.")
@click.option("--horizon", type=click.IntRange(min=1), help="How many actions ahead the agents plan.")
@click.option("--record", help="What to record, with commas: state,obs,action,qs,q_pi,G,F,counts; or all.")
@click.option("--out", type=click.Path(path_type=Path), help="Folder of the run.  [default: runs/<name>-<n>]")
@click.option("--force", is_flag=True, help="Replace the run that is in --out.")
@click.option(
    "--threads", type=click.IntRange(min=1), help="Threads to use; the result is the same.  [default: all cores]"
)
@click.option(
    "--agent", "index", type=click.IntRange(min=0), default=0, help="The agent that the report shows by itself."
)
@click.option("--no-report", is_flag=True, help="Record only: no plots, no report.")
@click.option("-q", "--quiet", is_flag=True, help="Say nothing but the folder of the run.")
@click.option("--json", "as_json", is_flag=True, help="Say what came out as JSON.")
def command(target: str, *, quiet: bool, as_json: bool, **options: Any) -> int:
    """Run TARGET: a bundled experiment or model (see `actinf list`), or the path of an experiment or model file.

    A model is its own world.  The run is recorded in a folder of its own: the trace (NetCDF), the record (run.json),
    plots, and a report to be opened in a browser.
    """
    screen = Screen(quiet=quiet or as_json)
    with screen.waiting("reading"):
        from actinf.lab.catalogue import find_experiment, name_of_run
        from actinf.lab.running import free_folder, refuse_existing, run, warm_up

        experiment = _adjusted(find_experiment(target), options, screen)
    folder = options["out"] or free_folder(Path("runs"), name_of_run(target))
    refuse_existing(folder, options["force"])
    if options["index"] >= experiment.extent.num_agents:
        raise click.UsageError(f"--agent {options['index']}: the run has {experiment.extent.num_agents} agents, from 0")
    warm_up(experiment)  # beside no bar: what it says would not be seen
    found: list[Summary] = []
    with screen.progress(f"simulating {experiment.name}") as progress:
        record = run(
            experiment,
            folder,
            command=["actinf", *sys.argv[1:]],
            threads=options["threads"],
            force=options["force"],
            progress=progress,
            finish=_finish(screen, found, report=not options["no_report"], index=options["index"]),
        )
    _tell(screen, experiment, folder, record, found[0], quiet=quiet, as_json=as_json)
    return 0


def _adjusted(experiment: Experiment, options: dict[str, Any], screen: Screen) -> Experiment:
    """The experiment with what the command line says otherwise."""
    from actinf.lab.trace_layout import RECORDABLE

    names = {"num_agents": "agents", "num_steps": "steps", "num_episodes": "episodes"}
    given = {field: options[name] for field, name in names.items() if options[name] is not None}
    changes: dict[str, Any] = {"extent": dataclasses.replace(experiment.extent, **given)}
    if options["seed"] is not None:
        changes["seed"] = options["seed"]
    if options["horizon"] is not None:
        planner = dataclasses.replace(experiment.agent.planner, horizon=options["horizon"])
        changes["agent"] = dataclasses.replace(experiment.agent, planner=planner)
    if options["record"] is not None:
        asked = [name.strip() for name in options["record"].split(",") if name.strip()]
        unknown = [name for name in asked if name not in (*RECORDABLE, "all")]
        if unknown:
            raise click.BadParameter(
                f"{unknown[0]!r} is not one of {', '.join(RECORDABLE)}, all", param_hint="--record"
            )
        learns = experiment.agent.learning is not None
        every = [name for name in RECORDABLE if name != "counts" or learns]
        changes["record"] = tuple(name for name in RECORDABLE if name in (every if "all" in asked else asked))
    episodes = changes["extent"].num_episodes
    late = [episode for episode in experiment.schedule if episode >= episodes]
    if late:
        screen.say(f"the world does not change at episode {late[0]}: there are only {episodes} episodes")
        changes["schedule"] = {at: world for at, world in experiment.schedule.items() if at < episodes}
        changes["schedule_sources"] = {at: s for at, s in experiment.schedule_sources.items() if at < episodes}
    return dataclasses.replace(experiment, **changes)


def _finish(
    screen: Screen, found: list[Summary], *, report: bool, index: int
) -> Callable[[Path, Experiment, Agent, RunRecord], None]:
    """What is done with a finished trace before the run is published: the summary, the plots and the report."""

    def finish(folder: Path, experiment: Experiment, agent: Agent, record: RunRecord) -> None:
        from actinf.errors import MissingExtra
        from actinf.lab.summary import summarise
        from actinf.lab.trace import open_trace

        with open_trace(folder) as trace:
            found.append(summarise(trace, experiment, record.seconds))
            if not report:
                return
            try:
                from actinf.lab.report import write_report

                with screen.waiting("drawing plots and report", announced=True) as now:
                    write_report(
                        folder,
                        experiment=experiment,
                        agent=agent,
                        record=record,
                        trace=trace,
                        summary=found[0],
                        index=index,
                        progress=now,
                    )
            except MissingExtra as error:
                screen.say(f"no plots, no report: {error}")

    return finish


def _tell(
    screen: Screen,
    experiment: Experiment,
    folder: Path,
    record: RunRecord,
    summary: Summary,
    *,
    quiet: bool,
    as_json: bool,
) -> None:
    """Say what came out: for programs, in one line, or for people."""
    files = {path.name: str(path) for path in sorted(folder.iterdir()) if not path.name.startswith(".")}
    if as_json:
        screen.json(
            {
                "folder": str(folder),
                "files": files,
                "seed": record.seed,
                "model_hash": record.model_hash,
                "trace_sha256": record.trace_sha256,
                "seconds": record.seconds,
                "microseconds_per_agent_step": summary.microseconds_per_step,
                "mean_F": None if summary.free_energy is None else [float(value) for value in summary.free_energy],
                "actions": {
                    shares.control: {"names": shares.names, "share": shares.share.tolist()}
                    for shares in summary.actions
                },
            }
        )
    elif quiet:
        screen.out.print(str(folder), soft_wrap=True)
    else:
        from actinf.cli.run_summary import show_summary

        show_summary(screen.out, experiment, folder, record, summary)
