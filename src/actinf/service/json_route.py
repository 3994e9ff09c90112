"""Bodies of requests: read within bounds, before anything believes them.

What the reader of JSON lets through and nothing behind it can bear is refused here: NaN and Infinity, numbers beyond
what a machine holds, half a surrogate pair (no UTF-8), NUL (no text of PostgreSQL), and nesting without an end.  Small
bodies are looked at with a few searches over their bytes; large ones are parsed beside the event loop, a few at a time.

A body may also be sent as YAML, as model and experiment files are written: it is read as such a file is, without tags,
with bounded aliases, and then has to be what JSON could have said.
"""

import asyncio
import json
import re
from collections.abc import Callable, Coroutine
from typing import Any, NoReturn

from fastapi import Request, Response
from fastapi.routing import APIRoute

from actinf.errors import FileError
from actinf.model.document import parse_document

__all__ = ["MOST_NESTED", "YAML", "JsonRoute", "read_json", "read_yaml"]

#: How deep lists and mappings may be nested: a table has an axis for each factor that it depends on.
MOST_NESTED = 64

#: How YAML is announced.
YAML = "application/yaml"
_YAML = {YAML, "application/x-yaml", "text/yaml", "text/x-yaml"}
_SMALL_BYTES = 65_536
_MOST_DIGITS = 19

_SHOWN_CHARACTERS = 20

#: What the reader of JSON says of a mistake, as its message begins, in words for who made it.
_PLAINLY = {
    "Expecting value": "a value is missing",
    "Expecting property name": "a name in double quotes is missing",
    "Expecting ':'": "a colon is missing",
    "Expecting ','": "a comma is missing, or the end of a list or mapping",
    "Unterminated string": "a text begins that has no end",
    "Invalid control character": "a text holds a line break or the like: write it as an escape, such as \\n",
    "Invalid \\": "a backslash begins no escape of JSON: write two for a backslash",
    "Extra data": "there is more after the end",
    "Illegal trailing comma": "a comma stands before the end",
}

_DOUBTFUL = re.compile(rb"\\u|\x00|[0-9]{%d}|[eE]\+?[0-9]{3}|NaN|Infinity" % _MOST_DIGITS)
_LINE = re.compile(r"^body:(\d+):", re.MULTILINE)
_HALF = re.compile("[\ud800-\udfff]")

Handler = Callable[[Request], Coroutine[Any, Any, Response]]


class _Refused(json.JSONDecodeError):
    """What is wrong with a body; of the kind that the framework answers as a mistake in the request."""

    def __init__(self, said: str):
        super().__init__(said, "", 0)


def read_json(body: bytes) -> Any:
    """The value that a body holds.

    Raises:
        json.JSONDecodeError: it is no JSON, or holds what nothing here can bear; `msg` says what.
    """
    try:
        text = body.decode("utf-8")
        if not _DOUBTFUL.search(body):
            value = json.loads(text)
        else:
            value = json.loads(text, parse_int=_integer, parse_float=_number, parse_constant=_constant)
            _check_texts(value)
        if body.count(b"[") + body.count(b"{") > MOST_NESTED:
            _check_depth(value)
    except UnicodeDecodeError as error:
        raise _Refused(f"expected UTF-8, but byte {error.start} is none") from None
    except RecursionError:
        raise _Refused(f"it is nested too deep: at most {MOST_NESTED} lists and mappings inside one another") from None
    except _Refused:
        raise
    except json.JSONDecodeError as error:
        raise _Refused(_broken(error)) from None
    return value


def read_yaml(body: bytes) -> Any:
    """The value that a body of YAML holds, within the same bounds.

    Raises:
        json.JSONDecodeError: it is no YAML, or holds what JSON does not; `msg` says what, with the line.
    """
    try:
        value = parse_document(body, "yaml", "body").data
        return read_json(json.dumps(value, allow_nan=False, ensure_ascii=False).encode("utf-8", "surrogatepass"))
    except FileError as error:
        raise _Refused(_LINE.sub(r"line \1:", str(error))) from None
    except ValueError as error:
        if isinstance(error, json.JSONDecodeError):
            raise
        raise _Refused(f"it holds what JSON does not: {error}") from None


def _broken(error: json.JSONDecodeError) -> str:
    """What breaks the rules of JSON, where, and what stands there."""
    said = next((plain for begins, plain in _PLAINLY.items() if error.msg.startswith(begins)), error.msg)
    there = error.doc[error.pos : error.pos + _SHOWN_CHARACTERS]
    place = f"line {error.lineno}, column {error.colno}"
    return f"expected JSON, but at {place}, {f'where {there!r} stands' if there else 'where it ends'}, {said}"


def _integer(digits: str) -> int:
    if len(digits) > _MOST_DIGITS + 1 or abs(value := int(digits)) >= 2**64:
        raise _Refused(f"the number {digits[:30]}… is too large: whole numbers have at most 64 bits")
    return value


def _number(digits: str) -> float:
    value = float(digits)
    if value in (float("inf"), float("-inf")):
        raise _Refused(f"the number {digits[:30]} is too large: expected one below 1.8e308")
    return value


def _constant(name: str) -> NoReturn:
    raise _Refused(f"{name} is no number of JSON: null stands for what is not known")


def _check_texts(value: Any) -> None:
    """Refuse texts that no database keeps."""
    waiting = [value]
    while waiting:
        one = waiting.pop()
        if isinstance(one, str):
            if "\0" in one:
                raise _Refused(f"the text {one[:40]!r} holds the character NUL (\\u0000): leave it out")
            if _HALF.search(one):
                raise _Refused(f"the text {one[:40]!r} holds half a surrogate pair, no character: leave it out")
        elif isinstance(one, dict):
            waiting.extend(one)
            waiting.extend(one.values())
        elif isinstance(one, list):
            waiting.extend(one)


def _check_depth(value: Any) -> None:
    level = [value] if isinstance(value, dict | list) else []
    for _ in range(MOST_NESTED):
        level = [
            inner
            for outer in level
            for inner in (outer.values() if isinstance(outer, dict) else outer)
            if isinstance(inner, dict | list)
        ]
    if level:
        raise RecursionError


class _JsonRequest(Request):
    """A request whose body is read by `read_json`; whoever read its bytes before has not taken them away."""

    def __init__(self, request: Request):
        super().__init__(request.scope, request.receive)
        self._first = request
        self._read = read_json
        if request.headers.get("content-type", "").partition(";")[0].strip().lower() in _YAML:
            self._read = read_yaml
            # From here on it is what the framework knows how to validate.
            others = [pair for pair in request.scope["headers"] if pair[0] != b"content-type"]
            request.scope["headers"] = [*others, (b"content-type", b"application/json")]

    async def body(self) -> bytes:
        """The bytes of the body."""
        return await self._first.body()

    async def json(self) -> Any:
        """The value that the body holds; one that is large is parsed beside the event loop.

        Raises:
            json.JSONDecodeError: see `read_json`.
        """
        if not hasattr(self, "_json"):
            body = await self.body()
            if len(body) < _SMALL_BYTES:
                self._json = self._read(body)
            else:
                parsers: asyncio.Semaphore = self.app.state.parsers
                async with parsers:
                    self._json = await asyncio.to_thread(self._read, body)
        return self._json


class JsonRoute(APIRoute):
    """The route of every endpoint that takes a body: `APIRouter(route_class=JsonRoute)`."""

    def get_route_handler(self) -> Handler:
        """The handler, which sees a request that reads its body within bounds."""
        handler = super().get_route_handler()

        async def guarded(request: Request) -> Response:
            return await handler(_JsonRequest(request))

        return guarded
