//! What lies inside the seal of a bundle, broken in every way: it is refused or taken, it never panics, and when nothing is
//! kept the caseload is what it was. The input is a list of edits to a sound bundle, so that what is behind the first
//! checks is met too.
#![no_main]

use std::cell::RefCell;
use std::io::Read;
use std::ops::ControlFlow;

use caseload::demo;
use caseload::model::Change;
use caseload::model::records::client;
use caseload::store::{Store, StoreError, Worker, wall_clock};
use caseload::sync::bundle::{Refusal, read_parts};
use caseload::sync::{Scope, Whom, give};
use libfuzzer_sys::fuzz_target;

struct Setting {
    receiver: Store,
    sound: Vec<u8>,
}

fn setting() -> Setting {
    let worker = |name: &str| Worker { name: name.into(), ..demo::worker() };
    let mut sender = Store::in_memory(&worker("Rosa"), wall_clock()).unwrap();
    let mut receiver = Store::in_memory(&worker("Tom"), wall_clock()).unwrap();
    for n in 0..3 {
        let row = sender.new_id();
        let mut change = Change::new("add client");
        change.create(&client::TYPE, row, row).set(row, client::given_name, format!("Client {n}"));
        change.member(row, client::tags, "tag", true);
        sender.commit(&change).unwrap();
        let mut change = Change::new("edit client");
        change.set(row, client::given_name, format!("Other {n}"));
        sender.commit(&change).unwrap();
    }
    receiver.accept_site(&sender.own_site().unwrap()).unwrap();
    let path = std::env::temp_dir().join(format!("fuzz-{}.bundle", std::process::id()));
    let _ = std::fs::remove_file(&path);
    give(&sender, &Scope::Whole, &Whom::Sites(vec![receiver.own_site().unwrap()]), true, &path).unwrap();
    let sealed = std::fs::read(&path).unwrap();
    std::fs::remove_file(&path).unwrap();
    let identities = receiver.identities().unwrap();
    let opened = age::Decryptor::new(&sealed[..]).unwrap();
    let opened = opened.decrypt(identities.iter().map(|one| one as &dyn age::Identity)).unwrap();
    let mut sound = Vec::new();
    zstd::Decoder::new(opened).unwrap().read_to_end(&mut sound).unwrap();
    Setting { receiver, sound }
}

thread_local! {
    static SETTING: RefCell<Setting> = RefCell::new(setting());
}

/// Each edit: where (two bytes), what, and what with.
fn edited(sound: &[u8], mut edits: &[u8]) -> Vec<u8> {
    let mut bytes = sound.to_vec();
    while let [low, high, what, with, rest @ ..] = edits {
        let at = usize::from(u16::from_le_bytes([*low, *high])) % (bytes.len() + 1);
        edits = rest;
        match what % 4 {
            0 if at < bytes.len() => bytes[at] = *with,
            1 => {
                let many = usize::from(*with).min(edits.len());
                bytes.splice(at..at, edits[..many].iter().copied());
                edits = &edits[many..];
            }
            2 => drop(bytes.drain(at..(at + usize::from(*with)).min(bytes.len()))),
            _ => bytes.truncate(at),
        }
    }
    bytes
}

enum Stop {
    Refused,
    Store(StoreError),
}

impl From<StoreError> for Stop {
    fn from(error: StoreError) -> Stop {
        Stop::Store(error)
    }
}

fuzz_target!(|edits: &[u8]| {
    SETTING.with_borrow_mut(|Setting { receiver, sound }| {
        let bytes = edited(sound, edits);
        let before = receiver.chains(None).unwrap();
        let taken = receiver.merge(false, |merger| {
            read_parts(&bytes[..], 16 << 20, &[], merger, &mut |_| ControlFlow::Continue(())).map_err(|refusal| match refusal {
                Refusal::Store(error) => Stop::Store(error),
                _ => Stop::Refused,
            })
        });
        match taken {
            Err(Stop::Store(StoreError::Damaged(_) | StoreError::Newer)) | Err(Stop::Refused) => {}
            Err(Stop::Store(error)) => panic!("the caseload itself gave an error: {error}"),
            // An edit may put a byte where it was already: what is signed is all that gets in.
            Ok(_) => assert_eq!(&bytes, sound, "something unsigned got in"),
        }
        assert_eq!(receiver.chains(None).unwrap(), before);
    });
});
