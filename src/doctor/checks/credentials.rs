//! The Secrets by which Argo CD gets to repositories and clusters, and the one by which people get in.

use crate::doctor::code::{ADMIN_ENABLED, SECRET_EMPTY, WRITE_CREDENTIAL};
use crate::doctor::facts::{Facts, SecretFacts};
use crate::doctor::finding::{Finding, Harm};
use crate::object::ObjectRef;
use crate::words::argo;

/// The first password of the admin.
const FIRST_PASSWORD: &str = "argocd-initial-admin-secret";
/// What makes a Secret a login: a password, a key, or an application of a forge.
const LOGINS: &[&str] = &["password", "sshPrivateKey", "githubAppPrivateKey", "bearerToken", "gcpServiceAccountKey"];

/// Credentials that are for writing, that have been seen to write, or that fit every repository of a host.
pub fn that_push(facts: &Facts) -> Vec<Finding> {
    let finding = |secret: &SecretFacts| {
        let says = match kind_of(secret)? {
            "repository-write" | "repo-write-creds" => "it is for pushing to git".to_owned(),
            _ if secret.may_push == Some(true) => format!("git takes a push by it to {}", secret.address),
            "repo-creds" if is_bare_host(&secret.address) && has_login(secret) => {
                format!("it logs in to every repository of {}", secret.address)
            }
            _ => return None,
        };
        Some(Finding::new(WRITE_CREDENTIAL, Harm::Trouble, &named(facts, secret), says))
    };
    facts.secrets.iter().flatten().filter_map(finding).collect()
}

/// Secrets of clusters and repositories without an address.
pub fn empty(facts: &Facts) -> Vec<Finding> {
    let says = |secret: &SecretFacts| {
        let kind = kind_of(secret)?;
        let wanted = if kind == argo::CLUSTER { "server" } else { "url" };
        let is_one = [argo::CLUSTER, "repository", "repo-creds"].contains(&kind);
        (is_one && secret.address.is_empty())
            .then(|| format!("it is of a {kind}, and has no `{wanted}`; Argo CD may fail to list all of them"))
    };
    let secrets = facts.secrets.iter().flatten();
    secrets.filter_map(|it| Some(Finding::new(SECRET_EMPTY, Harm::Trouble, &named(facts, it), says(it)?))).collect()
}

/// Whether the admin of the first day can still log in.
pub fn admin(facts: &Facts) -> Vec<Finding> {
    let is_enabled = facts.settings.is_some() && facts.setting("admin.enabled") != Some("false");
    let first = facts.secrets.iter().flatten().filter(|it| is_enabled && it.name == FIRST_PASSWORD);
    let says = "the admin is enabled, and the first password is there for all who may read Secrets";
    first.map(|it| Finding::new(ADMIN_ENABLED, Harm::Note, &named(facts, it), says)).collect()
}

fn named(facts: &Facts, secret: &SecretFacts) -> ObjectRef {
    ObjectRef::new("v1", "Secret", Some(&facts.namespace), &secret.name)
}

fn kind_of(secret: &SecretFacts) -> Option<&str> {
    secret.labels.get(argo::SECRET_TYPE).map(String::as_str)
}

fn has_login(secret: &SecretFacts) -> bool {
    secret.keys.iter().any(|key| LOGINS.contains(&key.as_str()))
}

/// Whether an address names a host and no organization or repository on it.
fn is_bare_host(address: &str) -> bool {
    let rest = address.split_once("://").map_or(address, |(_, rest)| rest);
    let rest = rest.rsplit_once('@').map_or(rest, |(_, host)| host);
    !rest.is_empty()
        && rest.split_once(['/', ':']).is_none_or(|(_, path)| path.trim_matches('/').is_empty() || is_port(path))
}

fn is_port(path: &str) -> bool {
    let path = path.trim_end_matches('/');
    !path.is_empty() && path.bytes().all(|b| b.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn a_bare_host_is_known_by_its_address() {
        for (address, bare) in [
            ("https://github.com", true),
            ("https://github.com/", true),
            ("https://git.example.org:8443/", true),
            ("https://github.com/org", false),
            ("https://github.com/org/repo.git", false),
            ("git@github.com", true),
            ("git@github.com:org/repo.git", false),
            ("", false),
        ] {
            assert_eq!(is_bare_host(address), bare, "{address}");
        }
    }

    fn secret(name: &str, kind: &str, address: &str) -> SecretFacts {
        SecretFacts {
            name: name.to_owned(),
            labels: BTreeMap::from([(argo::SECRET_TYPE.to_owned(), kind.to_owned())]),
            keys: vec!["password".to_owned()],
            address: address.to_owned(),
            ..SecretFacts::default()
        }
    }

    #[test]
    fn a_credential_is_judged_by_its_sort_and_by_what_git_has_said() {
        let repository = "https://git.example.org/a/b.git";
        for (secret, pushes, is_empty) in [
            (secret("a", "repository", repository), false, false),
            (SecretFacts { may_push: Some(true), ..secret("b", "repository", repository) }, true, false),
            (SecretFacts { may_push: Some(false), ..secret("b", "repository", repository) }, false, false),
            (secret("c", "repository-write", repository), true, false),
            (secret("d", "repo-creds", "https://git.example.org"), true, false),
            (SecretFacts { keys: Vec::new(), ..secret("d", "repo-creds", "https://git.example.org") }, false, false),
            (secret("e", "repo-creds", "https://git.example.org/a"), false, false),
            (secret("f", argo::CLUSTER, ""), false, true),
            (secret("g", "repository", ""), false, true),
            (secret("h", "scm-creds", ""), false, false),
        ] {
            let facts = Facts { secrets: Some(vec![secret]), ..Facts::default() };
            assert_eq!((that_push(&facts).len(), empty(&facts).len()), (pushes.into(), is_empty.into()), "{facts:?}");
        }
    }

    #[test]
    fn the_admin_is_enabled_unless_the_settings_say_otherwise() {
        let first = || Some(vec![SecretFacts { name: FIRST_PASSWORD.to_owned(), ..SecretFacts::default() }]);
        let says = |value: &str| Some(vec![serde_json::json!({"data": {"admin.enabled": value}})]);
        for (settings, count) in [(Some(Vec::new()), 1), (says("true"), 1), (says("false"), 0), (None, 0)] {
            let facts = Facts { secrets: first(), settings, ..Facts::default() };
            assert_eq!(admin(&facts).len(), count, "{facts:?}");
        }
    }
}
