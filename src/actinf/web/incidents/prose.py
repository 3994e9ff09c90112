"""Markdown as markup: HTML in it is shown as text, and what is no address of the web is no link."""

from collections.abc import Callable

from markdown_it import MarkdownIt
from markdown_it.token import Token

__all__ = ["rendered"]

_PARSER = MarkdownIt("commonmark", {"html": False}).enable("table")


def rendered(text: str, change: Callable[[list[Token]], None] | None = None) -> str:
    """The markup of a text.

    Args:
        text: in Markdown.
        change: changes what was read before it is written.
    """
    tokens = _PARSER.parse(text)
    if change is not None:
        change(tokens)
    written: str = _PARSER.renderer.render(tokens, _PARSER.options, {})
    return written
