//! The screen of the hard day: what a worker sees at 08:30 on 1 December 2026, with twenty people in the order that a
//! supervisor would sign.

use super::*;

#[path = "../../../tests/common/day.rs"]
mod day;

fn desk() -> Desk {
    let mut store = day::store();
    let rules = day::enter(&mut store, str::to_string, false);
    Desk::new(store, rules, Keys::standard(), std::sync::Arc::new(|| day::moment(day::MORNING)), false).unwrap()
}

#[test]
fn the_hard_day_as_it_is_drawn() {
    let mut desk = desk();
    let seen = seen(&mut desk, 120, 40);
    for said in ["12 now, 6 today", "1 put off", "Desk work: 2 notes to sign, 1 plan missing"] {
        assert!(seen.contains(said), "{said}: {seen}");
    }
    insta::assert_snapshot!("hard_day_120x40", seen);
}

/// What is the worker's own is told whole at every size, line by line.
#[test]
fn desk_work_is_cut_nowhere_in_a_phrase() {
    for (columns, rows) in [(80, 24), (120, 40)] {
        for mut desk in [desk(), demo_desk(47)] {
            let closed = seen(&mut desk, columns, rows);
            let line = closed.lines().find(|line| line.contains("Desk work: ")).unwrap();
            let pane = line.split(['│', '┃']).find(|part| part.contains("Desk work: ")).unwrap();
            assert!(!pane.contains('…'), "{columns}x{rows}: {pane}");
            desk.desk_work_menu();
            let open = seen(&mut desk, columns, rows);
            let inside: Vec<&str> = open.lines().filter(|line| line.matches('║').count() == 2).collect();
            assert!(inside.len() > 2, "{open}");
            for line in inside {
                let line = line.split('║').nth(1).unwrap();
                // What gives way to a narrow screen is a whole phrase, and marked.
                assert!(!line.replace(" … ", "").contains('…'), "{columns}x{rows}: {line}");
            }
            assert!(open.lines().last().unwrap().contains("Enter go  Esc close"), "{open}");
            desk.overlay = None;
            desk.go_to(Pane::Appointments).unwrap();
            let title = seen(&mut desk, columns, rows);
            let title = title.lines().find(|line| line.contains("4 Appointments")).unwrap();
            assert!(title.contains("ahead ") && !title.contains("ahead…"), "{title}");
        }
    }
}
