//! docs/faults.md, made of the names of tests and of `cases.rs`: each case has a test, or a reason why it has none.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;

use super::cases::{CASES, Case};
use crate::support::{assert_file, data, text};

const FOLDER: &str = "tests/faults";
const PAGE: &str = "docs/faults.md";
const HEAD: &str = "# What goes wrong on the way to an API server

What other appliers of objects have met and are tested against, and what they are not, case by case: with the test that plays
it, mostly by a proxy of the testbed in front of a real API server, or the reason why there is none. What holds in all of them
stands in [what is never lost](safety.md#when-requests-fail).

Made of the names of tests in `tests/faults` and of `tests/faults/cases.rs`.
After a change: `UPDATE=1 cargo test --locked the_page_of_faults`.

| | case | kept by |
|---|---|---|
";

#[test]
fn the_page_of_faults_is_made_of_the_tests_and_every_case_has_one_or_a_reason() {
    let here = tests_here();
    let mut page = HEAD.to_owned();
    for (place, case) in CASES.iter().enumerate() {
        let number = place + 1;
        let mut kept: Vec<String> = here.get(&number).into_iter().flatten().cloned().collect();
        kept.extend(case.elsewhere.iter().map(|(file, name)| {
            assert!(is_test(file, name), "case {number}: there is no test {name} in {file}");
            link(file, name)
        }));
        assert!(
            !kept.is_empty() || case.why.is_some(),
            "case {number}, {}: it has neither a test nor a reason",
            case.what
        );
        kept.extend(case.why.map(str::to_owned));
        let Case { what, .. } = case;
        writeln!(page, "| {number} | {what} | {} |", kept.join("; ")).expect("a text");
    }
    let beyond: Vec<_> = here.keys().filter(|number| **number > CASES.len() || **number == 0).collect();
    assert!(beyond.is_empty(), "there is no case {beyond:?}");
    println!("to write it anew: UPDATE=1 cargo test --locked the_page_of_faults");
    assert_file(PAGE, &page);
}

/// The tests of this folder, by the numbers that their names begin with: `case_03_04_what_it_says`.
fn tests_here() -> BTreeMap<usize, Vec<String>> {
    let mut found: BTreeMap<usize, Vec<String>> = BTreeMap::new();
    let names = fs::read_dir(data(FOLDER)).expect("the tests").map(|it| it.expect("a file").file_name());
    let mut files: Vec<String> = names.filter_map(|it| it.into_string().ok()).collect();
    files.sort();
    for file in files {
        let file = format!("{FOLDER}/{file}");
        for name in text(&file).lines().filter_map(|line| line.strip_prefix("fn case_")?.split('(').next()) {
            let name = format!("case_{name}");
            let numbers = name.split('_').skip(1).map_while(|part| part.parse::<usize>().ok());
            numbers.for_each(|number| found.entry(number).or_default().push(link(&file, &name)));
        }
    }
    found
}

fn is_test(file: &str, name: &str) -> bool {
    let source = text(file);
    let mut lines = source.lines().map(str::trim);
    let declares = |line: &str| line.trim_start_matches("async ").starts_with(&format!("fn {name}("));
    let mut attributes = Vec::new();
    lines.any(|line| {
        if declares(line) {
            return attributes.iter().any(|it: &&str| it.starts_with("#[test]") || it.starts_with("#[tokio::test"));
        }
        if line.starts_with("#[") {
            attributes.push(line);
        } else {
            attributes.clear();
        }
        false
    })
}

fn link(file: &str, name: &str) -> String {
    format!("[`{name}`](../{file})")
}
