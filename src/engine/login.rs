//! The login program of a kubeconfig (client-go's credential plugins): what it is given, and what it gives.

use std::path::Path;
use std::time::{Duration, Instant};

use http::HeaderValue;
use jiff::Timestamp;
use kube::config::ExecConfig;
use serde_json::{Value, json};
use zeroize::Zeroizing;

use super::deadline::Deadline;
use super::fault::{Fault, FaultKind, NO_LOGIN, NO_PROGRAM};
use crate::object::str_at;
use crate::process::{Program, on_path, withheld};
use crate::report::{Console, redact, remember_secret, scrub, wipe};
use crate::spec::yaml;

/// How long a login program may take.
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
    let is_there = if command.contains('/') { Path::new(command).is_file() } else { on_path(command) };
    if !is_there {
        return Err(fault(&format!("the login program `{command}`, {NO_PROGRAM}{}", install_hint(exec))));
    }
    let patience = LONGEST.min(deadline.left());
    let run = program(command, exec).run(Instant::now() + LONGEST * 2);
    let Ok(ended) = tokio::time::timeout(patience, run).await else {
        let tried = (patience < LONGEST).then(|| deadline.total()); // else the patience is ours, and no deadline
        let why = format!("the login program of the kubeconfig {NO_LOGIN} {} s", patience.as_secs());
        return Err(Fault { tried, ..fault(&why) });
    };
    let mut ended = ended.map_err(|failure| fault(&failure.message))?;
    let stdout = Zeroizing::new(std::mem::take(&mut ended.stdout));
    let given = credential(&stdout); // what is secret of it is known before anything is told
    if !ended.status.success() {
        let said: Vec<String> = redact(&ended.stderr).lines().map(scrub).collect();
        let said = said.join("\n");
        return Err(fault(&format!("the login program ended with {}: {}{}", ended.status, said.trim(), not_given())));
    }
    given
}

fn tell(line: &str) {
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

fn credential(stdout: &[u8]) -> Result<Credential, Fault> {
    let none = || fault("the login program printed no ExecCredential");
    let text = str::from_utf8(stdout).map_err(|_| none())?;
    let mut documents = yaml::manifests("ExecCredential", text).map_err(|_| none())?;
    let found = documents.first().filter(|it| str_at(it, "/kind") == "ExecCredential").map(of_status);
    documents.iter_mut().for_each(wipe);
    found.ok_or_else(none)?
}

fn of_status(document: &Value) -> Result<Credential, Fault> {
    let text = |key: &str| str_at(document, &format!("/status/{key}")).trim();
    let (token, certificate, key) = (text("token"), text("clientCertificateData"), text("clientKeyData"));
    [token, key].into_iter().filter(|secret| !secret.is_empty()).for_each(remember_secret);
    if token.is_empty() && (certificate.is_empty() || key.is_empty()) {
        return Err(fault("the login program gave neither a token nor a certificate with its key"));
    }
    if !is_sendable(token) {
        return Err(fault("the login program gave a token that no request can carry"));
    }
    let until = text("expirationTimestamp");
    let until = (!until.is_empty()).then(|| until.parse::<Timestamp>()).transpose();
    Ok(Credential {
        token: (!token.is_empty()).then(|| Zeroizing::new(token.to_owned())),
        certificate: (!key.is_empty()).then(|| (certificate.to_owned(), Zeroizing::new(key.to_owned()))),
        until: until.map_err(|_| fault("the login program gave an `expirationTimestamp` that is no time"))?,
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

    #[test]
    fn what_a_login_program_prints_is_read_or_told() {
        for (printed, why) in [
            (r#"{"kind": "ExecCredential", "status": {"token": "planted-exec-1\n"}}"#, ""),
            ("kind: ExecCredential\nstatus: {clientCertificateData: C, clientKeyData: planted-exec-2}\n", ""),
            ("kind: ExecCredential\nstatus: {token: t, expirationTimestamp: 2030-01-01T00:00:00Z}\n", ""),
            ("kind: ExecCredential\nstatus: {token: t, expirationTimestamp: soon}\n", "no time"),
            ("kind: ExecCredential\nstatus: {clientCertificateData: C}\n", "neither"),
            ("kind: ExecCredential\n", "neither"),
            ("kind: ExecCredential\nstatus: {token: \"a\\nb\"}\n", "no request can carry"),
            ("kind: Secret\n", "no ExecCredential"),
            ("{token: [planted-exec-3", "no ExecCredential"),
            ("", "no ExecCredential"),
        ] {
            let told = credential(printed.as_bytes()).err().map(|fault| fault.message).unwrap_or_default();
            assert!(told.contains(why) && told.is_empty() == why.is_empty(), "{printed}: {told}");
        }
    }
}
