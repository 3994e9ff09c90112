"""Experiments: simulate, record, look at what came out, and run it again."""
