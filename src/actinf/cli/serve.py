"""`actinf serve`: the API and its console on this machine."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from actinf.cli.console import Screen
from actinf.lab.extras import load_extra

__all__ = ["command"]


@click.command("serve")
@click.option("--host", help="Address to listen on.  [default: 127.0.0.1]")
@click.option("--port", type=int, help="Port to listen on; 0 takes a free one.  [default: 8000]")
@click.option("--insecure-local", is_flag=True, default=None, help="Need no key; only on a loopback address.")
@click.option(
    "--data-dir",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder of the embedded database and the audit key.",
)
@click.option("--database-url", help="postgresql://… instead of the embedded database.")
@click.option("--cache-url", help="redis://… of a cache that several replicas share.")
@click.option("--workers", type=int, help="Worker processes to run beside it.  [default: 1]")
@click.option("--log-format", type=click.Choice(["json", "text"]), help="[default: text on a terminal, else json]")
@click.option("--log-level", type=click.Choice(["debug", "info", "warning", "error"]), help="[default: info]")
def command(**given: Any) -> int:
    """Serve the API.  Without a database of your own it starts PostgreSQL in your data folder.

    Every flag, and more, can be set by an environment variable: ACTINF_PORT, ACTINF_DATABASE_URL …
    """
    screen = Screen()
    settings_module = load_extra("actinf.runtime.settings", extra="serve", purpose="Serving the API")
    process = load_extra("actinf.service.process", extra="serve", purpose="Serving the API")
    console = load_extra("actinf.web.lab.console", extra="serve", purpose="Serving the console")
    logs = load_extra("actinf.runtime.logs", extra="serve", purpose="Serving the API")
    if given["log_format"] is None and sys.stdout.isatty():
        given["log_format"] = "text"
    settings = settings_module.Settings.read(**given)
    logs.configure_logs(settings.log_format, settings.log_level)
    process.serve(settings, say=screen.say, pages=[console.add_console])
    return 0
