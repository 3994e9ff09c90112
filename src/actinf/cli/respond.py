"""`actinf respond`: the responder as a server, and its accounts."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
from rich.table import Table
from rich.text import Text

from actinf.cli import respond_clock, respond_learned, respond_test_page, respond_upkeep, respond_watch, status_serve
from actinf.cli.console import Screen
from actinf.cli.group import Group
from actinf.cli.interruption import interruption_means
from actinf.cli.moments import since_moment
from actinf.cli.office import acting
from actinf.cli.respond_options import data_dir_option, respond_settings, store_settings
from actinf.cli.status_rendering import render
from actinf.lab.extras import load_extra
from actinf.responder.channels.neutral import line

__all__ = ["command"]

_PURPOSE = "Responding to incidents"
_KEPT = "what was accepted is kept, and what is due is done at the next start"
_ROLES = click.Choice(["viewer", "responder", "commander", "admin"])


@contextmanager
def _access(data_dir: Path | None) -> Iterator[Any]:
    """The accounts of the store of this machine, whether or not a server runs."""
    settings = store_settings(Screen(), data_dir)
    parts = load_extra("actinf.responder.parts", extra="respond", purpose=_PURPOSE).make_parts(settings)
    accounts = load_extra("actinf.responder.access.accounts", extra="respond", purpose=_PURPOSE)
    try:
        yield accounts.Access(parts.store, parts.clock)
        # An anchor, where no server writes them: a cut of what was just done would show.
        if parts.pulse.anchoring is not None:
            parts.pulse.anchoring.anchor(parts.clock())
    finally:
        parts.close()


_SECTIONS = {
    "To begin": ("serve", "accounts", "keys", "test-page", "doctor"),
    "To keep it": ("backup", "restore", "verify", "log", "clock", "learned"),
    "From another machine": ("watch",),
}


@click.group("respond", cls=Group, sections=_SECTIONS)
def command() -> None:
    """Run the responder to incidents, and keep its accounts."""


@command.command("serve", short_help="Serve webhooks, the API and the console.")
@click.option("--host", help="Address to listen on.  [default: 127.0.0.1]")
@click.option("--port", type=int, help="Port to listen on; 0 takes a free one.  [default: 8070]")
@click.option("--insecure-local", is_flag=True, default=None, help="Need no key; only on a loopback address.")
@click.option("--no-learning", "advice_learning", flag_value=False, help="Learn nothing from closed incidents.")
@click.option("--status-port", metavar="PORT", help="Port of the status page; none: none is served.  [default: 8071]")
@data_dir_option
@click.option("--log-format", type=click.Choice(["json", "text"]), help="[default: text on a terminal, else json]")
@click.option("--log-level", type=click.Choice(["debug", "info", "warning", "error"]), help="[default: info]")
def serve(**given: Any) -> int:
    """Take webhooks, page people and keep time, until told to end: one process, one SQLite file.

    Every flag, and more, can be set by an environment variable ACTINF_RESPOND_…: docs/reference/settings.md lists them.
    """
    screen = Screen()
    if given["log_format"] is None and sys.stdout.isatty() and not os.environ.get("ACTINF_RESPOND_LOG_FORMAT"):
        given["log_format"] = "text"
    with interruption_means(f"stopped at once: {_KEPT}"):
        settings = respond_settings(screen, **given)
        process = load_extra("actinf.responder.server.process", extra="respond", purpose=_PURPOSE)
        logs = load_extra("actinf.runtime.logs", extra="respond", purpose=_PURPOSE)
        logs.configure_logs(settings.log_format, settings.log_level)
        console = load_extra("actinf.web.incidents.console", extra="respond", purpose="Serving the console")
        process.serve(
            settings,
            say=screen.say,
            pages=[console.add_console],
            page_command=status_serve.child,
            render=render,
            environment=os.environ,
        )
    screen.say(f"Stopped: {_KEPT}.")
    return 0


@command.group("accounts", cls=Group)
def accounts() -> None:
    """Say who may use the server, and as what."""


@accounts.command("set", short_help="Make an account, or change it.")
@click.argument("handle")
@click.option("--role", type=_ROLES, required=True, help="What they may do.")
@click.option("--security", is_flag=True, help="They deal with security, and see incidents that are private.")
@click.option("--password", "wants_password", is_flag=True, help="Give it a password, which is asked for, or read.")
@data_dir_option
def set_account(handle: str, role: str, security: bool, wants_password: bool, data_dir: Path | None) -> int:
    """Make an account, or change its role; with --password it can sign in at the console.

    The password is asked for on a terminal, and else read from standard input: a command line can be read by others.
    """
    screen = Screen()
    roles = load_extra("actinf.responder.access.roles", extra="respond", purpose=_PURPOSE)
    password, by = _password() if wants_password else None, acting()
    with _access(data_dir) as access:
        access.set_account(handle, roles.Role(role), security=security, by=by)
        if password is not None:
            access.set_password(handle, password, by=by)
    screen.say(f"{handle} is {role}{', and sees what is private' if security else ''}.")
    return 0


def _password() -> str:
    if sys.stdin.isatty():
        return str(click.prompt("password", hide_input=True, confirmation_prompt=True))
    return sys.stdin.readline().rstrip("\n")


@accounts.command("list", short_help="List the accounts.")
@data_dir_option
def list_accounts(data_dir: Path | None) -> int:
    """List the accounts."""
    with _access(data_dir) as access:
        rows = access.accounts()
    table = Table("handle", "role", "sees what is private", "password", "made", box=None, header_style="bold")
    for row in rows:
        private = row.security or row.role == "admin"
        table.add_row(row.handle, row.role, "yes" if private else "", "yes" if row.password else "", _when(row.made_at))
    Screen().out.print(table if rows else "there are no accounts: actinf respond accounts set HANDLE --role responder")
    return 0


@accounts.command("remove", short_help="End an account, with its keys.")
@click.argument("handle")
@data_dir_option
def remove_account(handle: str, data_dir: Path | None) -> int:
    """End an account with its keys and sessions, at once; what it did stays on record."""
    with _access(data_dir) as access:
        access.remove(handle, by=acting())
    Screen().say(f"{handle} has no account any more.")
    return 0


@command.group("keys", short_help="Make, list and revoke keys for programs.", cls=Group)
def keys() -> None:
    """Make, list and revoke the keys by which programs act for an account."""


@keys.command("create", short_help="Make a key and print it, this once.")
@click.argument("handle")
@click.option("--role", type=_ROLES, help="Of the account, which is made where there is none.")
@click.option("--for", "purpose", default="", help="What it is for.")
@click.option("--expires-in-days", "days", type=click.IntRange(1, 3650), help="After which it ends.  [default: never]")
@data_dir_option
def create_key(handle: str, role: str | None, purpose: str, days: int | None, data_dir: Path | None) -> int:
    """Make a key of an account and print it, this once: whoever has it acts as HANDLE."""
    screen = Screen()
    roles = load_extra("actinf.responder.access.roles", extra="respond", purpose=_PURPOSE)
    with _access(data_dir) as access:
        if role is not None and handle not in {row.handle for row in access.accounts()}:
            access.set_account(handle, roles.Role(role), by=acting())
        key = access.create_key(handle, purpose, days=days, by=acting())
    screen.say(f"The key {key.prefix} of {handle}. It is shown this once:")
    click.echo(key.text)
    return 0


@keys.command("list", short_help="List the keys, without their secrets.")
@data_dir_option
def list_keys(data_dir: Path | None) -> int:
    """List the keys; what is secret of them is not known."""
    with _access(data_dir) as access:
        rows = access.keys()
    table = Table("prefix", "account", "for", "made", "state", box=None, header_style="bold")
    for row in rows:
        table.add_row(row.prefix, row.handle, row.purpose, _when(row.made_at), _state(row))
    Screen().out.print(table if rows else "there are no keys: actinf respond keys create HANDLE")
    return 0


@keys.command("revoke", short_help="End a key at once.")
@click.argument("prefix")
@data_dir_option
def revoke_key(prefix: str, data_dir: Path | None) -> int:
    """End a key, given by its eight characters, at once."""
    with _access(data_dir) as access:
        access.revoke_key(prefix, by=acting())
    Screen().say(f"the key {prefix} is revoked")
    return 0


@command.command("log", short_help="Say who changed accounts, keys and the schedule.")
@click.option("--since", metavar="TIME", help="Only since then: 7d, 14:05, 2026-11-01.")
@click.option("--json", "as_json", is_flag=True, help="Say it as JSON.")
@data_dir_option
def log(since: str | None, as_json: bool, data_dir: Path | None) -> int:
    """Say who changed accounts, roles, keys and the schedule, and when: it is in the chain that `verify` reads."""
    screen = Screen(quiet=as_json)
    when = since_moment(since, datetime.now(UTC)) if since is not None else None
    with _access(data_dir) as access:
        found = access.log(since=when)
    document = load_extra("actinf.responder.documents", extra="respond", purpose=_PURPOSE).event_document
    events = [document(one) for one in found]
    if as_json:
        screen.json(events)
        return 0
    if not events:
        screen.out.print("nothing was changed" if since is None else f"nothing was changed since {since}")
        return 0
    sentence = load_extra("actinf.responder.record.narrative", extra="respond", purpose=_PURPOSE).sentence
    table = Table("when (UTC)", "by", "what", box=None, header_style="bold")
    for one, event in zip(found, events, strict=True):
        table.add_row(_when(one.at), Text(line(one.by, 64)), Text(line(sentence(event), 400)))
    screen.out.print(table)
    return 0


def _state(row: Any) -> str:
    if row.revoked_at is not None:
        return f"revoked {_when(row.revoked_at)}"
    return "valid" if row.ends_at is None else f"until {_when(row.ends_at)}"


def _when(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M}"


_OTHERS = (respond_clock.clock, respond_learned.command, respond_watch.watch, respond_test_page.command)
for _one in (*respond_upkeep.COMMANDS, *_OTHERS):
    command.add_command(_one)
