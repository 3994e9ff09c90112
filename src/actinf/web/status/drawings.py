"""Small drawings that show how the service works: the icon of the page, and a badge for pages elsewhere."""

import html

from actinf.responder.channels import neutral
from actinf.responder.publishing.page import PublicPage, Working
from actinf.web.status.wording import working

__all__ = ["badge", "favicon"]

#: White text on them reads well (4.5 to 1), and they stand on a light and on a dark ground.
_COLOURS = {
    Working.OPERATIONAL: "#17714f",
    Working.MAINTENANCE: "#0b5c9a",
    Working.DEGRADED: "#855500",
    Working.PARTIAL_OUTAGE: "#ad3f07",
    Working.MAJOR_OUTAGE: "#a8281c",
}
#: The same shapes as on the page.
_SHAPES = {
    Working.OPERATIONAL: ('<circle cx="12" cy="12" r="11"/>', "M7 12.4l3.4 3.4L17 9"),
    Working.MAINTENANCE: ('<rect x="1.5" y="1.5" width="21" height="21" rx="5"/>', "M7 12h.01M12 12h.01M17 12h.01"),
    Working.DEGRADED: ('<path d="M12 1.5 23.2 22H.8z" stroke-linejoin="round"/>', "M12 9v6M12 18.4v.2"),
    Working.PARTIAL_OUTAGE: ('<path d="M12 .8 23.2 12 12 23.2.8 12z"/>', "M12 7v6M12 16.8v.2"),
    Working.MAJOR_OUTAGE: (
        '<path d="M7.5 1h9L23 7.5v9L16.5 23h-9L1 16.5v-9z"/>',
        "M8.2 8.2l7.6 7.6M15.8 8.2l-7.6 7.6",
    ),
}
_ICON = """\
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24"><g fill="{colour}">{shape}</g>\
<path d="{inner}" fill="none" stroke="#fff" stroke-width="2.6" stroke-linecap="round" stroke-linejoin="round"/></svg>
"""
_BADGE = """\
<svg xmlns="http://www.w3.org/2000/svg" width="{all}" height="20" role="img" aria-label="{label}">\
<title>{label}</title>\
<clipPath id="r"><rect width="{all}" height="20" rx="4"/></clipPath><g clip-path="url(#r)">\
<rect width="{left}" height="20" fill="#3b434d"/><rect x="{left}" width="{right}" height="20" fill="{colour}"/></g>\
<g fill="#fff" font-family="Verdana,DejaVu Sans,sans-serif" font-size="11" text-anchor="middle">\
<text x="{left_middle}" y="14" textLength="{left_text}" lengthAdjust="spacingAndGlyphs">{name}</text>\
<text x="{right_middle}" y="14" textLength="{right_text}" lengthAdjust="spacingAndGlyphs">{state}</text></g></svg>
"""
_LONGEST_NAME = 40
#: Pixels: of a character on average, of a wide one, and of the room left and right of a text.
_NARROW, _WIDE, _MARGIN = 6.6, 11, 7


def favicon(how: Working) -> bytes:
    """The icon of the page, which shows in the tab of a browser how the service works."""
    shape, inner = _SHAPES[how]
    return _ICON.format(colour=_COLOURS[how], shape=shape, inner=inner).encode()


def badge(page: PublicPage) -> bytes:
    """A line with the name of the service and how it works."""
    name, state = neutral.shorten(page.name, _LONGEST_NAME), working(page.working)
    left_text, right_text = _length(name), _length(state)
    left, right = left_text + 2 * _MARGIN, right_text + 2 * _MARGIN
    return _BADGE.format(
        all=left + right,
        left=left,
        right=right,
        left_text=left_text,
        right_text=right_text,
        left_middle=left / 2,
        right_middle=left + right / 2,
        colour=_COLOURS[page.working],
        name=html.escape(name),
        state=html.escape(state),
        label=html.escape(f"{name}: {state}"),
    ).encode()


def _length(text: str) -> int:
    """About how long a text is, in pixels; it is drawn as long as this says."""
    return round(sum(_NARROW if ord(one) < 0x1100 else _WIDE for one in text))
