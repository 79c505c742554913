//! The tables: the journal's by numbered migrations, the projection's made from the catalogue.
//!
//! A projection is never migrated. When the catalogue (or what facts are made of) is another than the one the tables
//! were made from, they are dropped and made again from the journal.

use std::fmt::Write as _;
use std::sync::LazyLock;

use rusqlite::Connection;
use rusqlite_migration::{M, Migrations};

use crate::model::records::{appointment, client, note, signature};
use crate::model::{CATALOGUE, FieldId, Kind, RecordType};

use super::{Result, StoreError};

/// Stands in the file's header ("csld"), so that another program's encrypted database is told from ours.
pub const APPLICATION_ID: i32 = 0x6373_6c64;

/// Raise when what facts or the search index hold changes shape: the projection is then made again.
const PROJECTION_VERSION: u32 = 13;

static MIGRATIONS: LazyLock<Migrations<'static>> = LazyLock::new(|| {
    Migrations::new(vec![
        M::up(include_str!("../../assets/schema/0001_journal.sql")),
        M::up(include_str!("../../assets/schema/0002_sites.sql")),
        M::up(include_str!("../../assets/schema/0003_access.sql")),
        M::up_with_hook(include_str!("../../assets/schema/0004_lines.sql"), |db: &rusqlite::Transaction<'_>| {
            super::lines::migrate(db).map_err(|error| rusqlite_migration::HookError::Hook(error.to_string()))
        }),
        M::up(include_str!("../../assets/schema/0005_places.sql")),
        M::up(include_str!("../../assets/schema/0006_forks.sql")),
        M::up(include_str!("../../assets/schema/0007_backups.sql")),
        M::up(include_str!("../../assets/schema/0008_arrivals.sql")),
        M::up_with_hook(
            include_str!("../../assets/schema/0009_access_signed.sql"),
            |db: &rusqlite::Transaction<'_>| {
                super::access::migrate(db).map_err(|error| rusqlite_migration::HookError::Hook(error.to_string()))
            },
        ),
        M::up(include_str!("../../assets/schema/0010_generations.sql")),
    ])
});

/// Brings the journal's tables up to this version.
pub fn migrate(db: &mut Connection) -> Result<()> {
    MIGRATIONS.to_latest(db).map_err(|error| match error {
        rusqlite_migration::Error::MigrationDefinition(
            rusqlite_migration::MigrationDefinitionError::DatabaseTooFarAhead,
        ) => StoreError::Newer,
        rusqlite_migration::Error::RusqliteError { err, .. } => err.into(),
        other => StoreError::Damaged(other.to_string()),
    })
}

/// Whether the journal's tables are this version's.
pub fn is_current(db: &Connection) -> Result<bool> {
    match MIGRATIONS.pending_migrations(db) {
        Ok(pending) if pending < 0 => Err(StoreError::Newer),
        Ok(pending) => Ok(pending == 0),
        Err(error) => Err(StoreError::Damaged(error.to_string())),
    }
}

/// What the projection is made from: changes when a field is added.
pub fn fingerprint() -> [u8; 32] {
    let mut text = format!("projection {PROJECTION_VERSION}\n");
    for record in CATALOGUE {
        for field in record.fields {
            let _ = writeln!(
                text,
                "{} {} {} {:?} {} {:?}",
                record.name, field.name, field.searched, field.kind, field.watched, field.settles
            );
        }
    }
    *blake3::hash(text.as_bytes()).as_bytes()
}

/// Makes the projection's tables, empty; drops them first if they are there.
pub fn create_projection(db: &Connection) -> Result<()> {
    let old: Vec<String> = db
        .prepare("SELECT name FROM sqlite_schema WHERE type = 'table' AND name LIKE 'row\\_%' ESCAPE '\\'")?
        .query_map([], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    for table in old {
        db.execute_batch(&format!("DROP TABLE \"{table}\""))?;
    }
    db.execute_batch(
        "DROP TABLE IF EXISTS facts; DROP TABLE IF EXISTS conflict; DROP TABLE IF EXISTS doc; DROP TABLE IF EXISTS doc_text;
         DROP TABLE IF EXISTS doc_people; DROP TABLE IF EXISTS joined; DROP TABLE IF EXISTS unsigned;
         DROP TABLE IF EXISTS held; DROP TABLE IF EXISTS written_over; DROP TABLE IF EXISTS missing;
         CREATE TABLE written_over (row BLOB PRIMARY KEY, stream BLOB NOT NULL, \"of\" TEXT NOT NULL) WITHOUT ROWID;
         CREATE INDEX ix_written_over ON written_over (\"of\");
         CREATE TABLE unsigned (stream BLOB NOT NULL, row BLOB NOT NULL, day TEXT NOT NULL, cosigner TEXT NOT NULL,
           PRIMARY KEY (stream, row)) WITHOUT ROWID;
         CREATE TABLE joined (client BLOB PRIMARY KEY, root BLOB NOT NULL) WITHOUT ROWID;
         CREATE INDEX ix_joined ON joined (root);
         CREATE TABLE held (stream BLOB NOT NULL, record INTEGER NOT NULL, PRIMARY KEY (stream, record)) WITHOUT ROWID;
         CREATE TABLE missing (stream BLOB NOT NULL, site BLOB NOT NULL, first INTEGER NOT NULL, n INTEGER NOT NULL,
           PRIMARY KEY (stream, site, first)) WITHOUT ROWID;
         CREATE TABLE facts (client BLOB PRIMARY KEY, body BLOB NOT NULL) WITHOUT ROWID;
         CREATE TABLE conflict (stream BLOB NOT NULL, row BLOB NOT NULL, record INTEGER NOT NULL, field INTEGER NOT NULL,
           PRIMARY KEY (stream, row, record, field)) WITHOUT ROWID;
         CREATE TABLE doc (n INTEGER PRIMARY KEY, row BLOB NOT NULL, record INTEGER NOT NULL, UNIQUE (row, record));
         CREATE VIRTUAL TABLE doc_text USING fts5 (text, content = '', contentless_delete = 1,
           tokenize = 'unicode61 remove_diacritics 2');
         CREATE VIRTUAL TABLE doc_people USING fts5 (text, content = '', contentless_delete = 1,
           tokenize = 'unicode61 remove_diacritics 2');",
    )?;
    for record in CATALOGUE {
        // With a rowid: new rows go to the table's end, wherever their ids fall, so that taking in a bundle costs what it
        // brings and not what is here. Files made before have the other kind of table until they are made anew.
        let mut sql = format!(
            "CREATE TABLE \"{}\" (id BLOB PRIMARY KEY, stream BLOB NOT NULL, state INTEGER NOT NULL, heads BLOB NOT NULL",
            record.table()
        );
        for field in record.fields {
            let _ = write!(sql, ", \"{}\" {}", field.name, column_type(field.kind));
        }
        let order = record.ordered_by().map_or(String::new(), |field| format!(", \"{}\"", field.name));
        let _ = write!(sql, "); CREATE INDEX \"ix_{0}\" ON \"{0}\" (stream{order})", record.table());
        db.execute_batch(&sql)?;
    }
    let people = client::TYPE.table();
    db.execute_batch(&format!("CREATE INDEX ix_same_as ON \"{people}\" (same_as) WHERE same_as IS NOT NULL"))?;
    db.execute_batch(&format!("CREATE INDEX ix_signed ON \"{}\" (\"of\")", signature::TYPE.table()))?;
    db.execute_batch(&format!(
        "CREATE INDEX ix_billed ON \"{}\" (stream, service) WHERE service IS NOT NULL",
        note::TYPE.table()
    ))?;
    for record in [&note::TYPE, &appointment::TYPE] {
        let table = record.table();
        let sql = format!("CREATE INDEX \"ix_follow_{table}\" ON \"{table}\" (stream) WHERE follow_up IS NOT NULL");
        db.execute_batch(&sql)?;
    }
    db.execute("INSERT OR REPLACE INTO meta (key, value) VALUES ('projection', ?1)", [fingerprint().as_slice()])?;
    Ok(())
}

fn column_type(kind: Kind) -> &'static str {
    match kind {
        Kind::Whole { .. } | Kind::Yes => "INTEGER",
        Kind::Link(_) => "BLOB",
        _ => "TEXT",
    }
}

impl RecordType {
    /// The table that holds the rows of this type.
    pub(super) fn table(&self) -> String {
        format!("row_{}", self.name)
    }

    pub(super) fn sql(&self) -> &'static Sql {
        SQL.iter()
            .find(|(number, _)| *number == self.number)
            .map(|(_, sql)| sql)
            .expect("every record type has its SQL")
    }
}

/// The statements of one record type, written once.
pub struct Sql {
    /// Columns `id, stream, state, heads`, then the fields.
    pub by_id: String,
    pub by_stream: String,
    pub every: String,
    pub newest: String,
    pub save: String,
}

static SQL: LazyLock<Vec<(u16, Sql)>> =
    LazyLock::new(|| CATALOGUE.iter().map(|record| (record.number, Sql::of(record))).collect());

impl Sql {
    fn of(record: &RecordType) -> Sql {
        let names: Vec<String> = record.fields.iter().map(|field| format!("\"{}\"", field.name)).collect();
        let columns = format!("id, stream, state, heads, {}", names.join(", "));
        let marks: Vec<String> = (1..=names.len() + 4).map(|at| format!("?{at}")).collect();
        let updates: Vec<String> = ["state".to_string(), "heads".to_string()]
            .iter()
            .chain(&names)
            .map(|name| format!("{name} = excluded.{name}"))
            .collect();
        let table = record.table();
        // Times read backwards, newest first; the rest forwards, what has no date last.
        let order = match record.ordered_by() {
            Some(field) if matches!(field.kind, Kind::Time) => format!("\"{}\" DESC, id DESC", field.name),
            Some(field) => format!("\"{0}\" IS NULL, \"{0}\", id", field.name),
            None => "id".into(),
        };
        Sql {
            by_id: format!("SELECT {columns} FROM {table} WHERE id = ?1"),
            by_stream: format!("SELECT {columns} FROM {table} WHERE stream = ?1 AND state & 1 = 0 ORDER BY {order}"),
            every: format!("SELECT {columns} FROM {table} WHERE state & 1 = 0"),
            newest: format!(
                "SELECT {columns} FROM {table} WHERE stream = ?1 AND state & 1 = 0 ORDER BY {order} LIMIT ?2"
            ),
            save: format!(
                "INSERT INTO {table} ({columns}) VALUES ({}) ON CONFLICT (id) DO UPDATE SET {} WHERE stream = excluded.stream",
                marks.join(", "),
                updates.join(", ")
            ),
        }
    }
}

/// The field that stands for a column of a record type's table.
pub fn columns(record: &'static RecordType) -> impl Iterator<Item = (usize, FieldId, Kind)> {
    record.fields.iter().enumerate().map(|(at, field)| (at + 4, field.id, field.kind))
}

#[cfg(test)]
mod tests {
    #[test]
    fn migrations_apply_to_an_empty_file_and_are_well_formed() {
        assert!(super::MIGRATIONS.validate().is_ok());
    }
}
