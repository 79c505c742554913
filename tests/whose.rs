//! Whose chart it is: every key is about the one client that the screen names, at every size; what is taken back, closed or
//! ticked off is the very thing that was shown.

use crate::common::Caseload;
use crate::common::terminal::{CTRL_S, ENTER, ESC, TAB, Terminal};

/// As the arrow does; it cannot be taken for an Esc and two letters.
const DOWN: &str = "j";
const ON: [&str; 2] = ["--today", "2026-11-24"];
const SIZES: [(u16, u16); 3] = [(60, 20), (80, 24), (120, 40)];

fn unlocked(caseload: &Caseload, (columns, rows): (u16, u16)) -> Terminal {
    let pass = caseload.pass();
    Terminal::start(caseload, columns, rows, &["--passphrase-file", pass.to_str().unwrap(), ON[0], ON[1]])
}

fn run(caseload: &Caseload, args: &[&str]) -> String {
    caseload.run(&[args, &ON].concat())
}

fn visit(caseload: &Caseload, client: &str, what: &str, starts: &str) {
    run(
        caseload,
        &["add", "appointment", &format!("client={client}"), &format!("title={what}"), &format!("starts={starts}")],
    );
}

/// Paula comes first in the list; Joy's visit is in the queue.
fn two() -> Caseload {
    let caseload = Caseload::new();
    caseload.client(&[
        "given_name=Paula",
        "family_name=Reyes",
        "intensity=intensive",
        "opened=2026-10-01",
        "crisis=locked out",
    ]);
    caseload.client(&[
        "given_name=Joy",
        "family_name=Okoro",
        "opened=2026-11-20",
        "safe_contact=text only, never call",
    ]);
    visit(&caseload, "Paula", "home visit", "2026-11-25 09:00");
    visit(&caseload, "Joy", "benefits interview", "2026-11-25 10:00");
    caseload
}

#[test]
fn in_the_queue_every_key_is_about_whose_appointment_is_chosen() {
    for size in SIZES {
        let caseload = two();
        let mut screen = unlocked(&caseload, size);
        screen.wait("Paula Reyes");
        screen.keys("4");
        screen.wait("> Pau");
        // Until something is chosen there, the keys are about whom the title names.
        screen.keys("n");
        screen.wait("Add note: Paula Reyes");
        screen.keys(ESC);
        screen.gone("Add note");
        screen.keys(DOWN);
        screen.wait("> Joy");
        screen.wait("SAFE CONTACT: text only, never call");
        screen.keys("l");
        screen.wait("Log contact: Joy Okoro");
        screen.keys(TAB);
        screen.keys(TAB);
        screen.keys("she has the papers");
        screen.keys(CTRL_S);
        screen.wait("Saved: log contact");
        screen.wait("Joy Okoro");
        // The same person in every pane, and how to reach her.
        screen.keys("3");
        screen.wait("3 Goals: Joy Okoro");
        screen.keys("2");
        screen.wait("2 Client: Joy Okoro");
        screen.wait("SAFE CONTACT: text only, never call");
        screen.keys(":");
        screen.wait("All commands, for Joy Okoro");
        screen.keys(ESC);
        screen.gone("All commands");
        screen.keys("q");
        assert!(screen.ends());
        assert_eq!(caseload.json(&["show", "Joy"])["notes"][0]["body"], "she has the papers");
        assert_eq!(caseload.json(&["show", "Paula"])["notes"].as_array().unwrap().len(), 0);
    }
}

/// What was marked leaves the queue: the line that takes its place is not taken for the same person's.
#[test]
fn after_an_appointment_is_marked_the_keys_stay_with_whose_it_was() {
    let caseload = two();
    run(&caseload, &["set", "Joy", "intensity=light"]);
    visit(&caseload, "Joy", "at the clinic", "2026-11-24 00:01");
    let mut screen = unlocked(&caseload, (80, 24));
    screen.wait("Paula Reyes");
    screen.keys("4");
    screen.wait("at the clinic");
    screen.keys(DOWN);
    screen.wait("> Joy Okoro");
    screen.keys("m");
    screen.wait("Joy Okoro: at the clinic");
    screen.keys("k");
    // The contact that the visit was is asked for at once, of the same person.
    screen.wait("Kept: at the clinic");
    screen.wait("Log contact: Joy Okoro");
    screen.keys(ESC);
    screen.gone("Log contact");
    screen.wait("> Joy Okoro");
    screen.keys("l");
    screen.wait("Log contact: Joy Okoro");
    screen.keys(ESC);
    screen.gone("Log contact");
    screen.keys("q");
    assert!(screen.ends());
}

/// Names that are the same, long, or written otherwise; two at the same minute; someone whose case is closed.
#[test]
fn whoever_it_is_the_screen_says_who() {
    let caseload = Caseload::new();
    let long = "Wolfeschlegelsteinhausenbergerdorff Maximiliana Constantina X";
    caseload.client(&["given_name=Ana", "family_name=Ruiz", "birth_date=1984-03-02"]);
    caseload.client(&["given_name=Ana", "family_name=Ruiz", "birth_date=1990-07-09"]);
    let names = [long, "محمد", "李小龍", "Cleo"];
    let ids: Vec<String> = names.iter().map(|name| caseload.client(&[&format!("given_name={name}")])).collect();
    for id in &ids {
        visit(&caseload, id, "home visit", "2026-11-25 09:00");
    }
    run(&caseload, &["set", &ids[3], "status=closed", "closing_reason=moved away"]);
    for size in SIZES {
        let mut screen = unlocked(&caseload, size);
        screen.wait("Ana Ruiz");
        screen.keys("/ruiz");
        screen.wait("match \"ruiz\"");
        screen.keys(ENTER);
        screen.keys("t");
        screen.wait("(born 2 Mar 1984)");
        screen.keys(ESC);
        screen.gone("Add task");
        screen.keys(DOWN);
        screen.keys("t");
        screen.wait("(born 9 Jul 1990)");
        screen.keys(ESC);
        screen.gone("Add task");
        // The filter hides all whose appointments these are: they can be worked with all the same.
        screen.keys("4");
        let mut seen = Vec::new();
        for _ in 0..4 {
            screen.keys(DOWN);
            screen.keys("t");
            screen.wait("Add task");
            let text = screen.text();
            let title = text.lines().find(|line| line.contains("Add task")).unwrap().to_string();
            seen.extend(["Wolfeschlegel", "محمد", "李小龍", "Cleo"].into_iter().filter(|name| {
                let narrow = title.replace(' ', "");
                narrow.contains(&name.replace(' ', ""))
            }));
            screen.keys(ESC);
            screen.gone("Add task");
        }
        seen.sort_unstable();
        seen.dedup();
        assert_eq!(seen.len(), 4, "{seen:?}");
        screen.keys("q");
        assert!(screen.ends());
    }
}

/// A day that ends, another program that writes, a filter that no longer fits: whoever is chosen stays chosen.
#[test]
fn what_moves_the_list_does_not_move_the_choice() {
    let caseload = two();
    caseload.client(&["given_name=Zed", "opened=2026-11-20"]);
    let mut screen = unlocked(&caseload, (80, 24));
    screen.wait("Paula Reyes");
    screen.keys("/joy");
    screen.wait("match \"joy\"");
    screen.keys(ENTER);
    screen.keys(ESC);
    screen.gone("match \"joy\"");
    // Someone else comes first now.
    run(&caseload, &["set", "Zed", "crisis=on the bridge"]);
    screen.keys("2");
    screen.wait("2 Client: Joy Okoro");
    screen.keys("1");
    screen.wait("2 IN CRISIS");
    screen.keys("/crisis");
    screen.wait("match \"crisis\"");
    screen.keys(ESC);
    screen.gone("match");
    screen.keys("q");
    assert!(screen.ends());
}

#[test]
fn a_run_that_goes_on_to_the_next_says_whose_it_was() {
    let caseload = two();
    run(&caseload, &["set", "Paula", "crisis="]);
    run(&caseload, &["add", "task", "client=Paula", "what=call the bank", "due=2026-11-24"]);
    run(&caseload, &["add", "task", "client=Joy", "what=call the court", "due=2026-11-24"]);
    for client in ["Paula", "Joy"] {
        run(&caseload, &["log", client, "kind=phone", "body=reached", "when=2026-11-24 00:01"]);
    }
    let mut screen = unlocked(&caseload, (80, 24));
    screen.keys(" ");
    screen.wait("today's run");
    screen.wait("WHY NOW");
    let first = if screen.text().contains("Client: Joy") {
        ("Joy Okoro", "call the court")
    } else {
        ("Paula Reyes", "call the bank")
    };
    screen.keys("d");
    screen.wait(&format!("Done: {}", first.1));
    let said = screen.text();
    assert!(said.lines().last().unwrap().contains(first.0), "{said}");
    screen.keys("q");
    assert!(screen.ends());
}

#[test]
fn the_key_beside_a_reason_acts_on_its_row() {
    for size in SIZES {
        let caseload = Caseload::new();
        caseload.client(&["given_name=Ana", "opened=2026-11-20"]);
        for what in ["call the bank", "shower chair", "ask the landlord"] {
            run(&caseload, &["add", "task", "client=Ana", &format!("what={what}"), "due=2026-11-24"]);
        }
        let mut screen = unlocked(&caseload, size);
        screen.wait("Ana");
        screen.keys("2");
        screen.wait("WHY NOW");
        screen.wait("shower chair");
        let order: Vec<String> =
            screen.text().lines().skip_while(|line| !line.contains("WHY NOW")).map(String::from).collect();
        let place = order.iter().position(|line| line.contains("shower chair")).unwrap() - 1;
        for _ in 0..place {
            screen.keys(DOWN);
        }
        screen.keys("d");
        screen.wait("Done: shower chair");
        let show = caseload.json(&["show", "Ana"]);
        let done: Vec<&str> = show["tasks"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|task| task["status"] == "done")
            .map(|task| task["what"].as_str().unwrap())
            .collect();
        assert_eq!(done, ["shower chair"]);
        screen.keys("q");
        assert!(screen.ends());
    }
}

#[test]
fn undo_says_whose_and_asks_before_it_touches_another_clients() {
    for size in [(80, 24), (120, 40)] {
        let caseload = two();
        let mut screen = unlocked(&caseload, size);
        screen.wait("Paula Reyes");
        screen.keys("t");
        screen.wait("Add task: Paula Reyes");
        screen.keys("call the bank");
        screen.keys(CTRL_S);
        screen.wait("Saved: add task");
        // Of the one at hand: at once.
        screen.keys("u");
        screen.wait("Undone: add task");
        screen.keys("U");
        screen.wait("Done again: add task");
        // Of another: it asks, and No changes nothing.
        screen.keys("4");
        screen.wait("> Pau");
        screen.keys(DOWN);
        screen.wait("> Joy");
        screen.keys("u");
        screen.wait("Paula Reyes: Undo \"add task\"?");
        screen.wait("call the bank");
        screen.wait("You are at Joy Okoro now.");
        screen.keys("n");
        screen.gone("Undo \"add task\"");
        assert_eq!(caseload.json(&["show", "Paula"])["tasks"].as_array().unwrap().len(), 1);
        screen.keys("u");
        screen.wait("Paula Reyes: Undo \"add task\"?");
        screen.keys("y");
        screen.wait("Undone: add task");
        screen.wait("> Pau");
        assert_eq!(caseload.json(&["show", "Paula"])["tasks"].as_array().unwrap().len(), 0);
        screen.keys(DOWN);
        screen.wait("> Joy");
        screen.keys("U");
        screen.wait("Paula Reyes: Do again \"add task\"?");
        screen.keys("y");
        screen.wait("Done again: add task");
        screen.wait("> Pau");
        // The list of what was done, with whose it was.
        screen.keys(":undo history");
        screen.keys(ENTER);
        screen.wait("What was done here");
        screen.wait("add task: call the bank");
        screen.wait("can be undone");
        screen.keys(ESC);
        screen.gone("What was done here");
        screen.keys("q");
        assert!(screen.ends());
        // Another session's is asked about too.
        let mut screen = unlocked(&caseload, size);
        screen.wait("Paula Reyes");
        screen.keys("u");
        screen.wait("before this session");
        screen.keys(ESC);
        screen.gone("before this session");
        screen.keys("q");
        assert!(screen.ends());
        let list = caseload.run(&["undo", "--list"]);
        assert!(list.contains("add task (call the bank), Paula Reyes"), "{list}");
    }
}

#[test]
fn closing_someone_in_crisis_goes_through_what_is_open() {
    for size in SIZES {
        let caseload = Caseload::new();
        caseload.client(&["given_name=Joy", "family_name=Okoro", "opened=2026-11-20"]);
        run(&caseload, &["add", "incident", "client=Joy", "kind=suicide"]);
        run(&caseload, &["add", "task", "client=Joy", "what=call the bank", "due=2026-11-30"]);
        visit(&caseload, "Joy", "home visit", "2026-11-26 09:00");
        let mut screen = unlocked(&caseload, size);
        screen.wait("Joy Okoro");
        screen.keys(":close client");
        screen.wait("Close this client");
        screen.keys(ENTER);
        screen.wait("Close Joy Okoro?");
        screen.wait("are open");
        screen.wait("call the bank");
        // The visit is called off, the task handed on.
        let at = |screen: &Terminal, what: &str| {
            let text = screen.text();
            let list: Vec<&str> = text.lines().skip_while(|line| !line.contains("Close Joy")).skip(1).collect();
            list.iter().position(|line| line.contains(what)).unwrap()
        };
        for _ in 0..at(&screen, "home visit") {
            screen.keys(DOWN);
        }
        screen.keys("x");
        screen.wait("Cancelled: home visit");
        screen.keys("kkkkkkkk");
        for _ in 0..at(&screen, "call the bank") {
            screen.keys(DOWN);
        }
        screen.keys("h");
        screen.wait("Who takes this over");
        screen.keys("Sam Lee");
        screen.keys(ENTER);
        screen.wait("Handed on to Sam Lee");
        // Without a reason nothing is closed.
        screen.keys("c");
        screen.wait("Why is the case closed all the same?");
        screen.keys(ENTER);
        screen.wait("Nothing was typed");
        screen.keys("moved to her sister in Ohio");
        screen.keys(ENTER);
        screen.wait("Close client: Joy Okoro");
        screen.keys(CTRL_S);
        screen.wait("Saved: close client");
        screen.keys("q");
        assert!(screen.ends());
        let show = caseload.json(&["show", "Joy"]);
        assert_eq!(show["client"]["status"], "closed");
        assert_eq!(show["client"]["closing_reason"], "moved to her sister in Ohio");
        let summary = show["client"]["closing_summary"].as_str().unwrap();
        assert!(summary.contains("Handed on to Sam Lee: call the bank"), "{summary}");
        assert!(summary.contains("Open at closing"), "{summary}");
        assert_eq!(show["appointments"][0]["status"], "cancelled");
        // The crisis is as open as it was.
        assert!(show["incidents"][0]["resolved"].is_null());
    }
}

#[test]
fn the_form_of_a_client_does_not_close_past_what_is_open() {
    let caseload = Caseload::new();
    caseload.client(&["given_name=Joy", "family_name=Okoro", "opened=2026-11-20", "crisis=on the bridge"]);
    let mut screen = unlocked(&caseload, (80, 24));
    screen.wait("Joy Okoro");
    screen.keys("E");
    screen.wait("Edit client: Joy Okoro");
    for _ in 0..40 {
        if screen.text().lines().any(|line| line.contains(">") && line.contains("Status")) {
            break;
        }
        screen.keys(TAB);
        std::thread::sleep(std::time::Duration::from_millis(30));
    }
    screen.keys("cl");
    screen.wait("< Closed >");
    screen.keys(CTRL_S);
    screen.wait("Close Joy Okoro? 1 thing is open");
    screen.wait("in crisis: on the bridge");
    screen.keys(ESC);
    // The form is there again as it was left, and nothing was closed.
    screen.wait("Edit client: Joy Okoro");
    assert_eq!(caseload.json(&["show", "Joy"])["client"]["status"], "active");
    screen.keys(ESC);
    screen.wait("Leave without saving?");
    screen.keys("d");
    screen.gone("Edit client");
    screen.keys("q");
    assert!(screen.ends());
}
