-- A bundle in a place is known by its whole name and its length: a name alone claims nothing. What an earlier version noted
-- has first and length 0 until it is seen there again.
CREATE TABLE place_bundle_new (
  id INTEGER PRIMARY KEY,
  place TEXT NOT NULL,
  holder BLOB NOT NULL,
  first INTEGER NOT NULL,
  last INTEGER NOT NULL,
  length INTEGER NOT NULL,
  -- 0 not sealed for us, 1 read or written here, 2 not whole or damaged
  state INTEGER NOT NULL,
  -- Who signed it and for whom it is; empty where it could not be opened.
  sender BLOB NOT NULL,
  receivers BLOB NOT NULL,
  -- When it was first met with, in milliseconds since 1970.
  met INTEGER NOT NULL,
  UNIQUE (place, holder, last, first)
);
INSERT INTO place_bundle_new (place, holder, first, last, length, state, sender, receivers, met)
  SELECT place, holder, 0, last, 0, 1, holder, receivers, 0 FROM place_bundle;

-- Entries of a chain that such a bundle holds, from first up to (not with) next.
CREATE TABLE place_range_new (
  stream BLOB NOT NULL,
  site BLOB NOT NULL,
  bundle INTEGER NOT NULL,
  first INTEGER NOT NULL,
  next INTEGER NOT NULL,
  PRIMARY KEY (stream, site, bundle, first)
) WITHOUT ROWID;
INSERT INTO place_range_new (stream, site, bundle, first, next)
  SELECT r.stream, r.site, b.id, r.first, r.next FROM place_range r
  JOIN place_bundle_new b ON b.place = r.place AND b.holder = r.holder AND b.last = r.last;

DROP TABLE place_bundle;
DROP TABLE place_range;
ALTER TABLE place_bundle_new RENAME TO place_bundle;
ALTER TABLE place_range_new RENAME TO place_range;
CREATE INDEX ix_place_range ON place_range (bundle);

-- How far the order of arrival was looked through for each who reads there: it takes the place of place.looked.
CREATE TABLE place_reader (
  place TEXT NOT NULL,
  site BLOB NOT NULL,
  looked INTEGER NOT NULL,
  PRIMARY KEY (place, site)
) WITHOUT ROWID;

-- Of whom was told that they are there and not accepted.
CREATE TABLE place_told (
  place TEXT NOT NULL,
  site BLOB NOT NULL,
  PRIMARY KEY (place, site)
) WITHOUT ROWID;

-- How far each chain of our own ever went into a bundle. What lies beyond was never given to anyone.
CREATE TABLE published (
  stream BLOB NOT NULL,
  site BLOB NOT NULL,
  next INTEGER NOT NULL,
  PRIMARY KEY (stream, site)
) WITHOUT ROWID;
-- Of what was there before nobody noted how far it went.
INSERT INTO published (stream, site, next)
  SELECT stream, site, max(first + count) FROM batch WHERE site IN (SELECT id FROM site JOIN line ON root = line WHERE own = 1) GROUP BY stream, site;
