//! A page for each code of `lint`, made of its section in docs/lint.md; and where these pages are named.

use std::collections::BTreeSet;
use std::fs;

use backstack::lint::{RULES, Rule};
use regex::{Captures, Regex};

use super::{SUMMARY, pages};
use crate::support::{assert_file, data, text};

const PAGE: &str = "docs/lint.md";
const CODES: &str = "## The codes\n";
const LIST: &str = "- [What lint finds](lint.md)\n";

/// What stands under a heading, up to the next one of its level.
fn section<'t>(page: &'t str, heading: &str) -> &'t str {
    let (_, behind) = page.split_once(&format!("\n{heading}\n")).unwrap_or_else(|| panic!("{heading} is not there"));
    behind.split("\n## ").next().unwrap_or(behind).trim()
}

/// The links of a section, as they lead from a folder below. What stands between fences is left alone.
fn from_below(section: &str) -> String {
    let link = Regex::new(r"\]\(([^)\s]+)\)").expect("a pattern");
    let turned = |link: &Captures<'_>| match &link[1] {
        address if address.contains("://") => link[0].to_owned(),
        anchor if anchor.starts_with("#backstack-") => format!("]({}.md)", &anchor[1..]),
        anchor if anchor.starts_with('#') => format!("](../lint.md{anchor})"),
        path => format!("](../{path})"),
    };
    let prose_and_code = section.split("```").enumerate();
    let parts = prose_and_code.map(|(at, part)| match at % 2 {
        0 => link.replace_all(part, turned).into_owned(),
        _ => part.to_owned(),
    });
    parts.collect::<Vec<_>>().join("```")
}

fn page_of(rule: &Rule, page: &str) -> String {
    let code = rule.code();
    let section = from_below(section(page, &format!("## {code}")));
    format!(
        "# {code}: {}\n\n{section}\n\n---\n\nIn a terminal: `backstack explain {code}`. [All codes](../lint.md#the-codes). Made of [its section](../lint.md#{code}); \
         after a change there: `UPDATE=1 cargo test --locked the_pages_of_the_codes`.\n",
        rule.title
    )
}

/// The text with other lines behind a line, up to what `ends` them.
fn with_lines(text: &str, head: &str, lines: &str, ends: impl Fn(&str) -> bool) -> String {
    let (above, rest) = text.split_once(head).unwrap_or_else(|| panic!("`{head}` is not there"));
    let below: String = rest.split_inclusive('\n').skip_while(|line| !ends(line)).collect();
    format!("{above}{head}{lines}{below}")
}

#[test]
fn the_pages_of_the_codes_are_the_sections_of_the_page() {
    let page = text(PAGE);
    if std::env::var_os("UPDATE").is_some() {
        fs::create_dir_all(data("docs/lint")).expect("made");
    }
    for rule in &RULES {
        assert_file(&format!("docs/lint/{}.md", rule.code()), &page_of(rule, &page));
    }
    let there: BTreeSet<String> = pages().into_iter().filter(|it| it.starts_with("lint/")).collect();
    assert_eq!(there, RULES.iter().map(|rule| format!("lint/{}.md", rule.code())).collect());
}

#[test]
fn the_pages_of_the_codes_are_named_by_the_page_and_the_summary() {
    let row = |rule: &Rule| {
        let (code, level) = (rule.code(), format!("{:?}", rule.level).to_lowercase());
        format!("| [{code}](lint/{code}.md) | {level} | {} |\n", rule.title)
    };
    let rows: String = RULES.iter().map(row).collect();
    let table = format!("\n| code | level | says |\n|---|---|---|\n{rows}\n");
    assert_file(PAGE, &with_lines(&text(PAGE), CODES, &table, |line| line.starts_with("## ")));
    let entry = |rule: &Rule| format!("  - [{0}: {1}](lint/{0}.md)\n", rule.code(), rule.title);
    let entries: String = RULES.iter().map(entry).collect();
    assert_file(SUMMARY, &with_lines(&text(SUMMARY), LIST, &entries, |line| line.starts_with("- ")));
}

#[test]
fn links_of_a_section_lead_to_the_same_from_a_folder_below() {
    let section = "[a](#backstack-121) [b](#what) [c](lock.md#d) [e](../x) [f](https://g.example/h)\n\n```\n[i](j)\n```\n[k](l.md)";
    let turned = "[a](backstack-121.md) [b](../lint.md#what) [c](../lock.md#d) [e](../../x) [f](https://g.example/h)\n\n```\n[i](j)\n```\n[k](../l.md)";
    assert_eq!(from_below(section), turned);
}
