//! Walking through a resource without trusting its shape: what is missing, or of another kind than it should be, is
//! nothing.

use chrono::{DateTime, FixedOffset, NaiveDate};
use serde_json::Value as Json;

use super::codes::{CODE, OWN};

/// A place in a resource; maybe nothing is there.
#[derive(Clone, Copy, Debug)]
pub(super) struct Node<'a>(pub Option<&'a Json>);

impl<'a> Node<'a> {
    pub fn of(json: &'a Json) -> Node<'a> {
        Node(Some(json))
    }

    /// What is under a key; `a.b` goes two steps, and where an array stands in between, to its first element.
    /// The empty path stays where it is.
    pub fn at(self, path: &str) -> Node<'a> {
        if path.is_empty() {
            return self;
        }
        path.split('.').fold(self, |node, key| Node(node.first().0.and_then(|json| json.get(key))))
    }

    fn first(self) -> Node<'a> {
        match self.0 {
            Some(Json::Array(all)) => Node(all.first()),
            _ => self,
        }
    }

    /// The elements under a key; a value that should be an array and is none is taken for its only element.
    pub fn each(self, path: &str) -> impl Iterator<Item = Node<'a>> + use<'a> {
        let found = self.at(path).0;
        let all = match found {
            Some(Json::Array(all)) => all.as_slice(),
            Some(one) => std::slice::from_ref(one),
            None => &[],
        };
        all.iter().map(Node::of)
    }

    pub fn is_there(self) -> bool {
        self.0.is_some_and(|json| !json.is_null())
    }

    /// Text at a path; empty where there is none.
    pub fn text(self, path: &str) -> &'a str {
        self.at(path).as_text()
    }

    pub fn as_text(self) -> &'a str {
        self.first().0.and_then(Json::as_str).unwrap_or("")
    }

    pub fn whole(self, path: &str) -> Option<i64> {
        let json = self.at(path).first().0?;
        json.as_i64().or_else(|| json.as_f64().filter(|n| n.fract() == 0.0 && n.abs() < 1e9).map(|n| n as i64))
    }

    pub fn yes(self, path: &str) -> Option<bool> {
        self.at(path).first().0?.as_bool()
    }

    /// The first that is text, of several paths.
    pub fn any(self, paths: &[&str]) -> &'a str {
        paths.iter().map(|path| self.text(path)).find(|text| !text.trim().is_empty()).unwrap_or("")
    }

    /// The words of a concept: its text, or what its first coding is called.
    pub fn concept(self, path: &str) -> &'a str {
        let concept = self.at(path).first();
        let said = concept.any(&["text", "display"]);
        if !said.is_empty() {
            return said;
        }
        concept
            .each("coding")
            .map(|coding| coding.any(&["display", "code"]))
            .find(|said| !said.is_empty())
            .unwrap_or("")
    }

    /// All that the concepts at some paths say, in one line.
    pub fn all_concepts(self, paths: &[&str]) -> String {
        let mut all = String::new();
        let mut say = |said: &str| {
            all.push_str(said);
            all.push_str(" | ");
        };
        for concept in paths.iter().flat_map(|path| self.each(path)) {
            // A concept, a reference with its words, or words alone.
            [concept.text("text"), concept.text("display"), concept.as_text()].into_iter().for_each(&mut say);
            concept.each("coding").for_each(|coding| say(coding.text("display")));
        }
        all
    }

    /// The code of a concept in a system.
    pub fn coded(self, path: &str, system: &str) -> &'a str {
        let found = self.each(path).flat_map(|concept| concept.each("coding")).find(|c| c.text("system") == system);
        found.map_or("", |coding| coding.text("code"))
    }

    /// A code of one of our own lists among the codings of a concept.
    pub fn own_coded(self, path: &str, list: &str) -> &'a str {
        self.coded(path, &format!("{OWN}{list}"))
    }

    /// All codes of a concept, whatever their systems.
    pub fn codings(self, path: &str) -> impl Iterator<Item = (&'a str, &'a str)> + use<'a> {
        let codings = self.each(path).flat_map(|concept| concept.each("coding"));
        codings.map(|coding| (coding.text("system"), coding.text("code")))
    }

    /// Our own code beside a status.
    pub fn own_status(self) -> &'a str {
        self.extension(CODE, "_status").text("valueCode")
    }

    /// An extension by its address, on the resource itself (`""`) or on one of its elements.
    pub fn extension(self, url: &str, on: &str) -> Node<'a> {
        self.at(on).each("extension").find(|extension| extension.text("url") == url).unwrap_or(Node(None))
    }

    /// A day: of a date, or of a time the day as it was lived there. `Err` for what is less than a day or no date.
    pub fn day(self, path: &str) -> Result<Option<NaiveDate>, String> {
        let text = self.text(path).trim();
        if text.is_empty() {
            return Ok(None);
        }
        let day = text.get(..10).filter(|_| text.len() == 10 || text[10..].starts_with('T'));
        match day.and_then(|day| NaiveDate::parse_from_str(day, "%Y-%m-%d").ok()) {
            Some(day) if (1850..=2200).contains(&chrono::Datelike::year(&day)) => Ok(Some(day)),
            _ => Err(format!("{path} \"{}\" is not a whole date", short(text))),
        }
    }

    /// A time; a day without an hour is put at noon, so that no time zone moves it to another day.
    pub fn time(self, path: &str) -> Result<Option<DateTime<FixedOffset>>, String> {
        let text = self.text(path).trim();
        if text.len() > 10
            && let Some(time) = crate::model::when::instant(text)
            && (1850..=2200).contains(&chrono::Datelike::year(&time))
        {
            // What is kept is kept to the second.
            let whole = DateTime::from_timestamp(time.timestamp(), 0).unwrap_or_default();
            return Ok(Some(whole.with_timezone(time.offset())));
        }
        if text.len() > 10 {
            return Err(format!("{path} \"{}\" is not a time", short(text)));
        }
        let noon = |day: NaiveDate| day.and_hms_opt(12, 0, 0).unwrap_or_default().and_utc().fixed_offset();
        Ok(self.day(path)?.map(noon))
    }
}

/// So much of a value from outside as an explanation needs.
pub(super) fn short(text: &str) -> String {
    crate::model::text::one_line(&text.chars().take(40).collect::<String>()).into_owned()
}
