//! Places that bundles travel through: an object store, and a folder in which a sync is killed at any moment.

mod common;

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use common::Caseload;
use serde_json::Value as Json;

fn laptop(name: &str) -> Caseload {
    let caseload = Caseload::none();
    caseload.run(&["init", "--worker", name, "--area", "social-work"]);
    caseload
}

/// Each accepts the others' cards.
fn acquaint(laptops: &[&Caseload]) {
    for from in laptops {
        let card = from.json(&["site", "card"]);
        for to in laptops.iter().filter(|to| !std::ptr::eq(**to, *from)) {
            to.run(&["site", "accept", card["card"].as_str().unwrap()]);
        }
    }
}

fn names(caseload: &Caseload) -> Vec<String> {
    let list = caseload.json(&["list", "--all"]);
    let mut names: Vec<String> =
        list.as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap().into()).collect();
    names.sort();
    names
}

/// An S3-compatible server of our own in this process, with one bucket; gives its address. It ends with the test.
fn object_store(files: &Path) -> String {
    use hyper_util::rt::{TokioExecutor, TokioIo};
    use hyper_util::server::conn::auto::Builder;
    use s3s::auth::SimpleAuth;
    use s3s::service::S3ServiceBuilder;

    std::fs::create_dir(files.join("agency")).unwrap();
    let service = {
        let mut builder = S3ServiceBuilder::new(s3s_fs::FileSystem::new(files).unwrap());
        builder.set_auth(SimpleAuth::from_single("key", "secret"));
        builder.build()
    };
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let listener = tokio::net::TcpListener::from_std(listener).unwrap();
            loop {
                let (socket, _) = listener.accept().await.unwrap();
                let door = Builder::new(TokioExecutor::new());
                let visit = door.serve_connection(TokioIo::new(socket), service.clone()).into_owned();
                tokio::spawn(async move { drop(visit.await) });
            }
        })
    });
    address
}

fn through_objects(who: &Caseload, server: &str, secret: &str) -> Command {
    let mut command = who.command();
    command
        .args(["sync", "s3://agency/team one", "--json"])
        .env("AWS_ENDPOINT", server)
        .env("AWS_ALLOW_HTTP", "true")
        .env("AWS_ACCESS_KEY_ID", "key")
        .env("AWS_SECRET_ACCESS_KEY", secret)
        .env("AWS_REGION", "us-east-1");
    command
}

#[track_caller]
fn synced(who: &Caseload, server: &str) -> Json {
    let output = through_objects(who, server, "secret").output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let all: Json = serde_json::from_slice(&output.stdout).unwrap();
    all[0].clone()
}

#[test]
fn two_sites_and_a_late_one_through_an_object_store() {
    let files = tempfile::tempdir().unwrap();
    let server = object_store(files.path());
    let (rosa, tom, uma) = (laptop("Rosa"), laptop("Tom"), laptop("Uma"));
    acquaint(&[&rosa, &tom]);
    let ana = rosa.client(&["given_name=Ana", "address=12 Alder St"]);
    tom.client(&["given_name=Ben"]);
    assert!(synced(&rosa, &server)["given"]["entries"].as_u64().unwrap() > 0);
    assert_eq!(synced(&tom, &server)["taken"][0]["new"], 1);
    synced(&rosa, &server);
    assert_eq!(names(&rosa), ["Ana", "Ben"]);
    assert_eq!(names(&tom), ["Ana", "Ben"]);
    assert!(synced(&rosa, &server)["given"].is_null(), "nothing new, nothing written");

    acquaint(&[&rosa, &tom, &uma]);
    synced(&rosa, &server);
    synced(&tom, &server);
    synced(&uma, &server);
    assert_eq!(names(&uma), ["Ana", "Ben"]);
    uma.run(&["set", &ana, "phone=555-0101"]);
    // More than one piece's worth of listing and of upload is one bundle too.
    for n in 0..30 {
        uma.run(&["log", &ana, &format!("body=visit {n}")]);
        synced(&uma, &server);
    }
    for who in [&rosa, &tom] {
        synced(who, &server);
        let show = who.json(&["show", &ana]);
        assert_eq!(show, uma.json(&["show", &ana]));
        assert_eq!(show["notes"].as_array().unwrap().len(), 30);
        assert_eq!(who.json(&["check"])["ok"], true);
    }
    // One's own many small bundles became one again.
    let card = uma.json(&["site", "card"]);
    let own = files.path().join("agency/team one").join(card["id"].as_str().unwrap());
    let bundles = std::fs::read_dir(own).unwrap().filter(|file| file.as_ref().unwrap().file_name() != "card").count();
    assert!((1..25).contains(&bundles), "{bundles}");

    // The wrong key, and nobody at home: one clear line, and nothing changes.
    for (server, secret) in [(server.as_str(), "wrong"), ("http://127.0.0.1:9", "secret")] {
        let refused = through_objects(&rosa, server, secret).output().unwrap();
        let said = String::from_utf8_lossy(&refused.stderr).into_owned();
        assert_eq!(refused.status.code(), Some(1), "{said}");
        assert_eq!(said.trim_end().lines().count(), 1, "{said}");
        assert!(said.contains("cannot be reached"), "{said}");
    }
}

#[test]
fn killed_two_hundred_times_while_syncing_nothing_is_lost() {
    let place = tempfile::tempdir().unwrap();
    let laptops = [laptop("Rosa"), laptop("Tom"), laptop("Uma")];
    acquaint(&laptops.each_ref());
    let ana = laptops[0].client(&["given_name=Ana"]);
    let path = place.path().to_str().unwrap();
    for who in &laptops {
        who.run(&["sync", path]);
    }
    let mut rng = fastrand::Rng::with_seed(4);
    // How long one takes here, undisturbed.
    let begun = std::time::Instant::now();
    laptops[1].run(&["sync", path]);
    let mut usual = begun.elapsed();
    let mut killed = 0;
    let mut written = Vec::new();
    for round in 0..200 {
        let who = &laptops[rng.usize(..3)];
        if round % 4 == 0 {
            let body = format!("round {round}");
            let author = &laptops[rng.usize(..3)];
            // Whoever has not heard of Ana yet writes nothing about her.
            if author.output(&["log", &ana, &format!("body={body}")]).status.success() {
                written.push(body);
            }
        }
        let mut child = who.command().args(["sync", path]).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        std::thread::sleep(Duration::from_micros(rng.u64(..(usual.as_micros() as u64 * 5 / 4))));
        let caught = child.try_wait().unwrap().is_none();
        killed += u32::from(caught);
        // A machine that does other things too is slower at one time than at another.
        usual = if caught { usual * 21 / 20 } else { usual * 9 / 10 };
        child.kill().unwrap();
        child.wait().unwrap();
        if round % 40 == 39 {
            for who in &laptops {
                assert_eq!(who.json(&["check"])["ok"], true);
            }
        }
    }
    assert!(killed > 100, "most were caught at it: {killed}");
    for _ in 0..2 {
        for who in &laptops {
            let said = who.json(&["sync", path]);
            assert_eq!(said[0]["waiting"], Json::Array(Vec::new()), "{said}");
        }
    }
    for who in &laptops {
        let show = who.json(&["show", &ana]);
        let notes: Vec<&str> =
            show["notes"].as_array().unwrap().iter().map(|note| note["body"].as_str().unwrap()).collect();
        for body in &written {
            assert!(notes.contains(&body.as_str()), "{body}");
        }
        assert_eq!(notes.len(), written.len(), "and none twice");
        assert_eq!(who.json(&["check"])["ok"], true);
    }
    // What the killed ones had begun lies there sealed, and is taken away by the next: nobody is at it any more. What
    // somebody is at stays, however old it looks by a clock that runs ahead.
    let begun = |folder: &Path| -> Vec<String> {
        let all = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().file_name().into_string().unwrap());
        let mut all: Vec<String> =
            all.filter(|name| [".staged", ".part", ".owner"].iter().any(|ending| name.ends_with(ending))).collect();
        all.sort();
        all
    };
    let long_ago = std::time::SystemTime::now() - Duration::from_secs(7300 * 24 * 3600);
    for who in &laptops {
        let alive = ["alive.owner", "alive.staged"].map(|name| who.folder.path().join(format!(".caseload-{name}")));
        let held = alive.each_ref().map(|path| std::fs::File::create(path).unwrap());
        held[0].lock().unwrap();
        held.iter().for_each(|file| file.set_modified(long_ago).unwrap());
        who.client(&["given_name=Someone new"]);
        who.run(&["sync", path]);
        assert_eq!(begun(who.folder.path()), [".caseload-alive.owner", ".caseload-alive.staged"]);
        drop(held);
        who.client(&["given_name=Someone newer"]);
        who.run(&["sync", path]);
        assert_eq!(begun(who.folder.path()), [""; 0]);
    }
}
