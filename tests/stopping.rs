//! The program can always be stopped: by Esc and Ctrl-C within a second, by TERM and HUP the first time, whatever it is doing;
//! and the terminal is as it was.
#![cfg(unix)]

use std::io::Write;
use std::net::TcpListener;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::common::terminal::{ENTER, ESC, Terminal};
use crate::common::{Caseload, PASSPHRASE};

/// So long anything may take that is told to stop.
const SOON: Duration = Duration::from_millis(1_000);
/// And so long this test's own machine may take to see it.
const SEEN: Duration = Duration::from_millis(700);

fn caseload() -> Caseload {
    let caseload = Caseload::new();
    caseload.client(&["given_name=Ana", "opened=2026-11-20"]);
    caseload
}

/// An object store that takes calls and says nothing.
fn silent_server() -> String {
    let server = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", server.local_addr().unwrap());
    std::thread::spawn(move || {
        let held: Vec<_> = server.incoming().collect();
        drop(held);
    });
    address
}

fn keys(server: &str) -> Vec<(&'static str, String)> {
    vec![
        ("AWS_ENDPOINT", server.into()),
        ("AWS_ALLOW_HTTP", "true".into()),
        ("AWS_ACCESS_KEY_ID", "key".into()),
        ("AWS_SECRET_ACCESS_KEY", "secret".into()),
        ("AWS_REGION", "us-east-1".into()),
    ]
}

/// The program under a shell, as people start it: what the terminal was like before and after stands in two files, and the
/// program's own number in a third.
fn under_a_shell(caseload: &Caseload, env: &[(&str, String)], args: &[&str]) -> Terminal {
    let mut command = portable_pty::CommandBuilder::new("sh");
    let set: String = env.iter().map(|(name, value)| format!("export {name}='{value}'; ")).collect();
    let script = format!(
        "{set} stty -g > \"$HOME/before\"; sh -c 'echo $$ > \"$HOME/pid\"; exec \"$0\" \"$@\"' \"$0\" \"$@\"; \
         echo $? > \"$HOME/status\"; sleep 0.2; stty -g > \"$HOME/after\""
    );
    command.args(["-c", &script]);
    command.arg(crate::common::program());
    command.args(caseload.on(args));
    Terminal::spawn(caseload, 100, 30, command)
}

fn at_the_screen(caseload: &Caseload, env: &[(&str, String)]) -> Terminal {
    let screen = under_a_shell(caseload, env, &["--passphrase-file", caseload.pass().to_str().unwrap()]);
    screen.wait("Ana");
    screen
}

fn signal(caseload: &Caseload, name: &str) {
    let id = std::fs::read_to_string(caseload.folder.path().join("pid")).unwrap();
    assert!(Command::new("kill").args([name, id.trim()]).status().unwrap().success());
}

/// It ends soon, and the terminal is as it was before.
#[track_caller]
fn ends_soon(caseload: &Caseload, screen: &mut Terminal, what: &str) {
    let since = Instant::now();
    screen.ends();
    assert!(since.elapsed() < SOON + SEEN, "{what}: {:?}", since.elapsed());
    assert!(!screen.taken(), "{what}");
    let modes = |name: &str| std::fs::read_to_string(caseload.folder.path().join(name)).unwrap();
    assert!(!modes("before").is_empty());
    assert_eq!(modes("before"), modes("after"), "{what}");
}

/// The screen says something within a second.
#[track_caller]
fn says_soon(screen: &Terminal, wanted: &str, what: &str) {
    let since = Instant::now();
    screen.wait(wanted);
    assert!(since.elapsed() < SOON + SEEN, "{what}: {:?}", since.elapsed());
}

fn sync_with(screen: &mut Terminal, place: &str) {
    screen.keys("S");
    screen.wait("Sync through a place");
    screen.keys(place);
    screen.keys(ENTER);
    screen.wait("Syncing");
    // Until it waits for the server.
    std::thread::sleep(Duration::from_millis(1_500));
    screen.wait("Syncing");
}

#[test]
fn esc_and_ctrl_c_end_a_sync_with_a_silent_server_within_a_second() {
    let caseload = caseload();
    let mut screen = at_the_screen(&caseload, &keys(&silent_server()));
    for key in [ESC, "\x03"] {
        sync_with(&mut screen, "s3://bucket/place");
        screen.keys(key);
        says_soon(&screen, "Stopped.", key);
        screen.gone("Syncing");
        // The desk takes keys again.
        screen.keys("?");
        screen.wait("In the four panes");
        screen.keys(ESC);
    }
    screen.keys("q");
    assert!(screen.ends());
}

#[test]
fn term_and_hup_end_the_screen_the_first_time_whatever_it_is_doing() {
    let caseload = caseload();
    let editor = caseload.folder.path().join("editor.sh");
    std::fs::write(&editor, "#!/bin/sh\nstty -echo\necho 'EDITING NOW'\nexec sleep 60\n").unwrap();
    std::fs::set_permissions(&editor, std::os::unix::fs::PermissionsExt::from_mode(0o700)).unwrap();
    let mut env = keys(&silent_server());
    env.push(("EDITOR", editor.to_str().unwrap().into()));
    for name in ["-TERM", "-HUP"] {
        for state in ["gate", "desk", "form", "filter", "syncing", "editor", "stopped"] {
            let what = format!("{name} at the {state}");
            let mut screen = if state == "gate" {
                let screen = under_a_shell(&caseload, &env, &[]);
                screen.wait("Passphrase:");
                screen
            } else {
                at_the_screen(&caseload, &env)
            };
            match state {
                "form" | "editor" => {
                    screen.keys("n");
                    screen.wait("Add note");
                    screen.keys(&format!("Words before {}", &name[1..]));
                    screen.wait("Words before");
                    if state == "editor" {
                        screen.keys("\x05");
                        screen.wait("leaves the encrypted file");
                        screen.keys(ENTER);
                        screen.wait("EDITING NOW");
                    }
                }
                "filter" => screen.keys("/an"),
                "syncing" => sync_with(&mut screen, "s3://bucket/place"),
                "stopped" => {
                    signal(&caseload, "-STOP");
                    std::thread::sleep(Duration::from_millis(50));
                }
                _ => {}
            }
            signal(&caseload, name);
            if state == "stopped" {
                signal(&caseload, "-CONT");
            }
            ends_soon(&caseload, &mut screen, &what);
            if state == "form" || state == "editor" {
                let mut screen = at_the_screen(&caseload, &env);
                screen.wait(&format!("Words before {}", &name[1..]));
                screen.keys(ESC);
                screen.wait("Leave without saving?");
                screen.keys("d");
                screen.keys("q");
                assert!(screen.ends());
            }
        }
    }
}

/// A command that runs, with its input held open.
fn running(caseload: &Caseload, env: &[(&'static str, String)], args: &[&str]) -> std::process::Child {
    let mut command = caseload.command();
    command.args(args).envs(env.iter().cloned());
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

#[track_caller]
fn stops_soon(mut child: std::process::Child, name: &str, what: &str) {
    assert!(child.try_wait().unwrap().is_none(), "{what}: it is over before it was told");
    assert!(Command::new("kill").args([name, &child.id().to_string()]).status().unwrap().success());
    let since = Instant::now();
    while child.try_wait().unwrap().is_none() {
        assert!(since.elapsed() < SOON + SEEN, "{what} {name}: it goes on");
        std::thread::sleep(Duration::from_millis(5));
    }
    let output = child.wait_with_output().unwrap();
    assert!(!output.status.success(), "{what} {name}");
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.to_lowercase().contains("stopped"), "{what} {name}: {said:?}");
}

#[test]
fn a_command_that_waits_for_a_server_or_a_pipe_ends_the_first_time() {
    let caseload = caseload();
    let env = keys(&silent_server());
    for name in ["-INT", "-TERM", "-HUP"] {
        let child = running(&caseload, &env, &["sync", "s3://bucket/place"]);
        std::thread::sleep(Duration::from_millis(1_500));
        stops_soon(child, name, "sync");
        // Half a table that comes through a pipe, and no more of it.
        let mut child = running(&caseload, &[], &["import", "/dev/stdin", "--format", "sheet"]);
        let mut pipe = child.stdin.take().unwrap();
        pipe.write_all(b"Given name,Family name\nBea,Long\n").unwrap();
        std::thread::sleep(Duration::from_millis(1_000));
        if child.try_wait().unwrap().is_none() {
            stops_soon(child, name, "import");
        }
    }
    assert_eq!(caseload.json(&["list"]).as_array().unwrap().len(), 1);
    assert!(caseload.json(&["check"])["ok"].as_bool().unwrap());
}

#[test]
fn whoever_is_asked_for_a_passphrase_and_ends_it_sees_again_what_is_typed() {
    let caseload = caseload();
    for name in ["-INT", "-TERM", "-HUP"] {
        let mut screen = under_a_shell(&caseload, &[], &["list"]);
        screen.wait("Passphrase:");
        signal(&caseload, name);
        ends_soon(&caseload, &mut screen, name);
    }
    let mut screen = under_a_shell(&caseload, &[], &["list"]);
    screen.wait("Passphrase:");
    screen.keys(&format!("{PASSPHRASE}\n"));
    screen.wait("Ana");
    ends_soon(&caseload, &mut screen, "answered");
}

/// A workbook that takes seconds to read, for it is read in one go.
fn workbook(caseload: &Caseload) -> String {
    let path = caseload.folder.path().join("people.xlsx");
    let mut book = rust_xlsxwriter::Workbook::new();
    let sheet = book.add_worksheet();
    for (column, name) in ["Given name", "Family name", "Phone"].iter().enumerate() {
        sheet.write(0, column as u16, *name).unwrap();
    }
    for row in 1..120_000u32 {
        sheet.write(row, 0, format!("Person{row}")).unwrap();
        sheet.write(row, 1, "Long").unwrap();
        for column in 2..8 {
            sheet.write(row, column, f64::from(row)).unwrap();
        }
    }
    book.save(&path).unwrap();
    path.to_str().unwrap().to_string()
}

#[test]
fn esc_and_signals_end_the_reading_of_a_workbook() {
    let caseload = caseload();
    let book = workbook(&caseload);
    let mut screen = at_the_screen(&caseload, &[]);
    for key in [ESC, "\x03"] {
        screen.keys(":import");
        screen.wait("HMIS");
        screen.keys(ENTER);
        screen.wait("Type or paste its path");
        screen.keys(&book);
        screen.keys(ENTER);
        screen.wait("Importing");
        std::thread::sleep(Duration::from_millis(400));
        screen.wait("Importing");
        screen.keys(key);
        let since = Instant::now();
        screen.gone("Importing");
        assert!(since.elapsed() < SOON + SEEN, "{:?}", since.elapsed());
        screen.wait("topped");
        screen.keys(ESC);
    }
    signal(&caseload, "-TERM");
    ends_soon(&caseload, &mut screen, "afterwards");
    for name in ["-INT", "-TERM"] {
        let child = running(&caseload, &[], &["import", &book]);
        std::thread::sleep(Duration::from_millis(700));
        stops_soon(child, name, "workbook");
    }
    assert_eq!(caseload.json(&["list"]).as_array().unwrap().len(), 1, "nothing of it was taken in");
}

#[test]
fn whatever_ends_the_screen_without_a_word_the_terminal_is_given_back() {
    let caseload = caseload();
    for name in ["-ABRT", "-KILL"] {
        let mut screen = at_the_screen(&caseload, &[]);
        screen.keys("n");
        screen.wait("Add note");
        signal(&caseload, name);
        ends_soon(&caseload, &mut screen, name);
        let raw = String::from_utf8_lossy(&screen.raw.lock().unwrap()).into_owned();
        assert!(raw.contains("\x1b[?1049l\x1b[?25h"), "{name}: the cursor is shown again");
    }
    // Nobody is left who waits.
    std::thread::sleep(Duration::from_millis(300));
    let own = caseload.folder.path().to_str().unwrap().as_bytes().to_vec();
    let left = std::fs::read_dir("/proc").into_iter().flatten().flatten().filter(|process| {
        let environ = std::fs::read(process.path().join("environ")).unwrap_or_default();
        environ.windows(own.len()).any(|part| part == own)
    });
    assert_eq!(left.count(), 0);
}
