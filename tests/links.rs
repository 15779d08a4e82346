//! Links between the pages of this repository: each leads to a file that is there, and where it names a heading, to one of that page.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use regex::Regex;

use crate::support::{data, files_below};

/// The folders with pages that people read, beside those at the root.
const FOLDERS: [&str; 6] = [".github", "bundles", "docs", "findings", "mixin-schema", "testbed"];

/// What is brought there by downloads is not ours to mend.
const DOWNLOADED: [&str; 2] = ["assets", "node_modules"];

/// What a page links to, and what can be linked to in it.
struct Page {
    links: Vec<String>,
    anchors: BTreeSet<String>,
}

impl Page {
    fn of(text: &str) -> Self {
        let prose = without_blocks_of_code(text);
        let link = Regex::new(r"\]\(([^)\s]+)[^)]*\)|(?m:^\[[^\]]+\]:\s+(\S+))").expect("a pattern");
        let code = Regex::new("`+[^`]+`+").expect("a pattern");
        // By paragraph, or a lone backtick would hide what comes after it.
        let links = prose.split("\n\n").flat_map(|paragraph| {
            let shown = code.replace_all(paragraph, "");
            let targets = link.captures_iter(&shown).filter_map(|found| found.get(1).or(found.get(2)));
            targets.map(|target| target.as_str().to_owned()).collect::<Vec<_>>()
        });
        Self { links: links.collect(), anchors: anchors(&prose) }
    }

    fn read(file: &Path) -> Self {
        Self::of(&fs::read_to_string(file).unwrap_or_else(|error| panic!("{}: {error}", file.display())))
    }
}

/// A page without what stands between fences, where nothing is a link or a heading.
fn without_blocks_of_code(text: &str) -> String {
    let mut fence: Option<&str> = None;
    let mut prose = String::new();
    for line in text.lines() {
        let mark = line.trim_start();
        let ticks = mark.len() - mark.trim_start_matches('`').len();
        match fence {
            Some(open) if ticks >= open.len() && mark.trim_end().len() == ticks => fence = None,
            Some(_) => {}
            None if ticks >= 3 => fence = Some(&mark[..ticks]),
            None => prose.extend([line, "\n"]),
        }
    }
    prose
}

/// The headings of a page as GitHub makes anchors of them: in small letters, without punctuation, a dash for each space, and a
/// number behind one that was there before.
fn anchors(prose: &str) -> BTreeSet<String> {
    let linked = Regex::new(r"\[([^\]]*)\]\([^)]*\)").expect("a pattern");
    let mut seen = BTreeMap::<String, usize>::new();
    let headings = prose.lines().filter_map(|line| {
        let (hashes, heading) = line.split_once(' ')?;
        ((1..=6).contains(&hashes.len()) && hashes.bytes().all(|it| it == b'#')).then_some(heading)
    });
    let anchor = |heading: &str| {
        let text = linked.replace_all(heading.trim(), "$1").to_lowercase();
        let kept = text.chars().filter(|it| it.is_alphanumeric() || [' ', '-', '_'].contains(it));
        let anchor: String = kept.map(|it| if it == ' ' { '-' } else { it }).collect();
        let before = seen.entry(anchor.clone()).or_default();
        *before += 1;
        if *before == 1 { anchor } else { format!("{anchor}-{}", *before - 1) }
    };
    headings.map(anchor).collect()
}

/// The links of the pages that lead nowhere, each with why.
fn broken(root: &Path, pages: &[PathBuf]) -> Vec<String> {
    let mut found = Vec::new();
    for page in pages {
        for link in Page::read(page).links.iter().filter(|link| !link.contains(':')) {
            let (path, anchor) = link.split_once('#').map_or((link.as_str(), None), |(path, at)| (path, Some(at)));
            let folder = page.parent().expect("a folder");
            let target = if path.is_empty() { page.clone() } else { folder.join(path) };
            let target = target.canonicalize().ok().filter(|target| target.starts_with(root));
            let why = match (target, anchor) {
                (None, _) => "no such file here",
                (Some(target), Some(anchor)) if !target.is_dir() && !Page::read(&target).anchors.contains(anchor) => {
                    "no such heading"
                }
                _ => continue,
            };
            let page = page.strip_prefix(root).expect("below the root");
            found.push(format!("{}: {link}: {why}", page.display()));
        }
    }
    found
}

#[test]
fn every_link_between_pages_leads_somewhere() {
    let root = data("").canonicalize().expect("the repository");
    let at_the_root = fs::read_dir(&root).expect("a folder").map(|entry| entry.expect("an entry").path());
    let below = FOLDERS.iter().flat_map(|folder| files_below(&root.join(folder), &DOWNLOADED));
    let all: Vec<PathBuf> = at_the_root.chain(below).filter(|it| it.extension().is_some_and(|it| it == "md")).collect();
    assert!(all.len() > 40, "{all:?}");
    let found = broken(&root, &all);
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn a_link_that_leads_nowhere_is_found() {
    let folder = tempfile::tempdir().expect("a folder");
    let root = folder.path().canonicalize().expect("a path");
    let write = |name: &str, text: &str| fs::write(root.join(name), text).expect("written");
    write("a.md", "# A `b.c`: what's it?\n\n## Twice\n\n## Twice\n\n```\n# code\n[x](gone.md)\n```\n");
    let right = ["a.md", "a.md#a-bc-whats-it", "a.md#twice-1", "#here", "https://example.org/x#y", "."];
    let wrong = ["b.md", "a.md#a", "a.md#code", "a.md#twice-2", "#there", "../"];
    let links: Vec<String> = right.iter().chain(&wrong).map(|it| format!("[t `]` u]({it} \"title\")")).collect();
    write("page.md", &format!("# Here\n\n{}\n\n`[x](gone.md)`\n\n[r]: gone.md\n", links.join("\n\n")));
    let found = broken(&root, &[root.join("page.md")]);
    let expected: Vec<String> = wrong.iter().chain(&["gone.md"]).map(|it| format!("page.md: {it}: ")).collect();
    assert_eq!(found.len(), expected.len(), "{found:?}");
    for (found, expected) in found.iter().zip(expected) {
        assert!(found.starts_with(&expected), "{found}");
    }
}
