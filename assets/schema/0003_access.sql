-- Who looked at whom, and what left this file: kept by this installation, each line chained to the one before. What was
-- changed stands in the journal. client is empty for what is about the whole caseload.
CREATE TABLE access (
  n INTEGER PRIMARY KEY,
  at INTEGER NOT NULL,
  who TEXT NOT NULL,
  client BLOB,
  what INTEGER NOT NULL,
  detail TEXT NOT NULL,
  hash BLOB NOT NULL
);
CREATE INDEX ix_access ON access (client, n);

-- The agency that a site works for, by the name that a release has; empty for one of our own.
ALTER TABLE site ADD COLUMN agency TEXT NOT NULL DEFAULT '';
