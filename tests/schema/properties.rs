//! What every property of our schemas has, whatever properties there will be.

use backstack::porter::schema;
use serde_json::{Value, json};

/// Every object that people write: where it stands, and its schema.
fn objects<'s>(schema: &'s Value, path: &str, found: &mut Vec<(String, &'s Value)>) {
    if schema.get("properties").is_some() {
        found.push((path.to_owned(), schema));
    }
    let Some(keywords) = schema.as_object() else { return };
    for (keyword, value) in keywords {
        match (keyword.as_str(), value) {
            ("properties" | "definitions", Value::Object(all)) => {
                all.iter().for_each(|(name, one)| objects(one, &format!("{path}.{name}"), found));
            }
            ("anyOf" | "oneOf" | "allOf", Value::Array(all)) => all.iter().for_each(|one| objects(one, path, found)),
            ("items" | "additionalProperties", one) => objects(one, path, found),
            _ => {}
        }
    }
}

fn each_object(schemas: &[(&'static str, Value)], mut look: impl FnMut(&Value, &str, &Value)) {
    for (name, root) in schemas {
        let mut found = Vec::new();
        objects(root, name, &mut found);
        assert!(found.len() > 2, "{name} has {} objects", found.len());
        for (path, object) in &found {
            look(root, path, object);
        }
    }
}

fn schemas() -> [(&'static str, Value); 4] {
    [
        ("step", schema::mixin_schema()),
        ("hub.yaml", schema::hub_schema()),
        ("bead.yaml", schema::bead_schema()),
        ("lock.yaml", schema::lock_schema()),
    ]
}

/// A property itself, or what it refers to.
fn resolved<'s>(root: &'s Value, property: &'s Value) -> &'s Value {
    let reference = property["$ref"].as_str().or_else(|| property["allOf"][0]["$ref"].as_str());
    reference.and_then(|it| root.pointer(it.trim_start_matches('#'))).unwrap_or(property)
}

fn properties(object: &Value) -> impl Iterator<Item = (&String, &Value)> {
    object["properties"].as_object().into_iter().flatten()
}

#[test]
fn every_object_is_closed() {
    each_object(&schemas(), |_, path, object| {
        // The root of the step schema stands for a whole bundle, whose other keys are custom actions. A parameter of a
        // bead may be copied from a bundle with everything that only a bundle needs.
        let open = ["step", "bead.yaml.BeadParameter"];
        assert!(object["additionalProperties"] == false || open.contains(&path), "{path} is open");
    });
}

#[test]
fn every_property_is_described() {
    each_object(&schemas(), |root, path, object| {
        for (name, property) in properties(object) {
            let described = [property, resolved(root, property)].into_iter().find_map(|it| it["description"].as_str());
            assert!(described.is_some_and(|text| !text.is_empty()), "{path}.{name} has no description");
        }
    });
}

#[test]
fn every_default_is_told_and_true() {
    each_object(&schemas(), |root, path, object| {
        for (name, property) in properties(object) {
            let description = property["description"].as_str().unwrap_or_default();
            let told = description.split_once("Default `").and_then(|(_, rest)| rest.split_once('`')).map(|it| it.0);
            let default = property.get("default");
            if let Some(told) = told {
                let default = default.map(|it| it.as_str().map_or_else(|| it.to_string(), str::to_owned));
                assert_eq!(default.as_deref(), Some(told), "{path}.{name}");
            }
            if let Some(scalar) = default.filter(|it| !it.is_object() && !it.is_array()) {
                assert!(told.is_some(), "the description of {path}.{name} does not say `Default \\`{scalar}\\``");
            }
            let is_required = object["required"].as_array().is_some_and(|all| all.contains(&name.as_str().into()));
            assert!(
                is_required || default.is_some() || may_be_left_out(root, property),
                "{path}.{name} may be left out, and nobody says what that means"
            );
        }
    });
}

/// Whether "not there" is a value of its own: nothing, or none of them.
fn may_be_left_out(root: &Value, property: &Value) -> bool {
    let validator = jsonschema::draft7::new(&with_definitions(root, property)).expect("a schema");
    [json!(null), json!([]), json!({})].iter().any(|nothing| validator.is_valid(nothing))
}

#[test]
fn a_template_may_stand_for_every_scalar_of_a_step() {
    let root = schema::mixin_schema();
    let mut places = 0;
    each_object(&[("step", root.clone())], |_, path, object| {
        for (name, property) in properties(object) {
            for schema in [property, &property["items"]].into_iter().filter(|it| it.is_object()) {
                let validator = jsonschema::draft7::new(&with_definitions(&root, schema)).expect("a schema");
                let mut scalars = vec![json!(true), json!(7), json!(1.5), json!("text"), json!("10m")];
                scalars.extend(constants(schema));
                if scalars.iter().any(|scalar| validator.is_valid(scalar)) {
                    places += 1;
                    let template = json!("${ bundle.parameters.x }");
                    assert!(validator.is_valid(&template), "{path}.{name} takes no template");
                }
            }
        }
    });
    assert!(places > 20, "{places} places");
}

fn constants(schema: &Value) -> Vec<Value> {
    let all = ["oneOf", "anyOf"].iter().filter_map(|key| schema[key].as_array()).flatten();
    let inner = all.flat_map(constants);
    inner.chain(schema["enum"].as_array().into_iter().flatten().cloned()).chain(schema.get("const").cloned()).collect()
}

fn with_definitions(root: &Value, schema: &Value) -> Value {
    let mut schema = schema.clone();
    if let Some(definitions) = root.get("definitions") {
        schema["definitions"] = definitions.clone();
    }
    schema
}
