"""Keeping alerts from being told for a while: what can be asked for, what comes of it, and how it is shown."""
