//! Services, and places where someone was seen, as sentences and back: what is read from an export as a note is written
//! into one again.

use super::codes::codes;

/// A service as its row has it.
#[derive(PartialEq, Debug)]
pub(super) struct Service<'a> {
    pub kind: &'a str,
    pub code: &'a str,
    pub other: &'a str,
    pub amount: &'a str,
    /// The programme that gave it.
    pub project: &'a str,
}

/// Takes a sentence apart that was made when the service was read: `Kind, code 1: other, $12.50 (Programme)`. `None` for
/// one that was written or changed by hand.
pub(super) fn parse<'a>(body: &'a str, projects: impl Iterator<Item = &'a str>) -> Option<Service<'a>> {
    let mut rest = body;
    let mut project = "";
    for known in projects.filter(|known| !known.is_empty()) {
        if let Some(before) = body.strip_suffix(')').and_then(|body| body.strip_suffix(known)?.strip_suffix(" (")) {
            (rest, project) = (before, known);
        }
    }
    let (kind, mut rest) = match rest.strip_prefix("Service of type ") {
        Some(typed) => typed.split_at(typed.find([',', ':', ' ']).unwrap_or(typed.len())),
        None => {
            let known = codes().service.iter().filter(|(_, word)| rest.starts_with(word.as_str()));
            let (kind, word) = known.max_by_key(|(_, word)| word.len())?;
            (kind.as_str(), &rest[word.len()..])
        }
    };
    let mut code = if kind == "200" { "200" } else { "" };
    if let Some(coded) = rest.strip_prefix(", code ") {
        (code, rest) = coded.split_at(coded.find([',', ':']).unwrap_or(coded.len()));
    }
    let mut amount = "";
    if let Some((before, paid)) = rest.rsplit_once(", $") {
        (rest, amount) = (before, paid);
    }
    let other = match rest {
        "" => "",
        rest => rest.strip_prefix(": ")?,
    };
    Some(Service { kind, code, other, amount, project })
}

/// Where someone was seen, and the details: `Seen; staying at: Place (details)`, or `Seen`.
pub(super) fn seen(body: &str) -> (&str, &str) {
    let said = body.strip_prefix("Seen").unwrap_or(body);
    let said = said.strip_prefix("; staying at: ").unwrap_or(said);
    match codes().living.values().filter(|place| said.starts_with(place.as_str())).max_by_key(|place| place.len()) {
        Some(place) => (&said[..place.len()], details(&said[place.len()..])),
        None => ("", details(said)),
    }
}

fn details(said: &str) -> &str {
    said.strip_prefix(" (").and_then(|said| said.strip_suffix(')')).unwrap_or("")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sentence_is_taken_apart_as_it_was_made() {
        let of = |body| parse(body, ["Bridge House", "House"].into_iter());
        let ride = of("SSVF service, code 1: Ride to the clinic, $12.50 (Bridge House)").unwrap();
        assert_eq!((ride.kind, ride.code, ride.other, ride.amount), ("144", "1", "Ride to the clinic", "12.50"));
        assert_eq!(ride.project, "Bridge House");
        let night = of("Bed night (House)").unwrap();
        assert_eq!((night.kind, night.code, night.project), ("200", "200", "House"));
        assert_eq!(of("Service of type 999, code 4").map(|one| (one.kind, one.code)), Some(("999", "4")));
        assert_eq!(of("Took her to the clinic"), None);
        assert_eq!(of("Bed night, and breakfast"), None);
        let place = "Place not meant for living in";
        assert_eq!(seen(&format!("Seen; staying at: {place} (under the bridge)")), (place, "under the bridge"));
        assert_eq!(seen("Seen (by the river)"), ("", "by the river"));
    }
}
