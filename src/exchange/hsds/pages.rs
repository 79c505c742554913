//! Services of a file of JSON, one after the other: of a list, of a page that holds one, of an organization, or one alone.
//! Only the one at hand is in memory; of the tables in one file, what is put together from them.

use std::collections::HashMap;
use std::fmt;
use std::io::BufReader;
use std::path::Path;

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value as Json};

use super::super::source::{Watch, no_json};
use super::super::{ExchangeError, refused};
use super::tables::{self, Tables};

/// Bytes of a file that must be held whole: its tables, or one organization with all its services.
const LARGEST: u64 = 512 << 20;

/// What a file of JSON turned out to be.
pub(super) enum Held {
    /// Services, so many, all given already.
    Services(u64),
    /// Tables that are still to be put together.
    Tables(Tables),
}

/// Goes through a file.
///
/// # Errors
/// [`ExchangeError::Refused`] where it is not JSON, not whole, or holds no service.
pub(super) fn each(path: &Path, watch: &Watch<'_>, take: &mut dyn FnMut(Json)) -> Result<Held, ExchangeError> {
    let large = path.metadata().is_ok_and(|meta| meta.len() > LARGEST);
    let mut json = serde_json::Deserializer::from_reader(BufReader::with_capacity(1 << 16, watch.text(path)?));
    let mut found = Found { take, count: 0, tables: HashMap::new(), whole: Map::new(), large, why: None };
    let read = TopSeed(&mut found).deserialize(&mut json).and_then(|()| json.end());
    if let Err(error) = read {
        return Err(match found.why {
            Some(why) => refused(path, why),
            // A number or a word where a list or an object should be.
            None if error.is_data() => refused(path, "it holds neither services nor organizations"),
            None => no_json(path, error),
        });
    }
    if !found.tables.is_empty() {
        return Ok(Held::Tables(found.tables));
    }
    if !found.whole.is_empty() {
        let whole = Json::Object(std::mem::take(&mut found.whole));
        found.item(whole);
    }
    if found.count == 0 { Err(refused(path, "it holds no service")) } else { Ok(Held::Services(found.count)) }
}

struct Found<'a> {
    take: &'a mut dyn FnMut(Json),
    count: u64,
    tables: Tables,
    /// What stands at the top and is no list: a service or an organization.
    whole: Map<String, Json>,
    large: bool,
    /// Why the file is refused, where it is not the JSON that is wrong.
    why: Option<&'static str>,
}

impl Found<'_> {
    /// A service as it is; of an organization, its services, each told whose it is.
    fn item(&mut self, item: Json) {
        let services = match item {
            Json::Object(mut item) => match item.remove("services") {
                Some(Json::Array(services)) => {
                    for mut service in services {
                        if let Json::Object(service) = &mut service
                            && !service.contains_key("organization")
                        {
                            service.insert("organization".into(), Json::Object(item.clone()));
                        }
                        self.give(service);
                    }
                    return;
                }
                _ => Json::Object(item),
            },
            other => other,
        };
        self.give(services);
    }

    fn give(&mut self, service: Json) {
        self.count += 1;
        (self.take)(service);
    }

    /// What must be held whole may not be larger than memory.
    fn held<E: Error>(&mut self) -> Result<(), E> {
        if self.large {
            self.why = Some("it is larger than 512 MB and must be held whole: use the folder of CSV tables");
            return Err(E::custom("too large"));
        }
        Ok(())
    }
}

struct TopSeed<'a, 'b>(&'a mut Found<'b>);

impl<'de> DeserializeSeed<'de> for TopSeed<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for TopSeed<'_, '_> {
    type Value = ();

    fn expecting(&self, out: &mut fmt::Formatter) -> fmt::Result {
        out.write_str("a directory")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<(), A::Error> {
        Items(self.0).visit_seq(seq)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let mut page = false;
        while let Some(key) = map.next_key::<String>()? {
            if key == "contents" {
                page = true;
                map.next_value_seed(Items(self.0))?;
            } else if let Some(table) = tables::named(&key) {
                self.0.held()?;
                let rows: Vec<Json> = map.next_value()?;
                let rows =
                    rows.into_iter().filter_map(|row| if let Json::Object(row) = row { Some(row) } else { None });
                self.0.tables.insert(table, rows.collect());
            } else if page {
                map.next_value::<IgnoredAny>()?;
            } else {
                if key == "services" {
                    self.0.held()?;
                }
                let value = map.next_value()?;
                self.0.whole.insert(key, value);
            }
        }
        if page {
            // What stands beside the list only counts its pages.
            self.0.whole.clear();
        }
        Ok(())
    }
}

/// A list of services or organizations.
struct Items<'a, 'b>(&'a mut Found<'b>);

impl<'de> DeserializeSeed<'de> for Items<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Items<'_, '_> {
    type Value = ();

    fn expecting(&self, out: &mut fmt::Formatter) -> fmt::Result {
        out.write_str("a list")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        while let Some(item) = seq.next_element::<Json>()? {
            self.0.item(item);
        }
        Ok(())
    }
}
