//! Variables that a template names and that no run has (`buildSourceData` in Porter's `pkg/runtime`).

use serde_json::Value;

use super::manifest::{Header, applies};
use crate::schema::closest;

/// What Porter gives of an image.
pub(super) const OF_IMAGE: [&str; 8] =
    ["description", "imageType", "repository", "digest", "size", "mediaType", "labels", "tag"];

const OF_BUNDLE: [&str; 10] = [
    "name",
    "version",
    "description",
    "installerImage",
    "custom",
    "parameters",
    "credentials",
    "outputs",
    "images",
    "dependencies",
];

/// What is there instead, if a step of this action cannot have the variable.
pub(super) fn is_missing(name: &str, header: &Header, action: &str, index: usize) -> Option<String> {
    let mut parts = name.split('.');
    let (first, second, third) = (parts.next()?, parts.next(), parts.next());
    let rest: Vec<&str> = third.into_iter().chain(parts).collect();
    match (first, second) {
        ("bundle" | "installation" | "env", None) | ("env", Some(_)) => None,
        ("", _) if name == "." => None,
        ("installation", Some(key)) => none_of(first, ["name", "namespace", "id"], key, rest.is_empty()),
        ("bundle", Some(group)) => match (group, rest.as_slice()) {
            ("custom", _) => of_custom(header, &rest),
            ("parameters", [name, deeper @ ..]) => {
                let known = || header.parameters.iter().filter(|it| applies(&it.apply_to, action));
                let is_object = known().any(|it| it.name == *name && it.shape.kind() == "object" && it.path.is_none());
                none_of("bundle.parameters", known().map(|it| it.name.as_str()), name, is_object || deeper.is_empty())
            }
            ("credentials", [name, deeper @ ..]) => {
                let known = header.credentials.iter().map(|it| it.name.as_str());
                none_of("bundle.credentials", known, name, deeper.is_empty())
            }
            ("images", [name, deeper @ ..]) => {
                let known = header.images.keys().map(String::as_str);
                none_of("bundle.images", known, name, true).or_else(|| match deeper {
                    [] => None,
                    [field, deeper @ ..] => {
                        none_of(&format!("bundle.images.{name}"), OF_IMAGE, field, deeper.is_empty())
                    }
                })
            }
            // A step before this one may hand back any.
            ("outputs", [name, ..]) if index == 0 && !header.outputs.iter().any(|it| it.name == *name) => {
                Some("no step before this one has handed it back".to_owned())
            }
            ("outputs" | "dependencies", _) | ("parameters" | "credentials" | "images", []) => None,
            (other, deeper) => none_of("bundle", OF_BUNDLE, other, deeper.is_empty()),
        },
        _ => Some("variables are bundle.*, installation.* and env.*".to_owned()),
    }
}

/// What is known in a group, if the name is none of it or has no parts.
fn none_of<'n>(
    group: &str,
    known: impl IntoIterator<Item = &'n str>,
    name: &str,
    has_such_parts: bool,
) -> Option<String> {
    let known: Vec<&str> = known.into_iter().collect();
    match (known.contains(&name), has_such_parts) {
        (true, true) => None,
        (true, false) => Some(format!("`{group}.{name}` has no parts")),
        (false, _) if known.is_empty() => Some(format!("`{group}` has none")),
        (false, _) => Some(match closest(name, &known) {
            Some(best) => format!("did you mean `{group}.{best}`?"),
            None => format!("`{group}` has: {}", known.join(", ")),
        }),
    }
}

fn of_custom(header: &Header, path: &[&str]) -> Option<String> {
    let (first, rest) = path.split_first()?;
    let known = || header.custom.keys().map(String::as_str);
    let found = header.custom.get(*first).and_then(|value| rest.iter().try_fold(value, |value, key| value.get(*key)));
    match found {
        Some(_) => None,
        None if header.custom.get(*first).is_some_and(Value::is_object) => {
            Some(format!("`bundle.custom.{first}` has no such part"))
        }
        None => none_of("bundle.custom", known(), first, false),
    }
}
