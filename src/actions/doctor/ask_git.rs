//! `--ask-git`: whether git takes a push by the credentials that Argo CD reads with. Nothing is pushed.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde_json::Value;

use super::look::Look;
use crate::doctor::code::WRITE_CREDENTIAL;
use crate::doctor::{Facts, SecretFacts};
use crate::engine::Cluster;
use crate::git::{Access, Connection, GitCredential};
use crate::hub::credential::{connection_in, credential_in, value};
use crate::object::{ObjectRef, name, str_at};
use crate::publish::can_push;
use crate::report::{Outcome, wipe};
use crate::schema::address;
use crate::words::argo;

/// How long git may take for one repository.
const PATIENCE: Duration = Duration::from_secs(30);
/// Where Argo CD has the host keys that it trusts.
const KNOWN_HOSTS: (&str, &str) = (argo::KNOWN_HOSTS, "/data/ssh_known_hosts");

/// A Secret with an address: that of a repository, or what many addresses begin with.
struct Known {
    secret: String,
    is_template: bool,
    url: String,
    credential: Option<GitCredential>,
    connection: Connection,
    /// Whether it logs in by something that only Argo CD can make a credential of.
    has_other_login: bool,
}

/// What git cannot be asked with from here: an application of a forge, an account of a cloud, a token that is sent by itself.
const OTHER_LOGINS: [&str; 3] = ["githubAppPrivateKey", "gcpServiceAccountKey", "bearerToken"];

/// Says that git was not asked, where there is a credential to ask by.
pub fn unasked(facts: &Facts, look: &mut Look) {
    let is_login = |it: &SecretFacts| {
        let is_one =
            it.labels.get(argo::SECRET_TYPE).is_some_and(|it| ["repository", "repo-creds"].contains(&it.as_str()));
        let logins = ["password", "sshPrivateKey"].into_iter().chain(OTHER_LOGINS);
        is_one && logins.into_iter().any(|login| it.keys.iter().any(|key| key == login))
    };
    let count = facts.secrets.iter().flatten().filter(|it| is_login(it)).count();
    if count > 0 {
        let what = format!("whether git takes a push by the credentials of Argo CD ({count})");
        look.leave(what, "git was not asked; --ask-git does", &[WRITE_CREDENTIAL]);
    }
}

/// Asks for each repository that Argo CD has a Secret for, by the credential that it would take.
pub async fn ask(cluster: &Cluster, facts: &mut Facts, look: &mut Look) -> Outcome<()> {
    let here = |kind: &str| ObjectRef { namespace: Some(facts.namespace.clone()), ..ObjectRef::of_kind(kind) };
    let of_hosts = |it: Value| [KNOWN_HOSTS.0, argo::CERTIFICATES].contains(&name(&it)).then_some(it);
    let trusted = look.at(
        "the host keys and certificates that Argo CD trusts",
        &[WRITE_CREDENTIAL],
        cluster.list_with(&here("v1/ConfigMap"), of_hosts).await,
    )?;
    let trusted = trusted.unwrap_or_default();
    let read = cluster.list_with(&here("v1/Secret"), |it| known(it, &trusted)).await;
    let all = look.at("the credentials of Argo CD", &[WRITE_CREDENTIAL], read)?.unwrap_or_default();

    let mut answers: BTreeMap<&str, bool> = BTreeMap::new();
    let mut tried: BTreeSet<&str> = BTreeSet::new();
    for repository in all.iter().filter(|it| !it.is_template) {
        let template = || {
            let fits = all.iter().filter(|it| it.is_template && repository.url.starts_with(&it.url));
            fits.max_by_key(|it| it.url.len())
        };
        let logs_in = |it: &&Known| it.credential.is_some() || it.has_other_login;
        let Some(by) = Some(repository).filter(logs_in).or_else(template) else { continue }; // no login, so no push by it
        tried.insert(by.secret.as_str());
        let what = format!("whether {} may push", by.secret);
        let Some(credential) = by.credential.clone() else {
            if by.has_other_login {
                look.miss(what, "git cannot be asked by this sort of login", &[WRITE_CREDENTIAL]);
            }
            continue;
        };
        let connection = by.connection.clone();
        let access = Access { connection, ..Access::new(&repository.url, "main", Some(credential)) };
        let asked = match access.check() {
            Ok(()) => can_push(&access, cluster.deadline().at_most(PATIENCE).end()).await,
            Err(failure) => Err(failure),
        };
        match asked {
            Ok(may) => *answers.entry(by.secret.as_str()).or_default() |= may,
            Err(failure) => look.miss(what, failure.message, &[WRITE_CREDENTIAL]),
        }
    }
    for it in all.iter().filter(|it| it.is_template && !tried.contains(it.secret.as_str())) {
        let why = format!("no repository is known that begins with {}", address::shown(&it.url));
        look.miss(format!("whether {} may push", it.secret), why, &[WRITE_CREDENTIAL]);
    }
    for secret in facts.secrets.iter_mut().flatten() {
        secret.may_push = answers.get(secret.name.as_str()).copied();
    }
    Ok(())
}

/// What a Secret of a repository logs in with. It is remembered as a secret before anything is done by it.
fn known(mut live: Value, trusted: &[Value]) -> Option<Known> {
    let label = live.pointer("/metadata/labels")?.get(argo::SECRET_TYPE)?.as_str()?;
    let is_template = label == "repo-creds";
    if !is_template && label != "repository" {
        return None;
    }
    let value = |key: &str| value(&live, key);
    let map = |wanted: &str| trusted.iter().find(|it| name(it) == wanted);
    let is_git = value("type").is_none_or(|it| it == "git") && value("enableOCI").is_none_or(|it| it != "true");
    let mut credential = credential_in(&live);
    if credential.ssh_private_key.is_some() {
        credential.known_hosts = map(KNOWN_HOSTS.0).map(|it| str_at(it, KNOWN_HOSTS.1).to_owned());
    }
    let logs_in = credential.password.is_some() || credential.ssh_private_key.is_some();
    let url = value("url")?;
    let found = Known {
        secret: name(&live).to_owned(),
        is_template,
        credential: Some(credential).filter(|_| logs_in),
        connection: connection_in(&live, map(argo::CERTIFICATES).unwrap_or(&Value::Null), &url),
        has_other_login: OTHER_LOGINS.iter().any(|key| value(key).is_some()),
        url,
    };
    wipe(&mut live);
    is_git.then_some(found)
}
