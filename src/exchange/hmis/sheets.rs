//! The files that go out: their columns in the order of FY2026, a row at a time.

use std::collections::{BTreeMap, HashMap};
use std::sync::OnceLock;

use serde::Deserialize;

use super::super::table::Made;

/// The files, in the order in which they are made.
pub(super) const FILES: &[&str] = &[
    "Export",
    "Organization",
    "User",
    "Project",
    "Client",
    "Enrollment",
    "Exit",
    "Services",
    "CurrentLivingSituation",
    "IncomeBenefits",
    "HealthAndDV",
    "Disabilities",
    "EmploymentEducation",
];

#[derive(Deserialize)]
struct Columns {
    #[serde(rename = "not-collected")]
    not_collected: HashMap<String, Vec<String>>,
    #[serde(flatten)]
    files: HashMap<String, Vec<String>>,
}

fn columns() -> &'static Columns {
    static COLUMNS: OnceLock<Columns> = OnceLock::new();
    COLUMNS.get_or_init(|| {
        toml::from_str(include_str!("../../../assets/exchange/hmis-columns.toml"))
            .expect("the shipped columns are sound")
    })
}

/// All files being written.
pub(super) struct Sheets {
    /// Stands in every row that has a place for it.
    pub always: Vec<(&'static str, String)>,
    files: BTreeMap<&'static str, (Made, usize)>,
}

impl Sheets {
    pub fn new(always: Vec<(&'static str, String)>) -> csv::Result<Sheets> {
        let mut files = BTreeMap::new();
        for name in FILES {
            let mut made = Made::new(csv::Terminator::Any(b'\n'));
            made.row(&columns().files[*name])?;
            files.insert(*name, (made, 0));
        }
        Ok(Sheets { always, files })
    }

    /// Writes a row: what is given by column, what stands in every row, 99 where that is asked for, and nothing else.
    pub fn row(&mut self, file: &'static str, given: &[(&str, &str)]) -> csv::Result<()> {
        let Some((made, count)) = self.files.get_mut(file) else { return Ok(()) };
        let unknown = columns().not_collected.get(file);
        let always = &self.always;
        made.row(columns().files[file].iter().map(|column| {
            let given = given.iter().find(|(name, value)| name == column && !value.is_empty()).map(|(_, value)| *value);
            let always = || always.iter().find(|(name, _)| name == column).map(|(_, value)| value.as_str());
            let unknown = || unknown.filter(|all| all.contains(column)).map(|_| "99");
            given.or_else(always).or_else(unknown).unwrap_or("")
        }))?;
        *count += 1;
        Ok(())
    }

    pub fn count(&self, file: &str) -> usize {
        self.files.get(file).map_or(0, |(_, count)| *count)
    }

    /// Each file's name and bytes.
    pub fn done(self) -> csv::Result<Vec<(String, Vec<u8>)>> {
        self.files.into_iter().map(|(name, (made, _))| Ok((format!("{name}.csv"), made.done()?))).collect()
    }
}
