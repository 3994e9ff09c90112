"""Whom to call, and by which means: people and vendors, stored sealed, and who fits an incident."""
