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
const fn one(list: super::Fixed) -> Kind {
    Choice(Choices::Fixed(list))
}

/// Several choices of such a list.
const fn several(list: super::Fixed) -> Kind {
    Kind::Choices(Choices::Fixed(list))
}

/// One choice of an agency's own list.
const fn listed(list: List) -> Kind {
    Choice(Choices::Listed(list))
}

records! {
    /// The person whose case this is. Its id is also the id of the stream that holds all that belongs to them.
    client = 1 "Client" "Clients" {
        1 given_name: Line, "First name", tells[Contact], searched;
        2 family_name: Line, "Last name", tells[Contact], searched;
        3 preferred_name: Line, "Goes by", tells[Contact], searched;
        4 pronouns: Line, "Pronouns", tells[Contact];
        5 birth_date: Date, "Born", tells[Contact], past;
        6 language: Line, "Language", tells[Contact];
        7 interpreter: Yes, "Needs interpreter", tells[Contact];
        8 phone: Phone, "Phone", tells[Contact];
        9 contact_notes: Line, "Contact notes", tells[Contact], help("For example: no voicemail, text first, after 3 pm");
        10 safe_contact: Text, "Safe contact", tells[Violence], safety, help("How to reach this person without putting them in danger");
        11 address: Line, "Address", tells[Whereabouts];
        12 living: Line, "Staying at", tells[Whereabouts], help("Where they stay now, in words");
        13 area: listed(List::Area), "Practice area", tells[Needs];
        14 intensity: one(Intensity::LIST), "Intensity", tells[Needs], help("How often you mean to be in touch");
        15 status: one(ClientStatus::LIST), "Status", tells[Attendance];
        16 opened: Date, "Opened", tells[Attendance];
        17 closed: Date, "Closed", tells[Attendance];
        18 closing_reason: Line, "Why closed", tells[Attendance];
        19 crisis: Line, "Crisis now", tells[], safety, help("What is happening; clear it when it is over");
        20 risk: Text, "Risks and alerts", tells[Health], safety, help("Allergies, dangers, what a colleague must know before a visit");
        21 tags: Words, "Tags", tells[Notes], searched;
        22 outside_ids: Words, "Ids elsewhere", tells[Contact], help("system:number, for example hmis:528656 or mrn:00412");
        23 email: Line, "Email", tells[Contact];
        24 gender: Line, "Gender", tells[Contact];
        25 worker: Line, "Case manager", tells[Attendance];
        26 about: Text, "About", tells[Notes], searched, help("How they want to be addressed, customs, what matters to them");
        27 same_as: Link("client"), "Same person as", tells[Contact], kept;
        28 also_areas: Kind::Choices(Choices::Listed(List::Area)), "Also in", tells[Needs], help("Other practice areas that work with this person");
        29 addressed_as: Line, "Addressed as", tells[Notes], help("How they want to be spoken to and written to");
        30 customs: Text, "Faith and customs", tells[Notes], help("What they asked to be known: faith, food, family, days");
        31 other_languages: Words, "Other languages", tells[Contact];
        32 hold: Yes, "Legal hold", tells[Notes], help("Nothing of this file may be destroyed");
        33 outcome: one(ClosingOutcome::LIST), "Outcome at closing", tells[Attendance];
        34 closing_summary: Text, "Closing summary", tells[Notes], searched;
    }

    /// Someone in the client's life: family, household, an emergency contact.
    relationship = 2 "Relationship" "Relationships" {
        1 name: Line, "Name", tells[Family], required, searched;
        2 relation: Line, "Relation", tells[Family], help("For example: daughter, partner, landlord");
        3 birth_date: Date, "Born", tells[Family], past;
        4 phone: Phone, "Phone", tells[Family, Contact];
        5 household: Yes, "Same household", tells[Family];
        6 emergency: Yes, "Emergency contact", tells[Family];
        7 dependent: Yes, "Child counted for eligibility", tells[Family], help("You are told before their 18th birthday");
        8 person: Link("client"), "Also a client", tells[Family], kept;
        9 about: Line, "Notes", tells[Family];
        10 harms: Yes, "Causes harm", tells[Family, Violence], safety, help("To the client, or to their child's other parent: never consents for them");
    }

    /// A professional who works with the client elsewhere.
    care_team = 3 "Care-team member" "Care team" {
        1 name: Line, "Name", tells[Health], required, searched;
        2 role: Line, "Role", tells[Health], help("For example: psychiatrist, home health nurse, probation officer");
        3 organisation: Line, "Organisation", tells[Health], searched;
        4 phone: Phone, "Phone", tells[Health, Contact];
        5 email: Line, "Email", tells[Health, Contact];
        6 about: Line, "Notes", tells[Health];
        7 also_tells: one(AlsoTells::LIST), "Also tells of", tells[Health], help("Only a release that covers it lets this out");
        8 part2: one(FromPart2::LIST), "From a Part 2 program", tells[Health], help("A substance use program (42 CFR Part 2); empty: as its words tell");
    }

    /// A stay in a programme, from entry to exit.
    enrollment = 4 "Enrollment" "Enrollments" {
        1 project: Line, "Programme", tells[Attendance, Whereabouts], required, searched;
        2 organisation: Line, "Organisation", tells[Attendance, Whereabouts];
        3 entry: Date, "Entry", tells[Attendance, Whereabouts], ordered;
        4 exit: Date, "Exit", tells[Attendance, Whereabouts];
        5 destination: Line, "Left to", tells[Attendance, Whereabouts];
        6 head: Yes, "Head of household", tells[Attendance, Whereabouts];
        7 household: Line, "Household id", tells[Attendance, Whereabouts], kept;
        8 key: Line, "Id elsewhere", tells[Attendance, Whereabouts], kept;
        9 assessed: Date, "Annual assessment done", tells[Attendance, Whereabouts], past;
        10 head_entry: Date, "Head of household's entry", tells[Attendance, Whereabouts], kept;
    }

    need = 5 "Need" "Needs" {
        1 domain: one(Domain::LIST), "Domain", tells[Needs], required;
        2 what: Line, "What is needed", tells[Needs], required, searched;
        3 severity: one(Severity::LIST), "Severity", tells[Needs];
        4 status: one(NeedStatus::LIST), "Status", tells[Needs];
        5 identified: Date, "Identified", tells[Needs], past, ordered;
        6 why_unmet: Line, "Why not met", tells[Needs];
        7 key: Line, "Id elsewhere", tells[Needs], kept;
        8 barrier: one(Barrier::LIST), "What stands in the way", tells[Needs], help("Counted over the caseload, without names");
    }

    plan = 6 "Plan" "Plans" {
        1 kind: one(PlanKind::LIST), "Kind", tells[Needs], required;
        2 status: one(PlanStatus::LIST), "Status", tells[Needs];
        3 start: Date, "Start", tells[Needs], ordered;
        4 review_due: Date, "Review due", tells[Needs];
        5 summary: Text, "Summary", tells[Needs], searched;
        6 version: Whole { min: 1, max: 999, unit: "" }, "Version", tells[Needs], kept;
        7 replaces: Link("plan"), "Follows on", tells[Needs], kept;
        8 strengths: Text, "Strengths to build on", tells[Needs], searched;
        9 barriers: Text, "Barriers", tells[Needs], searched;
        10 reviewed: Date, "Last reviewed", tells[Needs], past;
        11 changes: Text, "Changed since the last review", tells[Needs], searched;
        12 ended: Date, "Ended", tells[Needs], past, help("The last day on which the plan was in force");
        13 employment_outcome: Line, "Employment outcome", tells[Needs, Employment], help("The job the client chose to work towards");
        14 criteria: Text, "How progress is judged", tells[Needs];
        15 client_does: Text, "What the client takes on", tells[Needs];
        16 others_do: Text, "What others take on", tells[Needs], help("The agency, and who else: who does what");
    }

    goal = 7 "Goal" "Goals" {
        1 plan: Link("plan"), "Plan", tells[Needs], kept;
        2 words: Line, "In the client's own words", tells[Needs], required, searched;
        3 statement: Text, "In plan words", tells[Needs], searched;
        4 domain: one(Domain::LIST), "Domain", tells[Needs];
        5 target: Date, "Target date", tells[Needs], ordered;
        6 progress: PERCENT, "Progress", tells[Needs];
        7 status: one(GoalStatus::LIST), "Status", tells[Needs];
        8 attainment: Whole { min: -2, max: 2, unit: "" }, "Attainment", tells[Needs], help("-2 much less than expected, -1 less, 0 as expected, 1 more, 2 much more");
        9 choice: one(ClientChoice::LIST), "Client's choice", tells[Needs];
        10 strengths: Line, "Strengths used", tells[Needs];
        11 barriers: Line, "Barriers", tells[Needs];
        12 need: Link("need"), "Need", tells[Needs], kept;
        13 key: Line, "Id elsewhere", tells[Needs], kept;
    }

    /// Who does what by when, for a goal.
    step = 8 "Step" "Steps" {
        1 goal: Link("goal"), "Goal", tells[Needs], kept;
        2 what: Line, "What", tells[Needs], required, searched;
        3 who: Line, "Who", tells[Needs], help("me, the client, or a name");
        4 due: Date, "Due", tells[Needs], ordered;
        5 status: one(WorkStatus::LIST), "Status", tells[Needs];
        6 done_on: Date, "Done on", tells[Needs], past;
        7 provider: Line, "Provider", tells[Needs], help("Who gives the service");
        8 amount: Line, "How much", tells[Needs], help("For example: 12 sessions, 40 hours");
        9 often: Line, "How often", tells[Needs], help("For example: twice a week");
        10 from: Date, "From", tells[Needs];
        11 until: Date, "Until", tells[Needs];
        12 cost: Line, "Cost", tells[Needs];
        13 payer: Line, "Who pays", tells[Needs];
    }

    appointment = 9 "Appointment" "Appointments" {
        1 title: Line, "What", tells[Attendance], required, searched;
        2 starts: Time, "When", tells[Attendance], required, ordered;
        3 minutes: MINUTES, "Length", tells[Attendance];
        4 place: Line, "Where", tells[Attendance, Whereabouts], searched;
        5 with: Line, "With", tells[Attendance];
        6 status: one(AppointmentStatus::LIST), "Status", tells[Attendance];
        7 transport: one(Arranged::LIST), "Transport", tells[Attendance];
        8 interpreter: one(Arranged::LIST), "Interpreter", tells[Attendance];
        9 about: Text, "Notes", tells[Attendance], searched;
        10 moved_to: Link("appointment"), "Moved to", tells[Attendance], kept;
        11 repeats: Repeat, "Comes again", tells[Attendance];
        12 series: Link("appointment"), "Series", tells[Attendance], kept;
        13 key: Line, "Id elsewhere", tells[Attendance], kept;
        14 follow_up: Link("stay"), "Follow-up after", tells[Attendance], kept;
        15 by: one(Practitioner::LIST), "With what kind of practitioner", tells[Attendance];
        16 also_tells: one(AlsoTells::LIST), "Also tells of", tells[Attendance], help("Only a release that covers it lets this out");
        17 part2: one(FromPart2::LIST), "From a Part 2 program", tells[Attendance], help("A substance use program (42 CFR Part 2); empty: as its words tell");
    }

    task = 10 "Task" "Tasks" {
        1 what: Line, "What", tells[Needs], required, searched;
        2 due: Date, "Due", tells[Needs], ordered;
        3 status: one(WorkStatus::LIST), "Status", tells[Needs];
        4 done_on: Date, "Done on", tells[Needs], past;
        5 about: Text, "Notes", tells[Needs], searched;
    }

    /// What was written and what passed: a contact is a note whose kind says so.
    note = 11 "Note" "Notes" {
        1 when: Time, "When", tells[Notes], required, past, ordered;
        2 kind: one(ContactKind::LIST), "Kind of contact", tells[Notes], required;
        3 minutes: MINUTES, "Minutes", tells[Notes];
        4 body: Text, "Note", tells[Notes], searched;
        5 goals: Links("goal"), "Goals served", tells[Notes];
        6 key: Line, "Id elsewhere", tells[Notes], kept;
        7 template: listed(List::NoteTemplate), "Template", tells[Notes];
        8 place: Line, "Where", tells[Notes, Whereabouts];
        9 present: Line, "Who was there", tells[Notes];
        10 interpreter: Line, "Interpreter", tells[Notes], help("Who interpreted, or why nobody did");
        11 service: listed(List::Service), "Service", tells[Notes], help("What it is billed as; empty where it is not billed");
        12 cosigner: Line, "Co-signature of", tells[Notes], help("A supervisor's name: they are asked to sign too");
        13 author: Line, "Author", tells[Notes], kept;
        14 follow_up: Link("stay"), "Follow-up after", tells[Notes], kept;
        15 by: one(Practitioner::LIST), "Seen by", tells[Notes], help("Where this contact is the follow-up after a stay: who saw the client");
        16 session: Line, "Group session", tells[Notes], kept;
    }

    /// A reason put off until a day, and why.
    snooze = 12 "Snooze" "Snoozes" {
        1 rule: Line, "Rule", tells[Notes], required, kept;
        2 subject: Line, "About", tells[Notes], kept;
        3 until: Date, "Until", tells[Notes], required, ordered;
        4 why: Line, "Why", tells[Notes], required;
        5 made: Date, "Put off on", tells[Notes], past, kept;
    }

    /// The client's case is in someone else's hands too, or from now on.
    share = 13 "Share" "Shares" {
        1 kind: one(ShareKind::LIST), "Kind", tells[Notes], required;
        2 to: Line, "With", tells[Notes], required;
        3 site: Line, "Their installation", tells[Notes], kept;
        4 from: Date, "From", tells[Notes], ordered;
        5 until: Date, "Until", tells[Notes], help("Cover ends on this day");
        6 why: Line, "Why", tells[Notes];
        7 ends: Time, "Ends at", tells[Notes], kept;
    }

    /// A name put under a note, an addendum or a plan, with the very text that was signed. Never changed, never taken back.
    signature = 14 "Signature" "Signatures" {
        1 of: Line, "Under", tells[Notes], required, kept;
        2 role: one(SignatureRole::LIST), "As", tells[Notes], required;
        3 name: Line, "Name", tells[Notes], required;
        4 credentials: Line, "Credentials", tells[Notes];
        5 at: Time, "Signed", tells[Notes], past, required, ordered;
        6 content: Text, "What was signed", tells[Notes], kept;
        7 seal: Line, "Seal", tells[Notes], kept;
        8 witness: Line, "Witnessed by", tells[Notes];
        9 reads: Line, "Fields as signed", tells[Notes], kept;
    }

    /// What is added to a signed note; signed itself in the same breath.
    addendum = 15 "Addendum" "Addenda" {
        1 note: Link("note"), "To the note", tells[Notes], required, kept;
        2 when: Time, "When", tells[Notes], past, required, ordered;
        3 body: Text, "Addendum", tells[Notes], required, searched;
    }

    /// A release of information: who may be told what, why, until when.
    consent = 16 "Consent" "Consents" {
        1 to: Line, "Who may be told", tells[Notes], required, searched, watched, help("A person or an organisation, by name");
        2 what: several(Information::LIST), "What they may be told", tells[Notes];
        3 purpose: Line, "Why", tells[Notes], required, help("For example: coordinate housing, continue care");
        4 from: Date, "From", tells[Notes], ordered;
        5 until: Date, "Until", tells[Notes], watched, help("The last day; a release without an end is not given");
        6 revoked: Time, "Taken back", tells[Notes], past, watched, settles(&["*"]);
        7 part2: Yes, "Substance use records", tells[Notes], help("Covers records under 42 CFR Part 2, in so many words");
        8 form: one(ConsentForm::LIST), "Given", tells[Notes], asked, help("Substance use and violence leave by a written one alone");
        9 about: Text, "Notes", tells[Notes];
        10 by: one(ConsentBy::LIST), "Who consented", tells[Notes], help("Of whoever was under 18 on the day of signing");
        11 by_name: Line, "Their name", tells[Notes, Family], help("Of the parent, guardian or other person who consented");
        12 right: Line, "By what right", tells[Notes, Family], help("For example: mother with custody, guardian by order of ...");
    }

    /// Units of a service that a payer has approved.
    authorization = 17 "Authorization" "Authorizations" {
        1 payer: Line, "Payer", tells[Health], required, searched, watched;
        2 service: listed(List::Service), "Service", tells[Health], required;
        3 number: Line, "Number", tells[Health];
        4 units: UNITS, "Units approved", tells[Health];
        5 from: Date, "From", tells[Health];
        6 until: Date, "Until", tells[Health], ordered, watched;
        7 lead: DAYS, "Ask for renewal", tells[Health], help("How many days before the end");
        8 status: one(AuthorizationStatus::LIST), "Status", tells[Health], watched, settles(&["denied", "ended"]);
        9 renewal_due: Date, "Renewal to be asked by", tells[Health], watched;
        10 about: Text, "Notes", tells[Health];
    }

    /// What someone is entitled to, and when it must be asked for again.
    benefit = 18 "Benefit" "Benefits" {
        1 programme: Line, "Programme", tells[Income], required, searched, watched, help("For example: Medicaid, SNAP, SSI, TANF");
        2 status: one(BenefitStatus::LIST), "Status", tells[Income], watched, settles(&["ended"]);
        3 applied: Date, "Applied", tells[Income], watched;
        4 since: Date, "Since", tells[Income], watched;
        5 recertify: Date, "Recertification due", tells[Income], ordered, watched;
        6 notice: Date, "Notice dated", tells[Income], watched, help("Of a denial or a cut: the time for an appeal runs from it");
        7 amount: Line, "Amount", tells[Income];
        8 number: Line, "Case number", tells[Income];
        9 about: Text, "Notes", tells[Income];
        10 takes_effect: Date, "Takes effect", tells[Income], watched, help("Of a cut: the first day without it, as the notice says");
        11 appealed: Date, "Appeal asked for on", tells[Income], past, watched;
        12 continued: Date, "Asked on that it goes on", tells[Income], past, watched, help("That payment or coverage continues until the decision");
        13 let_be: Line, "No appeal, because", tells[Income], watched;
        14 by_plan: Yes, "Decided by a health plan", tells[Income], watched, help("A managed-care plan, not the state");
    }

    medication = 19 "Medication" "Medications" {
        1 name: Line, "Medication", tells[Health], required, searched, watched;
        2 dose: Line, "Dose", tells[Health];
        3 prescriber: Line, "Prescribed by", tells[Health];
        4 since: Date, "Since", tells[Health], ordered;
        5 until: Date, "Until", tells[Health], settles(&["*"]);
        6 refill: Date, "Refill due", tells[Health], watched;
        7 about: Line, "Notes", tells[Health];
        8 key: Line, "Id elsewhere", tells[Health], kept;
        9 critical: Yes, "Critical", tells[Health], watched, help("A gap of days is dangerous: insulin, anticoagulants, clozapine, methadone ...");
        10 supply_until: Date, "Supply lasts until", tells[Health], watched;
        11 also_tells: one(AlsoTells::LIST), "Also tells of", tells[Health], help("Only a release that covers it lets this out");
        12 part2: one(FromPart2::LIST), "From a Part 2 program", tells[Health], help("A substance use program (42 CFR Part 2); empty: as its words tell");
    }

    /// How taking medication goes, as told.
    medication_check = 20 "Medication check" "Medication checks" {
        1 when: Time, "When", tells[Health], past, required, ordered, watched;
        2 taken: one(Adherence::LIST), "Taken", tells[Health], required, watched;
        3 barrier: Line, "What stands in the way", tells[Health];
        4 about: Text, "Notes", tells[Health], searched;
        5 next: Date, "Check again", tells[Health], watched;
    }

    /// An instrument filled in: its answers, its score and what it asks for.
    assessment = 21 "Assessment" "Assessments" {
        1 instrument: listed(List::Instrument), "Instrument", tells[], required, watched;
        2 on: Date, "On", tells[], past, required, ordered, watched;
        3 answers: Line, "Answers", tells[], kept, watched;
        4 score: POINTS, "Score", tells[], kept, watched;
        5 band: Line, "Band", tells[], kept;
        6 urgent: Line, "Demands action", tells[], safety, kept, watched;
        7 answered: Date, "Acted on", tells[], past, watched;
        8 again: Date, "Due again", tells[], watched;
        9 about: Text, "Notes", tells[], searched;
        10 key: Line, "Id elsewhere", tells[], kept;
        11 evaluated: Date, "Evaluated by a clinician", tells[], past, watched;
    }

    strength = 22 "Strength" "Strengths" {
        1 what: Line, "Strength", tells[Needs], required, searched;
        2 domain: one(Domain::LIST), "Domain", tells[Needs];
        3 about: Line, "Notes", tells[Needs];
    }

    /// The six steps of Stanley and Brown's safety planning intervention.
    safety_plan = 23 "Safety plan" "Safety plans" {
        1 reviewed: Date, "Made or reviewed", tells[MentalHealth], past, required, ordered, watched;
        2 signs: Text, "1 Warning signs", tells[MentalHealth], safety;
        3 coping: Text, "2 What I can do alone", tells[MentalHealth], safety;
        4 distraction: Text, "3 People and places that take my mind off it", tells[MentalHealth], safety;
        5 helpers: Text, "4 People I can ask for help", tells[MentalHealth], safety;
        6 professionals: Text, "5 Professionals and agencies", tells[MentalHealth], safety;
        7 surroundings: Text, "6 Making my surroundings safe", tells[MentalHealth], safety;
        8 reasons: Text, "What makes life worth living", tells[MentalHealth], safety;
        9 review_due: Date, "Review due", tells[MentalHealth], watched;
    }

    /// A crisis or an incident, from the first minute to the debriefing.
    incident = 24 "Crisis or incident" "Crises and incidents" {
        1 kind: listed(List::CrisisKind), "Kind", tells[Notes], required, watched;
        2 began: Time, "Began", tells[Notes], past, required, ordered, watched;
        3 what: Text, "What is happening", tells[Notes], searched;
        4 done: Words, "Done", tells[Notes], kept;
        5 called: Text, "Who was called", tells[Notes], help("Name, number, time, what was agreed");
        6 report: one(Report::LIST), "Mandated report", tells[Notes], watched;
        7 report_due: Time, "Report due", tells[Notes], watched;
        8 reported: Time, "Reported", tells[Notes], past, watched;
        9 resolved: Time, "Over since", tells[Notes], past, watched;
        10 resolution: Text, "What resolved it", tells[Notes], searched;
        11 debrief_due: Date, "Debrief due", tells[Notes], watched;
        12 debriefed: Date, "Debriefed", tells[Notes], past, watched;
        13 written_due: Time, "Written report due", tells[Notes], watched;
        14 written: Time, "Written report sent", tells[Notes], past, watched;
    }

    /// Someone sent to another service, until it is known what came of it.
    referral = 25 "Referral" "Referrals" {
        1 to: Line, "Referred to", tells[Needs], required, searched, watched;
        2 resource: Link("resource"), "Resource", tells[Needs], kept;
        3 domain: one(Domain::LIST), "For", tells[Needs];
        4 what: Line, "What is asked", tells[Needs], searched;
        5 status: one(ReferralStatus::LIST), "Status", tells[Needs], watched, settles(&["closed"]);
        6 sent: Date, "Sent", tells[Needs], past, ordered, watched;
        7 answered: Date, "Answered", tells[Needs], past, watched;
        8 reason: Line, "Why declined", tells[Needs];
        9 outcome: one(ReferralOutcome::LIST), "Outcome", tells[Needs];
        10 closed: Date, "Closed", tells[Needs], past;
        11 again: Date, "Ask again on", tells[Needs], watched;
        12 contact: Line, "Contact there", tells[Needs];
        13 about: Text, "Notes", tells[Needs], searched;
        14 key: Line, "Id elsewhere", tells[Needs], kept;
        15 waitlisted: Date, "Waiting there since", tells[Needs], past, watched;
    }

    /// Speaking up for a client towards an institution.
    advocacy = 26 "Advocacy" "Advocacy" {
        1 institution: Line, "Institution", tells[Needs], required, searched, watched;
        2 kind: one(AdvocacyKind::LIST), "Kind", tells[Needs], watched;
        3 ask: Text, "What is asked", tells[Needs], searched;
        4 notice: Date, "Notice dated", tells[Needs], watched;
        5 deadline: Date, "To be filed by", tells[Needs], ordered, watched;
        6 filed: Date, "Filed", tells[Needs], past, watched;
        7 hearing: Time, "Hearing", tells[Needs], watched;
        8 answer: Text, "Answer", tells[Needs], searched;
        9 status: one(AdvocacyStatus::LIST), "Status", tells[Needs], watched, settles(&["won", "partly", "lost", "withdrawn"]);
        10 about: Text, "Notes", tells[Needs];
    }

    /// In a hospital, and out again.
    stay = 27 "Hospital stay" "Hospital stays" {
        1 hospital: Line, "Hospital", tells[Health, Whereabouts], required, searched, watched;
        2 kind: one(StayKind::LIST), "Kind", tells[Health], required, watched;
        3 admitted: Date, "Admitted", tells[Health], ordered, watched;
        4 discharged: Date, "Discharged", tells[Health], watched;
        5 complexity: one(Complexity::LIST), "Complexity", tells[Health], watched, help("Of the medical decisions after discharge: sets the day of the visit");
        6 reason: Line, "Reason", tells[Health], searched;
        7 discharged_to: Line, "Discharged to", tells[Health, Whereabouts];
        8 followed_up: Date, "Follow-up visit held", tells[Health], past, watched;
        9 planned: Yes, "Planned stay", tells[Health];
        10 readmission: Yes, "Readmission", tells[Health], kept, watched;
        11 about: Text, "Notes", tells[Health], searched;
        12 key: Line, "Id elsewhere", tells[Health], kept;
        13 also_tells: one(AlsoTells::LIST), "Also tells of", tells[Health], help("Only a release that covers it lets this out");
        14 part2: one(FromPart2::LIST), "From a Part 2 program", tells[Health], help("A substance use program (42 CFR Part 2); empty: as its words tell");
    }

    /// One thing to be in place for a discharge: who sees to it, by when, confirmed or not.
    arrangement = 28 "Discharge arrangement" "Discharge arrangements" {
        1 kind: one(ArrangementKind::LIST), "Kind", tells[Health];
        2 what: Line, "What", tells[Health], required, searched, watched;
        3 owner: Line, "Who sees to it", tells[Health];
        4 due: Time, "Due", tells[Health], ordered, watched;
        5 status: one(ArrangementStatus::LIST), "Status", tells[Health], watched, settles(&["confirmed", "in-place", "not-needed"]);
        6 provider: Line, "Provider", tells[Health], searched;
        7 stay: Link("stay"), "Stay", tells[Health], kept;
        8 about: Line, "Notes", tells[Health];
    }

    /// A service that the client gets elsewhere: psychiatry, supportive housing, home health.
    service = 29 "Linked service" "Linked services" {
        1 what: Line, "Service", tells[Health], required, searched, watched;
        2 provider: Line, "Provider", tells[Health], searched;
        3 status: one(ServiceStatus::LIST), "Status", tells[Health], watched, settles(&["ended"]);
        4 since: Date, "Since", tells[Health], ordered;
        5 until: Date, "Until", tells[Health];
        6 contact: Line, "Contact there", tells[Health];
        7 phone: Phone, "Phone", tells[Health];
        8 next: Date, "Look in again", tells[Health], watched;
        9 about: Line, "Notes", tells[Health];
        10 key: Line, "Id elsewhere", tells[Health], kept;
        11 also_tells: one(AlsoTells::LIST), "Also tells of", tells[Health], help("Only a release that covers it lets this out");
        12 part2: one(FromPart2::LIST), "From a Part 2 program", tells[Health], help("A substance use program (42 CFR Part 2); empty: as its words tell");
    }

    /// Where someone lives, from when to when.
    housing = 31 "Housing episode" "Housing episodes" {
        1 kind: one(HousingKind::LIST), "Kind", tells[Whereabouts], required, watched;
        2 place: Line, "Place", tells[Whereabouts], watched;
        3 from: Date, "From", tells[Whereabouts], ordered, watched;
        4 until: Date, "Until", tells[Whereabouts], settles(&["*"]);
        5 landlord: Line, "Landlord", tells[Whereabouts];
        6 rent: Line, "Rent", tells[Whereabouts, Income];
        7 notice: Date, "Notice to quit, or eviction filed", tells[Whereabouts], watched;
        8 must_leave: Date, "To be out by", tells[Whereabouts], watched;
        9 lease_ends: Date, "Lease ends", tells[Whereabouts], watched;
        10 about: Text, "Notes", tells[Whereabouts], searched;
    }

    /// Vocational rehabilitation: from the application to the closing.
    vocation = 32 "Vocational case" "Vocational cases" {
        1 applied: Date, "Applied", tells[Employment], past, required, ordered, watched;
        2 eligible: Date, "Found eligible", tells[Employment], past, watched;
        3 eligibility_extended: Date, "Eligibility extended to", tells[Employment], watched, help("Agreed with the client, with a date");
        4 ipe: Date, "IPE signed", tells[Employment], past, watched;
        5 ipe_extended: Date, "IPE extended to", tells[Employment], watched, help("Agreed with the client, with a date");
        6 goal: Line, "Vocational goal", tells[Employment], searched, watched;
        7 skills: Text, "Skills", tells[Employment], searched;
        8 interests: Text, "Interests", tells[Employment], searched;
        9 limitations: Text, "Limitations", tells[Employment, Health], searched;
        10 assistive: Text, "Assistive technology", tells[Employment, Health], searched;
        11 outcome: one(VocationOutcome::LIST), "Outcome", tells[Employment], watched;
        12 closed: Date, "Closed", tells[Employment], settles(&["*"]);
    }

    /// A job, and the checks that it lasts.
    employment = 33 "Employment" "Employment" {
        1 employer: Line, "Employer", tells[Employment, Whereabouts], required, searched, watched;
        2 job: Line, "Job", tells[Employment], searched;
        3 started: Date, "Started", tells[Employment], required, ordered, watched;
        4 hours: HOURS_A_WEEK, "Hours", tells[Employment];
        5 wage: Line, "Wage", tells[Employment, Income], help("For example: 17.50 an hour");
        6 ended: Date, "Ended", tells[Employment], settles(&["*"]);
        7 why_ended: Line, "Why it ended", tells[Employment];
        8 checked_30: Date, "Checked at 30 days", tells[Employment], past, watched;
        9 checked_60: Date, "Checked at 60 days", tells[Employment], past, watched;
        10 checked_90: Date, "Checked at 90 days", tells[Employment], past, watched;
        11 coach: Line, "Job coach", tells[Employment];
        12 about: Text, "Notes", tells[Employment], searched;
        13 key: Line, "Id elsewhere", tells[Employment], kept;
    }

    /// What was given out of the file: to whom, why, and what permitted it.
    disclosure = 34 "Disclosure" "Disclosures" {
        1 when: Time, "When", tells[Notes], past, required, ordered;
        2 to: Line, "To", tells[Notes], required, searched;
        3 what: Line, "What", tells[Notes], required;
        4 purpose: Line, "Why", tells[Notes];
        5 how: one(DisclosureWay::LIST), "How", tells[Notes];
        6 consent: Link("consent"), "Permitted by", tells[Notes], kept;
        7 overridden: Line, "Given without a release because", tells[Notes], help("An emergency, a court order, a report the law demands ...");
        8 withheld: Line, "Left out", tells[Notes], kept;
    }

    /// A service in the community, for all clients. Lives in the worker's own stream.
    resource = 35 "Resource" "Resources" {
        1 organisation: Line, "Organisation", tells[], required, searched;
        2 what: Line, "Service", tells[], required, searched;
        3 domains: several(Domain::LIST), "Answers needs in", tells[];
        4 place: Line, "Where", tells[], searched;
        5 languages: Words, "Languages", tells[];
        6 eligibility: Text, "Who may come", tells[], searched;
        7 hours: Line, "Hours", tells[], help("For example: Mo-Fr 09:00-17:00; Sa 10:00-12:00");
        8 phone: Phone, "Phone", tells[];
        9 email: Line, "Email", tells[];
        10 website: Line, "Website", tells[];
        11 documents: Line, "To bring", tells[], help("Papers that are asked for");
        12 cost: Line, "Cost", tells[];
        13 status: one(ResourceStatus::LIST), "Taking people", tells[];
        14 about: Text, "Notes", tells[], searched;
        15 key: Line, "Id elsewhere", tells[], kept;
    }

    /// A licence or certificate of the worker's.
    credential = 36 "Credential" "Credentials" {
        1 kind: listed(List::Credential), "Kind", tells[], required, watched;
        2 number: Line, "Number", tells[];
        3 issued_by: Line, "State or board", tells[];
        4 issued: Date, "Issued or last renewed", tells[], past;
        5 expires: Date, "Expires", tells[], ordered, watched;
        6 status: one(CredentialStatus::LIST), "Status", tells[], watched, settles(&["given-up"]);
        7 about: Line, "Notes", tells[];
    }

    /// Continuing education.
    education = 37 "Continuing education" "Continuing education" {
        1 title: Line, "What", tells[], required, searched;
        2 on: Date, "On", tells[], past, required, ordered;
        3 minutes: LONG, "Length", tells[], required;
        4 category: listed(List::EducationCategory), "Category", tells[];
        5 provider: Line, "Provider", tells[];
        6 certificate: Line, "Certificate", tells[];
        7 counts_for: Kind::Choices(Choices::Listed(List::Credential)), "Counts for", tells[], help("Empty: for all of them");
    }

    /// Supervised practice towards a credential.
    supervision = 38 "Supervised hours" "Supervised hours" {
        1 on: Date, "On", tells[], past, required, ordered;
        2 practice: LONG, "Supervised practice", tells[];
        3 minutes: LONG, "Supervision itself", tells[];
        4 kind: one(SupervisionKind::LIST), "Kind", tells[];
        5 supervisor: Line, "Supervisor", tells[];
        6 towards: listed(List::Credential), "Towards", tells[];
        7 about: Line, "Notes", tells[];
    }

    /// One time in care, from opening to closing. A client who comes back has another; the client's own fields show the
    /// newest.
    episode = 39 "Episode of care" "Episodes of care" {
        1 opened: Date, "Opened", tells[Attendance], required, ordered;
        2 closed: Date, "Closed", tells[Attendance];
        3 closing_reason: Line, "Why closed", tells[Attendance];
        4 outcome: one(ClosingOutcome::LIST), "Outcome at closing", tells[Attendance];
        5 closing_summary: Text, "Closing summary", tells[Notes], searched;
        6 worker: Line, "Case manager", tells[Attendance];
    }

    /// What was erased out of the file, and on what that rests. The entries stay as empty places in the journal; what they
    /// said is gone everywhere.
    erasure = 53 "Erasure" "Erasures" {
        1 when: Time, "When", tells[Notes], past, required, ordered;
        2 order: Line, "By order of", tells[Notes], required, help("The court order, the request or the rule that it rests on");
        3 what: Line, "What was erased", tells[Notes], required;
        4 who: Line, "Erased by", tells[Notes], kept;
        5 entries: Words, "Entries", tells[Notes], kept;
    }

    /// The person who uses this file. Lives in the worker's own stream.
    worker = 30 "Worker" "Workers" {
        1 name: Line, "Name", tells[], required;
        2 credentials: Line, "Credentials", tells[], help("For example: LCSW, CCM, CRC, RN");
        3 area: listed(List::Area), "Practice area", tells[];
        4 capacity: Whole { min: 0, max: 10_000, unit: "" }, "Capacity", tells[], help("The caseload weight that one person can carry");
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
