//! Addresses of git repositories: whether one can be any, and whether two are of the same.

use super::address::{has_wrong_port, host, is_over_ssh};

/// What git and Argo CD both ask over.
const SCHEMES: [&str; 6] = ["https", "http", "ssh", "git+ssh", "ssh+git", "git"];
/// A repository on this machine, for git alone.
const FILE: &str = "file";

/// How an address would be right that is none of a git repository, whatever is asked of it; `None` for one that may be.
#[must_use]
pub fn no_repository(address: &str) -> Option<&'static str> {
    // `ext::…` runs a program; a colon pair elsewhere belongs to an IPv6 address
    let is_helper = address.split_once("::").is_some_and(|(name, _)| !name.contains(['/', '[']));
    if address.is_empty() || address.starts_with('-') || is_helper {
        return Some("an address is `https://…`, `ssh://…`, `user@host:path`, or an absolute path on this machine");
    }
    match address.split_once("://") {
        Some((scheme, _)) if scheme.eq_ignore_ascii_case(FILE) => None,
        Some((scheme, _)) if !SCHEMES.iter().any(|it| scheme.eq_ignore_ascii_case(it)) => {
            Some("git asks over https and ssh: `https://…` or `ssh://…`")
        }
        Some(_) if host(address).is_empty() => Some("a host stands behind the `://`"),
        Some(_) if has_wrong_port(address) => Some("a port is a number from 1 to 65535"),
        Some(_) => None,
        None if address.starts_with('/') || is_over_ssh(address) => None,
        None if address.starts_with('.') => Some("a path is absolute: git is run in a folder of its own"),
        None => Some("write its scheme before it: `https://…`"),
    }
}

/// By the rule by which Argo CD finds the credential for a repository, and what a project permits (argo-cd 3.6.1
/// `util/git/git.go`, `SameURL`): capitals, `.git` at the end, and whether SSH is written as an address or as `user@host:path` do not
/// matter. A slash at the end, a port and a user do.
#[must_use]
pub fn is_same_repository(one: &str, other: &str) -> bool {
    normalized(one) == normalized(other)
}

/// The same, for whoever is let take something away because of it: to many servers the capitals of a path matter.
#[must_use]
pub fn is_surely_same_repository(one: &str, other: &str) -> bool {
    let path = |url: &str| {
        let url = url.trim();
        let url = url.strip_suffix(".git").unwrap_or(url);
        url.rsplit(['/', ':']).take(2).map(str::to_owned).collect::<Vec<String>>()
    };
    is_same_repository(one, other) && path(one) == path(other)
}

fn normalized(url: &str) -> String {
    let mut url = url.trim().to_lowercase();
    if is_short_ssh(&url) {
        url = url.replacen(':', "/", 1);
    }
    let url = url.strip_prefix("ssh://").unwrap_or(&url);
    url.strip_suffix(".git").unwrap_or(url).to_owned()
}

/// Whether this is `user@host:path`.
fn is_short_ssh(url: &str) -> bool {
    url.split_once('@').is_some_and(|(user, rest)| !user.contains(['/', ':']) && !rest.contains('@'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_that_nobody_can_ask_is_told_with_a_remedy() {
        for (address, words) in [
            ("git.example.org/me/hub", "scheme before it"),
            ("hub", "scheme before it"),
            ("./hub.git", "absolute"),
            ("../hub.git", "absolute"),
            ("htps://git.example.org/hub", "over https and ssh"),
            ("https:///hub", "a host"),
            ("https://git.example.org:99999/hub", "a port"),
            ("ext::sh -c x", "an address is"),
            ("--upload-pack=x", "an address is"),
            ("", "an address is"),
        ] {
            assert!(no_repository(address).is_some_and(|hint| hint.contains(words)), "{words} of {address}");
        }
        for address in [
            "https://git.example.org/me/hub",
            "HTTPS://git.example.org:8443/me/hub.git",
            "http://[::1]:3000/hub",
            "ssh://git@git.example.org:2222/hub",
            "git@git.example.org:me/hub.git",
            "git.example.org:me/hub",
            "git@[::1]:hub",
            "/srv/hub.git",
            "file:///srv/hub.git",
        ] {
            assert_eq!(no_repository(address), None, "{address}");
        }
    }

    #[test]
    fn one_repository_has_the_addresses_that_argo_cd_takes_for_one() {
        for (one, other, same) in [
            ("https://h.example/o/r", "https://h.example/o/r.git", true),
            ("https://H.example/O/r.git", "https://h.example/o/R", true),
            ("git@h.example:o/r.git", "ssh://git@h.example/o/r", true),
            ("git@h.example:o/r", "GIT@h.example:o/r.git ", true),
            ("https://h.example/o/r", "https://h.example/o/r/", false),
            ("https://h.example/o/r", "https://h.example:443/o/r", false),
            ("ssh://git@h.example/o/r", "ssh://git@h.example:22/o/r", false),
            ("git@h.example:o/r", "me@h.example:o/r", false),
            ("https://h.example/o/r", "git@h.example:o/r", false),
            ("https://me@h.example/o/r", "https://h.example/o/r", false),
            ("https://h.example/o/r", "http://h.example/o/r", false),
        ] {
            assert_eq!(is_same_repository(one, other), same, "{one} {other}");
        }
    }

    #[test]
    fn what_is_taken_away_is_of_a_path_with_the_same_capitals() {
        for (one, other, same) in [
            ("https://H.example/o/r", "https://h.example/o/r.git", true),
            ("git@h.example:o/r.git", "ssh://git@h.example/o/r", true),
            ("https://h.example/o/Hub", "https://h.example/o/hub", false),
            ("https://h.example/O/hub", "https://h.example/o/hub", false),
            ("https://h.example/o/r", "https://h.example/o/s", false),
        ] {
            assert_eq!(is_surely_same_repository(one, other), same, "{one} {other}");
        }
    }
}
