//! What a terminal has room for.

use std::os::fd::AsFd;

/// How wide a terminal is that does not say.
const USUAL: usize = 80;
/// The digits of a commit: whole, and for people.
const COMMIT: usize = 40;
const SHORT: usize = 12;

/// The width of a terminal, in characters.
pub(super) fn width_of(terminal: &impl AsFd) -> usize {
    let columns = rustix::termios::tcgetwinsize(terminal).map_or(0, |size| usize::from(size.ws_col));
    if columns == 0 { USUAL } else { columns }
}

/// The text in at most so many characters, with `…` where something is left out.
pub(super) fn cut(text: &str, width: usize) -> String {
    if text.chars().count() <= width {
        return text.to_owned();
    }
    text.chars().take(width.saturating_sub(1)).chain(['…']).collect()
}

/// The text with commits as git itself shows them to people. A hint is to be copied, and keeps them whole.
pub(super) fn short_commits(text: &str) -> String {
    let lines = text.split('\n').map(|line| if line.starts_with("hint:") { line.to_owned() } else { shortened(line) });
    lines.collect::<Vec<_>>().join("\n")
}

fn shortened(line: &str) -> String {
    let mut out = String::with_capacity(line.len());
    let mut rest = line;
    while let Some(start) = rest.find(|c: char| c.is_ascii_alphanumeric()) {
        out.push_str(&rest[..start]);
        rest = &rest[start..];
        let end = rest.find(|c: char| !c.is_alphanumeric()).unwrap_or(rest.len());
        let is_commit = end == COMMIT && rest.bytes().take(end).all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        out.push_str(&rest[..if is_commit { SHORT } else { end }]);
        rest = &rest[end..];
    }
    out + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commits_are_short_and_nothing_else_is() {
        let commit = "0123456789abcdef0123456789abcdef01234567";
        let digest = "0123456789abcdef".repeat(4);
        let line = format!("sync 5 at {commit}, sha256:{digest}, x{commit}\nhint: give {commit}");
        let short = format!("sync 5 at 0123456789ab, sha256:{digest}, x{commit}\nhint: give {commit}");
        assert_eq!(short_commits(&line), short);
    }

    #[test]
    fn a_cut_says_so() {
        assert_eq!((cut("ärger", 5).as_str(), cut("ärger", 4).as_str(), cut("ab", 0).as_str()), ("ärger", "ärg…", "…"));
    }
}
