"""`actinf respond watch`: a small process on another machine that tells when the responder is dead."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import click

from actinf.cli.console import Screen
from actinf.cli.interruption import interruption_means
from actinf.lab.extras import load_extra

__all__ = ["watch"]

_PURPOSE = "Watching a responder"


@click.command("watch", short_help="Tell when a responder is dead; from another machine.")
@click.option("--url", help="Address of the responder: http://responder:8070.")
@click.option("--webhook-url", metavar="URL", help="Post to it; signed with ACTINF_WATCH_WEBHOOK_SECRET.")
@click.option("--mail-to", metavar="ADDRESSES", help="Mail them, by commas; through ACTINF_WATCH_SMTP_URL.")
@click.option("--every", type=float, help="Seconds between two looks.  [default: 15]")
@click.option("--silent", type=float, help="Seconds that it has to last to be told.  [default: 90]")
@click.option("--repeat", type=float, help="Seconds until it is told again.  [default: 900]")
@click.option("--try", "is_trial", is_flag=True, help="Tell each of them now that nothing has happened, and end.")
@click.option(
    "--data-dir", type=click.Path(file_okay=False, path_type=Path),
    help="Where it is kept what was told.  [default: the user's data folder]",
)  # fmt: skip
@click.option("--log-format", type=click.Choice(["json", "text"]), help="[default: text on a terminal, else json]")
@click.option("--log-level", type=click.Choice(["debug", "info", "warning", "error"]), help="[default: info]")
def watch(is_trial: bool, **given: Any) -> int:
    """Ask a responder every 15 s how it is, and tell when no answer was good for 90 s; again every 15 min; and its end.

    Run it on another machine than the responder, with ways of telling that do not go through that machine. Every flag
    can be set by an environment variable ACTINF_WATCH_…, and secrets only so: docs/reference/settings.md lists them.
    """
    screen = Screen()
    if given["log_format"] is None and sys.stderr.isatty() and not os.environ.get("ACTINF_WATCH_LOG_FORMAT"):
        given["log_format"] = "text"
    module = load_extra("actinf.responder.watch.settings", extra="respond", purpose=_PURPOSE)
    for sentence in module.unknown_watch_variables(list(os.environ)):
        screen.warn(sentence)
    settings = module.WatchSettings.read(**given)
    process = load_extra("actinf.responder.watch.process", extra="respond", purpose=_PURPOSE)
    if is_trial:
        return _try(screen, process.tell_by_way_of_trial(settings))
    logs = load_extra("actinf.runtime.logs", extra="respond", purpose=_PURPOSE)
    logs.configure_logs(settings.log_format, settings.log_level)
    with interruption_means("stopped at once: what was told is kept"):
        process.watch(settings, say=screen.say)
    screen.say("Stopped: nobody watches it from here any more.")
    return 0


def _try(screen: Screen, outcomes: dict[str, str]) -> int:
    for name, wrong in outcomes.items():
        if wrong:
            screen.fail(f"{name}: {wrong}")
        else:
            screen.say(f"{name} took it: look whether it arrived.")
    return 1 if any(outcomes.values()) else 0
