"""A body is received until it is too large or takes too long."""

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest
from starlette.exceptions import HTTPException

from actinf.runtime.bounded_body import BoundedBody, announced_size, too_large


def received(parts: Sequence[bytes], *, most: int, pause: float = 0.0, seconds: float = 30.0) -> list[dict[str, Any]]:
    """What the application gets of a body in these parts, with a message behind its end."""

    async def run() -> list[dict[str, Any]]:
        waiting = [*parts, None]

        async def receive() -> dict[str, Any]:
            await asyncio.sleep(pause)
            part = waiting.pop(0)
            if part is None:
                return {"type": "http.disconnect"}
            return {"type": "http.request", "body": part, "more_body": waiting != [None]}

        body = BoundedBody(receive, most=most, seconds=seconds)
        return [dict(await body.receive()) for _ in range(len(parts) + 1)]

    return asyncio.run(run())


def test_a_body_within_its_bounds_passes_and_what_comes_behind_it() -> None:
    assert [one.get("body") for one in received([b"ab", b"c"], most=3)] == [b"ab", b"c", None]


def test_one_byte_too_many_is_refused_whatever_was_announced() -> None:
    with pytest.raises(HTTPException, match="a body of 4 bytes is too large: at most 3 are taken") as refused:
        received([b"ab", b"cd"], most=3)
    assert refused.value.status_code == 413


def test_one_that_does_not_arrive_is_given_up() -> None:
    with pytest.raises(HTTPException, match=r"did not arrive within 0\.05 s") as refused:
        received([b"a"] * 100, most=1000, pause=0.02, seconds=0.05)
    assert refused.value.status_code == 408


def test_what_comes_behind_a_body_may_take_its_time() -> None:
    """A stream that is being sent waits for its end in the same way."""
    assert len(received([b"a"], most=10, pause=0.06, seconds=0.1)) == 2


@pytest.mark.parametrize(
    ("headers", "size"),
    [
        ([], 0),
        ([(b"content-length", b"12")], 12),
        ([(b"content-length", b"9" * 400)], int("9" * 18)),
        ([(b"content-length", b"-1")], 0),
        ([(b"content-length", b"1_0")], 0),
        ([(b"transfer-encoding", b"chunked")], 77),
    ],
)
def test_how_large_a_body_is_said_to_be(headers: list[tuple[bytes, bytes]], size: int) -> None:
    assert announced_size({"type": "http", "headers": headers}, 77) == size


def test_what_is_too_large_is_said_with_both_numbers() -> None:
    assert (too_large(3, 3), too_large(4096, 3)) == (None, "a body of 4,096 bytes is too large: at most 3 are taken")
