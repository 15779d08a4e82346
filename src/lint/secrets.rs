//! Secrets enter a step by the name of a variable or the path of a file. Written into it, or pasted by a template, they
//! pass through Porter's logs.

use serde_json::Value;

use super::bundle::{Bundle, StepAt, last};
use super::finding::Finding;
use super::rule::{COMMITTED_SECRET, TEMPLATED_SECRET, TEMPLATED_VARIABLE, UNENCRYPTED, WRITTEN_SECRET};
use super::template::{declared, names};
use crate::bundle::Header;
use crate::document::IN_A_SECRET;
use crate::schema::{address, is_template};
use crate::yaml::{Data, Node};

/// The credentials of the hub repository, and how its host is reached: by a proxy that may have a password.
const CREDENTIALS: [&str; 5] = [
    "hub.repository.push",
    "hub.repository.pull",
    "hub.repository.connection",
    "bead.repository.push",
    "bead.repository.connection",
];
/// Where a bead gets its Secrets, and the settings of Argo CD theirs, each with keys of its own.
pub(super) const NAMED: [&str; 2] = ["bead.secrets", "hub.secrets"];
/// Where a module of OpenTofu gets its secrets, and those of its providers.
pub(super) const OF_MODULE: [&str; 2] = ["cluster.opentofu.secrets", "cluster.opentofu.environment"];
/// Where a spoke gets its kubeconfig.
pub(super) const OF_SPOKE: &str = "spoke.kubeconfig";
/// Each credential, and where it is sent: to the first address that is given.
const WAYS: [(&str, &str, &[&str]); 3] =
    [("hub", "push", &["pushUrl", "url"]), ("hub", "pull", &["url"]), ("bead", "push", &["pushUrl", "url"])];
/// What becomes part of the files of a bead.
const COMMITTED: &str = "bead.parameters.";
/// The addresses of the hub repository, in either noun.
const ADDRESSES: [&str; 2] = [".repository.url", ".repository.pushUrl"];
/// The secrets of each.
pub(super) const SECRETS: [&str; 8] =
    ["username", "password", "sshPrivateKey", "knownHosts", "clientCertificate", "clientKey", "ca", "proxy"];

/// Secrets that stand in the step itself. The value is never told.
pub(super) fn written(at: &StepAt<'_>) -> Vec<(String, Finding)> {
    let mut paths = Vec::new();
    for credential in CREDENTIALS {
        let node = at.step.node.nearest(credential);
        if at.at(&format!("/{}", credential.replace('.', "/"))).is_some() {
            credential_values(node, credential, |key| SECRETS.contains(&key), &mut paths);
        }
    }
    for place in NAMED {
        let is_given = at.at(&format!("/{}", place.replace('.', "/"))).is_some();
        let Data::Map(secrets) = &at.step.node.nearest(place).data else { continue };
        for (name, keys) in secrets.iter().filter(|_| is_given) {
            credential_values(keys, &format!("{place}.{}", name.text), |_| true, &mut paths);
        }
    }
    for path in OF_MODULE {
        if at.at(&format!("/{}", path.replace('.', "/"))).is_some() {
            credential_values(at.step.node.nearest(path), path, |_| true, &mut paths);
        }
    }
    if at.at("/spoke/kubeconfig").is_some() {
        reference_values(at.step.node.nearest(OF_SPOKE), OF_SPOKE.to_owned(), &mut paths);
    }
    let found = paths.into_iter().map(|path| {
        let message = format!("`{path}` holds a value where a reference to a secret belongs");
        let finding = at.finding(WRITTEN_SECRET, &path, message);
        (path, finding.hint("name where it is, as in `password: {env: TOKEN}`, and declare that as a credential"))
    });
    found.chain(addresses(at)).collect()
}

fn credential_values(node: &Node, path: &str, is_secret: impl Fn(&str) -> bool, found: &mut Vec<String>) {
    let Data::Map(entries) = &node.data else {
        found.extend(is_value(node).then(|| path.to_owned()));
        return;
    };
    for (key, secret) in entries.iter().filter(|(key, _)| is_secret(&key.text)) {
        reference_values(secret, format!("{path}.{}", key.text), found);
    }
}

fn reference_values(secret: &Node, path: String, found: &mut Vec<String>) {
    let Data::Map(references) = &secret.data else {
        found.extend(is_value(secret).then_some(path));
        return;
    };
    let wrong = references.iter().filter(|(key, value)| match (key.text.as_str(), &value.data) {
        ("env", Data::Text(text)) => is_value(value) && !is_variable(text),
        ("file", Data::Text(text)) => text.trim_end().contains('\n') || text.starts_with("-----BEGIN"),
        ("env" | "file", _) => false,
        _ => is_value(value),
    });
    found.extend(wrong.map(|(key, _)| format!("{path}.{}", key.text)));
}

/// `https://user:password@host`, `https://host/path?private_token=…`.
fn addresses(at: &StepAt<'_>) -> Vec<(String, Finding)> {
    let is_address = |path: &str| {
        ["hub", "bead"].iter().any(|noun| path.strip_prefix(noun).is_some_and(|rest| ADDRESSES.contains(&rest)))
    };
    let found = at.texts().into_iter().filter(|(path, _)| is_address(path)).filter_map(|(path, text)| {
        let (kind, _) = address::secret_in(text).filter(|(_, secret)| !is_template(secret))?;
        let finding = at.finding(WRITTEN_SECRET, &path, format!("`{path}` holds {kind}"));
        Some((path, finding.hint("keep it out of the address, and give it as `push: {password: {env: TOKEN}}`")))
    });
    found.collect()
}

/// A password for an address of HTTP without TLS, which the step would refuse.
pub(super) fn unencrypted(at: &StepAt<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (noun, credential, addresses) in WAYS {
        let Some(repository) = at.at(&format!("/{noun}/repository")) else { continue };
        let has_password = repository.pointer(&format!("/{credential}/password")).is_some_and(|it| !it.is_null());
        let is_allowed = repository.get("allowInsecure").is_some_and(|it| *it != Value::Bool(false) && !it.is_null());
        let given =
            addresses.iter().find_map(|key| Some((key, repository.get(*key)?.as_str().filter(|it| !it.is_empty())?)));
        let Some((key, url)) = given.filter(|(_, url)| address::is_open(url) && !is_template(address::host(url)))
        else {
            continue;
        };
        if has_password && !is_allowed {
            let message = format!(
                "the password of `{noun}.repository.{credential}` would cross the network unencrypted to {}",
                address::shown(url)
            );
            let finding = at.finding(UNENCRYPTED, &format!("{noun}.repository.{key}"), message);
            findings.push(finding.hint("give it an https or ssh address, or let it by `allowInsecure: true`"));
        }
    }
    findings
}

/// A scalar that stands for itself.
fn is_value(node: &Node) -> bool {
    match &node.data {
        Data::Text(text) => !text.is_empty() && !is_template(text),
        Data::Number(_) | Data::Bool(_) => true,
        _ => false,
    }
}

fn is_variable(text: &str) -> bool {
    let inner = |c: char| c.is_ascii_alphanumeric() || "_.-".contains(c);
    text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') && text.chars().all(inner)
}

/// Templates that paste a secret.
pub(super) fn pasted(bundle: &Bundle<'_>, at: &StepAt<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (path, text) in at.texts() {
        let field = last(&path);
        if field == "env" && is_template(text) {
            let message = format!("`{path}` is the name of a variable, but `{text}` pastes a value in its place.");
            findings.push(at.finding(TEMPLATED_VARIABLE, &path, message));
            continue;
        }
        let is_path = matches!(field, "file" | "kubeconfig");
        if let Some((name, noun)) = names(text).find_map(|name| Some((name, secret(name, is_path, bundle.header())?))) {
            let message = format!("`{path}` pastes the {noun} `{name}`");
            findings.push(if path.starts_with(COMMITTED) {
                let message = format!("{message}, and what parameters of a bead stand for is committed to git");
                at.finding(COMMITTED_SECRET, &path, message).hint(IN_A_SECRET)
            } else {
                let finding = at.finding(TEMPLATED_SECRET, &path, message);
                finding.hint("give it an `env` or a `path` in porter.yaml, and name that")
            });
        }
    }
    findings
}

/// What kind of secret a template pastes. In the place of a path, what has a `path` gives that, and no secret.
fn secret(name: &str, is_path: bool, header: Option<&Header>) -> Option<&'static str> {
    if name.starts_with("bundle.credentials.") {
        let credential = declared(name, "bundle.credentials.", header.map_or(&[], |it| &it.credentials), |it| &it.name);
        let has_path = credential.is_none_or(|it| it.path.is_some());
        return (!(is_path && has_path)).then_some("credential");
    }
    let header = header?;
    if let Some(parameter) = declared(name, "bundle.parameters.", &header.parameters, |it| &it.name) {
        let gives_path = is_path && parameter.path.is_some();
        return (parameter.sensitive && !gives_path).then_some("sensitive parameter");
    }
    let output = declared(name, "bundle.outputs.", &header.outputs, |it| &it.name)?;
    output.sensitive.then_some("sensitive output")
}
