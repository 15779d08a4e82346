//! What can be the name of a branch.

/// By the rules of `git check-ref-format --branch` (git `refs.c`). A full name such as `refs/heads/main` is none here, although
/// git takes it: it would be the branch `refs/heads/refs/heads/main`.
#[must_use]
pub fn is_branch(name: &str) -> bool {
    let is_of_git = |c: char| c.is_ascii_control() || " ~^:?*[\\".contains(c);
    let is_part = |part: &str| !part.is_empty() && !part.starts_with('.') && part.strip_suffix(".lock").is_none();
    let is_whole = !name.starts_with('-') && !name.ends_with('.') && !name.contains("..") && !name.contains("@{");
    is_whole
        && !name.contains(is_of_git)
        && name.split('/').all(is_part)
        && name != "HEAD"
        && !name.starts_with("refs/")
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    #[test]
    fn a_branch_is_what_git_takes_for_one() {
        for name in [
            "main",
            "feature/x",
            "x.lockx",
            "@",
            "a@b",
            "ä/ö",
            "head",
            "a#1",
            "a+b",
            "it's",
            "a{b",
            "release-1.2",
            "FETCH_HEAD",
            "a.b",
            "refsx/a",
            "",
            "HEAD",
            "-a",
            ".a",
            "a/.b",
            "a.lock",
            "a.lock/b",
            "a..b",
            "a b",
            "a~1",
            "a^",
            "a:b",
            "a?",
            "a*",
            "a[",
            "a/",
            "/a",
            "a//b",
            "a.",
            "@{-1}",
            "a@{1",
            "a\\b",
            "a\tb",
            "a\u{7f}",
        ] {
            // Within a repository `@{-1}` would be the branch before this one.
            let mut git = Command::new("git");
            git.current_dir(std::env::temp_dir()).args(["check-ref-format", "--branch", name]);
            let git = git.output().expect("git");
            assert_eq!(is_branch(name), git.status.success(), "{name}");
        }
        for name in ["refs/heads/main", "refs/tags/v1"] {
            assert!(!is_branch(name), "{name}");
        }
    }
}
