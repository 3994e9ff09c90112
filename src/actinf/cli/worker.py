"""`actinf worker`: compute queued simulations on this machine."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from actinf.cli.console import Screen
from actinf.lab.extras import load_extra

__all__ = ["command"]

_PURPOSE = "Working for the API"


@click.command("worker")
@click.option("--database-url", help="postgresql://… of the API's database; without it, the embedded one.")
@click.option(
    "--data-dir",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder of the embedded database.",
)
@click.option("--concurrency", type=click.IntRange(1, 64), default=1, show_default=True, help="Simulations at once.")
@click.option("--metrics-port", type=int, help="Serve /metrics on this port.  [default: nowhere]")
@click.option("--log-format", type=click.Choice(["json", "text"]), help="[default: text on a terminal, else json]")
@click.option("--log-level", type=click.Choice(["debug", "info", "warning", "error"]), help="[default: info]")
def command(concurrency: int, **given: Any) -> int:
    """Compute queued simulations until told to end.  Any number of workers, on any machines, share one queue.

    `actinf serve` runs one beside itself.  Told to end, a worker gives back what it has not finished.
    """
    screen = Screen()
    settings_module = load_extra("actinf.runtime.settings", extra="serve", purpose=_PURPOSE)
    database_module = load_extra("actinf.runtime.at_hand", extra="serve", purpose=_PURPOSE)
    worker = load_extra("actinf.service.jobs.worker", extra="serve", purpose=_PURPOSE)
    logs = load_extra("actinf.runtime.logs", extra="serve", purpose=_PURPOSE)
    if given["log_format"] is None and sys.stdout.isatty():
        given["log_format"] = "text"
    settings = settings_module.Settings.read(**given)
    logs.configure_logs(settings.log_format, settings.log_level)
    with database_module.database_at_hand(settings) as database:
        screen.say("Waiting for simulations. Ctrl-C ends; what is unfinished goes back to the queue.")
        worker.work(settings, database.url, concurrency=concurrency)
    return 0
