//! Patches of Argo CD's own objects, with the names that kustomize's `patches` have.

use regex::Regex;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::patch_operations;
use crate::report::Place;
use crate::schema::{Mistakes, Path, plain};
use crate::yaml::{self, Document, Reader};

/// The key in a strategic merge patch that says what becomes of what it stands in.
pub const DIRECTIVE: &str = "$patch";
/// What goes.
pub const DELETE: &str = "delete";
/// What is not merged with what is there.
pub const REPLACE: &str = "replace";
const MERGE: &str = "merge";

/// A patch of objects of Argo CD's manifest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Patch {
    /// The objects that are patched.
    pub target: PatchTarget,
    /// A strategic merge patch (a mapping) or a JSON patch (a list of operations), as a text in YAML.
    pub patch: String,
}

/// Which objects. Each field is a regular expression for the whole value; one that is left out fits any.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PatchTarget {
    /// The API group; empty for the core group.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    /// The version of the group.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// The kind.
    pub kind: String,
    /// The name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The namespace.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
}

/// What a patch does.
#[derive(Debug, Clone, PartialEq)]
pub enum PatchKind {
    /// A strategic merge patch. What it says of its own name is left out: the target says which objects.
    Merge(Map<String, Value>),
    /// A JSON patch (RFC 6902).
    Operations(json_patch::Patch),
}

/// Why a text is no patch.
#[derive(Debug, Clone)]
pub struct NoPatch {
    /// What is wrong, with the line or the operation of the patch.
    pub message: String,
    hint: Option<String>,
    at: InPatch,
}

/// Where in a patch.
#[derive(Debug, Clone)]
enum InPatch {
    Way(Path),
    /// Line and column, where it cannot be read.
    Line(usize, usize),
}

impl Patch {
    /// What the text says, or all that is wrong with it.
    pub fn read(&self) -> Result<PatchKind, Vec<NoPatch>> {
        let document = yaml::parse("", &self.patch, Reader::Kubernetes).map_err(|mistake| {
            let (line, column) = mistake.place.map_or((1, 1), |place| (place.line, place.column));
            let message = format!("line {line} of the patch: {}", mistake.message);
            vec![NoPatch { message, hint: mistake.hint, at: InPatch::Line(line, column) }]
        })?;
        match plain(&document.root) {
            Value::Object(mut merge) => {
                for own in ["apiVersion", "kind"] {
                    merge.remove(own);
                }
                if let Some(metadata) = merge.get_mut("metadata").and_then(Value::as_object_mut) {
                    metadata.remove("name");
                }
                Ok(PatchKind::Merge(merge))
            }
            Value::Array(operations) => {
                let wrong = patch_operations::mistakes(&operations).into_iter();
                let wrong: Vec<NoPatch> = wrong
                    .map(|(at, message, hint)| NoPatch { message, hint: Some(hint), at: InPatch::Way(at) })
                    .collect();
                if !wrong.is_empty() {
                    return Err(wrong);
                }
                let read = serde_json::from_value(Value::Array(operations)).map(PatchKind::Operations);
                read.map_err(|error| vec![NoPatch::whole(format!("this is no JSON patch (RFC 6902): {error}"))])
            }
            _ => Err(vec![NoPatch::whole(
                "a patch is a mapping (a strategic merge patch) or a list of operations (a JSON patch)".to_owned(),
            )]),
        }
    }
}

impl NoPatch {
    fn whole(message: String) -> Self {
        Self { message, hint: None, at: InPatch::Way(Path::default()) }
    }
}

/// Where a patch of a Hub document stands, or a part of it by its path: `[2].value`, `spec.template.spec.containers[0].image`.
#[must_use]
pub fn place_of_patch(document: &Document, index: usize, part: &str) -> Place {
    let at = Path::new("spec.argocd.patches").index(index);
    let way = part.replace('[', ".").replace(']', "");
    let at = if part.is_empty() { at } else { at.key("patch").below(way.trim_start_matches('.')) };
    at.place_in(&document.root, &document.source.text)
}

impl PatchTarget {
    /// Whether it means the object of these: group, version, kind, name and namespace.
    #[must_use]
    pub fn fits(&self, object: [&str; 5]) -> bool {
        self.fields().into_iter().zip(object).all(|((_, pattern), value)| {
            pattern.is_none_or(|pattern| whole(pattern).is_ok_and(|pattern| pattern.is_match(value)))
        })
    }

    /// What people call it: `Deployment argocd-repo-server`.
    #[must_use]
    pub fn title(&self) -> String {
        [Some(&self.kind), self.name.as_ref()].into_iter().flatten().map(String::as_str).collect::<Vec<_>>().join(" ")
    }

    fn fields(&self) -> [(&'static str, Option<&str>); 5] {
        [
            ("group", self.group.as_deref()),
            ("version", self.version.as_deref()),
            ("kind", Some(&self.kind)),
            ("name", self.name.as_deref()),
            ("namespace", self.namespace.as_deref()),
        ]
    }
}

fn whole(pattern: &str) -> Result<Regex, regex::Error> {
    Regex::new(&format!("^(?:{pattern})$"))
}

/// What can be told of patches without the objects that they are for.
pub(super) fn patch_rules(patches: &[Patch], found: &mut Mistakes) {
    for (index, patch) in patches.iter().enumerate() {
        let at = Path::new("spec.argocd.patches").index(index);
        for (field, pattern) in patch.target.fields() {
            if pattern.is_some_and(|pattern| whole(pattern).is_err()) {
                let hint = "`argocd-(server|repo-server)`, as in kustomize; a name by itself is one, too";
                found.say(at.below("target").key(field), format!("`{field}` is no regular expression"), Some(hint));
            }
        }
        match patch.read() {
            Ok(PatchKind::Merge(merge)) => {
                let at = at.key("patch");
                if merge.get(DIRECTIVE).is_some_and(|it| it == REPLACE) {
                    let hint = "say what changes; to take the object away: `$patch: delete`";
                    found.say(at.key(DIRECTIVE), "a patch cannot replace a whole object", Some(hint));
                }
                directives(&Value::Object(merge), &at, found);
            }
            Ok(PatchKind::Operations(_)) => {}
            Err(wrong) => wrong.into_iter().for_each(|it| no_patch(it, &at.key("patch"), found)),
        }
    }
}

fn no_patch(wrong: NoPatch, at: &Path, found: &mut Mistakes) {
    let NoPatch { message, hint, at: inside } = wrong;
    match inside {
        InPatch::Way(way) => found.say(at.then(&way), message, hint.as_deref()),
        InPatch::Line(line, column) => found.say_inside(at.clone(), (line, column), message, hint.as_deref()),
    }
}

/// Directives that nobody knows, which would reach the cluster as fields.
fn directives(value: &Value, at: &Path, found: &mut Mistakes) {
    match value {
        Value::Object(fields) => {
            for (key, value) in fields {
                let at = at.key(key);
                let is_known = value.as_str().is_some_and(|it| [DELETE, REPLACE, MERGE].contains(&it));
                if key == DIRECTIVE && !is_known {
                    found.say(at, format!("`{DIRECTIVE}` is `{DELETE}`, `{REPLACE}` or `{MERGE}`"), None);
                } else if key.starts_with('$') && key != DIRECTIVE {
                    let hint = format!("`{DIRECTIVE}: {DELETE}` and `{DIRECTIVE}: {REPLACE}` are, as in kustomize");
                    found.say(at, format!("`{key}` is no directive of a strategic merge patch here"), Some(&hint));
                } else {
                    directives(value, &at, found);
                }
            }
        }
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(index, item)| directives(item, &at.index(index), found));
        }
        _ => {}
    }
}
