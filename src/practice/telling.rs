//! What an agency's own lists say that they tell of a client, and which of them do not say it.

use crate::model::Information;

use super::Practice;

/// What takes the place of another under the same code tells at least what that one did.
pub(super) fn both_tell(tells: &mut Option<Vec<Information>>, before: Option<&[Information]>) {
    if let (Some(tells), Some(before)) = (tells, before) {
        tells.extend(before);
        tells.sort_unstable();
        tells.dedup();
    }
}

impl Practice {
    /// What does not say what it tells of a client and is held to tell everything, a line for each.
    pub fn untold(&self) -> Vec<String> {
        let areas = self.areas.iter().map(|one| ("area", &one.code, &one.tells, format!("areas/{}.toml", one.code)));
        let forms = self.templates.iter().map(|one| ("template", &one.code, &one.tells, "notes.toml".to_string()));
        let services = self.services.iter().map(|one| ("service", &one.code, &one.tells, "services.toml".to_string()));
        let crises = self.crises.iter().map(|one| ("crisis", &one.code, &one.tells, "crises.toml".to_string()));
        let instruments = self.instruments.iter();
        let instruments = instruments.map(|one| ("instrument", &one.code, &one.tells, "instruments".to_string()));
        let all = areas.chain(forms).chain(services).chain(crises).chain(instruments);
        let untold = all.filter(|(_, _, tells, _)| tells.is_none());
        let line = |(what, code, _, file): (_, &String, _, _)| {
            format!(
                "{file}: the {what} \"{code}\" does not say what it tells of a client, so only a release of everything lets \
                 it out; a line such as tells = [\"health\"] says it"
            )
        };
        untold.map(line).collect()
    }
}
