//! What a backup is made of, byte by byte, and how it is read: nothing of it is believed before it is verified.
//!
//! ```text
//! age file            to the recovery key, and to the key of the file that was backed up
//!   zstd stream
//!     "caseload backup 2\n"
//!     records         each: length, u32 little-endian, then so many bytes of postcard, one `Record`
//! ```
//!
//! The records, in this order: `Head` (whose it is, and the backup that it goes on from), the tables of this installation
//! that are not made from the journal (each whole, and only where it is not as the backup before has it), every batch in the
//! order of arrival since the one before, the list of who looked at whom since, where that list ends, and `End`. A backup
//! cut short has no `End` and is refused. What can be made from the journal is not in it.
//!
//! Format 1 (`caseload backup 1`) is always whole: `Caseload` for `Head`, and `Site` and `Partner` records for the tables.

use std::collections::BTreeMap;
use std::io::{BufReader, Read, Write};
use std::path::Path;

use rusqlite::Connection;
use rusqlite::types::{Value as Cell, ValueRef};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::model::{Hlc, RowId, SiteId};
use crate::store::check::{follows, signature_holds};
use crate::store::journal::{self, Batch, ChainEnd};
use crate::store::sites::{Site, Trust};
use crate::store::wire::Header;
use crate::store::{Result, StoreError, access};

const FIRST: &[u8] = b"caseload backup 1\n";
pub(in crate::store) const MAGIC: &[u8] = b"caseload backup 2\n";
/// The same with the keys of the installation that goes on in it: `caseload move`.
pub(in crate::store) const MOVING: &[u8] = b"caseload moving 2\n";

/// No record of a backup is longer than this; a longer one is damage or malice.
const MAX_RECORD: u32 = 64 << 20;

/// What stands in the file beside the journal and belongs to this installation, and the columns that go along; none named:
/// all of them. Never the table with its keys.
pub(in crate::store) const TABLES: [(&str, &[&str]); 5] =
    [("site", &[]), ("line", &[]), ("place", &["url"]), ("local", &[]), ("aside", &[])];

#[derive(Serialize, Deserialize)]
pub(in crate::store) enum Record {
    Caseload {
        worker: RowId,
        recovery: String,
    },
    Site {
        id: SiteId,
        public_key: [u8; 32],
        name: String,
    },
    Batch(PackedBatch),
    End {
        batches: u64,
    },
    /// A site that is more than an author: whom this caseload believes, and who took over from whom.
    Partner {
        id: SiteId,
        recipient: String,
        trust: u8,
        voucher: Option<(SiteId, Vec<u8>)>,
    },
    /// Who looked at whom, line by line, and where that list ends.
    Access(access::Linked),
    AccessEnd {
        n: i64,
        hash: Vec<u8>,
    },
    Head(Head),
    Table(Table),
}

/// The beginning of a backup.
#[derive(Serialize, Deserialize)]
pub(in crate::store) struct Head {
    pub worker: RowId,
    /// The recipient that the recovery key opens.
    pub recovery: String,
    /// The installation that made it.
    pub site: SiteId,
    /// The backup that this one goes on from; none for a whole one.
    pub before: Option<Before>,
    /// The keys of whoever goes on with it: only in what `caseload move` writes.
    pub keys: Option<Carried>,
}

/// The backup before, by its name when it was made and by its content.
#[derive(Clone, Serialize, Deserialize)]
pub(in crate::store) struct Before {
    pub name: String,
    pub hash: [u8; 32],
    pub bytes: u64,
}

/// The keys that move to another laptop.
#[derive(Serialize, Deserialize, zeroize::Zeroize, zeroize::ZeroizeOnDrop)]
pub(in crate::store) struct Carried {
    pub signing: [u8; 32],
    pub sealing: String,
    /// Those that open what was sealed for the installations that it takes over from. They sign nothing.
    pub opening: Vec<String>,
    /// The old installation's signature under the new one's keys.
    pub voucher: Vec<u8>,
}

/// A table's rows.
#[derive(Clone, Serialize, Deserialize)]
pub(in crate::store) struct Table {
    pub name: String,
    pub columns: Vec<String>,
    pub rows: Vec<Vec<Field>>,
}

#[derive(Clone, Serialize, Deserialize)]
pub(in crate::store) enum Field {
    Null,
    Number(i64),
    Text(String),
    Bytes(Vec<u8>),
}

impl Field {
    fn of(value: ValueRef<'_>) -> Field {
        match value {
            ValueRef::Null => Field::Null,
            ValueRef::Integer(number) => Field::Number(number),
            ValueRef::Real(number) => Field::Number(number as i64),
            ValueRef::Text(text) => Field::Text(String::from_utf8_lossy(text).into_owned()),
            ValueRef::Blob(bytes) => Field::Bytes(bytes.to_vec()),
        }
    }

    fn cell(&self) -> Cell {
        match self {
            Field::Null => Cell::Null,
            Field::Number(number) => Cell::Integer(*number),
            Field::Text(text) => Cell::Text(text.clone()),
            Field::Bytes(bytes) => Cell::Blob(bytes.clone()),
        }
    }
}

fn columns_of(db: &Connection, table: &str) -> Result<Vec<String>> {
    let mut query = db.prepare("SELECT name FROM pragma_table_info(?1) ORDER BY cid")?;
    Ok(query.query_map([table], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?)
}

impl Table {
    /// A table as it stands; none where this version has no such table.
    pub fn read(db: &Connection, name: &str, wanted: &[&str]) -> Result<Option<Table>> {
        let there = columns_of(db, name)?;
        let columns: Vec<String> =
            there.into_iter().filter(|one| wanted.is_empty() || wanted.contains(&one.as_str())).collect();
        if columns.is_empty() {
            return Ok(None);
        }
        let mut query = db.prepare(&format!("SELECT \"{}\" FROM \"{name}\" ORDER BY 1", columns.join("\", \"")))?;
        let mut found = query.query([])?;
        let mut rows = Vec::new();
        while let Some(row) = found.next()? {
            let fields = (0..columns.len()).map(|at| Ok(Field::of(row.get_ref(at)?)));
            rows.push(fields.collect::<Result<Vec<Field>>>()?);
        }
        Ok(Some(Table { name: name.into(), columns, rows }))
    }

    /// The same for the same rows.
    pub fn hash(&self) -> [u8; 32] {
        *blake3::hash(&postcard::to_allocvec(self).expect("plain data packs into memory")).as_bytes()
    }

    /// Puts the rows in, as far as this version has such a table with such columns.
    pub fn put_in(&self, db: &Connection) -> Result<()> {
        let Some((name, wanted)) = TABLES.iter().find(|(name, _)| *name == self.name) else { return Ok(()) };
        let here = columns_of(db, name)?;
        let fits = |column: &String| here.contains(column) && (wanted.is_empty() || wanted.contains(&column.as_str()));
        let at: Vec<usize> = (0..self.columns.len()).filter(|at| fits(&self.columns[*at])).collect();
        if at.is_empty() {
            return Ok(());
        }
        let columns: Vec<&str> = at.iter().map(|at| self.columns[*at].as_str()).collect();
        let marks = vec!["?"; at.len()].join(", ");
        let sql = format!("INSERT OR REPLACE INTO \"{name}\" (\"{}\") VALUES ({marks})", columns.join("\", \""));
        let mut insert = db.prepare(&sql)?;
        for row in &self.rows {
            insert.execute(rusqlite::params_from_iter(at.iter().filter_map(|at| row.get(*at)).map(Field::cell)))?;
        }
        Ok(())
    }

    /// The sites that it tells of, where it is the table of sites: each with the key that makes its id.
    fn sites(&self) -> Result<Vec<(SiteId, [u8; 32])>, String> {
        if self.name != "site" {
            return Ok(Vec::new());
        }
        let column = |name: &str| self.columns.iter().position(|column| column == name);
        let (Some(id), Some(key)) = (column("id"), column("public_key")) else {
            return Err("it has sites without keys".into());
        };
        let one = |row: &Vec<Field>| match (row.get(id), row.get(key)) {
            (Some(Field::Bytes(id)), Some(Field::Bytes(key))) => {
                let key: [u8; 32] = key.as_slice().try_into().ok()?;
                let id = SiteId(id.as_slice().try_into().ok()?);
                (SiteId::of_key(&key) == id).then_some((id, key))
            }
            _ => None,
        };
        self.rows.iter().map(|row| one(row).ok_or_else(|| "a site's key was altered".to_string())).collect()
    }
}

#[derive(Serialize, Deserialize)]
pub(in crate::store) struct PackedBatch {
    stream: RowId,
    site: SiteId,
    first: u64,
    count: u64,
    hlc: u64,
    action: [u8; 16],
    undoes: Option<[u8; 16]>,
    author: String,
    label: String,
    origin: String,
    hash: [u8; 32],
    signature: Vec<u8>,
    body: Vec<u8>,
}

impl PackedBatch {
    pub fn of(batch: Batch) -> PackedBatch {
        let Batch { header, count, hash, signature, body, .. } = batch;
        PackedBatch {
            stream: header.stream,
            site: header.site,
            first: header.first,
            count,
            hlc: header.hlc.0,
            action: *header.action.as_bytes(),
            undoes: header.undoes.map(|action| *action.as_bytes()),
            author: header.author,
            label: header.label,
            origin: header.origin,
            hash,
            signature,
            body,
        }
    }

    fn unpack(self) -> Batch {
        Batch {
            header: Header {
                stream: self.stream,
                site: self.site,
                first: self.first,
                hlc: Hlc(self.hlc),
                action: Uuid::from_bytes(self.action),
                author: self.author,
                label: self.label,
                origin: self.origin,
                undoes: self.undoes.map(Uuid::from_bytes),
            },
            count: self.count,
            hash: self.hash,
            signature: self.signature,
            body: self.body,
        }
    }
}

pub(in crate::store) fn put(out: &mut impl Write, record: &Record) -> Result<()> {
    let bytes = zeroize::Zeroizing::new(postcard::to_allocvec(record).expect("plain data packs into memory"));
    out.write_all(&(bytes.len() as u32).to_le_bytes())?;
    out.write_all(&bytes)?;
    Ok(())
}

fn take(mut input: &mut dyn Read) -> Result<Record, String> {
    let mut length = [0; 4];
    input.read_exact(&mut length).map_err(|_| "it is cut short".to_string())?;
    let length = u32::from_le_bytes(length);
    if length > MAX_RECORD {
        return Err("a part of it is larger than any part may be".into());
    }
    let mut bytes = zeroize::Zeroizing::new(Vec::new());
    (&mut input).take(length.into()).read_to_end(&mut bytes).map_err(|error| error.to_string())?;
    if bytes.len() < length as usize {
        return Err("it is cut short".into());
    }
    postcard::from_bytes(&bytes).map_err(|_| "a part of it cannot be read".into())
}

/// A backup whose seal is opened, as far as its head.
pub(in crate::store) struct Opened {
    pub head: Head,
    pub moving: bool,
    input: Box<dyn Read>,
}

/// Opens a backup's seal with any of these keys.
///
/// # Errors
/// [`StoreError::WrongRecoveryKey`] where none of them opens it, [`StoreError::BadBackup`] where it is no backup.
pub(in crate::store) fn open(path: &Path, identities: &[&dyn age::Identity]) -> Result<Opened> {
    let bad = |why: String| StoreError::BadBackup { path: path.into(), why };
    let file = BufReader::new(crate::files::open(path).map_err(|error| bad(error.to_string()))?);
    let sealed = age::Decryptor::new(file).map_err(|_| bad("it is another kind of file".into()))?;
    let opened = sealed.decrypt(identities.iter().copied()).map_err(|error| match error {
        age::DecryptError::NoMatchingKeys | age::DecryptError::DecryptionFailed => StoreError::WrongRecoveryKey,
        other => bad(other.to_string()),
    })?;
    let mut input: Box<dyn Read> = Box::new(zstd::Decoder::new(opened)?);
    let mut magic = [0; MAGIC.len()];
    input.read_exact(&mut magic).map_err(|error| bad(error.to_string()))?;
    if ![FIRST, MAGIC, MOVING].contains(&magic.as_slice()) {
        return Err(bad("it is another kind of file, or of a newer version".into()));
    }
    let head = match take(&mut input).map_err(bad)? {
        Record::Caseload { worker, recovery } => {
            Head { worker, recovery, site: SiteId([0; 16]), before: None, keys: None }
        }
        Record::Head(head) => head,
        _ => return Err(bad("it does not say whose it is".into())),
    };
    Ok(Opened { head, moving: magic == MOVING, input })
}

/// What a backup holds, each with what it rests on verified.
pub(in crate::store) enum Verified {
    Site { id: SiteId, public_key: [u8; 32], name: String },
    Partner(Site, Trust),
    Batch(Batch),
    Access(access::Linked),
    AccessEnd { n: i64, hash: Vec<u8> },
    Table(Table),
}

/// Reads a whole backup and those that go on from it, one after the other.
///
/// Each batch must continue its chain; the signature at the end of a chain vouches for all of it, as it does in the file:
/// what came in a bundle has one signature for each chain, not one under each batch.
#[derive(Default)]
pub(in crate::store) struct Reader<'a> {
    keys: BTreeMap<SiteId, [u8; 32]>,
    ends: BTreeMap<(RowId, SiteId), ChainEnd>,
    /// The file that was backed up, where only the last of several is read: what came before stands there.
    journal: Option<&'a Connection>,
}

impl<'a> Reader<'a> {
    /// For a backup by itself that goes on from others: those are taken for what stands in the file.
    pub fn after(db: &'a Connection) -> Result<Reader<'a>> {
        let mut query = db.prepare("SELECT id, public_key FROM site")?;
        let keys = query.query_map([], |row| Ok((SiteId(row.get(0)?), row.get(1)?)))?;
        Ok(Reader { keys: keys.collect::<rusqlite::Result<_>>()?, ends: BTreeMap::new(), journal: Some(db) })
    }

    /// Where a chain stood before this backup.
    fn end(&mut self, batch: &Batch, chain: (RowId, SiteId)) -> Result<&mut ChainEnd> {
        let before = match (self.journal, self.ends.contains_key(&chain)) {
            (Some(db), false) => journal::chain_end_at(db, chain.0, chain.1, batch.header.first)?,
            _ => None,
        };
        Ok(self.ends.entry(chain).or_insert(before.unwrap_or(ChainEnd::START)))
    }

    /// Goes through one to its end.
    pub fn read(&mut self, path: &Path, from: Opened, each: &mut dyn FnMut(Verified) -> Result<()>) -> Result<()> {
        let bad = |why: String| StoreError::BadBackup { path: path.into(), why };
        let mut input = from.input;
        let mut signatures: BTreeMap<(RowId, SiteId), Vec<u8>> = BTreeMap::new();
        let mut count = 0u64;
        loop {
            match take(&mut input).map_err(bad)? {
                Record::Caseload { .. } | Record::Head(_) => return Err(bad("it speaks of two caseloads".into())),
                Record::Site { id, public_key, name } => {
                    if SiteId::of_key(&public_key) != id {
                        return Err(bad("a site's key was altered".into()));
                    }
                    self.keys.insert(id, public_key);
                    each(Verified::Site { id, public_key, name })?;
                }
                Record::Table(table) => {
                    self.keys.extend(table.sites().map_err(bad)?);
                    each(Verified::Table(table))?;
                }
                Record::Batch(packed) => {
                    count += 1;
                    let batch = packed.unpack();
                    let chain = (batch.header.stream, batch.header.site);
                    follows(self.end(&batch, chain)?, &batch).map_err(bad)?;
                    signatures.entry(chain).or_default().clone_from(&batch.signature);
                    each(Verified::Batch(batch))?;
                }
                Record::Partner { id, recipient, trust, voucher } => {
                    let public_key = *self.keys.get(&id).ok_or_else(|| bad("a site without its key".into()))?;
                    let trust = Trust::ALL.get(usize::from(trust)).copied().unwrap_or(Trust::Known);
                    each(Verified::Partner(Site::told(public_key, &recipient, "", voucher), trust))?;
                }
                Record::Access(line) => each(Verified::Access(line))?,
                Record::AccessEnd { n, hash } => each(Verified::AccessEnd { n, hash })?,
                Record::End { batches } if batches == count => break,
                Record::End { .. } => return Err(bad("it does not hold what it says it holds".into())),
            }
        }
        for (chain, signature) in signatures {
            let (key, end) = (self.keys.get(&chain.1), self.ends.get(&chain));
            if !key.zip(end).is_some_and(|(key, end)| signature_holds(key, &end.hash, &signature)) {
                return Err(bad("a signature does not hold".into()));
            }
        }
        let mut rest = [0; 1];
        if input.read(&mut rest).map_err(|error| bad(error.to_string()))? != 0 {
            return Err(bad("there is more after its end".into()));
        }
        Ok(())
    }
}
