//! Login programs of kubeconfigs: how they are started, and what of what they say is shown.

use std::fs;
use std::io::Write as _;
use std::net::TcpListener;

use serde_json::json;
use tempfile::TempDir;

use super::{LONG, SERVER, connect, connect_in, head, kubeconfig};

/// A user that is logged in by a script.
fn sh(script: &str) -> String {
    format!(
        "exec: {{apiVersion: client.authentication.k8s.io/v1, interactiveMode: Never, command: sh, args: [-c, {}]}}",
        json!(script)
    )
}

/// A command that prints what logs in.
fn printing(status: &str) -> String {
    format!("echo \"apiVersion: client.authentication.k8s.io/v1\nkind: ExecCredential\nstatus: {status}\"")
}

#[test]
fn a_login_program_that_is_not_there_is_told_with_its_own_hint() {
    let exec = "exec: {apiVersion: client.authentication.k8s.io/v1, command: no-such-plugin, installHint: \"Get it\\nthere\", \
                interactiveMode: IfAvailable}";
    let run = connect(&kubeconfig(SERVER, exec), &[]).exits(1).says("the login program `no-such-plugin`");
    run.says("it says: Get it there").says("hint: put it into the bundle's image");
}

/// What it is to log in with is not known before its end: what stands behind the name of a secret is not shown.
#[test]
fn what_a_login_program_says_is_shown_while_it_waits() {
    let script = format!(
        "printf 'To sign in,\\a enter ABCD1234\\n' >&2; set -x; TOKEN=planted-$((40+2))-token; {}; set +x\n\
         while true; do printf . >&2; sleep 0.5; done",
        printing("{token: $TOKEN}")
    );
    let run = connect_in("6s", &kubeconfig(SERVER, &sh(&script)), &[]).exits(4);
    let run = run
        .says("login      To sign in, enter ABCD1234\n")
        .says("login      + TOKEN=*******\n")
        .says("the login program `sh` of the kubeconfig did not answer within ")
        .says("hint: a bundle has no terminal");
    assert!(!run.stderr.contains("planted-42"), "{}", run.stderr);
}

/// As a script does with `set -x`: its token is known only when it has ended.
#[test]
fn what_a_login_program_says_before_its_end_is_not_shown() {
    for (end, code, told) in [
        ("soon", 0, "the login program `sh` gave an `expirationTimestamp` that is no time"),
        ("2100-01-01T00:00:00Z", 3, "the login program `sh` ended with exit status: 3: +"),
    ] {
        let status = printing(&format!("{{token: $TOKEN, expirationTimestamp: {end}}}"));
        let script = format!("TOKEN=planted-$((40+2))-token; set -x; {status}; exit {code}");
        let run = connect_in(LONG, &kubeconfig(SERVER, &sh(&script)), &[]).exits(1).says(told);
        assert!(!run.stderr.contains("planted-42"), "{}", run.stderr);
        assert_eq!(run.stderr.matches("exit status").count(), usize::from(code == 3), "{}", run.stderr);
    }
}

/// A key has no name before its lines. The first part of it is shown while the program waits, and the rest comes with its end.
#[test]
fn no_line_of_a_key_that_a_login_program_says_is_shown() {
    for wait in ["", "sleep 4"] {
        let script = format!(
            "printf 'the key:\n-----BEGIN RSA PRIVATE KEY-----\nplanted-42-first\nplanted-42-second\nplanted-' >&2; {wait}\n\
             printf '4%s-third\n-----END RSA PRIVATE KEY-----\nit is no key of mine\n' 2 >&2; exit 3"
        );
        let run = connect_in(LONG, &kubeconfig(SERVER, &sh(&script)), &[]).exits(1).says("it is no key of mine");
        for hidden in ["planted-42", "-first", "-second", "-third"] {
            assert!(!run.stderr.contains(hidden), "{hidden}: {}", run.stderr);
        }
    }
}

#[test]
fn a_login_program_that_asks_is_not_started() {
    let exec = sh("echo it was started >&2; exit 3").replace("Never", "Always");
    let run = connect(&kubeconfig(SERVER, &exec), &[]).exits(1);
    let run = run.says("the login program `sh` wants a terminal").says("hint: a bundle has no terminal");
    assert!(!run.stderr.contains("it was started"), "{}", run.stderr);
}

/// An API server that knows this token. It answers in the clear, which is for this machine alone.
fn server(token: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = format!("http://{}", listener.local_addr().expect("an address"));
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let asked = head(&mut stream);
            let (status, answer) = if !asked.to_lowercase().contains(&format!("authorization: bearer {token}\r")) {
                (
                    "401 Unauthorized",
                    json!({"kind": "Status", "apiVersion": "v1", "code": 401, "message": "Unauthorized"}),
                )
            } else if asked.starts_with("GET /version ") {
                ("200 OK", json!({"gitVersion": "v1.37.2"}))
            } else {
                (
                    "200 OK",
                    json!({"kind": "Namespace", "apiVersion": "v1", "metadata": {"name": "kube-system", "uid": "u-1"}}),
                )
            };
            let answer = answer.to_string();
            let length = answer.len();
            write!(stream, "HTTP/1.1 {status}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{answer}")
                .expect("answered");
        }
    });
    address
}

/// As client-go, which logs in anew for the request after it.
#[test]
fn what_the_server_refuses_is_asked_for_once_more() {
    for (token, code, told) in [("token-2", 0, "u-1"), ("token-9", 1, "hint: the kubeconfig's credential is wrong")] {
        let folder = TempDir::new().expect("a folder");
        let note = folder.path().join("note");
        let script = format!(
            "echo run >> {0}; {1}",
            note.display(),
            printing(&format!("{{token: token-$(wc -l < {})}}", note.display()))
        );
        let server = format!("server: '{}'", server(token));
        connect_in(LONG, &kubeconfig(&server, &sh(&script)), &[]).exits(code).says(told);
        assert_eq!(fs::read_to_string(note).expect("it has run"), "run\nrun\n", "{token}");
    }
}
