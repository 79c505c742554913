//! Pages without a screen: what is printed, of whom, for whom; what was left out is told, and what left is on the record.

use std::path::{Path, PathBuf};

use anyhow::{anyhow, bail};
use chrono::NaiveDate;
use clap::Args;
use serde_json::{Value as Json, json};

use crate::disclosure::{Ground, LeftOut, Override};
use crate::model::ClientStatus;
use crate::model::records::{client, worker};
use crate::model::text::one_line;
use crate::report::pages::{Page, To};
use crate::report::period::Period;
use crate::report::print::{self, Form, Printing, Wanted};
use crate::store::Store;

use super::Setting;
use super::reading::{find, printed};

#[derive(Args)]
pub struct PrintArgs {
    /// What to print
    #[arg(value_name = "PAGE", value_parser = pages())]
    page: String,
    /// Of this client; may be repeated. The day sheet and the professional log are your own
    #[arg(long = "client", value_name = "ID", conflicts_with = "all")]
    clients: Vec<String>,
    /// Of every client, one after another in one file
    #[arg(long)]
    all: bool,
    /// The new file: .pdf, .html or .txt; "-" prints text on the terminal
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// For whom: client, file (your own paper), or a person or an organisation by name; what no release to them permits is
    /// left out
    #[arg(long = "for", value_name = "NAME", default_value = "client")]
    to: String,
    /// What it is for, as it goes on the record
    #[arg(long, value_name = "TEXT", default_value = "")]
    purpose: String,
    /// Of disclosures: what was held back, too; otherwise it is not on the page
    #[arg(long)]
    with_held_back: bool,
    /// Notes of services, or what was given, from this day on (YYYY-MM-DD)
    #[arg(long, value_name = "DATE")]
    from: Option<NaiveDate>,
    /// Notes of services, or what was given, up to this day
    #[arg(long = "to", value_name = "DATE")]
    until: Option<NaiveDate>,
    /// pdf, html or text, in place of what the file's ending says
    #[arg(long, value_parser = form)]
    format: Option<Form>,
    /// Give what no release permits on this ground: emergency, court-order or mandated-report
    #[arg(long, value_name = "GROUND", value_parser = ground, requires = "reason")]
    without_release: Option<Ground>,
    /// Why, in your words; it goes on the record
    #[arg(long, visible_alias = "override", value_name = "TEXT", requires = "without_release")]
    reason: Option<String>,
}

fn pages() -> clap::builder::PossibleValuesParser {
    Page::ALL.map(Page::name).into()
}

fn ground(text: &str) -> Result<Ground, String> {
    Ground::from_code(text).ok_or_else(|| format!("it is one of: {}", Ground::ALL.map(Ground::code).join(", ")))
}

fn form(text: &str) -> Result<Form, String> {
    match text {
        "pdf" => Ok(Form::Pdf),
        "html" => Ok(Form::Html),
        "text" => Ok(Form::Text),
        _ => Err("it is one of: pdf, html, text".into()),
    }
}

pub fn print(setting: &Setting, args: &PrintArgs, json: bool) -> anyhow::Result<String> {
    let page = Page::from_name(&args.page).ok_or_else(|| anyhow!("There is no page \"{}\".", args.page))?;
    let to_terminal = args.out == Path::new("-");
    let form = match args.format {
        Some(form) => form,
        None if to_terminal => Form::Text,
        None => Form::of(&args.out)?,
    };
    if to_terminal && form != Form::Text {
        bail!("On the terminal there is text only. Name a file for the rest.");
    }
    // Nothing is asked and made that could not be written.
    if !to_terminal && args.out.symlink_metadata().is_ok() {
        return Err(print::PrintError::Exists(args.out.display().to_string()).into());
    }
    let mut store = setting.open()?;
    let wanted = Wanted {
        page,
        clients: whom(&store, page, args)?,
        to: if page.is_of_a_client() { To::parse(&args.to) } else { own(&args.to) },
        purpose: args.purpose.clone(),
        period: period(args.from, args.until)?,
        withheld: args.with_held_back,
        without: match (&args.reason, args.without_release) {
            (Some(reason), Some(ground)) => Some(Override::new(ground, reason).map_err(anyhow::Error::msg)?),
            _ => None,
        },
    };
    let printing = print::prepare(&store, &setting.rules, setting.moment(), &wanted)?;
    if to_terminal {
        print::record(&mut store, &printing)?;
        // What is said about the page is not part of it.
        for line in printing.told() {
            super::say_beside(format_args!("{}", one_line(&line)));
        }
        return Ok(match json {
            true => printed(&told(&printing, None, &print::Written::default())),
            false => printing.text(),
        });
    }
    let written = print::write(&mut store, &printing, &args.out, form)?;
    if json {
        return Ok(printed(&told(&printing, Some(&args.out), &written)));
    }
    let mut lines = printing.in_words(&args.out, &written);
    lines.extend(printing.told());
    Ok(lines.iter().map(|line| format!("{}\n", one_line(line))).collect())
}

/// The worker's own pages are for the file, unless someone else is named: then they are refused.
fn own(to: &str) -> To {
    if to == "client" { To::File } else { To::parse(to) }
}

fn whom(store: &Store, page: Page, args: &PrintArgs) -> anyhow::Result<Vec<crate::model::RowId>> {
    match (page.is_of_a_client(), args.all, &args.clients[..]) {
        (false, false, []) => Ok(Vec::new()),
        (false, ..) => bail!("The {} is your own: leave out --client and --all.", page.title().to_lowercase()),
        (true, false, []) => bail!("Of whom? Say --client ID, or --all."),
        (true, true, _) => {
            let mut everyone = store.all_facts()?;
            // Whoever is closed has a closing summary; the rest is for those who are not.
            everyone.retain(|facts| (facts.status == ClientStatus::Closed) == (page == Page::Closing));
            everyone.sort_by(|a, b| (&a.sort_name, a.id).cmp(&(&b.sort_name, b.id)));
            Ok(everyone.into_iter().map(|facts| facts.id).collect())
        }
        (true, false, ids) => {
            let mut clients = Vec::new();
            for id in ids {
                let (record, row) = find(store, id)?;
                let row = store.row(row)?.ok_or_else(|| anyhow!("There is no client {id}."))?;
                if *record == worker::TYPE || (*record != client::TYPE && record.is_the_workers()) {
                    bail!("{id} is not of a client.");
                }
                clients.push(row.stream);
            }
            Ok(clients)
        }
    }
}

fn period(from: Option<NaiveDate>, to: Option<NaiveDate>) -> anyhow::Result<Option<Period>> {
    let period = Period { from: from.unwrap_or(NaiveDate::MIN), to: to.unwrap_or(NaiveDate::MAX) };
    if period.from > period.to {
        bail!("The last day ({}) lies before the first ({}).", period.to, period.from);
    }
    Ok((from.is_some() || to.is_some()).then_some(period))
}

fn told(printing: &Printing, path: Option<&Path>, written: &print::Written) -> Json {
    let left = |all: &[LeftOut]| -> Vec<Json> {
        all.iter()
            .map(|one| json!({"what": one.what.code(), "why": one.why, "would_permit": one.would_permit}))
            .collect()
    };
    let clients = printing.parts.iter().map(|part| {
        json!({
            "client_id": part.client.to_string(), "left_out": left(&part.permission.left_out), "notices": part.aside,
        })
    });
    let nothing = printing
        .nothing
        .iter()
        .map(|one| json!({"client_id": one.client.to_string(), "why": one.why, "left_out": left(&one.left_out)}));
    let undrawn: Vec<String> = written.undrawn.iter().map(char::to_string).collect();
    json!({
        "page": printing.wanted.page.name(), "path": path.map(|path| path.display().to_string()),
        "to": printing.wanted.to.in_words(), "pages": written.pages, "clients": clients.collect::<Vec<_>>(),
        "nothing_of": nothing.collect::<Vec<_>>(), "undrawn": undrawn, "encrypted": false,
        "text": if path.is_none() { Some(printing.text()) } else { None },
    })
}
