//! Patterns of names, in which `*` stands for any characters.

/// Whether a name matches a pattern.
#[must_use]
pub fn matches(pattern: &str, name: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == name,
        Some((head, tail)) => name.strip_prefix(head).is_some_and(|rest| {
            rest.char_indices().map(|(at, _)| at).chain([rest.len()]).any(|at| matches(tail, &rest[at..]))
        }),
    }
}

/// Whether a namespace can match it, and Argo CD reads it as it stands here: to it `!`, `?`, `[` and `{` have meanings, too.
pub(crate) fn is_pattern(text: &str) -> bool {
    let is_plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'*';
    !text.is_empty() && text.bytes().all(is_plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_any_characters() {
        for (pattern, name, fits) in
            [("*", "", true), ("a*c", "abc", true), ("a*c", "ac", true), ("a*c", "acd", false), ("a", "ab", false)]
        {
            assert_eq!(matches(pattern, name), fits, "{pattern} {name}");
        }
    }

    #[test]
    fn what_means_something_else_to_argo_cd_is_no_pattern() {
        for text in ["", "!a", "a?", "{a,b}", "[a]", "A", "a.b"] {
            assert!(!is_pattern(text), "{text}");
        }
        assert!(is_pattern("team-*") && is_pattern("a"));
    }
}
