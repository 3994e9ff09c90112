"""A command that holds commands: alone it tells what there is, and a wrong name is answered with the nearest."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches
from typing import Any

import click

__all__ = ["Group"]

_OTHERS = "Commands"


class Group(click.Group):
    """As click's, but help that nobody had to ask for is an answer, not an error, and what is needed first comes first.

    Args:
        sections: the commands by the moment at which they are needed, in their order; those of none of them come last.
        given: as click's takes it.
    """

    def __init__(self, *given: Any, sections: Mapping[str, Sequence[str]] | None = None, **named: Any):
        super().__init__(*given, **named)
        self.sections = dict(sections or {})

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """As click does; where nothing is asked for, print the help and end with 0."""
        if not args and not ctx.resilient_parsing:
            click.echo(ctx.get_help())
            ctx.exit(0)
        return super().parse_args(ctx, args)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """As click does, with the nearest command where there is none of that name."""
        known = self.list_commands(ctx)
        if args and not args[0].startswith("-") and args[0] not in known:
            near = get_close_matches(args[0], known, n=1)
            hint = f"; did you mean {near[0]!r}?" if near else f": expected one of {', '.join(known)}"
            raise click.UsageError(f"no command {args[0]!r}{hint}", ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Tell the commands by section, a line each, all of them in the same columns."""
        names = self.list_commands(ctx)
        widest = max(map(len, names), default=0)
        for title, members in self._sectioned(names):
            with formatter.section(title):
                room = formatter.width - 6 - widest
                formatter.write_dl([(f"{name:<{widest}}", self.summary(ctx, name, room)) for name in members])

    def summary(self, ctx: click.Context, name: str, room: int) -> str:
        """What one of the commands is for, in so many characters."""
        command = self.get_command(ctx, name)
        return "" if command is None else command.get_short_help_str(room)

    def _sectioned(self, names: Sequence[str]) -> Iterator[tuple[str, Sequence[str]]]:
        yield from self.sections.items()
        placed = {name for members in self.sections.values() for name in members}
        if others := [name for name in names if name not in placed]:
            yield _OTHERS, others
