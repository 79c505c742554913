//! What importing costs, beside a library's parsing of the same file alone in the same run: rows a second and peak memory.
//!
//! `cargo bench --bench exchange`. The files are made here, of made-up people. Of each format there are two, which hold the
//! same rows; in the second stands ten times as much beside them that is no part of a caseload, to show that memory follows
//! what is taken, not what is read.

use std::io::BufReader;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use caseload::demo;
use caseload::exchange::{Options, Reading, read};
use caseload::practice::Practice;
use caseload::store::{Passphrase, Store, local_moment, wall_clock};
use serde_json::json;

const PASSPHRASE: &str = "bench";

fn main() {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    std::fs::write(folder.path().join("pass"), PASSPHRASE).unwrap();
    println!(
        "| what | file | rows | read | parsed alone | | taken in | peak memory |\n| --- | --- | --- | --- | --- | --- | --- | --- |"
    );
    for (beside, times) in [("", 1), (", ten times as much beside", 10)] {
        let path = folder.path().join(format!("{times}.json"));
        bundle(&path, 400, 20 * times);
        measure(&format!("FHIR{beside}"), &path, &|| {
            std::hint::black_box(serde_json::from_reader::<_, serde_json::Value>(opened(&path)).unwrap());
        });
        let hmis = folder.path().join(format!("hmis{times}"));
        export(&hmis, 20 * times);
        measure(&format!("HMIS{beside}"), &hmis, &|| {
            for file in std::fs::read_dir(&hmis).unwrap() {
                for record in csv::Reader::from_path(file.unwrap().path()).unwrap().records() {
                    std::hint::black_box(record.unwrap());
                }
            }
        });
        let ics = folder.path().join(format!("{times}.ics"));
        calendar(&ics, 4_000, 10 * times);
        measure(&format!("iCalendar{beside}"), &ics, &|| {
            let text = std::fs::read_to_string(&ics).unwrap();
            let mut parser = calcard::Parser::new(&text);
            while !matches!(std::hint::black_box(parser.entry()), calcard::Entry::Eof) {}
        });
        let directory = folder.path().join(format!("directory{times}.json"));
        services(&directory, 4_000, 10 * times);
        measure(&format!("HSDS{beside}"), &directory, &|| {
            std::hint::black_box(serde_json::from_reader::<_, serde_json::Value>(opened(&directory)).unwrap());
        });
        let sheet = folder.path().join(format!("{times}.csv"));
        people(&sheet, 4_000, 10 * times);
        measure(&format!("a sheet{beside}"), &sheet, &|| {
            for record in csv::Reader::from_path(&sheet).unwrap().records() {
                std::hint::black_box(record.unwrap());
            }
        });
    }
}

fn opened(path: &Path) -> BufReader<std::fs::File> {
    BufReader::with_capacity(1 << 16, std::fs::File::open(path).unwrap())
}

/// People with needs, goals and visits, and so many laboratory values beside for each.
fn bundle(path: &Path, people: usize, beside: usize) {
    use std::io::Write;
    let mut out = std::io::BufWriter::new(std::fs::File::create(path).unwrap());
    write!(out, "{{\"resourceType\":\"Bundle\",\"type\":\"collection\",\"entry\":[").unwrap();
    let mut first = true;
    let mut entry = |resource: serde_json::Value| {
        let comma = if std::mem::take(&mut first) { "" } else { "," };
        write!(out, "{comma}{}", json!({"fullUrl": format!("http://bench/{}/{}", resource["resourceType"].as_str().unwrap(), resource["id"].as_str().unwrap()), "resource": resource})).unwrap();
    };
    for n in 0..people {
        let subject = json!({"reference": format!("Patient/p{n}")});
        entry(
            json!({"resourceType": "Patient", "id": format!("p{n}"), "name": [{"family": format!("Family{n}"), "given": ["Given"]}], "birthDate": "1980-01-02",
            "identifier": [{"system": "http://hospital.smarthealthit.org", "value": format!("{n:06}")}]}),
        );
        for k in 0..8 {
            entry(
                json!({"resourceType": "Condition", "id": format!("c{n}-{k}"), "subject": subject, "code": {"text": "Homeless"}, "recordedDate": "2020-01-02"}),
            );
            entry(
                json!({"resourceType": "Encounter", "id": format!("e{n}-{k}"), "subject": subject, "status": "finished", "class": {"code": "AMB"},
                "period": {"start": "2020-01-02T10:00:00Z", "end": "2020-01-02T10:20:00Z"}, "type": [{"text": "Check-up"}]}),
            );
        }
        for k in 0..beside {
            entry(
                json!({"resourceType": "Observation", "id": format!("o{n}-{k}"), "subject": subject, "status": "final", "effectiveDateTime": "2020-01-02T10:00:00Z",
                "code": {"coding": [{"system": "http://loinc.org", "code": "2339-0", "display": "Glucose"}]}, "valueQuantity": {"value": 88.5, "unit": "mg/dL"}}),
            );
        }
    }
    write!(out, "]}}").unwrap();
}

/// An HMIS export of people with stays and services, and so many assessments for each that say nothing new.
fn export(folder: &Path, beside: usize) {
    std::fs::create_dir(folder).unwrap();
    let mut clients = String::from("PersonalID,FirstName,LastName,DOB\n");
    let mut stays = String::from("EnrollmentID,PersonalID,ProjectID,EntryDate,HouseholdID,LivingSituation\n");
    let mut incomes = String::from(
        "IncomeBenefitsID,EnrollmentID,PersonalID,InformationDate,IncomeFromAnySource,DataCollectionStage\n",
    );
    let mut services = String::from("ServicesID,EnrollmentID,PersonalID,DateProvided,RecordType,TypeProvided\n");
    for n in 0..1_000 {
        clients.push_str(&format!("{n},Given{n},Family{n},1980-01-02\n"));
        stays.push_str(&format!("{n},{n},1,2022-01-02,h{n},116\n"));
        for k in 0..10 {
            services.push_str(&format!("{n}-{k},{n},{n},2022-02-{:02},200,200\n", k + 1));
        }
        for k in 0..beside {
            incomes.push_str(&format!("{n}-{k},{n},{n},2022-03-{:02},1,2\n", k % 28 + 1));
        }
    }
    let files = [
        ("Client.csv", clients),
        ("Enrollment.csv", stays),
        ("Services.csv", services),
        ("IncomeBenefits.csv", incomes),
    ];
    for (name, text) in files {
        std::fs::write(folder.join(name), text).unwrap();
    }
}

/// Visits, and so many to-dos beside each.
fn calendar(path: &Path, events: usize, beside: usize) {
    let mut text = String::from("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//bench//EN\r\n");
    for n in 0..events {
        text.push_str(&format!(
            "BEGIN:VEVENT\r\nUID:{n}@bench\r\nDTSTAMP:20260101T000000Z\r\nDTSTART:202603{:02}T{:02}0000Z\r\nDTEND:202603{:02}T{:02}3000Z\r\nSUMMARY:Visit {n}\r\nEND:VEVENT\r\n",
            n % 28 + 1, n % 20, n % 28 + 1, n % 20
        ));
        for k in 0..beside {
            text.push_str(&format!("BEGIN:VTODO\r\nUID:{n}-{k}@bench\r\nSUMMARY:Water the plants\r\nEND:VTODO\r\n"));
        }
    }
    text.push_str("END:VCALENDAR\r\n");
    std::fs::write(path, text).unwrap();
}

/// A directory of services, and so many attributes beside each.
fn services(path: &Path, services: usize, beside: usize) {
    use std::io::Write;
    let mut out = std::io::BufWriter::new(std::fs::File::create(path).unwrap());
    write!(out, "{{\"total_items\":{services},\"contents\":[").unwrap();
    for n in 0..services {
        let metadata: Vec<_> = (0..beside)
            .map(|k| json!({"id": format!("{n}-{k}"), "resource_type": "service", "last_action_type": "update", "field_name": "name"}))
            .collect();
        let service = json!({"id": format!("s{n}"), "name": format!("Service {n}"), "description": "Groceries for a week",
            "organization": {"id": "o", "name": "Harbor Aid"}, "phones": [{"id": "p", "number": "555-0100"}],
            "schedules": [{"id": "t", "freq": "WEEKLY", "byday": "TU,TH", "opens_at": "09:00", "closes_at": "13:00"}], "metadata": metadata});
        write!(out, "{}{service}", if n == 0 { "" } else { "," }).unwrap();
    }
    write!(out, "]}}").unwrap();
}

/// A row for each person, and so many columns beside that stand for nothing here.
fn people(path: &Path, people: usize, beside: usize) {
    let mut text = String::from("First name,Last name,DOB,Phone");
    (0..beside).for_each(|k| text.push_str(&format!(",Score {k}")));
    for n in 0..people {
        text.push_str(&format!("\nGiven{n},Family{n},1980-01-02,555-{n:04}"));
        (0..beside).for_each(|k| text.push_str(&format!(",{}", n * k)));
    }
    std::fs::write(path, text).unwrap();
}

fn measure(name: &str, path: &Path, parse: &dyn Fn()) {
    let file = path.with_file_name(format!("{}.db", path.file_name().unwrap().to_string_lossy()));
    let (mut store, _) = Store::create(&file, &Passphrase::new(PASSPHRASE), &demo::worker(), wall_clock()).unwrap();
    let mut change = caseload::model::Change::new("add client");
    let someone = store.new_id();
    change.create(&caseload::model::records::client::TYPE, someone, someone);
    store.commit(&change).unwrap();
    let begun = Instant::now();
    parse();
    let alone = begun.elapsed();
    let practice = Practice::standard();
    let options = Options {
        format: None,
        map: &[],
        moment: local_moment(None),
        client: Some(someone),
        store: &store,
        practice: &practice,
        going: &|_, _| std::ops::ControlFlow::Continue(()),
    };
    let begun = Instant::now();
    let reading: Reading = read(path, &options).unwrap();
    let ours = begun.elapsed();
    let rows = reading.drafts.len();
    let begun = Instant::now();
    store.import("bench", &reading.drafts, false, &mut |_, _| std::ops::ControlFlow::Continue(())).unwrap();
    let taking = begun.elapsed();
    drop((reading, store));
    let peak = peak_of_a_trial(&file, path, &someone.to_string());
    let size: u64 = if path.is_dir() {
        std::fs::read_dir(path).unwrap().map(|file| file.unwrap().metadata().unwrap().len()).sum()
    } else {
        path.metadata().unwrap().len()
    };
    let mb = |bytes: u64| format!("{:.1} MB", bytes as f64 / 1e6);
    let rate = |time: Duration| format!("{:.0}/s", rows as f64 / time.as_secs_f64());
    println!(
        "| {name} | {} | {rows} | {} ms, {} | {} ms | {:.1}x | {} | {peak:.0} MB |",
        mb(size),
        ours.as_millis(),
        rate(ours),
        alone.as_millis(),
        ours.as_secs_f64() / alone.as_secs_f64(),
        rate(taking)
    );
}

/// The peak memory of the program itself while it takes the file in on trial, in MB.
fn peak_of_a_trial(file: &Path, path: &Path, client: &str) -> f64 {
    let mut child = Command::new(env!("CARGO_BIN_EXE_caseload"))
        .args(["import", path.to_str().unwrap(), "--dry-run", "--client", client])
        .env("CASELOAD_FILE", file)
        .env("CASELOAD_PASSPHRASE_FILE", file.with_file_name("pass"))
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let mut peak = 0.0_f64;
    while child.try_wait().unwrap().is_none() {
        let status = std::fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kb: f64 = line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or(0.0);
        peak = peak.max(kb / 1024.0);
        std::thread::sleep(Duration::from_millis(5));
    }
    peak
}
