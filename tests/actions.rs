//! The table of actions: printed by `help`, declared by the hub bundle, described in `docs/actions.md`.

use backstack::yaml;
use serde_json::Value;

use crate::support::{Mixin, Run, data, text};

/// The actions that `help` lists, asked for with the shortest step there is and nothing else at hand.
fn listed() -> Vec<String> {
    let asked = "help:\n- backstack: {cluster: {existing: {}}}\n";
    let run = Mixin::new("invoke --action help").stdin(asked).run().exits(0).says("porter invoke");
    let rows = run.stderr.lines().filter(|line| line.starts_with("  "));
    rows.skip(1).filter_map(|row| row.split_whitespace().next()).map(str::to_owned).collect()
}

/// An action of a hub step, on no cluster at all.
fn act(action: &str) -> Run {
    let step = format!("{action}:\n- backstack: {{hub: {{repository: {{url: https://git.example/hub}}}}}}\n");
    let command = if ["install", "upgrade", "uninstall"].contains(&action) {
        Mixin::new(action)
    } else {
        Mixin::new("invoke --action").arg(action)
    };
    command.folder(&data("bundles/hubs/existing")).env("KUBECONFIG", "/nowhere").stdin(step).run()
}

#[test]
fn help_lists_the_actions_that_there_are() {
    let listed = listed();
    assert_eq!(listed.len(), 9, "{listed:?}");
    for action in &listed {
        let run = act(action);
        assert!(!run.stderr.contains("knows no action"), "{action}: {}", run.stderr);
    }
    let unknown = act("restart").exits(2).says("knows no action `restart`");
    assert!(unknown.stderr.contains(&format!("known: {}", listed.join(", "))), "{}", unknown.stderr);
    act("io.cnab.status").exits(2).says("name the action `status`");
    act("help").exits(0).says("WHAT IT CHANGES");
}

#[test]
fn the_docs_describe_every_action() {
    let docs = text("docs/actions.md");
    for action in listed() {
        assert!(docs.contains(&format!("`{action}`")), "{action}");
    }
}

#[test]
fn the_hub_bundles_declare_every_custom_action() {
    for hub in ["back", "existing"] {
        declares_every_custom_action(&text(&format!("bundles/hubs/{hub}/porter.yaml")));
    }
}

fn declares_every_custom_action(manifest: &str) {
    let bundle = yaml::manifests("porter.yaml", manifest).expect("YAML").remove(0);
    for action in listed() {
        assert!(bundle[action.as_str()].is_array(), "{action} has no steps");
    }
    let declared = bundle["customActions"].as_object().expect("custom actions");
    assert_eq!(declared.len() + 3, listed().len());
    for (name, about) in declared {
        assert!(about["description"].is_string() && about["stateless"].is_boolean(), "{name}");
        assert_eq!(about["modifies"], name == "recover", "{name}");
    }
    // Porter asks for what is required, unless it is for other actions only.
    let needs = |list: &str, action: &str| -> Vec<String> {
        let all = bundle[list].as_array().expect("a list").iter();
        let required = all.filter(|it| it["required"] != false && it.get("default").is_none());
        let applies = |it: &&Value| it["applyTo"].as_array().is_none_or(|to| to.iter().any(|name| name == action));
        required.filter(applies).filter_map(|it| it["name"].as_str()).map(str::to_owned).collect()
    };
    assert!(needs("credentials", "help").is_empty() && needs("parameters", "help").is_empty());
    for action in ["status", "verify", "diff", "logs"] {
        assert_eq!(needs("credentials", action), ["kubeconfig"], "{action}");
    }
}
