"""Agents: a model, settings, a seed, and where they stand."""
