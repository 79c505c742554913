//! Places that bundles travel through: an object store, and a folder in which a sync is killed at any moment.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use crate::common::{Caseload, acquaint, kills, laptop};
use serde_json::Value as Json;

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
}

/// A listener that takes what it is sent, and answers with these bytes before it goes away; with `None` it stays and says
/// nothing.
fn answering(with: Option<&'static [u8]>) -> String {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        let mut held = Vec::new();
        for socket in listener.incoming() {
            let mut socket = socket.unwrap();
            if let Some(answer) = with {
                let _ = socket.read(&mut [0; 4096]);
                let _ = socket.write_all(answer);
            } else {
                held.push(socket);
            }
        }
    });
    address
}

/// A way to a server that breaks for good once so many bytes of its answers came through.
fn breaking_after(server: &str, bytes: usize) -> String {
    let server = server.strip_prefix("http://").unwrap().to_string();
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let left = Arc::new(AtomicUsize::new(bytes));
    std::thread::spawn(move || {
        for near in listener.incoming() {
            let (near, far) = (near.unwrap(), TcpStream::connect(&server).unwrap());
            let (mut there, mut back) = (far.try_clone().unwrap(), near.try_clone().unwrap());
            let mut asks = near.try_clone().unwrap();
            std::thread::spawn(move || std::io::copy(&mut asks, &mut there));
            let (left, mut far) = (Arc::clone(&left), far);
            std::thread::spawn(move || {
                let mut piece = [0; 64];
                while let Ok(many @ 1..) = far.read(&mut piece) {
                    let may = left.load(Ordering::Relaxed).min(many);
                    left.fetch_sub(may, Ordering::Relaxed);
                    if back.write_all(&piece[..may]).is_err() || may < many {
                        break;
                    }
                }
                let _ = (back.shutdown(Shutdown::Both), far.shutdown(Shutdown::Both));
            });
        }
    });
    address
}

/// Refused within ten seconds, in one clear line that says what to do.
#[track_caller]
fn refused(mut command: Command, words: &[&str]) {
    let begun = std::time::Instant::now();
    let output = command.output().unwrap();
    let (took, said) = (begun.elapsed(), String::from_utf8_lossy(&output.stderr).into_owned());
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert_eq!(said.trim_end().lines().count(), 1, "{said}");
    assert!(said.starts_with("caseload: The place cannot be reached: "), "{said}");
    for word in words {
        assert!(said.contains(word), "{word}: {said}");
    }
    assert!(!said.contains("secret") && said.len() < 300, "{said}");
    assert!(took < Duration::from_secs(10), "{took:?}: {said}");
}

#[test]
fn whatever_is_wrong_with_an_object_store_is_one_clear_line_within_ten_seconds() {
    let files = tempfile::tempdir().unwrap();
    let server = object_store(files.path());
    let (rosa, tom) = (laptop("Rosa"), laptop("Tom"));
    acquaint(&[&rosa, &tom]);
    rosa.client(&["given_name=Ana"]);
    let before = rosa.run(&["check", "--json"]);

    refused(through_objects(&rosa, &server, "wrong"), &["refuses these keys", "AWS_SECRET_ACCESS_KEY"]);
    refused(through_objects(&rosa, "http://127.0.0.1:9", "secret"), &["does not answer", "Look at the network"]);
    refused(through_objects(&rosa, &answering(None), "secret"), &["says nothing", "try again later"]);
    let cut = b"HTTP/1.1 200 OK\r\ncontent-type: application/xml\r\ncontent-length: 5000\r\n\r\n<?xml";
    refused(through_objects(&rosa, &answering(Some(cut)), "secret"), &["went away midway", "nothing is half done"]);
    let page = b"HTTP/1.1 200 OK\r\ncontent-length: 22\r\n\r\n<html>Hotel wifi</html>";
    refused(through_objects(&rosa, &answering(Some(page)), "secret"), &["Look at the"]);

    let mut command = through_objects(&rosa, &server, "secret");
    command.env_remove("AWS_ALLOW_HTTP");
    refused(command, &["http:// is open to everyone", "AWS_ALLOW_HTTP=true"]);
    let mut command = through_objects(&rosa, &server, "secret");
    command.env_remove("AWS_ACCESS_KEY_ID").env_remove("AWS_SECRET_ACCESS_KEY");
    refused(command, &["no keys", "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"]);
    for (address, words) in [
        ("s3://nowhere/team", "no such bucket"),
        ("gs://agency/team", "GOOGLE_SERVICE_ACCOUNT"),
        ("az://agency/team", "AZURE_STORAGE_ACCOUNT_KEY"),
        ("ftp://agency/team", "begins with s3://"),
    ] {
        let mut command = rosa.command();
        command.args(["sync", address]).envs(
            through_objects(&rosa, &server, "secret")
                .get_envs()
                .filter_map(|(name, value)| Some((name.to_owned(), value?.to_owned())))
                .filter(|(name, _)| name.to_str().is_some_and(|name| name.starts_with("AWS_"))),
        );
        refused(command, &[words]);
    }
    assert_eq!(rosa.run(&["check", "--json"]), before, "and nothing changes");
    assert!(rosa.refused(&["sync"]).contains("No place is known yet"), "nor is it remembered");

    // It goes away anywhere on the way: what is there is whole, and the next sync goes on.
    for (round, bytes) in [0, 150, 400, 700, 1_000, 1_400, 2_000, 3_000, 5_000].into_iter().enumerate() {
        tom.client(&[&format!("given_name=Tom's {round}")]);
        rosa.client(&[&format!("given_name=Rosa's {round}")]);
        for who in [&tom, &rosa] {
            let mut command = through_objects(who, &breaking_after(&server, bytes), "secret");
            let begun = std::time::Instant::now();
            let output = command.output().unwrap();
            assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());
            let said = String::from_utf8_lossy(&output.stderr).into_owned();
            assert!(output.status.success() || said.trim_end().lines().count() == 1, "{said}");
        }
    }
    for who in [&tom, &rosa, &tom] {
        let said = synced(who, &server);
        assert_eq!(said["waiting"], Json::Array(Vec::new()), "{said}");
    }
    assert_eq!(names(&rosa).len(), 19);
    assert_eq!(names(&rosa), names(&tom));
    for who in [&tom, &rosa] {
        assert!(synced(who, &server)["given"].is_null(), "nothing is written twice");
        assert_eq!(who.json(&["check"])["ok"], true);
    }
}

#[test]
fn killed_again_and_again_while_syncing_nothing_is_lost() {
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
    for round in 0..kills(200) {
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
        killed += u64::from(caught);
        // A machine that does other things too is slower at one time than at another.
        usual = if caught { usual * 21 / 20 } else { usual * 9 / 10 };
        child.kill().unwrap();
        child.wait().unwrap();
        if round % 25 == 24 {
            for who in &laptops {
                assert_eq!(who.json(&["check"])["ok"], true);
            }
        }
    }
    assert!(killed > kills(100), "most were caught at it: {killed}");
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
