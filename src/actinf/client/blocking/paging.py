"""Lists that come in pages, as one sequence."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from actinf.client.blocking.connection import Connection
    from actinf.client.operation import Operation
    from actinf.client.replies import Page

__all__ = ["all_of"]

Item = TypeVar("Item")


def all_of(
    connection: Connection, page_after: Callable[[Any], Operation[Page[Item]]], first: Any = None
) -> Iterator[Item]:
    """Everything that a list holds; a page is fetched when it is needed.

    Args:
        connection: to the service.
        page_after: what asks for the page that follows a place.
        first: the place before the first page.
    """
    after = first
    while True:
        page = connection.send(page_after(after))
        yield from page.items
        if page.next is None:
            return
        after = page.next
