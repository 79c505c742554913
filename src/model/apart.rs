//! Which notes are kept apart from the chart, and by which rule.

/// Which rule keeps a note apart.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Apart {
    Psychotherapy,
    SudCounseling,
}

impl Apart {
    pub const ALL: [Apart; 2] = [Apart::Psychotherapy, Apart::SudCounseling];

    pub fn code(self) -> &'static str {
        match self {
            Apart::Psychotherapy => "psychotherapy",
            Apart::SudCounseling => "sud-counseling",
        }
    }

    pub fn from_code(code: &str) -> Option<Apart> {
        Apart::ALL.into_iter().find(|kind| kind.code() == code)
    }

    pub fn label(self) -> &'static str {
        match self {
            Apart::Psychotherapy => "Psychotherapy note",
            Apart::SudCounseling => "SUD counseling note",
        }
    }

    /// Where it says so.
    pub fn rule(self) -> &'static str {
        match self {
            Apart::Psychotherapy => "45 CFR 164.501, 164.508(a)(2)",
            Apart::SudCounseling => "42 CFR 2.11, 2.31(b)",
        }
    }
}
