"""Reading what a caller hands in: observations and executed actions, by name, by index, as distributions, or None."""

from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any

import numpy as np
from numpy.typing import NDArray

from actinf.errors import ObservationError
from actinf.inference.evidence import MISSING, SOFT
from actinf.kernels.columns import strides_of
from actinf.model import Model

__all__ = ["ActionReader", "ObservationReader"]


def _listed(names: tuple[str, ...]) -> str:
    shown = ", ".join(repr(name) for name in names[:12])
    return shown + (f", … ({len(names)} in all)" if len(names) > 12 else "")


def _unknown(kind: str, value: object, names: tuple[str, ...]) -> ObservationError:
    close = get_close_matches(str(value), names, n=1)
    hint = f"; did you mean {close[0]!r}?" if close else ""
    return ObservationError(f"{kind} has no {value!r}: expected one of {_listed(names)}{hint}")


class ObservationReader:
    """Turns an observation into outcome indices and, where it is soft, weights.

    An observation is a mapping from modality to value, in which an absent modality is missing, or a sequence of values
    in the model's order.  A value is an outcome's name, its index, a distribution over the outcomes, or None (missing).
    """

    def __init__(self, model: Model):
        self._names = tuple(modality.name for modality in model.modalities)
        self._position = {name: m for m, name in enumerate(self._names)}
        self._outcomes = tuple(modality.outcomes for modality in model.modalities)
        self._index = tuple({outcome: o for o, outcome in enumerate(outcomes)} for outcomes in self._outcomes)
        offsets = np.concatenate(([0], np.cumsum(model.num_obs)))
        self._start = tuple(int(offset) for offset in offsets)

    def read(self, observation: Any, codes: NDArray[np.int64], weights: NDArray[Any]) -> None:
        """Fill `codes` (modalities,) with indices, −1 for missing, −2 for soft, whose weights go into `weights`.

        Args:
            observation: what the caller gave.
            codes: (modalities,); weights: (all outcomes,).

        Raises:
            ObservationError: for an unknown modality or outcome, an index out of range, or a malformed distribution.
        """
        if type(observation) is dict or isinstance(observation, Mapping):  # the first test is much the quicker
            if len(observation) < len(self._names):
                codes.fill(MISSING)
            for name, value in observation.items():
                m = self._position.get(name)
                if m is None:
                    raise _unknown("the observation: the model", name, self._names)
                found = self._index[m].get(value) if type(value) is str else None
                codes[m] = found if found is not None else self._value(m, value, weights)
            return
        if isinstance(observation, str) or not hasattr(observation, "__len__"):
            raise ObservationError(
                f"the observation {observation!r} is neither a mapping from modality to outcome nor a list in the "
                f"order {_listed(self._names)}"
            )
        if len(observation) != len(self._names):
            raise ObservationError(
                f"the observation has {len(observation)} entries, but the model has {len(self._names)} modalities: "
                f"expected one for each of {_listed(self._names)}, None where it is missing"
            )
        for m, value in enumerate(observation):
            codes[m] = self._value(m, value, weights)

    def _value(self, m: int, value: Any, weights: NDArray[Any]) -> int:
        if value is None:
            return MISSING
        if isinstance(value, str):
            found = self._index[m].get(value)
            if found is None:
                raise _unknown(f"modality {self._names[m]!r}", value, self._outcomes[m])
            return found
        if isinstance(value, int | np.integer) and not isinstance(value, bool):
            if not 0 <= value < len(self._outcomes[m]):
                raise ObservationError(
                    f"modality {self._names[m]!r} has no outcome with index {value}: expected 0 to "
                    f"{len(self._outcomes[m]) - 1}"
                )
            return int(value)
        return self._distribution(m, value, weights)

    def _distribution(self, m: int, value: Any, weights: NDArray[Any]) -> int:
        size = len(self._outcomes[m])
        try:
            if isinstance(value, Mapping):
                dense = np.zeros(size)
                for name, weight in value.items():
                    if name not in self._index[m]:
                        raise _unknown(f"modality {self._names[m]!r}", name, self._outcomes[m])
                    dense[self._index[m][name]] = weight
            else:
                dense = np.asarray(value, dtype=np.float64)
        except ObservationError:
            raise
        except (TypeError, ValueError):
            dense = np.zeros(())
        if dense.ndim == 0:
            raise ObservationError(
                f"modality {self._names[m]!r} got {value!r}: expected an outcome's name, its index, a distribution "
                f"over the {size} outcomes, or None"
            )
        if dense.shape != (size,):
            raise ObservationError(
                f"modality {self._names[m]!r} got a distribution of shape {dense.shape}, but it has {size} outcomes: "
                f"expected ({size},)"
            )
        total = float(dense.sum())
        if not np.all(np.isfinite(dense)) or dense.min() < 0.0 or abs(total - 1.0) > 1e-5:
            raise ObservationError(
                f"modality {self._names[m]!r} got the weights {dense.tolist()}, whose sum is {total:g}: expected "
                "non-negative numbers that sum to 1"
            )
        weights[self._start[m] : self._start[m] + size] = dense / total
        return SOFT


class ActionReader:
    """Between joint actions, as the kernels count them, and actions by control."""

    def __init__(self, model: Model):
        self.controls = tuple(control.name for control in model.controls)
        self._actions = tuple(control.actions for control in model.controls)
        self._strides = strides_of(model.num_controls)
        joint = np.arange(int(np.prod(model.num_controls, dtype=np.int64)))
        digits = [(joint // stride) % len(names) for stride, names in zip(self._strides, self._actions, strict=True)]
        self.digits = np.array(digits, dtype=np.int64).reshape(len(digits), len(joint)).T
        """(joint actions, controls) the action of each control."""
        self._named = [
            {name: names[d] for name, names, d in zip(self.controls, self._actions, row, strict=True)}
            for row in self.digits.tolist()
        ]
        self.names = tuple(tuple(names[d] for names, d in zip(self._actions, row, strict=True)) for row in self.digits)
        """The names of the actions of each joint action."""

    def named(self, joint: int) -> dict[str, str]:
        """A joint action as a mapping from control to action."""
        return self._named[joint].copy()

    def read(self, executed: Any) -> int:
        """The joint action of a mapping from control to action (name or index), or of a list in the controls' order.

        Raises:
            ObservationError: for an unknown or a missing control, or an unknown action.
        """
        if isinstance(executed, Mapping):
            unknown = [name for name in executed if name not in self.controls]
            if unknown:
                raise _unknown("the executed action: the model", unknown[0], self.controls)
            missing = [name for name in self.controls if name not in executed]
            if missing:
                raise ObservationError(
                    f"the executed action leaves out the control {missing[0]!r}: give all of {_listed(self.controls)}"
                )
            values = [executed[name] for name in self.controls]
        else:
            values = list(executed) if hasattr(executed, "__len__") and not isinstance(executed, str) else [executed]
            if len(values) != len(self.controls):
                raise ObservationError(
                    f"the executed action has {len(values)} entries, but the model has {len(self.controls)} controls: "
                    f"expected one for each of {_listed(self.controls)}"
                )
        joint = 0
        for c, value in enumerate(values):
            names = self._actions[c]
            if isinstance(value, int | np.integer) and not isinstance(value, bool) and 0 <= value < len(names):
                index = int(value)
            elif value in names:
                index = names.index(value)
            else:
                raise _unknown(f"control {self.controls[c]!r}", value, names)
            joint += index * self._strides[c]
        return joint
