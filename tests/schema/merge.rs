//! The schema beside those of other mixins, merged as Porter does it.
//!
//! The merge is played here by the rules of `injectMixinSchemas` in Porter's `pkg/porter/schema.go`; where Porter is on
//! PATH its own merge is compared with it.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;

use backstack::porter::schema::MIXIN_SCHEMA;
use serde_json::{Value, json};

use crate::support::{porter_on_path, text};

/// The mixins of the merge in the order of Porter, which is that of their names.
pub const CLOSED: [&str; 4] = ["backstack", "chained", "exec", "plain"];
const WITH_AN_OPEN_ONE: [&str; 5] = ["backstack", "chained", "exec", "open", "plain"];

/// The schema of all these mixins together.
pub fn merged(mixins: &[&str]) -> Value {
    let steps = json!({"type": "array", "items": {"anyOf": []}});
    let base = json!({
        "$schema": "http://json-schema.org/draft-07/schema#",
        "type": "object",
        "properties": {
            "name": {"type": "string"},
            "mixins": {"type": "array", "items": {"oneOf": [{"type": "string", "enum": []}]}},
            "install": steps, "upgrade": steps, "uninstall": steps,
        },
        "additionalProperties": steps,
    });
    mixins.iter().fold(base, |merged, name| merge(merged, name, &schema_text(name)))
}

fn schema_text(mixin: &str) -> String {
    if mixin == "backstack" { MIXIN_SCHEMA.to_owned() } else { text(&format!("tests/data/mixins/{mixin}.json")) }
}

fn merge(mut merged: Value, name: &str, text: &str) -> Value {
    let text = text.replace("#/", &format!("#/mixin.{name}/"));
    let schema: Value = serde_json::from_str(&text).expect("JSON");
    let reference = |definition: &str| json!({"$ref": format!("#/mixin.{name}/definitions/{definition}")});
    let has = |definition: &str| schema["definitions"].get(definition).is_some();
    let mut push = |list: &str, value: Value| {
        let list = merged.pointer_mut(list).and_then(Value::as_array_mut).expect("a list");
        list.push(value);
    };
    push("/properties/mixins/items/oneOf/0/enum", name.into());
    if has("config") {
        push("/properties/mixins/items/oneOf", reference("config"));
    }
    for action in ["install", "upgrade", "uninstall"] {
        push(&format!("/properties/{action}/items/anyOf"), reference(&format!("{action}Step")));
    }
    if has("invokeStep") {
        push("/additionalProperties/items/anyOf", reference("invokeStep"));
    }
    merged[format!("mixin.{name}")] = schema;
    merged
}

fn accepts(schema: &Value, bundle: &Value) -> bool {
    jsonschema::draft7::new(schema).expect("the merged schema compiles").is_valid(bundle)
}

fn bundle(mixin: &Value, step: &Value) -> Value {
    json!({"name": "b", "mixins": [mixin], "install": [step]})
}

#[test]
fn other_mixins_keep_their_rules_beside_ours() {
    let schema = merged(&CLOSED);
    for (fits, mixin, step) in [
        (true, json!("exec"), json!({"exec": {"command": "true"}})),
        (false, json!("exec"), json!({"exec": {}})),
        (
            true,
            json!({"chained": {"clientVersion": "v1"}}),
            json!({"chained": {"manifests": ["a"], "outputs": [{"name": "b"}]}}),
        ),
        (false, json!({"chained": {"version": "v1"}}), json!({"chained": {"manifests": []}})),
        (false, json!("chained"), json!({"chained": {"manifests": [], "outputs": [{}]}})),
        (true, json!("plain"), json!({"plain": {"anything": 1}})),
        (false, json!("missing"), json!({"plain": {}})),
    ] {
        assert_eq!(accepts(&schema, &bundle(&mixin, &step)), fits, "{mixin} {step}");
    }
}

/// One open mixin accepts the mistakes of all; ours is not that one, and its steps are good beside it.
#[test]
fn an_open_mixin_spoils_the_mistakes_but_not_the_steps() {
    let (closed, open) = (merged(&CLOSED), merged(&WITH_AN_OPEN_ONE));
    let good = bundle(&json!("backstack"), &json!({"backstack": {"cluster": {"existing": {}}}}));
    let bad = bundle(&json!("backstack"), &json!({"backstack": {"clutter": {}}}));
    assert!(accepts(&closed, &good) && accepts(&open, &good));
    assert!(!accepts(&closed, &bad) && accepts(&open, &bad), "an open step accepts everything");
}

#[test]
fn porter_merges_the_schemas_as_we_do() {
    if !porter_on_path("schema::merge::porter_merges_the_schemas_as_we_do") {
        return;
    }
    let home = tempfile::tempdir().expect("a folder");
    fs::create_dir(home.path().join("mixins")).expect("made"); // Porter complains on stdout where it is missing
    let base = porter_schema(home.path());
    let own = real_exec();
    let texts = WITH_AN_OPEN_ONE.map(|name| match &own {
        Some(exec) if name == "exec" => (name, exec.clone()),
        _ => (name, schema_text(name)),
    });
    for (name, text) in &texts {
        let mixin = home.path().join("mixins").join(name);
        fs::create_dir_all(&mixin).expect("made");
        fs::write(mixin.join("schema.json"), text).expect("written");
        let program = mixin.join(name);
        fs::write(&program, "#!/bin/sh\nexec cat \"$(dirname \"$0\")/schema.json\"\n").expect("written");
        fs::set_permissions(&program, fs::Permissions::from_mode(0o770)).expect("executable");
    }
    let ours = texts.iter().fold(base, |merged, (name, text)| merge(merged, name, text));
    assert!(porter_schema(home.path()) == ours, "Porter merges otherwise than tests/schema/merge.rs");
}

/// The schema of the exec mixin that is installed beside Porter, if there is one.
fn real_exec() -> Option<String> {
    let program = Path::new(&std::env::var_os("PORTER_HOME")?).join("mixins/exec/exec");
    let output = Command::new(program).arg("schema").output().ok()?;
    Some(String::from_utf8(output.stdout).expect("text"))
}

fn porter_schema(home: &Path) -> Value {
    let output = Command::new("porter").arg("schema").env("PORTER_HOME", home).output().expect("porter starts");
    assert!(output.status.success(), "porter schema: {}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("JSON")
}
