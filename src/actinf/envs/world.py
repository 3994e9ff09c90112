"""What a world is, and how it is linked to an agent: by the names of modalities, outcomes, controls and actions."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from actinf.agent.structure import own_structure
from actinf.agent.tables import put_tables
from actinf.envs.links import link
from actinf.errors import FileError, ModelError
from actinf.kernels import layout as L
from actinf.kernels.buffers import BufferPlan, view
from actinf.model import Model

__all__ = ["LinkedWorld", "Mishap", "World"]


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

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Self:
        """The world in a .yaml or .json file; where there is no such file, the bundled world of that name.

        A world file states tables, or names a bundled world with its settings; a model file is a world too, whose
        preferences play no part.

        Raises:
            FileError: that lists every mistake as `file:line: message`; also when a subclass is asked for a world of
                another kind.
        """
        from actinf.envs.by_name import load_world

        world = load_world(path)
        if not isinstance(world, cls):
            raise FileError(
                f"{os.fspath(path)}: the world is of the class {type(world).__name__}, but {cls.__name__}.load "
                f"expected {cls.__name__}: World.load takes a world of any kind"
            )
        return world

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
class Mishap:
    """What a function of a world raised.

    Attributes:
        call: how many calls of the world's functions came before, in this episode of a block of agents.
        said: the world, its function, the exception and how it was called.
        error: the exception, or None where a compiled function cannot tell.
    """

    call: int
    said: str
    error: BaseException | None


@dataclass(frozen=True, slots=True)
class LinkedWorld:
    """A table world in buffers.

    Attributes:
        ints, numbers: structure with the links, and probabilities, as the kernels read them.
        num_factors: hidden factors of the world, 0 for a world with functions of its own.
        scratch: whole numbers that a step of the world needs.
        memory_size: numbers of memory of a world with functions of its own: state, draws and notes.
        keep: what has to live as long as the buffers: the functions whose addresses they hold.
        check: what such a function raised, by the notes in the memory of a block.
    """

    ints: NDArray[np.int64]
    numbers: NDArray[np.float64]
    num_factors: int
    scratch: int
    memory_size: int = 0
    keep: tuple[Any, ...] = ()
    check: Callable[[NDArray[np.float64]], Mishap | None] = lambda memory: None  # noqa: ARG005 -- tables raise nothing


def _link(process: Model, model: Model) -> LinkedWorld:
    structure = own_structure(process)
    links = link(process.modalities, process.controls, model)
    actions = np.zeros((len(structure.num_states), links.actions.shape[1]), dtype=np.int64)
    for f, control in enumerate(process.control_of_factor):
        if control is not None:
            actions[f] = links.actions[control]
    plan = BufferPlan()
    put_tables(plan, structure)
    links.put(plan, actions)
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
    return LinkedWorld(ints, numbers, len(structure.num_states), 2 * len(structure.num_states))
