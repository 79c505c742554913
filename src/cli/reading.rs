//! Commands that look: triage, list, show, agenda, search, history, check.

use std::collections::BTreeSet;
use std::fmt::Write;

use anyhow::{anyhow, bail};
use serde_json::{Map, Value as Json, json};

use crate::model::records::{
    addendum, assessment, client, credential, education, episode, erasure, goal, note, plan, signature, supervision,
    worker,
};
use crate::model::stands::{self, Stands};
use crate::model::{CATALOGUE, Moment, RecordType, RowId, Value, text::one_line};
use crate::practice::credentials::{self, Standing};
use crate::practice::instruments::waits;
use crate::store::{Found, Store, StoreError, wall_clock};
use crate::triage::{
    Band, Caseload, Class, ClientFacts, Clock, DeskWork, Ranked, Rules, day_in_words, filter, hour_in_words,
};

use super::{Done, Setting};

/// Whether a client is a worker's: by name or a part of it, `me` (also while standing in), or `none`.
fn with_worker(worker: Option<&str>, store: &Store, moment: Moment) -> impl Fn(&ClientFacts) -> bool + use<> {
    let typed = worker.map(|worker| format!("worker:{}", filter::hyphenated(worker.trim())));
    let filter = filter::Filter::parse(typed.as_deref().unwrap_or(""), &store.worker().name);
    move |facts| filter.fits(facts, None, &moment)
}

pub fn triage(setting: &Setting, worker: Option<&str>, json: bool) -> anyhow::Result<String> {
    let mut store = setting.open()?;
    let theirs = with_worker(worker, &store, setting.moment());
    let moment = setting.moment();
    let today = moment.today();
    let clock = Clock::new(moment);
    let caseload = Caseload::new(store.all_facts()?, &setting.rules, moment);
    let mut out = String::new();
    let mut list = Vec::new();
    let mut band = None;
    store.note_list("triage", caseload.ranked().iter().filter(|ranked| theirs(caseload.facts_of(ranked))).count())?;
    for (ranked, rank) in caseload.ranked().iter().filter(|ranked| theirs(caseload.facts_of(ranked))).zip(1..) {
        let facts = caseload.facts_of(ranked);
        let told: Vec<_> = ranked.reasons.iter().map(|reason| setting.rules.tell(reason, facts, &clock)).collect();
        if json {
            let reasons: Vec<Json> = told
                .iter()
                .map(|told| {
                    let due = told.due.map(|due| due.plain());
                    json!({
                        "rule": told.rule, "text": told.text, "due": due, "action": told.action, "band": told.band,
                        "class": told.class,
                    })
                })
                .collect();
            list.push(json!({
                "rank": rank, "client_id": facts.id.to_string(), "name": facts.name, "band": ranked.band, "reasons": reasons,
                "snoozed": put_off(ranked, facts, &setting.rules), "closed": ranked.closed,
            }));
            continue;
        }
        if ranked.about_people().next().is_none() && ranked.put_off.is_empty() {
            continue;
        }
        if band != Some(ranked.band) {
            band = Some(ranked.band);
            writeln!(out, "{}{}", if rank == 1 { "" } else { "\n" }, ranked.band.label().to_uppercase())?;
        }
        writeln!(out, "{:4}  {}", rank, one_line(&facts.name))?;
        for told in told.iter().filter(|told| told.class != Class::Paper) {
            writeln!(out, "        {}", one_line(&told.text))?;
        }
        for put_off in &ranked.put_off {
            let why = facts.snoozes.get(usize::from(put_off.snooze)).map_or("", |snooze| snooze.why.as_str());
            let until = day_in_words(put_off.until, today);
            writeln!(
                out,
                "        put off until {until}: {} ({})",
                setting.rules.of(&put_off.reason).id,
                one_line(why)
            )?;
        }
    }
    if json {
        return Ok(printed(&Json::Array(list)));
    }
    if !caseload.ranked().iter().any(|ranked| ranked.band <= Band::Today && theirs(caseload.facts_of(ranked))) {
        out.insert_str(0, if out.is_empty() { "Nobody needs you today.\n" } else { "Nobody needs you today.\n\n" });
    }
    let desk = DeskWork::of(&caseload, &setting.rules, &clock, &theirs);
    if desk.things() > 0 {
        writeln!(out, "\nDesk work: {}", desk.in_words())?;
    }
    for one in standings(setting, &store)?.iter().filter(|one| one.is_due(today)) {
        writeln!(out, "\nYOURSELF\n      {}", one.in_words(today))?;
    }
    Ok(out)
}

/// What is put off of one client, for `--json`.
fn put_off(ranked: &Ranked, facts: &ClientFacts, rules: &Rules) -> Vec<Json> {
    let one = |put_off: &crate::triage::PutOff| {
        let why = facts.snoozes.get(usize::from(put_off.snooze)).map_or("", |snooze| snooze.why.as_str());
        json!({"rule": rules.of(&put_off.reason).id, "until": put_off.until.to_string(), "why": why})
    };
    ranked.put_off.iter().map(one).collect()
}

fn standings(setting: &Setting, store: &Store) -> anyhow::Result<Vec<Standing>> {
    let me = store.worker().id;
    let rows = |record| store.rows(record, me);
    let (held, courses, hours) = (rows(&credential::TYPE)?, rows(&education::TYPE)?, rows(&supervision::TYPE)?);
    Ok(credentials::standings(setting.rules.practice(), &held, &courses, &hours, setting.moment().today()))
}

/// The worker's own credentials, and what keeping them asks for.
pub fn practice(setting: &Setting, json: bool) -> anyhow::Result<String> {
    let store = setting.open()?;
    let today = setting.moment().today();
    let all = standings(setting, &store)?;
    if json {
        let progress = |all: &[credentials::Progress]| -> Vec<Json> {
            all.iter().map(|one| json!({"what": one.what, "minutes": one.have, "asked": one.need})).collect()
        };
        let list = all.iter().map(|one| {
            json!({
                "kind": one.kind.code, "status": one.status, "expires": one.expires.map(|day| day.to_string()),
                "since": one.since.map(|day| day.to_string()), "education": progress(&one.education),
                "supervision": progress(&one.supervision), "reached": one.reached.map(|day| day.to_string()),
                "due": one.is_due(today),
            })
        });
        return Ok(printed(&list.collect()));
    }
    let lines: Vec<String> = all.iter().flat_map(|one| one.lines(today)).collect();
    Ok(if lines.is_empty() {
        "No credentials yet: caseload add credential kind=lcsw expires=DATE\n".into()
    } else {
        format!("{}\n", lines.join("\n"))
    })
}

pub fn list(setting: &Setting, all: bool, worker: Option<&str>, json: bool) -> anyhow::Result<String> {
    let mut store = setting.open()?;
    let theirs = with_worker(worker, &store, setting.moment());
    let today = setting.moment().today();
    let torn = store.deleted_elsewhere()?;
    let mut everyone = here(store.all_facts()?, setting);
    everyone.retain(|facts| all || facts.status != crate::model::ClientStatus::Closed);
    everyone.retain(theirs);
    everyone.sort_by(|a, b| (&a.sort_name, a.id).cmp(&(&b.sort_name, b.id)));
    store.note_list("list", everyone.len())?;
    if json {
        let list = everyone.iter().map(|facts| {
            let last = facts.last_contact.as_ref().map(|contact| rfc(contact.when));
            json!({
                "id": facts.id.to_string(), "name": facts.name, "status": facts.status, "area": facts.areas.first(),
                "intensity": facts.intensity, "outside_ids": facts.outside_ids, "last_contact": last,
                "next_appointment": facts.next_visit(today).map(|visit| rfc(visit.starts)),
                "deleted_elsewhere": torn.contains(&facts.id), "worker": Some(&facts.worker).filter(|name| !name.is_empty()),
            })
        });
        return Ok(printed(&list.collect()));
    }
    let mut out = String::new();
    for facts in &everyone {
        let last = facts.last_contact.as_ref().map(|contact| day_in_words(contact.when.date_naive(), today));
        let next = facts.next_visit(today).map(|visit| hour_in_words(visit.starts, today));
        write!(out, "{}  {}", facts.id.short(), one_line(&facts.name))?;
        if facts.status != crate::model::ClientStatus::Active {
            write!(out, "  ({})", facts.status.label().to_lowercase())?;
        }
        if torn.contains(&facts.id) {
            write!(out, "  (DELETED ELSEWHERE: keep or let go)")?;
        }
        writeln!(
            out,
            "  last contact {}, next {}",
            last.as_deref().unwrap_or("none"),
            next.as_deref().unwrap_or("none")
        )?;
    }
    writeln!(out, "{}", counted(everyone.len(), "client", "clients"))?;
    Ok(out)
}

pub fn show(setting: &Setting, id: &str, json: bool) -> anyhow::Result<String> {
    let mut store = setting.open()?;
    let (_, row) = find(&store, id)?;
    let stream = store.row(row)?.map_or(row, |row| row.stream);
    if store.facts(store.root(stream)?)?.is_some() {
        store.note_view(stream, "show")?;
    }
    let file = store.client_file(stream, usize::MAX >> 1)?.ok_or_else(|| anyhow!("{id} is not of a client."))?;
    let moment = setting.moment();
    let (signatures, addenda) = (file.of(&signature::TYPE), file.of(&addendum::TYPE));
    let standing = |row: &crate::model::Row| crate::model::standing::standing(row, signatures, addenda);
    let stands_of = |row: &crate::model::Row| stands::stands(row, |record| file.of(record));
    if json {
        let mut object = Map::new();
        object.insert("client".into(), file.person().to_json());
        // What each entry for the same person says, where there is more than one.
        if !file.also.is_empty() {
            let entries = std::iter::once(&file.client).chain(&file.also);
            object.insert("entries".into(), Json::Array(entries.map(crate::model::Row::to_json).collect()));
        }
        for record in CATALOGUE.iter().filter(|record| !record.opens_stream()) {
            let rows = file.of(record).iter().map(|row| match *record {
                record if *record == note::TYPE => {
                    let mut object = row.here(&moment).to_json();
                    object["standing"] = super::signing::standing_json(&standing(row), row);
                    object
                }
                record if *record == signature::TYPE => stands::to_json(&row.here(&moment), &stands_of(row)),
                _ => row.here(&moment).to_json(),
            });
            object.insert(plural_key(record), Json::Array(rows.collect()));
        }
        let times = store.episodes(stream)?;
        object.insert("times_in_care".into(), times.iter().map(episode_json).collect());
        return Ok(printed(&object.into()));
    }
    let mut out = String::new();
    writeln!(out, "{}  ({})", one_line(&file.client.client_name()), file.client.id)?;
    for row in std::iter::once(&file.client).chain(&file.also).filter(|row| row.deleted_elsewhere) {
        let id = row.id.short();
        let choice = format!("caseload set {id} FIELD=VALUE keeps, caseload delete {id} lets go");
        writeln!(out, "  {:<22} someone took this client back while others wrote here: {choice}", "DELETED ELSEWHERE")?;
    }
    for row in file.of(&assessment::TYPE) {
        if let Some(says) = waits(row) {
            writeln!(out, "  {:<22} {}", "NOT ACTED ON", one_line(&says))?;
        }
    }
    fields(&mut out, &file.person(), &moment)?;
    for other in &file.also {
        writeln!(out, "  {:<22} {} ({})", "Also entered as", one_line(&other.client_name()), other.id.short())?;
    }
    let times = store.episodes(stream)?;
    if times.len() > 1 {
        writeln!(out, "\nTIMES IN CARE")?;
        for one in &times {
            writeln!(out, "- {}", one_line(&one.in_words()))?;
        }
    }
    for row in file.of(&erasure::TYPE) {
        let when = row.time(erasure::when).map_or(String::new(), |when| when.format("%-d %b %Y").to_string());
        let of = |field| one_line(row.text(field)).into_owned();
        let (what, order, who) = (of(erasure::what), of(erasure::order), of(erasure::who));
        writeln!(out, "  {:<22} {what}, {when}, by {who}, by order of {order}", "Erased")?;
    }
    // Signatures and addenda stand under what they belong to.
    let told_above = |record: &RecordType| *record == episode::TYPE && times.len() > 1;
    for record in CATALOGUE.iter().filter(|record| !record.opens_stream() && !record.is_sealed() && !told_above(record))
    {
        if !file.of(record).is_empty() {
            writeln!(out, "\n{}", record.plural.to_uppercase())?;
        }
        for row in file.of(record) {
            let torn = if row.deleted_elsewhere { "  DELETED ELSEWHERE, edited here: caseload conflicts" } else { "" };
            writeln!(out, "- {}{torn}", row.id.short())?;
            match (**record == note::TYPE).then(|| standing(row)) {
                Some(standing) if standing.is_signed() => {
                    super::signing::lines(&mut out, &standing.read(row, file.of(&goal::TYPE)))?;
                }
                _ => fields(&mut out, row, &moment)?,
            }
            if **record == plan::TYPE {
                let under: Vec<(crate::model::Row, Stands)> =
                    stands::under(row, signatures).map(|signed| (signed.clone(), stands_of(signed))).collect();
                super::signing::under_plan(&mut out, row, &under)?;
            }
        }
    }
    Ok(out)
}

fn episode_json(one: &crate::practice::episodes::Episode) -> Json {
    let day = |day: Option<chrono::NaiveDate>| day.map(|day| day.to_string());
    json!({
        "opened": day(one.opened), "closed": day(one.closed), "closing_reason": one.why, "outcome": one.outcome,
        "worker": one.worker, "id": one.row.map(|row| row.to_string()),
    })
}

/// Every field that holds something; a time on the clock of this place, and as it was written where that was another.
fn fields(out: &mut String, row: &crate::model::Row, moment: &Moment) -> std::fmt::Result {
    let here = row.here(moment);
    for field in row.record.fields {
        let mut shown = here.shown(field);
        if let Value::Time(written) = row.values[usize::from(field.id.field) - 1] {
            shown.push_str(&moment.elsewhere(written));
        }
        if !shown.is_empty() {
            writeln!(out, "  {:<22} {}", field.label, one_line(&shown))?;
        }
    }
    Ok(())
}

pub fn unmet(setting: &Setting, json: bool) -> anyhow::Result<String> {
    let unmet = setting.open()?.unmet_needs()?;
    if json {
        return Ok(printed(&serde_json::to_value(&unmet)?));
    }
    Ok(crate::store::needs::in_words(&unmet).join("\n") + "\n")
}

/// Facts with their hours on the clock of this place.
fn here(mut facts: Vec<ClientFacts>, setting: &Setting) -> Vec<ClientFacts> {
    let clock = Clock::new(setting.moment());
    facts.iter_mut().for_each(|facts| facts.here(&clock));
    facts
}

pub fn agenda(setting: &Setting, days: u16, json: bool) -> anyhow::Result<String> {
    let mut store = setting.open()?;
    let today = setting.moment().today();
    let until = crate::triage::calendar::add_days(today, i64::from(days.max(1)) - 1);
    let everyone = here(store.all_facts()?, setting);
    let mut visits: Vec<(&ClientFacts, &crate::triage::Visit)> = everyone
        .iter()
        .filter(|facts| facts.status != crate::model::ClientStatus::Closed)
        .flat_map(|facts| facts.visits.iter().map(move |visit| (facts, visit)))
        .filter(|(_, visit)| visit.status.is_open() && (today..=until).contains(&visit.starts.date_naive()))
        .collect();
    visits.sort_by_key(|(facts, visit)| (visit.starts, facts.id, visit.row));
    let clients: BTreeSet<RowId> = visits.iter().map(|(facts, _)| facts.id).collect();
    store.note_list("agenda", clients.len())?;
    if json {
        let list = visits.iter().map(|(facts, visit)| {
            json!({
                "client_id": facts.id.to_string(), "client": facts.name, "id": visit.row.to_string(), "title": visit.title,
                "starts": rfc(visit.starts), "minutes": visit.minutes, "place": visit.place, "status": visit.status,
                "transport": visit.transport, "interpreter": visit.interpreter,
            })
        });
        return Ok(printed(&list.collect()));
    }
    let mut out = String::new();
    let mut day = None;
    for (facts, visit) in &visits {
        let its_day = visit.starts.date_naive();
        if day.replace(its_day) != Some(its_day) {
            writeln!(out, "{}", its_day.format("%A %-d %B"))?;
        }
        let mut line = format!("  {}  {}, {}", visit.starts.format("%H:%M"), facts.name, visit.title);
        if !visit.place.is_empty() {
            line.push_str(&format!(", {}", visit.place));
        }
        if visit.transport == Some(crate::model::Arranged::Needed) {
            line.push_str("  ! no ride yet");
        }
        writeln!(out, "{}", one_line(&line))?;
    }
    if visits.is_empty() {
        out.push_str("No appointments.\n");
    }
    Ok(out)
}

pub fn search(setting: &Setting, text: &str, limit: usize, json: bool) -> anyhow::Result<String> {
    let mut store = setting.open()?;
    let hits = store.search(text, limit)?;
    let mut seen: Vec<RowId> = hits.iter().map(|hit| hit.client).collect();
    seen.sort_unstable();
    seen.dedup();
    store.note_views(&seen, "search")?;
    let moment = setting.moment();
    if json {
        let list = hits.iter().map(|hit| {
            json!({
                "client_id": hit.client.to_string(), "client": hit.client_name, "type": hit.record.name,
                "id": hit.row.to_string(), "when": hit.when.map(|when| when.on_the_clock_of(&moment).plain()),
                "snippet": hit.snippet,
            })
        });
        return Ok(printed(&list.collect()));
    }
    let mut out = String::new();
    for hit in &hits {
        let when = hit.when.map_or(String::new(), |when| format!("{} ", when.on_the_clock_of(&moment).day()));
        let line = format!("{when}{} ({}): {}", hit.client_name, hit.record.label.to_lowercase(), hit.snippet);
        writeln!(out, "{}", one_line(&line))?;
    }
    writeln!(out, "{}", if hits.is_empty() { "Nothing found.".into() } else { counted(hits.len(), "row", "rows") })?;
    Ok(out)
}

pub fn history(setting: &Setting, id: &str, json: bool) -> anyhow::Result<String> {
    let mut store = setting.open()?;
    let row = match find(&store, id) {
        Ok((_, row)) => row,
        // A deleted row is found by its full id only.
        Err(error) => {
            id.parse::<RowId>().ok().filter(|row| store.history(*row).is_ok_and(|h| !h.is_empty())).ok_or(error)?
        }
    };
    if let Some(known) = store.row(row)?
        && store.facts(store.root(known.stream)?)?.is_some()
    {
        store.note_view(known.stream, "history")?;
    }
    let lines = store.history(row)?;
    if json {
        let list = lines.iter().map(|line| {
            json!({
                "when": rfc(line.when), "arrived": line.arrived.map(rfc), "who": line.who,
                "site": line.site.to_string(), "installation": line.installation, "action": line.action,
                "field": line.field, "from": line.from.to_json(), "to": line.to.to_json(),
            })
        });
        return Ok(printed(&list.collect()));
    }
    let mut out = String::new();
    for line in &lines {
        let from = if line.from.is_empty() { String::new() } else { format!("\"{}\" -> ", line.from.plain()) };
        let came = line.came_later().map(|came| format!(", came here {}", came.format("%Y-%m-%d %H:%M")));
        let text = format!(
            "{}  {}{}  {}: {}{}  ({}{})",
            line.when.format("%Y-%m-%d %H:%M"),
            line.who,
            line.installation.as_ref().map_or(String::new(), |by| format!(" (by the installation of {by})")),
            line.field,
            from,
            line.to.plain(),
            line.action,
            came.unwrap_or_default()
        );
        writeln!(out, "{}", one_line(&text))?;
    }
    Ok(out)
}

/// Takes over what is whole of a damaged file.
pub fn repair(setting: &Setting, json: bool) -> anyhow::Result<Done> {
    let repaired = Store::repair(setting.file(), &setting.passphrase()?, wall_clock())?;
    let sound = repaired.lost.is_empty() && repaired.check.problems.is_empty();
    let text = if json {
        printed(&serde_json::to_value(&repaired)?)
    } else {
        let mut text = format!(
            "What is whole is in {} now: {} journal entries, every table made again from them. The damaged file was left as it is.\n",
            repaired.file.display(),
            repaired.entries
        );
        if repaired.from_backup > 0 {
            writeln!(text, "{} entries came from the newest backup.", repaired.from_backup)?;
        }
        if repaired.entered_again > 0 {
            writeln!(text, "{} entries behind a hole were entered again.", repaired.entered_again)?;
        }
        text.push_str(if sound { "Nothing is lost.\n" } else { "Lost:\n" });
        for told in repaired.lost.iter().chain(&repaired.check.problems) {
            writeln!(text, "- {}", one_line(told))?;
        }
        writeln!(text, "Try it (caseload --file {} check), then give it the old one's name.", repaired.file.display())?;
        text
    };
    Ok(Done { text, ok: sound })
}

pub fn check(setting: &Setting, json: bool) -> anyhow::Result<Done> {
    let store = setting.open()?;
    let mut report = store.check().map_err(|error| store.diagnosed(error))?;
    drop(store);
    report.notices.extend(setting.open_secret());
    let left_out = setting.left_out();
    let mut text = if json {
        let mut told = serde_json::to_value(&report)?;
        told["left_out"] = left_out.clone().into();
        printed(&told)
    } else if report.ok {
        let mut text = format!(
            "All is well: {} journal entries in {} streams, every chain whole and every table as its journal says.\n",
            report.entries, report.streams
        );
        if !report.to_sign_again.is_empty() {
            text.push_str("To be signed again:\n");
            for told in &report.to_sign_again {
                writeln!(text, "- {}", one_line(told))?;
            }
        }
        text
    } else if report.problems.is_empty() {
        String::from("This caseload is sound, but its newest backup is not. Make another one now: caseload backup\n")
    } else {
        let whole = report.problems.iter().all(|problem| report.missing.contains(problem));
        let mut text = String::from(match whole {
            true => "Every chain is whole, but values are missing.\n",
            false => "This caseload is damaged. Keep the file and restore the latest backup.\n",
        });
        for problem in &report.problems {
            writeln!(text, "- {}", one_line(problem))?;
        }
        text
    };
    if let Some(trouble) = report.backup.as_deref().filter(|_| !json) {
        writeln!(text, "- {}", one_line(trouble))?;
    }
    for notice in report.notices.iter().filter(|_| !json) {
        writeln!(text, "{}", one_line(notice))?;
    }
    if !json {
        for told in report.missing.iter().filter(|told| !report.problems.contains(told)) {
            writeln!(text, "- {}", one_line(told))?;
        }
    }
    if !json && !left_out.is_empty() {
        text.push_str("Of your agency's own files and your own settings:\n");
        for told in &left_out {
            writeln!(text, "- {told}")?;
        }
    }
    Ok(Done { text, ok: report.ok })
}

/// The row that a text names; a name that fits one client alone will do too.
pub fn find(store: &Store, text: &str) -> anyhow::Result<(&'static RecordType, RowId)> {
    match store.find(text)? {
        Found::One { record, row } if *record != worker::TYPE => return Ok((record, row)),
        Found::Several(rows) => {
            let some: Vec<String> = rows.iter().take(4).map(ToString::to_string).collect();
            bail!("\"{text}\" fits several rows: {} ... Type more of it.", some.join(", "));
        }
        _ => {}
    }
    let wanted = text.trim().to_lowercase();
    let everyone = store.all_facts()?;
    let mut fits = everyone.iter().filter(|facts| !wanted.is_empty() && facts.name.to_lowercase().contains(&wanted));
    match (fits.next(), fits.next()) {
        (Some(facts), None) => Ok((&client::TYPE, facts.id)),
        (Some(_), Some(_)) => bail!("Several clients have \"{text}\" in their name. Use an id from `caseload list`."),
        _ => Err(StoreError::NoRow(text.to_string()).into()),
    }
}

pub fn rfc(time: chrono::DateTime<chrono::FixedOffset>) -> String {
    time.to_rfc3339_opts(chrono::SecondsFormat::Secs, false)
}

/// Rows as a spreadsheet reads them; what it might take for a formula is disarmed.
pub fn sheet<R: IntoIterator<Item = String>>(rows: impl IntoIterator<Item = R>) -> anyhow::Result<String> {
    let mut out = csv::Writer::from_writer(Vec::new());
    for row in rows {
        out.write_record(row.into_iter().map(|text| crate::model::text::cell(&one_line(&text)).into_owned()))?;
    }
    Ok(String::from_utf8(out.into_inner()?)?)
}

/// JSON for scripts, which does no harm on a terminal either: what a terminal might obey is escaped.
pub fn printed(json: &Json) -> String {
    let text = serde_json::to_string_pretty(json).expect("JSON values print");
    let mut out = String::with_capacity(text.len() + 1);
    for c in text.chars() {
        let mut buffer = [0; 4];
        let alone: &str = c.encode_utf8(&mut buffer);
        if c != '\n' && one_line(alone) != alone {
            let mut units = [0; 2];
            for unit in c.encode_utf16(&mut units) {
                let _ = write!(out, "\\u{unit:04x}");
            }
        } else {
            out.push(c);
        }
    }
    out.push('\n');
    out
}

fn plural_key(record: &RecordType) -> String {
    match record.name {
        "care_team" => "care_team".into(),
        name => format!("{name}s"),
    }
}

pub fn counted(n: usize, one: &str, many: &str) -> String {
    format!("{n} {}", if n == 1 { one } else { many })
}
