//! Patterns as Go reads them (`regexp/syntax`), in the words of the library here.

use regex::Regex;

/// Whether a text has a part that matches; `None` for a pattern that is not read here as it is there.
pub(super) fn matches(pattern: &str, text: &str) -> Option<bool> {
    Regex::new(&translated(pattern)?).ok().map(|it| it.is_match(text))
}

/// In Go `\d`, `\s`, `\w` and `\b` are about ASCII alone, `\z` is the end, `\C` any byte and `\Q` begins a quotation; within
/// brackets `[`, `&&`, `--` and `~~` are themselves.
fn translated(pattern: &str) -> Option<String> {
    let mut out = String::new();
    let mut rest = pattern.chars();
    let mut is_within = false;
    while let Some(c) = rest.next() {
        match c {
            '\\' => match rest.next()? {
                'd' => out.push_str("[0-9]"),
                'D' => out.push_str("[^0-9]"),
                's' => out.push_str(r"[\t\n\x0C\r ]"),
                'S' => out.push_str(r"[^\t\n\x0C\r ]"),
                'w' => out.push_str("[0-9A-Za-z_]"),
                'W' => out.push_str("[^0-9A-Za-z_]"),
                'b' if !is_within => out.push_str("(?-u:\\b)"),
                'C' | 'Q' | 'B' => return None,
                other => out.extend(['\\', other]),
            },
            '[' if is_within && !rest.as_str().starts_with(':') => out.push_str("\\["),
            '&' | '~' if is_within => out.extend(['\\', c]),
            '-' if is_within && rest.as_str().starts_with('-') => return None,
            '[' if is_within => {
                // [:alpha:] up to its end
                out.push('[');
                loop {
                    let inner = rest.next()?;
                    out.push(inner);
                    if inner == ']' {
                        break;
                    }
                }
            }
            '[' => {
                is_within = true;
                out.push('[');
                // A bracket that closes right at the start is itself.
                for first in ["^", "]"] {
                    if let Some(behind) = rest.as_str().strip_prefix(first) {
                        out.push_str(if first == "]" { "\\]" } else { first });
                        rest = behind.chars();
                    }
                }
            }
            ']' if is_within => {
                is_within = false;
                out.push(']');
            }
            other => out.push(other),
        }
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_is_read_as_go_reads_it() {
        for (pattern, text, said) in [
            (r"^[a-z]+$", "abc", Some(true)),
            (r"^[a-z]+$", "abC", Some(false)),
            (r"b", "abc", Some(true)),
            (r"^\d+$", "12", Some(true)),
            (r"^\d+$", "\u{663}", Some(false)),
            (r"^[\d.]+$", "1.2", Some(true)),
            (r"^[\w-]+$", "a_b-c", Some(true)),
            (r"^[\w-]+$", "ä", Some(false)),
            (r"^[a[]$", "[", Some(true)),
            (r"^[]a]+$", "a]", Some(true)),
            (r"^[^]]$", "a", Some(true)),
            (r"^[&&a]+$", "&a", Some(true)),
            (r"^[[:alpha:]]+$", "ab", Some(true)),
            (r"^(?i)abc$", "ABC", None),
            (r"(", "a", None),
            (r"\Qa.b\E", "a.b", None),
        ] {
            let found = matches(pattern, text);
            // What the library was built without is no answer, and never a wrong one.
            assert!(found == said || (said.is_none() && found == Some(true)), "{pattern} {text}: {found:?}");
        }
    }
}
