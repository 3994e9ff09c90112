"""All that is known of an incident, to be taken elsewhere: for machines with its chain of MACs, and for people.

The chain runs over all incidents, so each event comes with the MAC of the one before it, wherever that belongs: whoever
has the key can compute every MAC anew.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from actinf.responder.channels.neutral import markdown
from actinf.responder.desk import Desk
from actinf.responder.documents import interleaved
from actinf.responder.incident.event import Recorded
from actinf.responder.record.narrative import sentence
from actinf.responder.record.offline import FORMAT, signature_of
from actinf.responder.store import timeline
from actinf.responder.store.timeline import Row
from actinf.runtime.chain import GENESIS, key_id

__all__ = ["exported", "markdown_of", "timeline_of"]


def exported(desk: Desk, incident: str) -> dict[str, Any]:
    """All of an incident, in what JSON can say.

    `events` holds, for each event, its content as the chain sees it, its MAC and the one before in hexadecimal digits,
    and of each personal field that was not erased its salt and its value, whose SHA-256 stands in the content.
    `taken_up` holds the same for each incident that was merged into it.  `signature` is over all of it;
    `actinf.responder.record.offline` verifies both.

    Raises:
        NoSuchIncident: there is none of that id.
    """
    document = desk.document(incident)
    export = {
        "format": FORMAT,
        "exported_at": desk.clock().isoformat(timespec="seconds"),
        "key": key_id(desk.store.key).hex(),
        "incident": document,
        "evidence": [
            {"incident": name, **{key: one[key] for key in ("name", "sha256", "size", "source", "custody", "at", "by")}}
            for name, happened in [(incident, document["timeline"]), *_others(document)]
            for one in happened
            if one["kind"] == "evidence"
        ],
        "events": _events(desk, incident),
        "taken_up": [{"id": name, "events": _events(desk, name)} for name, _ in _others(document)],
    }
    return {**export, "signature": signature_of(json.loads(json.dumps(export)), desk.store.key)}


def _others(document: Mapping[str, Any]) -> list[tuple[str, list[Mapping[str, Any]]]]:
    """The incidents that were merged into one: their ids and timelines."""
    return [(one["id"], one["timeline"]) for one in document["taken_up"]]


def _events(desk: Desk, incident: str) -> list[dict[str, Any]]:
    """The events of an incident with their MACs and the MACs before."""
    with desk.store.reading() as connection:
        before = {
            row["seq"] + 1: row["mac"]
            for row in connection.execute(
                "SELECT seq, mac FROM event WHERE seq + 1 IN (SELECT seq FROM event WHERE incident = ?)", [incident]
            )
        }
        return [
            {
                "seq": row.seq,
                "content": row.content,
                "before": before.get(row.seq, GENESIS).hex(),
                "mac": row.mac.hex(),
                "personal": {
                    name: {"salt": row.salts[name].hex(), "value": row.values[name]} for name in sorted(row.salts)
                },
            }
            for row in timeline.rows(connection, incident)
        ]


def timeline_of(export: Mapping[str, Any]) -> list[Recorded]:
    """The timeline that an export holds, or one of the incidents in its `taken_up`."""
    return [
        Row(
            seq=event["seq"],
            content=event["content"],
            mac=bytes.fromhex(event["mac"]),
            salts={},
            values={name: one["value"] for name, one in event["personal"].items()},
        ).recorded()
        for event in export["events"]
    ]


def markdown_of(export: Mapping[str, Any]) -> str:
    """The same for people, in Markdown: what is known, and the timeline in UTC."""
    incident = export["incident"]
    lines = [
        f"# Incident {incident['id']}",
        "",
        f"**{incident['severity']}**, {_said(incident['status'])}: {_said(incident['component'])}: "
        f"{_said(incident['impact'])}",
        "",
        *(f"- {name}: {value}" for name, value in _facts(incident) if value),
        "",
        "## Timeline (UTC)",
        "",
        *_timeline(interleaved(incident)),
    ]
    if export["evidence"]:
        lines += ["", "## Evidence", ""]
        lines += [
            f"- {_said(one['name'])}, {one['size']} bytes, SHA-256 `{one['sha256']}`, taken {_moment(one['at'])} by "
            f"{_said(one['by'])}"
            for one in export["evidence"]
        ]
    return "\n".join(lines) + "\n"


def _facts(incident: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    yield "detected", _moment(incident["detected_at"])
    yield "acknowledged", _moment(incident["acknowledged_at"])
    yield "resolved", _moment(incident["resolved_at"])
    yield "lead", _said(incident["lead"] or "")
    for reason in incident["reasons"]:
        yield "why", _said(reason)
    for change in incident["changes"]:
        yield "changed before", _said(change)
    yield "findings", _said(incident["findings"])
    yield "resolution", _said(incident["resolution"])


def _timeline(events: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    day = None
    for event in events:
        at = datetime.fromisoformat(event["at"]).astimezone(UTC)
        if at.date() != day:
            yield from ([] if day is None else [""])
            yield f"### {at:%Y-%m-%d}"
            yield ""
            day = at.date()
        source = f"{event['of']}, " if event["of"] else ""
        yield f"- {at:%H:%M:%S} {source}{_said(event['by'])}: {_said(sentence(event))}"


def _said(text: str) -> str:
    return " ".join(markdown(text, 3000).split())


def _moment(at: str | None) -> str:
    return f"{datetime.fromisoformat(at).astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC" if at else ""
