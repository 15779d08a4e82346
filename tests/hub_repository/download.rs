//! Downloads of `vendor`, from a web server that is not to be trusted and by the Go tool.

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use backstack::files::{Tree, sha256};
use backstack::vendor::AssetContent;
use flate2::Compression;
use flate2::write::GzEncoder;
use tempfile::TempDir;

use crate::support::zip::zip;
use crate::support::{Mixin, Run, is_on_path, skipped};

/// What a server does with a connection.
type Answer = dyn Fn(&str, TcpStream) + Send + Sync;

/// A web server that answers so to each path. Gives its address.
fn web(answer: impl Fn(&str, TcpStream) + Send + Sync + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = format!("http://{}", listener.local_addr().expect("an address"));
    let answer: Arc<Answer> = Arc::new(answer);
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let answer = answer.clone();
            thread::spawn(move || {
                let mut lines = BufReader::new(stream.try_clone().expect("a second one")).lines();
                let first = lines.next().and_then(Result::ok).unwrap_or_default();
                while lines.next().is_some_and(|line| line.is_ok_and(|line| !line.is_empty())) {}
                answer(first.split(' ').nth(1).unwrap_or_default(), stream);
            });
        }
    });
    address
}

fn reply(mut stream: TcpStream, head: &str, body: &[u8]) {
    let length = body.len();
    // Whoever has heard enough hangs up.
    let _ = write!(stream, "HTTP/1.1 {head}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n");
    let _ = stream.write_all(body);
}

/// The archive of a chart with a file of so many bytes, and what the lock pins of it.
fn chart(bytes: usize) -> (Vec<u8>, String) {
    let files = [("Chart.yaml", b"name: c\n".to_vec()), ("templates/t.yaml", vec![b' '; bytes])];
    let mut archive = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::default()));
    let mut tree = Tree::default();
    for (path, content) in files {
        let mut header = tar::Header::new_gnu();
        header.set_size(content.len() as u64);
        header.set_mode(0o644);
        archive.append_data(&mut header, format!("c/{path}"), content.as_slice()).expect("packed");
        tree.insert(path, content).expect("free");
    }
    let archive = archive.into_inner().and_then(GzEncoder::finish).expect("packed");
    (archive, AssetContent::Chart(tree).digest())
}

/// A bundle that pins one asset.
struct Bundle(TempDir);

impl Bundle {
    fn new(form: &str, sha256: &str, more: &str) -> Self {
        let folder = TempDir::new().expect("a folder");
        let lock = format!(
            "apiVersion: backstack.dev/v1alpha1\nkind: Lock\nassets:\n\
             - {{name: c, type: {form}, version: 1.0.0, sha256: '{sha256}', {more}}}\n"
        );
        fs::write(folder.path().join("lock.yaml"), lock).expect("written");
        Self(folder)
    }

    fn call(&self) -> Mixin {
        Mixin::new("vendor").arg(self.0.path()).with_path()
    }

    fn vendor(&self) -> Run {
        self.call().run()
    }
}

#[test]
fn a_chart_is_downloaded_and_what_can_be_pinned_of_it_is_told() {
    let (archive, digest) = chart(10);
    let pins = format!("size: 18, download: {{sha256: '{}', size: {}}}", sha256(&archive), archive.len());
    let url = web(move |_, stream| reply(stream, "200 OK", &archive));
    let bundle = Bundle::new("chart", &digest, &format!("url: '{url}/[c]-{{1}}.tgz'"));
    let told = pins.replace('\'', "").replace(", download", "` and `download");
    bundle.vendor().exits(0).says(&format!("c: lock.yaml can pin `{told}`"));
    assert!(bundle.0.path().join("assets/c/templates/t.yaml").is_file());

    let pinned = Bundle::new("chart", &digest, &format!("{pins}, url: '{url}/c.tgz'"));
    let run = pinned.vendor().exits(0);
    assert!(!run.stderr.contains("can pin"), "{}", run.stderr);
}

#[test]
fn an_archive_that_is_not_the_pinned_one_is_not_unpacked() {
    let (archive, digest) = chart(10);
    let length = archive.len();
    let url = web(move |_, stream| reply(stream, "200 OK", &archive));
    let bundle = |pins: &str| Bundle::new("chart", &digest, &format!("{pins}, url: '{url}/c.tgz'"));
    let other = sha256(b"another one");
    let run = bundle(&format!("download: {{sha256: '{other}', size: {length}}}")).vendor().exits(1);
    run.says(&format!("gives {length} bytes with digest sha256:"))
        .says(&format!("lock.yaml pins {length} with {other}"));
    // What is in it is not as much as is pinned, or more.
    bundle("size: 17").vendor().exits(1).says("is not the archive of a chart: it has more than 17 bytes");
    bundle("size: 19").vendor().exits(1).says("size is 18, lock.yaml pins 19");
}

#[test]
fn a_download_without_end_is_broken_off() {
    let sent = Arc::new(AtomicU64::new(0));
    let count = sent.clone();
    let url = web(move |_, mut stream| {
        let _ = write!(stream, "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n");
        while stream.write_all(&[b'#'; 4096]).is_ok() {
            count.fetch_add(4096, Ordering::Relaxed);
        }
    });
    let digest = sha256(b"whatever");
    let manifest = Bundle::new("manifest", &digest, &format!("size: 1000, url: '{url}/m.yaml'"));
    let run = manifest.vendor().exits(1);
    run.says(&format!("failed to download {url}/m.yaml: curl wrote more than 1000 bytes to stdout and was ended"));
    let chart =
        Bundle::new("chart", &digest, &format!("download: {{sha256: '{digest}', size: 1000}}, url: '{url}/c.tgz'"));
    chart.vendor().exits(1).says("curl wrote more than 1000 bytes");
    assert!(sent.load(Ordering::Relaxed) < 20 << 20, "what is on its way, and no more: {sent:?}");
    Bundle::new("chart", &digest, &format!("url: '{url}/c.tgz'")).vendor().exits(1).says("more than 67108864 bytes");
}

/// An archive of a hundred kilobytes that would be a hundred megabytes is given up before it is.
#[test]
fn an_archive_that_is_packed_out_of_all_measure_is_given_up() {
    let (archive, digest) = chart(30 << 20);
    assert!(archive.len() < 100_000);
    let url = web(move |_, stream| reply(stream, "200 OK", &archive));
    let run = Bundle::new("chart", &digest, &format!("url: '{url}/c.tgz'")).vendor().exits(1);
    run.says("is not the archive of a chart: it is more than 16777216 bytes when it is unpacked");
}

/// curl's own settings would be read by the home that the system knows of the user, so they are turned off; and a redirect leads to
/// web servers only.
#[test]
fn curl_is_given_none_of_the_users_settings_and_follows_to_web_servers_only() {
    let programs = TempDir::new().expect("a folder");
    let (note, curl) = (programs.path().join("note"), programs.path().join("curl"));
    let path = std::env::var("PATH").unwrap_or_default();
    let script = format!("#!/bin/sh\n(echo \"$1\"; env) >{}\nPATH='{path}' exec curl \"$@\"\n", note.display());
    fs::write(&curl, script).expect("written");
    fs::set_permissions(&curl, fs::Permissions::from_mode(0o755)).expect("ours");
    let secret = programs.path().join("secret");
    fs::write(&secret, "a: 1\n").expect("written");
    let target = format!("302 Found\r\nLocation: file://{}", secret.display());
    let url = web(move |_, stream| reply(stream, &target, b""));
    let bundle = Bundle::new("manifest", &sha256(b"a: 1\n"), &format!("url: '{url}/m.yaml'"));
    let with_ours = format!("{}:{path}", programs.path().display());
    let run = bundle.call().env("PATH", with_ours).env("HOME", "/nowhere").env("A_TOKEN", "x").run().exits(1);
    run.says("failed to download");
    let note = fs::read_to_string(note).expect("it was called");
    assert!(note.starts_with("--disable\n"), "{note}");
    assert!(!note.contains("A_TOKEN") && !note.contains("HOME="), "{note}");
}

/// Nobody on the way may make a download one that everybody on the way can read and change.
#[test]
#[ignore = "needs the testbed"]
fn what_is_asked_for_by_https_is_not_had_by_http() {
    let place = TempDir::new().expect("a folder");
    let plain = web(|_, stream| reply(stream, "200 OK", b"a: 1\n"));
    let redirect = format!("HTTP/1.0 302 Found\r\nLocation: {plain}/m.yaml\r\n\r\n");
    fs::write(place.path().join("m.yaml"), redirect).expect("written");
    let run = |program: &str, args: &[&str]| {
        let output = std::process::Command::new(program).args(args).current_dir(place.path()).output().expect("starts");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    };
    let name = ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"];
    run(
        "openssl",
        &[&["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "key", "-out", "cert"], &name[..]].concat(),
    );
    let port = TcpListener::bind("127.0.0.1:0").and_then(|it| it.local_addr()).expect("a port").port();
    let mut server = std::process::Command::new("openssl")
        .args(["s_server", "-quiet", "-HTTP", "-key", "key", "-cert", "cert", "-accept", &format!("127.0.0.1:{port}")])
        .current_dir(place.path())
        .spawn()
        .expect("openssl starts");
    while TcpStream::connect(("127.0.0.1", port)).is_err() {
        thread::sleep(std::time::Duration::from_millis(20));
    }
    let digest = sha256(b"a: 1\n");
    let over = |url: &str| {
        let bundle = Bundle::new("manifest", &digest, &format!("url: '{url}/m.yaml'"));
        bundle.call().env("CURL_CA_BUNDLE", place.path().join("cert")).run()
    };
    over(&plain).exits(0);
    let refused = over(&format!("https://127.0.0.1:{port}"));
    server.kill().and_then(|()| server.wait()).expect("ended");
    refused.exits(1).says("failed to download https://127.0.0.1").says("http");
}

/// A proxy of Go modules in a folder, with one module that wants a Go that nobody has.
fn modules(place: &Path) {
    let folder = place.join("proxy/example.org/m/@v");
    fs::create_dir_all(&folder).expect("made");
    let module = "module example.org/m\n\ngo 1.999\n\ntoolchain go1.999.1\n";
    fs::write(folder.join("v1.0.0.info"), r#"{"Version": "v1.0.0", "Time": "2026-01-01T00:00:00Z"}"#).expect("written");
    fs::write(folder.join("v1.0.0.mod"), module).expect("written");
    let files = [("go.mod", module), ("install.yaml", "a: 1\n")];
    fs::write(
        folder.join("v1.0.0.zip"),
        zip(&files.map(|(name, text)| (format!("example.org/m@v1.0.0/{name}"), text.as_bytes()))),
    )
    .expect("written");
}

/// Only its files are wanted. So no Go is fetched for it and run, and it is had all the same; nor does what is set for builds
/// reach the Go tool.
#[test]
fn a_module_that_wants_a_newer_go_is_had_without_it() {
    if !is_on_path("go") {
        return skipped("a_module_that_wants_a_newer_go_is_had_without_it", "`go` is not on PATH");
    }
    let place = TempDir::new().expect("a folder");
    modules(place.path());
    let more = "module: {module: example.org/m@v1.0.0, path: install.yaml}";
    let bundle = Bundle::new("manifest", &sha256(b"a: 1\n"), more);
    let proxy = format!("file://{}", place.path().join("proxy").display());
    fs::create_dir_all(place.path().join(".config/go")).expect("made");
    fs::write(place.path().join(".config/go/env"), "GOFLAGS=-no-such-flag\n").expect("written");
    let call = bundle.call().env("GOPROXY", &proxy).env("GONOSUMDB", "example.org").env("HOME", place.path());
    let call =
        call.env("GOMODCACHE", place.path().join("cache")).env("GOFLAGS", "-no-such-flag").env("GOTOOLCHAIN", "auto");
    call.run().exits(0).says("c 1.0.0: from Go module example.org/m@v1.0.0");
    // Go keeps what it has unpacked from being changed, and so from being removed.
    let writable = std::process::Command::new("chmod").args(["-R", "u+w"]).arg(place.path()).status();
    assert!(writable.expect("chmod starts").success());
}
