//! `docs/environment.md`: the variables that `src/env.rs` tells of.

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
    let head = "# Environment variables\n\nThe variables that the program knows by their names, made of the head of `src/env.rs`. After a change: \
                `UPDATE=1 cargo test --locked the_page_of_the_variables`.\n";
    let rest = "\nWhat people name is read as well: by `env` in a step or in a file of parameters, credentials or logins, by `--cred` and \
                `--mirror-login`, and in a `path` of Porter's sets. What the programs see that it starts: \
                [architecture](architecture.md#one-path-for-install-re-run-and-resume); what a bundle is given: \
                [playing a bundle](bundle-run.md#what-a-bundle-is-given).\n";
    assert_file("docs/environment.md", &format!("{head}{told}{rest}"));
    let names = code.lines().filter_map(|line| line.strip_prefix("pub const ")?.split('"').nth(1));
    let missing: Vec<&str> = names.filter(|name| !told.contains(&format!("`{name}`"))).collect();
    assert!(missing.is_empty() && told.contains("`KUBECONFIG`"), "not told: {missing:?}");
}
