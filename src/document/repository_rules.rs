//! What the repository of a step must be beyond its shape: an address that git and Argo CD can ask. It may still be a template.

use serde_json::{Map, Value};

use super::step_mistake::StepMistake;
use crate::schema::address::shown;
use crate::schema::{is_template, no_repository};

/// The mistakes in the repository of a noun.
pub(super) fn mistakes(noun: &str, fields: &Map<String, Value>) -> Vec<StepMistake> {
    let repository = fields.get("repository").and_then(Value::as_object);
    let is_any_template = |url: &str| is_template(url) || url.contains("{{"); // of each of Porter's formats
    let wrong = |key: &str| {
        let url = repository?.get(key)?.as_str().filter(|url| !url.is_empty() && !is_any_template(url))?;
        let hint = no_repository(url)?;
        let path = format!("{noun}.repository.{key}");
        Some((path.clone(), format!("`{path}` is `{}`, which is no address of a git repository", shown(url)), hint))
    };
    ["url", "pushUrl"].into_iter().filter_map(wrong).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_a_run_refuses_is_a_mistake_and_a_template_is_none() {
        let of = |repository: Value| {
            let found = mistakes("hub", json!({"repository": repository}).as_object().expect("a mapping"));
            found.into_iter().map(|(path, message, _)| (path, message)).collect::<Vec<_>>()
        };
        let told = of(json!({"url": "git.example.org/me/hub", "pushUrl": "ext::sh"}));
        let message = |key, url| format!("`hub.repository.{key}` is `{url}`, which is no address of a git repository");
        let expected = [("url", "git.example.org/me/hub"), ("pushUrl", "ext::sh")];
        assert_eq!(told, expected.map(|(key, url)| (format!("hub.repository.{key}"), message(key, url))));
        for repository in [
            json!({"url": "https://git.example.org/me/hub", "pushUrl": ""}),
            json!({"url": "${ bundle.parameters.repository }"}),
            json!({"url": "${ bundle.parameters.host }/me/hub"}),
            json!({"url": "{{ bundle.parameters.repository }}"}),
            json!({}),
            json!("${ bundle.parameters.repository }"),
        ] {
            assert_eq!(of(repository.clone()), [], "{repository}");
        }
    }
}
