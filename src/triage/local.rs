//! What a client's facts tell of hours, on the clock of whoever reads them.

use super::{ClientFacts, Clock};

impl ClientFacts {
    /// Puts every hour on the clock of this place: what was written in another zone is lived here at the reader's own hour.
    pub fn here(&mut self, clock: &Clock) {
        for visit in &mut self.visits {
            visit.starts = clock.local(visit.starts);
        }
        if let Some(contact) = &mut self.last_contact {
            contact.when = clock.local(contact.when);
        }
    }
}
