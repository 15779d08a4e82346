//! docs/doctor.md has a section for each code, and says of it what the program says.

use backstack::doctor::CODES;

use crate::support::text;

const PAGE: &str = "docs/doctor.md";

#[test]
fn every_code_has_its_section_in_the_order_of_the_table() {
    let page = text(PAGE);
    let codes = page.split_once("\n## The codes\n").expect("the codes").1;
    let titles: Vec<&str> = codes.lines().filter_map(|line| line.strip_prefix("### ")).collect();
    assert_eq!(titles, CODES.iter().map(|it| it.name).collect::<Vec<_>>(), "{PAGE}");
    for code in CODES {
        let section = codes.split(&format!("### {}\n", code.name)).nth(1).unwrap_or_default();
        let section = section.split("\n### ").next().unwrap_or_default();
        assert!(section.contains(code.means), "{PAGE}: {} does not say: {}", code.name, code.means);
        assert!(section.contains("**Remedy:**"), "{PAGE}: {} has no remedy", code.name);
    }
}
