//! What a page says, without how it looks: headings, paragraphs, facts, tables, signatures, charts. Plain data that a
//! command builds in a few lines and that every way out ([`super::to_html`], [`super::to_pdf`], [`super::to_text`]) shows
//! with the same words in the same order.
//!
//! It never knows a record type, never measures, and holds text as it was written: each way out disarms it.

/// A document, ready to be shown or printed.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Document {
    /// What kind of document this is, such as "Service plan". It becomes the file's own title, which programs show in
    /// their windows and lists of recent files: it must never name a client. [`Document::subtitle`] may.
    pub title: String,
    /// Whom and which days it is about; printed below the title, nowhere else. Empty: none.
    pub subtitle: String,
    /// The language of the text as a BCP 47 tag, such as "en" or "es-MX"; empty counts as "en".
    pub language: String,
    /// One line at the top of every page, such as the agency and the record number. Empty: none.
    pub header: String,
    /// At the bottom of every page, wrapped over at most three lines; such as a notice against redisclosure. Empty: none.
    pub footer: String,
    pub page: PageSize,
    /// Letters of 14 points and more space, for people with poor eyesight; otherwise 10.5 points. On a card 8.2 points,
    /// otherwise 6.6.
    pub large: bool,
    pub blocks: Vec<Block>,
}

/// The paper.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum PageSize {
    /// US Letter, 8.5 x 11 inches.
    #[default]
    Letter,
    /// ISO 216 A4, 210 x 297 mm.
    A4,
    /// The size of a bank card (ISO/IEC 7810 ID-1), 85.6 x 54 mm: the first page is the front, the second the back. Small
    /// letters; [`Document::header`] is not heeded.
    WalletCard,
    /// A US business card, 3.5 x 2 inches; otherwise as [`PageSize::WalletCard`].
    BusinessCard,
}

impl PageSize {
    /// Width and height in points (1/72 inch).
    pub fn points(self) -> (f32, f32) {
        match self {
            PageSize::Letter => (612.0, 792.0),
            PageSize::A4 => (595.28, 841.89),
            PageSize::WalletCard => (242.65, 153.07),
            PageSize::BusinessCard => (252.0, 144.0),
        }
    }

    pub fn is_card(self) -> bool {
        matches!(self, PageSize::WalletCard | PageSize::BusinessCard)
    }
}

/// One piece of a document, from top to bottom.
#[derive(Clone, PartialEq, Debug)]
pub enum Block {
    /// Level 1 to 3; others count as the nearest. Kept on a page with what follows.
    Heading(u8, String),
    /// Line breaks are kept.
    Paragraph(String),
    /// The client's own words.
    Quote(String),
    /// Labels with their values, such as "Born" and "4 May 1991".
    Facts(Vec<(String, String)>),
    /// One item, one bullet.
    List(Vec<String>),
    /// As [`Block::List`], numbered from 1.
    Steps(Vec<String>),
    Table(Table),
    Signature(Signature),
    /// A boxed text that must not be missed, such as the notice against redisclosure of 42 CFR 2.32.
    Notice(String),
    Chart(Chart),
    /// What follows begins on a new page, or on the other side of a card.
    PageBreak,
}

impl Block {
    pub fn heading(level: u8, text: impl Into<String>) -> Block {
        Block::Heading(level, text.into())
    }

    pub fn paragraph(text: impl Into<String>) -> Block {
        Block::Paragraph(text.into())
    }

    pub fn facts<L: Into<String>, V: Into<String>>(facts: impl IntoIterator<Item = (L, V)>) -> Block {
        Block::Facts(facts.into_iter().map(|(label, value)| (label.into(), value.into())).collect())
    }

    pub fn list<T: Into<String>>(items: impl IntoIterator<Item = T>) -> Block {
        Block::List(items.into_iter().map(Into::into).collect())
    }
}

/// Rows under a head that is repeated on every page the table reaches.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Table {
    pub columns: Vec<Column>,
    /// Cells beyond the columns are not shown; missing ones are empty.
    pub rows: Vec<Vec<String>>,
}

/// A column of a [`Table`].
#[derive(Clone, PartialEq, Debug)]
pub struct Column {
    pub head: String,
    /// The column's part of the width, beside the other columns' parts; 0 counts as 1.
    pub share: u16,
    pub align: Align,
}

impl Column {
    /// Words, from the side on which the script begins.
    pub fn text(head: impl Into<String>, share: u16) -> Column {
        Column { head: head.into(), share, align: Align::Start }
    }

    /// Figures, set to the right so that their digits stand below each other.
    pub fn figures(head: impl Into<String>, share: u16) -> Column {
        Column { head: head.into(), share, align: Align::End }
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Align {
    #[default]
    Start,
    End,
}

/// A signature that was given, or a line to sign on where [`Signature::when`] is missing.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Signature {
    /// In which role, such as "Client" or "Case manager".
    pub role: String,
    pub name: Option<String>,
    /// Such as "LCSW, CCM".
    pub credentials: Option<String>,
    /// The moment of signing, in words for people.
    pub when: Option<String>,
    /// Who saw it; an empty name before signing makes a line for whoever will.
    pub witness: Option<String>,
}

impl Signature {
    /// The signer as printed: name and credentials; empty where nobody is named.
    pub(super) fn signer(&self) -> String {
        match (&self.name, &self.credentials) {
            (Some(name), Some(credentials)) => format!("{name}, {credentials}"),
            (Some(one), None) | (None, Some(one)) => one.clone(),
            (None, None) => String::new(),
        }
    }
}

/// Figures as a picture; the figures stand beside it.
#[derive(Clone, PartialEq, Debug)]
pub struct Chart {
    pub kind: ChartKind,
    pub title: String,
    /// Labels with their figures, in order. What is not a finite number is shown as missing.
    pub points: Vec<(String, f64)>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ChartKind {
    /// One bar for each label: counts beside each other.
    Bars,
    /// A line from the first to the last: a score over time.
    Line,
}

/// A figure of a chart in words: whole where it is whole, else with one decimal; an en dash where there is none.
pub(super) fn figure(value: f64) -> String {
    if !value.is_finite() {
        "–".to_owned()
    } else if value.abs() >= 1e12 {
        format!("{value:.1e}")
    } else if (value - value.round()).abs() < 0.05 {
        format!("{}", value.round() + 0.0)
    } else {
        format!("{value:.1}")
    }
}

/// A language tag of letters, digits and hyphens; "en" for anything else.
pub(super) fn language(tag: &str) -> &str {
    let sound = !tag.is_empty() && tag.len() <= 35 && tag.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    if sound { tag } else { "en" }
}

/// Whether the language is written from right to left.
pub(super) fn right_to_left(tag: &str) -> bool {
    let base = tag.split('-').next().unwrap_or_default().to_ascii_lowercase();
    matches!(base.as_str(), "ar" | "arc" | "ckb" | "dv" | "fa" | "he" | "ps" | "sd" | "syr" | "ug" | "ur" | "yi")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_short() {
        for (value, words) in [
            (0.0, "0"),
            (-0.01, "0"),
            (12.0, "12"),
            (7.25, "7.2"),
            (-1.5, "-1.5"),
            (f64::NAN, "–"),
            (0.1 + 0.2, "0.3"),
            (-2e200, "-2.0e200"),
        ] {
            assert_eq!(figure(value), words);
        }
    }

    #[test]
    fn a_language_is_a_tag_or_english() {
        for (tag, sound) in [("es-MX", "es-MX"), ("", "en"), ("en\" onload=\"", "en"), ("vi", "vi")] {
            assert_eq!(language(tag), sound);
        }
        assert!(right_to_left("ar-SY") && right_to_left("he") && !right_to_left("arn") && !right_to_left("en"));
    }
}
