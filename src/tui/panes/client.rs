//! The client: how to reach them safely, why they need the worker now, what is next and what was last.

use chrono::NaiveDate;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use crate::model::records::{care_team, client, enrollment, goal, need, note, plan, relationship};
use crate::model::{AppointmentStatus, Barrier, ClientStatus, NeedStatus, PlanStatus, Row, ShareKind, text::one_line};
use crate::triage::{Band, ClientFacts, WEEKS, calendar::years_between, hour_in_words};

use super::super::desk::{Desk, Pane};
use super::super::signing::style_of;
use super::super::text::{fit, width, wrap};
use super::super::theme::Theme;
use super::practice::{self, Tone};
use super::put;

/// A line of the page: what it says, how, and what stands at its right end.
struct Line {
    text: String,
    style: Style,
    key: String,
}

/// All of them, and which stand for something.
struct Page {
    lines: Vec<Line>,
    /// The reason that is chosen.
    chosen: Option<usize>,
    /// How to reach them safely.
    safety: std::ops::Range<usize>,
}

impl Desk {
    pub(super) fn draw_client(&self, area: Rect, buffer: &mut Buffer, theme: Theme) {
        let Page { lines, chosen, safety } =
            self.client_lines(usize::from(area.width), self.client_scroll + usize::from(area.height), theme);
        let place = |height: usize| {
            let into_sight = chosen.map_or(0, |chosen| (chosen + 2).saturating_sub(height));
            (self.client_scroll + into_sight).min(lines.len().saturating_sub(height))
        };
        // How to reach them without harm stays in sight however far one reads: phone numbers stand further down, too.
        let pinned = if place(usize::from(area.height)) > safety.start { safety.len().min(2) } else { 0 };
        for (line, y) in lines[safety.start..safety.start + pinned].iter().zip(area.y..area.bottom()) {
            put(buffer, area.x, y, area.width, &line.text, line.style);
        }
        if pinned > 0 && pinned < safety.len() {
            put(buffer, area.right().saturating_sub(2), area.y + pinned as u16 - 1, 2, " …", theme.danger());
        }
        let area = Rect { y: area.y + pinned as u16, height: area.height.saturating_sub(pinned as u16), ..area };
        let top = place(usize::from(area.height));
        for ((line, number), y) in lines.iter().zip(0..).skip(top).zip(area.y..area.bottom()) {
            let focused = self.focus == Pane::Client && chosen == Some(number);
            let style = if focused { theme.selected(true) } else { line.style };
            let room = area.width.saturating_sub(if line.key.is_empty() { 0 } else { width(&line.key) as u16 + 2 });
            put(buffer, area.x, y, room, &line.text, style);
            if !line.key.is_empty() {
                put(buffer, area.right().saturating_sub(width(&line.key) as u16 + 1), y, 8, &line.key, theme.key());
            }
        }
    }

    /// The page, and the line of the chosen reason. It may end before its end where `wanted` lines stand below that reason:
    /// old notes far out of sight are not wrapped for nothing.
    fn client_lines(&self, columns: usize, wanted: usize, theme: Theme) -> Page {
        let Some(file) = &self.file else {
            let lines = ["", "  Choose a client on the left,", "  or press i to add one."];
            let lines = lines.map(|text| Line { text: text.into(), style: theme.text(), key: String::new() }).into();
            return Page { lines, chosen: None, safety: 0..0 };
        };
        let person = &file.person();
        let mut lines: Vec<Line> = Vec::new();
        let mut say = |text: String, style: Style| lines.push(Line { text, style, key: String::new() });
        let mut head = vec![person.client_name()];
        let given = person.text(client::given_name);
        if !person.text(client::preferred_name).is_empty() && !given.is_empty() {
            head[0].push_str(&format!(" ({given})"));
        }
        head.extend([client::pronouns, client::gender].map(|field| person.text(field).to_string()));
        head.extend(person.date(client::birth_date).map(|born| format!("{} years", years_between(born, self.today))));
        let language = person.text(client::language);
        head.push(if person.yes(client::interpreter) {
            format!("{language}, interpreter needed")
        } else {
            language.into()
        });
        head.retain(|part| !part.trim().is_empty());
        let status = ClientStatus::from_code(person.text(client::status)).unwrap_or(ClientStatus::Active);
        if status != ClientStatus::Active {
            head.push(status.label().to_uppercase());
        }
        say(joined(&head), theme.strong());
        let crises = self.facts().map_or(&[][..], |facts| &facts.crisis).iter();
        let crises: Vec<String> =
            crises.flat_map(|crisis| wrap(&format!("IN CRISIS: {}", one_line(crisis)), columns)).collect();
        let begins = 1 + crises.len();
        crises.into_iter().for_each(|line| say(line, theme.danger()));
        // Before any phone number: how to reach them without harm.
        let safe = self.safe_lines(columns);
        let safety = begins..begins + safe.len();
        safe.into_iter().for_each(|line| say(line, theme.danger()));
        let reach = [client::phone, client::contact_notes, client::email].map(|field| person.text(field).to_string());
        let phone = if reach[0].is_empty() { "no phone".into() } else { format!("Phone {}", reach[0]) };
        say(joined(&[phone, reach[1].clone(), reach[2].clone()]), theme.text());
        say(joined(&[client::living, client::address].map(|field| person.text(field).to_string())), theme.text());
        // What they asked to be known stands where it is read before the first word is said.
        for (field, label) in [(client::addressed_as, "Addressed as"), (client::customs, "Asked to be known")] {
            let text = person.text(field).trim().replace('\n', " ");
            for line in wrap(&format!("{label}: {text}"), columns).into_iter().filter(|_| !text.is_empty()) {
                say(line, theme.text());
            }
        }
        if !person.words(client::other_languages).is_empty() {
            say(format!("Also speaks {}", person.words(client::other_languages).join(", ")), theme.text());
        }
        let mut kinds: Vec<String> = [client::area, client::intensity]
            .iter()
            .filter_map(|id| person.record.field(id.field))
            .map(|field| person.shown(field))
            .collect();
        let also = person.record.field(client::also_areas.field).map_or(String::new(), |field| person.shown(field));
        kinds.extend((!also.is_empty()).then(|| format!("also {also}")));
        kinds.extend(person.words(client::tags).iter().map(|tag| format!("#{tag}")));
        kinds.extend(person.words(client::outside_ids).iter().cloned());
        say(joined(&kinds), theme.quiet());
        for other in &file.also {
            let more = [other.client_name(), other.text(client::phone).into(), other.text(client::address).into()];
            say(format!("Also entered as {}", joined(&more)), theme.quiet());
        }
        let moment = self.moment();
        for share in self.facts().map_or(&[][..], |facts| &facts.shares) {
            let day = |day: Option<NaiveDate>| day.map(|day| crate::triage::day_in_words(day, self.today));
            // Where it is not the whole of the last day.
            let hour = |ends: Option<i64>| {
                let ends = ends.and_then(|ends| chrono::DateTime::from_timestamp(ends, 0));
                let ends = ends.map(|ends| moment.local(ends.fixed_offset()).format(" %H:%M").to_string());
                ends.filter(|hour| hour != " 00:00").unwrap_or_default()
            };
            let text = match share.kind {
                ShareKind::Transfer => format!("Handed over to {} {}", share.with, day(share.from).unwrap_or_default()),
                ShareKind::Cover if share.covers(&moment) => {
                    let until = day(share.until).unwrap_or("told otherwise".into());
                    format!("{} stands in until {until}{}", share.with, hour(share.ends))
                }
                ShareKind::Cover => continue,
                ShareKind::Copy if share.is_over(&moment) => continue,
                ShareKind::Copy => format!("{} has a copy to read", share.with),
            };
            say(text, theme.strong());
        }
        say(String::new(), theme.text());
        say("WHY NOW".into(), theme.heading());
        let reasons = self.reasons();
        if reasons.is_empty() {
            let closed = status == ClientStatus::Closed;
            say(format!("  {}", if closed { "This case is closed." } else { "Nothing is due." }), theme.good());
        }
        let mut chosen = None;
        for (at, told) in reasons.iter().enumerate() {
            if at == self.reason {
                chosen = Some(lines.len());
            }
            let mark = match told.band {
                Band::Now => "!!",
                Band::Today => " !",
                Band::ThisWeek => " ·",
                Band::Later => "  ",
                Band::Desk => " -",
            };
            let style = if matches!(told.band, Band::Now) { theme.danger() } else { theme.text() };
            lines.push(Line {
                text: format!("{mark} {}", told.text),
                style,
                key: self.keys.first_of(&told.action).to_string(),
            });
        }
        let mut say = |text: String, style: Style| lines.push(Line { text, style, key: String::new() });
        if let Some(facts) = self.facts() {
            let clock = self.clock();
            for put_off in self.ranked().map_or(&[][..], |ranked| &ranked.put_off) {
                let until = crate::triage::day_in_words(put_off.until, self.today);
                let why = facts.snoozes.get(usize::from(put_off.snooze)).map_or("", |snooze| snooze.why.as_str());
                let reason = self.rules.words(&put_off.reason, facts, &clock);
                say(format!("   put off until {until}: {reason} ({why})"), theme.quiet());
            }
            say(String::new(), theme.text());
            // What is over by now is not next, though nobody may have said yet how it went.
            let now = self.moment().now;
            let ahead = |visit: &&crate::triage::Visit| {
                visit.status.is_open() && visit.starts + chrono::TimeDelta::minutes(visit.minutes.into()) >= now
            };
            let next = facts.visits.iter().find(ahead);
            say(
                next.map_or("NEXT  no appointment set".into(), |visit| {
                    let ride = if visit.transport == Some(crate::model::Arranged::Needed) {
                        ", ride not arranged"
                    } else {
                        ""
                    };
                    format!("NEXT  {} {}{ride}", hour_in_words(visit.starts, self.today), visit.title)
                }),
                theme.text(),
            );
            let last = facts.last_contact.as_ref();
            say(
                last.map_or("LAST  no contact on record".into(), |contact| {
                    format!("LAST  {} {}", contact.kind.label().to_lowercase(), hour_in_words(contact.when, self.today))
                }),
                theme.text(),
            );
            for line in glance(facts, self.today, theme.plain) {
                say(line, theme.text());
            }
        }
        for (text, tone) in practice::lines(file, self.today) {
            let style = match tone {
                Tone::Plain => theme.text(),
                Tone::Quiet => theme.quiet(),
                Tone::Pressing => theme.danger(),
            };
            for (line, at) in wrap(&text, columns.saturating_sub(4)).into_iter().zip(0..) {
                say(if at == 0 { line } else { format!("    {line}") }, style);
            }
        }
        let open = |row: &&crate::model::Row| row.text(need::status) != "met";
        let needs: Vec<String> =
            file.of(&need::TYPE).iter().filter(open).map(|row| self.need_in_short(row, file.of(&goal::TYPE))).collect();
        if !needs.is_empty() {
            say("NEEDS".into(), theme.heading());
            for text in needs {
                say(format!("  {text}"), theme.text());
            }
        }
        let referrals: Vec<String> = self.referrals().map(|row| self.referral_in_short(row)).collect();
        if !referrals.is_empty() {
            say("REFERRALS".into(), theme.heading());
            for text in referrals.iter().rev() {
                say(format!("  {text}"), theme.text());
            }
        }
        let people: Vec<String> = file
            .of(&relationship::TYPE)
            .iter()
            .map(|row| {
                let mark = if row.yes(relationship::emergency) { " (emergency contact)" } else { "" };
                format!(
                    "{}{mark}",
                    joined(
                        &[relationship::name, relationship::relation, relationship::phone]
                            .map(|field| row.text(field).to_string())
                    )
                )
            })
            .collect();
        let team = file.of(&care_team::TYPE).iter().map(|row| {
            joined(
                &[care_team::name, care_team::role, care_team::organisation, care_team::phone]
                    .map(|field| row.text(field).to_string()),
            )
        });
        let people: Vec<String> = people.into_iter().chain(team).collect();
        if !people.is_empty() {
            say("PEOPLE".into(), theme.heading());
            for text in people {
                say(format!("  {text}"), theme.text());
            }
        }
        let stays = file.of(&enrollment::TYPE);
        if !stays.is_empty() {
            say("PROGRAMMES".into(), theme.heading());
            for row in stays.iter().rev() {
                say(format!("  {}", self.in_short(row)), theme.text());
            }
        }
        let plans = file.of(&plan::TYPE).iter().filter(|row| row.text(plan::status) == PlanStatus::Active.code());
        for (row, at) in plans.zip(0..) {
            if at == 0 {
                say("PLAN".into(), theme.heading());
            }
            say(format!("  {}", self.plan_in_short(row, file)), theme.text());
        }
        let notes = file.of(&note::TYPE);
        if !notes.is_empty() {
            say("NOTES, newest first".into(), theme.heading());
        }
        let enough = chosen.unwrap_or(0) + wanted;
        for row in notes {
            if lines.len() > enough {
                break;
            }
            let mut say = |text: String, style: Style| lines.push(Line { text, style, key: String::new() });
            let when = row.time(note::when).map(|when| self.moment().local(when));
            let when = when.map_or(String::new(), |when| hour_in_words(when, self.today));
            let kind = row.record.field(note::kind.field).map_or(String::new(), |field| row.shown(field));
            let minutes = row.whole(note::minutes).map_or(String::new(), |minutes| format!(", {minutes} min"));
            say(format!("  {when}  {}{minutes}", kind.to_lowercase()), theme.strong());
            for (how, text) in self.note_on_page(row, file) {
                for line in wrap(&text, columns.saturating_sub(4)) {
                    say(format!("    {line}"), style_of(how, theme));
                }
            }
        }
        Page { lines, chosen: (!reasons.is_empty()).then_some(chosen).flatten(), safety }
    }

    /// A need in one line, and the goal that answers it.
    fn need_in_short(&self, row: &Row, goals: &[Row]) -> String {
        let what = row.text(need::what);
        // A refused service is a choice, not a failure.
        if row.text(need::status) == NeedStatus::Declined.code() {
            return fit(&format!("{what}: {}", NeedStatus::Declined.label().to_lowercase()), 200);
        }
        let answers = |goal: &&Row| {
            !row.text(need::domain).is_empty()
                && goal.text(goal::domain) == row.text(need::domain)
                && matches!(goal.text(goal::status), "open" | "")
        };
        let goal = match goals.iter().find(answers) {
            Some(goal) => {
                format!("-> \"{}\" {}%", goal.text(goal::words), goal.whole(goal::progress).unwrap_or(0))
            }
            None => "-> no goal yet".into(),
        };
        let severity = row.text(need::severity);
        let status = NeedStatus::from_code(row.text(need::status)).map_or("", NeedStatus::label);
        let barrier = Barrier::from_code(row.text(need::barrier))
            .map_or(String::new(), |barrier| format!("({})", barrier.label().to_lowercase()));
        let parts = [what.to_string(), severity.to_string(), status.to_lowercase(), barrier, goal];
        fit(&joined(&parts), 200)
    }
}

/// How often the client was reached of late, and how the last visits went: as small bars, and in words.
fn glance(facts: &ClientFacts, today: NaiveDate, plain: bool) -> Vec<String> {
    let mut lines = Vec::new();
    let weeks = facts.contacts_by_week(today);
    let many: u32 = weeks.iter().map(|many| u32::from(*many)).sum();
    if facts.last_contact.is_some() {
        let most = weeks.iter().copied().max().unwrap_or(0).max(3);
        let bars: String =
            weeks.iter().map(|many| BARS[usize::from(*many) * (BARS.len() - 1) / usize::from(most)]).collect();
        let bars = if plain { String::new() } else { format!("{bars}  ") };
        let contacts = if many == 1 { "contact" } else { "contacts" };
        lines.push(format!("REACHED  {bars}{many} {contacts} in {WEEKS} weeks"));
    }
    if let Some(last) = facts.attendance.last() {
        let kept = |status: &&AppointmentStatus| **status == AppointmentStatus::Kept;
        let marks: String = facts.attendance.iter().map(|status| if kept(&status) { '■' } else { '□' }).collect();
        let marks = if plain { String::new() } else { format!("{marks}  ") };
        let missed = if kept(&last) { "" } else { ", missed the last" };
        let (kept, all) = (facts.attendance.iter().filter(kept).count(), facts.attendance.len());
        lines.push(format!("VISITS   {marks}kept {kept} of the last {all}{missed}"));
    }
    lines
}

const BARS: [char; 9] = ['·', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

fn joined(parts: &[String]) -> String {
    parts.iter().map(|part| part.trim()).filter(|part| !part.is_empty()).collect::<Vec<_>>().join("  ")
}
