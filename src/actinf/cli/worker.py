"""`actinf worker`: compute queued simulations on this machine."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from actinf.cli.console import Screen
from actinf.cli.environment import read_settings
from actinf.cli.interruption import interruption_means
from actinf.lab.extras import load_extra

__all__ = ["command"]

_PURPOSE = "Working for the API"
_KEPT = "what was not finished stays on the queue, for the next worker"


@click.command("worker")
@click.option("--database-url", help="postgresql://… of the API's database; without it, the one in the data folder.")
@click.option(
    "--data-dir",
    type=click.Path(file_okay=False, path_type=Path),
    help="Data folder of `actinf serve`.  [default: the user's data folder]",
)
@click.option("--concurrency", type=click.IntRange(1, 64), default=1, show_default=True, help="Simulations at once.")
@click.option("--metrics-port", type=int, help="Serve /metrics on this port.  [default: nowhere]")
@click.option("--log-format", type=click.Choice(["json", "text"]), help="[default: text on a terminal, else json]")
@click.option("--log-level", type=click.Choice(["debug", "info", "warning", "error"]), help="[default: info]")
def command(concurrency: int, **given: Any) -> int:
    """Compute queued simulations until told to end.  Any number of workers, on any machines, share one queue.

    `actinf serve` runs one beside itself; this is for more of them.  A worker makes no database: it needs that of a
    service.  Where it is the one in the data folder and no `actinf serve` runs, the worker starts it, computes what is
    queued, and stops it at the end.

    Ctrl-C and SIGTERM end it: what is not finished within 5 s goes back to the queue.
    """
    screen = Screen()
    with interruption_means(f"stopped at once: {_KEPT}"):
        settings = read_settings(screen, purpose=_PURPOSE, **given)
        database_module = load_extra("actinf.runtime.at_hand", extra="serve", purpose=_PURPOSE)
        worker = load_extra("actinf.service.jobs.worker", extra="serve", purpose=_PURPOSE)
        logs = load_extra("actinf.runtime.logs", extra="serve", purpose=_PURPOSE)
        logs.configure_logs(settings.log_format, settings.log_level)
        with database_module.database_at_hand(settings, make=False) as database:
            screen.say("Waiting for simulations. Ctrl-C ends; what is unfinished goes back to the queue.")
            worker.work(settings, database.url, concurrency=concurrency)
    screen.say(f"Stopped: {_KEPT}.")
    return 0
