"""A page whose texts hold nothing that no reader sees, and whose keys are fit to be a part of an address."""

import re
from dataclasses import replace

from actinf.responder.channels import neutral
from actinf.responder.publishing.page import Notice, NoticeUpdate, PublicComponent, PublicPage

__all__ = ["neutral_page"]

_LONGEST_TITLE, _LONGEST_TEXT, _LONGEST_NAME = 300, 20_000, 100
_KEY = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")


def neutral_page(page: PublicPage) -> PublicPage:
    """The same page without control characters, marks that turn the direction of writing and what is no character.

    Nothing in it calls everybody in a chat room into which it is carried.

    Raises:
        ValueError: the key of a notice could name another file than its own.
    """
    return replace(
        page,
        name=_line(page.name, _LONGEST_NAME),
        components=tuple(_component(one) for one in page.components),
        current=tuple(_notice(one) for one in page.current),
        planned=tuple(_notice(one) for one in page.planned),
        past=tuple(_notice(one) for one in page.past),
    )


def _component(component: PublicComponent) -> PublicComponent:
    name, about = _line(component.name, _LONGEST_NAME), _line(component.about, _LONGEST_TITLE)
    return replace(component, name=name, about=about)


def _notice(notice: Notice) -> Notice:
    if not _KEY.fullmatch(notice.key):
        raise ValueError(
            f"the notice {notice.key[:100]!r} cannot have a page: its key names a file, and is expected to be 1 to 100 "
            "of the characters A-Z, a-z, 0-9, '.', '_' and '-', a letter or a digit first"
        )
    updates = tuple(_update(one) for one in notice.updates)
    return replace(notice, title=_line(notice.title, _LONGEST_TITLE), updates=updates)


def _update(update: NoticeUpdate) -> NoticeUpdate:
    return replace(update, text=neutral.calling_nobody(neutral.block(update.text, _LONGEST_TEXT)))


def _line(text: str, most: int) -> str:
    return neutral.calling_nobody(neutral.line(text, most))
