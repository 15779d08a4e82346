//! What Backstage refuses in one entity: its envelope, its metadata, and what its kind asks of `spec`. Pure.
//!
//! Source: `entityEnvelopeSchemaValidator`, `SchemaValidEntityPolicy`, `NoForeignRootFieldsEntityPolicy`,
//! `FieldFormatEntityPolicy` and the validators of kinds, which `@backstage/plugin-catalog-backend` 4.0.5 uses by default.

use super::form::{Mistakes, at, entries, is_left_to_a_resolver, is_nothing, text_at, value_of};
use super::kinds::{GROUPS, KINDS, METADATA};
use super::names;
use crate::report::Diagnostic;
use crate::schema::closest;
use crate::yaml::{Data, Document, Key, Node};

/// The only keys of an entity.
const ROOT: [&str; 4] = ["apiVersion", "kind", "metadata", "spec"];

/// Looks at what Backstage asks before it takes an entity out of its file. When this is wrong, nothing of the file and of
/// the others that are read with it is taken.
pub fn envelope(document: &Document) -> Vec<Diagnostic> {
    let mut all = Mistakes::of(&document.source);
    let root = &document.root;
    let Some(there) = entries(root) else {
        all.say(root, "", "the document is no entity: it has to be a mapping");
        return all.found;
    };
    for name in &ROOT[..2] {
        match value_of(there, name) {
            Some(value) => all.line(value, name),
            None => all.say(root, name, format!("the entity has no `{name}`")),
        }
    }
    let Some(metadata) = value_of(there, "metadata") else {
        all.say(root, "metadata", "the entity has no `metadata`");
        return all.found;
    };
    let Some(fields) = entries(metadata) else {
        all.expected(metadata, "metadata", "a mapping");
        return all.found;
    };
    match value_of(fields, "name") {
        Some(name) => all.line(name, "metadata.name"),
        None => all.say(metadata, "metadata.name", "the entity has no `metadata.name`"),
    }
    if let Some(namespace) = value_of(fields, "namespace") {
        all.line(namespace, "metadata.namespace");
    }
    let annotations = value_of(fields, "annotations").filter(|it| !is_nothing(&it.data));
    if let Some(value) = annotations.filter(|it| entries(it).is_none()) {
        all.expected(value, "metadata.annotations", "a mapping");
    }
    all.found
}

/// Looks at an entity whose envelope is right and whose placeholders are filled in.
pub fn rules(document: &Document) -> Vec<Diagnostic> {
    let mut all = Mistakes::of(&document.source);
    let root = &document.root;
    for (key, _) in entries(root).unwrap_or_default().iter().filter(|(key, _)| !ROOT.contains(&key.text.as_str())) {
        all.say_of_key(key, &key.text, format!("unknown key `{}`", key.text));
        all.hint(format!("an entity has only: {}", ROOT.join(", ")));
    }
    let (version, kind) = (text_at(root, &["apiVersion"]).unwrap_or_default(), kind(root));
    if let Some(node) = at(root, &["apiVersion"]).filter(|_| !names::is_api_version(version)) {
        all.say(node, "apiVersion", format!("`apiVersion` is `{version}`, expected `group/version`"));
    }
    if let Some(node) = at(root, &["kind"]).filter(|_| !names::is_kind(kind)) {
        all.say(node, "kind", format!("`kind` is `{kind}`, expected a letter, then letters and digits, 63 at most"));
    }
    if let Some(metadata) = at(root, &["metadata"]) {
        of_metadata(metadata, &mut all);
    }
    spec(root, version, kind, &mut all);
    all.found
}

/// The kind of an entity, or the empty string.
pub fn kind(entity: &Node) -> &str {
    text_at(entity, &["kind"]).unwrap_or_default()
}

/// What is to be said of a kind that Backstage does not bring itself.
pub fn foreign(document: &Document) -> Option<Diagnostic> {
    let (root, written) = (&document.root, kind(&document.root));
    let version = text_at(root, &["apiVersion"])?;
    if KINDS.iter().any(|it| it.name == written && it.versions.contains(&version)) {
        return None;
    }
    let known: Vec<&str> = KINDS.iter().map(|it| it.name).collect();
    let message = format!("Backstage by itself does not know `{version}` `{written}`: only its envelope was looked at");
    let advice = "its image needs a processor for the kind, and the `rules` of its location have to allow it";
    if let Some(own) = KINDS.iter().find(|it| it.name == written) {
        let hint =
            format!("Backstage's own `{written}` has the `apiVersion` {}; else {advice}", own.versions.join(" or "));
        let place = at(root, &["apiVersion"])?.place;
        return Some(Diagnostic::warning("apiVersion", message).at(&document.source, place).hint(hint));
    }
    let hint = match closest(written, &known) {
        Some(best) => format!("did you mean `{best}`? Else {advice}"),
        None => advice.to_owned(),
    };
    Some(Diagnostic::warning("kind", message).at(&document.source, at(root, &["kind"])?.place).hint(hint))
}

/// The reference by which the catalog knows an entity.
pub fn reference(entity: &Node) -> String {
    let namespace = text_at(entity, &["metadata", "namespace"]).unwrap_or("default");
    let name = text_at(entity, &["metadata", "name"]).unwrap_or_default();
    format!("{}:{namespace}/{name}", kind(entity)).to_lowercase()
}

fn of_metadata(metadata: &Node, all: &mut Mistakes) {
    let Some(fields) = all.fields(metadata, "metadata", METADATA) else { return };
    let mut format = |name: &str, is_right: fn(&str) -> bool, expected: &str| {
        let Some(node) = value_of(fields, name) else { return };
        if let Data::Text(text) = &node.data
            && !text.is_empty()
            && !is_right(text)
        {
            all.say(node, &format!("metadata.{name}"), format!("`metadata.{name}` is `{text}`, expected {expected}"));
        }
    };
    format("name", names::is_name, "letters, digits and `-_.` between them, 63 at most");
    format("namespace", names::is_namespace, "lowercase letters, digits and `-` between them, 63 at most");
    let is_value = |text: &str| text.is_empty() || names::is_name(text);
    texts(fields, "labels", is_value, all);
    if value_of(fields, "annotations").is_some_and(|it| !is_nothing(&it.data)) {
        texts(fields, "annotations", |_| true, all);
    }
    if let Some(Data::List(tags)) = value_of(fields, "tags").map(|it| &it.data) {
        for (index, tag) in tags.iter().enumerate() {
            if let Data::Text(text) = &tag.data
                && !text.is_empty()
                && !names::is_tag(text)
            {
                let path = format!("metadata.tags[{index}]");
                let expected = "lowercase letters, digits and `:+#` with single `-` between them, 63 at most";
                all.say(tag, &path, format!("`{path}` is `{text}`, expected {expected}"));
            }
        }
    }
    if let Some(Data::List(links)) = value_of(fields, "links").map(|it| &it.data) {
        for (index, link) in links.iter().enumerate() {
            of_link(link, &format!("metadata.links[{index}]"), all);
        }
    }
}

/// Labels or annotations.
fn texts(fields: &[(Key, Node)], name: &str, is_value: impl Fn(&str) -> bool, all: &mut Mistakes) {
    let Some(node) = value_of(fields, name).filter(|it| !is_left_to_a_resolver(it)) else { return };
    let path = format!("metadata.{name}");
    let Some(pairs) = entries(node) else { return all.expected(node, &path, "a mapping") };
    for (key, value) in pairs {
        let below = format!("{path}.{}", key.text);
        if !names::is_key(&key.text) {
            let expected = "a name, or a domain, `/` and a name";
            all.say_of_key(key, &below, format!("the key `{}` of `{path}` is wrong, expected {expected}", key.text));
        }
        match &value.data {
            Data::Text(text) if is_value(text) => {}
            Data::Text(text) => {
                let expected = "letters, digits and `-_.` between them, 63 at most";
                all.say(value, &below, format!("`{below}` is `{text}`, expected {expected}"));
            }
            _ if is_left_to_a_resolver(value) => {}
            _ => all.expected(value, &below, "a text"),
        }
    }
}

fn of_link(link: &Node, path: &str, all: &mut Mistakes) {
    for (name, is_right, expected) in [
        ("url", names::is_url as fn(&str) -> bool, "an address with its scheme, such as `https://…`"),
        ("title", names::is_filled, "more than spaces"),
        ("icon", names::is_filled, "more than spaces"),
    ] {
        if let Some(text) = text_at(link, &[name]).filter(|text| !text.is_empty() && !is_right(text)) {
            let node = at(link, &[name]).unwrap_or(link);
            all.say(node, &format!("{path}.{name}"), format!("`{path}.{name}` is `{text}`, expected {expected}"));
        }
    }
}

fn spec(root: &Node, version: &str, written: &str, all: &mut Mistakes) {
    let spec = at(root, &["spec"]);
    let group = version.split_once('/').map_or("", |(group, _)| group);
    let is_own_group = GROUPS.contains(&group);
    let known = KINDS.iter().find(|kind| kind.name.eq_ignore_ascii_case(written));
    let Some(kind) = known.filter(|_| is_own_group) else {
        if let Some(spec) = spec.filter(|it| entries(it).is_none()) {
            all.expected(spec, "spec", "a mapping");
        }
        return;
    };
    if kind.name != written {
        let node = at(root, &["kind"]).unwrap_or(root);
        all.say(node, "kind", format!("Backstage knows no kind `{written}`"));
        all.hint(format!("did you mean `{}`?", kind.name));
    } else if !kind.versions.contains(&version) {
        let node = at(root, &["apiVersion"]).unwrap_or(root);
        all.say(node, "apiVersion", format!("Backstage knows no `{written}` of `{version}`"));
        all.hint(format!("one of: {}", kind.versions.join(", ")));
    }
    match spec {
        Some(spec) => _ = all.fields(spec, "spec", kind.spec),
        None => all.say(root, "spec", "the entity has no `spec`"),
    }
}
