"""The tables of ramps: `actinf.responder.store.ramps` reads and writes them."""

__all__ = ["RAMP", "RAMP_TRIES"]

RAMP = """
CREATE TABLE ramp (                    -- the gated way back of a service
    id INTEGER PRIMARY KEY,
    incident TEXT NOT NULL,
    target TEXT NOT NULL,
    plan TEXT NOT NULL,                -- JSON
    state TEXT NOT NULL,
    may_go_down INTEGER NOT NULL,
    why TEXT NOT NULL DEFAULT '',
    before TEXT,                       -- JSON: what was there before it set anything
    expected TEXT,                     -- JSON: what it set last
    way_back TEXT,                     -- JSON: what it intends to set on the way back
    began_at INTEGER NOT NULL,
    ended_at INTEGER,
    version INTEGER NOT NULL DEFAULT 1
) STRICT;
CREATE INDEX ramp_of_incident ON ramp (incident, id);
CREATE UNIQUE INDEX one_ramp_of_a_target ON ramp (target) WHERE ended_at IS NULL;

CREATE TABLE ramp_step (
    ramp INTEGER NOT NULL REFERENCES ramp (id),
    number INTEGER NOT NULL,
    kind TEXT NOT NULL,
    replicas INTEGER NOT NULL,
    lasts INTEGER NOT NULL,            -- microseconds
    within INTEGER NOT NULL,
    attempt INTEGER NOT NULL DEFAULT 1,
    began_at INTEGER,
    counts_from INTEGER,
    change TEXT,                       -- JSON: what it intends to set, written down before that is done
    progress TEXT,                     -- JSON
    ended_at INTEGER,
    passed INTEGER,
    found TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (ramp, number)
) STRICT, WITHOUT ROWID;
CREATE TRIGGER ramp_step_ends_once BEFORE UPDATE ON ramp_step WHEN OLD.ended_at IS NOT NULL
BEGIN SELECT RAISE(ABORT, 'a step of a ramp ends once'); END;
"""

RAMP_TRIES = """
ALTER TABLE ramp ADD COLUMN tries TEXT;  -- JSON: what the cluster does not do, however often it is asked; NULL: it does
"""
