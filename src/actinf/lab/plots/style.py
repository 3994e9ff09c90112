"""How every picture looks: colours, letters, the heading, and the way to a file.

The palette is Okabe and Ito's, which stays distinct for colour-blind readers.  Heat maps have one hue whose opacity is
the probability, so that they read alike on white and on black; `to_svg` replaces the colours by CSS variables, by which
the report follows the reader's light or dark theme.
"""

from __future__ import annotations

import io
import os
import re
import textwrap
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from actinf.errors import SettingError
from actinf.lab.extras import load_extra

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.axes import Axes
    from matplotlib.colors import Colormap
    from matplotlib.figure import Figure

__all__ = [
    "ACCENT",
    "GRID",
    "INK",
    "MUTED",
    "OTHERS",
    "PALETTE",
    "PAPER",
    "THEME",
    "agent_label",
    "figure",
    "heat_map",
    "in_episode",
    "label_panel",
    "mark_changes",
    "plain_bar",
    "probability_bar",
    "probability_colours",
    "ring",
    "said_of_changes",
    "save",
    "scale_end",
    "shorten",
    "step_ticks",
    "to_svg",
]

# The kinds of file that a figure is written to, with what leaves the date out, so that equal figures are equal bytes.
UNDATED: dict[str, dict[str, None]] = {
    ".png": {"Software": None},
    ".svg": {"Date": None},
    ".pdf": {"CreationDate": None},
}

INK = "#1f2328"
MUTED = "#656d77"
GRID = "#d8dee5"
PAPER = "#fefefe"
OTHERS = "#b1b8c1"
PALETTE = ("#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#8a7a00", "#5b5fc7")
ACCENT = "#d55e00"
HEAT = "#2288cc"

THEME: dict[str, tuple[str, str, str]] = {
    INK: ("ink", "#1f2328", "#e6edf3"),
    MUTED: ("muted", "#656d77", "#9198a1"),
    GRID: ("grid", "#d8dee5", "#31373f"),
    PAPER: ("paper", "#ffffff", "#0d1117"),
    OTHERS: ("others", "#b1b8c1", "#5d6570"),
    PALETTE[0]: ("blue", "#0072b2", "#3d9bd6"),
    PALETTE[5]: ("vermilion", "#d55e00", "#f07f2e"),
    PALETTE[6]: ("olive", "#8a7a00", "#c4b12b"),
    PALETTE[7]: ("indigo", "#5b5fc7", "#8d91ee"),
}
"""Colour in a picture -> (CSS variable, its value on light paper, its value on dark paper)."""

_WIDTH = 8.4
_HEADING = 0.62
_LONGEST_LINE = 122
_STYLE: dict[str, Any] = {
    "font.family": "DejaVu Sans",
    "font.size": 9.0,
    "text.color": INK,
    "axes.edgecolor": GRID,
    "axes.labelcolor": MUTED,
    "axes.titlecolor": INK,
    "axes.titlesize": 9.5,
    "axes.titlelocation": "left",
    "axes.titlepad": 7.0,
    "axes.labelsize": 9.0,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.linewidth": 0.8,
    "axes.facecolor": "none",
    "axes.axisbelow": True,
    "axes.grid": False,
    "grid.color": GRID,
    "grid.linewidth": 0.7,
    "xtick.color": GRID,
    "ytick.color": GRID,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "xtick.labelsize": 8.5,
    "ytick.labelsize": 8.5,
    "xtick.major.size": 3.0,
    "ytick.major.size": 3.0,
    "legend.frameon": False,
    "legend.fontsize": 8.5,
    "figure.facecolor": PAPER,
    "savefig.facecolor": PAPER,
    "svg.fonttype": "none",
    "svg.hashsalt": "actinf",
    "axes.unicode_minus": True,
    "text.parse_math": False,
}


@contextmanager
def _house_style() -> Iterator[None]:
    matplotlib = load_extra("matplotlib", extra="plot", purpose="Drawing a plot")
    with matplotlib.rc_context(_STYLE):
        yield


@contextmanager
def figure(
    title: str, subtitle: str, *, heights: Sequence[float], widths: Sequence[float] = (1.0,), width: float = _WIDTH
) -> Iterator[tuple[Figure, NDArray[Any]]]:
    """A figure in the house style, to be filled inside the `with` block.

    Args:
        title: what is to be seen, in bold.
        subtitle: how to read it; long lines are broken.
        heights: height of each row of panels in inches.
        widths: relative width of each column of panels.
        width: width of the figure in inches.

    Yields:
        The figure and its axes, an array (row, column).
    """
    made = load_extra("matplotlib.figure", extra="plot", purpose="Drawing a plot").Figure
    subtitle = "\n".join(textwrap.fill(line, _LONGEST_LINE) for line in subtitle.splitlines())
    lines = subtitle.count("\n") + 1
    heading = _HEADING + 0.19 * (lines - 1)
    height = sum(heights) + heading
    with _house_style():
        fig = made(figsize=(width, height), layout="constrained")
        fig.get_layout_engine().set(rect=(0.006, 0.0, 0.988, 1 - heading / height), h_pad=0.06, w_pad=0.05, hspace=0.02)
        axes = fig.subplots(
            len(heights), len(widths), squeeze=False, height_ratios=list(heights), width_ratios=list(widths)
        )
        fig.text(0.012, 1 - 0.11 / height, title, size=12.5, weight="bold", va="top", color=INK)
        fig.text(0.012, 1 - 0.36 / height, subtitle, size=9.0, va="top", color=MUTED, linespacing=1.35)
        yield fig, axes


def save(fig: Figure, path: str | os.PathLike[str], *, dpi: int = 160) -> Path:
    """Write a figure to a file, its kind told by the suffix (.png, .svg, .pdf); the same figure gives the same bytes.

    Returns:
        The path of the file.

    Raises:
        SettingError: the suffix is another one.
    """
    target = Path(path)
    metadata = UNDATED.get(target.suffix.lower())
    if metadata is None:
        raise SettingError(f"save(path={str(path)!r}): expected a name that ends in {', '.join(UNDATED)}")
    with _house_style():
        fig.savefig(target, dpi=dpi, metadata=metadata)
    return target


def to_svg(fig: Figure, prefix: str, label: str) -> str:
    """A figure as SVG text to stand inside an HTML page, its colours taken from the CSS variables of `THEME`.

    Args:
        fig: the figure.
        prefix: begins every id in the picture, so that several can stand on one page.
        label: what a screen reader says instead of the picture.
    """
    buffer = io.StringIO()
    with _house_style():
        fig.savefig(buffer, format="svg", transparent=True, metadata={"Date": None})
    text = buffer.getvalue()
    text = text[text.index("<svg") :]
    text = re.sub(r"<metadata>.*?</metadata>", "", text, flags=re.DOTALL)
    text = re.sub(r'\bid="([^"]+)"', rf'id="{prefix}-\1"', text)
    text = re.sub(r'(xlink:href="#|url\(#)', rf"\1{prefix}-", text)
    text = text.replace("'DejaVu Sans'", "var(--font)")
    for colour, (name, _, _) in THEME.items():
        text = text.replace(colour, f"var(--{name})")
    opening = rf'<svg xmlns:xlink="http://www.w3.org/1999/xlink" \1 role="img" aria-label="{_attribute(label)}">'
    return re.sub(r'<svg [^>]*?(viewBox="[^"]+")[^>]*>', opening, text, count=1)


def _attribute(text: str) -> str:
    return text.replace("&", "&amp;").replace('"', "&quot;").replace("<", "&lt;")


def probability_colours(hue: str = HEAT) -> Colormap:
    """Nothing for probability 0, the full hue for 1: a hue whose opacity is the probability."""
    colours = load_extra("matplotlib.colors", extra="plot", purpose="Drawing a plot")
    red, green, blue = colours.to_rgb(hue)
    opacity = np.linspace(0.0, 1.0, 256) ** 0.85
    ramp: Colormap = colours.ListedColormap([(red, green, blue, a) for a in opacity], name="probability")
    return ramp


def heat_map(
    ax: Axes, values: NDArray[Any], rows: Sequence[str], *, others: bool = False, top: float = 1.0, longest: int = 28
) -> Any:
    """Draw probabilities (row, time) with a named row each, the first on top.

    Args:
        ax: where to draw.
        values: the probabilities.
        rows: the names of the rows.
        others: whether the last row gathers what is not shown: it is grey, and does not set the scale.
        top: the probability that has the full hue.
        longest: longer names are shortened.

    Returns:
        The drawn mappable, for a scale of probability.
    """
    count = len(values) - others
    mesh = _tiles(ax, values[:count], 0, probability_colours(), top)
    if others:
        _tiles(ax, values[count:], count, probability_colours(OTHERS), 1.0)
    ax.set_xlim(-0.5, values.shape[1] - 0.5)
    ax.set_ylim(len(values) - 0.5, -0.5)
    ax.set_yticks(range(len(values)), [shorten(row, longest) for row in rows])
    ax.tick_params(axis="y", length=0)
    for spine in ax.spines.values():
        spine.set_visible(False)
    step_ticks(ax, values.shape[1])
    return mesh


def _tiles(ax: Axes, values: NDArray[Any], first_row: int, colours: Colormap, top: float) -> Any:
    count, steps = values.shape
    small = count * steps <= 3000
    return ax.pcolormesh(
        np.arange(steps + 1) - 0.5,
        np.arange(count + 1) - 0.5 + first_row,
        values,
        cmap=colours,
        vmin=0.0,
        vmax=top,
        edgecolors=GRID if small else "none",
        linewidth=0.4 if small else 0.0,
        rasterized=not small,
        clip_on=False,
    )


def scale_end(values: NDArray[Any]) -> float:
    """Where a scale of probability shall end: at 1, or lower when all is improbable."""
    peak = float(values.max(initial=0.0))
    return next((end for end in (0.02, 0.05, 0.1, 0.2) if peak <= end), 1.0)


def probability_bar(fig: Figure, mesh: Any, axes: Sequence[Axes], label: str = "probability") -> None:
    """Put one narrow scale of probability beside the panels."""
    top = mesh.norm.vmax
    slender = float(np.clip((fig.get_figheight() - 1.0) / 0.14, 6.0, 40.0))
    bar = fig.colorbar(mesh, ax=list(axes), fraction=0.025, pad=0.015, aspect=slender)
    bar.set_ticks(
        [0.0, top / 2, top], labels=["0", "½", "1"] if top == 1.0 else ["0", f"{50 * top:g} %", f"{100 * top:g} %"]
    )
    bar.set_label(label, color=MUTED)
    plain_bar(bar)


def plain_bar(bar: Any) -> None:
    """Take the ornaments off a colour bar."""
    bar.outline.set_edgecolor(GRID)
    bar.ax.tick_params(length=0)
    bar.solids.set(edgecolor="none", rasterized=True)


def ring(ax: Axes, x: Any, y: Any, size: float) -> None:
    """Mark points by rings that show on every shade."""
    ax.scatter(x, y, s=size, facecolors="none", edgecolors=PAPER, linewidths=3.0, zorder=3, clip_on=False)
    ax.scatter(x, y, s=size, facecolors="none", edgecolors=ACCENT, linewidths=1.4, zorder=4, clip_on=False)


def step_ticks(ax: Axes, count: int, *, most: int = 20) -> None:
    """Whole numbers on the axis of time, not too many of them."""
    stride = next(s for s in _strides() if count / s <= most)
    ax.set_xticks(range(0, count, stride))


def _strides() -> Iterator[int]:
    scale = 1
    while True:
        yield from (scale, 2 * scale, 5 * scale)
        scale *= 10


def label_panel(ax: Axes, title: str, note: str = "") -> None:
    """Title of one panel, and beside it, in grey, a note."""
    ax.set_title(title, weight="bold")
    if note:
        ax.annotate(
            note,
            (1.0, 1.0),
            (0, 5),
            xycoords="axes fraction",
            textcoords="offset points",
            ha="right",
            va="bottom",
            size=8.0,
            color=MUTED,
        )


def mark_changes(ax: Axes, changes: Sequence[int], colour: str = MUTED) -> None:
    """A dashed line before each episode at which the world changed."""
    for at in changes:
        ax.axvline(at - 0.5, color=colour, linewidth=1.0, linestyle=(0, (4, 3)))


def said_of_changes(changes: Sequence[int]) -> str:
    """How a subtitle tells of the lines of `mark_changes`."""
    return "; a dashed line marks a change of the world" if len(changes) else ""


def agent_label(trace: xr.Dataset, agent: int) -> int:
    """The number of an agent in the run: where the trace holds some agents only, its coordinate says which."""
    return int(trace.coords["agent"][agent]) if "agent" in trace.coords else agent


def in_episode(trace: xr.Dataset, episode: int) -> str:
    """`" in episode 3"` where there is more than one; the coordinate says which where the trace holds some only."""
    if "episode" in trace.coords:
        number = int(trace.coords["episode"][episode])
        return f" in episode {number}" if number else ""
    return f" in episode {episode}" if trace.sizes["episode"] > 1 else ""


def shorten(text: str, longest: int) -> str:
    """The text, with its middle left out when it is longer than `longest`."""
    if len(text) <= longest:
        return text
    head = (longest - 1) // 2
    return f"{text[:head]}…{text[len(text) - (longest - 1 - head) :]}"
