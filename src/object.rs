//! Kubernetes objects as plain JSON: what one is called, and small readings of it. No client, no cluster.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

/// Which object: enough to find it and to name it to a person.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ObjectRef {
    /// The API group, empty for the core group.
    pub group: String,
    /// The version of the group.
    pub version: String,
    /// The kind.
    pub kind: String,
    /// The namespace, `None` for a cluster-scoped object.
    pub namespace: Option<String>,
    /// The name.
    pub name: String,
}

impl ObjectRef {
    /// A reference from `group/version` (or `version`), kind, namespace and name.
    #[must_use]
    pub fn new(api_version: &str, kind: &str, namespace: Option<&str>, name: &str) -> Self {
        let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
        Self {
            group: group.to_owned(),
            version: version.to_owned(),
            kind: kind.to_owned(),
            namespace: namespace.map(str::to_owned),
            name: name.to_owned(),
        }
    }

    /// The reference of a kind that is written as `group/version/Kind`.
    #[must_use]
    pub fn of_kind(text: &str) -> Self {
        let (api_version, kind) = text.rsplit_once('/').unwrap_or(("", text));
        Self::new(api_version, kind, None, "")
    }

    /// The reference of an object. Missing fields become empty strings, which no server knows.
    #[must_use]
    pub fn of(object: &Value) -> Self {
        Self::new(
            str_at(object, "/apiVersion"),
            str_at(object, "/kind"),
            object.pointer("/metadata/namespace").and_then(Value::as_str),
            str_at(object, "/metadata/name"),
        )
    }

    /// `group/version`, or `version` in the core group.
    #[must_use]
    pub fn api_version(&self) -> String {
        if self.group.is_empty() { self.version.clone() } else { format!("{}/{}", self.group, self.version) }
    }

    /// Whether both are of one kind, of whatever version.
    #[must_use]
    pub fn is_kind_of(&self, other: &Self) -> bool {
        (&self.group, &self.kind) == (&other.group, &other.kind)
    }

    /// The CRD of this name; all of them by an empty one.
    #[must_use]
    pub fn crd(name: &str) -> Self {
        Self::new("apiextensions.k8s.io/v1", "CustomResourceDefinition", None, name)
    }

    /// Whether this is a CRD.
    #[must_use]
    pub fn is_crd(&self) -> bool {
        self.group == "apiextensions.k8s.io" && self.kind == "CustomResourceDefinition"
    }
}

impl fmt::Display for ObjectRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.namespace {
            Some(namespace) => write!(f, "{} {namespace}/{}", self.kind, self.name),
            None => write!(f, "{} {}", self.kind, self.name),
        }
    }
}

/// One object that exists or has existed. A name is not enough: what was made anew under it is another one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Identity {
    /// What it is called.
    pub object: ObjectRef,
    /// What no other object ever has.
    pub uid: String,
}

impl Identity {
    /// The identity of an object, read in full or out of a list.
    #[must_use]
    pub fn of(live: &Value) -> Self {
        Self::under(&ObjectRef::of(live), live)
    }

    /// The identity of what was found under this name. The metadata of a single object does not say its kind.
    #[must_use]
    pub fn under(object: &ObjectRef, live: &Value) -> Self {
        Self { object: object.clone(), uid: uid(live).to_owned() }
    }

    /// Whether this is what was found under the name.
    #[must_use]
    pub fn is(&self, live: &Value) -> bool {
        self.uid == uid(live)
    }
}

impl fmt::Display for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.object.fmt(f)
    }
}

/// The string at a JSON pointer, or the empty string.
#[must_use]
pub fn str_at<'v>(object: &'v Value, pointer: &str) -> &'v str {
    object.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}

/// The items of the list at a JSON pointer; none where there is no list.
pub fn items<'v>(object: &'v Value, pointer: &str) -> impl Iterator<Item = &'v Value> + use<'v> {
    object.pointer(pointer).and_then(Value::as_array).into_iter().flatten()
}

/// The bytes of a key of a Secret; none of one that is not there. `None` where it is no base64.
#[must_use]
pub fn secret_value(secret: &Value, key: &str) -> Option<Vec<u8>> {
    STANDARD.decode(str_at(secret, &format!("/data/{key}"))).ok()
}

/// The strings of the list at a JSON pointer.
pub fn strings<'v>(object: &'v Value, pointer: &str) -> impl Iterator<Item = &'v str> + use<'v> {
    items(object, pointer).filter_map(Value::as_str)
}

/// The kind.
#[must_use]
pub fn kind(object: &Value) -> &str {
    str_at(object, "/kind")
}

/// The name.
#[must_use]
pub fn name(object: &Value) -> &str {
    str_at(object, "/metadata/name")
}

/// The UID.
#[must_use]
pub fn uid(object: &Value) -> &str {
    str_at(object, "/metadata/uid")
}

/// What changes with each write of the object.
#[must_use]
pub fn resource_version(object: &Value) -> &str {
    str_at(object, "/metadata/resourceVersion")
}

/// The API group of the kind, empty for the core group.
#[must_use]
pub fn group(object: &Value) -> &str {
    str_at(object, "/apiVersion").split_once('/').map_or("", |(group, _)| group)
}

/// The value of an annotation.
#[must_use]
pub fn annotation<'v>(object: &'v Value, key: &str) -> Option<&'v str> {
    object.pointer("/metadata/annotations")?.get(key)?.as_str()
}

/// The label with the name and version of the chart that brought an object. A release may be called anything.
pub const OF_CHART: &str = "helm.sh/chart";

/// Whether `name-version` is that of a chart with this name.
fn is_chart(text: &str, name: &str) -> bool {
    let version = text.strip_prefix(name).and_then(|rest| rest.strip_prefix('-'));
    version.is_some_and(|it| it.trim_start_matches('v').starts_with(|first: char| first.is_ascii_digit()))
}

/// Whether an object is of a program that charts deploy, by the labels that charts have in common.
#[must_use]
pub fn is_of_program(object: &Value, program: &str) -> bool {
    let labels = object.pointer("/metadata/labels").unwrap_or(&Value::Null);
    let keys = ["app.kubernetes.io/name", "app.kubernetes.io/part-of", "app"];
    let label = |key: &str| labels.get(key).and_then(Value::as_str);
    keys.iter().any(|key| label(key) == Some(program)) || label(OF_CHART).is_some_and(|it| is_chart(it, program))
}

/// Sets an annotation, beside those that are there.
pub fn annotate(object: &mut Value, key: &str, value: impl Into<Value>) {
    let annotations = &mut object["metadata"]["annotations"];
    if !annotations.is_object() {
        *annotations = json!({});
    }
    annotations[key] = value.into();
}

/// The finalizers of an object.
#[must_use]
pub fn finalizers(object: &Value) -> Vec<&str> {
    strings(object, "/metadata/finalizers").collect()
}

/// The owner references of an object.
pub fn owners(object: &Value) -> impl Iterator<Item = &Value> {
    items(object, "/metadata/ownerReferences")
}

/// Whether the object is being deleted.
#[must_use]
pub fn is_being_deleted(object: &Value) -> bool {
    object.pointer("/metadata/deletionTimestamp").is_some()
}
