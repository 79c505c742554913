//! How an installation introduces itself.
//!
//! A card is one line of text: `caseload-card-` and base64 (URL alphabet, no padding) of a postcard record: version 1,
//! public key, age recipient, name, the voucher if it took over from another site, and an Ed25519 signature over
//! `caseload card 1`, the key, the recipient and the name. It holds nothing secret; what makes it trustworthy is that two
//! people compare its fingerprint by voice.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};

use crate::model::SiteId;
use crate::store::{Result, Site, Store};

const PREFIX: &str = "caseload-card-";
const VERSION: u8 = 1;

/// A site, as its card tells of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Card {
    pub site: Site,
    text: String,
}

#[derive(Serialize, Deserialize)]
struct Written {
    version: u8,
    public_key: [u8; 32],
    recipient: String,
    name: String,
    voucher: Option<(SiteId, Vec<u8>)>,
    signature: Vec<u8>,
}

fn signed_part(public_key: &[u8; 32], recipient: &str, name: &str) -> Vec<u8> {
    let length = (recipient.len() as u64).to_le_bytes();
    [b"caseload card 1".as_slice(), public_key, &length, recipient.as_bytes(), name.as_bytes()].concat()
}

impl Card {
    /// Bytes of a file that holds one, the letter around it included.
    pub const LARGEST: u64 = 1 << 20;

    /// This installation's own card.
    pub fn of(store: &Store) -> Result<Card> {
        let site = store.own_site()?;
        let written = Written {
            version: VERSION,
            public_key: site.public_key,
            recipient: site.recipient.clone(),
            name: site.name.clone(),
            voucher: site.voucher.clone(),
            signature: store.sign(&signed_part(&site.public_key, &site.recipient, &site.name)),
        };
        let bytes = postcard::to_allocvec(&written).expect("plain data packs into memory");
        Ok(Card { site, text: format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(bytes)) })
    }

    /// A card as it was sent: spaces and line breaks that mail puts in do not matter.
    ///
    /// # Errors
    /// In words, where the text is no card or was altered.
    pub fn parse(text: &str) -> std::result::Result<Card, String> {
        let compact: String = text.split_whitespace().collect();
        let at = compact.find(PREFIX).ok_or("This is not a card: it has no \"caseload-card-\" in it.")?;
        let code: String = compact[at + PREFIX.len()..]
            .chars()
            .take_while(|c| c.is_ascii_alphanumeric() || "-_".contains(*c))
            .collect();
        let damaged = || "This card is damaged: have it sent again, whole.".to_string();
        let bytes = URL_SAFE_NO_PAD.decode(code.as_bytes()).map_err(|_| damaged())?;
        let card: Written = postcard::from_bytes(&bytes).map_err(|_| damaged())?;
        if card.version != VERSION {
            return Err("This card is of a newer version of caseload: update the program.".into());
        }
        let site = Site::told(card.public_key, &card.recipient, &card.name, card.voucher);
        let part = signed_part(&site.public_key, &site.recipient, &card.name);
        if !site.signed(&part, &card.signature) || site.recipient.parse::<age::x25519::Recipient>().is_err() {
            return Err(damaged());
        }
        Ok(Card { site, text: format!("{PREFIX}{code}") })
    }

    /// The line to send.
    pub fn text(&self) -> &str {
        &self.text
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::demo;
    use crate::store::wall_clock;

    #[test]
    fn a_card_survives_mail_and_nothing_else() {
        let store = Store::in_memory(&demo::worker(), wall_clock()).unwrap();
        let card = Card::of(&store).unwrap();
        let mailed = format!("Hello,\n  {}\r\n {} \nRosa", &card.text()[..40], &card.text()[40..]);
        let back = Card::parse(&mailed.replace("Rosa", "")).unwrap();
        assert_eq!(back.site.id, store.site());
        assert_eq!(back.site.fingerprint(), card.site.fingerprint());
        assert_eq!(card.site.fingerprint().len(), 19);
        for at in PREFIX.len()..card.text().len() {
            let mut letters: Vec<u8> = card.text().bytes().collect();
            letters[at] = if letters[at] == b'A' { b'B' } else { b'A' };
            let altered = String::from_utf8(letters).unwrap();
            // The last letter of base64 has bits that count for nothing.
            assert!(Card::parse(&altered).is_err() || at + 1 == card.text().len(), "letter {at}");
        }
        assert!(Card::parse("caseload-card-").is_err() && Card::parse("").is_err());
    }
}
