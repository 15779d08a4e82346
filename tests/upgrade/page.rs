//! The page says what the program knows.

use std::fs;

use crate::support::{assert_file, data, text};

const PAGE: &str = "docs/upgrades.md";
/// What the table of steps begins with; it is the end of the page.
const TABLE: &str = "| program | step |";

#[test]
fn the_page_has_the_table_of_steps() {
    let page = text(PAGE);
    let (above, table) = page.split_once(TABLE).expect("the page has the table");
    let titles: Vec<&str> = table.lines().take(2).collect();
    assert_file(PAGE, &format!("{above}{TABLE}{}\n{}\n", titles.join("\n"), backstack::upgrade::table().join("\n")));
}

/// The codes of findings in the sources: what stands first in each that is made.
#[test]
fn the_page_has_every_code_of_a_finding() {
    let mut codes = Vec::new();
    for folder in ["src/upgrade", "src/upgrade/legacy", "src/hub/gate", "src/hub/diff"] {
        let all = fs::read_dir(data(folder)).expect("a folder").map(|it| it.expect("an entry").path());
        for file in all.filter(|it| it.is_file()) {
            let source = fs::read_to_string(file).expect("a text");
            let code = source.split("#[cfg(test)]").next().unwrap_or_default();
            let made = code.split("Finding::new(").skip(1).chain(code.split("finding(").skip(1));
            let first = |after: &str| after.trim_start().strip_prefix('"')?.split('"').next().map(str::to_owned);
            codes.extend(made.filter_map(first));
            codes.extend(code.split("code: \"").skip(1).filter_map(|it| it.split('"').next().map(str::to_owned)));
        }
    }
    assert!(codes.len() > 15, "{codes:?}");
    let page = text(PAGE);
    let missing: Vec<&String> = codes.iter().filter(|code| !page.contains(&format!("`{code}`"))).collect();
    assert_eq!(missing, Vec::<&String>::new());
}
