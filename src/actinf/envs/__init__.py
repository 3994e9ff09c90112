"""Worlds: generative processes that agents act in."""

from collections.abc import Mapping

from actinf.envs.bandit import Bandit
from actinf.envs.cue_chain import CueChain
from actinf.envs.grid_world import GridWorld
from actinf.envs.own_world import OwnWorld
from actinf.envs.random_model import random_model
from actinf.envs.tmaze import TMaze
from actinf.envs.world import World

__all__ = ["BUNDLED", "Bandit", "CueChain", "GridWorld", "OwnWorld", "TMaze", "World", "random_model"]

#: The bundled worlds by the name that files and the command line use.
BUNDLED: Mapping[str, type[World]] = {
    "bandit": Bandit,
    "cue_chain": CueChain,
    "grid_world": GridWorld,
    "tmaze": TMaze,
}
