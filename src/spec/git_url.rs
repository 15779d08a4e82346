//! Whether two addresses are those of one git repository.

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
