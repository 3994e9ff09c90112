"""What came out of a run, in a few numbers and a few sentences."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from actinf.lab.headline import headline
from actinf.lab.tally import Shares, action_shares_of, mean_free_energy, preferred_shares

if TYPE_CHECKING:
    import xarray as xr

    from actinf.lab.experiment import Experiment

__all__ = ["Summary", "describe_shares", "shown_steps", "summarise"]

_NAMED = 0.05
_MOST_NAMED = 4
_MOST_SPANS = 6
_MOST_POINTS = 100


@dataclass(frozen=True, kw_only=True)
class Summary:
    """A run in numbers.

    Attributes:
        headline: what was run, in a sentence.
        actions: the share of each action (episode, time, action), for each control.
        free_energy: mean F of a step by episode (episode,), nats; `None` when it was not recorded.
        preferred: share of steps with the most preferred outcome by episode, by `"modality: outcome"`.
        num_steps: all steps of all agents.
        seconds: how long the simulation took.
    """

    headline: str
    actions: Sequence[Shares]
    free_energy: NDArray[np.float64] | None
    preferred: dict[str, NDArray[np.float64]]
    num_steps: int
    seconds: float

    @property
    def microseconds_per_step(self) -> float:
        """Wall-clock time of one step of one agent."""
        return 1e6 * self.seconds / max(1, self.num_steps)

    def behaviour(self, episode: int = 0) -> list[str]:
        """What the agents did in one episode: a sentence for each control."""
        return [_sentence(shares, episode, len(self.actions) > 1) for shares in self.actions]

    def outcomes(self) -> list[str]:
        """How often the agents saw what they prefer, and how surprised they were: first and last episode."""
        said = []
        for name, share in self.preferred.items():
            how_often = _first_and_last(share, _share_of_steps)
            said.append(f"The preferred outcome ({name}) was seen at {how_often}.")
        if self.free_energy is not None:
            said.append(f"Mean free energy of a step: {_first_and_last(self.free_energy, _nats)}.")
        return said

    def to_plain(self) -> dict[str, Any]:
        """The summary as plain data for JSON, of a size that does not grow with the run.

        Returns:
            `headline`; `behaviour` and `outcomes`: sentences; `actions`: for each control its name, the names of its
            actions and, for the first and the last episode, the share of the agents at some steps; `episodes`: some
            episodes, and for them `free_energy` (nats, or None) and `preferred` (share of the steps, by "modality:
            outcome"); `num_steps`, `seconds` and `microseconds_per_step`.
        """
        lengths = [len(values) for values in (self.free_energy, *self.preferred.values()) if values is not None]
        episodes = shown_steps(max([len(shares.share) for shares in self.actions] + lengths, default=0), _MOST_POINTS)
        return {
            "headline": self.headline,
            "behaviour": self.behaviour(),
            "outcomes": self.outcomes(),
            "actions": [_plain_shares(shares) for shares in self.actions],
            "episodes": episodes,
            "free_energy": None if self.free_energy is None else self.free_energy[episodes].tolist(),
            "preferred": {name: share[episodes].tolist() for name, share in self.preferred.items()},
            "num_steps": self.num_steps,
            "seconds": self.seconds,
            "microseconds_per_step": self.microseconds_per_step,
        }


def shown_steps(steps: int, most: int) -> list[int]:
    """The steps that are shown: all when there are few, else the first ones and then ever fewer, up to the last."""
    if steps <= most:
        return list(range(steps))
    head = list(range(4))
    return [*head, *(int(step) for step in np.linspace(4, steps - 1, most - len(head)).round())]


def _plain_shares(shares: Shares) -> dict[str, Any]:
    steps = shown_steps(shares.share.shape[1], _MOST_POINTS)
    return {
        "control": shares.control,
        "names": list(shares.names),
        "episodes": [
            {"episode": episode, "steps": steps, "share": shares.share[episode][steps].tolist()}
            for episode in sorted({0, len(shares.share) - 1})
        ],
    }


def summarise(trace: xr.Dataset, experiment: Experiment, seconds: float) -> Summary:
    """Reduce a trace to its summary, block by block of agents."""
    preferences = {modality.name: C[-1] for modality, C in zip(experiment.model.modalities, experiment.model.C)}
    surprise = mean_free_energy(trace)
    preferred = preferred_shares(trace, preferences)
    extent = experiment.extent
    return Summary(
        headline=headline(experiment),
        actions=action_shares_of(trace),
        free_energy=None if surprise is None else surprise.mean(axis=1),
        preferred={name: share.mean(axis=1) for name, share in preferred.items()},
        num_steps=extent.num_agents * extent.num_steps * extent.num_episodes,
        seconds=seconds,
    )


def describe_shares(names: Sequence[str], share: NDArray[np.float64]) -> str:
    """`"left 52%, right 48%"`: the shares that matter, the largest first."""
    order = [int(a) for a in np.argsort(-share, kind="stable") if share[a] >= _NAMED][:_MOST_NAMED]
    said = [f"{names[a]} {share[a]:.0%}" for a in order]
    rest = 1.0 - sum(float(share[a]) for a in order)
    return ", ".join([*said, f"others {rest:.0%}"] if rest >= _NAMED else said)


def _sentence(shares: Shares, episode: int, several: bool) -> str:
    share = shares.share[episode]
    spans = _spans(share, 0.03 + 2.0 / np.sqrt(shares.num_agents))
    subject = f"On {shares.control}: " if several else ""
    if len(spans) > _MOST_SPANS:
        first, last = describe_shares(shares.names, share[0]), describe_shares(shares.names, share[-1])
        overall = describe_shares(shares.names, share.mean(axis=0))
        return f"{subject}step 0: {first}; over all {len(share)} steps: {overall}; last step: {last}."
    said = [
        f"{_when(start, stop, len(share))}: {describe_shares(shares.names, share[start:stop].mean(axis=0))}"
        for start, stop in spans
    ]
    return f"{subject}{'; '.join(said)}."


def _spans(share: NDArray[np.float64], tolerance: float) -> list[tuple[int, int]]:
    """Stretches of steps during which the shares hardly change: pairs of first step and the one after the last.

    The tolerance grows with the noise of a small population, so that chance is not told as behaviour.
    """
    spans = [(0, 1)]
    for time in range(1, len(share)):
        start, _ = spans[-1]
        if np.abs(share[time] - share[start]).max() < tolerance:
            spans[-1] = (start, time + 1)
        else:
            spans.append((time, time + 1))
    return spans


def _when(start: int, stop: int, steps: int) -> str:
    if stop - start == 1:
        return f"step {start}"
    return f"steps {start} to {stop - 1}" if stop < steps or start == 0 else f"from step {start} on"


def _first_and_last(values: NDArray[np.float64], say: Callable[[float], str]) -> str:
    if len(values) == 1:
        return say(float(values[0]))
    return f"{say(float(values[0]))} in the first episode, {say(float(values[-1]))} in the last"


def _share_of_steps(value: float) -> str:
    return f"{value:.0%} of the steps"


def _nats(value: float) -> str:
    return f"{value:.3f} nats"
