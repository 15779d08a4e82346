//! `docs/environment.md`: the variables that `src/env.rs` tells of, which reads them all.

use crate::support::{assert_file, text};

#[test]
fn the_page_of_the_variables_is_what_the_code_tells() {
    let code = text("src/env.rs");
    let told: String = code
        .lines()
        .filter_map(|line| line.strip_prefix("//!"))
        .map(|line| line.strip_prefix(' ').unwrap_or(line))
        .skip(1)
        .flat_map(|line| [line, "\n"])
        .collect();
    let head = "# Environment variables\n\nEvery variable that the program reads, made of the head of `src/env.rs`. After a change: \
                `UPDATE=1 cargo test --locked the_page_of_the_variables`.\n";
    let rest = "\nWhat a step or `--cred` names by `env` is read as well. What the programs see that it starts: \
                [architecture](architecture.md#one-path-for-install-re-run-and-resume); what a bundle is given: \
                [playing a bundle](bundle-run.md#what-a-bundle-is-given).\n";
    assert_file("docs/environment.md", &format!("{head}{told}{rest}"));
    let names = code.lines().filter_map(|line| line.strip_prefix("pub const ")?.split('"').nth(1));
    let missing: Vec<&str> = names.filter(|name| !told.contains(&format!("`{name}`"))).collect();
    assert!(missing.is_empty() && told.contains("`KUBECONFIG`"), "not told: {missing:?}");
}
