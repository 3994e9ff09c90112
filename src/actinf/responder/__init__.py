"""Incidents from detection to post-mortem: who is told what, by when, and what is left behind.

It runs where all the rest is down: with one SQLite file, without the API, its database or the engine.
"""
