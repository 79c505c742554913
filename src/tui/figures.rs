//! Reports on the screen: figures with the period before, and the clients behind each; and the worker's own practice.

use crate::model::RowId;
use crate::model::records::{credential, education, supervision};
use crate::practice::credentials::{self, Standing, hours};
use crate::report::figures::{By, Kind, Only, REPORTS, Report, Unit, make};
use crate::report::period::{NAMES, Period};
use crate::store::StoreError;

use super::act::digit;
use super::answer::Answer;
use super::desk::Desk;
use super::overlay::{Menu, Overlay, Pick};

/// A report that is open: its figures, one of them chosen.
pub struct Figures {
    pub kind: &'static Kind,
    pub period: Period,
    pub by: By,
    pub lines: Vec<String>,
    pub rows: Vec<Behind>,
    pub at: usize,
}

/// Who stands behind a figure.
pub struct Behind {
    /// The figure's line.
    pub line: usize,
    label: String,
    /// Each with what was counted for them.
    clients: Vec<(RowId, String)>,
}

impl Desk {
    /// Which report?
    pub(super) fn reports(&mut self) {
        let items = REPORTS.iter().enumerate().map(|(at, kind)| {
            let key = digit(at).filter(|_| at < 9).or_else(|| char::from_u32('a' as u32 + at as u32 - 9));
            (key, kind.title.to_string(), Pick::Report(kind))
        });
        self.overlay = Some(Menu::over("Which report?", items.collect()));
    }

    /// Opens a report over its usual period, or another.
    pub(super) fn report(&mut self, kind: &'static Kind, period: &str) -> Result<(), StoreError> {
        let period = match Period::parse(period, self.today) {
            Ok(period) => period,
            Err(why) => {
                self.refuse(&why);
                return Ok(());
            }
        };
        self.report_over(kind, period, By::default())
    }

    /// The same by whoever did it, or by the case manager of that day.
    pub(super) fn report_over(&mut self, kind: &'static Kind, period: Period, by: By) -> Result<(), StoreError> {
        let only = Only { by, ..Only::default() };
        let report = make(&self.store, &self.rules, kind, period, &self.moment(), &only)?;
        self.overlay = Some(Overlay::Figures(self.figures(&report)));
        Ok(())
    }

    fn figures(&self, report: &Report) -> Figures {
        let lines = report.lines();
        let name = |client: RowId| self.caseload.get(client).map_or(String::new(), |facts| facts.name.clone());
        let rows = report.figures.iter().enumerate().map(|(at, figure)| {
            let told = |one: &crate::report::figures::Counted| match figure.measure.unit {
                Unit::Share => format!("{}: {:.0} of {:.0}", name(one.client), one.got, one.of),
                Unit::Minutes => format!("{}: {}", name(one.client), hours(one.got as i64)),
                Unit::Weight | Unit::Mean => format!("{}: {:.1}", name(one.client), one.got),
                Unit::Count | Unit::People => format!("{}: {:.0}", name(one.client), one.got),
            };
            let mut clients: Vec<(RowId, String)> = figure.clients.iter().map(|one| (one.client, told(one))).collect();
            if figure.measure.unit == Unit::Share {
                // Who is missing is what one wants to know.
                let missing = |client: &RowId| {
                    figure.clients.iter().find(|one| one.client == *client).is_some_and(|one| one.got < one.of)
                };
                clients.sort_by_key(|(client, _)| !missing(client));
            }
            // Two lines stand before the first figure.
            Behind { line: at + 2, label: figure.measure.label.to_string(), clients }
        });
        Figures { kind: report.kind, period: report.period, by: report.by, rows: rows.collect(), lines, at: 0 }
    }

    /// The clients behind a figure: to go to.
    pub(super) fn open_figure(&mut self, figures: &Figures) {
        let Some(Behind { label, clients, .. }) = figures.rows.get(figures.at) else { return };
        if clients.is_empty() {
            self.say("Nobody stands behind this figure.");
            return;
        }
        self.listed(&format!("{}, {label}", figures.kind.name), clients.len());
        let items = clients.iter().map(|(client, told)| (None, told.clone(), Pick::Go(*client)));
        self.overlay = Some(Menu::over(format!("{label}: {} clients", clients.len()), items.collect()));
    }

    /// Another period for the report that is open.
    pub(super) fn ask_period(&mut self, kind: &'static Kind) {
        self.ask_with(Answer::Period(kind), kind.title, &format!("Which period? {NAMES}."), kind.usual);
    }

    /// How the worker's own credentials stand.
    pub(super) fn standings(&self) -> Result<Vec<Standing>, StoreError> {
        let me = self.store.worker().id;
        let rows = |record| self.store.rows(record, me);
        let (held, courses, hours) = (rows(&credential::TYPE)?, rows(&education::TYPE)?, rows(&supervision::TYPE)?);
        Ok(credentials::standings(self.rules.practice(), &held, &courses, &hours, self.today))
    }

    /// The worker's own practice: credentials, education, supervision, and what can be added.
    pub(super) fn my_practice(&mut self) -> Result<(), StoreError> {
        let about: Vec<String> = self.standings()?.iter().flat_map(|one| one.lines(self.today)).collect();
        let about = if about.is_empty() { vec!["No credentials yet.".into()] } else { about };
        let items = vec![
            (Some('c'), "Add a credential".into(), Pick::Add(&credential::TYPE)),
            (Some('e'), "Add continuing education".into(), Pick::Add(&education::TYPE)),
            (Some('s'), "Add supervised hours".into(), Pick::Add(&supervision::TYPE)),
            (Some('l'), "The log: everything, to look at and edit".into(), Pick::OwnLog),
        ];
        self.overlay = Some(Menu::telling("Your own practice", about, items));
        Ok(())
    }

    /// Every row of the worker's own practice, newest first.
    pub(super) fn own_log(&mut self) -> Result<(), StoreError> {
        let me = self.store.worker().id;
        let mut rows = Vec::new();
        for record in [&credential::TYPE, &education::TYPE, &supervision::TYPE] {
            for row in self.store.rows(record, me)?.iter().rev() {
                rows.push(super::overlay::Shown { record, row: row.id, text: self.in_short(row), broken: false });
            }
        }
        if rows.is_empty() {
            self.say("Nothing is written down yet.");
        } else {
            self.overlay = Some(Overlay::Records { title: super::lists::KEPT, rows, at: 0 });
        }
        Ok(())
    }

    /// What of the worker's own is due, for the top of the screen.
    pub(super) fn own_due_now(&self) -> Result<Option<String>, StoreError> {
        let due = self.standings()?.into_iter().find(|one| one.is_due(self.today));
        Ok(due.map(|one| {
            let left = one.days_left(self.today).unwrap_or(0);
            let when = if left < 0 { "expired".into() } else { format!("{left} days") };
            format!("{}: {when}", one.kind.code.to_uppercase())
        }))
    }
}
