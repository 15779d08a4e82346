//! The page of formats names the tests that hold its promises: each of them is there.

use std::fs;
use std::path::Path;

use regex::Regex;

use crate::support::{data, text};

/// All code below a folder.
fn code(folder: &Path) -> String {
    let entries = fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path());
    let texts = entries.map(|path| match path.extension() {
        _ if path.is_dir() => code(&path),
        Some(extension) if extension == "rs" => fs::read_to_string(&path).expect("text"),
        _ => String::new(),
    });
    texts.collect()
}

#[test]
fn every_test_that_the_page_of_formats_names_is_there() {
    let page = text("docs/formats.md");
    let code: String = ["src", "tests"].map(|folder| code(&data(folder))).concat();
    let name = Regex::new("`([a-z0-9]+(?:_[a-z0-9]+){2,})`").expect("a pattern");
    let named: Vec<&str> = name.captures_iter(&page).filter_map(|found| found.get(1)).map(|it| it.as_str()).collect();
    assert!(named.len() > 12, "{named:?}");
    let missing: Vec<&&str> = named.iter().filter(|name| !code.contains(&format!("fn {name}()"))).collect();
    assert!(missing.is_empty(), "no such test: {missing:?}");
}
