//! The program from outside: at the command line, at a real terminal, through files and folders. One program holds all of
//! these tests, so that they are built once and wait beside each other.
//!
//! `cargo test --test all day::` runs those of `tests/day.rs`.

mod accounting;
mod agency;
mod agreements;
mod apart;
mod audit;
mod backups;
mod bad_files;
mod command_line;
mod common;
mod crash;
mod crisis;
mod day;
mod doors;
mod editor;
mod erasing;
mod feet;
mod fhir;
mod flows;
mod formats;
mod full_disk;
mod handover;
mod hard_day;
mod hmis_out;
mod import;
mod import_formats;
mod killed;
mod lock;
mod open;
mod pages;
mod passphrases;
mod permission;
mod places;
mod practices;
mod print;
mod reports;
mod resources;
mod screen;
mod screens;
mod secrets;
mod shared_folder;
mod sharing;
mod signing;
mod stopping;
mod stories;
mod stories_of_sync;
mod strangers;
mod sweep;
mod trust;
mod whose;
mod zones;
