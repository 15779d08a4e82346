//! Ranges of versions as Helm, Argo CD and Crossplane read them (Masterminds/semver 3): `>=1.2 <2`, `1.30`, `^1.2 || 3.x`,
//! `1.2 - 1.4`, `!=1.5.0`. What stands beside each other, with a space or a comma between, holds at once; `||` is or.
//!
//! A version without an operator is that very version, and one that leaves numbers out is all that begin so: `1.30` is `1.30.x`.
//! A version with a prerelease is only in a range that names a prerelease itself. `tests/readers` holds all of it against
//! the real module.

use std::sync::LazyLock;

use regex::Regex;
use semver::{BuildMetadata, Prerelease, Version};

/// The module's own bounds.
const LONGEST: usize = 512;
const MOST_WAYS: usize = 32;

/// Up to three numbers, each of which may be any; a prerelease, and what a build adds.
const VERSION: &str =
    r"v?[0-9xX*]+(?:\.[0-9xX*]+){0,2}(?:-[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?(?:\+[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?";
/// One comparison at the start of a text, with what divides it from the next.
static COMPARISON: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(&format!(r"^[ \t]*(!=|>=|=>|<=|=<|~>|[=<>~^])?[ \t]*({VERSION})([ \t]*,[ \t]*|[ \t]+|$)")).ok()
});
/// `1.2 - 1.4`.
static SPAN: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(&format!(r"[ \t]*({VERSION})[ \t]+-[ \t]+({VERSION})[ \t]*")).ok());

/// A range: the ways to be in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VersionRange(Vec<Vec<Comparison>>);

/// Why a text is no range.
pub(super) fn mistake(text: &str) -> Option<String> {
    VersionRange::parse(text).err()
}

impl VersionRange {
    /// Reads one.
    pub fn parse(text: &str) -> Result<Self, String> {
        if text.len() > LONGEST {
            return Err(format!("it is longer than {LONGEST} characters"));
        }
        let text = SPAN.as_ref().map_or(text.into(), |span| span.replace_all(text, ">= $1, <= $2 "));
        let ways: Vec<&str> = text.split("||").collect();
        if ways.len() > MOST_WAYS {
            return Err(format!("it has more than {MOST_WAYS} ways"));
        }
        ways.into_iter().map(all_of).collect::<Result<_, _>>().map(Self)
    }

    /// Whether a version is in it.
    #[must_use]
    pub fn has(&self, version: &Version) -> bool {
        self.0.iter().any(|all| {
            let takes_prereleases = version.pre.is_empty() || all.iter().any(|it| !it.bound.pre.is_empty());
            takes_prereleases && all.iter().all(|it| it.holds(version))
        })
    }
}

/// Comparisons that hold at once.
fn all_of(text: &str) -> Result<Vec<Comparison>, String> {
    let mut rest = text;
    let mut all = Vec::new();
    let mut is_open = true;
    while !rest.is_empty() {
        let found = COMPARISON.as_ref().and_then(|it| it.captures(rest));
        let found = found.ok_or_else(|| format!("`{}` is no version with an operator before it", rest.trim()))?;
        let group = |number: usize| found.get(number).map_or("", |it| it.as_str());
        all.push(Comparison::of(group(1), group(2))?);
        is_open = group(3).contains(',');
        rest = &rest[group(0).len()..];
    }
    if is_open { Err("a version is missing, at the end or beside `||`".to_owned()) } else { Ok(all) }
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Comparison {
    operator: Operator,
    /// What is not written is 0.
    bound: Version,
    written: Written,
}

/// How much of a version is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Written {
    Nothing,
    Major,
    Minor,
    Whole,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Operator {
    /// The version, or all that begin so.
    Is,
    IsNot,
    Above,
    Below,
    AtLeast,
    AtMost,
    Tilde,
    Caret,
}

impl Comparison {
    fn of(operator: &str, version: &str) -> Result<Self, String> {
        let operator = match operator {
            "!=" => Operator::IsNot,
            ">" => Operator::Above,
            "<" => Operator::Below,
            ">=" | "=>" => Operator::AtLeast,
            "<=" | "=<" => Operator::AtMost,
            "~" | "~>" => Operator::Tilde,
            "^" => Operator::Caret,
            _ => Operator::Is,
        };
        let wrong = || format!("`{version}` is no version");
        let plain = version.trim_start_matches('v').split('+').next().unwrap_or_default();
        let (numbers, pre) = plain.split_once('-').unwrap_or((plain, ""));
        let is_written = |number: &&str| !matches!(*number, "x" | "X" | "*");
        let numbers: Vec<&str> = numbers.split('.').take_while(is_written).collect();
        let number = |at: usize| numbers.get(at).map_or(Ok(0), |it| it.parse::<u64>().map_err(|_| wrong()));
        let written = match numbers.len() {
            0 => Written::Nothing,
            1 => Written::Major,
            2 => Written::Minor,
            _ => Written::Whole,
        };
        let pre = Prerelease::new(pre).map_err(|_| wrong())?;
        let bound = Version { pre, ..Version::new(number(0)?, number(1)?, number(2)?) };
        Ok(Self { operator, bound, written })
    }

    fn holds(&self, version: &Version) -> bool {
        let bound = &self.bound;
        let version = &Version { build: BuildMetadata::EMPTY, ..version.clone() };
        let (major, minor) = (version.major.cmp(&bound.major), version.minor.cmp(&bound.minor));
        let is_major_only = self.written == Written::Major;
        match self.operator {
            Operator::Is if self.written == Written::Whole => version == bound,
            Operator::Is | Operator::Tilde => {
                let is_any = matches!(self.written, Written::Nothing | Written::Whole) && is_zero(bound);
                version >= bound && (is_any || (major.is_eq() && (minor.is_eq() || is_major_only)))
            }
            Operator::IsNot => match self.written {
                Written::Major => major.is_ne(),
                Written::Minor => major.is_ne() || minor.is_ne() || version.pre != bound.pre,
                Written::Nothing | Written::Whole => version != bound,
            },
            Operator::Above => match self.written {
                Written::Major => major.is_gt(),
                Written::Minor => major.then(minor).is_gt(),
                Written::Nothing | Written::Whole => version > bound,
            },
            Operator::Below => version < bound,
            Operator::AtLeast => version >= bound,
            Operator::AtMost => match self.written {
                Written::Major => major.is_le(),
                Written::Minor | Written::Nothing => major.then(minor).is_le(),
                Written::Whole => version <= bound,
            },
            Operator::Caret => version >= bound && self.is_compatible(version),
        }
    }

    /// Whether the first number that is not 0 is the same, and all before it.
    fn is_compatible(&self, version: &Version) -> bool {
        let bound = &self.bound;
        if bound.major > 0 || self.written == Written::Major {
            return version.major == bound.major;
        }
        if bound.minor > 0 || self.written == Written::Minor {
            return version.major == 0 && version.minor == bound.minor;
        }
        (version.major, version.minor, version.patch) == (0, 0, bound.patch)
    }
}

fn is_zero(version: &Version) -> bool {
    (version.major, version.minor, version.patch) == (0, 0, 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the real module makes of many more is in `tests/readers`.
    #[test]
    fn the_forms_of_the_field_are_understood() {
        for (range, inside, outside) in [
            (">=1.2 <2", "1.2.0", "2.0.0"),
            (">=1.20, <3", "2.9.9", "1.19.9"),
            ("^1.2 || 3.x", "3.4.0", "2.0.0"),
            ("1.30", "1.30.4", "1.31.0"),
            ("v1.2", "1.2.9", "1.3.0"),
            ("1.2.x", "1.2.0", "1.3.0"),
            ("1.2.3", "1.2.3", "1.2.4"),
            ("=1.2.3", "1.2.3+k3s1", "1.2.4"),
            ("1.2 - 1.4", "1.4.9", "1.5.0"),
            ("!=1.2.3", "1.2.4", "1.2.3"),
            ("!=1.2.x", "1.3.0", "1.2.4"),
            ("~1.2", "1.2.9", "1.3.0"),
            ("~>1", "1.9.9", "2.0.0"),
            ("^0.2.3", "0.2.9", "0.3.0"),
            (">1.2", "1.3.0", "1.2.9"),
            ("*", "9.9.9", "1.0.0-rc.1"),
            (">=1.2.0-0", "1.2.0-rc.1", "1.1.9"),
        ] {
            let read = VersionRange::parse(range).expect(range);
            let has = |version| read.has(&Version::parse(version).expect("a version"));
            assert!(has(inside) && !has(outside), "{range}");
        }
    }

    #[test]
    fn what_is_no_range_is_told() {
        for (range, why) in [
            ("", "a version is missing"),
            (">=1 ||", "a version is missing"),
            (">=1,", "a version is missing"),
            (">=1<2", "`>=1<2` is no version"),
            ("latest", "`latest` is no version"),
            ("==1", "`==1` is no version"),
            ("1.2.3.4", "`1.2.3.4` is no version"),
            (">=1 and <2", "`and <2` is no version"),
            ("1.2.3-01", "`1.2.3-01` is no version"),
        ] {
            let told = mistake(range).unwrap_or_default();
            assert!(told.contains(why), "{range}: {told}");
        }
    }
}
