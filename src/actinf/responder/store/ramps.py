"""Ramps in the store: what each is to do, how far it is, and what it was about to do."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from actinf.errors import OutOfTurn
from actinf.responder.ramp.plan import Kind, Plan, Step
from actinf.responder.ramp.state import Bound, Change, Ramp, State, Stepped, Tries
from actinf.responder.store.database import moment_of, ticks

__all__ = ["add", "another", "going_on", "is_still", "keep", "latest", "of_incident"]

_GOES_ON = tuple(state.value for state in State if not state.is_over)


def add(
    connection: sqlite3.Connection,
    *,
    incident: str,
    target: str,
    plan: Plan,
    steps: Sequence[Step],
    may_go_down: bool,
    now: datetime,
) -> Ramp:
    """Keep a new ramp, which runs from now on.

    Raises:
        OutOfTurn: another goes on for the same target.
    """
    try:
        cursor = connection.execute(
            "INSERT INTO ramp (incident, target, plan, state, may_go_down, began_at) VALUES (?, ?, ?, ?, ?, ?)",
            [incident, target, json.dumps(plan.document()), State.RUNS.value, int(may_go_down), ticks(now)],
        )
    except sqlite3.IntegrityError:
        raise OutOfTurn(another(target)) from None
    number = cursor.lastrowid
    for at, step in enumerate(steps, 1):
        connection.execute(
            "INSERT INTO ramp_step (ramp, number, kind, replicas, lasts, within) VALUES (?, ?, ?, ?, ?, ?)",
            [number, at, step.kind.value, step.replicas, _ticks(step.lasts), _ticks(step.deadline)],
        )
    found = connection.execute("SELECT * FROM ramp WHERE id = ?", [number]).fetchone()
    return _ramp(connection, found)


def another(target: str) -> str:
    """Why no ramp can begin where one goes on."""
    return f"another ramp goes on for {target}: two would undo each other's work; wait for its end, or abort it"


def going_on(connection: sqlite3.Connection) -> list[Ramp]:
    """The ramps that are not over."""
    rows = connection.execute(
        f"SELECT * FROM ramp WHERE state IN ({', '.join('?' * len(_GOES_ON))}) ORDER BY id", _GOES_ON
    )
    return [_ramp(connection, row) for row in rows.fetchall()]


def of_incident(connection: sqlite3.Connection, incident: str) -> list[Ramp]:
    """The ramps of an incident, the latest first."""
    rows = connection.execute("SELECT * FROM ramp WHERE incident = ? ORDER BY id DESC", [incident])
    return [_ramp(connection, row) for row in rows.fetchall()]


def latest(connection: sqlite3.Connection, incident: str) -> Ramp | None:
    """The latest ramp of an incident; None: it has none."""
    row = connection.execute("SELECT * FROM ramp WHERE incident = ? ORDER BY id DESC LIMIT 1", [incident]).fetchone()
    return None if row is None else _ramp(connection, row)


def is_still(connection: sqlite3.Connection, ramp: Ramp) -> bool:
    """Whether a ramp stands as it was read."""
    found = connection.execute("SELECT version FROM ramp WHERE id = ?", [ramp.id]).fetchone()
    return found is not None and found["version"] == ramp.version


def keep(connection: sqlite3.Connection, before: Ramp, after: Ramp) -> Ramp | None:
    """Keep a ramp as it stands now.

    Args:
        connection: of a transaction that writes.
        before: as it was read, out of which the new one was made.
        after: the new one.

    Returns:
        As it is kept; None: somebody else changed it meanwhile, and nothing was kept.
    """
    changed = connection.execute(
        "UPDATE ramp SET state = ?, may_go_down = ?, why = ?, before = ?, expected = ?, way_back = ?, tries = ?,"
        " ended_at = ?, version = version + 1 WHERE id = ? AND version = ?",
        [
            after.state.value,
            int(after.may_go_down),
            after.why,
            _json(after.before),
            _json(after.expected),
            _json(after.way_back),
            _json(after.tries),
            _ticks_of(after.ended_at),
            before.id,
            before.version,
        ],
    ).rowcount
    if not changed:
        return None
    for old, new in zip(before.steps, after.steps, strict=True):
        if new != old:
            _keep_step(connection, before.id, new)
    return replace(after, version=before.version + 1)


def _keep_step(connection: sqlite3.Connection, ramp: int, one: Stepped) -> None:
    connection.execute(
        "UPDATE ramp_step SET attempt = ?, began_at = ?, counts_from = ?, change = ?, progress = ?, ended_at = ?,"
        " passed = ?, found = ? WHERE ramp = ? AND number = ?",
        [
            one.attempt,
            _ticks_of(one.began_at),
            _ticks_of(one.counts_from),
            _json(one.change),
            json.dumps(dict(one.progress)),
            _ticks_of(one.ended_at),
            None if one.passed is None else int(one.passed),
            one.found,
            ramp,
            one.number,
        ],
    )


def _ramp(connection: sqlite3.Connection, row: sqlite3.Row) -> Ramp:
    steps = connection.execute("SELECT * FROM ramp_step WHERE ramp = ? ORDER BY number", [row["id"]])
    return Ramp(
        id=row["id"],
        incident=row["incident"],
        target=row["target"],
        plan=Plan.from_document(json.loads(row["plan"])),
        state=State(row["state"]),
        may_go_down=bool(row["may_go_down"]),
        why=row["why"],
        before=Bound.of(_read(row["before"])),
        expected=Bound.of(_read(row["expected"])),
        way_back=_change(row["way_back"]),
        tries=Tries.of(_read(row["tries"])),
        began_at=moment_of(row["began_at"]),
        ended_at=_moment(row["ended_at"]),
        steps=tuple(_stepped(one) for one in steps.fetchall()),
        version=row["version"],
    )


def _stepped(row: sqlite3.Row) -> Stepped:
    return Stepped(
        number=row["number"],
        step=Step(
            kind=Kind(row["kind"]),
            replicas=row["replicas"],
            lasts=timedelta(microseconds=row["lasts"]),
            within=timedelta(microseconds=row["within"]),
        ),
        attempt=row["attempt"],
        began_at=_moment(row["began_at"]),
        counts_from=_moment(row["counts_from"]),
        change=_change(row["change"]),
        progress=_read(row["progress"]) or {},
        ended_at=_moment(row["ended_at"]),
        passed=None if row["passed"] is None else bool(row["passed"]),
        found=row["found"],
    )


def _change(text: str | None) -> Change | None:
    stored = _read(text)
    return None if stored is None else Change(**stored)


def _json(value: Bound | Change | Tries | None) -> str | None:
    return None if value is None else json.dumps(value.stored())


def _read(text: str | None) -> Any:
    return None if text is None else json.loads(text)


def _ticks(lasts: timedelta) -> int:
    return lasts // timedelta(microseconds=1)


def _ticks_of(at: datetime | None) -> int | None:
    return None if at is None else ticks(at)


def _moment(at: int | None) -> datetime | None:
    return None if at is None else moment_of(at)
