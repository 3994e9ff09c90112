"""`actinf status serve`: the process that serves the status page, and how a responder starts it."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import click

from actinf.cli.console import Screen
from actinf.cli.interruption import interruption_means
from actinf.lab.extras import load_extra

__all__ = ["child", "data_dir_option", "folder_of_page", "serve"]

_PURPOSE = "Serving the status page"


data_dir_option = click.option(
    "--data-dir",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder of the page and its subscribers.  [default: status in that of the responder]",
)


@click.command("serve", short_help="Serve the page; a responder starts one itself.")
@click.option("--host", help="Address to listen on.  [default: 127.0.0.1]")
@click.option("--port", type=int, help="Port to listen on; 0 takes a free one.  [default: 8071]")
@data_dir_option
@click.option(
    "--site", type=click.Path(file_okay=False, path_type=Path),
    help="Folder of the site that is served.  [default: site in that of the page]",
)  # fmt: skip
@click.option("--log-format", type=click.Choice(["json", "text"]), help="[default: text on a terminal, else json]")
@click.option("--log-level", type=click.Choice(["debug", "info", "warning", "error"]), help="[default: info]")
@click.option("--started-as", hidden=True)
def serve(started_as: str | None, **given: Any) -> int:
    """Serve the page that the responder writes, until told to end; it needs nothing but that folder.

    `actinf respond serve` starts such a process itself, on port 8071, and it stays when the responder is killed. Run
    one of your own where the page is to be served under another account, or in a container of its own; then start the
    responder with --status-port none. Every flag, and more, can be set by an environment variable ACTINF_STATUS_…:
    docs/reference/settings.md lists them.
    """
    screen = Screen()
    if given["log_format"] is None and sys.stdout.isatty() and not os.environ.get("ACTINF_STATUS_LOG_FORMAT"):
        given["log_format"] = "text"
    with interruption_means("stopped at once: the page is where it was"):
        module = load_extra("actinf.responder.subscribing.settings", extra="respond", purpose=_PURPOSE)
        if started_as is None:  # which has said so already
            for sentence in module.unknown_status_variables(list(os.environ)):
                screen.warn(sentence)
        settings = module.StatusSettings.read(**given)
        process = load_extra("actinf.web.status.process", extra="respond", purpose=_PURPOSE)
        logs = load_extra("actinf.runtime.logs", extra="respond", purpose=_PURPOSE)
        logs.configure_logs(settings.log_format, settings.log_level)
        process.serve(settings, folder_of_page(settings.data_dir), started_as=started_as, say=screen.say)
    screen.say("Stopped: nobody sees the page any more.")
    return 0


def child(settings: Any, folder: Path) -> Any:
    """How the responder starts the process that serves its page.

    Args:
        settings: `actinf.responder.settings.RespondSettings`.
        folder: of the responder's store.

    Returns:
        `actinf.responder.server.page_process.PageCommand`; None where it is not to serve one.
    """
    if settings.status_port is None:
        return None
    module = load_extra("actinf.responder.server.page_process", extra="respond", purpose=_PURPOSE)
    page = folder / load_extra("actinf.responder.publishing.serving", extra="respond", purpose=_PURPOSE).FOLDER
    said = ["--port", str(settings.status_port), "--data-dir", str(page)]
    for name in ("log_format", "log_level"):
        if not os.environ.get(f"ACTINF_STATUS_{name.upper()}"):
            said += [f"--{name.replace('_', '-')}", getattr(settings, name)]
    command = (sys.executable, "-m", "actinf.cli", "status", "serve", *said)
    children = load_extra("actinf.responder.children", extra="respond", purpose=_PURPOSE)
    return module.PageCommand(folder=page, command=command, environment=children.for_status_page(os.environ))


def folder_of_page(data_dir: Path | None) -> Path:
    """The folder of the page: what was said, or where the responder of this machine writes it."""
    said = data_dir or os.environ.get("ACTINF_STATUS_DATA_DIR")
    if said:
        return Path(said).absolute()
    responder = load_extra("actinf.responder.settings", extra="respond", purpose=_PURPOSE)
    parts = load_extra("actinf.responder.parts", extra="respond", purpose=_PURPOSE)
    page = load_extra("actinf.responder.publishing.serving", extra="respond", purpose=_PURPOSE).FOLDER
    folder: Path = parts.data_directory(responder.RespondSettings.read()) / page
    return folder
