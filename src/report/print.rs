//! From a wish to print to a file that may be handed over: what is permitted is asked before a page is made, what is not
//! is left out and told, and whatever leaves is on the record before it is called done.
//!
//! [`prepare`] reads the store and makes the document; nothing has left yet, and a person can still say no. [`write`] puts
//! it into a new file for its owner only, which gets its name once the disclosures are recorded; where these cannot be kept,
//! nothing is left of it. Called by `cli` and `tui`.

use std::collections::BTreeSet;
use std::io::Write;
use std::path::Path;

use chrono::NaiveDate;

use crate::disclosure::{Disclosed, LeftOut, Lens, Override, Permission, Recipient, disclose, may_leave};
use crate::model::records::{client, consent, credential, education, supervision};
use crate::model::{DisclosureWay, Moment, Row, RowId};
use crate::practice::{Practice, credentials};
use crate::store::{ClientFile, Deed, Receipt, Store, StoreError};
use crate::triage::{Band, Caseload, ClientFacts, Clock, Rules, Told, Visit};

use super::pages::{Made, Needy, On, Page, Room, Stop, To, day_sheet, make, practice_log, say};
use super::period::Period;
use super::{Block, Document, Fallback, PdfError, to_html, to_pdf, to_text};

/// Columns of a page as text.
const COLUMNS: usize = 80;
/// Notes that are read with a client, where the page is not about them.
const NOTES: usize = 50;
/// Characters without a font that are named.
const SOME: usize = 12;

/// What is to be printed, of whom, for whom.
#[derive(Clone, PartialEq, Debug)]
pub struct Wanted {
    pub page: Page,
    /// Not heeded for the worker's own pages.
    pub clients: Vec<RowId>,
    pub to: To,
    pub purpose: String,
    /// Of the notes, or of what was given; none: all of them.
    pub period: Option<Period>,
    /// On the page of what was given: what was held back, too.
    pub withheld: bool,
    /// What a release does not permit is given all the same, for this reason.
    pub without: Option<Override>,
}

/// One client's part of what is printed.
#[derive(Clone, Debug, PartialEq)]
pub struct Part {
    pub client: RowId,
    pub name: String,
    pub permission: Permission,
    /// What it is for: as it was said, or as the release has it.
    pub purpose: String,
    /// What the worker should know beside what is left out.
    pub aside: Vec<String>,
    blocks: Vec<Block>,
    heading: String,
    large: bool,
}

/// Someone of whom nothing is printed, and why.
#[derive(Clone, Debug, PartialEq)]
pub struct Nothing {
    pub client: RowId,
    pub name: String,
    pub why: String,
    pub left_out: Vec<LeftOut>,
}

/// Ready to be written: nothing has left yet.
#[derive(Clone, Debug)]
pub struct Printing {
    pub wanted: Wanted,
    pub document: Document,
    pub parts: Vec<Part>,
    pub nothing: Vec<Nothing>,
}

/// Why there is nothing to write, or it was not written.
#[derive(Debug, thiserror::Error)]
pub enum PrintError {
    #[error("{0}")]
    Store(#[from] StoreError),
    #[error("{0}")]
    Pdf(#[from] PdfError),
    #[error("This page is yours alone: it is not printed for anybody else.")]
    OwnOnly,
    #[error("Nothing to print: nobody is chosen.")]
    Nobody,
    #[error("Nothing was printed of {name}: {why}.")]
    Nothing { name: String, why: String },
    #[error("Nothing was printed: of all {0} clients there is nothing that could be.")]
    NothingOfAll(usize),
    #[error("There is already a file at {0}: name another. Nothing was written.")]
    Exists(String),
    #[error("Cannot write {0}: {1}. Nothing was recorded.")]
    Write(String, std::io::Error),
    #[error("The name of a file ends in .pdf, .html or .txt; {0} does not. Give it one of these endings.")]
    Ending(String),
}

/// How a page is written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Form {
    Pdf,
    Html,
    Text,
}

impl Form {
    /// By the ending of a file's name.
    ///
    /// # Errors
    /// For any other ending.
    pub fn of(path: &Path) -> Result<Form, PrintError> {
        let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or("").to_lowercase();
        Ok(match ending.as_str() {
            "pdf" => Form::Pdf,
            "html" | "htm" => Form::Html,
            "txt" => Form::Text,
            _ => return Err(PrintError::Ending(path.display().to_string())),
        })
    }
}

/// What was written.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Written {
    /// The pages of a PDF file.
    pub pages: Option<usize>,
    /// Characters that no font has: a box stands for each.
    pub undrawn: BTreeSet<char>,
    /// What came of recording it.
    pub receipt: Receipt,
}

/// Asks what is permitted, and makes the document.
///
/// # Errors
/// Where there is nothing that could be printed, in words that say why and what would permit it.
pub fn prepare(store: &Store, rules: &Rules, moment: Moment, wanted: &Wanted) -> Result<Printing, PrintError> {
    let today = moment.today();
    let practice = rules.practice();
    if !wanted.page.is_of_a_client() {
        if matches!(wanted.to, To::Other(_)) {
            return Err(PrintError::OwnOnly);
        }
        let blocks = own_page(store, rules, moment, wanted.page)?;
        let document = own_document(wanted.page, store, practice, today, blocks);
        return Ok(Printing { wanted: wanted.clone(), document, parts: Vec::new(), nothing: Vec::new() });
    }
    let many = wanted.clients.len() > 1;
    let (mut parts, mut nothing) = (Vec::new(), Vec::new());
    for id in &wanted.clients {
        let notes = if wanted.page == Page::Notes { usize::MAX >> 1 } else { NOTES };
        let file = store.client_file(*id, notes)?.ok_or_else(|| StoreError::NoRow(id.to_string()))?.here(&moment);
        match part(store, rules, moment, wanted, &file, many)? {
            Ok(part) => parts.push(part),
            Err(none) => nothing.push(none),
        }
    }
    match (&parts[..], &nothing[..]) {
        ([], []) => return Err(PrintError::Nobody),
        ([], [one]) => return Err(PrintError::Nothing { name: one.name.clone(), why: one.why.clone() }),
        ([], many) => return Err(PrintError::NothingOfAll(many.len())),
        _ => {}
    }
    let document = document(wanted, practice, today, &parts, many);
    Ok(Printing { wanted: wanted.clone(), document, parts, nothing })
}

/// One client's part, or why there is none.
fn part(
    store: &Store,
    rules: &Rules,
    moment: Moment,
    wanted: &Wanted,
    file: &ClientFile,
    many: bool,
) -> Result<Result<Part, Nothing>, PrintError> {
    let practice = rules.practice();
    let reasons = match wanted.page {
        Page::Summary => reasons(store, rules, moment, file.client.id)?,
        _ => Vec::new(),
    };
    let times = match wanted.page {
        Page::Summary | Page::Closing => store.episodes(file.client.id)?,
        _ => Vec::new(),
    };
    let given: Vec<Row> = match wanted.page {
        Page::Disclosures => store.disclosures(file.client.id)?.into_iter().map(|(row, _)| row).collect(),
        _ => Vec::new(),
    };
    let on = |room: Room| On {
        practice,
        worker: store.worker(),
        now: store.now(),
        today: moment.today(),
        moment,
        to: &wanted.to,
        purpose: &wanted.purpose,
        period: wanted.period,
        given: &given,
        withheld: wanted.withheld,
        reasons: &reasons,
        times: &times,
        room,
    };
    let rooms = wanted.page.rooms();
    let (name, client) = (file.client.client_name(), file.client.id);
    let open = Lens::open(file, practice);
    // The name stands on every page but the card.
    let _ = open.name();
    let most = make(wanted.page, &open, &on(rooms[0]));
    let none = |why: &str, left_out| Nothing { client, name: name.clone(), why: why.into(), left_out };
    if let Err(why) = most {
        return Ok(Err(none(why, Vec::new())));
    }
    let to = match &wanted.to {
        To::Other(name) => Recipient::Other(name),
        To::Client | To::File => Recipient::Client,
    };
    let permission = may_leave(store, practice, client, to, &open.told(), wanted.without.as_ref())?;
    if permission.allowed.is_empty() {
        let why = permission
            .left_out
            .first()
            .map_or("nothing of it may leave".into(), |first| format!("{}. {}", first.why, first.would_permit));
        return Ok(Err(none(&why, permission.left_out)));
    }
    let lens = open.allowing(permission.allowed.clone());
    let record = format!("Record {}", client.short());
    let heading = match wanted.page {
        Page::Wallet => record,
        _ => lens.full_name().unwrap_or(record),
    };
    let mut part = Part {
        client,
        name: name.clone(),
        purpose: purpose(wanted, file, &permission),
        permission: permission.clone(),
        aside: Vec::new(),
        blocks: Vec::new(),
        heading,
        large: false,
    };
    for (room, last) in rooms.iter().enumerate().map(|(at, room)| (*room, at + 1 == rooms.len())) {
        let Made { blocks, aside } = match make(wanted.page, &lens, &on(room)) {
            Ok(made) => made,
            Err(why) => {
                return Ok(Err(none(
                    &permission.left_out.first().map_or(why.into(), LeftOut::in_words),
                    permission.left_out,
                )));
            }
        };
        (part.blocks, part.aside, part.large) = (blocks, aside, room.large);
        let Some(most) = wanted.page.fits_on().filter(|_| !last) else { break };
        let alone = document(wanted, practice, moment.today(), std::slice::from_ref(&part), many);
        if to_pdf(&alone, Fallback::System)?.pages <= most {
            break;
        }
    }
    part.aside.extend(permission.warning);
    Ok(Ok(part))
}

/// Every disclosure has a purpose (45 CFR 164.528(b)(2)(iv)): where none is said, the release's.
fn purpose(wanted: &Wanted, file: &ClientFile, permission: &Permission) -> String {
    let by = permission.by.first().and_then(|by| file.of(&consent::TYPE).iter().find(|row| row.id == *by));
    match wanted.purpose.trim() {
        "" => by.map_or("", |row| row.text(consent::purpose)).to_string(),
        said => said.to_string(),
    }
}

fn reasons(store: &Store, rules: &Rules, moment: Moment, client: RowId) -> Result<Vec<Told>, StoreError> {
    let Some(facts) = store.facts(client)? else { return Ok(Vec::new()) };
    let caseload = Caseload::new(vec![facts], rules, moment);
    let clock = Clock::new(moment);
    let tell = |reason| rules.tell(reason, &caseload.facts()[0], &clock);
    Ok(caseload.ranked().iter().flat_map(|ranked| &ranked.reasons).map(tell).collect())
}

fn document(wanted: &Wanted, practice: &Practice, today: NaiveDate, parts: &[Part], many: bool) -> Document {
    let page = wanted.page;
    let agency = practice.agency.name.as_str();
    let mut document = Document {
        title: page.title().into(),
        language: "en".into(),
        page: page.size(),
        large: parts.iter().all(|part| part.large),
        ..Document::default()
    };
    if let (false, [one]) = (many, parts) {
        if page != Page::Wallet {
            document.subtitle = one.heading.clone();
            document.header = dotted(&[agency, &format!("record {}", one.client.short()), &practice.agency.address]);
        }
        document.footer = dotted(&[&confidential(wanted), one.notice().unwrap_or("")]);
        if page == Page::Wallet {
            document.footer = String::new();
        }
        document.blocks = one.notices().chain(one.blocks.iter().cloned()).collect();
        return document;
    }
    // Of many, what stands on every page is about none of them.
    document.header = dotted(&[agency, &say::day(today)]);
    if page != Page::Wallet {
        document.footer = confidential(wanted);
    }
    for one in parts {
        if !document.blocks.is_empty() {
            document.blocks.push(Block::PageBreak);
        }
        document.blocks.push(Block::heading(1, &one.heading));
        document.blocks.extend(one.notices());
        document.blocks.extend(one.blocks.iter().cloned());
    }
    document
}

fn confidential(wanted: &Wanted) -> String {
    match &wanted.to {
        To::Other(name) => format!("Confidential: for {name} only."),
        To::File => "Confidential: for the file.".into(),
        To::Client => String::new(),
    }
}

/// The day sheet, or the professional log.
fn own_page(store: &Store, rules: &Rules, moment: Moment, page: Page) -> Result<Vec<Block>, StoreError> {
    let clock = Clock::new(moment);
    let today = clock.today;
    if page == Page::Practice {
        let me = store.worker().id;
        let rows = |record| store.rows(record, me);
        let (held, courses, hours) = (rows(&credential::TYPE)?, rows(&education::TYPE)?, rows(&supervision::TYPE)?);
        let standings = credentials::standings(rules.practice(), &held, &courses, &hours, today);
        return Ok(practice_log(today, &standings, &held, &courses, &hours));
    }
    let caseload = Caseload::new(store.all_facts()?, rules, moment);
    let (mut stops, mut needy) = (Vec::new(), Vec::new());
    for ranked in caseload.ranked() {
        let facts = caseload.facts_of(ranked);
        let visits: Vec<&Visit> =
            facts.visits.iter().filter(|visit| visit.status.is_open() && clock.day_of(visit.starts) == today).collect();
        let needed = ranked.band <= Band::Today;
        if visits.is_empty() && !needed {
            continue;
        }
        let (reach, home) = reach(store, rules.practice(), facts)?;
        stops.extend(visits.into_iter().map(|visit| Stop {
            starts: clock.local(visit.starts),
            minutes: visit.minutes,
            client: facts.name.clone(),
            title: visit.title.clone(),
            place: if visit.place.trim().is_empty() { home.clone() } else { visit.place.clone() },
            reach: reach.clone(),
            transport: visit.transport,
            interpreter: visit.interpreter,
        }));
        if needed {
            let reasons = ranked.about_people().map(|reason| rules.tell(reason, facts, &clock).text).collect();
            needy.push(Needy { client: facts.name.clone(), reach, reasons });
        }
    }
    stops.sort_by_key(|stop| stop.starts);
    Ok(day_sheet(today, &stops, &needy))
}

/// How to reach someone, and where they stay. The safe way stands in the place of the number.
fn reach(store: &Store, practice: &Practice, facts: &ClientFacts) -> Result<(String, String), StoreError> {
    let Some(file) = store.client_part(facts.id, 0, &[])? else { return Ok(Default::default()) };
    let lens = Lens::open(&file, practice);
    let safe = lens.of_person(client::safe_contact);
    let reach = match safe.is_empty() {
        true => dotted(&[&lens.of_person(client::phone), &lens.of_person(client::contact_notes)]),
        false => format!("SAFE CONTACT: {safe}"),
    };
    Ok((reach, dotted(&[&lens.of_person(client::living), &lens.of_person(client::address)])))
}

/// What is not empty, with a dot between.
fn dotted(parts: &[&str]) -> String {
    parts.iter().filter(|part| !part.is_empty()).copied().collect::<Vec<_>>().join(" \u{b7} ")
}

fn own_document(page: Page, store: &Store, practice: &Practice, today: NaiveDate, blocks: Vec<Block>) -> Document {
    let worker = store.worker();
    let footer = if page == Page::Day { "Contains names: keep it with you." } else { "" };
    Document {
        title: page.title().into(),
        subtitle: say::joined([&worker.name, &worker.credentials]),
        language: "en".into(),
        header: dotted(&[&practice.agency.name, &say::day(today)]),
        footer: footer.into(),
        page: page.size(),
        large: false,
        blocks,
    }
}

impl Part {
    /// The notice and how far the consent goes, at the head of what is told of substance use.
    fn notices(&self) -> impl Iterator<Item = Block> + use<> {
        let words = [&self.permission.notice, &self.permission.scope].map(|one| one.as_deref().unwrap_or_default());
        let words = words.join(" ").trim().to_string();
        (!words.is_empty()).then_some(Block::Notice(words)).into_iter()
    }

    /// Goes with what is told of substance use.
    fn notice(&self) -> Option<&str> {
        self.permission.notice.as_deref()
    }
}

impl Printing {
    /// What was written and where, a line each: it is not encrypted, and what no font has is told.
    pub fn in_words(&self, path: &Path, written: &Written) -> Vec<String> {
        let mut said = format!("Wrote {}", path.display());
        if let Some(pages) = written.pages {
            said.push_str(&format!(", {}", say::counted(pages, "page", "pages")));
        }
        if self.parts.len() > 1 {
            said.push_str(&format!(" of {}", say::counted(self.parts.len(), "client", "clients")));
        }
        let mut lines = vec![said + ".", "It is not encrypted: whoever has the file can read it.".into()];
        if !written.undrawn.is_empty() {
            let named = |c: &char| format!("{c} (U+{:04X})", u32::from(*c));
            let some: Vec<String> = written.undrawn.iter().take(SOME).map(named).collect();
            let more = written.undrawn.len().saturating_sub(SOME);
            let more = if more > 0 { format!(" and {more} more") } else { String::new() };
            lines.push(format!(
                "No font here has {}{more}: a box stands for each. A page of HTML may have them.",
                some.join(", ")
            ));
        }
        lines
    }

    /// As text, for a terminal.
    pub fn text(&self) -> String {
        to_text(&self.document, COLUMNS)
    }

    /// What is left out and what else there is to know before it is handed over, a line each.
    pub fn told(&self) -> Vec<String> {
        let many = self.parts.len() + self.nothing.len() > 1;
        let of = |name: &str, line: String| if many { format!("{name}: {line}") } else { line };
        let mut lines = Vec::new();
        for part in &self.parts {
            // First what harm could come of.
            lines.extend(part.aside.iter().map(|aside| of(&part.name, aside.clone())));
            lines.extend(
                part.permission.left_out.iter().map(|one| of(&part.name, format!("Left out: {}", one.in_words()))),
            );
        }
        lines.extend(self.nothing.iter().map(|one| of(&one.name, format!("nothing is printed, {}.", one.why))));
        lines
    }
}

/// Keeps the record of what leaves: in each client's own stream where someone gets it, and in the list of who did what.
/// Called by [`write`], and alone where the pages leave by another way than a file.
///
/// # Errors
/// Whatever the store says; then it must not leave.
pub fn record(store: &mut Store, printing: &Printing) -> Result<Receipt, StoreError> {
    let wanted = &printing.wanted;
    let title = wanted.page.title();
    let mut all = Receipt::default();
    if !wanted.page.is_of_a_client() {
        store.note_leaving(None, Deed::Printed, title)?;
    }
    let period = wanted.period.map_or(String::new(), |period| format!(" ({})", say::period(period)));
    for part in &printing.parts {
        let what = format!("{title}{period}: {}", Lens::in_words(&part.permission.allowed));
        if wanted.to == To::File {
            store.note_leaving(Some(part.client), Deed::Printed, &format!("{what}, for the file"))?;
            continue;
        }
        let receipt = disclose(
            store,
            &Disclosed {
                client: part.client,
                to: wanted.to.in_words(),
                what: &what,
                purpose: &part.purpose,
                how: DisclosureWay::Print,
                permission: &part.permission,
                without: wanted.without.as_ref().filter(|_| matches!(wanted.to, To::Other(_))),
            },
        )?;
        all.facts.extend(receipt.facts);
        all.rows.extend(receipt.rows);
    }
    Ok(all)
}

/// Writes the document into a new file that only its owner can read, and records what leaves.
///
/// # Errors
/// Where there is a file already, or it cannot be written or recorded; then there is no file.
pub fn write(store: &mut Store, printing: &Printing, path: &Path, form: Form) -> Result<Written, PrintError> {
    let mut written = Written::default();
    let bytes = match form {
        Form::Pdf => {
            let pdf = to_pdf(&printing.document, Fallback::System)?;
            (written.pages, written.undrawn) = (Some(pdf.pages), pdf.undrawn);
            pdf.bytes
        }
        Form::Html => to_html(&printing.document).into_bytes(),
        Form::Text => printing.text().into_bytes(),
    };
    let failed = |error| PrintError::Write(path.display().to_string(), error);
    let mut file = store.new_file(path).map_err(|error| match error {
        StoreError::Exists(_) => PrintError::Exists(path.display().to_string()),
        error => error.into(),
    })?;
    file.write_all(&bytes).and_then(|()| file.finish()).map_err(failed)?;
    // Only what is on the record gets a name.
    written.receipt = record(store, printing)?;
    match file.settle() {
        Ok(true) => Ok(written),
        other => {
            store.note_unwritten(printing.wanted.page.title())?;
            Err(other.map_or_else(failed, |_| PrintError::Exists(path.display().to_string())))
        }
    }
}
