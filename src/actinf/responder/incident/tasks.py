"""What has to be done after an incident, and what has to be true before it is called over."""

from dataclasses import dataclass
from datetime import timedelta

__all__ = ["CHECKLIST", "TASKS", "ChecklistItem", "Task", "TaskGroup"]


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskGroup:
    """Tasks with one limit, which counts from the resolution."""

    key: str
    name: str
    limit: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One of the twelve."""

    key: str
    group: TaskGroup
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ChecklistItem:
    """One of the five; `by_machine` where a query can tell."""

    key: str
    text: str
    by_machine: bool


IMMEDIATE = TaskGroup(key="immediate", name="Immediate (within 2 hours)", limit=timedelta(hours=2))
SHORT_TERM = TaskGroup(key="short-term", name="Short-term (within 24 hours)", limit=timedelta(hours=24))
LONG_TERM = TaskGroup(key="long-term", name="Long-term (within 1 week)", limit=timedelta(weeks=1))

TASKS: dict[str, Task] = {
    key: Task(key=key, group=group, text=text)
    for group, tasks in (
        (
            IMMEDIATE,
            {
                "restored": "Service fully restored",
                "stakeholders": "Stakeholders notified",
                "summary": "Initial incident summary documented",
                "monitoring": "Monitoring enhanced if needed",
            },
        ),
        (
            SHORT_TERM,
            {
                "timeline": "Detailed incident timeline created",
                "root-cause": "Root cause analysis initiated",
                "temporary-fixes": "Temporary fixes documented",
                "customers": "Customer communication sent",
            },
        ),
        (
            LONG_TERM,
            {
                "post-mortem": "Post-mortem meeting scheduled",
                "actions": "Action items identified and assigned",
                "process": "Process improvements documented",
                "prevention": "Preventive measures implemented",
            },
        ),
    )
    for key, text in tasks.items()
}

CHECKLIST: dict[str, ChecklistItem] = {
    key: ChecklistItem(key=key, text=text, by_machine=by_machine)
    for key, text, by_machine in (
        ("stable", "Service restored and stable", True),
        ("dependencies", "All dependencies functioning", True),
        ("alerts", "Monitoring alerts cleared", True),
        ("performance", "Performance within normal ranges", True),
        ("users", "Affected users notified", False),
    )
}
