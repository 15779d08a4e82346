//! Lines that other programs have written, made fit to be shown: no terminal codes, no end, and nothing that looks like
//! a password. What is known to be secret is masked by [`super::redact()`]; this is for what is not known.

use super::redact::MASK;

/// The most characters of one line.
const LONGEST: usize = 1000;

/// The line as it may be shown. It is cut, so what is known to be secret must be masked before.
#[must_use]
pub fn scrub(line: &str) -> String {
    let plain: String = line.chars().filter(|c| *c == '\t' || !c.is_control()).collect();
    let mut text = without_user_info(&plain);
    if let Some((end, _)) = text.char_indices().nth(LONGEST) {
        text.truncate(end);
        text.push('…');
    }
    without_tokens(&text)
}

/// `https://name:password@host` without name and password.
fn without_user_info(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(start) = rest.find("://") {
        let (before, after) = rest.split_at(start + 3);
        out.push_str(before);
        let end = after.find(|c: char| c.is_whitespace() || "/\"'`<>\\".contains(c)).unwrap_or(after.len());
        rest = after;
        if let Some(at) = after[..end].rfind('@') {
            out.push_str(MASK);
            rest = &after[at..];
        }
    }
    out + rest
}

/// Bearer tokens, wherever they stand, and JSON web tokens, which need no word before them.
fn without_tokens(text: &str) -> String {
    let is_part = |c: char| c.is_ascii_alphanumeric() || "._~+/-".contains(c);
    let mut out = String::new();
    let mut rest = text;
    let mut after_bearer = false;
    while !rest.is_empty() {
        let end = rest.find(|c| !is_part(c)).unwrap_or(rest.len());
        if end == 0 {
            let width = rest.chars().next().map_or(1, char::len_utf8);
            out.push_str(&rest[..width]);
            rest = &rest[width..];
            continue;
        }
        let word = &rest[..end];
        let is_web_token = word.starts_with("eyJ") && word.matches('.').count() >= 2;
        out.push_str(if after_bearer || is_web_token { MASK } else { word });
        after_bearer = word.eq_ignore_ascii_case("bearer");
        rest = &rest[end..];
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_looks_like_a_password_is_masked() {
        for (line, shown) in [
            ("clone https://me:hunter2@git.example.org/a failed", "clone https://*******@git.example.org/a failed"),
            ("Authorization: Bearer abc.DEF-123", "Authorization: Bearer *******"),
            ("token=eyJhbGciOi.eyJzdWIi.c2ln ok", "token=******* ok"),
            ("see https://example.org/@me and mail a@b", "see https://example.org/@me and mail a@b"),
        ] {
            assert_eq!(scrub(line), shown);
        }
    }

    #[test]
    fn terminal_codes_and_endless_lines_do_not_get_through() {
        assert_eq!(scrub("\u{1b}[31mred\u{1b}[0m\ttab"), "[31mred[0m\ttab");
        assert_eq!(scrub(&"ä".repeat(5000)).chars().count(), LONGEST + 1);
    }
}
