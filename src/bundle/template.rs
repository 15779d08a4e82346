//! Templates in steps: `${ bundle.parameters.name }`.
//!
//! Porter renders a step as text with mustache, and parses the result (`ResolveStep` in Porter's `pkg/runtime`).
//! Values are pasted as they are, so YAML decides anew what they are. A variable that is not there is an error.

use serde_json::Value;

use crate::report::{Failure, Outcome};
use crate::spec::scalar_text;

/// The text with every template replaced by its value in `data`.
pub fn render(text: &str, data: &Value) -> Outcome<String> {
    let mut rendered = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once("${") {
        let (name, after) = behind
            .split_once('}')
            .ok_or_else(|| Failure::usage("a template is opened by `${` and never closed by `}`"))?;
        rendered.push_str(before);
        rendered.push_str(&value_of(name.trim(), data)?);
        rest = after;
    }
    rendered.push_str(rest);
    Ok(rendered)
}

fn value_of(name: &str, data: &Value) -> Outcome<String> {
    if name.starts_with(['#', '^', '/', '!', '>', '&', '=', '{']) {
        return Err(Failure::usage(format!("`${{ {name} }}` is more than a variable, which a step cannot use")));
    }
    let value = name.split('.').try_fold(data, |value, key| value.get(key));
    value.map(scalar_text).ok_or_else(|| missing(name, data))
}

fn missing(name: &str, data: &Value) -> Failure {
    let failure = Failure::usage(format!("missing variable `{name}`"));
    let (parent, _) = name.rsplit_once('.').unwrap_or((name, ""));
    let siblings = parent.split('.').try_fold(data, |value, key| value.get(key)).and_then(Value::as_object);
    match siblings {
        Some(known) if !known.is_empty() && parent != "env" => {
            let known: Vec<&str> = known.keys().map(String::as_str).collect();
            failure.hint(format!("`{parent}` has: {}", known.join(", ")))
        }
        _ if parent == "bundle.outputs" => {
            failure.hint("no step before this one has handed it back; outputs of earlier runs are not kept")
        }
        _ => failure.hint("variables are bundle.*, installation.* and env.*"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_pasted_as_they_are() {
        let data = serde_json::json!({"bundle": {"parameters": {"a": "x: y", "o": {"k": [1, "2"]}, "n": "1.10"}}});
        let text = "a: \"${ bundle.parameters.a }\"\nb: ${bundle.parameters.o}\nc: ${ bundle.parameters.o.k } $ {n}";
        let rendered = render(text, &data).expect("all there");
        assert_eq!(rendered, "a: \"x: y\"\nb: {\"k\":[1,\"2\"]}\nc: [1,\"2\"] $ {n}");
    }

    #[test]
    fn what_is_not_there_is_an_error_that_says_what_is() {
        let data = serde_json::json!({"bundle": {"parameters": {"name": "x"}}});
        let failure = render("${ bundle.parameters.nam }", &data).expect_err("missing");
        assert_eq!(failure.message, "missing variable `bundle.parameters.nam`");
        assert_eq!(failure.hint.as_deref(), Some("`bundle.parameters` has: name"));
        assert!(render("${ open", &data).is_err());
        assert!(render("${#bundle}x${/bundle}", &data).is_err());
    }
}
