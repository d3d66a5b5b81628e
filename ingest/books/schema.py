"""The tables of the books. A change adds a version; an older file is brought forward, a newer one refused."""

from __future__ import annotations

from collections.abc import Mapping

VERSION = 4

_NAMES = """
CREATE TABLE metric_name (
    id TEXT NOT NULL, name TEXT NOT NULL, kind TEXT NOT NULL, day INTEGER NOT NULL, PRIMARY KEY (id, name)
) WITHOUT ROWID;
CREATE INDEX metric_name_of_kind ON metric_name (kind, name);
"""

_MEMORY = (
    "CREATE TABLE memory (number INTEGER PRIMARY KEY AUTOINCREMENT, key TEXT NOT NULL UNIQUE, said BLOB NOT NULL);"
)
"""What codecs remember of foreign devices."""
_REPLAY = """
CREATE TABLE replay (letter INTEGER PRIMARY KEY, asked_ms INTEGER NOT NULL);
"""
"""Dead letters that somebody asked to have judged again, until admission has answered."""
_COUNT_LETTERS = "INSERT OR REPLACE INTO meta SELECT 'dead_kept', count(*) FROM dead_letter;"

SCHEMA = f"""
CREATE TABLE meta (key TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE cursor (name TEXT PRIMARY KEY, position INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE judgement (
    position INTEGER PRIMARY KEY, received_ms INTEGER NOT NULL, count INTEGER NOT NULL,
    codes BLOB, times BLOB, reached BLOB, said BLOB, notes BLOB
);
CREATE TABLE ledger (
    row INTEGER PRIMARY KEY, id TEXT NOT NULL, boot TEXT NOT NULL, next INTEGER NOT NULL, stored INTEGER NOT NULL,
    dead INTEGER NOT NULL, duplicates INTEGER NOT NULL, floor INTEGER NOT NULL, settled INTEGER NOT NULL,
    anchor_ts INTEGER, anchor_up INTEGER NOT NULL, ranges BLOB NOT NULL, touched INTEGER NOT NULL,
    UNIQUE (id, boot)
);
CREATE TABLE cold_range (
    row INTEGER NOT NULL, start INTEGER NOT NULL, stop INTEGER NOT NULL, is_dead INTEGER NOT NULL,
    PRIMARY KEY (row, start)
) WITHOUT ROWID;
CREATE TABLE window (
    id TEXT NOT NULL, slot INTEGER NOT NULL, stream TEXT NOT NULL, ts INTEGER NOT NULL, checksum INTEGER NOT NULL,
    PRIMARY KEY (id, slot)
) WITHOUT ROWID;
CREATE TABLE appliance (
    id TEXT PRIMARY KEY, kind TEXT NOT NULL, first_seen_ms INTEGER NOT NULL, retired_ms INTEGER,
    is_buffered INTEGER NOT NULL DEFAULT 0, password_hash TEXT
) WITHOUT ROWID;
CREATE TABLE dead_letter (
    number INTEGER PRIMARY KEY AUTOINCREMENT, position INTEGER NOT NULL, message INTEGER NOT NULL,
    received_ms INTEGER NOT NULL, topic TEXT NOT NULL, reason TEXT NOT NULL, detail TEXT NOT NULL, payload BLOB NOT NULL,
    speaker TEXT NOT NULL DEFAULT '', is_counted INTEGER NOT NULL DEFAULT 0, replayed_ms INTEGER
);
CREATE INDEX dead_letter_of ON dead_letter (speaker, number);
{_NAMES}
{_MEMORY}
{_REPLAY}
"""

MIGRATIONS: Mapping[int, str] = {
    1: f"""
ALTER TABLE judgement ADD COLUMN said BLOB;
ALTER TABLE judgement ADD COLUMN notes BLOB;
ALTER TABLE dead_letter ADD COLUMN speaker TEXT NOT NULL DEFAULT '';
CREATE INDEX dead_letter_of ON dead_letter (speaker, number);
{_COUNT_LETTERS}
{_NAMES}
""",
    2: _MEMORY,
    3: f"""
ALTER TABLE dead_letter ADD COLUMN is_counted INTEGER NOT NULL DEFAULT 0;
ALTER TABLE dead_letter ADD COLUMN replayed_ms INTEGER;
{_REPLAY}
""",
}
"""What brings a file of this version to the next one."""
