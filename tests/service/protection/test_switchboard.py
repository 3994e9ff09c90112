"""The switchboard of a process, beside a table that says later what was said here."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from types import SimpleNamespace
from typing import Any

import pytest

from actinf.service.protection import switchboard
from actinf.service.protection.breaker import Breaker
from actinf.service.protection.switchboard import SwitchBoard


class _Engine:
    """One that connects to nothing."""

    def for_operators(self) -> "_Engine":
        return self

    @contextlib.asynccontextmanager
    async def connect(self) -> AsyncIterator[None]:
        yield


def test_what_was_thrown_here_stands_although_the_table_does_not_say_so_yet(monkeypatch: pytest.MonkeyPatch) -> None:
    now, rows = [100.0], [SimpleNamespace(name="memory", position="auto")]

    async def all_switches(_: object) -> list[Any]:
        return rows

    monkeypatch.setattr(switchboard.repository, "all_switches", all_switches)
    engine: Any = _Engine()
    memory = Breaker("memory", purpose="work that takes much memory", refusal="not now")
    board = SwitchBoard(engine, [memory], clock=lambda: now[0])
    board.throw("memory", "open")
    asyncio.run(board.refresh())
    assert board["memory"].position == "open", "its commit may be under way"
    now[0] += 5.0
    asyncio.run(board.refresh())
    assert board["memory"].position == "auto", "its commit has failed"
