//! Printing from the screen: what, of whom, for whom; what is left out and why is shown before anything is written, and
//! what was written is on the record.

use crate::disclosure::{Ground, Override, Standing, standing};
use crate::model::RowId;
use crate::model::records::consent;
use crate::model::text::{one_line, same_name};
use crate::report::pages::{Page, To};
use crate::report::period::{NAMES, Period};
use crate::report::print::{self, Form, PrintError, Wanted};
use crate::store::StoreError;

use super::act::digit;
use super::answer::{Answer, path};
use super::desk::Desk;
use super::overlay::{Menu, Overlay, Pick};

/// A wish to print, as far as it is known.
#[derive(Clone)]
pub struct Wish {
    page: Page,
    clients: Vec<RowId>,
    to: Option<To>,
    purpose: Option<String>,
    /// Of notes: which days; `Some(None)` is all of them.
    period: Option<Option<Period>>,
    /// Of what was given: whether what was held back stands there too.
    withheld: Option<bool>,
    without: Option<Override>,
    /// What is left out was shown, and it was said to go on.
    agreed: bool,
}

/// What is asked about it in words.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Question {
    Period,
    Name,
    Purpose,
    Reason(Ground),
    Path,
}

const KEYS: [(Page, char); 9] = [
    (Page::Plan, 'p'),
    (Page::Notes, 'n'),
    (Page::Summary, 's'),
    (Page::SafetyPlan, 'y'),
    (Page::Wallet, 'w'),
    (Page::Closing, 'c'),
    (Page::Disclosures, 'g'),
    (Page::Day, 'd'),
    (Page::Practice, 'l'),
];

/// Lines of what is left out that a menu has room for.
const LINES: usize = 10;

impl Wish {
    fn wanted(&self) -> Wanted {
        Wanted {
            page: self.page,
            clients: self.clients.clone(),
            to: self.to.clone().unwrap_or(To::File),
            purpose: self.purpose.clone().unwrap_or_default(),
            period: self.period.flatten(),
            withheld: self.withheld.unwrap_or(false),
            without: self.without.clone(),
        }
    }

    fn is_for_others(&self) -> bool {
        matches!(self.to, Some(To::Other(_)))
    }
}

impl Desk {
    /// What is to be printed?
    pub(super) fn print_menu(&mut self) {
        let clients = self.meant();
        let own = clients.is_empty();
        let items = KEYS.iter().filter(|(page, _)| !own || !page.is_of_a_client()).map(|(page, key)| {
            let clients = if page.is_of_a_client() { clients.clone() } else { Vec::new() };
            let to = (!page.is_of_a_client()).then_some(To::File);
            let wish = Wish {
                page: *page,
                clients,
                to,
                purpose: None,
                period: None,
                withheld: None,
                without: None,
                agreed: false,
            };
            (Some(*key), page.about().to_string(), Pick::Print(Box::new(wish)))
        });
        let title = match &clients[..] {
            [] => "Print what?".to_string(),
            [one] => format!("Print what? {}", self.caseload.get(*one).map_or("", |facts| &facts.name)),
            many => format!("Print what? {} clients", many.len()),
        };
        self.overlay = Some(Menu::over(title, items.collect()));
    }

    /// Asks whatever is not known yet; shows what is left out; asks where to.
    pub(super) fn print_on(&mut self, wish: Wish) -> Result<(), StoreError> {
        let page = wish.page;
        if page == Page::Notes && wish.period.is_none() {
            let about = format!("Of which days? \"all\", or: {NAMES}.");
            self.ask_with(Answer::Print(Box::new(wish), Question::Period), page.about(), &about, "all");
        } else if page == Page::Disclosures && wish.withheld.is_none() {
            let with = |withheld| Pick::Print(Box::new(Wish { withheld: Some(withheld), ..wish.clone() }));
            let items = vec![
                (Some('g'), "What was given".to_string(), with(false)),
                (Some('h'), "What was given, and what was held back".into(), with(true)),
            ];
            self.overlay = Some(Menu::over(page.about(), items));
        } else if wish.to.is_none() {
            self.ask_whom(wish)?;
        } else if wish.is_for_others() && wish.purpose.is_none() {
            let known = self.release_purpose(&wish)?;
            let about = "What is it for? It goes on the record with what is given.";
            self.ask_with(Answer::Print(Box::new(wish), Question::Purpose), page.about(), about, &known);
        } else if wish.agreed {
            let name = format!("~/caseload-{}-{}.pdf", page.name(), self.moment().now.format("%Y%m%d-%H%M"));
            let about = "Where to? A name that ends in .pdf, .html or .txt. The file is not encrypted: whoever has it can read it.";
            self.ask_with(Answer::Print(Box::new(wish), Question::Path), page.about(), about, &name);
        } else {
            self.show_left_out(wish)?;
        }
        Ok(())
    }

    fn ask_whom(&mut self, wish: Wish) -> Result<(), StoreError> {
        let to = |to: To| Pick::Print(Box::new(Wish { to: Some(to), ..wish.clone() }));
        let mut items = vec![
            (Some('c'), "For the client themself".to_string(), to(To::Client)),
            (Some('f'), "For the file: your own paper, nobody else gets it".into(), to(To::File)),
        ];
        let mut known: Vec<String> = Vec::new();
        for row in self.releases(&wish)? {
            let name = row.text(consent::to).trim().to_string();
            if name.is_empty() || known.iter().any(|one| same_name(one, &name)) {
                continue;
            }
            let how = match standing(&row, self.moment().now) {
                Standing::InForce { days_left } => format!("release in force, {days_left} days left"),
                Standing::NotYet => "release not begun".into(),
                Standing::Ended => "release ended".into(),
                Standing::TakenBack => "release taken back".into(),
                Standing::NoEnd => "release without a last day".into(),
            };
            items.push((digit(known.len()), format!("{}: {how}", one_line(&name)), to(To::Other(name.clone()))));
            known.push(name);
        }
        items.push((Some('o'), "Someone else, by name".into(), Pick::AskPrint(Box::new(wish), Question::Name)));
        self.overlay = Some(Menu::over("For whom?", items));
        Ok(())
    }

    /// The releases of the one who is printed; of many, nobody's.
    fn releases(&self, wish: &Wish) -> Result<Vec<crate::model::Row>, StoreError> {
        let [client] = wish.clients[..] else { return Ok(Vec::new()) };
        let file = self.store.client_part(client, 0, &[&consent::TYPE])?;
        Ok(file.map_or(Vec::new(), |file| file.of(&consent::TYPE).to_vec()))
    }

    fn release_purpose(&self, wish: &Wish) -> Result<String, StoreError> {
        let Some(To::Other(to)) = &wish.to else { return Ok(String::new()) };
        let releases = self.releases(wish)?;
        let held = releases.iter().find(|row| same_name(row.text(consent::to), to));
        Ok(held.map_or(String::new(), |row| row.text(consent::purpose).to_string()))
    }

    /// What would not be given and why, before anything is written.
    fn show_left_out(&mut self, wish: Wish) -> Result<(), StoreError> {
        let agreed = Wish { agreed: true, ..wish.clone() };
        let (mut about, can, less) = match print::prepare(&self.store, &self.rules, self.moment(), &wish.wanted()) {
            Ok(printing) => {
                let less = printing.parts.iter().any(|part| !part.permission.is_whole());
                (printing.told(), true, less || !printing.nothing.is_empty())
            }
            Err(PrintError::Store(error)) => return Err(error),
            Err(error @ (PrintError::Nothing { .. } | PrintError::NothingOfAll(_))) => {
                (vec![error.to_string()], false, true)
            }
            Err(error) => {
                self.trouble(error);
                return Ok(());
            }
        };
        if can && about.is_empty() {
            return self.print_on(agreed);
        }
        let many = about.len();
        about.truncate(LINES);
        if many > LINES {
            about.push(format!("and {} more", many - LINES));
        }
        let mut items = Vec::new();
        if can {
            items.push((Some('y'), "Go on".to_string(), Pick::Print(Box::new(agreed))));
        }
        if less && wish.is_for_others() && wish.without.is_none() {
            for (ground, key) in Ground::ALL.into_iter().zip(['e', 'o', 'm']) {
                let label =
                    format!("Without a release: {} (a reason goes on the record)", ground.label().to_lowercase());
                items.push((Some(key), label, Pick::AskPrint(Box::new(wish.clone()), Question::Reason(ground))));
            }
        }
        items.push((Some('n'), "Leave it; nothing was written".into(), Pick::Nothing));
        self.overlay = Some(Menu::telling(wish.page.title(), about, items));
        Ok(())
    }

    /// Asks something about a wish in words.
    pub(super) fn ask_print(&mut self, wish: Wish, question: Question) {
        let about = match question {
            Question::Name => "Who gets it? A person or an organisation, by the name that the release has.".to_string(),
            Question::Reason(ground) => format!("{}: what happened? By {}.", ground.label(), ground.rule()),
            Question::Period | Question::Purpose | Question::Path => String::new(),
        };
        let title = wish.page.about();
        self.ask(Answer::Print(Box::new(wish), question), title, &about);
    }

    /// What was typed about a wish to print.
    pub(super) fn answer_print(&mut self, mut wish: Wish, question: Question, typed: &str) -> Result<(), StoreError> {
        match question {
            Question::Period => {
                wish.period = match typed.trim().to_lowercase().as_str() {
                    "all" => Some(None),
                    period => match Period::parse(period, self.today) {
                        Ok(period) => Some(Some(period)),
                        Err(why) => {
                            self.refuse(&why);
                            return Ok(());
                        }
                    },
                };
            }
            Question::Name => wish.to = Some(To::parse(typed)),
            Question::Purpose => wish.purpose = Some(typed.trim().into()),
            Question::Reason(ground) => match Override::new(ground, typed) {
                Ok(without) => wish.without = Some(without),
                Err(why) => {
                    self.refuse(why);
                    return Ok(());
                }
            },
            Question::Path => return self.print_to(&wish, typed),
        }
        self.print_on(wish)
    }

    fn print_to(&mut self, wish: &Wish, typed: &str) -> Result<(), StoreError> {
        let path = path(typed);
        let written = Form::of(&path).and_then(|form| {
            let printing = print::prepare(&self.store, &self.rules, self.moment(), &wish.wanted())?;
            let written = print::write(&mut self.store, &printing, &path, form)?;
            Ok((printing, written))
        });
        match written {
            Ok((printing, written)) => {
                let mut lines = printing.in_words(&path, &written);
                if wish.page.is_of_a_client() && wish.to != Some(To::File) {
                    lines.push("What was given is on the record.".into());
                }
                lines.extend(printing.told());
                self.follow(written.receipt)?;
                self.overlay = Some(Overlay::Reading { title: "Printed".into(), lines, scroll: 0 });
            }
            Err(error) => self.refuse(&error.to_string()),
        }
        Ok(())
    }
}
