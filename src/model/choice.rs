//! The fixed lists a field may choose from: each an enum whose codes are stored and whose labels are shown.

/// One choice of a list: the code that is stored and exchanged, and the words a person reads.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Choice {
    pub code: &'static str,
    pub label: &'static str,
}

/// A list that is the same for everybody, with what its choices tell of a client.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Fixed {
    pub choices: &'static [Choice],
    /// In the order of the choices; none where no choice tells more than the field it stands in.
    tells: Option<&'static [&'static [Information]]>,
}

impl Fixed {
    /// What a choice tells beside what its field does; `None` of a code that is not in the list.
    pub fn tells(&self, code: &str) -> Option<&'static [Information]> {
        let at = self.choices.iter().position(|choice| choice.code == code)?;
        Some(self.tells.map_or(&[], |tells| tells[at]))
    }
}

/// Declares lists. A `plain` one has no choice that tells more of a client than the field it stands in; in a `telling` one
/// every choice says what it tells. A list that says neither does not compile.
macro_rules! choices {
    ($(
        $(#[$doc:meta])*
        $name:ident $how:ident {
            $( $(#[$vdoc:meta])* $variant:ident $code:literal $label:literal $([$($tells:ident),*])?, )*
        }
    )*) => {
        $(
            $(#[$doc])*
            #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
            pub enum $name { $( $(#[$vdoc])* #[serde(rename = $code)] $variant, )* }

            impl $name {
                pub const ALL: &'static [$name] = &[$( $name::$variant, )*];
                pub const CHOICES: &'static [Choice] = &[$( Choice { code: $code, label: $label }, )*];
                /// The same with what each tells, for a field that chooses from it.
                pub const LIST: Fixed =
                    Fixed { choices: Self::CHOICES, tells: choices!(@ $how $( $([$($tells),*])? )*) };

                pub fn code(self) -> &'static str {
                    Self::CHOICES[self as usize].code
                }

                pub fn label(self) -> &'static str {
                    Self::CHOICES[self as usize].label
                }

                pub fn from_code(code: &str) -> Option<$name> {
                    Self::ALL.iter().copied().find(|choice| choice.code() == code)
                }
            }

            const _: () = assert!(
                match $name::LIST.tells { Some(tells) => tells.len() == $name::CHOICES.len(), None => true },
                "every choice of a telling list says what it tells"
            );
        )*
    };
    (@ plain) => { None };
    (@ telling $( [$($tells:ident),*] )*) => { Some(&[ $( &[ $( Information::$tells, )* ], )* ]) };
}

choices! {
    /// How closely a client is followed; the contact rule in `triage.toml` goes by it.
    Intensity plain {
        Intensive "intensive" "Intensive (weekly)",
        Active "active" "Active (every two weeks)",
        Standard "standard" "Standard (monthly)",
        Light "light" "Light (quarterly)",
    }
    ClientStatus plain {
        Active "active" "Active",
        Waiting "waiting" "Waiting list",
        Closed "closed" "Closed",
    }
    /// Where a need lies, or a goal.
    Domain telling {
        Housing "housing" "Housing" [],
        Food "food" "Food" [],
        Income "income" "Income" [Income],
        Safety "safety" "Safety" [Violence],
        Health "health" "Physical health" [Health],
        MentalHealth "mental-health" "Mental health" [MentalHealth],
        SubstanceUse "substance-use" "Substance use" [SubstanceUse],
        Disability "disability" "Disability" [Health],
        Insurance "insurance" "Health insurance" [],
        Transport "transport" "Transport" [],
        Legal "legal" "Legal" [],
        Family "family" "Family" [Family],
        Employment "employment" "Employment" [Employment],
        Education "education" "Education" [Employment],
        Other "other" "Other" [],
    }
    Severity plain {
        Low "low" "Low",
        Moderate "moderate" "Moderate",
        High "high" "High",
    }
    NeedStatus plain {
        Open "open" "Open",
        InProgress "in-progress" "Being worked on",
        Met "met" "Met",
        Unmet "unmet" "Cannot be met",
        /// A refused service is a choice, not a failure.
        Declined "declined" "Client chose not to",
    }
    PlanKind telling {
        Service "service-plan" "Service plan" [],
        Discharge "discharge-plan" "Discharge plan" [Health],
        Recovery "recovery-plan" "Recovery plan" [MentalHealth],
        Ipe "ipe" "Individual Plan for Employment" [Employment],
    }
    PlanStatus plain {
        Draft "draft" "Draft",
        Active "active" "Active",
        Ended "ended" "Ended",
    }
    GoalStatus plain {
        Open "open" "Working on it",
        Reached "reached" "Reached",
        SetAside "set-aside" "Set aside",
    }
    /// The state of a step or a task.
    WorkStatus plain {
        Open "open" "Open",
        Done "done" "Done",
        Dropped "dropped" "Dropped",
    }
    AppointmentStatus plain {
        Planned "planned" "Planned",
        Confirmed "confirmed" "Confirmed",
        Kept "kept" "Kept",
        NoShow "no-show" "No-show",
        Cancelled "cancelled" "Cancelled",
        Moved "moved" "Moved",
    }
    /// Something an appointment may need beside the people: a ride, an interpreter.
    Arranged plain {
        NotNeeded "not-needed" "Not needed",
        Needed "needed" "Needed, not arranged",
        Arranged "arranged" "Arranged",
    }
    /// As what a client's file is handed to a colleague.
    ShareKind plain {
        /// The other is the case manager from now on.
        Transfer "transfer" "Transfer: they take over",
        /// The other stands in until a day; the client comes back by itself.
        Cover "cover" "Cover: they stand in for a while",
        /// The other reads and changes nothing: a supervisor's copy.
        Copy "copy" "Copy to read, for a supervisor",
    }
    /// What passed between worker and client. A *collateral contact* is with someone else about the client.
    ContactKind plain {
        FaceToFace "face-to-face" "Face to face",
        Phone "phone" "Phone",
        Video "video" "Video",
        Message "message" "Message",
        Collateral "collateral" "Collateral contact",
        Attempt "attempt" "No contact made",
        Service "service" "Service given",
        Record "record" "Note to the record",
    }
    ClosingOutcome telling {
        GoalsReached "goals-reached" "Goals reached" [],
        PartlyReached "partly-reached" "Goals partly reached" [],
        ReferredOn "referred-on" "Referred on" [],
        MovedAway "moved-away" "Moved away" [],
        LostContact "lost-contact" "Contact lost" [],
        /// A choice, not a failure.
        Declined "declined" "Client chose to end" [],
        NotEligible "not-eligible" "No longer eligible" [],
        Institution "institution" "Hospital, jail or other institution" [Whereabouts],
        Died "died" "Died" [],
    }
    /// Why a need cannot be met: what an agency speaks up about.
    Barrier plain {
        NoPlace "no-place" "No place free, waiting list",
        NoService "no-service" "No such service here",
        NotEligible "not-eligible" "Not eligible",
        Cost "cost" "Cost",
        Transport "transport" "No way to get there",
        Language "language" "Language",
        Papers "papers" "Papers missing",
        Record "record" "Criminal, rental or credit record",
        Access "access" "Not accessible",
        Unsafe "unsafe" "Not safe",
        Other "other" "Something else",
    }
    /// Whose idea a goal is: self-determination on the record.
    ClientChoice plain {
        Own "own" "Chosen by the client",
        Agreed "agreed" "Proposed and agreed to",
        Required "required" "Required by others",
        Declined "declined" "Client chose not to",
    }
    SignatureRole plain {
        Author "author" "Author",
        Cosigner "co-signer" "Co-signer",
        Client "client" "Client",
        Guardian "guardian" "Guardian",
        Worker "worker" "Case manager",
    }
    /// What a release of information may cover.
    Information plain {
        Contact "contact" "Name and how to reach",
        Whereabouts "whereabouts" "Where they live or stay",
        Attendance "attendance" "Appointments and attendance",
        Needs "needs" "Needs, goals and plan",
        Notes "notes" "Notes",
        Health "health" "Health and medication",
        MentalHealth "mental-health" "Mental health and safety plan",
        SubstanceUse "substance-use" "Substance use",
        Violence "violence" "Domestic violence",
        Income "income" "Income and benefits",
        Employment "employment" "Work and education",
        Family "family" "Family and household",
    }
    /// What a row tells beside what its type does: marked by the worker.
    AlsoTells telling {
        SubstanceUse "substance-use" "Substance use" [SubstanceUse],
        Violence "violence" "Violence" [Violence],
        Both "both" "Substance use and violence" [SubstanceUse, Violence],
        Neither "neither" "Neither, whatever its words say" [],
    }
    /// Whether a row is from a program under 42 CFR Part 2; what is not known counts as one.
    FromPart2 telling {
        Yes "yes" "Yes" [SubstanceUse],
        No "no" "No" [],
        NotKnown "not-known" "Not known: taken for yes" [SubstanceUse],
    }
    ConsentForm plain {
        Written "written" "In writing",
        Electronic "electronic" "Signed on a screen",
        Verbal "verbal" "By word of mouth",
    }
    /// Who gave a release.
    ConsentBy plain {
        Client "client" "The client, alone",
        Parent "parent" "A parent or guardian",
        Both "both" "The client, and a parent or guardian",
        Order "order" "Another person, by order of a court",
    }
    AuthorizationStatus plain {
        Asked "asked" "Asked for",
        Approved "approved" "Approved",
        Denied "denied" "Denied",
        Ended "ended" "Ended",
    }
    BenefitStatus plain {
        Preparing "preparing" "Being prepared",
        Applied "applied" "Applied",
        Active "active" "Active",
        Denied "denied" "Denied",
        /// What was paid or covered until now ends or shrinks.
        Cut "cut" "Cut, or to be cut",
        Ended "ended" "Ended",
    }
    Adherence plain {
        AsPrescribed "as-prescribed" "As prescribed",
        Mostly "mostly" "Mostly",
        Sometimes "sometimes" "Sometimes",
        NotTaken "not-taken" "Not taken",
        Declined "declined" "Client chose not to",
    }
    /// Whether the law asks for a report (a child, an older or disabled adult in danger).
    Report plain {
        NotNeeded "not-needed" "Not needed",
        Due "due" "Must be made",
        Made "made" "Made",
    }
    /// A referral through its whole life; the loop is closed when it is known what came of it.
    ReferralStatus plain {
        Draft "draft" "Draft",
        Sent "sent" "Sent",
        Received "received" "Received there",
        Accepted "accepted" "Accepted",
        Waitlisted "waitlisted" "On their waiting list",
        Declined "declined" "Declined",
        Scheduled "scheduled" "Appointment set",
        Served "served" "Service received",
        Closed "closed" "Closed",
    }
    ReferralOutcome plain {
        Served "served" "Got what was asked",
        Partly "partly" "Got part of it",
        NotServed "not-served" "Did not get it",
        NotEligible "not-eligible" "Not eligible there",
        NoAnswer "no-answer" "Never answered",
        Declined "declined" "Client chose not to",
        Elsewhere "elsewhere" "Helped elsewhere",
    }
    AdvocacyKind telling {
        Appeal "appeal" "Appeal" [],
        FairHearing "fair-hearing" "Fair hearing" [],
        PeerToPeer "peer-to-peer" "Peer-to-peer review" [],
        Grievance "grievance" "Grievance" [],
        Accommodation "accommodation" "Reasonable accommodation" [Health],
        Request "request" "Request or negotiation" [],
        Policy "policy" "Policy change" [],
    }
    AdvocacyStatus plain {
        Open "open" "Open",
        Filed "filed" "Filed",
        Won "won" "Granted",
        Partly "partly" "Partly granted",
        Lost "lost" "Refused",
        Withdrawn "withdrawn" "Withdrawn",
    }
    /// A visit for mental health was written down as one for mental health or substance use before there were both.
    StayKind telling {
        Medical "medical" "Hospital, medical" [],
        Psychiatric "psychiatric" "Hospital, psychiatric" [MentalHealth],
        Emergency "emergency" "Emergency visit, medical" [],
        EmergencyPsychiatric "emergency-psychiatric" "Emergency visit, mental health" [MentalHealth, SubstanceUse],
        Rehabilitation "rehabilitation" "Rehabilitation or nursing facility" [],
        Detox "detox" "Withdrawal management" [SubstanceUse],
        Residential "residential" "Residential treatment, substance use" [SubstanceUse],
        InpatientSubstance "inpatient-substance" "Hospital, substance use" [SubstanceUse],
        EmergencySubstance "emergency-substance" "Emergency visit, substance use" [SubstanceUse],
    }
    /// Who saw the client, where a measure asks for it.
    Practitioner telling {
        Physician "physician" "Physician" [],
        AdvancedPractice "advanced-practice" "Nurse practitioner or physician assistant" [],
        MentalHealth "mental-health" "Mental health practitioner" [MentalHealth],
        SubstanceUse "substance-use" "Substance use practitioner" [SubstanceUse],
        Peer "peer" "Peer support" [],
        Other "other" "Somebody else" [],
    }
    /// Of the medical decisions after a discharge (CPT 99495, 99496).
    Complexity plain {
        Moderate "moderate" "Moderate: visit within 14 days",
        High "high" "High: visit within 7 days",
    }
    ArrangementKind plain {
        HomeHealth "home-health" "Home health",
        Equipment "equipment" "Durable medical equipment",
        Placement "placement" "Rehabilitation placement",
        Medication "medication" "Medication list",
        Teaching "teaching" "Teaching",
        FollowUp "follow-up" "Follow-up appointment",
        Transport "transport" "Way home",
        Other "other" "Something else",
    }
    ArrangementStatus plain {
        Open "open" "To do",
        Ordered "ordered" "Ordered",
        Confirmed "confirmed" "Confirmed",
        InPlace "in-place" "In place",
        NotNeeded "not-needed" "Not needed",
    }
    ServiceStatus plain {
        Waiting "waiting" "Waiting",
        Active "active" "Active",
        Paused "paused" "Paused",
        Ended "ended" "Ended",
    }
    HousingKind plain {
        Street "street" "Outside, or a place not meant for living",
        Shelter "shelter" "Shelter",
        Doubled "doubled" "With friends or family for now",
        Hotel "hotel" "Hotel or motel",
        Institution "institution" "Hospital, jail or other institution",
        Transitional "transitional" "Transitional housing",
        Supportive "supportive" "Supportive housing",
        RentalSubsidised "rental-subsidised" "Rental with a subsidy",
        Rental "rental" "Rental",
        Owned "owned" "Own home",
        Family "family" "With family, to stay",
        Facility "facility" "Nursing or group home",
    }
    VocationOutcome plain {
        Employed "employed" "Employed",
        NotEmployed "not-employed" "Not employed",
        NotEligible "not-eligible" "Not eligible",
        Declined "declined" "Client chose to end",
    }
    DisclosureWay plain {
        Print "print" "On paper",
        Export "export" "As a file",
        Bundle "bundle" "As a bundle",
        Spoken "spoken" "By word of mouth",
        Message "message" "By message or mail",
    }
    ResourceStatus plain {
        Open "open" "Yes",
        Waiting "waiting" "Waiting list",
        Full "full" "Full",
        Closed "closed" "Closed for good",
    }
    CredentialStatus plain {
        Held "held" "Held",
        Working "working-towards" "Working towards it",
        GivenUp "given-up" "Given up",
    }
    SupervisionKind plain {
        Individual "individual" "Individual",
        Group "group" "Group",
        Triadic "triadic" "Two with a supervisor",
    }
}

impl ContactKind {
    /// Whether the worker was in touch with the client: the kinds that reset the days since last contact.
    pub fn reached_client(self) -> bool {
        matches!(self, ContactKind::FaceToFace | ContactKind::Phone | ContactKind::Video | ContactKind::Message)
    }
}

impl AppointmentStatus {
    /// Still ahead, or past and nobody has said how it went.
    pub fn is_open(self) -> bool {
        matches!(self, AppointmentStatus::Planned | AppointmentStatus::Confirmed)
    }
}
