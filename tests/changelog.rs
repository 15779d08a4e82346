//! CHANGELOG.md in the form that others read by machine (Keep a Changelog 1.1.0), and its newest version that of the program.

use semver::Version;

use crate::support::text;

const GROUPS: [&str; 6] = ["Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"];

/// The heads of a level, each with what stands below it up to the next one.
fn sections<'t>(text: &'t str, mark: &str) -> Vec<(&'t str, &'t str)> {
    let all = text.split(mark).skip(1);
    all.map(|section| section.split_once('\n').unwrap_or((section, ""))).collect()
}

/// The versions with their dates, the newest first; what is not released under a number is none.
fn versions(changelog: &str) -> Vec<(Version, &str)> {
    let entries = sections(changelog, "\n## ").into_iter().map(|(head, _)| head).filter(|head| *head != "[Unreleased]");
    entries.map(parsed).collect()
}

/// What the head of an entry says.
fn parsed(head: &str) -> (Version, &str) {
    let (version, date) = head.split_once(" - ").unwrap_or_else(|| panic!("`{head}` is no version with a date"));
    let number = version.strip_prefix('[').and_then(|it| it.strip_suffix(']'));
    let number = number.and_then(|it| Version::parse(it).ok());
    (number.unwrap_or_else(|| panic!("`{version}` is no version")), date)
}

#[test]
fn the_newest_version_is_that_of_the_program() {
    let changelog = text("CHANGELOG.md");
    let versions = versions(&changelog);
    let newest = versions.first().map(|(version, _)| version.to_string());
    assert_eq!(newest.as_deref(), Some(env!("CARGO_PKG_VERSION")), "an entry for the version in Cargo.toml, on top");
    assert!(versions.is_sorted_by(|newer, older| newer.0 > older.0), "{versions:?}");
    for (at, (version, date)) in versions.iter().enumerate() {
        let is_to_come = at == 0 && *date == "unreleased";
        assert!(is_to_come || date.parse::<jiff::civil::Date>().is_ok(), "{version}: `{date}` is no day");
    }
}

#[test]
fn every_entry_is_in_groups_that_are_not_empty() {
    let changelog = text("CHANGELOG.md");
    for (entry, body) in sections(&changelog, "\n## ") {
        let groups = sections(body, "\n### ");
        assert!(!groups.is_empty() || entry == "[Unreleased]", "{entry}");
        for (group, lines) in groups {
            assert!(GROUPS.contains(&group), "{entry}: `{group}` is none of {GROUPS:?}");
            assert!(lines.lines().any(|line| line.starts_with("- ")), "{entry}: nothing is {group}");
        }
    }
}
