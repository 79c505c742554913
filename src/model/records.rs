//! The record types, each declared once. A new field is one line with the next number; a field is never
//! taken out and a number never used again, because journals written years ago still carry it.
//!
//! From these lines are made: the tables, the forms, the list columns, the journal, the checks, `--json` and
//! the columns of a spreadsheet.

use super::catalogue::{Field, FieldId, Kind, RecordType, records};
use super::choice::*;
use Kind::*;

const MINUTES: Kind = Whole { min: 0, max: 1_440, unit: "minutes" };
const PERCENT: Kind = Whole { min: 0, max: 100, unit: "%" };

records! {
    /// The person whose case this is. Its id is also the id of the stream that holds all that belongs to them.
    client = 1 "Client" "Clients" {
        1 given_name: Line, "First name", searched;
        2 family_name: Line, "Last name", searched;
        3 preferred_name: Line, "Goes by", searched;
        4 pronouns: Line, "Pronouns";
        5 birth_date: Date, "Born";
        6 language: Line, "Language";
        7 interpreter: Yes, "Needs interpreter";
        8 phone: Phone, "Phone";
        9 contact_notes: Line, "Contact notes", help("For example: no voicemail, text first, after 3 pm");
        10 safe_contact: Text, "Safe contact", safety, help("How to reach this person without putting them in danger");
        11 address: Line, "Address";
        12 living: Line, "Staying at", help("Where they stay now, in words");
        13 area: Choice(Area::CHOICES), "Practice area";
        14 intensity: Choice(Intensity::CHOICES), "Intensity", help("How often you mean to be in touch");
        15 status: Choice(ClientStatus::CHOICES), "Status";
        16 opened: Date, "Opened";
        17 closed: Date, "Closed";
        18 closing_reason: Line, "Why closed";
        19 crisis: Line, "Crisis now", safety, help("What is happening; clear it when it is over");
        20 risk: Text, "Risks and alerts", safety, help("Allergies, dangers, what a colleague must know before a visit");
        21 tags: Words, "Tags", searched;
        22 outside_ids: Words, "Ids elsewhere", help("system:number, for example hmis:528656 or mrn:00412");
        23 email: Line, "Email";
        24 gender: Line, "Gender";
        25 worker: Line, "Case manager";
        26 about: Text, "About", searched, help("How they want to be addressed, customs, what matters to them");
        27 same_as: Link("client"), "Same person as", kept;
    }

    /// Someone in the client's life: family, household, an emergency contact.
    relationship = 2 "Relationship" "Relationships" {
        1 name: Line, "Name", required, searched;
        2 relation: Line, "Relation", help("For example: daughter, partner, landlord");
        3 birth_date: Date, "Born";
        4 phone: Phone, "Phone";
        5 household: Yes, "Same household";
        6 emergency: Yes, "Emergency contact";
        7 dependent: Yes, "Child counted for eligibility", help("You are told before their 18th birthday");
        8 person: Link("client"), "Also a client", kept;
        9 about: Line, "Notes";
    }

    /// A professional who works with the client elsewhere.
    care_team = 3 "Care-team member" "Care team" {
        1 name: Line, "Name", required, searched;
        2 role: Line, "Role", help("For example: psychiatrist, home health nurse, probation officer");
        3 organisation: Line, "Organisation", searched;
        4 phone: Phone, "Phone";
        5 email: Line, "Email";
        6 about: Line, "Notes";
    }

    /// A stay in a programme, from entry to exit.
    enrollment = 4 "Enrollment" "Enrollments" {
        1 project: Line, "Programme", required, searched;
        2 organisation: Line, "Organisation";
        3 entry: Date, "Entry", ordered;
        4 exit: Date, "Exit";
        5 destination: Line, "Left to";
        6 head: Yes, "Head of household";
        7 household: Line, "Household id", kept;
        8 key: Line, "Id elsewhere", kept;
        9 assessed: Date, "Annual assessment done";
    }

    need = 5 "Need" "Needs" {
        1 domain: Choice(Domain::CHOICES), "Domain", required;
        2 what: Line, "What is needed", required, searched;
        3 severity: Choice(Severity::CHOICES), "Severity";
        4 status: Choice(NeedStatus::CHOICES), "Status";
        5 identified: Date, "Identified", ordered;
        6 why_unmet: Line, "Why not met";
        7 key: Line, "Id elsewhere", kept;
    }

    plan = 6 "Plan" "Plans" {
        1 kind: Choice(PlanKind::CHOICES), "Kind", required;
        2 status: Choice(PlanStatus::CHOICES), "Status";
        3 start: Date, "Start", ordered;
        4 review_due: Date, "Review due";
        5 summary: Text, "Summary", searched;
    }

    goal = 7 "Goal" "Goals" {
        1 plan: Link("plan"), "Plan", kept;
        2 words: Line, "In the client's own words", required, searched;
        3 statement: Text, "In plan words", searched;
        4 domain: Choice(Domain::CHOICES), "Domain";
        5 target: Date, "Target date", ordered;
        6 progress: PERCENT, "Progress";
        7 status: Choice(GoalStatus::CHOICES), "Status";
    }

    /// Who does what by when, for a goal.
    step = 8 "Step" "Steps" {
        1 goal: Link("goal"), "Goal", kept;
        2 what: Line, "What", required, searched;
        3 who: Line, "Who", help("me, the client, or a name");
        4 due: Date, "Due", ordered;
        5 status: Choice(WorkStatus::CHOICES), "Status";
        6 done_on: Date, "Done on";
    }

    appointment = 9 "Appointment" "Appointments" {
        1 title: Line, "What", required, searched;
        2 starts: Time, "When", required, ordered;
        3 minutes: MINUTES, "Length";
        4 place: Line, "Where", searched;
        5 with: Line, "With";
        6 status: Choice(AppointmentStatus::CHOICES), "Status";
        7 transport: Choice(Arranged::CHOICES), "Transport";
        8 interpreter: Choice(Arranged::CHOICES), "Interpreter";
        9 about: Text, "Notes", searched;
        10 moved_to: Link("appointment"), "Moved to", kept;
        11 repeats: Repeat, "Comes again";
        12 series: Link("appointment"), "Series", kept;
    }

    task = 10 "Task" "Tasks" {
        1 what: Line, "What", required, searched;
        2 due: Date, "Due", ordered;
        3 status: Choice(WorkStatus::CHOICES), "Status";
        4 done_on: Date, "Done on";
        5 about: Text, "Notes", searched;
    }

    /// What was written and what passed: a contact is a note whose kind says so.
    note = 11 "Note" "Notes" {
        1 when: Time, "When", required, ordered;
        2 kind: Choice(ContactKind::CHOICES), "Kind of contact", required;
        3 minutes: MINUTES, "Minutes";
        4 body: Text, "Note", searched;
        5 goals: Links("goal"), "Goals served";
        6 key: Line, "Id elsewhere", kept;
    }

    /// A reason put off until a day, and why.
    snooze = 12 "Snooze" "Snoozes" {
        1 rule: Line, "Rule", required, kept;
        2 subject: Line, "About", kept;
        3 until: Date, "Until", required, ordered;
        4 why: Line, "Why", required;
    }

    /// The client's case is in someone else's hands too, or from now on.
    share = 13 "Share" "Shares" {
        1 kind: Choice(ShareKind::CHOICES), "Kind", required;
        2 to: Line, "With", required;
        3 site: Line, "Their installation", kept;
        4 from: Date, "From", ordered;
        5 until: Date, "Until", help("Cover ends on this day");
        6 why: Line, "Why";
    }

    /// The person who uses this file. Lives in the worker's own stream.
    worker = 30 "Worker" "Workers" {
        1 name: Line, "Name", required;
        2 credentials: Line, "Credentials", help("For example: LCSW, CCM, CRC, RN");
        3 area: Choice(Area::CHOICES), "Practice area";
    }
}

impl RecordType {
    /// A person's own row: it opens a stream instead of belonging to one.
    pub fn opens_stream(&self) -> bool {
        *self == client::TYPE || *self == worker::TYPE
    }
}
