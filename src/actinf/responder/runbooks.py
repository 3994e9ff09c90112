"""The types of incidents, and which page says what to type for each."""

__all__ = ["INCIDENT_TYPES", "runbook_of"]

_PAGES = {
    "api_down": "api-down.md",
    "database_performance": "database-performance.md",
    "high_memory": "high-memory.md",
    "security": "security.md",
}

INCIDENT_TYPES = (*_PAGES, "other")


def runbook_of(incident_type: str) -> str:
    """The page, from the root of the project; for a type that has none of its own: where the others are listed."""
    return f"docs/runbooks/{_PAGES.get(incident_type, 'README.md')}"
