"""Checks a file of any kind, as far as it can be checked without running it."""

from __future__ import annotations

from math import prod
from pathlib import Path

from actinf.envs.by_name import world_from_statement
from actinf.lab.experiment_file import read_experiment
from actinf.model import Model
from actinf.model.files import open_file, read_world

__all__ = ["check_file"]


def check_file(path: Path) -> str:
    """Check a model, world or experiment file.

    Args:
        path: the file.

    Returns:
        What it is, in a line.

    Raises:
        ActinfError: every mistake; those of a file as `file:line: message`.
    """
    _, kind = open_file(path, "model", "world", "experiment")
    if kind == "model":
        return f"a model, {_size(Model.load(path))}"
    if kind == "world":
        return f"a world, {_size(world_from_statement(read_world(path, Model)).process)}"
    experiment = read_experiment(path)
    agent = experiment.agent.build(experiment.model)
    for world in (experiment.world, *experiment.schedule.values()):
        if world is not None:
            world.linked(experiment.model)
    extent = experiment.extent
    return (
        f"an experiment, {extent.num_agents:,} agents × {extent.num_episodes:,} episodes × {extent.num_steps:,} steps, "
        f"{agent.num_policies:,} policies; its model has {_size(experiment.model)}"
    )


def _size(model: Model) -> str:
    parts = [
        f"{len(model.factors)} hidden {_plural(len(model.factors), 'factor')} "
        f"({prod(model.num_states):,} joint {_plural(prod(model.num_states), 'state')})",
        f"{len(model.modalities)} {'modality' if len(model.modalities) == 1 else 'modalities'}",
    ]
    if model.controls:
        parts.append(
            f"{len(model.controls)} {_plural(len(model.controls), 'control')} "
            f"({prod(model.num_controls):,} joint {_plural(prod(model.num_controls), 'action')})"
        )
    return ", ".join(parts)


def _plural(count: int, word: str) -> str:
    return word if count == 1 else f"{word}s"
