//! Two texts side by side, as `diff -u` shows them.

use std::time::Duration;

use similar::TextDiff;

/// How long a diff may look for the shortest answer; after that any will do.
const PATIENCE: Duration = Duration::from_secs(2);
/// The most lines of one diff.
const MOST: usize = 200;

/// The lines of a unified diff, without a header; long ones are cut, and say so.
#[must_use]
pub fn text_diff(before: &str, after: &str) -> Vec<String> {
    let diff = TextDiff::configure().timeout(PATIENCE).diff_lines(before, after);
    let text = diff.unified_diff().context_radius(2).to_string();
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    if lines.len() > MOST {
        let left = lines.split_off(MOST).len();
        lines.push(format!("… {left} more lines"));
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_changed_is_shown_with_its_surroundings() {
        let lines = text_diff("a\nb\nc\n", "a\nx\nc\n");
        assert_eq!(lines, ["@@ -1,3 +1,3 @@", " a", "-b", "+x", " c"]);
        assert!(text_diff("same\n", "same\n").is_empty());
    }

    #[test]
    fn a_long_diff_is_cut_and_says_so() {
        let lines = text_diff("", &"new\n".repeat(500));
        assert_eq!(lines.len(), MOST + 1);
        assert_eq!(lines.last().map(String::as_str), Some("… 301 more lines"));
    }
}
