"""Inference without an agent: a model and what was observed in, beliefs and free energies out, and nothing is kept."""
