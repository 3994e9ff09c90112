"""What the service writes into its audit log, and how it is read back."""

import asyncio
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import httpx
import psycopg
import pytest
from fastapi import Request
from support.postgres import PostgresServer, fresh_database
from support.service import AUDIT_KEY, running_service

from actinf.errors import Unauthenticated
from actinf.runtime.anchor import read_anchors
from actinf.runtime.at_hand import Database
from actinf.service.audit import commands
from actinf.service.audit.log import AuditLog
from actinf.service.audit.refusals import MOST_AT_ONCE, Refusals

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncEngine
    from support.service import RunningService

LITERAL = "SELECT * FROM audit_log WHERE created_at > now() - interval '24 hours' ORDER BY created_at DESC;"


def shown(api: httpx.Client, **asked: Any) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = api.get("/v1/audit", params=asked).raise_for_status().json()["items"]
    return items


def test_a_change_is_an_entry_and_a_step_is_none(api: httpx.Client, agent: dict[str, Any]) -> None:
    api.post(f"/v1/agents/{agent['id']}/steps", json={"observation": {}}).raise_for_status()
    reply = api.post(f"/v1/agents/{agent['id']}/reset", json={}).raise_for_status()
    entries = shown(api, object=f"agent:{agent['id']}")
    assert [entry["action"] for entry in entries] == ["agents.reset", "agents.create"]
    assert entries[0]["request_id"] == reply.headers["x-request-id"]
    assert entries[0]["outcome"] == "done"


def test_entries_are_read_page_by_page_in_both_directions(api: httpx.Client, service: "RunningService") -> None:
    for number in range(5):
        api.post("/v1/keys", json={"name": f"paged {number}", "scopes": ["read"]}).raise_for_status()
    everything = [entry["seq"] for entry in shown(api, limit=1000)]
    assert everything == sorted(everything, reverse=True)
    for cursor, expected in (("before", everything), ("after", everything[::-1])):
        seen: list[int] = []
        at: int | None = 0 if cursor == "after" else None
        while True:
            page = api.get("/v1/audit", params={"limit": 2} | ({} if at is None else {cursor: at})).json()
            seen += [entry["seq"] for entry in page["items"]]
            at = page["next"]
            if at is None:
                break
        assert seen == expected
    last = shown(api, limit=1)[0]
    assert shown(api, since=last["created_at"]) == [last]
    assert shown(api, actor="nobody") == []
    assert {entry["action"] for entry in shown(api, action="keys.create")} == {"keys.create"}


@pytest.mark.parametrize("asked", [{"since": "2026-11-27T00:00:00"}, {"limit": 0}, {"actor": "\0"}, {"until": "now"}])
def test_a_query_that_makes_no_sense_is_refused(api: httpx.Client, asked: dict[str, Any]) -> None:
    assert api.get("/v1/audit", params=asked).status_code == 422


def test_entries_belong_to_a_workspace_and_need_a_scope(service: "RunningService", api: httpx.Client) -> None:
    with service.client(service.new_key("operate", workspace="elsewhere")) as stranger:
        assert {entry["action"] for entry in shown(stranger)} == {"keys.create"}
        assert len(shown(stranger)) == 1
    with service.client(service.new_key("read", "run")) as reader:
        assert reader.get("/v1/audit").status_code == 403


def test_refusals_are_counted_and_written_when_the_service_ends(
    postgres_server: PostgresServer, tmp_path: Path
) -> None:
    """A flood of wrong keys is one entry for each source and reason; those beyond twenty share one."""
    anchor = tmp_path / "audit.anchor"
    with fresh_database(postgres_server) as url:
        with running_service(url, audit_anchor=anchor) as service, httpx.Client(base_url=service.url) as stranger:
            known = service.key.split("_")[1]
            for number in range(30):
                headers = {"Authorization": f"Bearer ai_{number:08d}_{'x' * 43}"}
                assert stranger.get("/v1/agents", headers=headers).status_code in (401, 429)
            with service.client(service.new_key("read")) as reader:
                assert [reader.get("/v1/audit").status_code for _ in range(3)] == [403] * 3
            for _ in range(2):
                stranger.get("/v1/keys", headers={"Authorization": f"Bearer ai_{known}_{'x' * 43}"})
        with psycopg.connect(url) as connection:
            rows = connection.execute(
                "SELECT action, actor, object, workspace_id, details FROM audit_log WHERE outcome = 'refused' "
                "ORDER BY seq"
            ).fetchall()
        assert len(rows) <= MOST_AT_ONCE + 2
        assert rows[0][:4] == ("authenticate", "key:00000000", "source:127.0.0.1", None)
        assert rows[0][4]["reason"] == "this key is not known here"
        others = [row for row in rows if row[1] == "others"]
        assert sum(row[4]["times"] for row in rows) > MOST_AT_ONCE
        assert others
        database = Database(url=url, data_dir=tmp_path, disk=None)
        verdict = commands.verified(database, AUDIT_KEY, [read_anchors(anchor, AUDIT_KEY)])
        assert verdict.good
        assert verdict.unanchored == 0  # the last anchor comes after the last entry


def test_the_line_of_the_runbook_finds_its_rows_by_the_index(database_url: str) -> None:
    from actinf.service import schema_version

    schema_version.upgrade(database_url)
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute(
            "INSERT INTO audit_log "
            "SELECT n, now() - interval '1 minute' * n, NULL, 'a', 'b', 'c', '', 'done', '{}', '' "
            "FROM generate_series(1, 40000) n"
        )
        connection.execute("SELECT ensure_partitions(2)")
        connection.execute("VACUUM ANALYZE audit_log")
        plan = "\n".join(row[0] for row in connection.execute(f"EXPLAIN {LITERAL}"))
        assert "Index Scan" in plan
        assert "created_at_idx" in plan
        rows = connection.execute(LITERAL).fetchall()
    assert 1438 <= len(rows) <= 1440
    assert [row[0] for row in rows] == list(range(1, len(rows) + 1))


class _Away:
    """An engine whose driver has no word for what went wrong."""

    def begin(self) -> AbstractAsyncContextManager[Any]:
        raise OSError


async def _refused_while_away() -> int:
    refusals = Refusals(cast("AsyncEngine", _Away()), AuditLog(AUDIT_KEY))
    scope = {"type": "http", "method": "GET", "path": "/", "headers": [], "client": ("127.0.0.1", 1)}
    refusals.note(Request(scope), Unauthenticated("this key is not known here: send another"))
    await refusals.write()
    return len(refusals._counts)


def test_refusals_are_kept_while_the_database_is_away_without_a_word(caplog: pytest.LogCaptureFixture) -> None:
    assert asyncio.run(_refused_while_away()) == 1
    assert caplog.messages == ["refusals wait to be written: OSError"]
