//! Templates of Porter in a Hub document. Porter fills in `porter.yaml` alone (its documentation, "Author Bundles", templates), so
//! they would come to the hub as they stand.

use std::sync::LazyLock;

use regex::Regex;
use serde_json::{Value, json};

use super::hub::Hub;
use crate::schema::{Mistakes, Path};

/// `${ bundle.parameters.NAME }`; whatever else has a `$` is the chart's own.
static TEMPLATE: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"\$\{\s*bundle\.[\w.-]+\s*\}").expect("compiled by the tests"));

/// Says where there are some.
pub(super) fn porter_templates(hub: &Hub, found: &mut Mistakes) {
    look(&json!(hub), &Path::default(), found);
}

fn look(value: &Value, at: &Path, found: &mut Mistakes) {
    match value {
        Value::Object(fields) => fields.iter().for_each(|(key, value)| look(value, &at.key(key), found)),
        Value::Array(items) => items.iter().enumerate().for_each(|(index, item)| look(item, &at.index(index), found)),
        Value::String(text) => {
            if let Some(template) = TEMPLATE.find(text) {
                let message = format!("`{}` is Porter's, and Porter fills in porter.yaml alone", template.as_str());
                let hint = "write the value; what differs from one installation to the next belongs to a bead, which has parameters";
                found.say(at.clone(), message, Some(hint));
            }
        }
        _ => {}
    }
}
