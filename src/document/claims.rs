//! The claims repository of a hub, in which people order what the beads offer.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::schema::matches;

/// The claims repository, and where in the cluster its claims may be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct HubClaims {
    /// The repository.
    pub repository: ClaimsRepository,
    /// The namespaces in which claims may be, with `*` for any characters. They belong to nobody else: not to the hub, a
    /// component or a bead. Nobody makes them here.
    #[schemars(length(min = 1))]
    pub namespaces: Vec<String>,
}

/// The git repository that holds claims.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ClaimsRepository {
    /// The address, as Argo CD in the cluster reaches it.
    pub url: String,
    /// The branch that Argo CD follows. Default `main`.
    #[serde(default = "default_branch")]
    #[schemars(extend("format" = "git-branch"))]
    pub branch: String,
    /// The folder with the claims; those below it count. Default `.`, the whole repository.
    #[serde(default = "default_path")]
    #[schemars(extend("format" = "relative-path"))]
    pub path: String,
}

impl HubClaims {
    /// The pattern by which claims may be in a namespace.
    #[must_use]
    pub fn reach(&self, namespace: &str) -> Option<&str> {
        self.namespaces.iter().map(String::as_str).find(|pattern| matches(pattern, namespace))
    }
}

impl ClaimsRepository {
    /// Host, owner and name of the repository on its forge; `None` for an address that has no owner. Groups within groups are
    /// the owner.
    #[must_use]
    pub fn forge(&self) -> Option<(&str, &str, &str)> {
        let (host, path) = parts(&self.url)?;
        let (owner, name) = path.rsplit_once('/')?;
        (!host.is_empty() && !owner.is_empty()).then_some((host, owner, name))
    }

    /// Whether another address is one of this repository, whatever protocol, user and default port either names. Forges do
    /// not tell capitals apart.
    #[must_use]
    pub fn is_at(&self, other: &str) -> bool {
        let trimmed = |url: &str| url.trim_end_matches('/').trim_end_matches(".git").to_lowercase();
        let urls = [&self.url, other].map(trimmed);
        let [one, other] = urls.each_ref().map(|url| parts(url));
        let (Some((one, at)), Some((other, other_at))) = (one, other) else { return urls[0] == urls[1] };
        at == other_at && is_same_host(one, other)
    }
}

/// Host and path of an address. `None` for a path of this machine.
fn parts(url: &str) -> Option<(&str, &str)> {
    let (scheme, (authority, path)) = match url.split_once("://") {
        Some((scheme, rest)) => (scheme, rest.split_once('/')?),
        None => ("ssh", url.split_once(':')?),
    };
    let host = authority.rsplit('@').next()?;
    // The port of SSH is not that of the forge.
    let host = if scheme == "ssh" { host.split(':').next()? } else { host };
    let path = path.trim_matches('/');
    Some((host, path.strip_suffix(".git").unwrap_or(path)))
}

/// Whether two hosts are one. A port that only one of them names may be that of the other: SSH and HTTP have their own.
fn is_same_host(one: &str, other: &str) -> bool {
    let split = |host: &str| {
        let (name, port) = host.rsplit_once(':').unwrap_or((host, ""));
        (name.to_owned(), Some(port.to_owned()).filter(|it| !["", "80", "443"].contains(&it.as_str())))
    };
    let ((one, port), (other, other_port)) = (split(one), split(other));
    one == other && (port == other_port || port.is_none() || other_port.is_none())
}

fn default_branch() -> String {
    "main".to_owned()
}

fn default_path() -> String {
    ".".to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_repository_has_an_owner_on_its_forge() {
        let forge = |url: &str| {
            let repository = ClaimsRepository { url: url.to_owned(), branch: default_branch(), path: default_path() };
            repository.forge().map(|(host, owner, name)| format!("{host} {owner} {name}"))
        };
        for (url, parts) in [
            ("https://github.com/o/r.git", "github.com o r"),
            ("https://git.example.org:8443/group/sub/r/", "git.example.org:8443 group/sub r"),
            ("ssh://git@git.example.org:2222/o/r.git", "git.example.org o r"),
            ("git@github.com:o/r.git", "github.com o r"),
        ] {
            assert_eq!(forge(url).as_deref(), Some(parts));
        }
        for url in ["http://127.0.0.1:3000/r.git", "file:///srv/o/r.git", "/srv/r.git", "x"] {
            assert_eq!(forge(url), None, "{url}");
        }
    }
    #[test]
    fn a_repository_has_many_addresses() {
        let is_at = |url: &str, other: &str| {
            let repository = ClaimsRepository { url: url.to_owned(), branch: default_branch(), path: default_path() };
            repository.is_at(other)
        };
        let hub = "https://git.example.org/o/hub.git";
        for url in [
            hub,
            "https://git.example.org/O/Hub/",
            "http://git.example.org/o/hub",
            "https://git.example.org:443/o/hub.git",
            "https://user@git.example.org/o/hub.git",
            "https://user:x@GIT.example.org//o/hub.git/",
            "git@git.example.org:o/hub.git",
            "git.example.org:/o/hub",
            "ssh://git@git.example.org:2222/o/hub.git",
        ] {
            assert!(is_at(url, hub) && is_at(hub, url), "{url}");
        }
        for url in
            ["https://git.example.org/o/claims.git", "https://git.example.com/o/hub.git", "/o/hub.git", "git@x:hub"]
        {
            assert!(!is_at(url, hub), "{url}");
        }
        assert!(is_at("/srv/o/hub.git/", "/srv/o/hub") && !is_at("/srv/o/hub.git", "/srv/o/claims.git"));
        assert!(is_at("git@git.example.org:o/hub", "https://git.example.org:8443/o/hub"));
        assert!(!is_at("https://git.example.org:9443/o/hub", "https://git.example.org:8443/o/hub"));
    }
}
