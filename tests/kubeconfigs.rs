//! Kubeconfigs as people have them: what kubectl takes is taken, and the rest is told with the entry and the way out.

mod certificates;
mod login;

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::shared_api::SharedApi;
use crate::support::{Mixin, Run};

fn kubeconfig(cluster: &str, user: &str) -> String {
    format!(
        "apiVersion: v1\nkind: Config\ncurrent-context: c\nclusters: [{{name: c, cluster: {{{cluster}}}}}]\n\
         contexts: [{{name: c, context: {{cluster: c, user: u}}}}]\nusers: [{{name: u, user: {{{user}}}}}]\n"
    )
}

/// Long enough for an answer, however busy the machine is.
const LONG: &str = "30s";

/// Where no server answers.
fn connect(text: &str, env: &[(&str, &str)]) -> Run {
    connect_in("3s", text, env)
}

fn connect_in(timeout: &str, text: &str, env: &[(&str, &str)]) -> Run {
    let folder = TempDir::new().expect("a folder");
    let file = folder.path().join("config");
    fs::write(&file, text).expect("written");
    connect_within(timeout, &format!("kubeconfig: {}", file.display()), env)
}

/// Where the server answers.
fn connect_by(existing: &str, env: &[(&str, &str)]) -> Run {
    connect_within(LONG, existing, env)
}

fn connect_within(timeout: &str, existing: &str, env: &[(&str, &str)]) -> Run {
    let step = format!("install:\n- backstack:\n    cluster: {{existing: {{{existing}}}}}\n    timeout: {timeout}\n");
    let mixin = Mixin::new("install").env("PATH", "/usr/bin:/bin").stdin(step);
    env.iter().fold(mixin, |mixin, (name, value)| mixin.env(name, value)).run()
}

const SERVER: &str = "server: 'https://127.0.0.1:1', insecure-skip-tls-verify: true";

#[test]
fn a_server_of_this_machine_is_told_as_one_of_the_container() {
    connect(&kubeconfig(SERVER, "token: t"), &[])
        .exits(1)
        .says("in a container")
        .says("kind get kubeconfig --internal");
}

#[test]
fn a_value_that_no_client_takes_is_named_by_its_entry() {
    for (cluster, user, words) in [
        (SERVER, "token: \"a\\nb\"", "user u: `token` has a character"),
        (
            "server: 'https://127.0.0.1:65536'",
            "",
            "cluster c: `server` is \"https://127.0.0.1:65536\", whose port is none",
        ),
        (
            "server: 'https://127.0.0.1:1', proxy-url: 'http://p:0'",
            "",
            "cluster c: `proxy-url` has a port that is none",
        ),
        (SERVER, "exec: {command: x, interactiveMode: Never}", "user u: `exec` names no `apiVersion`"),
        ("server: 'localhost:8080'", "", "cluster c: `server` is \"localhost:8080\""),
        ("server: 'https://127.0.0.1:1', tls-server-name: 'a b'", "", "cluster c: `tls-server-name`"),
        ("server: 'https://127.0.0.1:1', proxy-url: 'gopher://x'", "", "cluster c: `proxy-url`"),
    ] {
        connect(&kubeconfig(cluster, user), &[])
            .exits(1)
            .says("cannot use the kubeconfig")
            .says(words)
            .says("hint: correct");
    }
}

#[test]
fn whom_a_context_names_is_to_be_there() {
    let run = connect(&kubeconfig(SERVER, "token: t").replace("user: u}", "user: x}"), &[]).exits(1);
    run.says("it has no user `x`, whom its context `c` names");
}

/// A proxy, by SOCKS5 or CONNECT as it is asked, that answers in the place of the server; it gives where it was asked to go.
fn proxy() -> (String, JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address").to_string();
    let asked = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("a client");
        let mut first = [0];
        stream.read_exact(&mut first).expect("a byte");
        let target = if first == [5] { socks(&mut stream) } else { tunnel(&mut stream) };
        head(&mut stream);
        stream.write_all(b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n").expect("answered");
        target
    });
    (address, asked)
}

fn bytes(stream: &mut TcpStream, count: usize) -> Vec<u8> {
    let mut read = vec![0; count];
    stream.read_exact(&mut read).expect("bytes");
    read
}

fn socks(stream: &mut TcpStream) -> String {
    let methods = bytes(stream, 1)[0];
    bytes(stream, methods.into());
    stream.write_all(&[5, 0]).expect("no login");
    assert_eq!(bytes(stream, 4), [5, 1, 0, 3], "a connection to a name");
    let length = bytes(stream, 1)[0];
    let name = String::from_utf8(bytes(stream, length.into())).expect("a name");
    let port = u16::from_be_bytes(bytes(stream, 2).try_into().expect("a port"));
    stream.write_all(&[5, 0, 0, 1, 0, 0, 0, 0, 0, 0]).expect("connected");
    format!("{name}:{port}")
}

fn tunnel(stream: &mut TcpStream) -> String {
    let head = head(stream);
    stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").expect("connected");
    head.split(' ').nth(1).expect("a target").to_owned()
}

fn head(stream: &mut TcpStream) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.extend(bytes(stream, 1));
    }
    String::from_utf8(head).expect("text")
}

#[test]
fn a_server_is_reached_by_the_proxy_that_kubectl_would_take() {
    for (scheme, in_kubeconfig, excepted) in [
        ("socks5://", true, "*"),
        ("http://", true, "cluster.example"),
        ("socks5://", false, "a, "),
        ("socks5h://", false, ""),
        ("http://", false, "127.0.0.1,localhost"),
        ("", false, "other.example"),
    ] {
        let (address, asked) = proxy();
        let url = format!("{scheme}{address}");
        let (entry, variable) =
            if in_kubeconfig { (format!(", proxy-url: '{url}'"), "") } else { (String::new(), url.as_str()) };
        let text = kubeconfig(&format!("server: 'http://cluster.example:8080'{entry}"), "");
        connect_in(LONG, &text, &[("HTTP_PROXY", variable), ("NO_PROXY", excepted)])
            .exits(1)
            .says("API server http://cluster.example:8080");
        assert_eq!(asked.join().expect("it was asked"), "cluster.example:8080", "{url} {excepted}");
    }
    let run = connect(&kubeconfig("server: 'https://cluster.example'", ""), &[("HTTPS_PROXY", "gopher://x")]).exits(1);
    run.says("the proxy that HTTPS_PROXY names").says("hint: correct HTTPS_PROXY");
}

#[test]
fn a_proxy_that_is_not_there_is_told_with_what_names_it() {
    let by_variable = kubeconfig("server: 'https://cluster.example'", "token: t");
    let by_entry = kubeconfig(&format!("{SERVER}, proxy-url: 'socks5://127.0.0.1:1'"), "token: t");
    for (text, variable, told) in [
        (
            by_variable,
            "me:planted@127.0.0.1:1",
            "by the proxy http://127.0.0.1:1, which HTTPS_PROXY names: no connection to it",
        ),
        (
            by_entry,
            "",
            "by the proxy socks5://127.0.0.1:1, which `proxy-url` of the cluster `c` in the kubeconfig names: no connection to it",
        ),
    ] {
        let run = connect(&text, &[("HTTPS_PROXY", variable)]).exits(1).says(told);
        let run = run.says("hint: check that the proxy runs");
        assert!(!run.stderr.contains("planted"), "{}", run.stderr);
    }
    let wrong = connect(&kubeconfig("server: 'https://cluster.example'", ""), &[("HTTPS_PROXY", "p:99999")]).exits(1);
    wrong.says("the proxy that HTTPS_PROXY names has a port that is none").says("hint: correct HTTPS_PROXY");
}

fn write(folder: &Path, name: &str, kubeconfig: &Value) -> String {
    let file = folder.join(name);
    fs::write(&file, kubeconfig.to_string()).expect("written");
    file.display().to_string()
}

fn user_of(kubeconfig: &mut Value) -> &mut Value {
    &mut kubeconfig["users"][0]["user"]
}

#[test]
#[ignore = "needs the testbed"]
fn a_kubeconfig_does_for_us_what_it_does_for_kubectl() {
    let api = SharedApi::namespaced("kubeconfigs");
    let text = fs::read_to_string(api.kubeconfig()).expect("a kubeconfig");
    let whole: Value = serde_json::from_str(&text).expect("the testbed writes JSON");
    let folder = TempDir::new().expect("a folder");
    let cluster =
        |kubeconfig: &Value, key: &str| kubeconfig["clusters"][0]["cluster"][key].as_str().expect(key).to_owned();

    // Templates leave empty texts, and base64 has lines.
    let mut templated = whole.clone();
    let authority = cluster(&whole, "certificate-authority-data");
    let lines = format!("{}\n{}\n", &authority[..64], &authority[64..]);
    let empty = json!({"certificate-authority-data": lines, "tls-server-name": "", "proxy-url": "", "certificate-authority": ""});
    let map = |value: &mut Value, more: &Value| {
        value.as_object_mut().expect("a mapping").extend(more.as_object().expect("a mapping").clone());
    };
    map(&mut templated["clusters"][0]["cluster"], &empty);
    map(
        user_of(&mut templated),
        &json!({"username": "", "password": "", "token": "", "tokenFile": "", "client-key": ""}),
    );
    let first = write(folder.path(), "first", &json!({"apiVersion": "v1", "kind": "Config", "current-context": ""}));
    let second = write(folder.path(), "second", &templated);
    connect_by("", &[("KUBECONFIG", &format!("{first}:/nowhere:{second}"))]).exits(0);

    // The file wins over the text, and its last line end is none of its token.
    api.kubectl(&["create", "serviceaccount", "whoever"]);
    let token = api.kubectl(&["create", "token", "whoever"]);
    fs::write(folder.path().join("token"), format!("{}\n", token.trim())).expect("written");
    let mut by_token = whole.clone();
    *user_of(&mut by_token) = json!({"token": "old", "tokenFile": "token"});
    let file = write(folder.path(), "by-token", &by_token);
    let is_known = format!("system:serviceaccount:{}:whoever", api.namespace);
    connect_by(&format!("kubeconfig: {file}"), &[]).exits(1).says(&is_known);

    // A login program is started once.
    let note = folder.path().join("note");
    let script = format!(
        "echo run >> {}; printf 'apiVersion: client.authentication.k8s.io/v1\\nkind: ExecCredential\\nstatus: {{token: %s}}\\n' \"$(cat {}/token)\"",
        note.display(),
        folder.path().display()
    );
    *user_of(&mut by_token) = json!({"exec": {"apiVersion": "client.authentication.k8s.io/v1", "interactiveMode": "Never", "command": "sh", "args": ["-c", script]}});
    let file = write(folder.path(), "by-program", &by_token);
    connect_by(&format!("kubeconfig: {file}"), &[]).exits(1).says(&is_known);
    assert_eq!(fs::read_to_string(note).expect("it has run"), "run\n");

    // What is wrong with a certificate is wrong at once.
    let other = whole["users"][0]["user"]["client-certificate-data"].as_str().expect("a certificate");
    for (entry, said, hint) in [
        (json!({"certificate-authority-data": other}), "invalid peer certificate", "certificate"),
        (json!({"tls-server-name": "wrong.example"}), "invalid peer certificate", "tls-server-name"),
    ] {
        let mut wrong = whole.clone();
        map(&mut wrong["clusters"][0]["cluster"], &entry);
        let file = write(folder.path(), "wrong", &wrong);
        let started = Instant::now();
        let run = connect_by(&format!("kubeconfig: {file}"), &[]).exits(1).says(said);
        let told = run.stderr.lines().find(|line| line.starts_with("hint: ")).expect("a hint");
        assert!(told.contains(hint) && started.elapsed() < Duration::from_secs(6), "{}", run.stderr);
    }
}
