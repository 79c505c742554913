//! Marks that are proposed: one question after the other about rows whose words tell of substance use or violence.

use crate::disclosure::{Proposal, Sorter};
use crate::model::records::goal;
use crate::model::text::one_line;
use crate::model::{Change, FieldId, Information, RowId};
use crate::store::StoreError;

use super::desk::Desk;
use super::overlay::{Menu, Pick};

impl Desk {
    /// Asks about the first mark that is proposed for the chosen client and was not passed over.
    pub(super) fn marks_proposed(&mut self, passed: &[(RowId, FieldId)]) -> Result<(), StoreError> {
        let Some(client) = self.chosen else { return Ok(()) };
        let Some(file) = self.store.client_file(client, usize::MAX)? else { return Ok(()) };
        let proposed = Sorter::new(self.rules.practice(), file.of(&goal::TYPE)).proposals(file.all());
        let open: Vec<Proposal> = proposed.into_iter().filter(|one| !passed.contains(&(one.row, one.mark))).collect();
        let Some(first) = open.first().cloned() else {
            self.say(if passed.is_empty() {
                "Nothing waits to be marked."
            } else {
                "Nothing else waits to be marked."
            });
            return Ok(());
        };
        let (what, question) = match first.tells {
            Information::Violence => ("violence", "Does this tell of violence?"),
            _ => ("substance use", "Is this from a substance use program (42 CFR Part 2)?"),
        };
        let about = vec![
            format!("{}: {}", first.record.label, one_line(&first.words)),
            format!("Until you say, it counts as telling of {what}: only a release that covers that lets it out."),
        ];
        let mut next = passed.to_vec();
        next.push((first.row, first.mark));
        let answer = |code| Pick::Marked(Box::new(first.clone()), code, passed.to_vec());
        let items = vec![
            (Some('y'), "Yes".into(), answer(Some(first.yes))),
            (Some('n'), format!("No: its words say so, and it tells of no {what}"), answer(Some(first.no))),
            (
                Some('l'),
                "Leave it for now, and go on to the next".into(),
                Pick::Marked(Box::new(first.clone()), None, next),
            ),
        ];
        let title = if open.len() > 1 { format!("{question} ({} to go)", open.len()) } else { question.to_string() };
        self.overlay = Some(Menu::telling(title, about, items));
        Ok(())
    }

    /// Keeps an answer, and asks about the next one.
    pub(super) fn marked(
        &mut self,
        proposal: &Proposal,
        code: Option<&'static str>,
        passed: Vec<(RowId, FieldId)>,
    ) -> Result<(), StoreError> {
        if let Some(code) = code {
            let mut change = Change::new("mark what it tells");
            change.set(proposal.row, proposal.mark, code);
            self.apply(&change, "Marked.")?;
        }
        self.marks_proposed(&passed)
    }
}
