"""`actinf serve`: the API and its console on this machine."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from actinf.cli.console import Screen
from actinf.cli.environment import read_settings
from actinf.cli.interruption import interruption_means
from actinf.lab.extras import load_extra

__all__ = ["command"]

_PURPOSE = "Serving the API"
_KEPT = "what the API answered is kept, and simulations that were not finished go on at the next start"


@click.command("serve")
@click.option("--host", help="Address to listen on.  [default: 127.0.0.1]")
@click.option("--port", type=int, help="Port to listen on; 0 takes a free one.  [default: 8000]")
@click.option("--insecure-local", is_flag=True, default=None, help="Need no key; only on a loopback address.")
@click.option(
    "--data-dir",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder of the embedded database and the audit key.  [default: the user's data folder]",
)
@click.option("--database-url", help="postgresql://… of your own PostgreSQL 18 instead of the embedded one.")
@click.option("--cache-url", help="redis://… of a cache that several replicas share.")
@click.option("--workers", type=int, help="Worker processes to run beside it.  [default: 1]")
@click.option("--log-format", type=click.Choice(["json", "text"]), help="[default: text on a terminal, else json]")
@click.option("--log-level", type=click.Choice(["debug", "info", "warning", "error"]), help="[default: info]")
def command(**given: Any) -> int:
    """Serve the API and its console until told to end.

    Without a database of your own it starts PostgreSQL in the data folder, brings the tables to this release, and the
    first time prints a key for everything.  Ctrl-C and SIGTERM end it after what was asked is answered.

    Every flag, and more, can be set by an environment variable: ACTINF_PORT, ACTINF_DATABASE_URL …
    docs/reference/settings.md lists them.
    """
    screen = Screen()
    with interruption_means(f"stopped at once: {_KEPT}"):
        settings = read_settings(screen, purpose=_PURPOSE, **given)
        process = load_extra("actinf.service.process", extra="serve", purpose=_PURPOSE)
        console = load_extra("actinf.web.lab.console", extra="serve", purpose="Serving the console")
        logs = load_extra("actinf.runtime.logs", extra="serve", purpose=_PURPOSE)
        logs.configure_logs(settings.log_format, settings.log_level)
        process.serve(settings, say=screen.say, pages=[console.add_console])
    screen.say(f"Stopped: {_KEPT}.")
    return 0
