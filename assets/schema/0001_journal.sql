-- The journal and what belongs to this file alone. The tables of rows are made from the catalogue of record types.
CREATE TABLE meta (
  key TEXT PRIMARY KEY,
  value BLOB NOT NULL
) WITHOUT ROWID;

-- Settings and form drafts of this installation: never synced.
CREATE TABLE local (
  key TEXT PRIMARY KEY,
  value BLOB NOT NULL
) WITHOUT ROWID;

-- The installations whose entries are here. id = head of the hash of public_key.
CREATE TABLE site (
  id BLOB PRIMARY KEY,
  public_key BLOB NOT NULL,
  name TEXT NOT NULL
) WITHOUT ROWID;

-- One action's entries in one stream by one site, in the order in which they arrived here.
CREATE TABLE batch (
  n INTEGER PRIMARY KEY,
  stream BLOB NOT NULL,
  site BLOB NOT NULL,
  first INTEGER NOT NULL,
  count INTEGER NOT NULL,
  hlc INTEGER NOT NULL,
  action BLOB NOT NULL,
  undoes BLOB,
  author TEXT NOT NULL,
  label TEXT NOT NULL,
  origin TEXT NOT NULL,
  hash BLOB NOT NULL,
  signature BLOB NOT NULL,
  body BLOB NOT NULL,
  UNIQUE (stream, site, first)
);

-- Which batches speak of a row: its history.
CREATE TABLE touched (
  row BLOB NOT NULL,
  batch INTEGER NOT NULL REFERENCES batch (n),
  PRIMARY KEY (row, batch)
) WITHOUT ROWID;
