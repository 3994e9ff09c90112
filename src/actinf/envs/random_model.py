"""Models drawn at random, of any size and density: for benchmarks, for tests, and to see what is typical."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from actinf.envs.settings import probability, whole_number
from actinf.errors import SettingError
from actinf.model import Model

__all__ = ["random_model"]


def random_model(
    *,
    num_states: Sequence[int] = (3, 2),
    num_obs: Sequence[int] = (4, 3),
    num_actions: Sequence[int] = (2, 1),
    density: float = 1.0,
    concentration: float = 1.0,
    A_dependencies: Sequence[Sequence[int]] | None = None,
    B_dependencies: Sequence[Sequence[int]] | None = None,
    seed: int = 0,
) -> Model:
    """A model whose columns are drawn from a symmetric Dirichlet, and its C from a standard normal.

    Args:
        num_states: the number of states of each factor.
        num_obs: the number of outcomes of each modality.
        num_actions: the number of actions on each factor; 1 leaves it uncontrolled.
        density: the probability that an entry of a column is not zero; each column keeps at least one.
        concentration: of the Dirichlet; small makes sharp columns.
        A_dependencies: the positions of the factors on which each modality depends.  Default: all.
        B_dependencies: the positions of the factors on which each factor depends.  Default: itself.
        seed: of the generator; the same seed gives the same model.

    Raises:
        SettingError: when a setting is out of its range.
        ModelError: when the dependencies name what does not exist.
    """
    for name, sizes in (("num_states", num_states), ("num_obs", num_obs), ("num_actions", num_actions)):
        if isinstance(sizes, str) or not isinstance(sizes, Sequence) or not sizes:
            raise SettingError(f"random_model({name}={sizes!r}): expected a list of whole numbers")
        for size in sizes:
            whole_number("random_model", name, size, 1, 100_000)
    if len(num_actions) != len(num_states):
        raise SettingError(
            f"random_model(num_actions=...) has {len(num_actions)} entries for {len(num_states)} factors: expected one"
            f" each"
        )
    probability("random_model", "density", density)
    if isinstance(concentration, bool) or not isinstance(concentration, int | float) or not 0 < concentration < 1e6:
        raise SettingError(f"random_model(concentration={concentration!r}): expected a number above 0")
    generator = np.random.default_rng(whole_number("random_model", "seed", seed, 0, 2**63 - 1))

    def columns(rows: int, *others: int) -> NDArray[np.float64]:
        table = generator.standard_gamma(concentration, size=(rows, *others)) + 1e-12
        if density < 1.0:
            kept = generator.random(table.shape) < density
            sure = generator.integers(rows, size=others)
            np.put_along_axis(kept, np.asarray(sure)[None], True, axis=0)
            table *= kept
        normalised: NDArray[np.float64] = table / table.sum(axis=0)
        return normalised

    def sizes_of(parents: Sequence[int]) -> list[int]:
        return [num_states[parent] for parent in parents if isinstance(parent, int) and 0 <= parent < len(num_states)]

    A_parents = A_dependencies or [list(range(len(num_states)))] * len(num_obs)
    B_parents = B_dependencies or [[factor] for factor in range(len(num_states))]
    return Model.from_arrays(
        A=[columns(rows, *sizes_of(parents)) for rows, parents in zip(num_obs, A_parents, strict=False)],
        B=[
            columns(rows, *sizes_of(parents), actions)
            for rows, parents, actions in zip(num_states, B_parents, num_actions, strict=False)
        ],
        C=[generator.standard_normal(rows) for rows in num_obs],
        D=[columns(rows) for rows in num_states],
        A_dependencies=A_parents,
        B_dependencies=B_parents,
        name=f"random model {seed}",
    )
