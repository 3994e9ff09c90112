"""What a world is, and how it is linked to an agent: by the names of modalities, outcomes, controls and actions."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from actinf.agent.structure import Structure, own_structure
from actinf.agent.tables import put_tables
from actinf.errors import ModelError
from actinf.kernels import layout as L
from actinf.kernels.buffers import BufferPlan, view
from actinf.model import Model

__all__ = ["LinkedWorld", "World"]


class World:
    """A world (generative process) that is stated as tables: any model can be one.

    Attributes:
        process: the model whose A, B and D the world draws from; its C and E play no part.
        name: what to call it.
    """

    def __init__(self, process: Model, *, name: str = ""):
        if not isinstance(process, Model):
            raise ModelError(f"World(process) got {type(process).__name__}: expected a Model")
        self.process = process
        self.name = name or process.name or type(self).__name__

    def linked(self, model: Model) -> "LinkedWorld":
        """The world as the kernels run it for agents with this model.

        Raises:
            ModelError: when the world lacks a modality, an outcome or an action of the agent, or needs one it lacks;
                every mistake is listed.
        """
        return _link(self.process, model)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.name})"


@dataclass(frozen=True, slots=True)
class LinkedWorld:
    """A table world in buffers.

    Attributes:
        ints, numbers: structure with the links, and probabilities, as the kernels read them.
        num_factors: hidden factors of the world.
    """

    ints: NDArray[np.int64]
    numbers: NDArray[np.float64]
    num_factors: int


def _link(process: Model, model: Model) -> LinkedWorld:
    problems: list[tuple[tuple[str | int, ...], str]] = []
    structure = own_structure(process)
    modalities, outcome_start, outcomes = _link_modalities(process, model, problems)
    actions = _link_actions(process, model, structure, problems)
    if problems:
        raise ModelError(problems)
    plan = BufferPlan()
    put_tables(plan, structure)
    plan.put(L.LINK_MODALITY, modalities)
    plan.put(L.LINK_OUTCOME_START, outcome_start)
    plan.put(L.LINK_OUTCOME, outcomes)
    plan.put(L.LINK_ACTION, actions)
    for section, length in (
        (L.T_A, sum(table.num_entries for table in structure.A)),
        (L.T_B, sum(table.num_entries for table in structure.B)),
        (L.T_D, sum(structure.num_states)),
    ):
        plan.reserve("theta", section, length)
    ints = plan.ints()
    numbers = np.zeros(plan.lengths["theta"])
    for section, tables, columns in ((L.T_A, process.A, structure.A), (L.T_B, process.B, structure.B)):
        view(numbers, ints, section)[:] = np.concatenate(
            [np.asarray(table.values)[part.source] for table, part in zip(tables, columns, strict=True)]
        )
    view(numbers, ints, L.T_D)[:] = np.concatenate(list(process.D))
    return LinkedWorld(ints, numbers, len(structure.num_states))


def _link_modalities(process: Model, model: Model, problems: Any) -> tuple[list[int], list[int], list[int]]:
    world_names = [modality.name for modality in process.modalities]
    modalities: list[int] = []
    starts: list[int] = []
    outcomes: list[int] = []
    for modality in model.modalities:
        if modality.name not in world_names:
            problems.append(
                (
                    ("modalities", modality.name),
                    f"the agent observes {modality.name!r}, which the world does not show: it has "
                    f"{', '.join(map(repr, world_names))}",
                )
            )
            continue
        at = world_names.index(modality.name)
        starts.append(len(outcomes))
        modalities.append(at)
        for outcome in process.modalities[at].outcomes:
            if outcome not in modality.outcomes:
                problems.append(
                    (
                        ("modalities", modality.name),
                        f"the world can show {outcome!r} in modality {modality.name!r}, but the agent knows only "
                        f"{', '.join(map(repr, modality.outcomes))}",
                    )
                )
                continue
            outcomes.append(modality.outcomes.index(outcome))
    return modalities, starts, outcomes


def _link_actions(process: Model, model: Model, structure: Structure, problems: Any) -> NDArray[np.int64]:
    """(world factors, agent's joint actions): the action of each world factor in each joint action of the agent."""
    agent = own_structure(model)
    strides = np.cumprod((1, *agent.num_actions[::-1]))[:-1][::-1] if agent.num_actions else np.zeros(0, dtype=np.int64)
    joint = np.arange(agent.num_joint_actions)
    names = [control.name for control in model.controls]
    found = np.zeros((len(structure.num_states), len(joint)), dtype=np.int64)
    world_controls = {control.name: (c, control) for c, control in enumerate(process.controls)}
    for name in names:
        if name not in world_controls:
            problems.append(
                (
                    ("controls", name),
                    f"the agent moves {name!r}, which the world does not have: it has {sorted(world_controls)}",
                )
            )
    for f, control_index in enumerate(process.control_of_factor):
        if control_index is None:
            continue
        control = process.controls[control_index]
        if control.name not in names:
            problems.append(
                (
                    ("controls", control.name),
                    f"the world needs the control {control.name!r}, which the agent does not have: it has {names}",
                )
            )
            continue
        c = names.index(control.name)
        own = model.controls[c].actions
        unknown = [action for action in own if action not in control.actions]
        if unknown:
            problems.append(
                (
                    ("controls", control.name),
                    f"the agent can take {unknown[0]!r} of control {control.name!r}, but the world knows only "
                    f"{', '.join(map(repr, control.actions))}",
                )
            )
            continue
        translate = np.array([control.actions.index(action) for action in own], dtype=np.int64)
        found[f] = translate[(joint // strides[c]) % len(own)]
    return found
