//! What may leave a client's file, for whom, and what is recorded of it. Everything that prints, exports or hands over
//! asks here, and nobody else decides.
//!
//! - `classes`: what a field, a row, a file tells of a person, from what stands in its own line.
//! - `releases`: what the releases and the laws over them permit of that, to whom, at which moment.
//! - `minors`: who may consent for whom, as far as the laws on it go by age and by who causes harm.
//! - `record`: the same two asked of a client's file, and the record of what was given.
//! - `contents`: what goes into which format; `outgoing`: who goes into it; `handed`: all that whoever writes it gets.
//! - `lens`: a client's file as far as a page may tell it.
//!
//! The promise: nothing leaves that no release in force covers, but for what the law itself demands or allows, and then
//! with a reason; nothing is given without its record; what is left out is named with its rule and what would permit it.
//! Knows the store and the rooms below it; `classes` and `releases` are pure.

mod classes;
mod contents;
mod handed;
mod lens;
mod minors;
mod outgoing;
mod record;
mod releases;

pub use classes::{Categories, Proposal, Sorter, everything, leads_to_them};
pub use contents::{Contents, Format, Listed};
pub use handed::{Handed, InShort, Own};
pub use lens::Lens;
pub use outgoing::{Asking, Clients, Decided, Refused, Whom, decide};
pub use record::{Disclosed, HandOverCheck, all_told, disclose, may_be_given, may_hand_over, may_leave};
pub use releases::{
    Asked, Ground, LeftOut, Override, Permission, Recipient, Standing, form_in_words, is_in_writing, permits, standing,
};

#[cfg(test)]
mod tests;
