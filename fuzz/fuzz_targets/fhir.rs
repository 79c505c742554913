//! See `tests/common/strangers.rs`.
#![no_main]

#[path = "../../tests/common/strangers.rs"]
mod strangers;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| strangers::feed(strangers::Stranger::Fhir, bytes));
