"""The generative model: what an agent believes about how its world works.

A `Model` is a frozen record, checked in full when it is made.  It knows nothing of inference or planning, and
nothing of files (`files` reads and writes them); `arrays` makes one from raw arrays in pymdp's convention.
"""

import os
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, Self, cast

import numpy as np
from numpy.typing import NDArray

from actinf.model.assembly import Statements, assemble
from actinf.model.identity import content_hash
from actinf.model.records import ByName, Control, Factor, Modality
from actinf.model.table import Table, frozen

FloatArray = NDArray[np.float64]


class Model:
    """A discrete generative model with named factors, modalities and controls.

    Args:
        factors: hidden state factors: a mapping from name to the names of the states (or how many there are), or a
            list of Factor.
        modalities: outcome modalities, likewise with the names of the outcomes.
        controls: actions by the name of the factor that they move, or a list of Control; a factor that is not named
            is not controlled.
        A: likelihoods P(outcome | parents) by modality, shape (num_obs[m], *num_states[parents]): an array, nested
            lists, a Table, or a rule (see `actinf.model.statement`).
        B: transitions P(next state | parents, action) by factor, shape (num_states[f], *num_states[parents],
            actions); without a control the last axis may be left out.
        C: log-preferences in nats by modality: (num_obs[m],), a mapping from outcome to number, or a list of either
            for preferences that change over time.  Default: zeros.
        D: initial states by factor: (num_states[f],), a mapping, the name of a state, or "uniform" (the default).
        E: habits, P(policy), shape (num_policies,).  Default: none.
        pA, pB, pD, pE: Dirichlet counts of the same shapes; what is not stated beside them is their normalisation,
            and a single number multiplies what is stated.
        A_dependencies: for each modality the factors on which it depends, in the order of the axes.  May be left out
            where only one reading is possible.
        B_dependencies: for each factor the factors on which its next state depends.  Default: itself.
        name: what to call the model; not part of its identity.
        description: any text; not part of its identity.

    Attributes:
        factors, modalities, controls: the records, by position or by name.
        num_states, num_obs, num_controls: the sizes, tuples of int.
        A_dependencies, B_dependencies: positions of factors, a tuple for each modality or factor.
        control_of_factor: for each factor the position of its control, or None.
        A, B: a Table for each modality or factor; `B[f]` always has a last axis for actions (1 if uncontrolled).
        C: float64 (T, num_obs[m]) for each modality; T = 1 unless preferences change over time.
        D: float64 (num_states[f],) for each factor.
        E, pE: float64 (num_policies,) or None.
        pA, pB: a Table or None for each.  pD: float64 (num_states[f],) or None for each.
        hash: the SHA-256 of the content, 64 hexadecimal digits (see `actinf.model.identity`).

    Probabilities are accepted when a column's sum is within 1e-5 of one, and kept as given.  All arrays are
    read-only.

    Raises:
        ModelError: that lists every mistake, each with the part, its value, what was expected and how to mend it.

    >>> model = Model(
    ...     factors={"weather": ["dry", "wet"]},
    ...     modalities={"sky": ["clear", "grey"]},
    ...     A={"sky": [[0.9, 0.2], [0.1, 0.8]]},
    ...     B={"weather": "identity"},
    ...     D={"weather": {"dry": 0.7, "wet": 0.3}},
    ... )
    >>> model.A["sky"].dense()
    array([[0.9, 0.2],
           [0.1, 0.8]])
    """

    factors: ByName[Factor]
    modalities: ByName[Modality]
    controls: ByName[Control]
    num_states: tuple[int, ...]
    num_obs: tuple[int, ...]
    num_controls: tuple[int, ...]
    A_dependencies: ByName[tuple[int, ...]]
    B_dependencies: ByName[tuple[int, ...]]
    control_of_factor: ByName[int | None]
    A: ByName[Table]
    B: ByName[Table]
    C: ByName[FloatArray]
    D: ByName[FloatArray]
    E: FloatArray | None
    pA: ByName[Table | None]
    pB: ByName[Table | None]
    pD: ByName[FloatArray | None]
    pE: FloatArray | None
    name: str
    description: str

    def __init__(
        self,
        *,
        factors: Mapping[str, Any] | Sequence[Factor],
        modalities: Mapping[str, Any] | Sequence[Modality],
        controls: Mapping[str, Any] | Sequence[Control] | None = None,
        A: Mapping[str, Any] | Sequence[Any] | None = None,
        B: Mapping[str, Any] | Sequence[Any] | None = None,
        C: Mapping[str, Any] | Sequence[Any] | None = None,
        D: Mapping[str, Any] | Sequence[Any] | None = None,
        E: Any = None,
        pA: Mapping[str, Any] | Sequence[Any] | None = None,
        pB: Mapping[str, Any] | Sequence[Any] | None = None,
        pD: Mapping[str, Any] | Sequence[Any] | None = None,
        pE: Any = None,
        A_dependencies: Mapping[str, Any] | Sequence[Any] | None = None,
        B_dependencies: Mapping[str, Any] | Sequence[Any] | None = None,
        name: str = "",
        description: str = "",
    ):
        parts = assemble(
            Statements(factors, modalities, controls, A, B, C, D, E, pA, pB, pD, pE, A_dependencies, B_dependencies)
        )
        factor_names = tuple(factor.name for factor in parts.factors)
        modality_names = tuple(modality.name for modality in parts.modalities)
        control_names = tuple(control.name for control in parts.controls)
        moved = {control.factor: at for at, control in enumerate(parts.controls)}
        set_once = self.__dict__
        set_once["factors"] = ByName(parts.factors, factor_names, "factor")
        set_once["modalities"] = ByName(parts.modalities, modality_names, "modality")
        set_once["controls"] = ByName(parts.controls, control_names, "control")
        set_once["num_states"] = tuple(len(factor.states) for factor in parts.factors)
        set_once["num_obs"] = tuple(len(modality.outcomes) for modality in parts.modalities)
        set_once["num_controls"] = tuple(len(control.actions) for control in parts.controls)
        set_once["control_of_factor"] = ByName(map(moved.get, factor_names), factor_names, "factor")
        for key in ("A_dependencies", "A", "C", "pA"):
            set_once[key] = ByName(getattr(parts, key), modality_names, "modality")
        for key in ("B_dependencies", "B", "D", "pB", "pD"):
            set_once[key] = ByName(getattr(parts, key), factor_names, "factor")
        set_once["E"], set_once["pE"] = parts.E, parts.pE
        set_once["name"], set_once["description"] = str(name), str(description)

    @classmethod
    def from_arrays(
        cls,
        A: Any,
        B: Any,
        C: Any = None,
        D: Any = None,
        E: Any = None,
        *,
        pA: Any = None,
        pB: Any = None,
        pD: Any = None,
        pE: Any = None,
        A_dependencies: Sequence[Sequence[int]] | None = None,
        B_dependencies: Sequence[Sequence[int]] | None = None,
        factors: Mapping[str, Any] | None = None,
        modalities: Mapping[str, Any] | None = None,
        controls: Mapping[str, Any] | None = None,
        name: str = "",
        description: str = "",
    ) -> Self:
        """A model from raw arrays in pymdp's convention; the same numbers are found in the model, bit by bit.

        Args:
            A: an array for each modality, (num_obs[m], *num_states[parents]).
            B: an array for each factor, (num_states[f], *num_states[parents], actions); a factor whose last axis is
                1 is not controlled.
            C: log-preferences for each modality, (num_obs[m],) or (T, num_obs[m]).
            D: initial states for each factor, (num_states[f],).
            E: habits, (num_policies,).
            pA, pB, pD, pE: Dirichlet counts of the same shapes.
            A_dependencies: for each modality the positions of the factors on which it depends.  Default: all.
            B_dependencies: for each factor the positions of the factors on which it depends.  Default: itself.
            factors, modalities, controls: names, as for Model, in the order of the arrays.  Default: `factor_0`,
                `modality_0`, ... with states and outcomes "0", "1", ...; a control is called like its factor.
            name, description: as for Model.

        Raises:
            ModelError: that lists every mistake.
        """
        from actinf.model.arrays import named_parts

        parts = named_parts(A, B, C, D, pA, pB, pD, A_dependencies, B_dependencies, factors, modalities, controls)
        return cls(**parts, E=E, pE=pE, name=name, description=description)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Self:
        """The model in a .yaml or .json file; where there is no such file, the bundled model of that name.

        Raises:
            FileError: that lists every mistake as `file:line: message`.
        """
        from actinf.model.files import read_model

        return cast("Self", read_model(path, cls))

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write the model to a .yaml or .json file; `Model.load` gives an equal model back.

        Returns:
            the path.

        Raises:
            FileError: when the name has another ending or the file cannot be written.
        """
        from actinf.model.files import write_model

        return write_model(self, path)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """The model that plain values state, laid out as in a file.

        Raises:
            ModelError: that lists every mistake, by its path in `data`.
        """
        from actinf.model.files import model_of_plain

        return cast("Self", model_of_plain(data, cls))

    def to_dict(self) -> dict[str, Any]:
        """The model as plain values, laid out as in a file: mappings, lists, texts and numbers."""
        from actinf.model.describing import describe

        return describe(self)

    @cached_property
    def hash(self) -> str:
        """The SHA-256 of the content, 64 hexadecimal digits; names and descriptions of the whole are left out."""
        return content_hash(self)

    def __eq__(self, other: object) -> bool:
        """Whether both hold the same names and the same numbers; their own names and descriptions do not count."""
        if not isinstance(other, Model):
            return NotImplemented
        return self is other or self.hash == other.hash

    def __hash__(self) -> int:
        return hash(self.hash)

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"a Model does not change, and {name!r} cannot be set: make a new one")

    def __delattr__(self, name: str) -> None:
        raise AttributeError(f"a Model does not change, and {name!r} cannot be removed: make a new one")

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        for entry in (*self.C, *self.D, *self.pD, self.E, self.pE):
            if entry is not None:
                frozen(entry)

    def __repr__(self) -> str:
        parts = [
            f"{name}({size})"
            for names, sizes in (
                (self.factors.names, self.num_states),
                (self.modalities.names, self.num_obs),
                (self.controls.names, self.num_controls),
            )
            for name, size in zip(names, sizes, strict=True)
        ]
        label = f"{self.name!r}, " if self.name else ""
        n_f, n_m = len(self.factors), len(self.modalities)
        return (
            f"Model({label}factors={', '.join(parts[:n_f])}; modalities={', '.join(parts[n_f : n_f + n_m])}"
            f"; controls={', '.join(parts[n_f + n_m :]) or 'none'})"
        )
