"""The command group, and the edge of the process: every way in which a command can end becomes an exit code.

0    done
1    done, but the answer is no: a repetition that differs, a disk that is full
2    wrong input or settings: one clear error, with file and line where it applies
130  interrupted
"""

from __future__ import annotations

import importlib
import os
import signal
import sys
from collections.abc import Sequence
from types import FrameType

import click

from actinf.cli.console import Screen
from actinf.cli.group import Group
from actinf.cli.interruption import Interruption
from actinf.errors import ActinfError

__all__ = ["app", "run"]

#: Where each command is and what it is for, by what it belongs to.
_SECTIONS = {
    "Agents and their worlds": {
        "run": ("actinf.cli.run", "Run an experiment or a model, and record it."),
        "rerun": ("actinf.cli.rerun", "Run a recorded run again and compare the bytes."),
        "check": ("actinf.cli.check", "Check files: every mistake, with its line."),
        "explain": ("actinf.cli.explain", "Say why an agent did what it did at a step."),
        "list": ("actinf.cli.listing", "List what comes with actinf."),
        "bench": ("actinf.cli.bench", "Measure how fast the engine is."),
    },
    "When something breaks": {
        "incident": ("actinf.cli.incident", "Open an incident, lead it, see how it stands."),
        "oncall": ("actinf.cli.oncall", "Say who is on call, take over, swap, stand in."),
        "status": ("actinf.cli.status", "Tell the public how the service is."),
        "silence": ("actinf.cli.silence", "Keep alerts from being told for a while."),
        "maintenance": ("actinf.cli.maintenance", "Announce work during which alerts are expected."),
        "contacts": ("actinf.cli.contacts", "Keep how people are reached, and try it."),
        "vendors": ("actinf.cli.vendors", "Keep whom to call at vendors, and how."),
        "postmortem": ("actinf.cli.postmortem", "Print the report of an incident, filled from its timeline."),
        "report": ("actinf.cli.report", "Report on incidents: times against what is promised."),
        "respond": ("actinf.cli.respond", "Run the responder to incidents."),
    },
    "Agents over HTTP": {
        "serve": ("actinf.cli.serve", "Serve the API."),
        "worker": ("actinf.cli.worker", "Compute the API's queued simulations."),
        "keys": ("actinf.cli.keys", "Make, list and revoke the API's keys."),
        "switches": ("actinf.cli.switches", "See and throw the API's circuit breakers."),
        "audit": ("actinf.cli.audit", "Verify the API's audit log."),
        "db": ("actinf.cli.db", "Bring the API's database to this release."),
        "backup": ("actinf.cli.backup", "Take and restore backups of the API's database."),
        "postgres": ("actinf.cli.postgres", "Run the API's PostgreSQL, in a container of its own."),
        "adapter": ("actinf.cli.adapter", "Tell over HTTP how the database or the cache is."),
    },
}
_COMMANDS = {name: told for members in _SECTIONS.values() for name, told in members.items()}

EXIT_NO, EXIT_WRONG, EXIT_INTERRUPTED = 1, 2, 130


class _Lazy(Group):
    """A group that imports a command when it is used; its help is told without importing any."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 -- click's signature
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:  # noqa: ARG002 -- click's signature
        if name not in _COMMANDS:
            return None
        command: click.Command = importlib.import_module(_COMMANDS[name][0]).command
        return command

    def summary(self, ctx: click.Context, name: str, room: int) -> str:  # noqa: ARG002 -- its base's signature
        return _COMMANDS[name][1]


@click.command(
    cls=_Lazy,
    sections={title: list(members) for title, members in _SECTIONS.items()},
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(package_name="actinf", message="actinf %(version)s")
def app() -> None:
    """Active inference simulation lab: describe a world, run agents in it, see why they acted.

    Try: actinf run tmaze; and where something is down: actinf incident
    """


def run(arguments: Sequence[str]) -> int:
    """Run one command line.

    Args:
        arguments: what follows `actinf` on the command line; where nothing does, help is what was asked for.

    Returns:
        The exit code.
    """
    screen = Screen()
    _end_gracefully_when_told()
    try:
        return int(app.main(args=list(arguments), prog_name="actinf", standalone_mode=False) or 0)
    except click.MissingParameter as error:
        screen.fail(_missing(error), hint=f"{error.ctx.command_path} --help" if error.ctx else "actinf --help")
        return EXIT_WRONG
    except click.ClickException as error:
        context = getattr(error, "ctx", None)
        said = " ".join(error.format_message().split())  # choices stand on lines of their own, and are no mistakes
        screen.fail(said, hint=f"{context.command_path} --help" if context else "actinf --help")
        return EXIT_WRONG
    except ActinfError as error:
        screen.fail(str(error))
        return EXIT_WRONG
    except Interruption as end:
        screen.say(str(end))
        return EXIT_INTERRUPTED
    except (KeyboardInterrupt, click.Abort):
        screen.say("interrupted: nothing was kept of the unfinished work")
        return EXIT_INTERRUPTED
    except BrokenPipeError:
        # Whoever read the output has left: nothing more can be said, nor needs to be.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return EXIT_NO
    except OSError as error:
        screen.fail(f"{error.filename or 'the system'}: {error.strerror or error}")
        return EXIT_NO


def _missing(error: click.MissingParameter) -> str:
    """All that a command lacks, at once: nobody has the time to be asked one by one."""
    context, first = error.ctx, error.param
    if context is None or first is None:
        return " ".join(error.format_message().split())
    # What was given is looked at first: whatever is not known by now was not given.
    lacking = [
        one for one in context.command.params if one.required and (one is first or one.name not in context.params)
    ]
    *others, last = (_spoken(one) for one in lacking)
    return f"missing: {', '.join(others)} and {last}" if others else f"missing: {last}"


def _spoken(parameter: click.Parameter) -> str:
    name = parameter.name or ""
    said = max(parameter.opts, key=len) if isinstance(parameter, click.Option) else (parameter.metavar or name).upper()
    if isinstance(parameter.type, click.Choice):
        return f"{said} ({', '.join(parameter.type.choices)})"
    return f"{said} (an id, the end of one as 001, or latest)" if name == "incident" else said


def _end_gracefully_when_told() -> None:
    """Let a request to end (SIGTERM, SIGHUP) clean up as Ctrl-C does."""

    def interrupt(number: int, frame: FrameType | None) -> None:  # noqa: ARG001 -- the signature of a handler
        raise KeyboardInterrupt

    for name in ("SIGTERM", "SIGHUP"):
        if hasattr(signal, name):
            try:
                signal.signal(getattr(signal, name), interrupt)
            except ValueError:  # not the main thread: whoever started the thread decides
                return
