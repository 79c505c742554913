//! Which machine this is, by what its system was given when it was set up: a caseload that is copied to another machine goes
//! on as another installation, and two that write as one would fork.

use std::path::Path;
use std::sync::OnceLock;

/// A system, by where it keeps its identity.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum System {
    Mac,
    Windows,
    Other,
}

const HERE: System = if cfg!(target_os = "macos") {
    System::Mac
} else if cfg!(windows) {
    System::Windows
} else {
    System::Other
};

/// What can be asked of a system: files, programs of its own, and what stands in the environment.
struct Ask<'a> {
    file: &'a dyn Fn(&str) -> Option<String>,
    program: &'a dyn Fn(&str, &[&str]) -> Option<String>,
    variable: &'a dyn Fn(&str) -> Option<String>,
}

impl System {
    fn identity(self, ask: &Ask<'_>) -> Option<String> {
        match self {
            System::Mac => {
                let said = (ask.program)("/usr/sbin/ioreg", &["-rd1", "-c", "IOPlatformExpertDevice"])?;
                let line = said.lines().find(|line| line.contains("\"IOPlatformUUID\""))?;
                line.split('"').nth(3).map(String::from)
            }
            System::Windows => {
                let root = (ask.variable)("SystemRoot").unwrap_or_else(|| "C:\\Windows".into());
                let key = "HKLM\\SOFTWARE\\Microsoft\\Cryptography";
                let reg = format!("{root}\\System32\\reg.exe");
                let said = (ask.program)(&reg, &["query", key, "/v", "MachineGuid", "/reg:64"])?;
                let line = said.lines().find(|line| line.contains("MachineGuid"))?;
                line.split_whitespace().nth(2).map(String::from)
            }
            System::Other => before(ask),
        }
    }
}

/// What earlier versions went by everywhere: nothing on a Mac, a name that its owner can change on Windows.
fn before(ask: &Ask<'_>) -> Option<String> {
    let files = ["/etc/machine-id", "/var/lib/dbus/machine-id"];
    let found = files.iter().find_map(|file| (ask.file)(file).filter(|id| !id.trim().is_empty()));
    found.or_else(|| (ask.variable)("COMPUTERNAME"))
}

fn on(system: System, ask: &Ask<'_>) -> (String, String) {
    let before = before(ask).unwrap_or_default().trim().to_string();
    let own = system.identity(ask).map(|id| id.trim().to_string()).filter(|id| !id.is_empty());
    (own.unwrap_or_else(|| before.clone()), before)
}

fn here() -> &'static (String, String) {
    static HERE_IS: OnceLock<(String, String)> = OnceLock::new();
    HERE_IS.get_or_init(|| {
        let program = |program: &str, words: &[&str]| {
            let mut command = std::process::Command::new(program);
            let said = command.args(words).stdin(std::process::Stdio::null()).output().ok()?;
            said.status.success().then(|| String::from_utf8_lossy(&said.stdout).into_owned())
        };
        on(
            HERE,
            &Ask {
                file: &|file| std::fs::read_to_string(file).ok(),
                program: &program,
                variable: &|name| std::env::var(name).ok(),
            },
        )
    })
}

/// Which machine this is and where the file stands on it, as a hash that tells nothing else.
pub(super) fn machine(path: Option<&Path>) -> [u8; 32] {
    hashed(&here().0, path)
}

/// The same as earlier versions made it.
pub(super) fn machine_before(path: Option<&Path>) -> [u8; 32] {
    hashed(&here().1, path)
}

fn hashed(id: &str, path: Option<&Path>) -> [u8; 32] {
    // Where no file stands yet, by the folder that it will stand in.
    let place = path.map(|path| {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let there = || Some(folder.canonicalize().ok()?.join(path.file_name()?));
        path.canonicalize().ok().or_else(there).unwrap_or_else(|| path.to_path_buf())
    });
    let place = place.map_or(String::new(), |place| place.to_string_lossy().into_owned());
    blake3::derive_key("caseload machine 1", format!("{id}\0{place}").as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a system answers to a question, by its first word.
    fn asked(system: System, answers: &'static [(&'static str, &'static str)]) -> (String, String) {
        let answer = |name: &str| answers.iter().find(|(known, _)| *known == name).map(|(_, said)| (*said).to_string());
        on(system, &Ask { file: &answer, program: &|program, _| answer(program), variable: &answer })
    }

    const MAC: &str = "+-o J314sAP  <class IOPlatformExpertDevice>\n    {\n      \"IOPlatformSerialNumber\" = \"C02XX\"\n      \
                       \"IOPlatformUUID\" = \"8C5E4F1A-0D7B-5C3E-9A51-2F6B7C8D9E0F\"\n    }\n";
    const REG: &str = "\r\nHKEY_LOCAL_MACHINE\\SOFTWARE\\Microsoft\\Cryptography\r\n    MachineGuid    REG_SZ    \
                       5a2c1f0e-77aa-4b11-8e0d-0123456789ab\r\n\r\n";

    #[test]
    fn every_system_is_known_by_its_own_identity() {
        let mac = asked(System::Mac, &[("/usr/sbin/ioreg", MAC)]);
        assert_eq!(mac, ("8C5E4F1A-0D7B-5C3E-9A51-2F6B7C8D9E0F".into(), String::new()));
        let answers = &[("D:\\Win\\System32\\reg.exe", REG), ("SystemRoot", "D:\\Win"), ("COMPUTERNAME", "DESK-7")];
        let windows = asked(System::Windows, answers);
        assert_eq!(windows, ("5a2c1f0e-77aa-4b11-8e0d-0123456789ab".into(), "DESK-7".into()));
        let linux = asked(System::Other, &[("/etc/machine-id", " \n"), ("/var/lib/dbus/machine-id", "abc\n")]);
        assert_eq!(linux, ("abc".into(), "abc".into()));
        // Where the system cannot be asked, it is as it was before.
        let mute = asked(System::Windows, &[("COMPUTERNAME", "DESK-7")]);
        assert_eq!(mute, ("DESK-7".into(), "DESK-7".into()));
        assert_eq!(asked(System::Mac, &[("/usr/sbin/ioreg", "{}")]), (String::new(), String::new()));
    }

    /// A Mac's caseload of an earlier version, which took every Mac for the same: it stays the installation it is, and only its
    /// copy on another Mac becomes another.
    #[test]
    fn a_machine_that_gets_its_own_name_stays_the_same_installation() {
        use super::super::{Store, Worker, sites, wall_clock};
        let rosa = Worker { name: "Rosa".into(), ..Worker::unnamed(crate::model::RowId::derived(&["rosa"])) };
        let store = Store::in_memory(&rosa, wall_clock()).unwrap();
        let (mac, other, before) = ([1; 32], [2; 32], [3; 32]);
        store.db.execute("UPDATE own_site SET machine = ?1", [before.as_slice()]).unwrap();
        sites::known_before(&store.db, &mac, &before).unwrap();
        assert_eq!(sites::Keys::of(&store.db, &mac, true).unwrap().id(), store.site());
        sites::known_before(&store.db, &other, &before).unwrap();
        assert_ne!(sites::Keys::of(&store.db, &other, true).unwrap().id(), store.site());
        assert_eq!(sites::Keys::of(&store.db, &mac, true).unwrap().id(), store.site());
    }

    #[test]
    fn the_place_of_the_file_is_a_part_of_it() {
        let (one, other) = (Path::new("/a/one.db"), Path::new("/a/other.db"));
        assert_ne!(hashed("x", Some(one)), hashed("x", Some(other)));
        assert_ne!(hashed("x", Some(one)), hashed("y", Some(one)));
    }
}
