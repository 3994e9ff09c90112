"""Linking a world to an agent by the names of modalities, outcomes, controls and actions."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from actinf.agent.observation import ActionReader
from actinf.errors import ModelError
from actinf.kernels import layout as L
from actinf.kernels.buffers import BufferPlan
from actinf.model import Control, Modality, Model

__all__ = ["Links", "link"]

Problems = list[tuple[tuple[str | int, ...], str]]


@dataclass(frozen=True, slots=True)
class Links:
    """How the indices of a world and of an agent translate.

    Attributes:
        modalities: for each of the agent's modalities the world's.
        outcome_start, outcomes: for each of the agent's modalities the agent's outcome for each of the world's.
        actions: (world controls, agent's joint actions) the action of each world control.
    """

    modalities: list[int]
    outcome_start: list[int]
    outcomes: list[int]
    actions: NDArray[np.int64]

    def put(self, plan: BufferPlan, actions: NDArray[np.int64]) -> None:
        """Write the links into a world's buffer, with `actions` by factor or by control."""
        plan.put(L.LINK_MODALITY, self.modalities)
        plan.put(L.LINK_OUTCOME_START, [*self.outcome_start, len(self.outcomes)])
        plan.put(L.LINK_OUTCOME, self.outcomes)
        plan.put(L.LINK_ACTION, actions)


def link(modalities: Sequence[Modality], controls: Sequence[Control], model: Model) -> Links:
    """Link a world with these modalities and controls to agents with this model.

    Raises:
        ModelError: when the world lacks a modality, an outcome or an action of the agent, or needs one it lacks; every
            mistake is listed.
    """
    problems: Problems = []
    found = _link_modalities(modalities, model, problems)
    actions = _link_actions(controls, model, problems)
    if problems:
        raise ModelError(problems)
    return Links(*found, actions)


def _names(values: Sequence[str]) -> str:
    return ", ".join(map(repr, values)) or "none"


def _link_modalities(
    theirs: Sequence[Modality], model: Model, problems: Problems
) -> tuple[list[int], list[int], list[int]]:
    names = [modality.name for modality in theirs]
    modalities: list[int] = []
    starts: list[int] = []
    outcomes: list[int] = []
    for modality in model.modalities:
        where = ("modalities", modality.name)
        if modality.name not in names:
            message = f"the agent observes {modality.name!r}, which the world does not show: it shows {_names(names)}"
            problems.append((where, message))
            continue
        at = names.index(modality.name)
        starts.append(len(outcomes))
        modalities.append(at)
        unknown = [outcome for outcome in theirs[at].outcomes if outcome not in modality.outcomes]
        if unknown:
            message = (
                f"the world can show {unknown[0]!r} in modality {modality.name!r}, but the agent knows only "
                f"{_names(modality.outcomes)}"
            )
            problems.append((where, message))
            continue
        outcomes += [modality.outcomes.index(outcome) for outcome in theirs[at].outcomes]
    return modalities, starts, outcomes


def _link_actions(theirs: Sequence[Control], model: Model, problems: Problems) -> NDArray[np.int64]:
    """(world controls, agent's joint actions): the action of each world control in each joint action of the agent."""
    digits = ActionReader(model).digits
    found = np.zeros((len(theirs), len(digits)), dtype=np.int64)
    ours = [control.name for control in model.controls]
    for name in ours:
        if name not in [control.name for control in theirs]:
            known = _names([control.name for control in theirs])
            problems.append(
                (("controls", name), f"the agent moves {name!r}, which the world does not have: it has {known}")
            )
    for c, control in enumerate(theirs):
        where = ("controls", control.name)
        if control.name not in ours:
            message = (
                f"the world needs the control {control.name!r}, which the agent does not have: it has {_names(ours)}"
            )
            problems.append((where, message))
            continue
        own = ours.index(control.name)
        unknown = [action for action in model.controls[own].actions if action not in control.actions]
        if unknown:
            message = (
                f"the agent can take {unknown[0]!r} of control {control.name!r}, but the world knows only "
                f"{_names(control.actions)}"
            )
            problems.append((where, message))
            continue
        translate = np.array([control.actions.index(action) for action in model.controls[own].actions], dtype=np.int64)
        found[c] = translate[digits[:, own]]
    return found
