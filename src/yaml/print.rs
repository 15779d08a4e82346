//! YAML that every reader takes for the same values.

use serde::Serialize;

/// Prints a value as YAML, keys in the order in which they are given.
#[expect(clippy::missing_panics_doc, reason = "what is given to it has string keys only, which YAML can always hold")]
pub fn print<T: Serialize>(value: &T) -> String {
    let with = |prefer_block_scalars: bool| {
        let options =
            serde_saphyr::ser_options! { compact_list_indent: true, prefer_block_scalars: prefer_block_scalars };
        serde_saphyr::to_string_with_options(value, options)
            .expect("JSON values and our own documents are printable as YAML")
    };
    let printed = with(true);
    if has_a_doubtful_block(&printed) { with(false) } else { printed }
}

/// Whether a text is printed as a block that somebody reads as another: Go's readers take no tab for the first character
/// of a block whose indent they have yet to find, and Backstage's leaves a last line of blanks out. Texts go in quotes then.
fn has_a_doubtful_block(printed: &str) -> bool {
    let lines: Vec<&str> = printed.lines().collect();
    lines.iter().enumerate().any(|(index, line)| {
        let Some((depth, has_indent)) = header(line) else { return false };
        let is_in_block = |line: &&&str| line.trim().is_empty() || indent(line) > depth;
        let mut block = lines[index + 1..].iter().take_while(is_in_block).filter(|line| !line.is_empty());
        let first = block.next();
        let begins_with_tab = first.is_some_and(|line| !has_indent && line[indent(line)..].starts_with('\t'));
        begins_with_tab || block.last().or(first).is_some_and(|line| line.trim().is_empty())
    })
}

/// How deep the key or the dash is that has a block behind it, and whether the block says its indent.
fn header(line: &str) -> Option<(usize, bool)> {
    let (before, last) = line.rsplit_once(' ').unwrap_or(("", line));
    let indicators = last.strip_prefix(['|', '>']).filter(|it| it.len() <= 2)?;
    let is_known = |it: char| it.is_ascii_digit() || matches!(it, '+' | '-');
    let own = line.trim_start_matches([' ', '-']);
    let depth = if own == last { before.trim_end_matches('-').len() } else { line.len() - own.len() };
    indicators.chars().all(is_known).then(|| (depth, indicators.contains(|it: char| it.is_ascii_digit())))
}

fn indent(line: &str) -> usize {
    line.len() - line.trim_start_matches(' ').len()
}
