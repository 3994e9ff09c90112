"""The audit log: who did what to what, when, and how it ended; whatever is changed in it afterwards shows."""
