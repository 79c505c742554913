//! The record types, each declared once. A new field is one line with the next number; a field is never
//! taken out and a number never used again, because journals written years ago still carry it.
//!
//! From these lines are made: the tables, the forms, the list columns, the journal, the checks, `--json` and
//! the columns of a spreadsheet.

use super::catalogue::{Field, FieldId, Kind, RecordType, records};
use super::choice::*;
use super::lists::{Choices, List};
use Kind::*;

const MINUTES: Kind = Whole { min: 0, max: 1_440, unit: "minutes" };
const PERCENT: Kind = Whole { min: 0, max: 100, unit: "%" };
const POINTS: Kind = Whole { min: -1_000, max: 1_000, unit: "points" };
const UNITS: Kind = Whole { min: 0, max: 1_000_000, unit: "units" };
const DAYS: Kind = Whole { min: 0, max: 3_660, unit: "days" };
const HOURS_A_WEEK: Kind = Whole { min: 0, max: 168, unit: "hours a week" };
/// A course, or a stretch of supervised practice, may be long.
const LONG: Kind = Whole { min: 0, max: 600_000, unit: "minutes" };

/// One choice of a list that is the same for everybody.
const fn one(choices: &'static [super::Choice]) -> Kind {
    Choice(Choices::Fixed(choices))
}

/// Several choices of such a list.
const fn several(choices: &'static [super::Choice]) -> Kind {
    Kind::Choices(Choices::Fixed(choices))
}

/// One choice of an agency's own list.
const fn listed(list: List) -> Kind {
    Choice(Choices::Listed(list))
}

records! {
    /// The person whose case this is. Its id is also the id of the stream that holds all that belongs to them.
    client = 1 "Client" "Clients" {
        1 given_name: Line, "First name", searched;
        2 family_name: Line, "Last name", searched;
        3 preferred_name: Line, "Goes by", searched;
        4 pronouns: Line, "Pronouns";
        5 birth_date: Date, "Born", past;
        6 language: Line, "Language";
        7 interpreter: Yes, "Needs interpreter";
        8 phone: Phone, "Phone";
        9 contact_notes: Line, "Contact notes", help("For example: no voicemail, text first, after 3 pm");
        10 safe_contact: Text, "Safe contact", safety, help("How to reach this person without putting them in danger");
        11 address: Line, "Address";
        12 living: Line, "Staying at", help("Where they stay now, in words");
        13 area: listed(List::Area), "Practice area";
        14 intensity: one(Intensity::CHOICES), "Intensity", help("How often you mean to be in touch");
        15 status: one(ClientStatus::CHOICES), "Status";
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
        28 also_areas: Kind::Choices(Choices::Listed(List::Area)), "Also in", help("Other practice areas that work with this person");
        29 addressed_as: Line, "Addressed as", help("How they want to be spoken to and written to");
        30 customs: Text, "Faith and customs", help("What they asked to be known: faith, food, family, days");
        31 other_languages: Words, "Other languages";
        32 hold: Yes, "Legal hold", help("Nothing of this file may be destroyed");
        33 outcome: one(ClosingOutcome::CHOICES), "Outcome at closing";
        34 closing_summary: Text, "Closing summary", searched;
    }

    /// Someone in the client's life: family, household, an emergency contact.
    relationship = 2 "Relationship" "Relationships" {
        1 name: Line, "Name", required, searched;
        2 relation: Line, "Relation", help("For example: daughter, partner, landlord");
        3 birth_date: Date, "Born", past;
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
        9 assessed: Date, "Annual assessment done", past;
        10 head_entry: Date, "Head of household's entry", kept;
    }

    need = 5 "Need" "Needs" {
        1 domain: one(Domain::CHOICES), "Domain", required;
        2 what: Line, "What is needed", required, searched;
        3 severity: one(Severity::CHOICES), "Severity";
        4 status: one(NeedStatus::CHOICES), "Status";
        5 identified: Date, "Identified", past, ordered;
        6 why_unmet: Line, "Why not met";
        7 key: Line, "Id elsewhere", kept;
        8 barrier: one(Barrier::CHOICES), "What stands in the way", help("Counted over the caseload, without names");
    }

    plan = 6 "Plan" "Plans" {
        1 kind: one(PlanKind::CHOICES), "Kind", required;
        2 status: one(PlanStatus::CHOICES), "Status";
        3 start: Date, "Start", ordered;
        4 review_due: Date, "Review due";
        5 summary: Text, "Summary", searched;
        6 version: Whole { min: 1, max: 999, unit: "" }, "Version", kept;
        7 replaces: Link("plan"), "Follows on", kept;
        8 strengths: Text, "Strengths to build on", searched;
        9 barriers: Text, "Barriers", searched;
        10 reviewed: Date, "Last reviewed", past;
        11 changes: Text, "Changed since the last review", searched;
        12 ended: Date, "Ended", past, help("The last day on which the plan was in force");
        13 employment_outcome: Line, "Employment outcome", help("The job the client chose to work towards");
        14 criteria: Text, "How progress is judged";
        15 client_does: Text, "What the client takes on";
        16 others_do: Text, "What others take on", help("The agency, and who else: who does what");
    }

    goal = 7 "Goal" "Goals" {
        1 plan: Link("plan"), "Plan", kept;
        2 words: Line, "In the client's own words", required, searched;
        3 statement: Text, "In plan words", searched;
        4 domain: one(Domain::CHOICES), "Domain";
        5 target: Date, "Target date", ordered;
        6 progress: PERCENT, "Progress";
        7 status: one(GoalStatus::CHOICES), "Status";
        8 attainment: Whole { min: -2, max: 2, unit: "" }, "Attainment", help("-2 much less than expected, -1 less, 0 as expected, 1 more, 2 much more");
        9 choice: one(ClientChoice::CHOICES), "Client's choice";
        10 strengths: Line, "Strengths used";
        11 barriers: Line, "Barriers";
        12 need: Link("need"), "Need", kept;
        13 key: Line, "Id elsewhere", kept;
    }

    /// Who does what by when, for a goal.
    step = 8 "Step" "Steps" {
        1 goal: Link("goal"), "Goal", kept;
        2 what: Line, "What", required, searched;
        3 who: Line, "Who", help("me, the client, or a name");
        4 due: Date, "Due", ordered;
        5 status: one(WorkStatus::CHOICES), "Status";
        6 done_on: Date, "Done on", past;
        7 provider: Line, "Provider", help("Who gives the service");
        8 amount: Line, "How much", help("For example: 12 sessions, 40 hours");
        9 often: Line, "How often", help("For example: twice a week");
        10 from: Date, "From";
        11 until: Date, "Until";
        12 cost: Line, "Cost";
        13 payer: Line, "Who pays";
    }

    appointment = 9 "Appointment" "Appointments" {
        1 title: Line, "What", required, searched;
        2 starts: Time, "When", required, ordered;
        3 minutes: MINUTES, "Length";
        4 place: Line, "Where", searched;
        5 with: Line, "With";
        6 status: one(AppointmentStatus::CHOICES), "Status";
        7 transport: one(Arranged::CHOICES), "Transport";
        8 interpreter: one(Arranged::CHOICES), "Interpreter";
        9 about: Text, "Notes", searched;
        10 moved_to: Link("appointment"), "Moved to", kept;
        11 repeats: Repeat, "Comes again";
        12 series: Link("appointment"), "Series", kept;
        13 key: Line, "Id elsewhere", kept;
        14 follow_up: Link("stay"), "Follow-up after", kept;
        15 by: one(Practitioner::CHOICES), "With what kind of practitioner";
    }

    task = 10 "Task" "Tasks" {
        1 what: Line, "What", required, searched;
        2 due: Date, "Due", ordered;
        3 status: one(WorkStatus::CHOICES), "Status";
        4 done_on: Date, "Done on", past;
        5 about: Text, "Notes", searched;
    }

    /// What was written and what passed: a contact is a note whose kind says so.
    note = 11 "Note" "Notes" {
        1 when: Time, "When", required, past, ordered;
        2 kind: one(ContactKind::CHOICES), "Kind of contact", required;
        3 minutes: MINUTES, "Minutes";
        4 body: Text, "Note", searched;
        5 goals: Links("goal"), "Goals served";
        6 key: Line, "Id elsewhere", kept;
        7 template: listed(List::NoteTemplate), "Template";
        8 place: Line, "Where";
        9 present: Line, "Who was there";
        10 interpreter: Line, "Interpreter", help("Who interpreted, or why nobody did");
        11 service: listed(List::Service), "Service", help("What it is billed as; empty where it is not billed");
        12 cosigner: Line, "Co-signature of", help("A supervisor's name: they are asked to sign too");
        13 author: Line, "Author", kept;
        14 follow_up: Link("stay"), "Follow-up after", kept;
        15 by: one(Practitioner::CHOICES), "Seen by", help("Where this contact is the follow-up after a stay: who saw the client");
        16 session: Line, "Group session", kept;
    }

    /// A reason put off until a day, and why.
    snooze = 12 "Snooze" "Snoozes" {
        1 rule: Line, "Rule", required, kept;
        2 subject: Line, "About", kept;
        3 until: Date, "Until", required, ordered;
        4 why: Line, "Why", required;
        5 made: Date, "Put off on", past, kept;
    }

    /// The client's case is in someone else's hands too, or from now on.
    share = 13 "Share" "Shares" {
        1 kind: one(ShareKind::CHOICES), "Kind", required;
        2 to: Line, "With", required;
        3 site: Line, "Their installation", kept;
        4 from: Date, "From", ordered;
        5 until: Date, "Until", help("Cover ends on this day");
        6 why: Line, "Why";
        7 ends: Time, "Ends at", kept;
    }

    /// A name put under a note, an addendum or a plan, with the very text that was signed. Never changed, never taken back.
    signature = 14 "Signature" "Signatures" {
        1 of: Line, "Under", required, kept;
        2 role: one(SignatureRole::CHOICES), "As", required;
        3 name: Line, "Name", required;
        4 credentials: Line, "Credentials";
        5 at: Time, "Signed", past, required, ordered;
        6 content: Text, "What was signed", kept;
        7 seal: Line, "Seal", kept;
        8 witness: Line, "Witnessed by";
        9 reads: Line, "Fields as signed", kept;
    }

    /// What is added to a signed note; signed itself in the same breath.
    addendum = 15 "Addendum" "Addenda" {
        1 note: Link("note"), "To the note", required, kept;
        2 when: Time, "When", past, required, ordered;
        3 body: Text, "Addendum", required, searched;
    }

    /// A release of information: who may be told what, why, until when.
    consent = 16 "Consent" "Consents" {
        1 to: Line, "Who may be told", required, searched, watched, help("A person or an organisation, by name");
        2 what: several(Information::CHOICES), "What they may be told";
        3 purpose: Line, "Why", required, help("For example: coordinate housing, continue care");
        4 from: Date, "From", ordered;
        5 until: Date, "Until", watched, help("The last day; a release without an end is not given");
        6 revoked: Time, "Taken back", past, watched, settles(&["*"]);
        7 part2: Yes, "Substance use records", help("Covers records under 42 CFR Part 2, in so many words");
        8 form: one(ConsentForm::CHOICES), "Given";
        9 about: Text, "Notes";
    }

    /// Units of a service that a payer has approved.
    authorization = 17 "Authorization" "Authorizations" {
        1 payer: Line, "Payer", required, searched, watched;
        2 service: listed(List::Service), "Service", required;
        3 number: Line, "Number";
        4 units: UNITS, "Units approved";
        5 from: Date, "From";
        6 until: Date, "Until", ordered, watched;
        7 lead: DAYS, "Ask for renewal", help("How many days before the end");
        8 status: one(AuthorizationStatus::CHOICES), "Status", watched, settles(&["denied", "ended"]);
        9 renewal_due: Date, "Renewal to be asked by", watched;
        10 about: Text, "Notes";
    }

    /// What someone is entitled to, and when it must be asked for again.
    benefit = 18 "Benefit" "Benefits" {
        1 programme: Line, "Programme", required, searched, watched, help("For example: Medicaid, SNAP, SSI, TANF");
        2 status: one(BenefitStatus::CHOICES), "Status", watched, settles(&["ended"]);
        3 applied: Date, "Applied", watched;
        4 since: Date, "Since", watched;
        5 recertify: Date, "Recertification due", ordered, watched;
        6 notice: Date, "Notice dated", watched, help("Of a denial or a cut: the time for an appeal runs from it");
        7 amount: Line, "Amount";
        8 number: Line, "Case number";
        9 about: Text, "Notes";
        10 takes_effect: Date, "Takes effect", watched, help("Of a cut: the first day without it, as the notice says");
        11 appealed: Date, "Appeal asked for on", past, watched;
        12 continued: Date, "Asked on that it goes on", past, watched, help("That payment or coverage continues until the decision");
        13 let_be: Line, "No appeal, because", watched;
        14 by_plan: Yes, "Decided by a health plan", watched, help("A managed-care plan, not the state");
    }

    medication = 19 "Medication" "Medications" {
        1 name: Line, "Medication", required, searched, watched;
        2 dose: Line, "Dose";
        3 prescriber: Line, "Prescribed by";
        4 since: Date, "Since", ordered;
        5 until: Date, "Until", settles(&["*"]);
        6 refill: Date, "Refill due", watched;
        7 about: Line, "Notes";
        8 key: Line, "Id elsewhere", kept;
        9 critical: Yes, "Critical", watched, help("A gap of days is dangerous: insulin, anticoagulants, clozapine, methadone ...");
        10 supply_until: Date, "Supply lasts until", watched;
    }

    /// How taking medication goes, as told.
    medication_check = 20 "Medication check" "Medication checks" {
        1 when: Time, "When", past, required, ordered, watched;
        2 taken: one(Adherence::CHOICES), "Taken", required, watched;
        3 barrier: Line, "What stands in the way";
        4 about: Text, "Notes", searched;
        5 next: Date, "Check again", watched;
    }

    /// An instrument filled in: its answers, its score and what it asks for.
    assessment = 21 "Assessment" "Assessments" {
        1 instrument: listed(List::Instrument), "Instrument", required, watched;
        2 on: Date, "On", past, required, ordered, watched;
        3 answers: Line, "Answers", kept, watched;
        4 score: POINTS, "Score", kept, watched;
        5 band: Line, "Band", kept;
        6 urgent: Line, "Demands action", safety, kept, watched;
        7 answered: Date, "Acted on", past, watched;
        8 again: Date, "Due again", watched;
        9 about: Text, "Notes", searched;
        10 key: Line, "Id elsewhere", kept;
        11 evaluated: Date, "Evaluated by a clinician", past, watched;
    }

    strength = 22 "Strength" "Strengths" {
        1 what: Line, "Strength", required, searched;
        2 domain: one(Domain::CHOICES), "Domain";
        3 about: Line, "Notes";
    }

    /// The six steps of Stanley and Brown's safety planning intervention.
    safety_plan = 23 "Safety plan" "Safety plans" {
        1 reviewed: Date, "Made or reviewed", past, required, ordered, watched;
        2 signs: Text, "1 Warning signs", safety;
        3 coping: Text, "2 What I can do alone", safety;
        4 distraction: Text, "3 People and places that take my mind off it", safety;
        5 helpers: Text, "4 People I can ask for help", safety;
        6 professionals: Text, "5 Professionals and agencies", safety;
        7 surroundings: Text, "6 Making my surroundings safe", safety;
        8 reasons: Text, "What makes life worth living", safety;
        9 review_due: Date, "Review due", watched;
    }

    /// A crisis or an incident, from the first minute to the debriefing.
    incident = 24 "Crisis or incident" "Crises and incidents" {
        1 kind: listed(List::CrisisKind), "Kind", required, watched;
        2 began: Time, "Began", past, required, ordered, watched;
        3 what: Text, "What is happening", searched;
        4 done: Words, "Done", kept;
        5 called: Text, "Who was called", help("Name, number, time, what was agreed");
        6 report: one(Report::CHOICES), "Mandated report", watched;
        7 report_due: Time, "Report due", watched;
        8 reported: Time, "Reported", past, watched;
        9 resolved: Time, "Over since", past, watched;
        10 resolution: Text, "What resolved it", searched;
        11 debrief_due: Date, "Debrief due", watched;
        12 debriefed: Date, "Debriefed", past, watched;
        13 written_due: Time, "Written report due", watched;
        14 written: Time, "Written report sent", past, watched;
    }

    /// Someone sent to another service, until it is known what came of it.
    referral = 25 "Referral" "Referrals" {
        1 to: Line, "Referred to", required, searched, watched;
        2 resource: Link("resource"), "Resource", kept;
        3 domain: one(Domain::CHOICES), "For";
        4 what: Line, "What is asked", searched;
        5 status: one(ReferralStatus::CHOICES), "Status", watched, settles(&["closed"]);
        6 sent: Date, "Sent", past, ordered, watched;
        7 answered: Date, "Answered", past, watched;
        8 reason: Line, "Why declined";
        9 outcome: one(ReferralOutcome::CHOICES), "Outcome";
        10 closed: Date, "Closed", past;
        11 again: Date, "Ask again on", watched;
        12 contact: Line, "Contact there";
        13 about: Text, "Notes", searched;
        14 key: Line, "Id elsewhere", kept;
        15 waitlisted: Date, "Waiting there since", past, watched;
    }

    /// Speaking up for a client towards an institution.
    advocacy = 26 "Advocacy" "Advocacy" {
        1 institution: Line, "Institution", required, searched, watched;
        2 kind: one(AdvocacyKind::CHOICES), "Kind", watched;
        3 ask: Text, "What is asked", searched;
        4 notice: Date, "Notice dated", watched;
        5 deadline: Date, "To be filed by", ordered, watched;
        6 filed: Date, "Filed", past, watched;
        7 hearing: Time, "Hearing", watched;
        8 answer: Text, "Answer", searched;
        9 status: one(AdvocacyStatus::CHOICES), "Status", watched, settles(&["won", "partly", "lost", "withdrawn"]);
        10 about: Text, "Notes";
    }

    /// In a hospital, and out again.
    stay = 27 "Hospital stay" "Hospital stays" {
        1 hospital: Line, "Hospital", required, searched, watched;
        2 kind: one(StayKind::CHOICES), "Kind", required, watched;
        3 admitted: Date, "Admitted", ordered, watched;
        4 discharged: Date, "Discharged", watched;
        5 complexity: one(Complexity::CHOICES), "Complexity", watched, help("Of the medical decisions after discharge: sets the day of the visit");
        6 reason: Line, "Reason", searched;
        7 discharged_to: Line, "Discharged to";
        8 followed_up: Date, "Follow-up visit held", past, watched;
        9 planned: Yes, "Planned stay";
        10 readmission: Yes, "Readmission", kept, watched;
        11 about: Text, "Notes", searched;
        12 key: Line, "Id elsewhere", kept;
    }

    /// One thing to be in place for a discharge: who sees to it, by when, confirmed or not.
    arrangement = 28 "Discharge arrangement" "Discharge arrangements" {
        1 kind: one(ArrangementKind::CHOICES), "Kind";
        2 what: Line, "What", required, searched, watched;
        3 owner: Line, "Who sees to it";
        4 due: Time, "Due", ordered, watched;
        5 status: one(ArrangementStatus::CHOICES), "Status", watched, settles(&["confirmed", "in-place", "not-needed"]);
        6 provider: Line, "Provider", searched;
        7 stay: Link("stay"), "Stay", kept;
        8 about: Line, "Notes";
    }

    /// A service that the client gets elsewhere: psychiatry, supportive housing, home health.
    service = 29 "Linked service" "Linked services" {
        1 what: Line, "Service", required, searched, watched;
        2 provider: Line, "Provider", searched;
        3 status: one(ServiceStatus::CHOICES), "Status", watched, settles(&["ended"]);
        4 since: Date, "Since", ordered;
        5 until: Date, "Until";
        6 contact: Line, "Contact there";
        7 phone: Phone, "Phone";
        8 next: Date, "Look in again", watched;
        9 about: Line, "Notes";
        10 key: Line, "Id elsewhere", kept;
    }

    /// Where someone lives, from when to when.
    housing = 31 "Housing episode" "Housing episodes" {
        1 kind: one(HousingKind::CHOICES), "Kind", required, watched;
        2 place: Line, "Place", watched;
        3 from: Date, "From", ordered, watched;
        4 until: Date, "Until", settles(&["*"]);
        5 landlord: Line, "Landlord";
        6 rent: Line, "Rent";
        7 notice: Date, "Notice to quit, or eviction filed", watched;
        8 must_leave: Date, "To be out by", watched;
        9 lease_ends: Date, "Lease ends", watched;
        10 about: Text, "Notes", searched;
    }

    /// Vocational rehabilitation: from the application to the closing.
    vocation = 32 "Vocational case" "Vocational cases" {
        1 applied: Date, "Applied", past, required, ordered, watched;
        2 eligible: Date, "Found eligible", past, watched;
        3 eligibility_extended: Date, "Eligibility extended to", watched, help("Agreed with the client, with a date");
        4 ipe: Date, "IPE signed", past, watched;
        5 ipe_extended: Date, "IPE extended to", watched, help("Agreed with the client, with a date");
        6 goal: Line, "Vocational goal", searched, watched;
        7 skills: Text, "Skills", searched;
        8 interests: Text, "Interests", searched;
        9 limitations: Text, "Limitations", searched;
        10 assistive: Text, "Assistive technology", searched;
        11 outcome: one(VocationOutcome::CHOICES), "Outcome", watched;
        12 closed: Date, "Closed", settles(&["*"]);
    }

    /// A job, and the checks that it lasts.
    employment = 33 "Employment" "Employment" {
        1 employer: Line, "Employer", required, searched, watched;
        2 job: Line, "Job", searched;
        3 started: Date, "Started", required, ordered, watched;
        4 hours: HOURS_A_WEEK, "Hours";
        5 wage: Line, "Wage", help("For example: 17.50 an hour");
        6 ended: Date, "Ended", settles(&["*"]);
        7 why_ended: Line, "Why it ended";
        8 checked_30: Date, "Checked at 30 days", past, watched;
        9 checked_60: Date, "Checked at 60 days", past, watched;
        10 checked_90: Date, "Checked at 90 days", past, watched;
        11 coach: Line, "Job coach";
        12 about: Text, "Notes", searched;
        13 key: Line, "Id elsewhere", kept;
    }

    /// What was given out of the file: to whom, why, and what permitted it.
    disclosure = 34 "Disclosure" "Disclosures" {
        1 when: Time, "When", past, required, ordered;
        2 to: Line, "To", required, searched;
        3 what: Line, "What", required;
        4 purpose: Line, "Why";
        5 how: one(DisclosureWay::CHOICES), "How";
        6 consent: Link("consent"), "Permitted by", kept;
        7 overridden: Line, "Given without a release because", help("An emergency, a court order, a report the law demands ...");
        8 withheld: Line, "Left out", kept;
    }

    /// A service in the community, for all clients. Lives in the worker's own stream.
    resource = 35 "Resource" "Resources" {
        1 organisation: Line, "Organisation", required, searched;
        2 what: Line, "Service", required, searched;
        3 domains: several(Domain::CHOICES), "Answers needs in";
        4 place: Line, "Where", searched;
        5 languages: Words, "Languages";
        6 eligibility: Text, "Who may come", searched;
        7 hours: Line, "Hours", help("For example: Mo-Fr 09:00-17:00; Sa 10:00-12:00");
        8 phone: Phone, "Phone";
        9 email: Line, "Email";
        10 website: Line, "Website";
        11 documents: Line, "To bring", help("Papers that are asked for");
        12 cost: Line, "Cost";
        13 status: one(ResourceStatus::CHOICES), "Taking people";
        14 about: Text, "Notes", searched;
        15 key: Line, "Id elsewhere", kept;
    }

    /// A licence or certificate of the worker's.
    credential = 36 "Credential" "Credentials" {
        1 kind: listed(List::Credential), "Kind", required, watched;
        2 number: Line, "Number";
        3 issued_by: Line, "State or board";
        4 issued: Date, "Issued or last renewed", past;
        5 expires: Date, "Expires", ordered, watched;
        6 status: one(CredentialStatus::CHOICES), "Status", watched, settles(&["given-up"]);
        7 about: Line, "Notes";
    }

    /// Continuing education.
    education = 37 "Continuing education" "Continuing education" {
        1 title: Line, "What", required, searched;
        2 on: Date, "On", past, required, ordered;
        3 minutes: LONG, "Length", required;
        4 category: listed(List::EducationCategory), "Category";
        5 provider: Line, "Provider";
        6 certificate: Line, "Certificate";
        7 counts_for: Kind::Choices(Choices::Listed(List::Credential)), "Counts for", help("Empty: for all of them");
    }

    /// Supervised practice towards a credential.
    supervision = 38 "Supervised hours" "Supervised hours" {
        1 on: Date, "On", past, required, ordered;
        2 practice: LONG, "Supervised practice";
        3 minutes: LONG, "Supervision itself";
        4 kind: one(SupervisionKind::CHOICES), "Kind";
        5 supervisor: Line, "Supervisor";
        6 towards: listed(List::Credential), "Towards";
        7 about: Line, "Notes";
    }

    /// One time in care, from opening to closing. A client who comes back has another; the client's own fields show the
    /// newest.
    episode = 39 "Episode of care" "Episodes of care" {
        1 opened: Date, "Opened", required, ordered;
        2 closed: Date, "Closed";
        3 closing_reason: Line, "Why closed";
        4 outcome: one(ClosingOutcome::CHOICES), "Outcome at closing";
        5 closing_summary: Text, "Closing summary", searched;
        6 worker: Line, "Case manager";
    }

    /// What was erased out of the file, and on what that rests. The entries stay as empty places in the journal; what they
    /// said is gone everywhere.
    erasure = 53 "Erasure" "Erasures" {
        1 when: Time, "When", past, required, ordered;
        2 order: Line, "By order of", required, help("The court order, the request or the rule that it rests on");
        3 what: Line, "What was erased", required;
        4 who: Line, "Erased by", kept;
        5 entries: Words, "Entries", kept;
    }

    /// The person who uses this file. Lives in the worker's own stream.
    worker = 30 "Worker" "Workers" {
        1 name: Line, "Name", required;
        2 credentials: Line, "Credentials", help("For example: LCSW, CCM, CRC, RN");
        3 area: listed(List::Area), "Practice area";
        4 capacity: Whole { min: 0, max: 10_000, unit: "" }, "Capacity", help("The caseload weight that one person can carry");
    }
}

impl RecordType {
    /// What belongs to the worker, not to a client: it lives in the worker's own stream.
    pub fn is_the_workers(&self) -> bool {
        [&resource::TYPE, &credential::TYPE, &education::TYPE, &supervision::TYPE].contains(&self)
    }

    /// What came to be in one piece and is never edited: only the program makes it.
    pub fn is_sealed(&self) -> bool {
        [&signature::TYPE, &addendum::TYPE, &erasure::TYPE].contains(&self)
    }

    /// The field that says in a line what a row is about: its first required line or choice, or else its first field.
    pub fn title_field(&self) -> Option<&'static Field> {
        let title = |field: &&Field| field.required && matches!(field.kind, Line | Text | Choice(_));
        self.fields.iter().find(title).or(self.fields.first())
    }

    /// A person's own row: it opens a stream instead of belonging to one.
    pub fn opens_stream(&self) -> bool {
        *self == client::TYPE || *self == worker::TYPE
    }
}
