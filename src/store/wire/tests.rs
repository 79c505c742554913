//! A batch comes back as it was written, whatever was erased of it; and nothing that is altered passes.

use super::*;
use proptest::prelude::*;

fn header() -> Header {
    Header {
        stream: RowId::derived(&["stream"]),
        site: SiteId([1; 16]),
        first: 7,
        hlc: Hlc::at(1_700_000_000_000),
        action: Uuid::from_bytes([9; 16]),
        author: "Rosa Ortiz".into(),
        label: "edit client".into(),
        origin: String::new(),
        undoes: None,
    }
}

fn any_entry() -> impl Strategy<Value = Entry> {
    let base = prop::collection::vec((0u8..3, 0u64..1000), 0..3);
    (0u16..40, 0u8..3, 0u16..30, "[a-z]{0,8}", base, prop::collection::vec(any::<u8>(), 0..40)).prop_map(
        |(record, row, field, key, base, value)| Entry {
            record,
            row: RowId::from_bytes([row; 16]),
            field,
            key,
            base: base.into_iter().map(|(s, index)| EntryRef { site: SiteId([s; 16]), index }).collect(),
            content: Content::Value(value),
        },
    )
}

proptest! {
    #[test]
    fn what_is_packed_comes_back_with_the_same_hash(entries in prop::collection::vec(any_entry(), 0..12)) {
        let previous = [3; 32];
        let packed = pack(&header(), &entries, [5; 16], &previous);
        let (back, hash) = unpack(&header(), &packed.body, Some(&previous)).unwrap();
        prop_assert_eq!(back, entries);
        prop_assert_eq!(hash, Some(packed.hash));
    }

    #[test]
    fn any_changed_byte_is_refused_or_changes_the_hash(
        entries in prop::collection::vec(any_entry(), 1..6), at in any::<prop::sample::Index>(), with in 1u8..
    ) {
        let packed = pack(&header(), &entries, [5; 16], &[0; 32]);
        let mut body = packed.body.clone();
        let at = at.index(body.len());
        body[at] ^= with;
        if let Ok((_, hash)) = unpack(&header(), &body, Some(&[0; 32])) {
            prop_assert!(hash != Some(packed.hash), "byte {} counts for nothing", at);
        }
    }

    #[test]
    fn noise_never_panics(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = unpack(&header(), &bytes, Some(&[0; 32]));
    }
}

fn with_phones(phones: &[&str]) -> (Vec<Entry>, Packed) {
    let entry = |phone: &&str| Entry {
        record: 1,
        row: RowId::from_bytes([1; 16]),
        field: 8,
        key: String::new(),
        base: vec![],
        content: Content::Value(Value::text(*phone).encoded()),
    };
    let entries: Vec<Entry> = phones.iter().map(entry).collect();
    let packed = pack(&header(), &entries, [5; 16], &[0; 32]);
    (entries, packed)
}

/// The indexes of entries that are to go.
fn gone(indexes: &[u64]) -> impl Fn(u64, &Entry) -> bool + use<'_> {
    move |index, _| indexes.contains(&index)
}

#[test]
fn an_erased_value_leaves_the_hash_as_it_was() {
    let (entries, packed) = with_phones(&["555-0142", "555-0143", "555-0144"]);
    let body = blanked(&header(), &packed.body, &gone(&[8])).unwrap().expect("something is to go");
    let (left, hash) = unpack(&header(), &body, Some(&[0; 32])).unwrap();
    assert_eq!(hash, Some(packed.hash));
    assert_eq!((&left[0], &left[2]), (&entries[0], &entries[2]));
    assert!(matches!(left[1].content, Content::Missing(_)));
    assert_eq!(blanked(&header(), &body, &gone(&[8])).unwrap(), None, "it is gone already");
    assert_eq!(blanked(&header(), &packed.body, &gone(&[])).unwrap(), None, "nothing is to go");
    // More goes later; and what the flag alone has taken loses its seed too.
    let fewer = blanked(&header(), &body, &gone(&[7, 8])).unwrap().unwrap();
    assert_eq!(unpack(&header(), &fewer, Some(&[0; 32])).unwrap().1, Some(packed.hash));
    let mut flagged = entries.clone();
    flagged[1].content = left[1].content.clone();
    let flagged = pack(&header(), &flagged, [5; 16], &[0; 32]);
    assert_eq!((flagged.hash, flagged.body[0]), (packed.hash, VERSION));
    assert_eq!(blanked(&header(), &flagged.body, &gone(&[8])).unwrap(), Some(body));
}

#[test]
fn what_was_erased_cannot_be_confirmed_by_guessing() {
    let (entries, packed) = with_phones(&["Ana", "555-0142"]);
    let guesses = |salt: [u8; 32], wanted: [u8; 32]| {
        (0..10_000).any(|n| leaf(&salt, &Value::text(format!("555-{n:04}")).encoded()) == wanted)
    };
    let erased = |body: &[u8]| match unpack(&header(), body, None).unwrap().0[1].content {
        Content::Missing(leaf) => leaf,
        _ => panic!("it is still there"),
    };
    // With the flag alone the seed stands in the body, and the number is found at once.
    let mut flagged = entries;
    let wanted = leaf(&Salts::new([5; 16]).salt(1), &Value::text("555-0142").encoded());
    flagged[1].content = Content::Erased(wanted);
    let flagged = pack(&header(), &flagged, [5; 16], &[0; 32]).body;
    let seed: [u8; 16] = flagged[1..17].try_into().unwrap();
    assert!(guesses(Salts::new(seed).salt(1), erased(&flagged)));
    // Written anew there is nothing left to guess with: neither the seed nor the salt, wherever one looks for them.
    let body = blanked(&header(), &packed.body, &gone(&[8])).unwrap().unwrap();
    assert_eq!(erased(&body), wanted);
    for window in body.windows(16) {
        assert!(!guesses_with_seed(window, wanted), "its salt follows from something in the body");
    }
    assert!(!body.windows(32).any(|window| window == Salts::new([5; 16]).salt(1)));
    assert!(!body.windows(8).any(|window| window == b"555-0142"));
}

fn guesses_with_seed(seed: &[u8], wanted: [u8; 32]) -> bool {
    let seed: [u8; 16] = seed.try_into().unwrap();
    leaf(&Salts::new(seed).salt(1), &Value::text("555-0142").encoded()) == wanted
}

proptest! {
    #[test]
    fn any_values_go_and_come_back_and_the_hash_holds(
        entries in prop::collection::vec(any_entry(), 1..9),
        here in any::<u16>(), there in any::<u16>(), erased in any::<u16>(),
    ) {
        let previous = [3; 32];
        let packed = pack(&header(), &entries, [5; 16], &previous);
        let is = |bits: u16| move |index: u64, _: &Entry| bits >> (index - 7) & 1 == 1;
        let without = |bits: u16| {
            blanked(&header(), &packed.body, &is(bits)).unwrap().unwrap_or_else(|| packed.body.clone())
        };
        let (ours, theirs) = (without(here), without(there));
        let body = filled(&header(), &ours, &theirs, &is(erased)).unwrap();
        let (back, hash) = unpack(&header(), body.as_ref().unwrap_or(&ours), Some(&previous)).unwrap();
        prop_assert_eq!(hash, Some(packed.hash));
        for (at, (back, entry)) in back.iter().zip(&entries).enumerate() {
            let bit = |bits: u16| bits >> at & 1 == 1;
            let lacks = bit(here) && (bit(there) || bit(erased));
            // What we have and is to be erased goes in its own time; what comes in never brings it.
            prop_assert!(lacks == matches!(back.content, Content::Missing(_)) || (body.is_some() && bit(erased)));
            prop_assert!(back == entry || matches!(back.content, Content::Missing(_)));
        }
    }

    #[test]
    fn any_changed_byte_of_an_erased_batch_is_refused_or_changes_the_hash(
        entries in prop::collection::vec(any_entry(), 1..6), at in any::<prop::sample::Index>(), with in 1u8..,
    ) {
        let packed = pack(&header(), &entries, [5; 16], &[0; 32]);
        let mut body = blanked(&header(), &packed.body, &gone(&[7, 9])).unwrap().unwrap();
        let at = at.index(body.len());
        body[at] ^= with;
        if let Ok((_, hash)) = unpack(&header(), &body, Some(&[0; 32])) {
            prop_assert!(hash != Some(packed.hash), "byte {} counts for nothing", at);
        }
    }
}
