//! The files that go out: their columns in the order of FY2026, a row at a time.

use std::collections::{BTreeMap, HashMap};
use std::sync::OnceLock;

use serde::Deserialize;

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
    files: BTreeMap<&'static str, (csv::Writer<Vec<u8>>, usize)>,
}

impl Sheets {
    pub fn new(always: Vec<(&'static str, String)>) -> csv::Result<Sheets> {
        let mut files = BTreeMap::new();
        for name in FILES {
            let mut writer = csv::Writer::from_writer(Vec::new());
            writer.write_record(&columns().files[*name])?;
            files.insert(*name, (writer, 0));
        }
        Ok(Sheets { always, files })
    }

    /// Writes a row: what is given by column, what stands in every row, 99 where that is asked for, and nothing else.
    pub fn row(&mut self, file: &'static str, given: &[(&str, &str)]) -> csv::Result<()> {
        let Some((writer, count)) = self.files.get_mut(file) else { return Ok(()) };
        let unknown = columns().not_collected.get(file);
        let always = &self.always;
        writer.write_record(columns().files[file].iter().map(|column| {
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
    pub fn done(self) -> Vec<(String, Vec<u8>)> {
        let finished = self.files.into_iter().map(|(name, (writer, _))| {
            (format!("{name}.csv"), writer.into_inner().expect("a buffer in memory takes all"))
        });
        finished.collect()
    }
}
