//! `explain` and `schema`: what the program says of its own words.

use backstack::porter::schema;
use serde_json::Value;

use crate::support::{Mixin, Run, text};

fn explain(what: &str) -> Run {
    Mixin::new("explain").args(what.split_whitespace()).run()
}

#[test]
fn codes_are_explained_as_their_pages_have_them() {
    let told = explain("backstack-104").exits(0);
    assert!(
        told.stdout.starts_with("backstack-104: The document is wrong\n\nError: the document is wrong."),
        "{}",
        told.stdout
    );
    assert!(told.stdout.ends_with("docs/lint.md#backstack-104\n"), "{}", told.stdout);
    let told = explain("pending-cascade").exits(0);
    assert!(
        told.stdout.contains("An Application is being deleted together with all that it deploys."),
        "{}",
        told.stdout
    );
    let told = explain("exit-codes").exits(0);
    assert!(told.stdout.contains("| 3 | refused by a guard"), "{}", told.stdout);
    let all = explain("").exits(0).stdout;
    assert!(["backstack-145 ", "secret-empty ", "exit-codes ", "bead "].iter().all(|it| all.contains(it)), "{all}");
}

#[test]
fn fields_are_explained_by_the_path_that_an_error_names() {
    for (path, title) in [
        ("bead.application.chart", "bead.yaml: spec.application.chart  (object, optional)\n"),
        ("hub.argocd", "hub.yaml: spec.argocd  (object, required)\n"),
        ("hub.spec.argocd.version", "hub.yaml: spec.argocd.version  (string, required)\n"),
        ("hub.spec.components[0].chart", "hub.yaml: spec.components.chart  (object, required)\n"),
        ("hub.argocd.config.url", "hub.yaml: spec.argocd.config.url  (string, optional)\n"),
        ("lock.assets", "lock.yaml: assets  (list of object, required)\n"),
        ("step.timeout", "backstack: timeout  (string, default 15m)\n"),
        ("step.hub.adopt", "backstack: hub.adopt  (boolean, default false)\n"),
        ("lock", "lock.yaml  (object)\n"),
    ] {
        let told = explain(path).exits(0);
        assert!(told.stdout.starts_with(title), "{path}: {}", told.stdout);
    }
    let told = explain("hub.argocd.variant").exits(0).stdout;
    assert!(
        told.contains("(word, default standard)") && told.contains("\nit takes:\n") && told.contains("\n  standard"),
        "{told}"
    );
    let told = explain("step.install").exits(0).stdout;
    assert!(told.starts_with("a step of install:\n  hub ") && told.contains("\nfields:\n  bead  ("), "{told}");
    assert_eq!(
        explain("step.install.hub.adopt").exits(0).stdout.lines().last(),
        explain("step.hub.adopt").stdout.lines().last()
    );
}

#[test]
fn every_field_of_a_document_is_in_the_whole_list() {
    for name in ["hub", "bead", "lock", "step"] {
        let list = explain(&format!("{name} --recursive")).exits(0).stdout;
        let schema = match name {
            "step" => schema::mixin_schema()["definitions"]["step"].clone(),
            _ => serde_json::from_str(&text(&format!("mixin-schema/{name}.schema.json"))).expect("JSON"),
        };
        let mut names = Vec::new();
        properties(&schema, &mut names);
        assert!(names.len() > 20, "{name}: {names:?}");
        for field in names {
            assert!(list.contains(&format!(" {field}  (")), "{name}: `{field}` is not in:\n{list}");
        }
    }
}

fn properties(schema: &Value, names: &mut Vec<String>) {
    match schema {
        Value::Array(items) => items.iter().for_each(|it| properties(it, names)),
        Value::Object(keywords) => {
            for (keyword, value) in keywords {
                match value {
                    Value::Object(fields) if keyword == "properties" => {
                        names.extend(fields.keys().cloned());
                        fields.values().for_each(|it| properties(it, names));
                    }
                    _ => properties(value, names),
                }
            }
        }
        _ => {}
    }
}

#[test]
fn what_is_unknown_is_told_with_what_was_meant() {
    explain("backstak-104").exits(2).says("did you mean `backstack-104`?");
    explain("pending-cascad").exits(2).says("did you mean `pending-cascade`?");
    explain("bead.aplication")
        .exits(2)
        .says("`bead` has no field `aplication`")
        .says("did you mean `bead.application`?");
    explain("hub.argocd.nonsense").exits(2).says("it has: certificates, config");
    explain("hub.argocd.version.x").exits(2).says("it is a value");
    explain("nonsense").exits(2).says("`backstack explain` alone lists");
    explain("backstack-104 --recursive").exits(2).says("`--recursive` is for fields");
}

#[test]
fn an_exit_code_is_explained_by_its_number() {
    let told = explain("4").exits(0).stdout;
    assert!(told.starts_with("exit code 4: a deadline passed; "), "{told}");
    assert!(told.ends_with("the others: backstack explain exit-codes\n"), "{told}");
    let both = explain("130").exits(0).stdout;
    assert!(both.starts_with("backstack-130: ") && both.contains("\nexit code 130: interrupted "), "{both}");
    for no_code in ["code", "7", "999"] {
        explain(no_code).exits(2).says("there is nothing to explain");
    }
}

#[test]
fn a_field_is_found_by_its_name_alone() {
    let told = explain("mayRemove").exits(0).stdout;
    let paths: Vec<&str> = told.lines().filter_map(|line| line.strip_prefix("  ")?.split("  ").next()).collect();
    assert_eq!(paths, ["step.bead.mayRemove", "step.cluster.mayRemove", "step.hub.mayRemove", "step.spoke.mayRemove"]);
    assert_eq!(explain("acceptPrivileges").exits(0).stdout, explain("step.bead.acceptPrivileges").exits(0).stdout);
    explain("acceptPrivilege").exits(2).says("did you mean `acceptPrivileges`?");
    explain("mayRemove --recursive").exits(2).says("`--recursive` is for fields");
    // Each path of such a list is one that is taken.
    let told = explain("chart").exits(0).stdout;
    let paths: Vec<&str> = told.lines().filter_map(|line| line.strip_prefix("  ")?.split("  ").next()).collect();
    assert!(paths.contains(&"bead.application.chart") && paths.contains(&"hub.components.chart"), "{told}");
    for path in paths {
        assert!(explain(path).exits(0).stdout.lines().next().is_some_and(|it| it.contains(".chart  (")), "{path}");
    }
}

#[test]
fn each_schema_is_printed() {
    for name in ["hub", "bead", "lock"] {
        let printed = Mixin::new("schema").arg(name).run().exits(0);
        assert_eq!((printed.stdout, printed.stderr.as_str()), (text(&format!("mixin-schema/{name}.schema.json")), ""));
    }
    let step = Mixin::new("schema step").run().exits(0).json();
    jsonschema::draft7::new(&step).expect("a schema");
    let valid = |step_text: Value| jsonschema::draft7::new(&step).expect("a schema").is_valid(&step_text);
    assert!(valid(serde_json::json!({"cluster": {"existing": {}}})) && !valid(serde_json::json!({"clustr": {}})));
    Mixin::new("schema hubb").run().exits(2).says("'hub'");
}
