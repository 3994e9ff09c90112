"""`actinf adapter`: small HTTP servers beside database, cache and nginx, which tell how they are."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from actinf.cli.group import Group
from actinf.lab.extras import load_extra

__all__ = ["command"]

_PURPOSE = "Telling how a server is"
_MEBIBYTE = 2**20

_listen = click.option(
    "--listen", default="0.0.0.0:8080", show_default=True, envvar="ACTINF_ADAPTER_LISTEN", help="HOST:PORT."
)


@click.group("adapter", cls=Group)
def command() -> None:
    """Tell over HTTP how the database, the cache or nginx is: /health (200 or 503), /metrics, /live.

    Every answer comes within a second, whatever the server does.  /health is for people and alarms, never for a probe
    that restarts things: /live is.
    """


@command.command("postgres", short_help="Tell how a PostgreSQL is.")
@_listen
@click.option(
    "--database", default="user=actinf_health", show_default=True, envvar="ACTINF_ADAPTER_DATABASE",
    help="How to connect, in libpq's words; the rest comes from PGHOST, PGDATABASE …",
)  # fmt: skip
@click.option(
    "--disk", "disks", multiple=True, type=click.Path(path_type=Path), default=("/data", "/archive"),
    show_default=True, help="Folder whose disk must not be full; may be repeated.",
)  # fmt: skip
@click.option(
    "--least-free", type=click.IntRange(min=0), default=256, show_default=True, help="MiB that each disk has to have."
)
@click.option(
    "--archive-behind", type=click.FloatRange(min=0), default=120.0, show_default=True,
    help="Seconds that a finished segment may wait for the archive.",
)  # fmt: skip
@click.option(
    "--metrics-file", type=click.Path(dir_okay=False, path_type=Path), default="/archive/metrics.prom",
    show_default=True, help="Metrics that backups leave there are told as well.",
)  # fmt: skip
def postgres(listen: str, **given: Any) -> int:
    """Tell how a PostgreSQL is: a write succeeds, archiving is not behind, no disk is full."""
    module = load_extra("actinf.upkeep.adapters.postgres", extra="serve", purpose=_PURPOSE)
    limits = module.PostgresLimits(archive_seconds=given["archive_behind"], free_bytes=given["least_free"] * _MEBIBYTE)
    _serve(
        module.PostgresSubject(
            given["database"], disks=given["disks"], metrics_file=given["metrics_file"], limits=limits
        ),
        listen,
    )
    return 0


@command.command("cache", short_help="Tell how a Redis or Valkey is.")
@_listen
@click.option(
    "--cache-url", required=True, envvar="ACTINF_CACHE_URL",
    help="redis://…; better by the variable ACTINF_CACHE_URL, for it holds a password.",
)  # fmt: skip
def cache(listen: str, cache_url: str) -> int:
    """Tell how a Redis or Valkey is: it answers, takes what it is given, and has the memory for it."""
    module = load_extra("actinf.upkeep.adapters.cache", extra="serve", purpose=_PURPOSE)
    _serve(module.CacheSubject(cache_url), listen)
    return 0


@command.command("nginx", short_help="Tell how an nginx is.")
@_listen
@click.option(
    "--status", default="http://127.0.0.1:8080/nginx-status", show_default=True, help="Of its module stub_status."
)
@click.option("--tls", default="https://127.0.0.1:8443", show_default=True, help="Where it shows its certificate.")
@click.option("--server-name", default="api.active-inference.com", show_default=True, help="To which it shows it.")
@click.option(
    "--log", type=click.Path(dir_okay=False, path_type=Path), default="/var/log/nginx/access.log", show_default=True,
    help="Its access log, whose lines are counted by status and by what they are called.",
)  # fmt: skip
def nginx(listen: str, **given: Any) -> int:
    """Tell how an nginx is: it answers, how long its certificate is valid, and what its access log says in numbers."""
    module = load_extra("actinf.upkeep.adapters.nginx", extra="serve", purpose=_PURPOSE)
    subject = module.NginxSubject(given["status"], tls=given["tls"], server_name=given["server_name"], log=given["log"])
    _serve(subject, listen)
    return 0


def _serve(subject: Any, listen: str) -> None:
    logs = load_extra("actinf.runtime.logs", extra="serve", purpose=_PURPOSE)
    address = load_extra("actinf.upkeep.address", extra="serve", purpose=_PURPOSE)
    endpoints = load_extra("actinf.upkeep.adapters.endpoints", extra="serve", purpose=_PURPOSE)
    logs.configure_logs("text" if sys.stdout.isatty() else "json", "info")
    endpoints.serve(subject, address.Address.parse(listen))
