"""Worlds: generative processes that agents act in."""

from actinf.envs.world import World

__all__ = ["World"]
