//! The fixed lists a field may choose from: each an enum whose codes are stored and whose labels are shown.

/// One choice of a list: the code that is stored and exchanged, and the words a person reads.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Choice {
    pub code: &'static str,
    pub label: &'static str,
}

macro_rules! choices {
    ($( $(#[$doc:meta])* $name:ident { $( $(#[$vdoc:meta])* $variant:ident $code:literal $label:literal, )* } )*) => {
        $(
            $(#[$doc])*
            #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
            pub enum $name { $( $(#[$vdoc])* #[serde(rename = $code)] $variant, )* }

            impl $name {
                pub const ALL: &'static [$name] = &[$( $name::$variant, )*];
                pub const CHOICES: &'static [Choice] = &[$( Choice { code: $code, label: $label }, )*];

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
        )*
    };
}

choices! {
    /// The four practices.
    Area {
        Healthcare "healthcare" "Healthcare",
        MentalHealth "mental-health" "Mental health",
        SocialWork "social-work" "Social work",
        Vocational "vocational" "Vocational rehabilitation",
    }
    /// How closely a client is followed; the contact rule in `triage.toml` goes by it.
    Intensity {
        Intensive "intensive" "Intensive (weekly)",
        Active "active" "Active (every two weeks)",
        Standard "standard" "Standard (monthly)",
        Light "light" "Light (quarterly)",
    }
    ClientStatus {
        Active "active" "Active",
        Waiting "waiting" "Waiting list",
        Closed "closed" "Closed",
    }
    /// Where a need lies, or a goal.
    Domain {
        Housing "housing" "Housing",
        Food "food" "Food",
        Income "income" "Income",
        Safety "safety" "Safety",
        Health "health" "Physical health",
        MentalHealth "mental-health" "Mental health",
        SubstanceUse "substance-use" "Substance use",
        Disability "disability" "Disability",
        Insurance "insurance" "Health insurance",
        Transport "transport" "Transport",
        Legal "legal" "Legal",
        Family "family" "Family",
        Employment "employment" "Employment",
        Education "education" "Education",
        Other "other" "Other",
    }
    Severity {
        Low "low" "Low",
        Moderate "moderate" "Moderate",
        High "high" "High",
    }
    NeedStatus {
        Open "open" "Open",
        InProgress "in-progress" "Being worked on",
        Met "met" "Met",
        Unmet "unmet" "Cannot be met",
        /// A refused service is a choice, not a failure.
        Declined "declined" "Client chose not to",
    }
    PlanKind {
        Service "service-plan" "Service plan",
        Discharge "discharge-plan" "Discharge plan",
        Recovery "recovery-plan" "Recovery plan",
        Ipe "ipe" "Individual Plan for Employment",
    }
    PlanStatus {
        Draft "draft" "Draft",
        Active "active" "Active",
        Ended "ended" "Ended",
    }
    GoalStatus {
        Open "open" "Working on it",
        Reached "reached" "Reached",
        SetAside "set-aside" "Set aside",
    }
    /// The state of a step or a task.
    WorkStatus {
        Open "open" "Open",
        Done "done" "Done",
        Dropped "dropped" "Dropped",
    }
    AppointmentStatus {
        Planned "planned" "Planned",
        Confirmed "confirmed" "Confirmed",
        Kept "kept" "Kept",
        NoShow "no-show" "No-show",
        Cancelled "cancelled" "Cancelled",
        Moved "moved" "Moved",
    }
    /// Something an appointment may need beside the people: a ride, an interpreter.
    Arranged {
        NotNeeded "not-needed" "Not needed",
        Needed "needed" "Needed, not arranged",
        Arranged "arranged" "Arranged",
    }
    /// As what a client's file is handed to a colleague.
    ShareKind {
        /// The other is the case manager from now on.
        Transfer "transfer" "Transfer: they take over",
        /// The other stands in until a day; the client comes back by itself.
        Cover "cover" "Cover: they stand in for a while",
        /// The other reads and changes nothing: a supervisor's copy.
        Copy "copy" "Copy to read, for a supervisor",
    }
    /// What passed between worker and client. A *collateral contact* is with someone else about the client.
    ContactKind {
        FaceToFace "face-to-face" "Face to face",
        Phone "phone" "Phone",
        Video "video" "Video",
        Message "message" "Message",
        Collateral "collateral" "Collateral contact",
        Attempt "attempt" "No contact made",
        Service "service" "Service given",
        Record "record" "Note to the record",
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
