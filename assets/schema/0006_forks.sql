-- What a site wrote a second time where it had written something else already: the other branch of its chain, each proven
-- by the signature under its end. It waits here, beside the branch that the tables are made from, until its owner has
-- entered one of the two again under another site. branch = the hash of the first batch that is another.
CREATE TABLE aside (
  n INTEGER PRIMARY KEY,
  stream BLOB NOT NULL,
  site BLOB NOT NULL,
  branch BLOB NOT NULL,
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
  UNIQUE (stream, site, branch, first)
);
