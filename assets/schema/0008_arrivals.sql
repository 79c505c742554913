-- When what was written elsewhere arrived here: from which place in the order of arrival on, in milliseconds since 1970.
CREATE TABLE arrival (
  n INTEGER PRIMARY KEY,
  at INTEGER NOT NULL
);
