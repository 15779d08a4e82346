//! What `make dist` lays out, in the hands of `porter mixin install`.
//!
//! Always by Porter's rules, played here (`pkg/pkgmgmt/client/install.go` and `pkg/pkgmgmt/feed` in Porter), and by
//! the real Porter where it is on PATH.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;

use backstack_release::hurry;
use backstack_release::layout::{self, Release};
use semver::Version;
use serde_json::Value;
use tempfile::TempDir;

use crate::support::porter_on_path;

/// The version of this program, as its folder is called.
const VERSION: &str = concat!("v", env!("CARGO_PKG_VERSION"));
const PROGRAM: &str = env!("CARGO_BIN_EXE_backstack");

/// A `dist/` on a web server of its own, which ends with the process.
struct Site {
    folder: TempDir,
    address: SocketAddr,
}

impl Site {
    /// A release of this program, and made-up ones before and after it that must not be taken for the latest.
    fn with_releases() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
        let site = Self { address: listener.local_addr().expect("an address"), folder };
        site.release("v0.0.9", &[("linux-amd64", b"older")]);
        site.release("v99.0.0-rc.1", &[("linux-amd64", b"not ready yet")]);
        let program = fs::read(PROGRAM).expect("the program");
        site.release(VERSION, &[("linux-amd64", &program), ("linux-arm64", b"arm"), ("darwin-amd64", b"mac")]);
        layout::write_feed(site.folder.path(), &site.url("/mixins/backstack")).expect("the feed");
        let root = site.folder.path().to_owned();
        thread::spawn(move || listener.incoming().flatten().for_each(|stream| serve(stream, &root)));
        site
    }

    fn release(&self, version: &str, programs: &[(&str, &[u8])]) {
        let date = "2026-01-02T03:04:05Z".parse().expect("a date");
        let release = Release { dist: self.folder.path(), version, date };
        release.clear().expect("cleared");
        for (platform, program) in programs {
            release.add_program(platform, program).expect("a program");
        }
        release.add_materials("{}").expect("materials");
        release.add_digests().expect("digests");
    }

    fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// What is at an address of this site; `None` when nothing is there.
    fn get(&self, url: &str) -> Option<Vec<u8>> {
        let path = url.strip_prefix(&self.url("")).unwrap_or_else(|| panic!("{url} is not on this site"));
        let mut stream = TcpStream::connect(self.address).expect("connected");
        write!(stream, "GET {path} HTTP/1.0\r\n\r\n").expect("asked");
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).expect("answered");
        let end = answer.windows(4).position(|window| window == b"\r\n\r\n").expect("a head");
        answer.starts_with(b"HTTP/1.0 200").then(|| answer.split_off(end + 4))
    }
}

/// Answers one request with the file of its path.
fn serve(mut stream: TcpStream, root: &Path) {
    let mut request = Vec::new();
    while !request.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        if stream.read_exact(&mut byte).is_err() {
            return;
        }
        request.push(byte[0]);
    }
    let request = String::from_utf8_lossy(&request);
    let path = request.split(' ').nth(1).unwrap_or_default().trim_start_matches('/');
    let (status, body) = match fs::read(root.join(path)) {
        Ok(body) => ("200 OK", body),
        Err(_) => ("404 Not Found", Vec::new()),
    };
    let head = format!("HTTP/1.0 {status}\r\nContent-Length: {}\r\n\r\n", body.len());
    let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(&body)); // the client may be gone
}

/// A feed as Porter reads it: the versions of the mixin, each with its links.
struct Feed(Vec<(String, Vec<String>)>);

impl Feed {
    fn read(text: &str) -> Self {
        let document = roxmltree::Document::parse(text).expect("XML");
        let entries = document.root_element().children().filter(|node| node.has_tag_name((ATOM, "entry")));
        Self(entries.filter_map(|entry| Self::entry(&entry)).collect())
    }

    /// An entry without category, version or date is none.
    fn entry(entry: &roxmltree::Node) -> Option<(String, Vec<String>)> {
        let child = |name| entry.children().find(|node| node.has_tag_name((ATOM, name)));
        child("category").filter(|category| category.attribute("term") == Some("backstack"))?;
        child("updated")?.text()?.parse::<jiff::Timestamp>().ok()?;
        let links = entry.children().filter(|node| node.attribute("rel") == Some("download"));
        let links = links.filter_map(|link| link.attribute("href")).map(str::to_owned).collect();
        Some((child("content")?.text()?.to_owned(), links))
    }

    /// A version by its exact name, or the highest one that is no pre-release.
    fn search(&self, version: &str) -> Option<&(String, Vec<String>)> {
        let number = |entry: &(String, Vec<String>)| Version::parse(entry.0.trim_start_matches('v')).ok();
        let is_final = |entry: &&(String, Vec<String>)| number(entry).is_some_and(|number| number.pre.is_empty());
        let exact = self.0.iter().find(|entry| entry.0 == version);
        exact.or_else(|| {
            self.0.iter().filter(is_final).max_by_key(|entry| number(entry)).filter(|_| version == "latest")
        })
    }
}

const ATOM: &str = "http://www.w3.org/2005/Atom";

/// The first link whose path contains the name; Macs with Apple's processor take the other program if need be.
fn link<'l>(links: &'l [String], system: &str, processor: &str) -> Option<&'l str> {
    let name = format!("backstack-{system}-{processor}");
    let found = links.iter().find(|link| link.contains(&name)).map(String::as_str);
    found.or_else(|| ((system, processor) == ("darwin", "arm64")).then(|| link(links, "darwin", "amd64"))?)
}

/// What `make dist` refuses is there to be found: a build for debugging knows the variable by the name that is looked for.
#[test]
#[cfg(debug_assertions)]
fn a_build_for_debugging_is_told_from_a_release() {
    assert_eq!(hurry::PACE, backstack::env::PACE);
    assert!(hurry::can_be_hurried(&fs::read(PROGRAM).expect("the program")));
    assert!(!hurry::can_be_hurried(b"BACKSTACK_ROOT BACKSTACK_PAC"));
}

#[test]
fn the_feed_leads_porter_to_the_programs() {
    let site = Site::with_releases();
    let feed = site.get(&site.url("/mixins/atom.xml")).expect("the feed is at the address of a mirror");
    let feed = Feed::read(&String::from_utf8(feed).expect("text"));
    let (version, links) = feed.search("latest").expect("a version");
    assert_eq!(version, VERSION);
    assert_eq!(feed.search("v99.0.0-rc.1").expect("by its name").1.len(), 1);
    assert!(feed.search("v1").is_none());

    let home = tempfile::tempdir().expect("a folder");
    for program in ["backstack", "backstack-runtime"] {
        // Both are for this machine here: the client, and the runtime, which is always that for linux/amd64.
        let content = site.get(link(links, "linux", "amd64").expect("a link")).expect("a program");
        assert_is_the_mixin(&executable(home.path(), program, &content));
    }
    let content = |system, processor| site.get(link(links, system, processor)?);
    assert_eq!(content("linux", "arm64").as_deref(), Some(b"arm".as_slice()));
    assert_eq!(content("darwin", "arm64").as_deref(), Some(b"mac".as_slice()), "the other program for Macs");
    assert!(content("windows", "amd64").is_none());
}

#[test]
fn an_address_and_a_version_lead_porter_to_the_programs() {
    let site = Site::with_releases();
    let address = site.url(&format!("/mixins/backstack/{VERSION}/backstack-linux-amd64"));
    assert_eq!(site.get(&address), fs::read(PROGRAM).ok());
    assert!(site.get(&site.url("/mixins/backstack/latest/backstack-linux-amd64")).is_none());
}

#[test]
fn the_same_input_gives_the_same_release() {
    let [first, second] = [Site::with_releases(), Site::with_releases()];
    let feed = |site: &Site| fs::read_to_string(site.folder.path().join("mixins/atom.xml")).expect("the feed");
    assert_eq!(feed(&first).replace(&first.url(""), ""), feed(&second).replace(&second.url(""), ""));
    let folder = first.folder.path().join("mixins/backstack").join(VERSION);
    let check = Command::new("sha256sum").args(["--check", "--strict", "SHA256SUMS"]).current_dir(&folder).output();
    let said = String::from_utf8(check.expect("sha256sum starts").stdout).expect("text");
    assert_eq!(said.lines().filter(|line| line.ends_with(": OK")).count(), 4, "{said}");
}

#[test]
fn the_real_porter_installs_the_mixin() {
    if !porter_on_path("mixin_install::the_real_porter_installs_the_mixin") {
        return;
    }
    let site = Site::with_releases();
    let (feed, url, mirror) = (site.url("/mixins/atom.xml"), site.url("/mixins/backstack"), site.url(""));
    for way in [
        ["--feed-url", &feed, "--version", "latest"],
        ["--feed-url", &feed, "--version", VERSION],
        ["--url", &url, "--version", VERSION],
        ["--mirror", &mirror, "--version", "latest"],
    ] {
        let home = tempfile::tempdir().expect("a folder");
        let porter = |args: &[&str]| {
            let output =
                Command::new("porter").args(args).env("PORTER_HOME", home.path()).output().expect("porter starts");
            let said = String::from_utf8_lossy(&output.stderr);
            assert!(output.status.success(), "porter {args:?}: {said}");
            String::from_utf8(output.stdout).expect("text")
        };
        porter(&[["mixin", "install", "backstack"].as_slice(), &way].concat());
        let mixin = home.path().join("mixins/backstack");
        assert_is_the_mixin(&mixin.join("backstack"));
        assert_is_the_mixin(&mixin.join("runtimes/backstack-runtime"));
        let list: Value = serde_json::from_str(&porter(&["mixins", "list", "--output", "json"])).expect("JSON");
        assert_eq!(list[0]["name"], "backstack", "{list:#}");
        assert_eq!(list[0]["version"], VERSION, "{list:#}");
        assert_eq!(list[0]["author"], "The BACK Stack", "{list:#}");
    }
}

/// Makes a program of what was downloaded. By another process: while this one holds a program open for writing, none of
/// its threads can start it.
fn executable(folder: &Path, name: &str, content: &[u8]) -> PathBuf {
    let (download, program) = (folder.join("download"), folder.join(name));
    fs::write(&download, content).expect("written");
    let status = Command::new("install").args(["-m", "0770"]).args([&download, &program]).status();
    assert!(status.expect("install starts").success());
    program
}

/// What Porter asks a mixin after it has downloaded it.
#[track_caller]
fn assert_is_the_mixin(program: &Path) {
    let output = Command::new(program).args(["version", "--output", "json"]).output().expect("the program starts");
    let answer: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!((&answer["name"], &answer["version"]), (&"backstack".into(), &VERSION.into()), "{answer}");
}
