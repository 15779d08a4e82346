//! What GitHub reads of this repository: it skips what it cannot read, and says so nowhere where one looks.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use crate::support::{data, document};

/// The folders below one that have a file, as dependabot names them, but for those that it is to leave alone.
fn folders_with(file: &str, folder: &Path, found: &mut BTreeSet<String>) {
    const LEFT: [&str; 4] = ["target", "node_modules", "assets", "older"];
    if folder.join(file).exists() {
        let below = folder.strip_prefix(data("")).expect("below the root");
        found.insert(format!("/{}", below.display()));
    }
    for entry in fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path()) {
        let name = entry.file_name().and_then(|name| name.to_str()).expect("a name");
        if entry.is_dir() && !name.starts_with('.') && !LEFT.contains(&name) {
            folders_with(file, &entry, found);
        }
    }
}

#[test]
fn dependabot_looks_at_every_lock_but_those_of_older_versions() {
    let document = document(".github/dependabot.yml");
    for (ecosystem, file) in [("cargo", "Cargo.lock"), ("gomod", "go.mod"), ("npm", "package-lock.json")] {
        let updates = document["updates"].as_array().expect("a list").iter();
        let of_it = updates.filter(|it| it["package-ecosystem"] == ecosystem);
        let named = of_it.flat_map(|it| it["directories"].as_array().cloned().unwrap_or(vec![it["directory"].clone()]));
        let named: BTreeSet<String> = named.map(|it| it.as_str().expect("a folder").to_owned()).collect();
        let mut there = BTreeSet::new();
        folders_with(file, &data(""), &mut there);
        assert_eq!(named, there, "{ecosystem}");
    }
}

#[test]
fn the_forms_ask_under_a_name_of_their_own() {
    for form in ["bug", "feature"] {
        let document = document(format!(".github/ISSUE_TEMPLATE/{form}.yml"));
        assert!(document["name"].is_string() && document["description"].is_string(), "{form}");
        let mut names = BTreeSet::new();
        for piece in document["body"].as_array().expect("a list") {
            match piece["type"].as_str() {
                Some("markdown") => assert!(piece["attributes"]["value"].is_string(), "{form}"),
                Some("checkboxes" | "dropdown" | "input" | "textarea") => {
                    assert!(names.insert(piece["id"].as_str().expect("a name").to_owned()), "{form}: {}", piece["id"]);
                    assert!(piece["attributes"]["label"].is_string(), "{form}: {}", piece["id"]);
                }
                other => panic!("{form}: {other:?}"),
            }
        }
        assert!(names.len() > 3, "{form}");
    }
}
