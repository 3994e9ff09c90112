"""A command that holds commands: alone it tells what there is, and a wrong name is answered with the nearest."""

from __future__ import annotations

from difflib import get_close_matches

import click

__all__ = ["Group"]


class Group(click.Group):
    """As click's, but help that nobody had to ask for is an answer, not an error."""

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
