//! What is wrong with a command line is told before any cluster is asked.

use crate::support::{Mixin, refused};

#[test]
fn a_command_line_that_is_wrong_is_told_so() {
    for (line, said) in [
        ("check", "hint: `backstack check --pre`"),
        ("check --pre --output name", "`--output` takes table, json, yaml"),
        ("tree --output name", "`--output` takes table, json, yaml"),
        ("tree --file x", "--file has no effect here"),
        ("bead list --output markdown", "`--output` takes table, json, yaml, name"),
        ("open --show-password", "--show-password prints to a terminal alone"),
        ("open --show-password --output json", "--show-password prints to a terminal alone"),
        ("logs --since soon", "--since: `soon` is not a duration such as 90s, 10m or 1h30m"),
        ("logs --output json", "--output has no effect here"),
        ("logs --tail many", "invalid value 'many'"),
    ] {
        refused(line, said);
    }
}

#[test]
fn a_folder_without_a_bundle_is_told_before_the_cluster_is_asked() {
    let run = Mixin::new("check --pre nowhere --kubeconfig missing").run().exits(2);
    assert!(run.stderr.contains("nowhere/hub.yaml"), "{}", run.stderr);
}
