"""What was run, in one sentence."""

from actinf.lab.experiment import Experiment

__all__ = ["headline"]


def headline(experiment: Experiment) -> str:
    """Who lived how long in which world."""
    extent = experiment.extent
    agents = f"{extent.num_agents:,} agents" if extent.num_agents > 1 else "One agent"
    steps = f"{extent.num_steps:,} steps" if extent.num_steps > 1 else "one step"
    episodes = f"{extent.num_episodes:,} episodes of {steps}" if extent.num_episodes > 1 else f"one episode of {steps}"
    if experiment.world is None:
        return (
            f"{agents} lived {episodes} in a world that is as they believe ({experiment.model.name or 'their model'})."
        )
    return f"{agents} lived {episodes} in the world {experiment.world_source}."
