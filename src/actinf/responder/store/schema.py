"""The tables of the store, and how one of an earlier release becomes one of this.

Times are whole microseconds since 1970, UTC; in the timeline, which has to be readable without this program, ISO 8601.
"""

import sqlite3
from datetime import UTC, datetime

from actinf.responder.store import office
from actinf.responder.store.ramp_tables import RAMP, RAMP_TRIES
from actinf.responder.store.sqlite_file import Step

__all__ = ["STEPS", "Step"]

_FIRST = """
CREATE TABLE event (
    seq INTEGER PRIMARY KEY,           -- its number in the chain, without a gap
    incident TEXT NOT NULL,
    number INTEGER NOT NULL,           -- its number on the timeline of its incident, without a gap
    at TEXT NOT NULL,
    recorded_at TEXT NOT NULL,
    kind TEXT NOT NULL,
    body TEXT NOT NULL,                -- JSON; what is personal stands here by its digest
    mac BLOB NOT NULL,
    UNIQUE (incident, number)
) STRICT;
CREATE TRIGGER event_is_never_changed BEFORE UPDATE ON event
BEGIN SELECT RAISE(ABORT, 'a timeline is only added to'); END;
CREATE TRIGGER event_is_never_deleted BEFORE DELETE ON event
BEGIN SELECT RAISE(ABORT, 'a timeline is only added to'); END;

CREATE TABLE personal (                -- what the digests stand for; a row may be erased
    seq INTEGER NOT NULL REFERENCES event (seq),
    field TEXT NOT NULL,
    salt BLOB NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (seq, field)
) STRICT, WITHOUT ROWID;

CREATE TABLE incident (                -- what the timelines make, for lists
    id TEXT PRIMARY KEY,
    incident_type TEXT NOT NULL,
    severity TEXT NOT NULL,
    component TEXT NOT NULL,
    private INTEGER NOT NULL,
    opened_at INTEGER NOT NULL,
    detected_at INTEGER NOT NULL,
    acknowledged_at INTEGER,
    mitigated_at INTEGER,
    resolved_at INTEGER,
    cleared_at INTEGER,
    state TEXT NOT NULL CHECK (state IN ('open', 'resolved', 'over')),
    attended INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX incident_by_state ON incident (state, opened_at);

CREATE TABLE day (                     -- the last number that was given on a day
    day TEXT PRIMARY KEY,
    last INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE timer (
    incident TEXT NOT NULL,
    key TEXT NOT NULL,
    clock TEXT NOT NULL,
    share REAL NOT NULL,
    at INTEGER NOT NULL,
    due INTEGER NOT NULL,
    fired_at INTEGER,
    PRIMARY KEY (incident, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX timer_that_waits ON timer (at) WHERE fired_at IS NULL;

CREATE TABLE escalation (              -- of each incident that nobody attends to: the next step
    incident TEXT PRIMARY KEY,
    level INTEGER NOT NULL,
    attempt INTEGER NOT NULL,
    next_at INTEGER,                   -- NULL: it lies in the queue
    why TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX escalation_by_time ON escalation (next_at);

CREATE TABLE outbox (
    id INTEGER PRIMARY KEY,
    incident TEXT,
    channel TEXT NOT NULL,
    kind TEXT NOT NULL,
    key TEXT NOT NULL,
    message TEXT NOT NULL,             -- JSON
    state TEXT NOT NULL CHECK (state IN ('waits', 'under way', 'sent', 'given up', 'withdrawn')),
    put_at INTEGER NOT NULL,
    next_at INTEGER NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0,
    perhaps_twice INTEGER NOT NULL DEFAULT 0,
    reference TEXT,
    trouble TEXT,
    UNIQUE (channel, key)
) STRICT;
CREATE INDEX outbox_that_waits ON outbox (channel, id) WHERE state IN ('waits', 'under way');
CREATE INDEX outbox_of_incident ON outbox (incident, channel, kind);

CREATE TABLE inbox (                   -- alerts as they were accepted
    id INTEGER PRIMARY KEY,
    received_at INTEGER NOT NULL,
    fingerprint TEXT NOT NULL,
    alert TEXT NOT NULL                -- JSON
) STRICT;

CREATE TABLE alert (                   -- what is known of each, from the first time that it was seen
    fingerprint TEXT PRIMARY KEY,
    partial TEXT NOT NULL,             -- what is wrong, wherever it is
    incident TEXT,
    firing INTEGER NOT NULL,
    began TEXT NOT NULL,               -- JSON: when it began to fire, the latest times
    times INTEGER NOT NULL,            -- how often it was told
    last_at INTEGER NOT NULL,
    look_at INTEGER,                   -- it is looked at again then, before an incident opens
    alert TEXT NOT NULL                -- JSON, the latest
) STRICT, WITHOUT ROWID;
CREATE INDEX alert_of_incident ON alert (incident, firing);
CREATE INDEX alert_that_waits ON alert (look_at) WHERE look_at IS NOT NULL;

CREATE TABLE family (                  -- which alerts an incident takes
    incident TEXT PRIMARY KEY,
    component TEXT NOT NULL,
    root TEXT NOT NULL,
    private INTEGER NOT NULL,
    takes_storm INTEGER NOT NULL,
    newest_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE change (
    id INTEGER PRIMARY KEY,
    at INTEGER NOT NULL,
    change TEXT NOT NULL               -- JSON
) STRICT;
CREATE INDEX change_by_time ON change (at);

CREATE TABLE roster (                  -- who is on call; the newest row counts
    id INTEGER PRIMARY KEY,
    saved_at INTEGER NOT NULL,
    saved_by TEXT NOT NULL,
    document TEXT NOT NULL             -- JSON
) STRICT;

CREATE TABLE signature (               -- of messages that were taken: none is taken twice
    signature TEXT PRIMARY KEY,
    until INTEGER NOT NULL             -- after that its time alone has it refused
) STRICT, WITHOUT ROWID;
CREATE INDEX signature_by_time ON signature (until);

CREATE TABLE account (                 -- who may use the server
    handle TEXT PRIMARY KEY,
    role TEXT NOT NULL CHECK (role IN ('viewer', 'responder', 'commander', 'admin')),
    security INTEGER NOT NULL,         -- whether they see what is private
    password TEXT,                     -- hashed; NULL: they have none
    made_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE api_key (
    prefix TEXT PRIMARY KEY,           -- names the key, and tells nothing of it
    handle TEXT NOT NULL REFERENCES account (handle) ON DELETE CASCADE,
    digest BLOB NOT NULL,
    purpose TEXT NOT NULL,
    made_at INTEGER NOT NULL,
    ends_at INTEGER,
    revoked_at INTEGER
) STRICT, WITHOUT ROWID;

CREATE TABLE session (                 -- of a browser that somebody signed in with
    digest BLOB PRIMARY KEY,
    handle TEXT NOT NULL REFERENCES account (handle) ON DELETE CASCADE,
    ends_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE note (                    -- single facts about the store and the process
    name TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;
"""

_QUIET = """
CREATE TABLE silence (                 -- what somebody did not want to be told for a while; ended, never deleted
    id INTEGER PRIMARY KEY,
    matchers TEXT NOT NULL,            -- JSON: as people write them
    private INTEGER NOT NULL,
    starts_at INTEGER NOT NULL,
    ends_at INTEGER NOT NULL,
    reason TEXT NOT NULL,
    made_by TEXT NOT NULL,
    made_at INTEGER NOT NULL,
    ended_by TEXT,                     -- who ended it before its time
    ended_at INTEGER,
    held INTEGER NOT NULL DEFAULT 0    -- how often it has kept an alert from being told
) STRICT;
CREATE INDEX silence_by_end ON silence (ends_at) WHERE ended_at IS NULL;
CREATE TRIGGER silence_is_never_changed BEFORE UPDATE OF
    id, matchers, private, starts_at, ends_at, reason, made_by, made_at ON silence
BEGIN SELECT RAISE(ABORT, 'a silence is only ended'); END;
CREATE TRIGGER silence_is_never_deleted BEFORE DELETE ON silence
BEGIN SELECT RAISE(ABORT, 'a silence is only ended'); END;

CREATE TABLE maintenance (             -- windows of work during which alerts are expected; ended, never deleted
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    matchers TEXT NOT NULL,            -- JSON: as people write them
    private INTEGER NOT NULL,
    period TEXT NOT NULL,              -- JSON
    over_at INTEGER,                   -- NULL: it comes every week
    made_by TEXT NOT NULL,
    made_at INTEGER NOT NULL,
    ended_by TEXT,
    ended_at INTEGER,
    held INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE TRIGGER maintenance_is_never_changed BEFORE UPDATE OF
    id, name, matchers, private, period, over_at, made_by, made_at ON maintenance
BEGIN SELECT RAISE(ABORT, 'a window of maintenance is only ended'); END;
CREATE TRIGGER maintenance_is_never_deleted BEFORE DELETE ON maintenance
BEGIN SELECT RAISE(ABORT, 'a window of maintenance is only ended'); END;

ALTER TABLE alert ADD COLUMN quieted_by TEXT;      -- what keeps it from being told; NULL: nothing
CREATE INDEX alert_that_is_quieted ON alert (fingerprint) WHERE quieted_by IS NOT NULL;
"""

_REPEAT = """
CREATE TABLE repeat (                  -- what was answered to requests that have a name, for a day
    handle TEXT NOT NULL,              -- who sent it
    key TEXT NOT NULL,
    operation TEXT NOT NULL,
    digest BLOB NOT NULL,
    incident TEXT NOT NULL,            -- which the answer is about
    body BLOB NOT NULL,                -- compressed
    at INTEGER NOT NULL,
    PRIMARY KEY (handle, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX repeat_by_time ON repeat (at);
CREATE INDEX repeat_of_incident ON repeat (incident);
"""

_CATALOGUE = """
CREATE TABLE catalogue (               -- of the parts of the system; the newest row counts
    id INTEGER PRIMARY KEY,
    saved_at INTEGER NOT NULL,
    saved_by TEXT NOT NULL,
    document TEXT NOT NULL             -- JSON
) STRICT;
"""

_FLAPPING = """
ALTER TABLE alert ADD COLUMN unlisted INTEGER;     -- changes since it was said that it comes and goes; NULL: not said
"""


_LESSONS = """
CREATE TABLE lesson (                  -- what a closed incident teaches, by the names of the runbook's pages
    incident TEXT PRIMARY KEY,
    kind TEXT NOT NULL,
    cause TEXT NOT NULL,
    seen TEXT NOT NULL                 -- JSON: step -> outcome
) STRICT, WITHOUT ROWID;
CREATE INDEX lesson_of_kind ON lesson (kind, incident);
"""


def _second(connection: sqlite3.Connection, key: bytes) -> None:
    """From now on changes of accounts, keys and the schedule are logged: begin with those that there are."""
    office.begin(connection, key, datetime.now(UTC))


_SENT_AT = """
ALTER TABLE outbox ADD COLUMN sent_at INTEGER;  -- when it arrived; NULL: it has not, or that was not kept
"""

_FINDINGS = """
CREATE TABLE finding (                 -- what the last scan of each set found
    fingerprint TEXT PRIMARY KEY,      -- of its alert
    scan TEXT NOT NULL,
    said TEXT NOT NULL,                -- JSON
    since INTEGER NOT NULL,
    told INTEGER NOT NULL              -- whether it is an alert, or listed only
) STRICT, WITHOUT ROWID;
CREATE INDEX finding_of_scan ON finding (scan);

CREATE TABLE scan (
    key TEXT PRIMARY KEY,
    tool TEXT NOT NULL,
    target TEXT NOT NULL,
    category TEXT NOT NULL,
    component TEXT NOT NULL,
    last_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
"""

_CONTACTS = """
CREATE TABLE sealed (                  -- contacts and vendors; nothing but their names can be read without the key
    kind TEXT NOT NULL CHECK (kind IN ('contact', 'vendor')),
    name TEXT NOT NULL,
    key TEXT NOT NULL,                 -- the name of the key that opens it
    content BLOB NOT NULL,
    saved_at INTEGER NOT NULL,
    saved_by TEXT NOT NULL,
    PRIMARY KEY (kind, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE contact_trial (           -- whether a contact was reached, each time that it was tried
    id INTEGER PRIMARY KEY,
    handle TEXT NOT NULL,
    began_at INTEGER NOT NULL,
    began_by TEXT NOT NULL,
    code BLOB,                         -- the SHA-256 of what was sent; NULL: nothing was, somebody said how it is
    reached INTEGER,                   -- NULL: nobody has answered yet
    ended_at INTEGER,
    ended_by TEXT                      -- empty: whoever had the code
) STRICT;
CREATE INDEX contact_trial_of ON contact_trial (handle, id);
CREATE UNIQUE INDEX contact_trial_by_code ON contact_trial (code);
"""

_PUBLIC = """
CREATE INDEX event_that_is_public ON event (incident, recorded_at) WHERE kind = 'published';
CREATE INDEX event_that_erased ON event (seq) WHERE kind = 'erased';
"""

_WORKS = """
CREATE TABLE planned_work (            -- of which the public is told; changed before its time, never deleted
    id INTEGER PRIMARY KEY,
    title TEXT NOT NULL,
    text TEXT NOT NULL,
    components TEXT NOT NULL,          -- JSON
    impact TEXT NOT NULL,
    starts_at INTEGER NOT NULL,
    ends_at INTEGER NOT NULL,
    made_by TEXT NOT NULL,
    made_at INTEGER NOT NULL,
    window TEXT NOT NULL,              -- of maintenance that belongs to it; empty: none
    begun_at INTEGER,
    over_at INTEGER,
    cancelled INTEGER NOT NULL DEFAULT 0,
    why TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE INDEX planned_work_by_end ON planned_work (ends_at);
"""

_GONE = """
ALTER TABLE finding ADD COLUMN gone_at INTEGER;    -- since when it is not found any more; NULL: it is
ALTER TABLE finding ADD COLUMN accepted INTEGER NOT NULL DEFAULT 0;    -- suppressed in the scanner: no alert
ALTER TABLE scan ADD COLUMN complete INTEGER NOT NULL DEFAULT 1;       -- whether the last one came to its end
"""

#: What brings a store from version n to n + 1, in order; `PRAGMA user_version` says at which it is.
STEPS: tuple[Step, ...] = (
    _FIRST, _second, _QUIET, _SENT_AT, _CATALOGUE, _FLAPPING, _REPEAT, _FINDINGS, RAMP, _CONTACTS, _PUBLIC,
    _LESSONS, _WORKS, RAMP_TRIES, _GONE,
)  # fmt: skip
