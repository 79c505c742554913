//! Resources of a file one after the other, whatever its size: of a bundle, of lines with a resource each (NDJSON), or one
//! alone. Only the resource at hand is in memory; what is not asked for is passed over without being built.

use std::fmt;
use std::io::BufReader;
use std::path::Path;

use serde::de::{DeserializeSeed, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value as Json};

use super::super::source::{Watch, no_json};
use super::super::{ExchangeError, refused};

/// One resource of a file.
#[derive(Debug, Default)]
pub(super) struct Entry {
    /// Its place in the file; the first is 1.
    pub number: u64,
    pub full_url: String,
    /// Its type; empty where it says none.
    pub kind: String,
    /// `None` where its type is not asked for, or it is no object.
    pub resource: Option<Json>,
}

/// Goes through a file. `wanted` says whether a resource of this type is to be built.
///
/// # Errors
/// [`ExchangeError::Refused`] where it is not JSON, not whole, nested too deep, or holds nothing of FHIR.
pub(super) fn each(
    path: &Path,
    watch: &Watch<'_>,
    wanted: fn(&str) -> bool,
    take: &mut dyn FnMut(Entry),
) -> Result<(), ExchangeError> {
    let mut json = serde_json::Deserializer::from_reader(BufReader::with_capacity(1 << 16, watch.text(path)?));
    let mut number = 0;
    let mut documents = 0;
    while json.end().is_err() {
        let mut top = Top { wanted, take, number: &mut number };
        match top.seed().deserialize(&mut json) {
            Ok(true) => documents += 1,
            Ok(false) => return Err(refused(path, "it says no resourceType, so it is not FHIR")),
            Err(error) => return Err(no_json(path, error)),
        }
    }
    if documents == 0 { Err(refused(path, "it is empty")) } else { Ok(()) }
}

/// What stands at the top of a file, or of a line.
struct Top<'a> {
    wanted: fn(&str) -> bool,
    take: &'a mut dyn FnMut(Entry),
    number: &'a mut u64,
}

impl Top<'_> {
    fn seed(&mut self) -> TopSeed<'_> {
        TopSeed { wanted: self.wanted, take: self.take, number: self.number }
    }
}

struct TopSeed<'a> {
    wanted: fn(&str) -> bool,
    take: &'a mut dyn FnMut(Entry),
    number: &'a mut u64,
}

/// Anything but an object is taken for nothing; the rest of the file goes on.
macro_rules! or_nothing {
    ($nothing:expr) => {
        fn expecting(&self, out: &mut fmt::Formatter) -> fmt::Result {
            out.write_str("JSON")
        }
        fn visit_bool<E>(self, _: bool) -> Result<Self::Value, E> {
            Ok($nothing)
        }
        fn visit_i64<E>(self, _: i64) -> Result<Self::Value, E> {
            Ok($nothing)
        }
        fn visit_u64<E>(self, _: u64) -> Result<Self::Value, E> {
            Ok($nothing)
        }
        fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> {
            Ok($nothing)
        }
        fn visit_str<E>(self, _: &str) -> Result<Self::Value, E> {
            Ok($nothing)
        }
        fn visit_unit<E>(self) -> Result<Self::Value, E> {
            Ok($nothing)
        }
    };
}

/// An array where an object should be.
macro_rules! no_array {
    ($nothing:expr) => {
        fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
            while seq.next_element::<IgnoredAny>()?.is_some() {}
            Ok($nothing)
        }
    };
}

/// Whether it was something of FHIR.
impl<'de> DeserializeSeed<'de> for TopSeed<'_> {
    type Value = bool;

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<bool, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for TopSeed<'_> {
    type Value = bool;

    or_nothing!(false);
    no_array!(false);

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<bool, A::Error> {
        let mut body = Body { wanted: self.wanted, kind: String::new(), kept: Map::new() };
        let mut entries = false;
        while let Some(key) = map.next_key::<String>()? {
            // A list has entries too, but they are no resources.
            if key == "entry" && matches!(body.kind.as_str(), "" | "Bundle") {
                entries = true;
                map.next_value_seed(Entries { wanted: self.wanted, take: &mut *self.take, number: &mut *self.number })?;
            } else {
                body.value(key, &mut map)?;
            }
        }
        if body.kind == "Bundle" {
            return Ok(true);
        }
        if body.kind.is_empty() {
            return Ok(false);
        }
        if !entries {
            *self.number += 1;
            let (kind, resource) = body.done();
            (self.take)(Entry { number: *self.number, full_url: String::new(), kind, resource });
        }
        Ok(true)
    }
}

/// The entries of a bundle.
struct Entries<'a> {
    wanted: fn(&str) -> bool,
    take: &'a mut dyn FnMut(Entry),
    number: &'a mut u64,
}

impl<'de> DeserializeSeed<'de> for Entries<'_> {
    type Value = ();

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Entries<'_> {
    type Value = ();

    or_nothing!(());

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        while let Some(mut entry) = seq.next_element_seed(One { wanted: self.wanted })? {
            *self.number += 1;
            entry.number = *self.number;
            (self.take)(entry);
        }
        Ok(())
    }
}

/// One entry of a bundle.
#[derive(Clone, Copy)]
struct One {
    wanted: fn(&str) -> bool,
}

impl<'de> DeserializeSeed<'de> for One {
    type Value = Entry;

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<Entry, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for One {
    type Value = Entry;

    or_nothing!(Entry::default());
    no_array!(Entry::default());

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Entry, A::Error> {
        let mut entry = Entry::default();
        while let Some(key) = map.next_key::<String>()? {
            match key.as_str() {
                "fullUrl" => {
                    if let Json::String(url) = map.next_value()? {
                        entry.full_url = url;
                    }
                }
                "resource" => (entry.kind, entry.resource) = map.next_value_seed(Resource(self))?,
                _ => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        Ok(entry)
    }
}

/// A resource within an entry: its type, and itself where that is asked for.
struct Resource(One);

impl<'de> DeserializeSeed<'de> for Resource {
    type Value = (String, Option<Json>);

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Resource {
    type Value = (String, Option<Json>);

    or_nothing!((String::new(), None));
    no_array!((String::new(), None));

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut body = Body { wanted: self.0.wanted, kind: String::new(), kept: Map::new() };
        while let Some(key) = map.next_key::<String>()? {
            body.value(key, &mut map)?;
        }
        Ok(body.done())
    }
}

/// A resource as it comes in, key by key. Once its type is known not to be asked for, nothing more of it is built.
struct Body {
    wanted: fn(&str) -> bool,
    kind: String,
    kept: Map<String, Json>,
}

impl Body {
    fn value<'de, A: MapAccess<'de>>(&mut self, key: String, map: &mut A) -> Result<(), A::Error> {
        if key == "resourceType" {
            if let Json::String(kind) = map.next_value()? {
                self.kind = kind;
            }
        } else if self.kind.is_empty() || (self.wanted)(&self.kind) {
            // What is generated for people to read says nothing that the rest does not.
            if key == "text" {
                map.next_value::<IgnoredAny>()?;
            } else {
                let value = map.next_value()?;
                self.kept.insert(key, value);
            }
        } else {
            map.next_value::<IgnoredAny>()?;
        }
        Ok(())
    }

    fn done(self) -> (String, Option<Json>) {
        let wanted = !self.kind.is_empty() && (self.wanted)(&self.kind);
        (self.kind, wanted.then_some(Json::Object(self.kept)))
    }
}
