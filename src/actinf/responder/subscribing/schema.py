"""The tables of the subscribers: each step brings a file from one version to the next.

Moments are whole microseconds since 1970.
"""

from actinf.responder.store.sqlite_file import Step

__all__ = ["STEPS"]

_FIRST = """
CREATE TABLE subscriber (
    id TEXT PRIMARY KEY,                 -- of the address, keyed: the same for ever
    address TEXT NOT NULL,
    components TEXT NOT NULL,            -- JSON: keys; []: all
    since INTEGER NOT NULL,
    agreed TEXT NOT NULL,                -- how they did
    confirmed_as TEXT,                   -- what they said yes to, so that saying it twice is no mistake
    refused INTEGER NOT NULL DEFAULT 0,  -- mails in a row
    paused INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX subscriber_confirmed ON subscriber (confirmed_as);

-- Who asked, and has not said yes.
CREATE TABLE pending (
    id TEXT PRIMARY KEY,
    address TEXT NOT NULL,
    components TEXT NOT NULL,
    asked_at INTEGER NOT NULL
) STRICT;

-- How often was asked, without addresses.
CREATE TABLE asked (
    at INTEGER NOT NULL,
    mailbox BLOB NOT NULL,               -- keyed digest
    network TEXT NOT NULL
) STRICT;
CREATE INDEX asked_at ON asked (at);
CREATE INDEX asked_mailbox ON asked (mailbox, at);
CREATE INDEX asked_network ON asked (network, at);

-- Who left.
CREATE TABLE gone (
    mailbox BLOB PRIMARY KEY,            -- keyed digest
    at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Updates whose mails were put in: none is put in twice.
CREATE TABLE told (
    key TEXT PRIMARY KEY,
    at INTEGER NOT NULL,
    content TEXT NOT NULL                -- JSON: what the mails say
) STRICT;

-- Mails that have not gone out.
CREATE TABLE mail (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    subscriber TEXT REFERENCES subscriber (id) ON DELETE CASCADE,
    pending TEXT REFERENCES pending (id) ON DELETE CASCADE,
    told TEXT REFERENCES told (key) ON DELETE CASCADE,
    priority INTEGER NOT NULL,           -- 0: somebody waits for it
    tries INTEGER NOT NULL DEFAULT 0,
    due INTEGER NOT NULL,
    ends INTEGER NOT NULL,
    UNIQUE (subscriber, told)
) STRICT;
CREATE INDEX mail_next ON mail (priority, number);
CREATE INDEX mail_pending ON mail (pending);
CREATE INDEX mail_told ON mail (told);
"""

STEPS: tuple[Step, ...] = (_FIRST,)
