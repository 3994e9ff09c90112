"""Watching a responder from another machine: who is there to notice that it is dead."""
