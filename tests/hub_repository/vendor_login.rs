//! Downloads that need a login, from a real web server.

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use backstack::vendor::AssetContent;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use tempfile::TempDir;

use crate::support::{Mixin, Run};

const MANIFEST: &str = "a: 1\n";
/// What is not to be seen in a URL, a file of curl's or a shell as it is.
const PASSWORD: &str = "planted \"pass\\word";

/// A web server that remembers how it was asked.
struct Web {
    address: SocketAddr,
    logins: Arc<Mutex<Vec<Option<String>>>>,
}

impl Web {
    /// One that answers so to a login, or to none.
    fn new(ip: &str, answer: impl Fn(Option<&str>) -> String + Send + 'static) -> Self {
        let listener = TcpListener::bind((ip, 0)).expect("a port");
        let web = Self { address: listener.local_addr().expect("an address"), logins: Arc::default() };
        let logins = Arc::clone(&web.logins);
        thread::spawn(move || {
            for mut stream in listener.incoming().flatten() {
                let login = login_of(&stream);
                let text = answer(login.as_deref());
                logins.lock().expect("a list").push(login);
                _ = stream.write_all(text.as_bytes());
            }
        });
        web
    }

    /// One that gives the manifest to whoever logs in.
    fn closed() -> Self {
        let wanted = format!("Basic {}", STANDARD.encode(format!("me:{PASSWORD}")));
        Self::new("127.0.0.1", move |login| {
            match login {
            Some(login) if login == wanted => found(),
            _ => "HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic realm=x\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".to_owned(),
        }
        })
    }

    fn logins(&self) -> Vec<Option<String>> {
        self.logins.lock().expect("a list").clone()
    }
}

fn found() -> String {
    format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{MANIFEST}", MANIFEST.len())
}

fn login_of(stream: &TcpStream) -> Option<String> {
    let lines = BufReader::new(stream).lines().map_while(Result::ok).take_while(|line| !line.is_empty());
    lines.collect::<Vec<_>>().iter().find_map(|line| Some(line.strip_prefix("Authorization: ")?.to_owned()))
}

/// A bundle with one download.
fn bundle() -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let digest = AssetContent::Manifest(MANIFEST.into()).digest();
    let lock = format!(
        "apiVersion: backstack.dev/v1alpha1\nkind: Lock\nassets:\n- {{name: one, type: manifest, version: 1.0.0, \
         sha256: '{digest}', url: 'https://charts.example.org/one.yaml'}}\n"
    );
    fs::write(folder.path().join("lock.yaml"), lock).expect("written");
    folder
}

fn vendor(folder: &TempDir, mirror: SocketAddr, more: &[&str]) -> Run {
    let line = format!("vendor . --mirror http://{mirror}/raw");
    let run = Mixin::new(&line).args(more.iter().copied()).folder(folder.path());
    let run = run.with_path().env("LOGIN", format!("me:{PASSWORD}")).run();
    assert!(!(run.stdout.clone() + &run.stderr).contains("planted"), "{}", run.stderr);
    run
}

#[test]
fn a_mirror_gets_its_login_from_a_variable_or_a_file() {
    let web = Web::closed();
    vendor(&bundle(), web.address, &[]).exits(1).says("401").says("--mirror-login");
    assert_eq!(web.logins(), [None]);
    let folder = bundle();
    vendor(&folder, web.address, &["--mirror-login", "LOGIN"]).exits(0);
    assert_eq!(fs::read_to_string(folder.path().join("assets/one.yaml")).expect("there"), MANIFEST);
    let folder = bundle();
    fs::write(folder.path().join("login"), format!("me:{PASSWORD}\n")).expect("written");
    vendor(&folder, web.address, &["--mirror-login", "login"]).exits(0);
    let wrong = vendor(&bundle(), web.address, &["--mirror-login", "me:planted-1"]).exits(2);
    wrong.says("--mirror-login names neither a variable that is set nor a file");
}

#[test]
fn a_netrc_gives_each_host_its_login() {
    let web = Web::closed();
    let folder = bundle();
    let netrc =
        format!("machine 127.0.0.1 login me password \"{}\"\n", PASSWORD.replace('\\', r"\\").replace('"', "\\\""));
    fs::write(folder.path().join("netrc"), netrc).expect("written");
    vendor(&folder, web.address, &["--netrc-file", "netrc"]).exits(0);
    vendor(&bundle(), web.address, &["--netrc-file", "nowhere"]).exits(2).says("nowhere is not a file");
}

#[test]
fn another_host_does_not_get_the_login() {
    let other = Web::new("127.0.0.2", |_| found());
    let to = other.address;
    let web = Web::new("127.0.0.1", move |_| {
        format!(
            "HTTP/1.1 302 Found\r\nLocation: http://{to}/one.yaml\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
        )
    });
    let folder = bundle();
    fs::write(folder.path().join("netrc"), "machine 127.0.0.1 login me password planted-1\n").expect("written");
    for login in [["--mirror-login", "LOGIN"], ["--netrc-file", "netrc"]] {
        let _ = fs::remove_dir_all(folder.path().join("assets"));
        vendor(&folder, web.address, &login).exits(0);
    }
    assert!(web.logins().iter().all(Option::is_some), "{:?}", web.logins());
    assert_eq!(other.logins(), [None, None]);
}

#[test]
fn a_login_is_not_sent_over_plain_http_but_by_permission() {
    let line = "vendor . --mirror http://mirror.example.org --mirror-login LOGIN";
    let run = Mixin::new(line).env("LOGIN", "me:planted-1").folder(bundle().path()).run().exits(3);
    run.says("would cross the network unencrypted").says("--allow-insecure");
    // The login of a file goes to whatever server it names: the mirror, or the one of the lock.
    let folder = bundle();
    fs::write(folder.path().join("netrc"), "machine mirror.example.org login me password planted-1\n")
        .expect("written");
    let refused = |line: &str| {
        let run = Mixin::new(line).folder(folder.path()).run().exits(3);
        run.says("would cross the network unencrypted").says("--allow-insecure");
    };
    refused("vendor . --mirror http://mirror.example.org --netrc-file netrc");
    let lock = fs::read_to_string(folder.path().join("lock.yaml")).expect("there");
    fs::write(folder.path().join("lock.yaml"), lock.replace("https://", "http://")).expect("written");
    refused("vendor . --netrc-file netrc");
    Mixin::new("vendor . --netrc-file netrc --allow-insecure").folder(folder.path()).run().exits(1);
}
