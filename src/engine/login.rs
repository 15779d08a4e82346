//! The login program of a kubeconfig (client-go's credential plugins): what it is given, and what it gives.

use std::path::Path;
use std::time::{Duration, Instant};

use http::HeaderValue;
use jiff::Timestamp;
use kube::config::{ExecConfig, ExecInteractiveMode};
use serde_json::{Value, json};
use zeroize::Zeroizing;

use super::deadline::Deadline;
use super::fault::{Fault, FaultKind, NO_LOGIN, NO_PROGRAM, NO_TERMINAL};
use crate::object::str_at;
use crate::process::{Program, on_path, withheld};
use crate::report::{Console, redact, remember_secret, scrub, wipe};
use crate::schema::hide_suspects;
use crate::yaml;

/// How long a login program may take, which may wait for somebody who signs in elsewhere.
const LONGEST: Duration = Duration::from_secs(60);

/// What a login program has given.
pub(super) struct Credential {
    pub token: Option<Zeroizing<String>>,
    /// A certificate and its key, in PEM.
    pub certificate: Option<(String, Zeroizing<String>)>,
    /// When it ends.
    pub until: Option<Timestamp>,
}

/// Runs it. What it says is shown while it waits: that may be for somebody who is to sign in elsewhere.
pub(super) async fn ask(exec: &ExecConfig, deadline: Deadline) -> Result<Credential, Fault> {
    let command = exec.command.as_deref().unwrap_or_default();
    let fault = |why: &str| fault(&format!("the login program `{command}`{why}"));
    let is_there = if command.contains('/') { Path::new(command).is_file() } else { on_path(command) };
    if !is_there {
        return Err(fault(&format!(", {NO_PROGRAM}{}", install_hint(exec))));
    }
    if exec.interactive_mode == Some(ExecInteractiveMode::Always) {
        return Err(fault(&format!(" {NO_TERMINAL}")));
    }
    let patience = LONGEST.min(deadline.left());
    let run = program(command, exec).run(Instant::now() + LONGEST * 2);
    let Ok(ended) = tokio::time::timeout(patience, run).await else {
        let tried = (patience < LONGEST).then(|| deadline.total()); // else the patience is ours, and no deadline
        let why = format!(" of the kubeconfig {NO_LOGIN} {} s", patience.as_secs());
        return Err(Fault { tried, ..fault(&why) });
    };
    let mut ended = ended.map_err(|failure| fault(&format!(": {}", failure.message)))?;
    let stdout = Zeroizing::new(std::mem::take(&mut ended.stdout));
    // What is secret of it is known before anything is told.
    let given = credential(&stdout, exec.api_version.as_deref().unwrap_or_default());
    if !ended.status.success() {
        hide_suspects(&ended.stderr);
        let said: Vec<String> = redact(&ended.stderr).lines().map(scrub).collect();
        let said = said.join("\n");
        return Err(fault(&format!(" ended with {}: {}{}", ended.status, said.trim(), not_given())));
    }
    given.map_err(|why| fault(&format!(" {why}")))
}

/// It may say what it logs in with before that is known to us: then the name that stands before it tells, or its shape, which may
/// have begun in what was told before. Of a line with a secret nothing more is told.
fn tell(before: &str, new: &str) {
    let heard = Zeroizing::new([before, new].concat());
    hide_suspects(&heard);
    let begun = before.rsplit('\n').next().unwrap_or_default();
    let rest = new.split('\n').next().unwrap_or_default();
    let line = Zeroizing::new([begun, rest].concat());
    let has_secret = !begun.is_empty() && redact(&line) != *line;
    new[if has_secret { rest.len() } else { 0 }..].lines().for_each(tell_line);
}

fn tell_line(line: &str) {
    let line = scrub(&redact(line));
    if line.contains(char::is_alphanumeric) {
        Console::new(false).say(format!("{:<10} {}", "login", line.trim()));
    }
}

/// It has no terminal here, and gets nothing of the secrets that the step has named for itself.
fn program(command: &str, exec: &ExecConfig) -> Program {
    let withheld = withheld();
    let program = Program::new(command)
        .args(exec.args.iter().flatten())
        .inherit(|name| !withheld.iter().any(|it| it == name))
        .env("KUBERNETES_EXEC_INFO", request(exec).to_string())
        .telling(tell);
    let settings = exec.env.iter().flatten().filter_map(|it| Some((it.get("name")?, it.get("value")?)));
    settings.fold(program, |program, (name, value)| program.env(name, value))
}

fn request(exec: &ExecConfig) -> Value {
    let mut spec = json!({"interactive": false});
    if let Some(cluster) = &exec.cluster {
        spec["cluster"] = json!(cluster);
    }
    json!({"kind": "ExecCredential", "apiVersion": exec.api_version, "spec": spec})
}

/// What it has printed, which as for client-go has to be of the version that the kubeconfig names; or what is wrong with that.
fn credential(stdout: &[u8], version: &str) -> Result<Credential, String> {
    let none = || "printed no ExecCredential".to_owned();
    let text = str::from_utf8(stdout).map_err(|_| none())?;
    let mut documents = yaml::manifests("ExecCredential", text).map_err(|_| none())?;
    let found = documents.first().filter(|it| str_at(it, "/kind") == "ExecCredential");
    let found = found.map(|it| of_status(it).and_then(|given| is_of(it, version).map(|()| given)));
    documents.iter_mut().for_each(wipe);
    found.ok_or_else(none)?
}

fn is_of(document: &Value, version: &str) -> Result<(), String> {
    match str_at(document, "/apiVersion") {
        given if given == version => Ok(()),
        "" => Err(format!("printed an ExecCredential without its `apiVersion`, {version}")),
        given => Err(format!("printed an ExecCredential of {}, and the kubeconfig wants {version}", scrub(given))),
    }
}

fn of_status(document: &Value) -> Result<Credential, String> {
    let text = |key: &str| str_at(document, &format!("/status/{key}")).trim();
    let (token, certificate, key) = (text("token"), text("clientCertificateData"), text("clientKeyData"));
    [token, key].into_iter().filter(|secret| !secret.is_empty()).for_each(remember_secret);
    if certificate.is_empty() != key.is_empty() {
        return Err("gave a certificate without its key, or a key without its certificate".to_owned());
    }
    if token.is_empty() && key.is_empty() {
        return Err("gave neither a token nor a certificate with its key".to_owned());
    }
    if !is_sendable(token) {
        return Err("gave a token that no request can carry".to_owned());
    }
    let until = text("expirationTimestamp");
    let until = (!until.is_empty()).then(|| until.parse::<Timestamp>()).transpose();
    Ok(Credential {
        token: (!token.is_empty()).then(|| Zeroizing::new(token.to_owned())),
        certificate: (!key.is_empty()).then(|| (certificate.to_owned(), Zeroizing::new(key.to_owned()))),
        until: until.map_err(|_| "gave an `expirationTimestamp` that is no time".to_owned())?,
    })
}

/// Whether a header of a request can hold it.
pub(super) fn is_sendable(text: &str) -> bool {
    HeaderValue::from_str(text).is_ok()
}

fn install_hint(exec: &ExecConfig) -> String {
    let hint = exec.install_hint.as_deref().unwrap_or_default().trim();
    let plain: String = hint.chars().filter(|c| !c.is_control() || c.is_whitespace()).collect();
    if plain.is_empty() { plain } else { format!("; it says: {plain}") }
}

/// What a login program may have missed.
fn not_given() -> String {
    let names = withheld().join(", ");
    if names.is_empty() { names } else { format!(" (it is not given {names}, which the step names as its secrets)") }
}

fn fault(why: &str) -> Fault {
    Fault::new(FaultKind::Client, "set up the client", why)
}

#[cfg(test)]
mod tests {
    use super::*;

    const V1: &str = "client.authentication.k8s.io/v1";

    #[test]
    fn what_a_login_program_prints_is_read_or_told() {
        for (printed, why) in [
            (r#""kind": "ExecCredential", "status": {"token": "planted-exec-1\n"}"#, ""),
            ("kind: ExecCredential, status: {clientCertificateData: C, clientKeyData: planted-exec-2}", ""),
            ("kind: ExecCredential, status: {token: t, expirationTimestamp: 2030-01-01T00:00:00Z}", ""),
            ("kind: ExecCredential, status: {token: t, expirationTimestamp: soon}", "no time"),
            ("kind: ExecCredential, status: {token: t, clientCertificateData: C}", "without its key"),
            ("kind: ExecCredential", "neither"),
            (r#"kind: ExecCredential, status: {token: "a\nb"}"#, "no request can carry"),
            ("kind: Secret", "no ExecCredential"),
            ("token: [planted-exec-3", "no ExecCredential"),
        ] {
            let told = credential(format!("{{apiVersion: {V1}, {printed}}}").as_bytes(), V1).err().unwrap_or_default();
            assert!(told.contains(why) && told.is_empty() == why.is_empty(), "{printed}: {told}");
        }
        let status = "kind: ExecCredential\nstatus: {token: t}\n";
        for (printed, why) in [
            (String::new(), "no ExecCredential"),
            (status.to_owned(), "without its `apiVersion`"),
            (format!("apiVersion: {V1}beta1\n{status}"), "v1beta1, and the kubeconfig wants"),
        ] {
            let told = credential(printed.as_bytes(), V1).err().expect(why);
            assert!(told.contains(why), "{told}");
        }
    }
}
