"""The pages that somebody sees who subscribes to the status page, or leaves.

They are given out beside `index.html`, at `subscribe`, `confirm` and `leave`: their links and forms are relative to it.
A link in a mail shows a form, and only sending the form does something: programs that look into mails follow links.
"""

from collections.abc import Sequence

from actinf.responder.channels import neutral
from actinf.responder.publishing.page import PublicPage
from actinf.web.status.neutral_page import neutral_page
from actinf.web.status.pages import filled

__all__ = ["asked", "confirm", "confirmed", "leave", "left", "wrong"]


def asked(page: PublicPage) -> bytes:
    """A mail was sent, where the address can have one: the same words for every address, known or not."""
    return filled("subscribed/asked.html", neutral_page(page))


def confirm(page: PublicPage, token: str, components: Sequence[str]) -> bytes:
    """Asks whoever followed the link of the first mail whether they want more.

    Args:
        page: that they subscribe to.
        token: what the form sends back as `token`, by POST to `confirm`.
        components: keys of the parts that they chose; empty: all.
    """
    page = neutral_page(page)
    names = [one.name for one in page.components if one.key in components]
    return filled("subscribed/confirm.html", page, token=token, chosen=names)


def confirmed(page: PublicPage) -> bytes:
    """They get mails from now on."""
    return filled("subscribed/confirmed.html", neutral_page(page))


def leave(page: PublicPage, token: str, address_hint: str) -> bytes:
    """Asks whoever followed the link to leave whether they mean it.

    Args:
        page: that they leave.
        token: what the form sends back as `token`, by POST to `leave`.
        address_hint: enough of the address that they know which of theirs it is, such as `a…@example.org`.
    """
    return filled("subscribed/leave.html", neutral_page(page), token=token, hint=neutral.line(address_hint))


def left(page: PublicPage) -> bytes:
    """They get no more mails."""
    return filled("subscribed/left.html", neutral_page(page))


def wrong(page: PublicPage, title: str, what: str) -> bytes:
    """Something did not work.

    Args:
        page: on which it was tried.
        title: what, in a few words.
        what: why, and what mends it, in a sentence or two.
    """
    return filled("subscribed/wrong.html", neutral_page(page), said=neutral.line(title), what=neutral.block(what))
