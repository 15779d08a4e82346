//! The schemas: generated from the types, merged as Porter merges them, and judged by examples.

mod merge;
mod properties;

use std::fs;

use backstack::document::read_bead;
use backstack::lint::{self, Finding};
use backstack::porter::schema;
use backstack::yaml;
use serde_json::{Value, json};

use crate::support::{Mixin, assert_file, data, text};

#[test]
fn the_schemas_are_those_of_the_types() {
    for (file, schema) in [
        ("mixin-schema/schema.json", schema::mixin_schema()),
        ("mixin-schema/hub.schema.json", schema::hub_schema()),
        ("mixin-schema/bead.schema.json", schema::bead_schema()),
        ("mixin-schema/lock.schema.json", schema::lock_schema()),
    ] {
        assert_file(file, &format!("{schema:#}\n"));
    }
    let printed = Mixin::new("schema").run().exits(0);
    assert_eq!((printed.stdout.as_str(), printed.stderr.as_str()), (schema::MIXIN_SCHEMA, ""));
}

#[test]
fn the_schema_survives_the_merge() {
    let schema = schema::mixin_schema();
    for definition in ["config", "installStep", "upgradeStep", "uninstallStep", "invokeStep"] {
        let closed = &schema["definitions"][definition];
        assert_eq!(closed["additionalProperties"], false, "{definition}");
        assert_eq!(closed["required"], json!(["backstack"]), "{definition}");
    }
    each(&schema, &mut |value| {
        let Some(object) = value.as_object() else { return };
        assert!(!object.contains_key("$id") && !object.contains_key("$defs"), "{value}");
        if let Some(reference) = object.get("$ref") {
            let target = schema.pointer(reference.as_str().expect("text").trim_start_matches('#')).expect("resolves");
            assert!(target.get("$ref").is_none() && target.get("allOf").is_none(), "{reference} leads to a reference");
        }
        for (key, text) in object {
            assert!(key == "$ref" || !text.as_str().is_some_and(|text| text.contains("#/")), "{key}: {text}");
        }
    });
}

/// Each example is a `porter.yaml`. Beside an invalid one stands what `lint` says about it.
#[test]
fn the_schema_and_the_parser_agree_about_the_examples() {
    let validator = jsonschema::draft7::new(&merge::merged(&merge::CLOSED)).expect("a schema");
    for (verdict, count) in [("valid", 4), ("invalid", 8)] {
        let examples = fs::read_dir(data("mixin-schema/examples").join(verdict)).expect("examples");
        let names = examples.filter_map(|entry| entry.expect("an entry").file_name().into_string().ok());
        let mut names: Vec<String> = names.filter_map(|name| name.strip_suffix(".yaml").map(str::to_owned)).collect();
        names.sort();
        assert!(names.len() >= count, "{names:?}");
        for name in names {
            let file = format!("mixin-schema/examples/{verdict}/{name}.yaml");
            let bundle = yaml::manifests(&file, &text(&file)).expect("YAML").remove(0);
            let accepted = validator.is_valid(&bundle);
            assert_eq!(accepted, verdict == "valid", "the schema on {file}: {:?}", validator.validate(&bundle).err());
            let told = told_by_lint(&bundle);
            if verdict == "valid" {
                assert_eq!(told, "", "{file}");
            } else {
                assert!(!told.is_empty(), "{file} is fine for the parser");
                assert_file(&format!("mixin-schema/examples/{verdict}/{name}.txt"), &told);
            }
        }
    }
}

/// The program is as strict as the editor, and says the same number.
#[test]
fn the_name_of_a_bead_has_one_longest_length() {
    let schema = schema::bead_schema();
    let told = schema["definitions"]["BeadMetadata"]["properties"]["name"]["description"].as_str().expect("a text");
    assert!(told.contains("at most 36 characters"), "{told}");
    let validator = jsonschema::draft7::new(&schema).expect("a schema");
    for (length, fits) in [(1, true), (36, true), (37, false), (40, false)] {
        let text = text("src/bead/scaffold/bead.yaml").replace("BEAD_NAME", &"x".repeat(length));
        let document = yaml::manifests("bead.yaml", &text).expect("YAML").remove(0);
        assert_eq!(validator.is_valid(&document), fits, "the schema, {length} characters");
        let read = read_bead("bead.yaml", &text).map(|bead| bead.metadata.name.len());
        assert_eq!(read.as_ref().ok(), fits.then_some(&length), "the check: {read:?}");
        let said = read.map_err(|mistakes| mistakes.render()).err().unwrap_or_default();
        assert!(fits || said.contains("at most 36 characters"), "{said}");
    }
}

/// What Porter would send to `lint` for this bundle, and the mistakes that come back.
fn told_by_lint(bundle: &Value) -> String {
    let steps =
        |list: &Vec<Value>| -> Value { list.iter().filter(|it| it.get("backstack").is_some()).cloned().collect() };
    let lists = bundle.as_object().expect("a mapping").iter().filter(|(key, _)| *key != "mixins");
    let actions: Value = lists.filter_map(|(key, value)| Some((key.clone(), steps(value.as_array()?)))).collect();
    let config = bundle["mixins"].as_array().into_iter().flatten().find_map(|mixin| mixin.get("backstack"));
    let input = match config {
        Some(config) => json!({"config": config, "actions": actions}),
        None => json!({"actions": actions}),
    };
    let findings = lint::findings(&yaml::print(&input), &data("mixin-schema/examples"));
    let mistakes = findings
        .iter()
        .map(Finding::result)
        .filter(|it| ["backstack-102", "backstack-109"].contains(&it.code.as_str()));
    mistakes.map(|finding| finding.message + "\n").collect()
}

fn each(value: &Value, look: &mut impl FnMut(&Value)) {
    look(value);
    match value {
        Value::Array(items) => items.iter().for_each(|item| each(item, look)),
        Value::Object(map) => map.values().for_each(|item| each(item, look)),
        _ => {}
    }
}
