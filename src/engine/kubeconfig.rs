//! Reading a kubeconfig, with its secrets remembered before anything can quote them.

use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use kube::config::{AuthInfo, Kubeconfig, KubeconfigError};
use serde_json::{Map, Value};
use zeroize::Zeroizing;

use super::played;
use super::tidy::tidy;
use crate::input;
use crate::report::{Failure, Outcome, remember_secret, wipe};
use crate::schema::{address, may_be_secret_name};
use crate::yaml::{self, Reader};

/// A value of a login program's settings that is shorter is a word, unless its name says that it is a secret.
const SHORTEST_SETTING: usize = 8;

/// Reads one file.
pub(super) fn read(path: &Path) -> Outcome<Kubeconfig> {
    let name = path.display().to_string();
    remember_secrets_in(path)?;
    let mut kubeconfig = Kubeconfig::read_from(path).map_err(|error| unusable(&name, &without_source(&error)))?;
    tidy(&mut kubeconfig);
    played::demand_confined(path, &kubeconfig)?;
    Ok(kubeconfig)
}

/// A kubeconfig that is there and of no use.
pub(super) fn unusable(name: &str, cause: &str) -> Failure {
    Failure::failed(format!("cannot use the kubeconfig {name}: {cause}"))
        .hint("check that it is a whole kubeconfig and that the context exists in it")
}

/// The parser would show the lines around a mistake, cut to its own width.
pub(super) fn without_source(error: &KubeconfigError) -> String {
    match error {
        KubeconfigError::Parse(error) => error.without_snippet().to_string(),
        other => other.to_string(),
    }
}

fn remember_secrets_in(path: &Path) -> Outcome<()> {
    let mut documents = documents(&path.display().to_string(), &text_of(path)?, path.parent())?;
    documents.iter_mut().for_each(wipe);
    Ok(())
}

/// The text of a kubeconfig.
pub(super) fn text_of(path: &Path) -> Outcome<Zeroizing<String>> {
    input::text_of(path).map(Zeroizing::new).map_err(|error| {
        Failure::failed(format!("cannot read the kubeconfig {}: {error}", path.display()))
            .hint("let the user of the bundle, uid 65532 in Porter's image, read it")
    })
}

/// What is in the text of a kubeconfig, with its secrets remembered, and those of the files that it names relative to a folder.
pub(super) fn documents(name: &str, text: &str, folder: Option<&Path>) -> Outcome<Vec<Value>> {
    let Ok(documents) = yaml::manifests(name, text) else {
        // What stands there is not known to be no secret, so only the place is told.
        let place = yaml::parse(name, text, Reader::Kubernetes).err().and_then(|mistake| mistake.place);
        let at = place.map(|place| format!(" at line {}, column {}", place.line, place.column));
        return Err(unusable(name, &format!("it is not valid YAML{}", at.unwrap_or_default())));
    };
    for document in &documents {
        look_for_secrets(document, folder.unwrap_or(Path::new("")));
    }
    Ok(documents)
}

/// Reads a text that came from no file.
pub(super) fn parse(name: &str, text: &str) -> Outcome<Kubeconfig> {
    documents(name, text, None)?.iter_mut().for_each(wipe);
    let mut kubeconfig = Kubeconfig::from_yaml(text).map_err(|error| unusable(name, &without_source(&error)))?;
    tidy(&mut kubeconfig);
    Ok(kubeconfig)
}

/// Wherever they stand: a kubeconfig of the wrong shape is quoted, too.
fn look_for_secrets(value: &Value, folder: &Path) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| look_for_secrets(item, folder)),
        Value::Object(fields) => {
            fields.iter().for_each(|(key, value)| look_at(key, value, folder));
            remember_setting(fields);
        }
        _ => {}
    }
}

fn look_at(key: &str, value: &Value, folder: &Path) {
    match (key, value) {
        ("client-key" | "tokenFile", Value::String(file)) => {
            // Who cannot read it does not use it either, and is told so by the client.
            if let Ok(bytes) = input::bytes_of(&folder.join(file)).map(Zeroizing::new) {
                remember_secret(&*bytes);
            }
        }
        ("client-key-data", Value::String(data)) => {
            remember_secret(data);
            let plain: Zeroizing<String> = Zeroizing::new(data.split_whitespace().collect());
            remember_secret(plain.as_bytes());
            if let Ok(pem) = STANDARD.decode(plain.as_bytes()).map(Zeroizing::new) {
                remember_secret(&*pem);
            }
        }
        ("proxy-url" | "server", Value::String(url)) => remember_password_in(url),
        ("args", Value::Array(args)) => remember_arguments(args),
        ("config", Value::Object(settings)) => settings.values().for_each(remember_long),
        _ if may_be_secret_name(key) => each_scalar(value, &|text| remember_secret(text)),
        _ => {}
    }
    look_for_secrets(value, folder);
}

/// A variable of a login program: `{name: …, value: …}`.
fn remember_setting(fields: &Map<String, Value>) {
    if let (Some(Value::String(name)), Some(value)) = (fields.get("name"), fields.get("value")) {
        if may_be_secret_name(name) {
            each_scalar(value, &|text| remember_secret(text));
        } else {
            remember_long(value);
        }
    }
}

/// `--client-secret=…`, and `--client-secret …`.
fn remember_arguments(args: &[Value]) {
    let mut last = "";
    for arg in args.iter().filter_map(Value::as_str) {
        match arg.split_once('=') {
            Some((name, value)) if may_be_secret_name(name) => remember_secret(value),
            _ if last.starts_with('-') && may_be_secret_name(last) => remember_secret(arg),
            _ => {}
        }
        last = arg;
    }
}

fn remember_long(value: &Value) {
    each_scalar(value, &|text| {
        if text.len() >= SHORTEST_SETTING {
            remember_secret(text);
        }
    });
}

/// `user:password@` in an address, which a proxy's may be without a scheme.
pub(super) fn remember_password_in(url: &str) {
    let whole = if url.contains("://") { url.to_owned() } else { format!("http://{url}") };
    address::secrets_in(&whole).for_each(remember_secret);
}

/// Whether there is anything by which a request shows who makes it. A certificate is of no use without TLS.
pub(super) fn logs_in(user: &AuthInfo) -> bool {
    user.token.is_some()
        || user.token_file.is_some()
        || user.password.is_some()
        || user.exec.is_some()
        || user.auth_provider.is_some()
}

fn each_scalar(value: &Value, tell: &impl Fn(&str)) {
    match value {
        Value::String(text) => tell(text),
        Value::Number(number) => tell(&number.to_string()),
        Value::Array(items) => items.iter().for_each(|item| each_scalar(item, tell)),
        Value::Object(fields) => fields.values().for_each(|value| each_scalar(value, tell)),
        Value::Null | Value::Bool(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::redact;

    const SECRETS: [&str; 11] = [
        "tok-planted-1",
        "pass-planted-2",
        "PEM-planted-3",
        "env-planted-4",
        "provider-planted-5",
        "arg-planted-6",
        "arg-planted-7",
        "proxy-planted-8",
        "file-planted-9",
        "arg-planted-10",
        "arg-planted-11",
    ];

    fn kubeconfig() -> String {
        let pem = STANDARD.encode(SECRETS[2]);
        format!(
            "{{apiVersion: v1, kind: Config, clusters: [{{name: c, cluster: {{server: 'https://x', proxy-url: 'http://u:{}@p:1'}}}}], \
             users: [{{name: u, user: {{token: {}, password: '{}', client-key-data: {pem}, tokenFile: token, \
             auth-provider: {{name: x, config: {{refresh: {}}}}}, \
             exec: {{command: x, args: [--client-secret={}, --secret, {}, --api-key, {}, --access-key={}], env: [{{name: A_B, value: {}}}]}}}}}}]}}",
            SECRETS[7], SECRETS[0], SECRETS[1], SECRETS[4], SECRETS[5], SECRETS[6], SECRETS[9], SECRETS[10], SECRETS[3]
        )
    }

    #[test]
    fn every_secret_of_a_kubeconfig_is_known() {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join("token"), SECRETS[8]).expect("written");
        let file = folder.path().join("config");
        std::fs::write(&file, kubeconfig()).expect("written");
        read(&file).expect("a kubeconfig");
        for secret in SECRETS {
            assert_eq!(redact(secret), "*******", "{secret}");
        }
    }

    #[test]
    fn a_broken_kubeconfig_is_not_quoted() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("config");
        std::fs::write(&file, "users:\n- user: {token: not-known-yet\nkind: *x\n").expect("written");
        let failure = read(&file).expect_err("broken").render();
        assert!(failure.contains("line ") && failure.contains("hint:"), "{failure}");
        assert!(!failure.contains("not-known-yet"), "{failure}");
    }
}
