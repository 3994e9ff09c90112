"""Lists that come in pages, as one sequence."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from actinf.client.asynchronous.connection import AsyncConnection
    from actinf.client.operation import Operation
    from actinf.client.replies import Page

__all__ = ["all_of"]

Item = TypeVar("Item")


async def all_of(
    connection: AsyncConnection, page_after: Callable[[Any], Operation[Page[Item]]], first: Any = None
) -> AsyncIterator[Item]:
    """Everything that a list holds; a page is fetched when it is needed.

    Args:
        connection: to the service.
        page_after: what asks for the page that follows a place.
        first: the place before the first page.
    """
    after = first
    while True:
        page = await connection.send(page_after(after))
        for item in page.items:
            yield item
        if page.next is None:
            return
        after = page.next
