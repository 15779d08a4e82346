//! Templates in the strings of a step, and the values that they can have.

use serde_json::Value;

use crate::bundle::{Header, Parameter};
use crate::schema::{expressions, is_template};

/// More combinations of values are not tried.
const MOST: usize = 64;

/// A text with its templates replaced, and the parameters that it was replaced with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Rendered {
    pub text: String,
    /// `size` is `large`; empty without a template.
    pub with: Vec<(String, String)>,
}

/// The names in the templates of a text: `bundle.parameters.size`.
pub(super) fn names(text: &str) -> impl Iterator<Item = &str> {
    expressions(text).map(|it| it.inside.trim())
}

/// The name below a prefix, as far as it is one of the declared: `bundle.parameters.` and `size.unit` give `size`.
pub(super) fn declared<'d, T>(name: &str, prefix: &str, all: &'d [T], name_of: fn(&T) -> &String) -> Option<&'d T> {
    let wanted = name.strip_prefix(prefix)?;
    all.iter().find(|one| {
        let rest = wanted.strip_prefix(name_of(one).as_str());
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    })
}

/// Every text that the templates can give, where that is known: by parameters that are booleans or have an `enum`, and
/// by the default of others. `None` when anything else is in it.
pub(super) fn every_value(text: &str, header: Option<&Header>) -> Option<Vec<Rendered>> {
    let mut all = vec![Rendered { text: text.to_owned(), with: Vec::new() }];
    while let Some(name) = all.first().and_then(|one| names(&one.text).next().map(str::to_owned)) {
        let values = values_of(&name, header?)?;
        if all.len() * values.len() > MOST {
            return None;
        }
        let parameter = name.strip_prefix("bundle.parameters.")?;
        all = all.iter().flat_map(|one| values.iter().map(|value| replaced(one, &name, parameter, value))).collect();
    }
    Some(all)
}

fn values_of(name: &str, header: &Header) -> Option<Vec<String>> {
    let name = name.strip_prefix("bundle.parameters.")?;
    let parameter = header.parameters.iter().find(|parameter| parameter.name == name)?;
    if parameter.sensitive || parameter.path.is_some() || !is_scalar(parameter) {
        return None;
    }
    let values = match (&parameter.shape.allowed, &parameter.shape.default) {
        (Some(allowed), _) => allowed.iter().map(as_text).collect::<Option<Vec<_>>>()?,
        (None, _) if parameter.shape.kind() == "boolean" => vec!["true".to_owned(), "false".to_owned()],
        (None, default) => vec![as_text(default.as_ref()?)?],
    };
    // A value with a template in it would be replaced again, which Porter does not do.
    (!values.is_empty() && values.iter().all(|value| !is_template(value))).then_some(values)
}

fn is_scalar(parameter: &Parameter) -> bool {
    matches!(parameter.shape.kind(), "string" | "integer" | "number" | "boolean")
}

fn as_text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Bool(_) | Value::Number(_) => Some(value.to_string()),
        _ => None,
    }
}

/// With every template of this name replaced.
fn replaced(one: &Rendered, name: &str, parameter: &str, value: &str) -> Rendered {
    let (mut text, mut from) = (String::new(), 0);
    for found in expressions(&one.text).filter(|it| it.inside.trim() == name) {
        text.extend([&one.text[from..found.place.start], value]);
        from = found.place.end;
    }
    text.push_str(&one.text[from..]);
    let with = one.with.iter().cloned().chain([(parameter.to_owned(), value.to_owned())]).collect();
    Rendered { text, with }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn header() -> Header {
        serde_json::from_value(json!({"name": "x", "parameters": [
            {"name": "size", "type": "string", "enum": ["s", "l"]},
            {"name": "on", "type": "boolean"},
            {"name": "zone", "type": "string", "default": "eu"},
            {"name": "free", "type": "string"},
            {"name": "hush", "type": "string", "default": "x", "sensitive": true},
        ]}))
        .expect("a header")
    }

    fn texts(text: &str) -> Option<Vec<String>> {
        Some(every_value(text, Some(&header()))?.into_iter().map(|one| one.text).collect())
    }

    #[test]
    fn every_combination_is_tried() {
        assert_eq!(texts("plain").as_deref(), Some(["plain".to_owned()].as_slice()));
        let both = texts("${bundle.parameters.size}-${ bundle.parameters.on }-${ bundle.parameters.size }.yaml");
        assert_eq!(both.expect("known"), ["s-true-s.yaml", "s-false-s.yaml", "l-true-l.yaml", "l-false-l.yaml"]);
        assert_eq!(texts("${ bundle.parameters.zone }").expect("known"), ["eu"]);
    }

    #[test]
    fn what_cannot_be_known_is_not_guessed() {
        for name in ["bundle.parameters.free", "bundle.parameters.hush", "bundle.outputs.x", "env.HOME", "", "open"] {
            assert_eq!(texts(&format!("a-${{ {name} }}")), None, "{name}");
        }
        assert_eq!(texts("${ open"), None);
        assert_eq!(every_value("${ bundle.parameters.size }", None), None);
        let many = "${ bundle.parameters.size }".repeat(9);
        assert_eq!(texts(&many).expect("one name").len(), 2);
    }
}
