"""`actinf respond clock`: the time that timers count by, and its correction."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from actinf.cli.console import Screen
from actinf.cli.office import acting
from actinf.cli.respond_options import data_dir_option, store_settings
from actinf.errors import SettingError
from actinf.lab.extras import load_extra
from actinf.responder.channels.neutral import line

__all__ = ["clock"]

_PURPOSE = "Looking after the responder"
#: A server takes up every two seconds what was asked of its clock.
_PATIENCE = 10.0
_LONGEST_REASON = 500


def _part(module: str) -> Any:
    return load_extra(f"actinf.responder.{module}", extra="respond", purpose=_PURPOSE)


@click.command("clock", short_help="Show the time that timers count by; correct it.")
@click.option("--believe-the-wall", is_flag=True, help="Let timers take the wall clock's time from now on.")
@click.option("--reason", default="", help="Why the wall clock is right; it is noted with who said so.")
@click.option("--json", "as_json", is_flag=True, help="Say it as JSON.")
@data_dir_option
def clock(believe_the_wall: bool, reason: str, as_json: bool, data_dir: Path | None) -> int:
    """Show the wall clock and the time that timers count by, which is not moved when the wall clock is set.

    Exit code 1 where they are apart.  Then set the wall clock right; or, where it is right, say so with
    --believe-the-wall: what is due by then is due at once, and what is not waits the longer where it went back.
    """
    screen = Screen(quiet=as_json)
    reason = reason.strip()
    if believe_the_wall != bool(reason):
        missing = "--reason TEXT: why is the wall clock right?" if believe_the_wall else "--believe-the-wall"
        raise SettingError(f"--believe-the-wall and --reason belong together: give {missing}")
    if len(reason) > _LONGEST_REASON:
        raise SettingError(f"--reason has {len(reason):,} characters: expected at most {_LONGEST_REASON}")
    settings = store_settings(screen, data_dir)
    database = _part("store.database")
    folder: Path = _part("parts").data_directory(settings)
    if not (folder / database.FILE).exists():
        raise SettingError(f"there is no store in {folder}: give its folder with --data-dir")
    parts = _part("parts").make_parts(settings)
    try:
        if believe_the_wall:
            _believe(screen, parts, reason)
        _show(screen, parts, as_json=as_json)
        return 1 if parts.clock.step else 0
    finally:
        parts.close()


def _believe(screen: Screen, parts: Any, reason: str) -> None:
    if not parts.clock.step:
        raise SettingError("the wall clock agrees with the time that timers count by: there is nothing to correct")
    keeping = _part("keeping.clock")
    with parts.store.writing() as connection:
        keeping.ask(connection, by=acting(), reason=reason)
    with _part("store.lock").sole(parts.store.folder) as mine:
        if mine:
            done = parts.keep_clock()
            screen.say(
                f"Noted: {done.sentence()}." if done is not None else "The clocks agree again: nothing was done."
            )
            return
    until = time.monotonic() + _PATIENCE
    while time.monotonic() < until:
        with parts.store.reading() as connection:
            if not keeping.is_asked(connection):
                parts.clock.believe_the_wall()
                screen.say("Noted: the server counts by the wall clock's time from now on.")
                return
        time.sleep(0.1)
    raise SettingError(
        f"a server holds the store and has not taken it up within {_PATIENCE:.0f} s; it does so as soon as it goes on: "
        "look with actinf respond doctor"
    )


def _show(screen: Screen, parts: Any, *, as_json: bool) -> None:
    wall, steady, step = datetime.now(UTC), parts.clock(), parts.clock.step.total_seconds()
    with parts.store.reading() as connection:
        done = _part("keeping.clock").corrections(connection)
    if as_json:
        screen.json(
            {
                "wall": wall.isoformat(),
                "steady": steady.isoformat(),
                "wall_is_ahead_seconds": round(step, 3),
                "corrections": [
                    {"at": one.at.isoformat(), "seconds": one.seconds, "by": one.by, "reason": one.reason}
                    for one in done
                ],
            }
        )
        return
    if not step:
        apart = "nothing: the wall clock was not set"
    else:
        apart = f"{abs(step):.0f} s: the wall clock was set, and is {'ahead' if step > 0 else 'behind'}"
    click.echo(f"wall clock  {wall:%Y-%m-%d %H:%M:%S} UTC")
    click.echo(f"timers      {steady:%Y-%m-%d %H:%M:%S} UTC")
    click.echo(f"apart by    {apart}")
    for one in done:
        click.echo(f"corrected   {one.at:%Y-%m-%d %H:%M} UTC by {one.seconds:+.0f} s, {one.by}: {line(one.reason)}")
    if step:
        screen.say(
            "Set the wall clock right; where it is right, say so: actinf respond clock --believe-the-wall --reason TEXT"
        )
