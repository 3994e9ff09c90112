"""Clocks: what time an incident has, and when it runs out."""
