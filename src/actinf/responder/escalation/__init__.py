"""Escalation: who is paged next."""
