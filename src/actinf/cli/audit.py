"""`actinf audit`: verify the audit log, say why a restored database lost rows, prune what is old."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from actinf.cli.console import Screen
from actinf.cli.database_options import actor_of_command, at_hand, database_options
from actinf.cli.group import Group
from actinf.lab.extras import load_extra
from actinf.runtime.wording import counted

__all__ = ["command"]

_PURPOSE = "Working with the API's audit log"

_anchors = click.option(
    "--anchor",
    "anchors",
    multiple=True,
    type=click.Path(dir_okay=False, path_type=Path),
    help="File of anchors, as the API writes it; again for that of another process.  [default: audit.anchor in the "
    "data folder]",
)


@contextmanager
def _at_hand(anchors: tuple[Path, ...], **where: Any) -> Iterator[tuple[Any, Any, bytes, Any]]:
    """What is done with the log, its database, its key and its anchors."""
    commands = load_extra("actinf.service.audit.commands", extra="serve", purpose=_PURPOSE)
    secret = load_extra("actinf.service.audit.secret", extra="serve", purpose=_PURPOSE)
    with at_hand(_PURPOSE, **where) as (settings, database):
        key = secret.known_audit_key(settings, database.data_dir)
        yield commands, database, key, commands.anchor_files(settings, database.data_dir, key, anchors)


@click.group("audit", cls=Group)
def command() -> None:
    """Verify the audit log of the API: whatever was changed in it afterwards shows."""


@command.command("verify", short_help="Say whether the log is what was written.")
@_anchors
@click.option("--json", "as_json", is_flag=True, help="Print what was found as JSON.")
@database_options
def verify(anchors: tuple[Path, ...], as_json: bool, **where: Any) -> int:
    """Hold every row against the chain, and the end of the log against the anchors; exit code 1 where it is wrong."""
    screen = Screen()
    with _at_hand(anchors, **where) as (commands, database, key, files), screen.waiting("reading the audit log"):
        verdict = commands.verified(database, key, files)
    if as_json:
        screen.json({"good": verdict.good, "window_seconds": commands.ANCHOR_SECONDS, **asdict(verdict)})
        return 0 if verdict.good else 1
    for wrong in verdict.wrong:
        screen.fail(str(wrong))
    for note in verdict.notes:
        screen.say(note)
    click.echo(_summary(verdict))
    screen.say(_window(verdict, commands.ANCHOR_SECONDS))
    return 0 if verdict.good else 1


def _summary(verdict: Any) -> str:
    if verdict.rows == 0:
        held = "the log has no rows"
    else:
        rows, anchors = counted(verdict.rows, "row"), counted(verdict.anchors, "anchor")
        held = f"{rows}, {verdict.first} to {verdict.last}, {anchors}"
    if verdict.good:
        return f"intact: {held}"
    return f"NOT what was written: {held}; the first that is wrong: {verdict.wrong[0]}"


def _window(verdict: Any, seconds: float) -> str:
    if verdict.anchored is None:
        return "nothing was anchored yet: an end of the log that was cut off could not be seen"
    anchored = f"the last anchor is row {verdict.anchored.seq} of {verdict.anchored.time}"
    if verdict.unanchored == 0:
        return f"{anchored}: nothing came after it"
    return (
        f"{anchored}; what came after it could be cut off without a trace by whoever owns the database, which is "
        f"{counted(verdict.unanchored, 'row')}: while the API runs, what the last "
        f"{seconds:g} s added"
    )


@command.command("restored", short_help="Record that a backup was restored.")
@click.option("--reason", required=True, help="Why, for whoever verifies the log.")
@_anchors
@database_options
def restored(reason: str, anchors: tuple[Path, ...], **where: Any) -> int:
    """Record that the database was restored from a backup, so that the rows it lost are explained."""
    screen = Screen()
    with _at_hand(anchors, **where) as (commands, database, key, files):
        said = commands.restored(database, key, files, actor=actor_of_command(), reason=reason)
    screen.say(
        f"recorded: rows {said['after_seq'] + 1} to {said['anchor_seq']}, anchored before, were lost by the restore"
    )
    return 0


@command.command("prune", short_help="Remove the beginning of the log.")
@click.option(
    "--before",
    required=True,
    type=click.DateTime(["%Y-%m-%d"]),
    help="Day, of UTC: what is older goes.  At least 28 days ago.",
)
@click.option("--yes", is_flag=True, help="Do it: what is pruned is gone.")
@_anchors
@database_options
def prune(before: datetime, yes: bool, anchors: tuple[Path, ...], **where: Any) -> int:
    """Remove the beginning of the log and record that; needs the login that owns the tables."""
    screen = Screen()
    if not yes:
        raise click.UsageError(f"the entries before {before:%Y-%m-%d} would be gone: say so with --yes")
    with _at_hand(anchors, **where) as (commands, database, key, files):
        said = commands.prune(database, key, files, actor=actor_of_command(), before=before.replace(tzinfo=UTC))
    if said is None:
        screen.say(f"no entry is older than {before:%Y-%m-%d}")
    else:
        screen.say(f"removed: {counted(said['rows'], 'row')}; the log begins with row {said['first_kept']}")
    return 0
