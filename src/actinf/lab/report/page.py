"""The page itself: its skeleton, its style, and the small pieces of HTML that sections are made of.

Nothing on the page comes from elsewhere; it follows the reader's light or dark theme, and prints.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

from actinf.lab.plots.style import THEME

__all__ = ["Html", "code", "details", "figure", "join", "page", "paragraph", "section", "table", "text"]

Html = str
"""Text that is HTML already; everything else goes through `text`."""

_STYLE = """
:root { color-scheme: light dark; LIGHT; --soft: #f5f7f9; --link: #0060a8;
  --font: "Inter", system-ui, -apple-system, "Segoe UI", "DejaVu Sans", sans-serif }
@media (prefers-color-scheme: dark) { :root { DARK; --soft: #161b22; --link: #58a6e8 } }
@media print { :root { LIGHT; --soft: #f5f7f9; --link: #0060a8; color-scheme: light } }
* { box-sizing: border-box }
body { margin: 0 auto; padding: 2.5rem 1.25rem 5rem; max-width: 58rem; background: var(--paper); color: var(--ink);
  font: 16px/1.55 var(--font); -webkit-text-size-adjust: 100% }
h1 { font-size: 1.9rem; line-height: 1.2; margin: 0 0 .3rem; letter-spacing: -.01em }
h2 { font-size: 1.25rem; margin: 3rem 0 .8rem; padding-top: 1.2rem; border-top: 1px solid var(--grid) }
h3 { font-size: 1rem; margin: 1.8rem 0 .5rem }
p { margin: .5rem 0 }
.lead { font-size: 1.08rem }
.muted, figcaption, .lead + .muted { color: var(--muted) }
nav { margin: 1.4rem 0 0; font-size: .93rem } nav a { margin-right: 1.1rem; color: var(--link); text-decoration: none }
nav a:hover { text-decoration: underline }
dl.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(8.2rem, 1fr)); gap: .7rem; margin: 1.6rem 0 }
dl.tiles div { display: flex; flex-direction: column; justify-content: space-between; background: var(--soft);
  border-radius: 8px; padding: .7rem .9rem }
dl.tiles dt { color: var(--muted); font-size: .82rem } dl.tiles dd { margin: 0; font-size: 1.3rem; font-weight: 600 }
dl.tiles dd small { font-size: .8rem; font-weight: 400; color: var(--muted) }
figure { margin: 1.8rem 0 2.4rem; break-inside: avoid }
figure svg { width: 100%; height: auto; display: block }
figcaption { font-size: .93rem; margin-top: .4rem }
.wide { overflow-x: auto; margin: .6rem 0 1.2rem }
table { border-collapse: collapse; font-size: .87rem; font-variant-numeric: tabular-nums }
th, td { padding: .28rem .6rem; text-align: left; vertical-align: top; border-bottom: 1px solid var(--grid) }
th { font-weight: 600 } thead th { color: var(--muted); font-weight: 500; white-space: nowrap }
table:not(:has(thead)) td:first-child { white-space: nowrap; color: var(--muted) }
td.number, th.number { text-align: right }
td.p { text-align: right; background: color-mix(in srgb, #2288cc calc(var(--p) * 70%), transparent) }
td.zero { color: var(--others); text-align: right }
pre, code { font: .87em/1.5 ui-monospace, "SF Mono", "DejaVu Sans Mono", monospace }
pre { background: var(--soft); border-radius: 8px; padding: .8rem 1rem; overflow-x: auto; white-space: pre-wrap }
details { margin: .5rem 0 } summary { cursor: pointer; padding: .25rem 0 } summary small { color: var(--muted) }
details::details-content { transition: none }
@media print { body { max-width: none; padding: 0; font-size: 11pt } nav { display: none } h2 { break-after: avoid }
  details::details-content { content-visibility: visible; display: block } .wide { overflow: visible } }
"""


def text(value: object) -> Html:
    """Any value as text that cannot become markup."""
    return escape(str(value), quote=True)


def join(parts: Iterable[Html]) -> Html:
    """Pieces one after the other."""
    return "\n".join(parts)


def paragraph(content: Html, kind: str = "") -> Html:
    """A paragraph, of a kind that the style knows."""
    return f'<p class="{kind}">{content}</p>' if kind else f"<p>{content}</p>"


def code(lines: str) -> Html:
    """Lines to be typed."""
    return f"<pre>{text(lines)}</pre>"


def section(name: str, title: str, content: Html) -> Html:
    """A section with a heading that can be linked to."""
    return f'<section id="{text(name)}"><h2>{text(title)}</h2>\n{content}\n</section>'


def details(title: Html, content: Html, *, is_open: bool = False) -> Html:
    """A part that the reader opens."""
    return f"<details{' open' if is_open else ''}><summary>{title}</summary>\n{content}</details>"


def figure(drawing: Html, caption: Html = "") -> Html:
    """A picture with its caption."""
    return f"<figure>{drawing}{f'<figcaption>{caption}</figcaption>' if caption else ''}</figure>"


def table(head: Sequence[str], rows: Iterable[Sequence[object]], *, numbers: Sequence[int] = ()) -> Html:
    """A table of texts and numbers.

    Args:
        head: titles of the columns; empty for none.
        rows: the cells, anything that can be said as text.
        numbers: indices of the columns that are set to the right.
    """

    def cell(tag: str, at: int, content: object) -> str:
        return f"<{tag}{' class=number' if at in numbers else ''}>{text(content)}</{tag}>"

    titles = "".join(cell("th", at, title) for at, title in enumerate(head))
    body = "\n".join(f"<tr>{''.join(cell('td', at, one) for at, one in enumerate(row))}</tr>" for row in rows)
    top = f"<thead><tr>{titles}</tr></thead>" if head else ""
    return f'<div class="wide"><table>{top}<tbody>{body}</tbody></table></div>'


def page(title: str, body: Html) -> Html:
    """The whole document."""
    light = ";".join(f"--{name}: {colour}" for name, colour, _ in THEME.values())
    dark = ";".join(f"--{name}: {colour}" for name, _, colour in THEME.values())
    style = _STYLE.replace("LIGHT", light).replace("DARK", dark)
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{text(title)}</title>\n<style>{style}</style>\n</head>\n<body>\n{body}\n</body>\n</html>\n"
    )
