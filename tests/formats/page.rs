//! The page of formats names the tests that hold its promises: each of them is there.

use regex::Regex;

use crate::architecture::sources;
use crate::support::text;

#[test]
fn every_test_that_the_page_of_formats_names_is_there() {
    let page = text("docs/formats.md");
    let code: String = ["src", "tests"].into_iter().flat_map(sources).map(|(_, text)| text).collect();
    let name = Regex::new("`([a-z0-9]+(?:_[a-z0-9]+){2,})`").expect("a pattern");
    let named: Vec<&str> = name.captures_iter(&page).filter_map(|found| found.get(1)).map(|it| it.as_str()).collect();
    assert!(named.len() > 12, "{named:?}");
    let missing: Vec<&&str> = named.iter().filter(|name| !code.contains(&format!("fn {name}()"))).collect();
    assert!(missing.is_empty(), "no such test: {missing:?}");
}
