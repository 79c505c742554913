//! The command line: the same operations without a screen, for scripts, colleagues and tests.
//!
//! Exit codes: 0 done, 1 refused or failed with one clear line, 2 wrong usage.

mod apart;
mod assess;
mod closing;
mod ending;
mod erasing;
mod figures;
mod folder;
mod links;
mod marks;
mod moving;
mod outside;
mod printing;
mod progress;
mod putting_off;
mod reading;
pub mod reports;
mod rights;
mod setting;
mod sharing;
mod signing;
mod writing;

use std::path::PathBuf;
use std::process::ExitCode;

use chrono::NaiveDate;
use clap::{Args, CommandFactory, Parser, Subcommand};

use crate::disclosure::{Ground, Override, Whom};
use crate::model::{CATALOGUE, ShareKind, SignatureRole};
use crate::report::period::Period;
use crate::store::{Acceptance, Gives, Right};
use crate::tui;

pub use setting::Setting;

/// Your whole caseload in the terminal: who needs you today, and why. Without a command it opens the screen.
#[derive(Parser)]
#[command(name = "caseload", version, max_term_width = 100, after_help = AFTER_HELP)]
struct Cli {
    #[command(flatten)]
    common: Common,
    #[command(subcommand)]
    command: Option<Command>,
}

const AFTER_HELP: &str = "New here? `caseload demo` opens a made-up caseload to look around in; nothing of it is kept.

Every reading command takes --json. Dates there are YYYY-MM-DD, times RFC 3339 with their offset. An ID is a full id, a
beginning or ending of one (four characters or more) that fits one row alone, or an id elsewhere such as hmis:528656.";

/// What every command takes.
#[derive(Args, Clone)]
pub struct Common {
    /// The caseload file [default: in your data folder]
    #[arg(long, global = true, env = "CASELOAD_FILE", value_name = "PATH")]
    file: Option<PathBuf>,
    /// Read the passphrase from this file's first line instead of asking
    #[arg(long, global = true, env = "CASELOAD_PASSPHRASE_FILE", value_name = "PATH")]
    passphrase_file: Option<PathBuf>,
    /// Take this day for today (YYYY-MM-DD)
    #[arg(long, global = true, value_name = "DATE")]
    today: Option<NaiveDate>,
    /// A folder with your agency's own rules (triage.toml) [default: in your configuration folder]
    #[arg(long, global = true, env = "CASELOAD_AGENCY", value_name = "FOLDER", value_parser = maybe_empty())]
    agency: Option<PathBuf>,
    /// dark, light or high-contrast [default: as chosen on the screen, or as the terminal says]
    #[arg(long, global = true, env = "CASELOAD_THEME", value_name = "NAME", value_parser = theme_names())]
    theme: Option<String>,
    /// The screen as plain lines without boxes, for a screen reader
    #[arg(long, global = true)]
    plain: bool,
    /// Print JSON with stable keys
    #[arg(long, global = true)]
    json: bool,
    /// Given by the program to itself when the screen locks
    #[arg(long = tui::LOCKED, hide = true, value_name = "WHY")]
    locked: Option<tui::Why>,
}

#[derive(Subcommand)]
enum Command {
    /// A made-up caseload on the screen, gone when it closes; or written to a file of any size
    Demo(DemoArgs),
    /// Make a new caseload file, and print its recovery key once
    Init {
        /// Your name, as it stands under what you write
        #[arg(long)]
        worker: String,
        /// Your practice: healthcare, mental-health, social-work, vocational, or one of your agency's own
        #[arg(long)]
        area: Option<String>,
        /// As written after your name: "LCSW, CCM"
        #[arg(long, default_value = "")]
        credentials: String,
    },
    /// Take in an HMIS CSV folder, a FHIR bundle, a spreadsheet (csv, xlsx, ods), a calendar, address cards, a resource directory, a bundle,
    /// or another caseload file
    ///
    /// JSON: {format, read: {file: rows}, deleted, created: {type: n}, updated, unchanged, skipped: [{file, line, column,
    /// reason}], conflicts, unused_columns, unused: {resource type: n}, unplaced, told: [], dry_run}; of a bundle or a caseload: {format, sender, entries, new, changed,
    /// conflicts, ahead, held_back, missing, filled, moved, set_back, not_taken: [{site, name, fingerprint, why, entries, clients}], clients: [{id,
    /// name, new}], dry_run}; why is gap, elsewhere or fork
    Import {
        path: PathBuf,
        /// hmis-csv, fhir, sheet, ics, vcard, hsds, bundle or caseload [default: told by content]
        #[arg(long, value_parser = format)]
        format: Option<Incoming>,
        /// Read the bundle's, or the other caseload's, passphrase from this file instead of asking
        #[arg(long, value_name = "PATH")]
        bundle_passphrase_file: Option<PathBuf>,
        /// A spreadsheet's column and the field it stands for, as "Column=field"; may be repeated
        #[arg(long = "map", value_parser = pair, value_name = "COLUMN=FIELD")]
        map: Vec<(String, String)>,
        /// Whose a calendar or the address cards are
        #[arg(long, value_name = "ID")]
        client: Option<String>,
        /// Show what would happen, and change nothing
        #[arg(long)]
        dry_run: bool,
        /// Also close people whom the file says to be closed and who have a crisis, a report or an urgent answer open here
        #[arg(long)]
        close_anyway: bool,
    },
    /// Write a bundle: what the accepted sites lack, or with --client all that belongs to these clients; or, with --format,
    /// a file for another program
    ///
    /// For a site of another agency only the clients go whose release permits all that their file holds: the others are named
    /// and left out. A bundle cannot leave out a part of a client's file.
    ///
    /// JSON of a bundle: {path, clients, batches, entries, bytes, left_out: [{id, name, why: []}]}; of another format: {path,
    /// format, files, counts: {what: n}, told: []}
    ///
    /// --format json is everything, for ever readable: {format, version, exported, worker: {field}, own: {type: [row]},
    /// clients: [{client: row, also: [row], <type>: [row], history: {id: [line]}}]}; types and fields have the names that
    /// `add` and `set` know, a row is {id, client_id, <every field>}. worker and own are left out with --client
    Export {
        path: PathBuf,
        /// bundle; or fhir, hmis-csv, json, ics, vcard, hsds, csv, xlsx: not encrypted
        #[arg(long, default_value = "bundle", value_parser = outgoing)]
        format: Outgoing,
        /// For csv and xlsx: which list
        #[arg(long, value_name = "NAME")]
        list: Option<String>,
        /// In a calendar: whole names, not initials
        #[arg(long)]
        names: bool,
        /// In a calendar: places too
        #[arg(long)]
        places: bool,
        /// Of a file for another program: for whom it is, as their release has it, or "client" (then with one --client); without this it stays with you
        #[arg(long = "for", value_name = "NAME")]
        whom: Option<String>,
        /// Why it is given: it goes on the record
        #[arg(long, value_name = "WORDS", default_value = "", requires = "whom")]
        purpose: String,
        /// In json: everything that was ever set in each row, too
        #[arg(long)]
        history: bool,
        /// Only this client; may be repeated
        #[arg(long = "client", value_name = "ID")]
        clients: Vec<String>,
        /// For this accepted site, by name or fingerprint; may be repeated [default: all of them]
        #[arg(long = "to", value_name = "SITE")]
        to: Vec<String>,
        /// Seal it with the passphrase in this file instead, for someone whose card is not here
        #[arg(long, value_name = "PATH")]
        bundle_passphrase_file: Option<PathBuf>,
        /// Also what the receivers have said they have
        #[arg(long)]
        everything: bool,
        /// With --client and one --to: transfer (they take over), cover (until a day) or copy (to read only)
        #[arg(long = "as", value_name = "KIND", value_parser = share_kind)]
        kind: Option<ShareKind>,
        /// The last day of the cover, or the minute at which it ends: fri, +2w, 2026-12-05, "fri 17:00"
        #[arg(long, value_name = "DATE")]
        until: Option<String>,
        /// To another agency without a release, because of: emergency, court-order or mandated-report; needs --reason
        #[arg(long, value_name = "GROUND", value_parser = ground, requires = "reason")]
        without_release: Option<Ground>,
        /// Why something is given without a release: it goes on the record
        #[arg(long, value_name = "WORDS", requires = "without_release")]
        reason: Option<String>,
    },
    /// Give and take through a place: a folder, or s3://, gs://, az:// [default: every place known]
    ///
    /// JSON: [{place, taken: [{sender, entries, new, changed, conflicts, ahead, held_back, missing, filled, moved, set_back,
    /// not_taken}], given: {batches, entries}, strangers: [{id, name, fingerprint}], waiting: [], left_out: [], alone, set_back,
    /// clients: [{id, name, new}]}]; of a place that cannot be reached: {place, error}
    Sync {
        places: Vec<String>,
        /// Forget this place, and sync through none; what lies there stays there
        #[arg(long, value_name = "PLACE", conflicts_with = "places")]
        forget: Option<String>,
    },
    /// Rows whose words tell of substance use or violence and of which nobody has said yet whether they do: until then they count
    /// as telling it
    ///
    /// JSON: [{client_id, client, type, id, field, words, tells, mark, yes, no}]; `set ID MARK=YES` or `MARK=NO` answers
    Marks { client: Option<String> },
    /// Psychotherapy and SUD counseling notes, kept apart from the chart: in no list, page, figure, search or bundle, and only in
    /// this file's own backups
    Apart {
        #[command(subcommand)]
        command: apart::Command,
    },
    /// Who you are to others, and whom you believe
    Site {
        #[command(subcommand)]
        command: SiteCommand,
    },
    /// What was set differently in two places and waits for a choice; `set` the field to choose. Of what was deleted in one
    /// place and edited in the other, a client too, `set` of any field keeps it, and `delete` lets it go
    ///
    /// JSON: [{client_id, client, type, id, field, sides: [{value, who, when, imported}]}]; field is null for a row deleted
    /// in one place and edited in the other
    Conflicts,
    /// Caseloads side by side, by case manager
    ///
    /// JSON: [{worker, clients, weight, capacity, contacts, crisis, need_attention, overdue, covered}]; weight: by intensity
    /// and practice area, beside what this worker can carry; contacts: asked for in thirty days
    Team,
    /// Needs that cannot be met and what stands in the way, counted over open clients without names
    ///
    /// JSON: [{domain, barrier, needs, clients}], the most frequent first
    Unmet,
    /// Who may have been entered twice
    ///
    /// JSON: [{id, name, other_id, other_name, why}]
    Duplicates,
    /// Tell that two entries are one person: both are shown as the first; nothing is moved
    ///
    /// JSON: {id, also: [id]}
    Join { kept: String, other: String },
    /// Take back that an entry is the same person as another
    ///
    /// JSON: {id, also: [id]}
    Part { id: String },
    /// Who needs you, and why
    ///
    /// JSON: [{rank, client_id, name, band, reasons: [{rule, text, due, action, band, class}], snoozed: [{rule, until, why}],
    /// closed}]; bands are now, today, this-week, later, and desk for a reason that is paper; classes are life,
    /// home-and-rights, promise, contact, care, paper; closed: the case is closed with something open
    Triage {
        /// Only this case manager's: a name or a part of it, me, or none
        #[arg(long, value_name = "NAME")]
        worker: Option<String>,
    },
    /// Your clients
    ///
    /// JSON: [{id, name, status, area, intensity, outside_ids, last_contact, next_appointment, deleted_elsewhere, worker}]
    List {
        /// Closed clients too
        #[arg(long)]
        all: bool,
        /// Only this case manager's: a name or a part of it, me, or none
        #[arg(long, value_name = "NAME")]
        worker: Option<String>,
    },
    /// Everything about one client
    ///
    /// JSON: {client, relationships, care_team, enrollments, needs, plans, goals, steps, appointments, tasks, notes ...,
    /// times_in_care: [{opened, closed, closing_reason, outcome, worker, id}]}, oldest first; id is null where no row says it; a
    /// note has its standing too (see sign), a signature {words, stands, broken, changed: []}
    Show { id: String },
    /// Appointments of the coming days
    ///
    /// JSON: [{client_id, client, id, title, starts, minutes, place, status, transport, interpreter}]
    Agenda {
        /// How many days
        #[arg(long, default_value_t = 7)]
        days: u16,
    },
    /// Find words in notes, names, goals and the rest; the newest first
    ///
    /// JSON: [{client_id, client, type, id, when, snippet}]
    Search {
        #[arg(required = true)]
        text: Vec<String>,
        /// At most so many
        #[arg(long, default_value_t = 50)]
        limit: usize,
    },
    /// Add a row: add client given_name=Maria, add task client=ID what="call landlord" due=fri
    ///
    /// JSON: the row as stored
    Add {
        #[arg(value_name = "TYPE", value_parser = record_names())]
        record: String,
        #[arg(value_parser = pair, value_name = "FIELD=VALUE")]
        fields: Vec<(String, String)>,
    },
    /// Change fields of a row: set ID phone=555-0142 tags=+voucher,-wait
    ///
    /// JSON: the row as stored
    Set {
        id: String,
        #[arg(required = true, value_parser = pair, value_name = "FIELD=VALUE")]
        fields: Vec<(String, String)>,
    },
    /// Log a contact: log ID kind=phone minutes=18 body="talked through the list"
    ///
    /// JSON: the note as stored
    Log {
        id: String,
        #[arg(value_parser = pair, value_name = "FIELD=VALUE")]
        fields: Vec<(String, String)>,
    },
    /// Figures over a period (day, week, productivity, compliance, goals, attendance, referrals, needs, readmissions,
    /// employment, weight, caseload); and lists: billing, access, disclosures, retention
    ///
    /// JSON of figures: {report, by, from, to, figures: [{key, label, about, value, of, before, before_of, by_worker, by_area,
    /// clients: [{client_id, value, of}]}]}; a share is value of `of`, an average value / `of`. JSON of lists: [{...}], with the keys that stand at the
    /// head of the CSV; billing: client_id, client, note_id, date, when, service, minutes, units, status, why, would_make,
    /// authorizations, remark (a service across midnight has a line for each of its days); access: at, who, what, detail, client_id; disclosures: id, when, to, what, purpose, how,
    /// consent, overridden, withheld, deleted; retention: client_id, client, closed, keep_until, rule, hold,
    /// may_be_destroyed, owed
    Report {
        name: String,
        /// today, this-week, last-month, this-quarter, 2026-11, 2026-Q4, 2026, FROM..TO [default: as the report is used]
        #[arg(long)]
        period: Option<String>,
        /// The first day, instead of a period
        #[arg(long, value_name = "DATE", conflicts_with = "period")]
        from: Option<NaiveDate>,
        /// The last day, instead of a period
        #[arg(long, value_name = "DATE", conflicts_with = "period")]
        to: Option<NaiveDate>,
        /// Of a list: only this client
        #[arg(long, value_name = "ID")]
        client: Option<String>,
        /// Of figures: only what this person did; with --by case-manager, only their clients
        #[arg(long, value_name = "NAME")]
        worker: Option<String>,
        /// Of figures: whose a note is: its author's, or the client's case manager's of that day
        #[arg(long, value_enum, default_value_t = crate::report::figures::By::Author)]
        by: crate::report::figures::By,
        /// Of figures: only clients of this practice area
        #[arg(long)]
        area: Option<String>,
        /// The clients behind the figure with this key
        #[arg(long, value_name = "KEY")]
        open: Option<String>,
        #[arg(long, value_enum, default_value_t = figures::Form::Text)]
        format: figures::Form,
    },
    /// Print a page into a new file: plan, notes, summary, safety-plan, wallet, closing; your own: day, practice
    ///
    /// What no release permits is left out, told, and recorded with what was given. The file is not encrypted.
    ///
    /// JSON: {page, path, to, pages, clients: [{client_id, left_out: [{what, why, would_permit}], notices}], nothing_of:
    /// [{client_id, why, left_out}], undrawn, encrypted, text}; text only with --out -
    Print(printing::PrintArgs),
    /// Your own credentials: what renewal asks for, what is there, what is missing and when it will be reached
    ///
    /// JSON: [{kind, status, expires, since, education: [{what, minutes, asked}], supervision: [...], reached, due}]
    Practice,
    /// Print completions for your shell: caseload completions bash > ~/.local/share/bash-completion/completions/caseload
    Completions { shell: clap_complete::Shell },
    /// Print the manual page: caseload man > caseload.1
    Man,
    /// Sign a note: from then on it stays as it is. Or put a name under a plan as it reads now
    ///
    /// JSON: the note as stored, with standing: {state, late, waits_for, cosigned, text, signatures: [], addenda}; states are
    /// unsigned, signed, changed-beside, broken. Of a plan the signature as stored, with {words, stands, broken, changed: []}:
    /// what was signed, whether it still says that, and what was changed since
    Sign {
        #[arg(value_name = "NOTE|PLAN")]
        id: String,
        /// Of a plan: as what they sign [default: worker]
        #[arg(long = "as", value_name = "ROLE", value_parser = plan_signer)]
        role: Option<SignatureRole>,
        /// Of a plan: who signs, where it is not you
        #[arg(long, value_name = "NAME")]
        name: Option<String>,
        /// Of a plan: who saw them sign [default: you]
        #[arg(long, value_name = "NAME")]
        witness: Option<String>,
    },
    /// Add to a signed note: addendum NOTE body="the date was the 23rd"
    ///
    /// JSON: as for sign
    Addendum {
        #[arg(value_name = "NOTE")]
        id: String,
        #[arg(required = true, value_parser = pair, value_name = "body=TEXT")]
        fields: Vec<(String, String)>,
    },
    /// Sign a note as the supervisor who was asked to
    ///
    /// JSON: as for sign
    Cosign {
        #[arg(value_name = "NOTE")]
        id: String,
    },
    /// Ask an instrument: assess ID phq-9 1=2 2=0 3=1 ... Without answers: its items and earlier scores; without an
    /// instrument: which there are, and what is due
    ///
    /// JSON: with answers the row as stored, with {says, asks, alerts, needs, unanswered}; without {instrument, name, licensed,
    /// items: [{item, label, loinc, answers}], earlier: [row]}; without an instrument [{instrument, name, last, says, again}]
    Assess {
        id: String,
        instrument: Option<String>,
        /// An item and its answer: the number, or the key or the words of a choice
        #[arg(value_parser = pair, value_name = "ITEM=ANSWER")]
        answers: Vec<(String, String)>,
        /// The day on which it was answered [default: today]
        #[arg(long, value_name = "DATE")]
        on: Option<String>,
        /// Add the needs that the answers tell of
        #[arg(long)]
        needs: bool,
    },
    /// Delete a row; `undo` brings it back. A client is closed instead: set ID status=closed; but for one who was deleted
    /// elsewhere beside what others wrote, whom this lets go
    ///
    /// JSON: {id, type}
    Delete { id: String },
    /// Erase a field, a row or (closed and kept long enough) a whole file for good, by an order: erase ID phone --order TEXT
    ///
    /// Says what would be gone and what would stay; with --yes it is done. It reaches every colleague at their next sync.
    /// JSON: {what, order, values, of_others: [{name, values}], disclosures_kept, words_in_lists, also_in: [id], must_update:
    /// [name], backups: [path]}
    Erase {
        id: String,
        /// Which fields of it; none: the whole row
        fields: Vec<String>,
        /// The court order, the request or the rule that it rests on
        #[arg(long, value_name = "TEXT")]
        order: String,
        /// Of a client: the whole file
        #[arg(long, conflicts_with = "fields")]
        everything: bool,
        /// It is meant, and cannot be undone
        #[arg(long)]
        yes: bool,
        /// Take away the older backups beside the file, once a new one is made
        #[arg(long)]
        remove_backups: bool,
    },
    /// Take back the last action done here
    Undo {
        /// What was done here, the newest first, instead of undoing anything
        #[arg(long)]
        list: bool,
        /// Also where it was done on another day
        #[arg(long)]
        yes: bool,
        /// Of an import of many: take it back but for the clients on whom others have written since
        #[arg(long)]
        keep_theirs: bool,
    },
    /// Everything that was ever set in a row, in the order in which it was done
    ///
    /// JSON: [{when, arrived, who, site, installation, action, field, from, to}]; arrived is when it came here from elsewhere
    History { id: String },
    /// Verify the journal, its signatures and every table
    ///
    /// JSON: {ok, entries, streams, problems: [], to_sign_again: [], missing: [], left_out: []}; to_sign_again are plans that say something
    /// else than what was signed under them; missing tells of values that
    /// are not here and that nobody ordered erased; left_out is what was wrong in your agency's own files and
    /// in your own settings; exit 1 when not ok
    Check {
        /// Take what is whole of a damaged file over into a new one beside it, and say what is lost
        ///
        /// JSON: {file, entries, from_backup, entered_again, lost: [], check: {..}}; exit 1 when something is lost
        #[arg(long)]
        repair: bool,
    },
    /// Write a backup, encrypted to the recovery key
    Backup {
        /// Where to [default: a folder beside the caseload]
        folder: Option<PathBuf>,
    },
    /// Make a caseload file (at --file) from a backup and the recovery key; where there is one, tell what would be lost
    Restore {
        backup: PathBuf,
        /// Read the recovery key from this file instead of asking
        #[arg(long, value_name = "PATH")]
        recovery_key_file: Option<PathBuf>,
        /// Put it in the place of the caseload that is there; without this, only what would be lost is told
        #[arg(long)]
        replace: bool,
    },
    /// Move to a new laptop: write everything into one sealed file here, take it in there
    ///
    /// Where there is a caseload, FILE is written, a moving code is shown, and this copy takes no more writing. Where there is
    /// none, FILE is what the old laptop wrote, or a backup. Without FILE: what to do, step by step.
    ///
    /// JSON: here {path, moving_code, fingerprint}; there {file, name, fingerprint, entries, places}
    Move {
        #[arg(value_name = "FILE")]
        moving: Option<PathBuf>,
        /// Read the moving code from this file instead of asking
        #[arg(long, value_name = "PATH")]
        code_file: Option<PathBuf>,
        /// Read the recovery key from this file instead of asking, where FILE is a backup
        #[arg(long, value_name = "PATH")]
        recovery_key_file: Option<PathBuf>,
        /// It never arrived: let this copy, which moved away, go on
        #[arg(long)]
        stay: bool,
    },
    /// Change the passphrase
    Passphrase {
        /// Read the new passphrase from this file instead of asking
        #[arg(long, value_name = "PATH")]
        new_passphrase_file: Option<PathBuf>,
    },
}

#[derive(Subcommand)]
enum SiteCommand {
    /// Print this installation's public card, to send to a colleague
    ///
    /// JSON: {id, name, fingerprint, card}
    Card,
    /// Believe a site from now on: its card, or a file that holds it
    ///
    /// JSON: {id, name, fingerprint, trust, this, agency, called, state, gives, takes}
    ///
    /// Accepting again changes nothing that is not asked for.
    Accept {
        card: String,
        /// The fingerprint that you were told, all sixteen characters: where it is another, nothing is accepted
        #[arg(long)]
        fingerprint: Option<String>,
        /// One way only: "take" from them (a supervisor and a worker), or "give" to them and
        /// take nothing; "neither" to set both aside [of someone accepted before: as it is set]. Whoever you only take from
        /// is given nothing but what is theirs, see --gives
        #[arg(long, value_name = "WAY", value_parser = one_way)]
        only: Option<(Gives, bool)>,
        /// What they are given through places: "everything"; "theirs", only the clients that they opened, that were handed
        /// to them or of whom they are the case manager; or "nothing" [of someone accepted before: as it is set]
        #[arg(long, value_name = "WHAT", value_parser = gives, conflicts_with_all = ["only", "both"])]
        gives: Option<Gives>,
        /// Both ways, where only one was set before
        #[arg(long, conflicts_with = "only")]
        both: bool,
        /// They work for this agency, not for yours, by the name that releases of information have: they are given only
        /// what a release permits, and nothing through a place [of someone accepted before: as it is set]
        #[arg(long, value_name = "AGENCY")]
        other_agency: Option<String>,
        /// They work for your own agency, where another was set before
        #[arg(long, conflicts_with = "other_agency")]
        own_agency: bool,
        /// What you call this person [default: what the card calls itself]
        #[arg(long, value_name = "NAME")]
        called: Option<String>,
    },
    /// Every site that is known here
    ///
    /// JSON: [{id, name, fingerprint, trust, this, agency, called, state, gives, takes, founder, rights}]; name is what the site
    /// calls itself, called what you call the person; state is live, retired or at-rest; gives is nothing, theirs or everything;
    /// rights are those that the agency gave and that stand
    List,
    /// Believe a person no longer, by the name or fingerprint of any of their sites: all of them, and all that come later
    Revoke {
        site: String,
        /// First take in what they left unread in the places you know: what they wrote before a laptop was lost
        #[arg(long)]
        take_first: bool,
    },
    /// Two sites are one person's, where they do not say so themselves: a file that was made again from a backup
    ///
    /// JSON: {id, name, fingerprint, trust, this, agency, called, state}
    Same { site: String, other: String },
    /// Say which installation founded your agency, whose word on rights counts here; without one, what is set
    ///
    /// JSON: {id, name, fingerprint, trust, this, agency, called, state, gives, takes, founder, rights}, or null
    Founder {
        site: Option<String>,
        /// The fingerprint that you were told, all sixteen characters; not needed for this installation itself
        #[arg(long)]
        fingerprint: Option<String>,
    },
    /// Give a person a right for the whole agency, at the founder's installation: "erase", by an order or a rule what others
    /// wrote. Everybody who named the same founder heeds it
    ///
    /// JSON: {id, name, fingerprint, trust, this, agency, called, state, gives, takes, founder, rights}
    Grant {
        site: String,
        #[arg(value_parser = right)]
        right: Right,
        /// It ends here: what was done by it so far stays valid, for everybody
        #[arg(long)]
        end: bool,
    },
    /// Of somebody who is gone there are two copies that wrote different things: show both
    ///
    /// What lay aside is entered under your own name, as recovered, with its author named; no signature in it counts as theirs.
    /// First say that nobody works there any more: caseload site rest, or revoke.
    ///
    /// JSON: {id, name, fingerprint, trust, this, agency, called, state, gives, takes, kept}
    KeepBoth { site: String },
    /// Nobody works with a site any more: nothing is written to it and nobody waits for it; what it wrote stays
    ///
    /// JSON: {id, name, fingerprint, trust, this, agency, state}
    Rest {
        site: String,
        /// Somebody works with it again
        #[arg(long)]
        again: bool,
    },
}

/// What can be taken in.
#[derive(Clone, Copy)]
enum Incoming {
    Rows(crate::exchange::Format),
    Work(crate::sync::Kind),
}

/// What can be written.
#[derive(Clone, Copy)]
enum Outgoing {
    Bundle,
    Format(crate::exchange::Format),
}

#[derive(Args)]
struct DemoArgs {
    /// Write the made-up caseload to this file instead of opening the screen
    #[arg(long, value_name = "FILE")]
    write: Option<PathBuf>,
    #[arg(long, default_value_t = 47)]
    clients: u32,
    #[arg(long, default_value_t = 400)]
    notes: u32,
    /// The same seed makes the same people
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

/// Runs the program with the arguments it was given.
pub fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return not_understood(&error),
    };
    let json = cli.common.json;
    let setting = match Setting::new(cli.common) {
        Ok(setting) => setting,
        Err(error) => return failed(&error),
    };
    if !setting.is_locked() {
        setting.tell_left_out();
    }
    let Some(command) = cli.command else {
        return screen(tui::run(setting.start(None)).map(|()| setting.tell_of_own_secret()));
    };
    match run(command, &setting, json) {
        Ok(done) => {
            // First, so that what was asked for stands last; a script that reads JSON may read both streams as one, and
            // `check` tells it there.
            if !json {
                setting.tell_of_secrets();
            }
            let said = say(&done.text);
            setting.backup_of_the_day();
            if done.ok && said { ExitCode::SUCCESS } else { ExitCode::from(1) }
        }
        Err(error) => failed(&error),
    }
}

/// Wrong usage in clap's own words; but an argument that may be a passphrase, given where none is taken, is not repeated.
fn not_understood(error: &clap::Error) -> ExitCode {
    let about_one = || std::env::args_os().any(|arg| arg.to_string_lossy().contains("passphrase"));
    if error.kind() == clap::error::ErrorKind::UnknownArgument && about_one() {
        eprintln!(
            "caseload: an argument was not understood. A passphrase is never an argument: --passphrase-file PATH, \
             --new-passphrase-file PATH and --bundle-passphrase-file PATH name a file that holds it, or it is asked for."
        );
        return ExitCode::from(2);
    }
    let _ = error.print();
    ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2))
}

/// What a command prints, and whether all is well.
struct Done {
    text: String,
    ok: bool,
}

impl From<String> for Done {
    fn from(text: String) -> Done {
        Done { text, ok: true }
    }
}

fn run(command: Command, setting: &Setting, json: bool) -> anyhow::Result<Done> {
    Ok(match command {
        Command::Demo(args) => match &args.write {
            Some(path) => writing::demo(setting, path, args.clients, args.notes, args.seed)?.into(),
            None => {
                let spec = setting.demo(args.clients, args.notes, args.seed);
                tui::run(setting.start(Some(spec)))?;
                String::new().into()
            }
        },
        Command::Init { worker, area, credentials } => {
            writing::init(setting, &worker, area.as_deref(), &credentials, json)?;
            String::new().into()
        }
        Command::Import { path, format, bundle_passphrase_file, map, client, dry_run, close_anyway } => {
            let work = match format {
                Some(Incoming::Work(kind)) => Some(kind),
                Some(Incoming::Rows(_)) => None,
                None => crate::sync::kind_of(&path),
            };
            match (work, format) {
                (Some(kind), _) => {
                    sharing::import(setting, &path, kind, bundle_passphrase_file.as_deref(), dry_run, json)?.into()
                }
                (None, format) => {
                    let format = match format {
                        Some(Incoming::Rows(format)) => Some(format),
                        _ => None,
                    };
                    let client = client.as_deref();
                    let taking = outside::Taking { format, map: &map, client, dry_run, close_anyway };
                    outside::import(setting, &path, &taking, json)?.into()
                }
            }
        }
        Command::Export {
            path,
            format: Outgoing::Format(format),
            list,
            names,
            places,
            whom,
            purpose,
            history,
            clients,
            to,
            kind,
            without_release,
            reason,
            ..
        } => {
            if !to.is_empty() || kind.is_some() {
                anyhow::bail!("--to and --as are for a bundle: a {} file is not sealed for anybody.", format.name());
            }
            let without = overriding(without_release, reason.as_deref())?;
            let (whom, list) = (Whom::named(whom.as_deref()), list.as_deref());
            let (clients, purpose) = (&clients[..], &purpose[..]);
            let wanted = outside::Giving { format, list, names, places, history, clients, whom, purpose, without };
            outside::export(setting, &path, &wanted, json)?.into()
        }
        Command::Export {
            path,
            clients,
            to,
            bundle_passphrase_file,
            everything,
            kind,
            until,
            without_release,
            reason,
            ..
        } => {
            let without = overriding(without_release, reason.as_deref())?;
            let wanted = sharing::Export {
                path: &path,
                clients: &clients,
                to: &to,
                passphrase_file: bundle_passphrase_file.as_deref(),
                everything,
                kind,
                until: until.as_deref(),
                without,
            };
            sharing::export(setting, &wanted, json)?.into()
        }
        Command::Sync { forget: Some(place), .. } => sharing::forget(setting, &place)?.into(),
        Command::Sync { places, .. } => {
            let synced = sharing::sync(setting, &places, json)?;
            Done { text: synced.text, ok: synced.ok }
        }
        Command::Site { command } => match command {
            SiteCommand::Card => sharing::card(setting, json)?.into(),
            SiteCommand::Accept { card, fingerprint, only, both, gives, other_agency, own_agency, called } => {
                let way = if both { Some((Gives::Everything, true)) } else { only };
                let wanted = Acceptance {
                    gives: gives.or(way.map(|(gives, _)| gives)),
                    takes: way.map(|(_, takes)| takes),
                    agency: other_agency.or(own_agency.then(String::new)),
                    called,
                    confirmed: false,
                };
                sharing::accept(setting, &card, fingerprint.as_deref(), wanted, own_agency, json)?.into()
            }
            SiteCommand::List => sharing::list(setting, json)?.into(),
            SiteCommand::Same { site, other } => sharing::same(setting, &site, &other, json)?.into(),
            SiteCommand::Founder { site, fingerprint } => {
                rights::founder(setting, site.as_deref(), fingerprint.as_deref(), json)?.into()
            }
            SiteCommand::Grant { site, right, end } => rights::grant(setting, &site, right, end, json)?.into(),
            SiteCommand::KeepBoth { site } => sharing::keep_both(setting, &site, json)?.into(),
            SiteCommand::Rest { site, again } => sharing::rest(setting, &site, again, json)?.into(),
            SiteCommand::Revoke { site, take_first } => sharing::revoke(setting, &site, take_first, json)?.into(),
        },
        Command::Marks { client } => marks::list(setting, client.as_deref(), json)?.into(),
        Command::Apart { command } => apart::run(setting, &command, json)?.into(),
        Command::Conflicts => sharing::conflicts(setting, json)?.into(),
        Command::Team => sharing::team(setting, json)?.into(),
        Command::Unmet => reading::unmet(setting, json)?.into(),
        Command::Duplicates => sharing::duplicates(setting, json)?.into(),
        Command::Join { kept, other } => writing::join(setting, &kept, Some(&other), json)?.into(),
        Command::Part { id } => writing::join(setting, &id, None, json)?.into(),
        Command::Triage { worker } => reading::triage(setting, worker.as_deref(), json)?.into(),
        Command::List { all, worker } => reading::list(setting, all, worker.as_deref(), json)?.into(),
        Command::Show { id } => reading::show(setting, &id, json)?.into(),
        Command::Agenda { days } => reading::agenda(setting, days, json)?.into(),
        Command::Search { text, limit } => reading::search(setting, &text.join(" "), limit, json)?.into(),
        Command::Add { record, fields } => writing::add(setting, &record, &fields, json)?.into(),
        Command::Set { id, fields } => writing::set(setting, &id, &fields, json)?.into(),
        Command::Log { id, fields } => writing::log(setting, &id, &fields, json)?.into(),
        Command::Report { name, period, from, to, client, worker, by, area, open, format } => {
            let form = if json { figures::Form::Json } else { format };
            let period = period.as_deref().map(|text| Period::parse(text, setting.moment().today()));
            let period = period.transpose().map_err(anyhow::Error::msg)?;
            let (from, to) = period.map_or((from, to), |period| (Some(period.from), Some(period.to)));
            if reports::is_one(&name) {
                let asked = reports::Asked { name: &name, from, to, client: client.as_deref(), form };
                reports::report(setting, &asked)?.into()
            } else {
                let (worker, area, open) = (worker.as_deref(), area.as_deref(), open.as_deref());
                let name = name.as_str();
                figures::report(setting, &figures::Wanted { name, from, to, worker, by, area, open, form })?.into()
            }
        }
        Command::Print(args) => printing::print(setting, &args, json)?.into(),
        Command::Practice => reading::practice(setting, json)?.into(),
        Command::Completions { shell } => {
            let mut out = Vec::new();
            clap_complete::generate(shell, &mut Cli::command(), "caseload", &mut out);
            String::from_utf8(out)?.into()
        }
        Command::Man => {
            let mut out = Vec::new();
            clap_mangen::Man::new(Cli::command()).render(&mut out)?;
            String::from_utf8(out)?.into()
        }
        Command::Sign { id, role, name, witness } => {
            let under = signing::Under { role, name: name.as_deref(), witness: witness.as_deref() };
            signing::sign(setting, &id, &under, json)?.into()
        }
        Command::Addendum { id, fields } => signing::addendum(setting, &id, &fields, json)?.into(),
        Command::Cosign { id } => signing::cosign(setting, &id, json)?.into(),
        Command::Assess { id, instrument, answers, on, needs } => {
            let asked = assess::Asked { answers: &answers, on: on.as_deref(), needs };
            assess::assess(setting, &id, instrument.as_deref(), &asked, json)?.into()
        }
        Command::Delete { id } => writing::delete(setting, &id, json)?.into(),
        Command::Erase { id, fields, order, everything, yes, remove_backups } => {
            let asked = erasing::Erase { id: &id, fields: &fields, order: &order, everything, yes, remove_backups };
            erasing::erase(setting, &asked, json)?.into()
        }
        Command::Undo { list, yes, keep_theirs } => writing::undo(setting, list, yes, keep_theirs)?.into(),
        Command::History { id } => reading::history(setting, &id, json)?.into(),
        Command::Check { repair: true } => reading::repair(setting, json)?,
        Command::Check { repair: false } => reading::check(setting, json)?,
        Command::Backup { folder } => moving::backup(setting, folder)?.into(),
        Command::Restore { backup, recovery_key_file, replace } => {
            moving::restore(setting, &backup, recovery_key_file.as_deref(), replace)?.into()
        }
        Command::Move { moving, code_file, recovery_key_file, stay } => {
            let (file, code_file) = (moving.as_deref(), code_file.as_deref());
            let recovery_key_file = recovery_key_file.as_deref();
            moving::go(setting, &moving::Move { file, code_file, recovery_key_file, stay }, json)?.into()
        }
        Command::Passphrase { new_passphrase_file } => {
            writing::passphrase(setting, new_passphrase_file.as_deref())?.into()
        }
    })
}

/// As what someone may sign a plan.
fn plan_signer(text: &str) -> Result<SignatureRole, String> {
    let roles = [SignatureRole::Client, SignatureRole::Guardian, SignatureRole::Worker];
    let found = roles.into_iter().find(|role| role.code() == text);
    found.ok_or_else(|| "client, guardian or worker".into())
}

/// What is given without a release, and on what ground.
fn overriding(ground: Option<Ground>, reason: Option<&str>) -> anyhow::Result<Option<Override>> {
    let without = ground.map(|ground| Override::new(ground, reason.unwrap_or_default()));
    without.transpose().map_err(anyhow::Error::msg)
}

fn screen(result: anyhow::Result<()>) -> ExitCode {
    result.map_or_else(|error| failed(&error), |()| ExitCode::SUCCESS)
}

/// One clear line, with what to do next.
fn failed(error: &anyhow::Error) -> ExitCode {
    let mut line = format!("{error:#}");
    if let Some(hint) = error.downcast_ref::<crate::store::StoreError>().and_then(crate::store::StoreError::hint) {
        line.push_str(&format!(" What to do: {hint}."));
    }
    say_beside(format_args!("caseload: {}", crate::model::text::one_line(&line)));
    ExitCode::from(1)
}

/// Says something beside what was asked for; a reader that went away is no failure.
fn say_beside(text: std::fmt::Arguments<'_>) {
    use std::io::Write;
    let _ = writeln!(std::io::stderr().lock(), "{text}");
}

/// Prints; a reader that went away is no failure, a disk that is full is one.
fn say(text: &str) -> bool {
    match put_out(text) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
            say_beside(format_args!(
                "caseload: what was to be shown could not be written: {error}. What was asked for is done."
            ));
            false
        }
        _ => true,
    }
}

fn put_out(text: &str) -> std::io::Result<()> {
    use std::io::Write;
    let mut out = std::io::stdout().lock();
    out.write_all(text.as_bytes())?;
    out.flush()
}

/// Prints what is shown this once and cannot be had again.
///
/// # Errors
/// Where nobody can have read it: then what it is the key to must not come into being.
fn say_once(text: &str, what: &str) -> anyhow::Result<()> {
    can_say(what)?;
    put_out(text).map_err(|error| anyhow::anyhow!("The {what} could not be shown: {error}. Nothing was made."))
}

/// Whether what is printed goes anywhere, as far as can be told before.
fn can_say(what: &str) -> anyhow::Result<()> {
    if output_is_closed() {
        anyhow::bail!("The {what} cannot be shown: the output is closed. Nothing was made.");
    }
    Ok(())
}

/// A program that is started with its output closed gets the null device there, open both ways; one whose output was sent to the
/// null device by whoever wanted that has it for writing only.
#[cfg(unix)]
fn output_is_closed() -> bool {
    use rustix::fs::{OFlags, fcntl_getfl, fstat, stat};
    let out = std::io::stdout();
    let both_ways = fcntl_getfl(&out).is_ok_and(|flags| flags.contains(OFlags::RDWR));
    let null = fstat(&out).ok().zip(stat("/dev/null").ok()).is_some_and(|(out, null)| out.st_rdev == null.st_rdev);
    both_ways && null
}

#[cfg(not(unix))]
fn output_is_closed() -> bool {
    false
}

fn format(text: &str) -> Result<Incoming, String> {
    use crate::exchange::Format;
    let names: Vec<&str> = Format::read().map(Format::name).collect();
    match text {
        "bundle" => Ok(Incoming::Work(crate::sync::Kind::Bundle)),
        "caseload" => Ok(Incoming::Work(crate::sync::Kind::Caseload)),
        other => Format::from_name(other)
            .filter(|format| Format::read().any(|known| known == *format))
            .map(Incoming::Rows)
            .ok_or_else(|| format!("it is one of: {}, bundle, caseload", names.join(", "))),
    }
}

fn outgoing(text: &str) -> Result<Outgoing, String> {
    use crate::exchange::Format;
    let names: Vec<&str> = Format::written().map(Format::name).collect();
    match text {
        "bundle" => Ok(Outgoing::Bundle),
        other => Format::written()
            .find(|format| format.name() == other)
            .map(Outgoing::Format)
            .ok_or_else(|| format!("it is one of: bundle, {}", names.join(", "))),
    }
}

fn gives(text: &str) -> Result<Gives, String> {
    Gives::ALL
        .into_iter()
        .find(|gives| gives.code() == text)
        .ok_or_else(|| "it is one of: nothing, theirs, everything".into())
}

fn right(text: &str) -> Result<Right, String> {
    // The third is kept and passed on: rules are files of the agency yet.
    let given = [Right::Erase, Right::SignAs];
    given.into_iter().find(|right| right.code() == text).ok_or_else(|| "it is one of: erase, sign-as".into())
}

fn one_way(text: &str) -> Result<(Gives, bool), String> {
    match text {
        "take" => Ok((Gives::Theirs, true)),
        "give" => Ok((Gives::Everything, false)),
        "neither" => Ok((Gives::Nothing, false)),
        _ => Err("it is one of: take, give, neither".into()),
    }
}

fn ground(text: &str) -> Result<Ground, String> {
    let codes: Vec<&str> = Ground::ALL.into_iter().map(Ground::code).collect();
    Ground::from_code(text).ok_or_else(|| format!("it is one of: {}", codes.join(", ")))
}

fn share_kind(text: &str) -> Result<ShareKind, String> {
    ShareKind::from_code(text).ok_or_else(|| "it is one of: transfer, cover, copy".into())
}

fn pair(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("it is written NAME=VALUE")?;
    Ok((name.trim().into(), value.into()))
}

/// A path that may be empty: an empty variable is told, and stops nothing.
fn maybe_empty() -> impl clap::builder::TypedValueParser<Value = PathBuf> {
    clap::builder::TypedValueParser::map(clap::builder::OsStringValueParser::new(), PathBuf::from)
}

fn theme_names() -> clap::builder::PossibleValuesParser {
    tui::THEMES.iter().map(|(name, _)| *name).collect::<Vec<_>>().into()
}

fn record_names() -> clap::builder::PossibleValuesParser {
    CATALOGUE.iter().filter(|record| record.name != "worker").map(|record| record.name).collect::<Vec<_>>().into()
}
