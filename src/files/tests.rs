//! Hostile names at the door: each of these hung, wrote elsewhere or took something away before.

use std::io::Write;
use std::path::PathBuf;

use super::*;

fn names(folder: &Path) -> Vec<String> {
    let mut all: Vec<String> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    all.sort();
    all
}

fn quiet(_: &Path) -> io::Result<()> {
    Ok(())
}

#[cfg(unix)]
fn mode(path: &Path) -> u32 {
    std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(path).unwrap().permissions()) & 0o7777
}

#[cfg(unix)]
fn pipe(path: &Path) {
    let made = std::process::Command::new("mkfifo").arg(path).status().unwrap();
    assert!(made.success());
}

#[cfg(unix)]
#[test]
fn nobody_waits_for_a_pipe_and_a_device_has_no_end_to_be_read_to() {
    let folder = tempfile::tempdir().unwrap();
    let fifo = folder.path().join("fifo");
    pipe(&fifo);
    let place = Folder::open(folder.path()).unwrap();
    for path in [&fifo, Path::new("/dev/zero")] {
        assert_eq!(open(path).unwrap_err().kind(), io::ErrorKind::InvalidInput);
        assert_eq!(small(path, 10).unwrap_err().kind(), io::ErrorKind::InvalidInput);
    }
    assert_eq!(place.file(OsStr::new("fifo")).unwrap_err().kind(), io::ErrorKind::NotFound);
    assert_eq!(place.look(OsStr::new("fifo")).unwrap(), Some(Found::Other));
    assert_eq!(handed(Path::new("/dev/zero"), 1 << 16).unwrap_err().kind(), io::ErrorKind::InvalidData);
    assert_eq!(handed(&fifo, 10).unwrap_err().kind(), io::ErrorKind::TimedOut);
    // What somebody does write into one is taken, however late it comes.
    let late = fifo.clone();
    let writer = std::thread::spawn(move || {
        let mut out = OpenOptions::new().write(true).open(late).unwrap();
        std::thread::sleep(Duration::from_millis(200));
        out.write_all(b"otter lamp\n").unwrap();
    });
    assert_eq!(handed(&fifo, 100).unwrap(), b"otter lamp\n");
    writer.join().unwrap();
}

#[cfg(unix)]
#[test]
fn in_a_place_no_link_is_followed() {
    use std::os::unix::fs::symlink;
    let folder = tempfile::tempdir().unwrap();
    let (theirs, mine) = (folder.path().join("theirs"), folder.path().join("mine"));
    std::fs::create_dir(&theirs).unwrap();
    std::fs::create_dir(&mine).unwrap();
    std::fs::write(mine.join("caseload.db"), "mine").unwrap();
    symlink(mine.join("caseload.db"), theirs.join("card")).unwrap();
    symlink(&mine, theirs.join("site")).unwrap();
    let place = Folder::open(&theirs).unwrap();
    assert_eq!(place.file(OsStr::new("card")).unwrap_err().kind(), io::ErrorKind::NotFound);
    assert_eq!(place.inside(OsStr::new("site")).err().unwrap().kind(), io::ErrorKind::NotADirectory);
    assert_eq!(place.make(OsStr::new("site")).err().unwrap().kind(), io::ErrorKind::NotADirectory);
    // Nor is one written through, or over.
    assert_eq!(NewFile::begin(&theirs.join("card"), &mut quiet).err().unwrap().kind(), io::ErrorKind::AlreadyExists);
    std::fs::remove_file(theirs.join("card")).unwrap();
    let mut new = NewFile::begin(&theirs.join("card"), &mut quiet).unwrap();
    new.write_all(b"new").unwrap();
    symlink(mine.join("caseload.db"), theirs.join("card")).unwrap();
    assert!(!new.settle().unwrap(), "the name was taken meanwhile");
    assert_eq!(std::fs::read(mine.join("caseload.db")).unwrap(), b"mine");
    assert_eq!(names(&mine), ["caseload.db"]);
    assert_eq!(names(&theirs), ["card", "site"]);
}

#[cfg(unix)]
#[test]
fn what_is_written_is_its_owners_alone_and_appears_whole_or_not_at_all() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("list.csv");
    let mut new = NewFile::begin(&path, &mut quiet).unwrap();
    new.write_all(b"Ana").unwrap();
    assert!(!path.exists());
    assert!(new.settle().unwrap());
    assert_eq!((std::fs::read(&path).unwrap(), mode(&path)), (b"Ana".to_vec(), 0o600));
    assert_eq!(names(folder.path()), ["list.csv"]);
    assert_eq!(NewFile::begin(&path, &mut quiet).err().unwrap().kind(), io::ErrorKind::AlreadyExists);

    let path = folder.path().join("hmis");
    let mut new = NewFolder::begin(&path, &mut quiet).unwrap();
    new.add("Client.csv", b"Ana").unwrap();
    new.add("Exit.csv", b"").unwrap();
    assert!(!path.exists());
    assert!(new.settle().unwrap());
    assert_eq!(names(&path), ["Client.csv", "Exit.csv"]);
    assert_eq!((mode(&path), mode(&path.join("Client.csv"))), (0o700, 0o600));
    // What is dropped before is gone.
    let other = folder.path().join("other");
    let mut new = NewFolder::begin(&other, &mut quiet).unwrap();
    new.add("Client.csv", b"Ana").unwrap();
    drop(new);
    // And where the name was taken meanwhile, what took it stays.
    let mut new = NewFolder::begin(&other, &mut quiet).unwrap();
    new.add("Client.csv", b"Ana").unwrap();
    std::fs::create_dir(&other).unwrap();
    assert!(!new.settle().unwrap());
    assert_eq!(names(&other), [""; 0]);
    assert_eq!(names(folder.path()), ["hmis", "list.csv", "other"]);
}

#[test]
fn where_every_file_has_a_name_it_is_noted_first_and_a_dead_ones_draft_is_swept() {
    let folder = tempfile::tempdir().unwrap();
    let mut noted: Vec<PathBuf> = Vec::new();
    let mut note = |path: &Path| {
        assert!(noted.contains(&path.to_path_buf()) || !path.exists(), "before there is anything");
        noted.push(path.to_path_buf());
        Ok(())
    };
    let place = Folder::open(folder.path()).unwrap();
    let mut file = new::NewFile::begin_named(place, OsStr::new("list.csv"), &mut note).unwrap();
    file.write_all(b"Ana").unwrap();
    let mut tables = NewFolder::begin(&folder.path().join("hmis"), &mut note).unwrap();
    tables.add("Client.csv", b"Ana").unwrap();
    noted.dedup();
    assert_eq!(noted.len(), 2);
    // Somebody is at them.
    assert!(noted.iter().all(|draft| !sweep(draft) && draft.exists()));
    // As a program that was killed leaves them.
    file.into_killed();
    tables.into_killed();
    assert!(noted.iter().all(|draft| draft.exists()));
    assert!(noted.iter().all(|draft| sweep(draft) && !draft.exists()));
    assert!(noted.iter().all(|draft| sweep(draft)), "and then it is forgotten");
    // What bears no such name is not ours, whatever was noted; and a stick that is not there is waited for.
    let mine = folder.path().join("mine.part");
    std::fs::write(&mine, "mine").unwrap();
    assert!(sweep(&mine) && mine.exists());
    assert!(!sweep(&folder.path().join("stick").join(noted[0].file_name().unwrap())));
    assert_eq!(names(folder.path()), ["mine.part"]);
}
