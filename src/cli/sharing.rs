//! Commands that hand work over: bundles out and in, places, and who is believed.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::ops::ControlFlow::Continue;
use std::path::Path;

use anyhow::{anyhow, bail};
use serde_json::{Value as Json, json};

use crate::disclosure::Override;
use crate::model::text::one_line;
use crate::model::{RowId, ShareKind};
use crate::store::{Acceptance, Gives, Line, Merged, NotTaken, Passphrase, Site, SiteState, Store, Trust, read_text};
use crate::sync::{self, Card, Kind, Scope, Taken, Until, Whom, place::Place};

use crate::triage::{Caseload, duplicates, team};

use super::Setting;
use super::progress::{Far, Progress};
use super::reading::{counted, find, printed};
use super::setting::ask;

pub struct Export<'a> {
    pub path: &'a Path,
    pub clients: &'a [String],
    pub to: &'a [String],
    pub passphrase_file: Option<&'a Path>,
    pub everything: bool,
    pub kind: Option<ShareKind>,
    pub until: Option<&'a str>,
    /// Given to another agency without a release, and why.
    pub without: Option<Override>,
}

pub fn export(setting: &Setting, wanted: &Export<'_>, json: bool) -> anyhow::Result<String> {
    let mut store = setting.open()?;
    let scope = match wanted.clients {
        [] => Scope::Whole,
        ids => {
            let mut clients = Vec::new();
            for id in ids {
                let (_, row) = find(&store, id)?;
                clients.push(store.row(row)?.ok_or_else(|| anyhow!("There is no client {id}."))?.stream);
            }
            Scope::Clients(clients)
        }
    };
    let whom = match wanted.passphrase_file {
        Some(path) => Whom::Passphrase(setting.passphrase_to_set(path)?),
        None => Whom::Sites(chosen(&store, wanted.to)?),
    };
    if let (Scope::Whole, Whom::Sites(sites)) = (&scope, &whom) {
        let everyones: Vec<_> = store.partners()?.into_iter().map(|site| site.id).collect();
        if let Some(site) = sites.iter().find(|site| !everyones.contains(&site.id)) {
            let name = site.person();
            bail!(
                "{name} is not given everyone's files, only those of single clients: say which, --client ID (more than one may be named)."
            );
        }
    }
    if wanted.path.symlink_metadata().is_ok() {
        return Err(crate::store::StoreError::Exists(wanted.path.into()).into());
    }
    let until = wanted.until.map(|text| Until::parse(text, &setting.moment())).transpose()?;
    let practice = setting.rules.practice();
    let leaving = sync::Leaving::of(&store, practice, &scope, &whom, wanted.without.as_ref())?;
    let scope = leaving.scope(scope);
    if leaving.is_nobody() {
        bail!("Nobody may be given to {}. {}", one_line(&leaving.agency), leaving.refusals().join(" "));
    }
    match (wanted.kind, &scope, &whom) {
        (None, _, _) if until.is_none() => {}
        (Some(kind), Scope::Clients(clients), Whom::Sites(sites)) if sites.len() == 1 => {
            if until.is_none() && kind == ShareKind::Cover {
                bail!("A cover has an end: say --until DATE.");
            }
            sync::share(&mut store, clients, kind, &sites[0], setting.moment().today(), until)?;
        }
        _ => bail!("--as needs --client, and one receiver: --to NAME."),
    }
    // Whoever is given a client's file as something gets all of it.
    let everything = wanted.everything || wanted.kind.is_some();
    let given = leaving.give(&mut store, (&scope, &whom), everything, wanted.without.as_ref(), wanted.path)?;
    if json {
        return Ok(printed(&json!({
            "path": wanted.path.display().to_string(), "clients": given.clients, "batches": given.counts.batches,
            "entries": given.counts.entries, "bytes": given.bytes, "left_out": left_out(&leaving),
        })));
    }
    let for_whom = match &whom {
        Whom::Passphrase(_) => "whoever has the passphrase".to_string(),
        Whom::Sites(sites) => {
            let names: Vec<String> = sites.iter().map(Site::person).collect();
            names.join(", ")
        }
    };
    let clients = counted(given.clients, "client", "clients");
    let entries = counted(given.counts.entries as usize, "entry", "entries");
    let mut out = format!("Written for {for_whom}: {clients}, {entries}, {} bytes.\n", given.bytes);
    for line in leaving.refusals() {
        writeln!(out, "Left out, {}", one_line(&line))?;
    }
    for notice in leaving.notices() {
        writeln!(out, "{}", one_line(&notice))?;
    }
    Ok(out)
}

fn left_out(leaving: &sync::Leaving) -> Vec<Json> {
    let why = |permission: &crate::disclosure::Permission| -> Vec<String> {
        permission.left_out.iter().map(|left| left.in_words()).collect()
    };
    let one = |(id, name, permission): &(crate::model::RowId, String, _)| json!({"id": id.to_string(), "name": name, "why": why(permission)});
    leaving.check.left_out.iter().map(one).collect()
}

pub fn conflicts(setting: &Setting, json: bool) -> anyhow::Result<String> {
    let mut store = setting.open()?;
    let mut out = String::new();
    let mut all = Vec::new();
    let found = store.conflicts(None)?;
    let shown: BTreeSet<RowId> = found.iter().map(|one| one.client).collect();
    store.note_list("conflicts", shown.len())?;
    for one in found {
        let root = store.root(one.client)?;
        let name = store.facts(root)?.map_or(String::new(), |facts| facts.name);
        let label = one.field.map_or("deleted in one place, edited in the other", |field| field.label);
        writeln!(out, "{}  {} {}: {label}", one_line(&name), one.record.label, one.row.short())?;
        for side in &one.sides {
            let who = if side.imported { "from a file" } else { &side.who };
            let value = one.field.map_or(String::new(), |field| field.shown(&side.value));
            let what = match one.field {
                Some(_) => one_line(&value),
                None if std::ptr::eq(side, &one.sides[0]) => "written on".into(),
                None => "deleted".into(),
            };
            writeln!(out, "    {what} ({}, {})", one_line(who), side.when.format("%-d %b %Y %H:%M"))?;
        }
        if one.field.is_none() {
            let id = one.row.short();
            writeln!(out, "    caseload set {id} FIELD=VALUE keeps it, caseload delete {id} lets it go")?;
        }
        let sides = one.sides.iter().map(|side| {
            json!({"value": side.value.to_json(), "who": side.who, "when": side.when.to_rfc3339(), "imported": side.imported})
        });
        all.push(json!({
            "client_id": root.to_string(), "client": name, "type": one.record.name, "id": one.row.to_string(),
            "field": one.field.map(|field| field.name), "sides": sides.collect::<Vec<Json>>(),
        }));
    }
    if json {
        return Ok(printed(&Json::Array(all)));
    }
    if out.is_empty() {
        out.push_str("Nothing waits for a choice.\n");
    }
    Ok(out)
}

pub fn team(setting: &Setting, json: bool) -> anyhow::Result<String> {
    let mut store = setting.open()?;
    let moment = setting.moment();
    let caseload = Caseload::new(store.all_facts()?, &setting.rules, moment);
    let loads = team::loads(&caseload, &setting.rules, &store.capacities()?, &moment);
    store.note_list("team", caseload.facts().len())?;
    if json {
        return Ok(printed(&serde_json::to_value(&loads)?));
    }
    let mut out = String::from(
        "Case manager              clients  weight      of  contacts  crisis  need you  overdue  covered\n",
    );
    for load in &loads {
        let worker = if load.worker.is_empty() { "(nobody named)" } else { &load.worker };
        let capacity = if load.worker.is_empty() { String::new() } else { format!("{:.0}", load.capacity) };
        let line = format!(
            "{:<24}  {:>7}  {:>6.1}  {:>6}  {:>8.0}  {:>6}  {:>8}  {:>7}  {:>7}",
            one_line(worker),
            load.clients,
            load.weight,
            capacity,
            load.contacts,
            load.crisis,
            load.need_attention,
            load.overdue,
            load.covered
        );
        match load.over() {
            Some(over) => writeln!(out, "{line}  over by {over:.1}")?,
            None => writeln!(out, "{line}")?,
        }
    }
    Ok(out)
}

pub fn duplicates(setting: &Setting, json: bool) -> anyhow::Result<String> {
    let mut store = setting.open()?;
    let facts = store.all_facts()?;
    let name = |id| facts.iter().find(|facts| facts.id == id).map_or(String::new(), |facts| facts.name.clone());
    let mut out = String::new();
    let mut all = Vec::new();
    let pairs = duplicates::pairs(&facts);
    let shown: BTreeSet<RowId> = pairs.iter().flat_map(|pair| [pair.one, pair.other]).collect();
    store.note_list("duplicates", shown.len())?;
    for pair in pairs {
        let (one, other, why) = (name(pair.one), name(pair.other), pair.why.in_words());
        let ids = (pair.one.short(), pair.other.short());
        writeln!(out, "{} {}  and  {} {}: {why}", ids.0, one_line(&one), ids.1, one_line(&other))?;
        let (id, other_id) = (pair.one.to_string(), pair.other.to_string());
        all.push(json!({"id": id, "name": one, "other_id": other_id, "other_name": other, "why": why}));
    }
    if json {
        return Ok(printed(&Json::Array(all)));
    }
    if out.is_empty() {
        out.push_str("Nobody seems to be here twice.\n");
    }
    Ok(out)
}

/// The sites that are named, by name or by the beginning of the fingerprint: whoever was accepted, whatever they get by
/// themselves. Where none is named, all who get everything.
fn chosen(store: &Store, named: &[String]) -> anyhow::Result<Vec<Site>> {
    let partners = if named.is_empty() { store.partners()? } else { store.within_reach()? };
    if partners.is_empty() && named.is_empty() && !store.within_reach()?.is_empty() {
        bail!("Nobody is given everything from here. Name whom you mean, and whom it is about: --to NAME --client ID.");
    }
    if partners.is_empty() {
        bail!(
            "Nobody is accepted here yet. Exchange cards (caseload site card, caseload site accept), or seal with --bundle-passphrase-file."
        );
    }
    let mut chosen: Vec<Site> = Vec::new();
    for name in named {
        let fits = |site: &&Site| named_so(site, name);
        match partners.iter().filter(fits).collect::<Vec<_>>()[..] {
            [] => bail!("No accepted site is called \"{name}\". See: caseload site list."),
            [site] => chosen.push(site.clone()),
            _ => bail!("More than one accepted site is called \"{name}\": name it by its fingerprint."),
        }
    }
    Ok(if named.is_empty() { partners } else { chosen })
}

/// Whether a site that is known is meant: by what we call the person, or where we call them nothing by what it calls itself;
/// by its id or the beginning of its fingerprint.
fn named_so(site: &Site, name: &str) -> bool {
    let compact = |text: &str| text.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_uppercase();
    let wanted = compact(name);
    let called = site.line.as_ref().map(|line| line.called.as_str()).filter(|called| !called.is_empty());
    called.unwrap_or(&site.name).eq_ignore_ascii_case(name.trim())
        || site.id.to_string() == name
        || (wanted.len() >= 4 && compact(&site.fingerprint()).starts_with(&wanted))
}

/// Takes in a bundle or another caseload file.
pub fn import(
    setting: &Setting,
    path: &Path,
    kind: Kind,
    passphrase_file: Option<&Path>,
    dry_run: bool,
    json: bool,
) -> anyhow::Result<String> {
    let mut store = setting.open()?;
    if !dry_run {
        store.backup_before_merge()?;
    }
    let secret = passphrase_file.map(|path| setting.secret(path)).transpose()?;
    let mut bar = Progress::new();
    let taken = match kind {
        Kind::Bundle => {
            let passphrase = secret.as_ref().map(|secret| secret.as_str());
            let taken = sync::take(&mut store, path, passphrase, !dry_run, &mut |done| bar.show(Far::Unpacked(done)));
            match taken {
                Err(sync::Refusal::NeedsPassphrase) if passphrase.is_none() => {
                    let typed = ask("Passphrase of the bundle: ")?;
                    sync::take(&mut store, path, Some(typed.as_str()), !dry_run, &mut |done| {
                        bar.show(Far::Unpacked(done))
                    })
                }
                taken => taken,
            }
        }
        Kind::Caseload => {
            let secret = match secret {
                Some(secret) => secret,
                None => ask("Passphrase of the other caseload: ")?,
            };
            let passphrase = Passphrase::new(secret.as_str());
            sync::merge_file(&mut store, path, &passphrase, !dry_run, &mut |done| bar.show(Far::Unpacked(done)))
        }
    };
    bar.clear();
    let taken = taken?;
    // Known from the note outside the file, before anyone said so.
    let was_set_back = !dry_run && store.was_set_back()?;
    let format = match kind {
        Kind::Bundle => "bundle",
        Kind::Caseload => "caseload",
    };
    if json {
        let mut out = merged_json(&taken.merged);
        out["format"] = format.into();
        out["sender"] = taken.sender.clone().into();
        out["clients"] = taken
            .merged
            .clients
            .iter()
            .map(|(id, name, new)| json!({"id": id.to_string(), "name": name, "new": new}))
            .collect::<Vec<Json>>()
            .into();
        out["dry_run"] = dry_run.into();
        out["set_back"] = (taken.merged.set_back || was_set_back).into();
        return Ok(printed(&out));
    }
    let mut out = told(&taken, dry_run);
    if was_set_back {
        writeln!(out, "{}", sync::SET_BACK)?;
    }
    Ok(crate::model::text::lines(&out).into_owned())
}

fn merged_json(merged: &Merged) -> Json {
    json!({
        "entries": merged.entries, "new": merged.new.len(), "changed": merged.changed.len(),
        "conflicts": merged.conflicts, "ahead": merged.ahead, "held_back": merged.held_back,
        "missing": merged.missing, "filled": merged.filled, "moved": merged.moved,
        "set_back": merged.set_back, "not_taken": merged.not_taken.iter().map(not_taken).collect::<Vec<Json>>(),
    })
}

fn not_taken(one: &NotTaken) -> Json {
    json!({
        "site": one.site.to_string(), "name": one.name, "fingerprint": one.fingerprint, "why": one.why.code(),
        "entries": one.entries, "clients": one.clients,
    })
}

fn told(taken: &Taken, dry_run: bool) -> String {
    let mut out = String::new();
    let _ = writeln!(out, "From {}:", one_line(&taken.sender));
    if taken.merged.is_nothing() {
        out.push_str("Nothing new: all of it is here already.\n");
    }
    for line in sync::clients_in_words(&taken.merged) {
        let _ = writeln!(out, "  {line}");
    }
    for line in sync::in_words(&taken.merged) {
        let _ = writeln!(out, "{line}");
    }
    if dry_run {
        out.push_str("Nothing was changed: this was a trial.\n");
    }
    out
}

/// What came of syncing through each place, and whether all of them could be reached.
pub struct SyncedAll {
    pub text: String,
    pub ok: bool,
}

/// Gives and takes through each of these places, or through all that are remembered. One that cannot be reached stops no
/// other: it is told of, by name, and the exit code says so.
pub fn sync(setting: &Setting, places: &[String], json: bool) -> anyhow::Result<SyncedAll> {
    let mut store = setting.open()?;
    let known: Vec<String> = store.places()?.into_iter().map(|(place, _)| place).collect();
    let places = if places.is_empty() { &known } else { places };
    if places.is_empty() {
        bail!("No place is known yet. Name one: caseload sync FOLDER, or s3://BUCKET/PREFIX.");
    }
    let (mut all, mut out, mut failed) = (Vec::new(), String::new(), Vec::new());
    for address in places {
        if places.len() > 1 {
            writeln!(out, "{address}:")?;
        }
        match sync_one(&mut store, address) {
            Ok((address, synced)) => {
                all.push(synced_json(&address, &synced));
                for line in synced.lines() {
                    writeln!(out, "{line}")?;
                }
            }
            // Whoever stops it means all of it.
            Err(error @ (sync::Trouble::Stopped | sync::Trouble::Store(_) | sync::Trouble::Running)) => {
                return Err(error.into());
            }
            Err(error) if places.len() == 1 => return Err(error.into()),
            Err(error) => {
                all.push(json!({"place": address, "error": error.to_string()}));
                writeln!(out, "Not synced. {error}")?;
                failed.push(format!("{address}: {error}"));
            }
        }
    }
    for line in &failed {
        super::say_beside(format_args!("caseload: {}", one_line(line)));
    }
    let text = if json { printed(&Json::Array(all)) } else { crate::model::text::lines(&out).into_owned() };
    Ok(SyncedAll { text, ok: failed.is_empty() })
}

fn sync_one(store: &mut Store, address: &str) -> Result<(String, sync::Synced), sync::Trouble> {
    let mut bar = Progress::new();
    let place = Place::open(address).map_err(sync::Trouble::Place)?.heeding(bar.asked());
    let synced = sync::sync(store, &place, &mut |done| bar.show(Far::Unpacked(done)));
    bar.clear();
    let stopped = bar.asked().load(std::sync::atomic::Ordering::SeqCst);
    let synced = synced.map_err(|error| if stopped { sync::Trouble::Stopped } else { error })?;
    Ok((place.address(), synced))
}

fn synced_json(address: &str, synced: &sync::Synced) -> Json {
    let stranger =
        |site: &Site| json!({"id": site.id.to_string(), "name": site.name, "fingerprint": site.fingerprint()});
    let taken = |(sender, merged): &(String, Merged)| {
        let mut one = merged_json(merged);
        one["sender"] = sender.clone().into();
        one
    };
    let client =
        |(id, name, new): &(crate::model::RowId, String, bool)| json!({"id": id.to_string(), "name": name, "new": new});
    json!({
        "place": address,
        "taken": synced.taken.iter().map(taken).collect::<Vec<Json>>(),
        "given": synced.given.map(|given| json!({"batches": given.batches, "entries": given.entries})),
        "strangers": synced.strangers.iter().map(stranger).collect::<Vec<Json>>(),
        "waiting": synced.waiting, "left_out": synced.left_out, "alone": synced.alone, "set_back": synced.set_back,
        "clients": synced.clients().iter().map(client).collect::<Vec<Json>>(),
    })
}

pub fn forget(setting: &Setting, place: &str) -> anyhow::Result<String> {
    let mut store = setting.open()?;
    // As it is remembered, or as it is typed now.
    let address = Place::open(place).map_or_else(|_| place.to_string(), |place| place.address());
    if !store.forget_place(&address)? && !store.forget_place(place)? {
        bail!("No such place is remembered: {place}.");
    }
    Ok(format!("Forgotten: {address}. What lies there stays there.\n"))
}

pub fn card(setting: &Setting, json: bool) -> anyhow::Result<String> {
    let card = Card::of(&setting.open()?)?;
    let (name, fingerprint) = (&card.site.name, card.site.fingerprint());
    if json {
        let id = card.site.id.to_string();
        return Ok(printed(&json!({"id": id, "name": name, "fingerprint": fingerprint, "card": card.text()})));
    }
    super::say_beside(format_args!(
        "Fingerprint: {fingerprint}. Send the line below; have the fingerprint read to you on the phone."
    ));
    Ok(format!("{}\n", card.text()))
}

pub fn accept(
    setting: &Setting,
    card: &str,
    fingerprint: Option<&str>,
    wanted: Acceptance,
    own_agency: bool,
    json: bool,
) -> anyhow::Result<String> {
    let mut store = setting.open()?;
    let text = match read_text(Path::new(card), Card::LARGEST) {
        Ok(text) => text.to_string(),
        Err(_) if card.contains("caseload-card-") => card.to_string(),
        Err(error) => bail!("Cannot read {card}: {error}. Give a card, or a file that holds one."),
    };
    let site = Card::parse(&text).map_err(|why| anyhow!("{why}"))?.site;
    if let Some(told) = fingerprint
        && !site.has_fingerprint(told)
    {
        bail!(
            "This card's fingerprint is {}, not the one that was told: all sixteen characters have to be the same. It was not accepted.",
            site.fingerprint()
        );
    }
    if site.id == store.site() {
        bail!("That is this caseload's own card: send it to the other one.");
    }
    if !own_agency && wanted.agency.as_ref().is_some_and(|agency| agency.trim().is_empty()) {
        bail!("Which agency? Its name, as releases of information have it: --other-agency \"County Housing\".");
    }
    let before = store.site_known(site.id)?.and_then(|known| known.line).filter(|line| line.ended.is_none());
    let line = store.accept(&site, &Acceptance { confirmed: fingerprint.is_some(), ..wanted })?;
    let known = store.site_known(site.id)?.unwrap_or(site);
    if json {
        return Ok(printed(&one_site(&store, &known)?));
    }
    let set = line.as_ref().map_or(String::new(), what_is_set);
    let (person, fingerprint) = (known.person(), known.fingerprint());
    Ok(match before {
        Some(before) if Some(&before) == line.as_ref() => format!(
            "{fingerprint} was accepted before, as \"{person}\", and is set as it was: {set}. To change it: --gives, --only, --both, --other-agency, --own-agency, --called.\n"
        ),
        Some(before) => format!("{fingerprint}, \"{person}\": {set}. Before: {}.\n", what_is_set(&before)),
        None => format!(
            "Accepted {fingerprint} as \"{person}\": {set}. Compare it on the phone; if it is another: caseload site revoke {fingerprint}\n"
        ),
    })
}

/// What a line is given and what is taken of it, in words.
fn what_is_set(line: &Line) -> String {
    let gives = match line.gives {
        Gives::Everything => "given everything",
        Gives::Theirs => "given only what is theirs",
        Gives::Nothing => "given nothing",
    };
    let takes = if line.takes { "taken from" } else { "nothing taken from them" };
    let agency = match line.agency.as_str() {
        "" => String::new(),
        agency => format!(", of {}, by their releases only", one_line(agency)),
    };
    format!("{gives}, {takes}{agency}")
}

pub fn list(setting: &Setting, json: bool) -> anyhow::Result<String> {
    let store = setting.open()?;
    let sites = store.sites()?;
    if json {
        let all: Vec<Json> = sites.iter().map(|site| one_site(&store, site)).collect::<anyhow::Result<_>>()?;
        return Ok(printed(&Json::Array(all)));
    }
    let mut out = String::new();
    for site in &sites {
        let trust = trust_in_words(site.trust());
        let here = if site.id == store.site() { "this installation" } else { trust };
        let agency = store.agency_of(site)?;
        let agency = if agency.is_empty() { String::new() } else { format!(", of {}", one_line(&agency)) };
        let state = match site.state {
            SiteState::Live => "",
            SiteState::Retired => ", retired",
            SiteState::AtRest => ", at rest",
        };
        let person = site.person();
        let claims = if site.line.is_some() && !site.name.is_empty() && site.name != person {
            format!(", calls itself \"{}\"", site.name)
        } else {
            String::new()
        };
        let founder = if store.agency_founder()? == Some(site.id) { ", founded the agency" } else { "" };
        let rights: String =
            store.grants_of(site.id)?.iter().map(|grant| format!(", may {}", grant.right.code())).collect();
        writeln!(out, "{}  {person:<24} {here}{agency}{state}{founder}{rights}{claims}", site.fingerprint())?;
    }
    Ok(out)
}

pub(super) fn one_site(store: &Store, site: &Site) -> anyhow::Result<Json> {
    let state = match site.state {
        SiteState::Live => "live",
        SiteState::Retired => "retired",
        SiteState::AtRest => "at-rest",
    };
    let set = site.line.as_ref().filter(|line| !line.own && line.ended.is_none());
    Ok(json!({
        "id": site.id.to_string(), "name": site.name, "fingerprint": site.fingerprint(),
        "trust": trust_in_words(store.trust_of(site)?), "this": site.id == store.site(),
        "agency": Some(store.agency_of(site)?).filter(|agency| !agency.is_empty()),
        "called": site.line.as_ref().map(|line| line.called.as_str()).filter(|called| !called.is_empty()), "state": state,
        "founder": store.agency_founder()? == Some(site.id),
        "rights": store.grants_of(site.id)?.iter().map(|grant| grant.right.code()).collect::<Vec<_>>(),
        "gives": set.map(|line| line.gives.code()), "takes": set.map(|line| line.takes),
    }))
}

fn trust_in_words(trust: Trust) -> &'static str {
    match trust {
        Trust::Known => "known as an author",
        Trust::Accepted => "accepted",
        Trust::Revoked => "revoked",
        Trust::Own => "own",
        Trust::TakeFrom => "taken from only",
        Trust::GiveTo => "given to only",
    }
}

/// What a person's sites left unread in every place that is known: said, or with `take` taken in.
fn unread(store: &mut Store, sites: &[Site], take: bool) -> anyhow::Result<Vec<String>> {
    let mut lines = Vec::new();
    let places = store.places()?;
    for (site, (address, _)) in sites.iter().flat_map(|site| places.iter().map(move |place| (site, place))) {
        // One that is not there now holds nobody up: whoever is not to be believed is not believed from this moment on.
        let there = Place::open(address).map_err(|error| error.to_string());
        let there = there.and_then(|place| match sync::unread(store, &place, site.id) {
            Ok(many) => Ok((place, many)),
            Err(error) => Err(error.to_string()),
        });
        match there {
            Err(why) => lines.push(format!("What they left in {address} was not looked for: {why}")),
            Ok((_, 0)) => {}
            Ok((place, _)) if take => match sync::take_unread(store, &place, site.id, &mut |_| Continue(())) {
                Ok(all) => {
                    lines.push(format!("Taken in first, from {address}:"));
                    lines.extend(all.iter().flat_map(sync::clients_in_words).map(|line| format!("  {line}")));
                }
                Err(why) => lines.push(format!("Not taken in, from {address}: {why}")),
            },
            Ok((_, many)) => lines.push(format!(
                "Left out: {} of theirs in {address}, never read here. To take in what they wrote before: caseload site accept CARD --only take, then caseload site revoke {} --take-first",
                counted(many, "bundle", "bundles"),
                site.fingerprint()
            )),
        }
    }
    Ok(lines)
}

pub fn revoke(setting: &Setting, name: &str, take_first: bool, json: bool) -> anyhow::Result<String> {
    let mut store = setting.open()?;
    let own = store.site();
    let others = store.sites()?.into_iter().filter(|site| site.id != own);
    let fits: Vec<Site> = others.filter(|site| named_so(site, name)).collect();
    let site = match &fits[..] {
        [] => bail!("No site is called \"{name}\". See: caseload site list."),
        // Several sites of one person end together, by whichever of them they are named.
        [site, rest @ ..] if rest.iter().all(|other| other.line.is_some() && other.line == site.line) => site,
        _ => bail!("More than one person is called \"{name}\": name them by a fingerprint."),
    };
    if take_first && !store.trust_of(site)?.takes() {
        bail!(
            "Nothing of {} is taken here, so nothing was taken in first. If that is to be all the same: caseload site accept CARD --only take, and then this again.",
            site.person()
        );
    }
    let root = site.line.as_ref().map(|line| line.root);
    let of_line: Vec<Site> = store
        .sites()?
        .into_iter()
        .filter(|other| {
            other.id != own
                && (other.id == site.id || (root.is_some() && other.line.as_ref().map(|line| line.root) == root))
        })
        .collect();
    let unread = unread(&mut store, &of_line, take_first);
    // Whatever could not be read: from here on nothing of them is taken.
    store.revoke_site(site.id)?;
    let unread = unread?;
    let ended = store.site_known(site.id)?.unwrap_or_else(|| site.clone());
    if json {
        let mut out = one_site(&store, &ended)?;
        out["unread"] = unread.into();
        return Ok(printed(&out));
    }
    let sites: Vec<String> = of_line.iter().map(Site::fingerprint).collect();
    let mut out = format!(
        "Revoked: {}, with every installation of theirs: {}. Nothing of them is taken any more, and nothing is written to them.\n",
        site.person(),
        sites.join(", ")
    );
    for line in unread {
        writeln!(out, "{}", one_line(&line))?;
    }
    Ok(out)
}

/// The one site that a name or fingerprint means.
pub(super) fn one_called(sites: &[Site], name: &str) -> anyhow::Result<Site> {
    match &sites.iter().filter(|site| named_so(site, name)).collect::<Vec<_>>()[..] {
        [] => bail!("No site is called \"{name}\". See: caseload site list."),
        [site] => Ok((*site).clone()),
        _ => bail!("More than one site is called \"{name}\": name it by its fingerprint."),
    }
}

/// Says that two sites are one person's.
pub fn same(setting: &Setting, one: &str, other: &str, json: bool) -> anyhow::Result<String> {
    let mut store = setting.open()?;
    let sites = store.sites()?;
    let (one, other) = (one_called(&sites, one)?, one_called(&sites, other)?);
    store.same_person(one.id, other.id)?;
    if json {
        return Ok(printed(&one_site(&store, &one)?));
    }
    Ok(format!(
        "{} and {} are one person's: what was begun at the one may be signed at the other. Say the same on every laptop that has notes of theirs.\n",
        one.fingerprint(),
        other.fingerprint()
    ))
}

/// Says that nobody works with a site any more, or that somebody does again.
pub fn rest(setting: &Setting, name: &str, again: bool, json: bool) -> anyhow::Result<String> {
    let mut store = setting.open()?;
    let own = store.site();
    let others: Vec<Site> = store.sites()?.into_iter().filter(|site| site.id != own).collect();
    let site = one_called(&others, name)?;
    store.put_site(site.id, if again { SiteState::Live } else { SiteState::AtRest })?;
    let known = store.site_known(site.id)?.unwrap_or(site);
    if json {
        return Ok(printed(&one_site(&store, &known)?));
    }
    let (person, fingerprint) = (known.person(), known.fingerprint());
    Ok(match again {
        true => format!("{person}, {fingerprint}: worked with again.\n"),
        false => format!("{person}, {fingerprint}: at rest. Nothing is written to it any more; what it wrote stays.\n"),
    })
}

/// Enters what lies beside the chains of somebody who is gone under this installation.
pub fn keep_both(setting: &Setting, name: &str, json: bool) -> anyhow::Result<String> {
    let mut store = setting.open()?;
    let site = one_called(&store.sites()?, name)?;
    let kept = store.keep_both(site.id)?;
    if json {
        let mut told = one_site(&store, &site)?;
        told["kept"] = json!(kept);
        return Ok(printed(&told));
    }
    let person = site.person();
    Ok(match kept {
        0 => format!("Nothing of {person} lies aside here.\n"),
        _ => format!(
            "{kept} entries of {person} are shown from now on, as recovered. The others hear of it when you sync; whoever has put that laptop to rest too comes to the same.\n"
        ),
    })
}
