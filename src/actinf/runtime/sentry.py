"""Errors to Sentry, where a DSN is given: what kind of error, where in the code, in which request, and nothing else.

No value leaves the process: no body, header, query, local variable or observation, and not the text of an exception,
which may quote any of them.  Events are sent by a thread of their own; a Sentry that is dead or slow costs events.
"""

import importlib
from typing import Any

import actinf
from actinf.runtime.logs import REQUEST_ID
from actinf.runtime.settings import Settings

__all__ = ["report_errors", "without_values"]

#: Answers with 5xx are logged line by line; the error behind them, if it is one, is reported by itself.
_SILENT = ("actinf.access", "sentry_sdk.errors")
_SHUTDOWN_SECONDS = 2


def report_errors(settings: Settings, *, process: str) -> None:
    """Report errors of this process from now on; nothing where the settings name no DSN.

    Args:
        settings: of the process.
        process: "api" or "worker", a tag of every event.
    """
    if settings.sentry_dsn is None:
        return
    # Read only where it is used: it takes a fifth of a second.
    sentry = importlib.import_module("sentry_sdk")
    logs = importlib.import_module("sentry_sdk.integrations.logging")
    excepthook = importlib.import_module("sentry_sdk.integrations.excepthook")
    dedupe = importlib.import_module("sentry_sdk.integrations.dedupe")
    threads = importlib.import_module("sentry_sdk.integrations.threading")
    for name in _SILENT:
        logs.ignore_logger(name)
    sentry.init(
        dsn=settings.sentry_dsn.get_secret_value(),
        release=f"actinf@{actinf.__version__}",
        environment=settings.environment,
        default_integrations=False,
        auto_enabling_integrations=False,
        integrations=[
            logs.LoggingIntegration(level=None, event_level="ERROR"),
            excepthook.ExcepthookIntegration(),
            threads.ThreadingIntegration(propagate_scope=False),
            dedupe.DedupeIntegration(),
        ],
        include_local_variables=False,
        max_request_body_size="never",
        send_default_pii=False,
        max_breadcrumbs=0,
        auto_session_tracking=False,
        send_client_reports=False,
        shutdown_timeout=_SHUTDOWN_SECONDS,
        before_send=lambda event, _: without_values(event),
    )
    sentry.set_tag("process", process)


def without_values(event: dict[str, Any]) -> dict[str, Any]:
    """An event with the id of its request and without anything that might quote what was sent."""
    for name in ("request", "extra", "breadcrumbs", "user", "modules"):
        event.pop(name, None)
    said = event.get("logentry")
    if said is not None:
        event["logentry"] = {"message": said.get("message", "")}  # the text before anything was put into it
    for one in (event.get("exception") or {}).get("values", []):
        one["value"] = ""
        for frame in (one.get("stacktrace") or {}).get("frames", []):
            frame.pop("vars", None)
    request = REQUEST_ID.get()
    if request is not None:
        event.setdefault("tags", {})["request_id"] = request
    return event
