"""Which page says what to type, for each type of incident."""

__all__ = ["runbook_of"]

_PAGES = {
    "api_down": "api-down.md",
    "database_performance": "database-performance.md",
    "high_memory": "high-memory.md",
    "security": "security.md",
}


def runbook_of(incident_type: str) -> str:
    """The page, from the root of the project; for a type that has none of its own: where the others are listed."""
    return f"docs/runbooks/{_PAGES.get(incident_type, 'README.md')}"
