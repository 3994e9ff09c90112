"""Which pictures a run is worth, drawn from its trace."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from actinf.errors import TraceError
from actinf.lab import plots
from actinf.lab.replay import can_be_replayed, explain_step, replay_episode

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.figure import Figure

    from actinf.agent import Agent
    from actinf.lab.experiment import Experiment

__all__ = ["Picture", "pictures_of"]

_EXPLAINED_STEPS = 2


@dataclass(frozen=True, kw_only=True)
class Picture:
    """One picture of a run.

    Attributes:
        name: a short name, for the file.
        label: what it shows, for those who cannot see it.
        figure: the drawing.
        caption: sentences below it.
        about: `"population"` or `"agent"`.
    """

    name: str
    label: str
    figure: Figure
    caption: Sequence[str] = ()
    about: str = "population"


def pictures_of(experiment: Experiment, agent: Agent, trace: xr.Dataset, *, index: int = 0) -> Iterator[Picture]:
    """Draw a run: what the population did, then what one agent believed and why it acted.

    Args:
        experiment: what was run.
        agent: the agent that was simulated.
        trace: what was recorded: states, observations, actions and free energy.
        index: the agent to be shown.

    Yields:
        The pictures, one at a time, so that progress can be shown.
    """
    yield from _population(experiment, trace, index)
    if can_be_replayed(trace, experiment.model):
        yield from _one_agent(experiment, agent, trace, index)


def _population(experiment: Experiment, trace: xr.Dataset, index: int) -> Iterator[Picture]:
    names = set(map(str, trace.data_vars))
    episodes = trace.sizes["episode"]
    has_actions = any(name.startswith("action_") for name in names)
    if has_actions:
        yield Picture(name="actions", label="Share of each action at each step", figure=plots.action_shares(trace))
    if has_actions and episodes > 1:
        last = episodes - 1
        yield Picture(
            name="actions-last-episode",
            label="Share of each action at each step of the last episode",
            figure=plots.action_shares(trace, episode=last),
        )
        yield Picture(
            name="actions-by-episode",
            label="Share of each action in each episode",
            figure=plots.action_shares_by_episode(trace, changes=sorted(experiment.schedule)),
        )
    if "F" in names:
        yield Picture(
            name="free-energy",
            label="Free energy of each step",
            figure=plots.free_energy(trace, agent=index),
        )
    if episodes > 1:
        preferences = {modality.name: C[-1] for modality, C in zip(experiment.model.modalities, experiment.model.C)}
        yield Picture(
            name="learning",
            label="Surprise and preferred outcomes over the episodes",
            figure=plots.learning_curves(trace, preferences=preferences, changes=sorted(experiment.schedule)),
        )
    if episodes > 1 and any(name.startswith(("pA_", "pB_", "pD_")) for name in names):
        with suppress(TraceError):  # what hardly moved is not worth a picture
            learned = plots.learned_probabilities(trace, changes=sorted(experiment.schedule))
            yield Picture(name="learned", label="Probabilities that the agents learned", figure=learned)
    layout = getattr(experiment.world, "layout", None)
    if layout is not None and f"state_{layout.factor}" in names:
        yield Picture(name="paths", label="Where the agents went", figure=plots.paths(trace, layout, agent=index))


def _is_ever_lost(one: xr.Dataset, factor: str) -> bool:
    """Whether an agent was ever in doubt about a factor; maps of certainty are not worth their room."""
    return bool(one[f"qs_{factor}"].values.max(axis=-1).min() < 0.99)


def _one_agent(experiment: Experiment, agent: Agent, trace: xr.Dataset, index: int) -> Iterator[Picture]:
    layout = getattr(experiment.world, "layout", None)
    episodes = trace.sizes["episode"]
    for episode in sorted({0, episodes - 1}):
        one = replay_episode(agent, experiment, trace, index=index, episode=episode)
        suffix = "" if episode == 0 else "-last-episode"
        yield Picture(
            name=f"beliefs{suffix}",
            label=f"What agent {index} believed",
            figure=plots.beliefs(one),
            about="agent",
        )
        if layout is not None and f"qs_{layout.factor}" in one and _is_ever_lost(one, layout.factor):
            yield Picture(
                name=f"belief-maps{suffix}",
                label=f"Where agent {index} believed itself to be",
                figure=plots.belief_maps(one, layout),
                about="agent",
            )
        if agent.num_policies > 1:
            yield Picture(
                name=f"policies{suffix}",
                label=f"How agent {index} weighed its policies",
                figure=plots.policy_posterior(one),
                about="agent",
            )
    if agent.num_policies > 1:
        for time in range(min(_EXPLAINED_STEPS, trace.sizes["time"])):
            reasons = explain_step(agent, experiment, trace, index=index, episode=0, time=time)
            yield Picture(
                name=f"why-step-{time}",
                label=f"Expected free energy of the policies at step {time}",
                figure=plots.policies_compared(
                    reasons.terms,
                    title=f"Why agent {index} did “{reasons.did}” at step {time}",
                    subtitle="Its best policies compared with the very best, and their posterior probability.",
                ),
                caption=reasons.in_words(),
                about="agent",
            )
