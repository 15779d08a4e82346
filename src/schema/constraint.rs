//! Constraints on versions as modules of OpenTofu write them: `~> 5.0`, `>= 1.2, < 2.0.0`.

use semver::Version;

/// Whether a version meets a constraint. `None` for what cannot be told: a constraint that is none, and a version with a
/// prerelease, which a constraint has to name.
#[must_use]
pub fn meets(version: &str, constraint: &str) -> Option<bool> {
    let version = Version::parse(version.trim_start_matches('v')).ok().filter(|version| version.pre.is_empty())?;
    let numbers = [version.major, version.minor, version.patch];
    let mut meets_all = true;
    for part in constraint.split(',') {
        meets_all &= meets_one(numbers, part.trim())?;
    }
    Some(meets_all)
}

fn meets_one(version: [u64; 3], part: &str) -> Option<bool> {
    let length = part.find(|c: char| c.is_ascii_digit() || c == 'v')?;
    let (operator, wanted) = part.split_at(length);
    let (wanted, given) = numbers(wanted)?;
    Some(match operator.trim() {
        "" | "=" => version == wanted,
        "!=" => version != wanted,
        ">" => version > wanted,
        ">=" => version >= wanted,
        "<" => version < wanted,
        "<=" => version <= wanted,
        // The last number that is written may grow.
        "~>" => version >= wanted && version[..given.max(2) - 1] == wanted[..given.max(2) - 1],
        _ => return None,
    })
}

/// The numbers of a version with zeros for those that are left out, and how many are written.
fn numbers(version: &str) -> Option<([u64; 3], usize)> {
    let (mut numbers, mut given) = ([0; 3], 0);
    for number in version.trim_start_matches('v').split('.') {
        *numbers.get_mut(given)? = number.parse().ok()?;
        given += 1;
    }
    Some((numbers, given))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_constraint_means_what_opentofu_means_by_it() {
        for (version, constraint, expected) in [
            ("6.42.0", "~> 6.0", Some(true)),
            ("7.0.0", "~> 6.0", Some(false)),
            ("6.1.0", "~> 6.0.1", Some(false)),
            ("6.0.9", "~> 6.0.1", Some(true)),
            ("6.9.9", "~> 6", Some(true)),
            ("1.2.3", ">= 1.2, < 2.0.0", Some(true)),
            ("2.0.0", ">= 1.2, < 2.0.0", Some(false)),
            ("1.2.1", "> 1.2", Some(true)),
            ("1.2.3", "1.2.3", Some(true)),
            ("1.2.3", "= 1.2.4", Some(false)),
            ("1.2.3", "!=1.2.3", Some(false)),
            ("1.2.3", "<= 1.2.3", Some(true)),
            ("1.2.3-rc.1", ">= 1", None),
            ("1.2.3", "about 1", None),
            ("1.2.3", ">= 1.2.3-beta", None),
            ("1.2.3", "", None),
        ] {
            assert_eq!(meets(version, constraint), expected, "{version} {constraint}");
        }
    }
}
