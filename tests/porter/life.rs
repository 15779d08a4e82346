//! The bundle as it lies in its folder: lint, schema, build, and the whole life of a hub.

use std::fs;

use serde_json::Value;

use super::fixture::Porter;

#[test]
#[ignore = "needs the testbed, and porter on PATH"]
fn porter_lints_validates_and_builds_the_hub_bundle() {
    let Some(porter) = Porter::find("life::porter_lints_validates_and_builds_the_hub_bundle") else { return };
    porter.lints_clean(&porter.bundle());

    let schema: Value = serde_json::from_str(&porter.run(&["schema"])).expect("the schema is JSON");
    let steps = schema["properties"]["install"]["items"]["anyOf"].to_string();
    assert!(steps.contains("#/mixin.backstack/definitions/installStep"), "{steps}");
    let validator = jsonschema::options().build(&without_remote(&schema)).expect("the merged schema compiles");
    let text = fs::read_to_string(porter.bundle().join("porter.yaml")).expect("porter.yaml");
    let manifest = backstack::yaml::manifests("porter.yaml", &text).expect("YAML").remove(0);
    let errors: Vec<String> = validator.iter_errors(&manifest).map(|it| it.to_string()).collect();
    assert!(errors.is_empty(), "{errors:#?}");

    porter.build(false);
    porter.build(true);
}

/// The base schema refers to one document of Porter's site, for the types of parameters and outputs.
fn without_remote(schema: &Value) -> Value {
    let text =
        schema.to_string().replace(r#""$ref":"https://porter.sh/schema/json-schema.json""#, r#""type":"object""#);
    serde_json::from_str(&text).expect("still JSON")
}

#[test]
#[ignore = "needs the testbed, and porter on PATH"]
fn porter_runs_the_whole_life_of_a_hub() {
    let Some(porter) = Porter::find("life::porter_runs_the_whole_life_of_a_hub") else { return };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let cluster = runtime.block_on(porter.testbed.lease()).expect("a cluster");
    let repository = porter.testbed.repository().expect("a repository");
    porter.bind(&cluster, &repository);
    porter.build(false);

    let said = porter.act(&["install", "hub"], &repository);
    assert!(said.contains("Argo CD heals drift"), "{said}");
    let password = &repository.writer().password;
    assert!(!said.contains(password.as_str()), "a password is printed");
    let outputs: Value =
        serde_json::from_str(&porter.run(&["installation", "outputs", "list", "-i", "hub", "-o", "json"]))
            .expect("outputs are JSON");
    let value = |name: &str| {
        let all = outputs.as_array().expect("a list");
        let found = all.iter().find(|it| it["name"] == name).unwrap_or_else(|| panic!("no output {name}: {outputs:#}"));
        found["value"].as_str().expect("a value").to_owned()
    };
    let proof: Value = serde_json::from_str(&value("handover")).expect("the proof is JSON");
    assert_eq!(proof["holds"], true, "{proof:#}");
    assert_eq!(proof["revision"], value("revision").as_str());

    porter.act(&["invoke", "hub", "--action", "status"], &repository);
    porter.act(&["invoke", "hub", "--action", "verify"], &repository);
    let said = porter.act(&["upgrade", "hub"], &repository);
    assert!(said.contains("no change"), "{said}");
    let said = porter.act(&["uninstall", "hub"], &repository);
    assert!(said.contains("nothing of the hub is left"), "{said}");
}
