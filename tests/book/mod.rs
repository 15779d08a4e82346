//! The pages in docs/ as a site (`make docs`): which stand in it and in what order, and the links that lead out of it.

mod codes;
mod documents;

use std::collections::BTreeSet;
use std::path::Path;

use regex::Regex;

use crate::support::{data, files_below, text};

const SUMMARY: &str = "docs/SUMMARY.md";

/// What a page is for: to learn by doing, to get something done, to look something up, to understand.
const PARTS: [&str; 4] = ["Tutorial", "How-to", "Reference", "Explanation"];

/// The pages in docs/, by their paths in it, but for the summary itself.
fn pages() -> BTreeSet<String> {
    let docs = data("docs");
    let path = |file: &Path| file.strip_prefix(&docs).expect("below docs").display().to_string();
    let all = files_below(&docs, &[]).into_iter().filter(|it| it.extension().is_some_and(|it| it == "md"));
    all.map(|file| path(&file)).filter(|it| it != "SUMMARY.md").collect()
}

/// The pages that the summary names, in its order, with what it calls them.
fn entries(summary: &str) -> Vec<(String, String)> {
    let entry = Regex::new(r"^ *- \[(.+)\]\(([^()]+)\)$").expect("a pattern");
    let found = |line| entry.captures(line).map(|it| (it[2].to_owned(), it[1].to_owned()));
    summary.lines().filter_map(found).collect()
}

#[test]
fn every_page_is_in_the_summary_once() {
    let summary = text(SUMMARY);
    let named: Vec<String> = entries(&summary).into_iter().map(|(path, _)| path).collect();
    let once: BTreeSet<String> = named.iter().cloned().collect();
    let pages = pages();
    let missing: Vec<_> = pages.difference(&once).collect();
    let gone: Vec<_> = once.difference(&pages).collect();
    assert!(missing.is_empty(), "{SUMMARY} does not name {missing:?}");
    assert!(gone.is_empty(), "{SUMMARY} names {gone:?}, which are not there");
    assert_eq!(named.len(), once.len(), "{SUMMARY} names a page twice");
    assert!(pages.len() > 90, "{pages:?}");
}

#[test]
fn the_summary_has_four_parts_and_nothing_beside_them() {
    let summary = text(SUMMARY);
    let (head, rest) = summary.split_once("\n\n").expect("a head");
    assert_eq!(head, "# Summary");
    let parts: Vec<&str> = rest.lines().filter_map(|line| line.strip_prefix("# ")).collect();
    assert_eq!(parts, PARTS);
    let entries = entries(&summary).len();
    let others = rest.lines().filter(|line| !line.is_empty() && !line.starts_with("# ")).count();
    assert_eq!(others, entries, "a line of {SUMMARY} is no page");
    for part in rest.split("# ").skip(1) {
        assert!(part.lines().filter(|line| line.starts_with("- ")).count() >= 3, "{part}");
    }
}

/// `.ci/book` makes addresses of the links that lead out of docs/, by how they begin: it would leave another form dead.
#[test]
fn links_out_of_the_site_begin_as_it_turns_them() {
    let up = Regex::new(r"(\]\(|\]:\s+)((?:\.\./)+)").expect("a pattern");
    let mut out = 0;
    for page in pages() {
        let depth = page.matches('/').count();
        for link in up.captures_iter(&text(&format!("docs/{page}"))) {
            let climbs = link[2].matches("../").count();
            assert!(climbs <= depth + 1, "{page}: {}", &link[0]);
            if climbs == depth + 1 {
                assert_eq!(&link[1], "](", "{page}: {}", &link[0]);
                out += 1;
            }
        }
        assert!(depth < 2, "{page}: `.ci/book` knows two levels");
    }
    assert!(out > 50, "{out}");
}
