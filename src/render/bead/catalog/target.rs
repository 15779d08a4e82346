//! Where the relative targets of a catalog lead. Pure.
//!
//! Source: `defaultScmResolveUrl` of `@backstage/integration` 2.2.0, by which the hosts of git resolve them, and the
//! search of `@backstage/backend-defaults` 0.19.0.

use regex::Regex;

use super::names::scheme_of;

/// Where a target leads.
#[derive(Debug, PartialEq, Eq)]
pub enum Target {
    /// To a file of the folder, by its path in it.
    File(String),
    /// To all files of the folder whose paths fit.
    Files(Pattern),
    /// To some address.
    Address,
    /// To the root of the repository: the path behind it.
    Root(String),
    /// Out of the folder.
    Outside,
    /// To files by a pattern that is not read here.
    Unread,
}

/// A pattern of paths, as `minimatch` takes it: `*` and `?` within a part of the path, `**` across parts.
#[derive(Debug)]
pub struct Pattern(Regex);

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.0.as_str() == other.0.as_str()
    }
}

impl Eq for Pattern {}

impl Pattern {
    /// Whether a path fits.
    pub fn fits(&self, path: &str) -> bool {
        self.0.is_match(path)
    }

    fn read(text: &str) -> Option<Self> {
        let parts: Vec<&str> = text.split('/').collect();
        let mut pattern = "^".to_owned();
        for (index, part) in parts.iter().enumerate() {
            let is_last = index + 1 == parts.len();
            if *part == "**" {
                pattern.push_str(if is_last { "(?:[^/.][^/]*/)*[^/.][^/]*" } else { "(?:[^/.][^/]*/)*" });
                continue;
            }
            // What starts with a dot is found by its dot only.
            if part.starts_with(['*', '?']) {
                pattern.push_str("(?:[^/.])");
                pattern.push_str(if part.starts_with('*') { "[^/]*" } else { "" });
            }
            let rest = part.strip_prefix(['*', '?']).unwrap_or(part);
            for c in rest.chars() {
                match c {
                    '*' => pattern.push_str("[^/]*"),
                    '?' => pattern.push_str("[^/]"),
                    other => pattern.push_str(&regex::escape(&other.to_string())),
                }
            }
            pattern.push_str(if is_last { "" } else { "/" });
        }
        Regex::new(&(pattern + "$")).ok().map(Self)
    }
}

/// Where a target leads that stands in a file of the folder.
pub fn lead(file: &str, written: &str) -> Target {
    let written = written.trim_matches(|c: char| c <= ' ').replace('\\', "/");
    if scheme_of(&written).is_some() {
        return Target::Address;
    }
    let path = written.split(['?', '#']).next().unwrap_or_default();
    if let Some(path) = path.strip_prefix('/') {
        return Target::Root(decoded(path));
    }
    let mut way: Vec<&str> = file.split('/').collect();
    way.pop();
    for part in path.split('/') {
        match part {
            ".." if way.pop().is_none() => return Target::Outside,
            "" | "." | ".." => {}
            other => way.push(other),
        }
    }
    let path = decoded(&way.join("/"));
    if path.contains(['[', '{', '(', '!']) {
        return Target::Unread;
    }
    if !path.contains('*') {
        return Target::File(path);
    }
    Pattern::read(&path).map_or(Target::Unread, Target::Files)
}

/// The path without percent signs that stand for other characters.
fn decoded(path: &str) -> String {
    let mut bytes = Vec::with_capacity(path.len());
    let mut rest = path.as_bytes();
    while let [first, behind @ ..] = rest {
        let digits = behind.get(..2).and_then(|it| std::str::from_utf8(it).ok()).filter(|_| *first == b'%');
        if let Some(byte) = digits.and_then(|it| u8::from_str_radix(it, 16).ok()) {
            bytes.push(byte);
            rest = &behind[2..];
        } else {
            bytes.push(*first);
            rest = behind;
        }
    }
    String::from_utf8(bytes).unwrap_or_else(|_| path.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(path: &str) -> Target {
        Target::File(path.to_owned())
    }

    #[test]
    fn a_target_is_relative_to_its_file() {
        assert_eq!(lead("catalog-info.yaml", "./a.yaml"), file("a.yaml"));
        assert_eq!(lead("x/catalog-info.yaml", "../y//z.yaml"), file("y/z.yaml"));
        assert_eq!(lead("catalog-info.yaml", "a%20b.yaml#L1"), file("a b.yaml"));
        assert_eq!(lead("catalog-info.yaml", "../x.yaml"), Target::Outside);
        assert_eq!(lead("catalog-info.yaml", "/x/a.yaml"), Target::Root("x/a.yaml".to_owned()));
        assert_eq!(lead("catalog-info.yaml", "https://a.b/c"), Target::Address);
        assert_eq!(lead("catalog-info.yaml", "{a,b}.yaml"), Target::Unread);
    }

    #[test]
    fn stars_stand_for_files_of_the_folder() {
        let fits = |written: &str, path: &str| match lead("t/catalog-info.yaml", written) {
            Target::Files(pattern) => pattern.fits(path),
            other => panic!("{other:?}"),
        };
        assert!(fits("./*.yaml", "t/a.yaml") && !fits("./*.yaml", "t/b/a.yaml") && !fits("./*.yaml", "t/.a.yaml"));
        assert!(fits("./**/a.yaml", "t/a.yaml") && fits("**/a.yaml", "t/b/c/a.yaml") && !fits("**/a.yaml", "a.yaml"));
        assert!(fits("../x/te*te.yaml", "x/template.yaml") && !fits("../x/te*te.yaml", "x/te/te.yaml"));
    }
}
