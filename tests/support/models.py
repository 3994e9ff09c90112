"""Random models for property-based tests, small enough to look at."""

from typing import Any

import numpy as np
from hypothesis import strategies as st

SIZES = st.integers(1, 4)
NAMES = st.lists(
    st.text(st.characters(codec="utf-8", exclude_categories=("C", "Z")), min_size=1, max_size=6),
    min_size=1,
    max_size=4,
    unique=True,
)
PART_NAMES = st.text("abcdefgxyz_éß", min_size=1, max_size=5)


@st.composite
def columns(draw: st.DrawFn, shape: tuple[int, ...], *, counts: bool = False) -> np.ndarray:
    """An array of `shape` whose columns sum to one, many entries of it zero; or counts."""
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    kind = draw(st.sampled_from(["dense", "sparse", "certain"]))
    array = random.gamma(1.0, size=shape) + 1e-3
    if kind != "dense":
        keep = random.integers(shape[0], size=shape[1:])
        mask = np.arange(shape[0]).reshape([-1] + [1] * (len(shape) - 1)) == keep
        array *= mask | (random.random(shape) < (0.4 if kind == "sparse" else 0.0))
    return array * 3.0 if counts else array / array.sum(axis=0)


@st.composite
def arguments(draw: st.DrawFn) -> dict[str, Any]:
    """Keyword arguments of Model: arrays in full, any subset of what may be left out."""
    factor_names = draw(st.lists(PART_NAMES, min_size=1, max_size=3, unique=True))
    modality_names = draw(st.lists(PART_NAMES, min_size=1, max_size=3, unique=True))
    factors = {name: draw(NAMES) for name in factor_names}
    modalities = {name: draw(NAMES) for name in modality_names}
    some = st.lists(st.sampled_from(factor_names), min_size=1, max_size=2, unique=True)
    controls = {name: draw(NAMES) for name in factor_names if draw(st.booleans())}
    A_dependencies = {name: draw(some) for name in modality_names}
    B_dependencies = {name: draw(st.one_of(st.just([name]), some)) for name in factor_names}
    size = {name: len(states) for name, states in factors.items()}
    A_shape = {m: (len(modalities[m]), *(size[f] for f in A_dependencies[m])) for m in modality_names}
    B_shape = {f: (size[f], *(size[g] for g in B_dependencies[f]), len(controls.get(f, "-"))) for f in factor_names}
    found: dict[str, Any] = {
        "factors": factors,
        "modalities": modalities,
        "controls": controls,
        "A_dependencies": A_dependencies,
        "B_dependencies": B_dependencies,
        "A": {m: draw(columns(A_shape[m])) for m in modality_names},
        "B": {f: draw(columns(B_shape[f])) for f in factor_names},
        "name": draw(st.text(max_size=8)),
        "description": draw(st.text(max_size=30)),
    }
    if draw(st.booleans()):
        found["C"] = {
            m: draw(st.integers(-8, 8)) * np.linspace(-1.3, 1.0, n * t).reshape(t, n)
            for m, n in ((m, len(modalities[m])) for m in modality_names)
            for t in (draw(st.integers(1, 3)),)
        }
    if draw(st.booleans()):
        found["D"] = {f: draw(columns((size[f],))) for f in factor_names}
    for key, shapes in (("A", A_shape), ("B", B_shape)):
        if draw(st.booleans()):
            counts = {name: draw(columns(shape, counts=True)) for name, shape in shapes.items()}
            found[f"p{key}"] = counts
            found[key] = {name: array / array.sum(axis=0) for name, array in counts.items() if draw(st.booleans())}
    if draw(st.booleans()):
        found["pE"] = draw(columns((draw(SIZES),), counts=True))
    return found
