-- What is known of other installations, and what was exchanged with them.

-- trust: 0 known as an author only, 1 accepted, 2 revoked, 3 one of our own.
ALTER TABLE site ADD COLUMN trust INTEGER NOT NULL DEFAULT 0;
-- The age recipient that bundles for this site are encrypted to; empty where only its entries are known.
ALTER TABLE site ADD COLUMN recipient TEXT NOT NULL DEFAULT '';
-- A site that took over from another is vouched for by it: whoever accepted the one accepts the other.
ALTER TABLE site ADD COLUMN voucher_of BLOB;
ALTER TABLE site ADD COLUMN voucher BLOB;

-- Our own keys, one pair for each machine and place on which this file was opened: a copy never signs as its original.
CREATE TABLE own_site (
  machine BLOB PRIMARY KEY,
  signing BLOB NOT NULL,
  sealing TEXT NOT NULL
) WITHOUT ROWID;

-- What another site has said it has: the only thing that is believed about what it lacks.
CREATE TABLE peer_has (
  peer BLOB NOT NULL,
  stream BLOB NOT NULL,
  site BLOB NOT NULL,
  next INTEGER NOT NULL,
  PRIMARY KEY (peer, stream, site)
) WITHOUT ROWID;

-- Places through which bundles travel, and how far the order of arrival was looked through for each.
CREATE TABLE place (
  url TEXT PRIMARY KEY,
  looked INTEGER NOT NULL DEFAULT 0,
  numbered INTEGER NOT NULL DEFAULT 0,
  synced INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;

-- The bundles of a place that were read, or written by us: of which site, up to which number, and for whom.
CREATE TABLE place_bundle (
  place TEXT NOT NULL,
  holder BLOB NOT NULL,
  last INTEGER NOT NULL,
  receivers BLOB NOT NULL,
  PRIMARY KEY (place, holder, last)
) WITHOUT ROWID;

-- What each of them holds: entries of a chain from first up to (not with) next.
CREATE TABLE place_range (
  place TEXT NOT NULL,
  stream BLOB NOT NULL,
  site BLOB NOT NULL,
  holder BLOB NOT NULL,
  last INTEGER NOT NULL,
  first INTEGER NOT NULL,
  next INTEGER NOT NULL,
  PRIMARY KEY (place, stream, site, holder, last, first)
) WITHOUT ROWID;
