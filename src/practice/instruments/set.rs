//! All instruments there are: those that ship, and an agency's own laid over them.

use crate::practice::Trouble;
use crate::practice::telling::both_tell;

use super::{GRAVITY, Instrument, file};

/// The files that ship. A test holds this list against the folder.
const SHIPPED: &[(&str, &str)] = &[
    ("phq-9.toml", include_str!("../../../assets/instruments/phq-9.toml")),
    ("phq-2.toml", include_str!("../../../assets/instruments/phq-2.toml")),
    ("gad-7.toml", include_str!("../../../assets/instruments/gad-7.toml")),
    ("c-ssrs.toml", include_str!("../../../assets/instruments/c-ssrs.toml")),
    ("audit-c.toml", include_str!("../../../assets/instruments/audit-c.toml")),
    ("dast-10.toml", include_str!("../../../assets/instruments/dast-10.toml")),
    ("adherence.toml", include_str!("../../../assets/instruments/adherence.toml")),
    ("coping.toml", include_str!("../../../assets/instruments/coping.toml")),
    ("daily-living.toml", include_str!("../../../assets/instruments/daily-living.toml")),
    ("lace.toml", include_str!("../../../assets/instruments/lace.toml")),
    ("katz-adl.toml", include_str!("../../../assets/instruments/katz-adl.toml")),
    ("lawton-iadl.toml", include_str!("../../../assets/instruments/lawton-iadl.toml")),
    ("social-work.toml", include_str!("../../../assets/instruments/social-work.toml")),
    ("ahc-hrsn.toml", include_str!("../../../assets/instruments/ahc-hrsn.toml")),
    ("prapare.toml", include_str!("../../../assets/instruments/prapare.toml")),
    ("hunger.toml", include_str!("../../../assets/instruments/hunger.toml")),
    ("vocational.toml", include_str!("../../../assets/instruments/vocational.toml")),
];

/// Instruments by their codes, in the order in which they are offered.
#[derive(Clone, PartialEq, Default, Debug)]
pub struct Instruments(Vec<Instrument>);

impl Instruments {
    /// The instruments that ship with the program.
    pub fn standard() -> Instruments {
        let (set, wrong) = Instruments::default().overlay_folder(SHIPPED.iter().copied());
        assert!(wrong.is_empty(), "the shipped instruments are sound: {wrong:?}");
        set
    }

    /// These with an agency's files (name, text) laid over them: a file with a known code replaces that instrument, one
    /// with a new code adds to them, `code = "..."` and `off = true` alone take one out. A wrong file changes nothing and
    /// is told; the rest still loads.
    pub fn overlay_folder<'a>(
        mut self,
        files: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> (Instruments, Vec<Trouble>) {
        let mut wrong = Vec::new();
        let mut read: Vec<(String, &str)> = Vec::new();
        for (name, text) in files {
            let outcome = file::read(text).and_then(|line| {
                let (code, at) = (line.code().to_owned(), line.at());
                if let Some((_, earlier)) = read.iter().find(|(known, _)| *known == code) {
                    return Err(file::Wrong { at, why: format!("the code \"{code}\" is already used in {earlier}") });
                }
                self.lay(line)?;
                read.push((code, name));
                Ok(())
            });
            if let Err(file::Wrong { at, why }) = outcome {
                wrong.push(Trouble::at(name, text, at, why));
            }
        }
        (self, wrong)
    }

    pub fn get(&self, code: &str) -> Option<&Instrument> {
        self.0.iter().find(|instrument| instrument.code == code)
    }

    /// The instrument that a person means: by its code or its name, whatever the case, spaces and hyphens.
    pub fn meant(&self, typed: &str) -> Option<&Instrument> {
        let bare = |text: &str| -> String {
            text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
        };
        let wanted = bare(typed);
        self.get(typed)
            .or_else(|| self.0.iter().find(|one| [&one.code, &one.name].iter().any(|own| bare(own) == wanted)))
    }

    /// The instrument of a LOINC panel code, as records from elsewhere name it.
    pub fn by_loinc(&self, panel: &str) -> Option<&Instrument> {
        self.0.iter().find(|instrument| instrument.loinc.as_deref() == Some(panel))
    }

    /// How grave the answers are that an assessment has and that demand action: the gravest of what they raise. `urgent` is
    /// what the row says of it: where the answers cannot be read, or another edition asked them, what it says is looked for
    /// among what the instrument can say. [`GRAVITY`] where nothing is known of it.
    pub fn gravity(&self, instrument: &str, answers: &str, urgent: &str) -> u16 {
        let Some(instrument) = self.get(instrument) else { return GRAVITY };
        let raised = answers.parse().ok().and_then(|answers| instrument.gravity(&answers));
        raised.or_else(|| instrument.gravity_said(urgent)).unwrap_or(GRAVITY)
    }

    pub fn iter(&self) -> impl Iterator<Item = &Instrument> {
        self.0.iter()
    }

    /// Those offered in a practice area.
    pub fn in_area<'a>(&'a self, area: &'a str) -> impl Iterator<Item = &'a Instrument> {
        self.iter().filter(move |instrument| instrument.areas.is_empty() || instrument.areas.iter().any(|a| a == area))
    }

    fn lay(&mut self, line: file::Read) -> Result<(), file::Wrong> {
        let known = self.0.iter().position(|known| known.code == line.code());
        match (line, known) {
            (line, Some(known)) if line.weaker_than(&self.0[known]).is_some() => {
                let why = line.weaker_than(&self.0[known]).unwrap_or_default();
                return Err(file::Wrong { at: line.at(), why });
            }
            (file::Read::Off { .. }, Some(known)) => drop(self.0.remove(known)),
            (file::Read::Off { code, at, .. }, None) => {
                return Err(file::Wrong { at, why: format!("there is no instrument \"{code}\" to switch off") });
            }
            (file::Read::Whole(mut instrument, ..), Some(known)) => {
                both_tell(&mut instrument.tells, self.0[known].tells.as_deref());
                self.0[known] = *instrument;
            }
            (file::Read::Whole(instrument, ..), None) => self.0.push(*instrument),
        }
        Ok(())
    }
}
