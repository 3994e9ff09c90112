"""An alert: one thing that somebody watches, and that is wrong, or is so no longer."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from actinf.errors import SettingError
from actinf.responder.incident.severity import is_marked
from actinf.responder.intake.untrusted import web_address

__all__ = ["Alert", "Status"]

Status = Literal["firing", "resolved"]

_PATH = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_./-]*(#[A-Za-z0-9_-]+)?")


@dataclass(frozen=True, kw_only=True, slots=True)
class Alert:
    """An alert, whoever sent it.  All its texts come from outside: show them only where they can do no harm.

    Args:
        source: who sent it: alertmanager, sentry, or the name of a webhook.
        fingerprint: which thing it is about: the same while that thing is wrong, firing and resolved.
        name: what people call it.
        status: firing, or resolved.
        labels: what it is about.
        annotations: what is said about it.
        starts_at: since when it is wrong.
        ends_at: since when it is so no longer; None: it still is, or nobody knows.
        generator_url: where to look, an address of the web; "": nowhere.

    Raises:
        SettingError: a time without a zone.
    """

    source: str
    fingerprint: str
    name: str
    status: Status
    labels: Mapping[str, str]
    annotations: Mapping[str, str]
    starts_at: datetime
    ends_at: datetime | None
    generator_url: str

    def __post_init__(self) -> None:
        for name, moment in (("starts_at", self.starts_at), ("ends_at", self.ends_at)):
            if moment is not None and moment.tzinfo is None:
                raise SettingError(f"{name} of an alert is {moment}: expected a time with its zone")

    @property
    def is_firing(self) -> bool:
        """Whether the thing is wrong now."""
        return self.status == "firing"

    @property
    def component(self) -> str:
        """The part of the system that it is about; "": it does not say."""
        return self.labels.get("component", "")

    @property
    def kind(self) -> str:
        """The kind of incident that it belongs to: api_down, security, …; "": it does not say."""
        is_breach = is_marked("security_breach", self.labels, self.annotations)
        return "security" if is_breach else self.labels.get("incident_type", "")

    @property
    def is_private(self) -> bool:
        """Whether only those may see it who deal with security."""
        return self.kind == "security" or "true" in (self.labels.get("private"), self.annotations.get("private"))

    @property
    def summary(self) -> str:
        """What is wrong, in a sentence; its name where nobody wrote one."""
        return self.annotations.get("summary") or self.annotations.get("description") or self.name

    @property
    def headline(self) -> str:
        """What an incident says that it opens: where it is one of many, what they are together."""
        return self.annotations.get("headline") or self.summary

    @property
    def runbook(self) -> str:
        """The page that says what to do: an address of the web or a path among the documentation; "": there is none."""
        text = self.annotations.get("runbook_url") or self.labels.get("runbook", "")
        return text if _PATH.fullmatch(text) and ".." not in text else web_address(text)

    @property
    def dashboard(self) -> str:
        """The page that shows how it looks, an address of the web; "": there is none."""
        return web_address(self.annotations.get("dashboard_url") or self.labels.get("dashboard", ""))
