"""Server-sent events that can be resumed: what happens to an object, each event once, in order.

The truth is in the database: an event has a number, and a reader has a cursor.  What wakes a reader is only a hint:
this process says so when it made an event itself, and one query, twice a second, tells of those that other processes
made, for all objects that are watched here together.  The newest events are read once for all readers of an object.
No connection to the database is held while a reader waits, and a slow reader costs no memory: it is sent the next event
when it has taken the last one.
"""

import asyncio
import json
import logging
import time
from collections import Counter, deque
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import psycopg
from fastapi.sse import KEEPALIVE_COMMENT, format_sse_event
from sqlalchemy.exc import SQLAlchemyError
from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from actinf.errors import NotFound, RateLimited, ServiceUnavailable
from actinf.service.measures import STREAMS

__all__ = ["Event", "EventStream", "Feed", "Positions", "Read", "Reader", "Streams", "stream_content"]

_LOG = logging.getLogger(__name__)

_POLL_SECONDS = 0.4
_KEEP_ALIVE_SECONDS = 15.0
#: A key that is revoked is noticed by the keyring within 5 s; both together are less than 10.
_CHECK_SECONDS = 4.0
_RETRY_MILLISECONDS = 1000
_MOST_KEPT = 64
_MOST_KEPT_CHARACTERS = 2**20
_READS_AT_ONCE = 2
_AWAY = (SQLAlchemyError, psycopg.Error, OSError, ServiceUnavailable)


def stream_content(name: str, number: str, data: str, *, example: str) -> dict[str, Any]:
    """What OpenAPI is told of a stream: the schema of one event, and an example.

    Args:
        name: of its events; number: what their id is; data: what their data is.
        example: the data of one.
    """
    farewells = ["deleted", "ended"]
    properties = {
        "event": {"enum": [name, *farewells], "description": "What happened; the last two end the stream."},
        "id": {"type": "string", "description": number},
        "data": {"type": "string", "description": data},
        "retry": {"type": "integer", "description": "Milliseconds to wait before connecting again."},
    }
    described = {"description": "One event: its lines.", "type": "object", "properties": properties}
    return {"schema": described, "example": {"event": name, "id": "3", "data": example}}


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened.

    Attributes:
        name: its kind, the `event:` of the stream; number: its `id:`, larger than those before.
        data: JSON on one line.
        last: whether nothing can follow it; the stream then ends.
    """

    name: str
    number: int
    data: str
    last: bool = False


#: The next events after a number, in their order, a bounded page of them; NotFound where their object is gone.
Read = Callable[[int], Awaitable[Sequence[Event]]]

#: The number of the newest event of each object; one that is gone is left out.
Positions = Callable[[Collection[UUID]], Awaitable[Mapping[UUID, int]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """Who reads a stream.

    Attributes:
        name: whose streams are counted together.
        allowed: asked now and then: whether it may go on.
    """

    name: str
    allowed: Callable[[], Awaitable[bool]]


@dataclass(slots=True, eq=False)
class _Topic:
    """An object that is watched: its newest events, those with `floor` < number ≤ `top`."""

    position: int
    gone: bool = False
    floor: int = -1
    top: int = -1
    events: deque[Event] = field(default_factory=deque)
    characters: int = 0
    head: asyncio.Lock = field(default_factory=asyncio.Lock)
    readers: set[asyncio.Event] = field(default_factory=set)

    def wake(self) -> None:
        for reader in self.readers:
            reader.set()

    def kept_after(self, number: int) -> list[Event]:
        """What is at hand after a number; nothing where that is not all there is in between."""
        if not self.floor <= number < self.top:
            return []
        return [event for event in self.events if event.number > number]

    def keep(self, after: int, found: Sequence[Event]) -> None:
        """Have events at hand that were read after a number."""
        if after != self.top:
            self.events.clear()
            self.characters, self.floor = 0, after
        self.events.extend(found)
        self.characters += sum(len(event.data) for event in found)
        self.top = found[-1].number
        while len(self.events) > _MOST_KEPT or self.characters > _MOST_KEPT_CHARACTERS:
            oldest = self.events.popleft()
            self.floor, self.characters = oldest.number, self.characters - len(oldest.data)


class Streams:
    """The streams of this process.

    Args:
        ending: whether the process is about to stop; streams then end, and their readers go elsewhere.
        most: streams at once; most_of_one: of one reader.
    """

    def __init__(self, ending: Callable[[], bool], *, most: int = 1000, most_of_one: int = 100):
        self._ending = ending
        self._most = most
        self._most_of_one = most_of_one
        self._open: Counter[str] = Counter()
        self._feeds: list[Feed] = []
        self._reads = asyncio.Semaphore(_READS_AT_ONCE)
        self._task: asyncio.Task[None] | None = None

    def feed(self, positions: Positions) -> "Feed":
        """A new kind of objects whose events are streamed."""
        feed = Feed(self, positions)
        self._feeds.append(feed)
        return feed

    async def stop(self) -> None:
        """End."""
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task

    def enter(self, reader: Reader) -> None:
        """Count a stream in.

        Raises:
            RateLimited: the reader has as many as it may; ServiceUnavailable: the process has, or is about to stop.
        """
        if self._ending():
            raise ServiceUnavailable("this process is about to stop: connect again", retry_after=1)
        if self._open[reader.name] >= self._most_of_one:
            raise RateLimited(
                f"{self._most_of_one} streams of this key are open, the most that one may have: close some", 10
            )
        if self._open.total() >= self._most:
            raise ServiceUnavailable(f"{self._most:,} streams are open, all that there is room for", retry_after=10)
        self._open[reader.name] += 1
        STREAMS.set(self._open.total())
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._poll(), name="event poll")

    def leave(self, reader: Reader) -> None:
        """Count a stream out."""
        self._open[reader.name] -= 1
        if not self._open[reader.name]:
            del self._open[reader.name]
        STREAMS.set(self._open.total())

    @property
    def ending(self) -> bool:
        """Whether the process is about to stop."""
        return self._ending()

    async def page(self, read: Read, after: int) -> Sequence[Event]:
        """What a reader is sent next; few at once, so that requests always find a connection."""
        async with self._reads:
            return await read(after)

    async def _poll(self) -> None:
        while self._open:
            for feed in self._feeds:
                try:
                    await feed.look()
                except _AWAY as error:
                    _LOG.warning("streams wait for the database: %s", str(error).strip().partition("\n")[0])
            await asyncio.sleep(_POLL_SECONDS)


class EventStream(StreamingResponse):
    """A stream of events as a reply; made by `Feed.stream`.  It ends in any case by giving back what it took."""

    media_type = "text/event-stream"

    def __init__(self, content: AsyncIterator[bytes], close: Callable[[], None]):
        headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}  # a proxy must not hold events back
        super().__init__(content, headers=headers)
        self._close = close

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send events until they end, or nobody reads them any more; ASGI."""
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._close()


class Feed:
    """The events of one kind of objects; made by `Streams.feed`."""

    def __init__(self, streams: Streams, positions: Positions):
        self._streams = streams
        self._positions = positions
        self._topics: dict[UUID, _Topic] = {}

    def wake(self, identity: UUID, number: int) -> None:
        """Tell that this process made an event; costs nothing where nobody listens."""
        topic = self._topics.get(identity)
        if topic is not None and number > topic.position:
            topic.position = number
            topic.wake()

    async def look(self) -> None:
        """Wake the readers of what has moved on, was deleted, or has to end."""
        watched = dict(self._topics)
        if watched and not self._streams.ending:
            found = await self._positions(list(watched))
            for identity, topic in watched.items():
                position = found.get(identity)
                topic.gone = position is None
                if position is not None and position > topic.position:
                    topic.position = position
                elif position is not None:
                    continue
                topic.wake()
        elif watched:
            for topic in watched.values():
                topic.wake()

    def stream(self, identity: UUID, *, after: int | None, position: int, read: Read, reader: Reader) -> EventStream:
        """The reply that goes on for as long as its reader listens.

        Args:
            identity: whose events.
            after: the number of the last event that the reader has; None: it wants those that come from now on.
            position: the number of the newest event as the database has it now.
            read: reads events from the database.
            reader: who listens; let in before.

        Raises:
            RateLimited, ServiceUnavailable: there are too many streams.
        """
        self._streams.enter(reader)
        topic = self._topics.setdefault(identity, _Topic(position))
        topic.position = max(topic.position, position)
        woken = asyncio.Event()
        topic.readers.add(woken)

        def close() -> None:
            self._streams.leave(reader)
            topic.readers.discard(woken)
            if not topic.readers and self._topics.get(identity) is topic:
                del self._topics[identity]

        start = position if after is None else min(after, position)
        return EventStream(self._sent(topic, woken, start, read, reader), close)

    async def _sent(
        self, topic: _Topic, woken: asyncio.Event, after: int, read: Read, reader: Reader
    ) -> AsyncIterator[bytes]:
        yield format_sse_event(retry=_RETRY_MILLISECONDS, comment="connected")
        check_at = time.monotonic() + _CHECK_SECONDS
        spoke_at = time.monotonic()
        while True:
            woken.clear()
            if self._streams.ending:
                yield _farewell("ended", "the process is about to stop: connect again")
                return
            if time.monotonic() >= check_at:
                check_at = time.monotonic() + _CHECK_SECONDS
                if not await reader.allowed():
                    yield _farewell("ended", "the key is not valid any more")
                    return
            found = await self._next(topic, after, read)
            for event in found:
                yield format_sse_event(data_str=event.data, event=event.name, id=str(event.number))
                spoke_at = time.monotonic()
                after = event.number
                if event.last:
                    return
            if found:
                continue
            if topic.gone:
                yield _farewell("deleted", "it was deleted")
                return
            with suppress(TimeoutError):
                async with asyncio.timeout(min(check_at, spoke_at + _KEEP_ALIVE_SECONDS) - time.monotonic()):
                    await woken.wait()
            if time.monotonic() >= spoke_at + _KEEP_ALIVE_SECONDS:
                yield KEEPALIVE_COMMENT
                spoke_at = time.monotonic()

    async def _next(self, topic: _Topic, after: int, read: Read) -> Sequence[Event]:
        """The next events of a reader, at hand or from the database; none where there are none for now."""
        if after >= topic.position or topic.gone:
            return ()
        try:
            if after < topic.top:
                return topic.kept_after(after) or await self._streams.page(read, after)
            async with topic.head:
                at_hand = topic.kept_after(after)
                if at_hand:
                    return at_hand
                found = await self._streams.page(read, after)
                if found and after >= topic.top:
                    topic.keep(after, found)
                return found
        except NotFound:
            topic.gone = True
        except _AWAY as error:
            _LOG.warning("a stream waits for the database: %s", str(error).strip().partition("\n")[0])
            await asyncio.sleep(_POLL_SECONDS)
            topic.wake()
        return ()


def _farewell(name: str, reason: str) -> bytes:
    said: dict[str, Any] = {"reason": reason}
    return format_sse_event(data_str=json.dumps(said), event=name)
