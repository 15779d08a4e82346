//! What the noun `cluster` of a step must be beyond its shape. The values may still be templates.

use serde_json::{Map, Value};

use super::step_mistake::{StepMistake, is_given};

/// What a program of a module is given by us, or would be another one by.
const OURS: [&str; 4] = ["HOME", "PATH", "TF_", "TMPDIR"];
/// Of `OpenTofu`'s own variables, those for a backend or a host of modules, and the key of an encrypted state.
const LOGINS: [&str; 3] = ["TF_ENCRYPTION", "TF_HTTP_", "TF_TOKEN_"];
/// What the loader of the system goes by.
const LOADER: [&str; 2] = ["LD_", "DYLD_"];

/// The mistakes in a step of the right shape.
pub(super) fn mistakes(cluster: &Map<String, Value>) -> Vec<StepMistake> {
    let mut found = Vec::new();
    if is_given(cluster, "existing") {
        found.extend(beside_existing(cluster));
    }
    if cluster.get("connectOnly") == Some(&Value::Bool(true)) && is_given(cluster, "onUninstall") {
        let message = "`cluster.onUninstall` beside `connectOnly`, which destroys nothing";
        found.push(("cluster.onUninstall".to_owned(), message.to_owned(), "leave one of them out"));
    }
    if let Some(module) = cluster.get("opentofu").and_then(Value::as_object) {
        found.extend(in_module(module));
    }
    found
}

/// What is about a cluster that is made.
fn beside_existing(cluster: &Map<String, Value>) -> Vec<StepMistake> {
    let mut found: Vec<StepMistake> = Vec::new();
    let means_nothing = |key: &str| {
        let message = format!("`cluster.{key}` means nothing beside `existing`: it is about a cluster that is made");
        (format!("cluster.{key}"), message, "leave it out")
    };
    found.extend(["state", "kubeconfig"].into_iter().filter(|key| is_given(cluster, key)).map(means_nothing));
    if cluster.get("connectOnly") == Some(&Value::Bool(true)) {
        found.push(means_nothing("connectOnly"));
    }
    if cluster.get("onUninstall").and_then(Value::as_str) == Some("destroy") {
        let message = "`cluster.onUninstall` is `destroy`, and a cluster that exists is never destroyed";
        found.push((
            "cluster.onUninstall".to_owned(),
            message.to_owned(),
            "`check-only` looks whether it may go another way, `leave` does nothing",
        ));
    }
    found
}

fn in_module(module: &Map<String, Value>) -> Vec<StepMistake> {
    let names = |key: &str| module.get(key).and_then(Value::as_object).into_iter().flat_map(Map::keys);
    let variables: Vec<&String> = names("variables").collect();
    let twice = names("secrets").filter(|name| variables.contains(name)).map(|name| {
        let message = format!("the variable `{name}` has a value in `variables` and one in `secrets`");
        (format!("cluster.opentofu.secrets.{name}"), message, "leave one of them out")
    });
    let own = names("environment").filter(|name| !may_be_set(name)).map(|name| {
        let message = format!("`{name}` is no variable that a step sets for a module");
        let hint =
            "values of variables belong into `variables` and `secrets`; what logs in to a cloud has its own names";
        (format!("cluster.opentofu.environment.{name}"), message, hint)
    });
    twice.chain(own).collect()
}

/// Whether a module may be given this variable of the environment.
fn may_be_set(name: &str) -> bool {
    let begins_with =
        |all: &[&str]| all.iter().any(|it| if it.ends_with('_') { name.starts_with(it) } else { name == *it });
    let is_name = name
        .bytes()
        .enumerate()
        .all(|(at, byte)| byte == b'_' || byte.is_ascii_alphabetic() || (at > 0 && byte.is_ascii_digit()));
    let is_ours = begins_with(&OURS) && !begins_with(&LOGINS);
    !name.is_empty() && is_name && !is_ours && !begins_with(&LOADER)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn paths(cluster: &Value) -> Vec<String> {
        mistakes(cluster.as_object().expect("a mapping")).into_iter().map(|(path, _, _)| path).collect()
    }

    #[test]
    fn what_is_about_making_has_no_place_beside_a_cluster_that_exists() {
        let cluster = json!({"existing": {}, "state": "state", "kubeconfig": "k", "connectOnly": true});
        assert_eq!(paths(&cluster), ["cluster.state", "cluster.kubeconfig", "cluster.connectOnly"]);
        assert_eq!(paths(&json!({"existing": {}, "onUninstall": "destroy"})), ["cluster.onUninstall"]);
        for fine in [
            json!({"existing": {}, "onUninstall": "check-only", "mayRemove": ["a"], "connectOnly": false, "state": null}),
            json!({"kind": {"name": "a"}, "state": "state", "onUninstall": "destroy"}),
            json!({"existing": {}, "connectOnly": "${ bundle.parameters.x }"}),
        ] {
            assert_eq!(paths(&fine), [""; 0], "{fine}");
        }
        let both = json!({"kind": {"name": "a"}, "state": "s", "connectOnly": true, "onUninstall": "leave"});
        assert_eq!(paths(&both), ["cluster.onUninstall"]);
    }

    #[test]
    fn a_module_is_given_each_value_once_and_no_variable_of_ours() {
        let module = json!({"module": "m", "variables": {"a": 1, "b": 2}, "secrets": {"b": {"env": "B"}}});
        assert_eq!(paths(&json!({"opentofu": module})), ["cluster.opentofu.secrets.b"]);
        for name in ["TF_VAR_a", "TF_CLI_ARGS", "TF_LOG", "LD_PRELOAD", "PATH", "HOME", "TMPDIR", "1A", "A-B", ""] {
            assert!(!may_be_set(name), "{name}");
        }
        for name in ["GOOGLE_CREDENTIALS", "AWS_ACCESS_KEY_ID", "TF_HTTP_PASSWORD", "TF_TOKEN_git_example_org", "PATHS"]
        {
            assert!(may_be_set(name), "{name}");
        }
    }
}
