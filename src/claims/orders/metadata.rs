//! What an order is called and where it is to be: the rules of Kubernetes, of Argo CD, and of the hub.

use serde_json::Value;

use super::offer::Offer;
use super::order::Order;
use crate::report::Diagnostic;
use crate::schema::labels::{self, is_label_key, is_label_value, is_subdomain};
use crate::schema::{closest, is_dns_label};
use crate::yaml::{Data, Node};

/// What people may write below `metadata`.
const OF_PEOPLE: [&str; 5] = ["name", "namespace", "labels", "annotations", "finalizers"];
/// What the cluster writes there, and takes from nobody.
const OF_CLUSTER: [&str; 10] = [
    "creationTimestamp",
    "deletionGracePeriodSeconds",
    "deletionTimestamp",
    "generateName",
    "generation",
    "managedFields",
    "ownerReferences",
    "resourceVersion",
    "selfLink",
    "uid",
];
/// What an object has besides its schema's own fields.
const OF_OBJECTS: [&str; 5] = ["apiVersion", "kind", "metadata", "spec", "status"];

/// What is wrong with name, namespace, labels and the like.
pub(super) fn mistakes(order: &Order, offer: &Offer) -> Vec<Diagnostic> {
    let Some(metadata) = order.at("metadata") else {
        let hint = "an object has a name and a namespace below `metadata`";
        return vec![order.mistake("metadata", "the object has no `metadata`").hint(hint)];
    };
    let mut found: Vec<Diagnostic> = name(order).into_iter().chain(namespace(order, offer)).collect();
    found.extend(fields(order, metadata));
    found.extend(texts(order, "labels", is_label_value));
    found.extend(texts(order, "annotations", |_| true));
    found.extend(finalizers(order));
    found
}

fn name(order: &Order) -> Option<Diagnostic> {
    let at = "metadata.name";
    if order.at("metadata.generateName").is_some() {
        let message = "`metadata.generateName` makes another object at every sync, so Argo CD cannot sync it";
        return Some(order.mistake("metadata.generateName", message).hint("write `name`"));
    }
    let Some(node) = order.at(at) else { return Some(order.mistake("metadata", "`metadata.name` is required")) };
    let Data::Text(name) = &node.data else { return Some(no_text(order, at)) };
    (!is_subdomain(name)).then(|| {
        let hint = "lower-case letters, digits, `-` and `.`, with a letter or digit at both ends of each part";
        order.mistake(at, format!("`{name}` cannot be the name of an object")).hint(hint)
    })
}

fn namespace(order: &Order, offer: &Offer) -> Option<Diagnostic> {
    let at = "metadata.namespace";
    let hint = format!("the hub takes claims in: {}", offer.namespaces.join(", "));
    let Some(node) = order.at(at) else {
        let message = "`metadata.namespace` is required: no other one is meant where there is none";
        return Some(order.mistake("metadata", message).hint(hint));
    };
    let Data::Text(namespace) = &node.data else { return Some(no_text(order, at)) };
    if !is_dns_label(namespace) {
        let hint = "lower-case letters, digits and `-`, at most 63, with a letter or digit at both ends";
        return Some(order.mistake(at, format!("`{namespace}` cannot be the name of a namespace")).hint(hint));
    }
    (!offer.reaches(namespace))
        .then(|| order.mistake(at, format!("claims may not be in the namespace {namespace}")).hint(hint))
}

/// What the cluster would drop, or not take.
fn fields(order: &Order, metadata: &Node) -> Vec<Diagnostic> {
    let Data::Map(entries) = &metadata.data else {
        return vec![order.mistake("metadata", "`metadata` is no mapping")];
    };
    let foreign =
        entries.iter().filter(|(key, _)| !OF_PEOPLE.contains(&key.text.as_str()) && key.text != "generateName");
    let said = foreign.map(|(key, _)| {
        let (name, path) = (key.text.as_str(), format!("metadata.{}", key.text));
        let (message, hint) = if OF_CLUSTER.contains(&name) {
            (format!("`{path}` is the cluster's to write"), "leave it out".to_owned())
        } else {
            let best = closest(name, &OF_PEOPLE).map(|best| format!("did you mean `{best}`?"));
            let hint = best.unwrap_or_else(|| format!("known here: {}", OF_PEOPLE.join(", ")));
            (format!("unknown field `{path}`: the cluster would drop it without a word"), hint)
        };
        Diagnostic::error(path, message).at(&order.source, key.place).hint(hint)
    });
    said.collect()
}

/// Labels and annotations: texts under names that Kubernetes takes.
fn texts(order: &Order, field: &str, is_value: impl Fn(&str) -> bool) -> Vec<Diagnostic> {
    let path = format!("metadata.{field}");
    let Some(node) = order.at(&path) else { return Vec::new() };
    let Data::Map(entries) = &node.data else {
        let is_nothing = matches!(node.data, Data::Null);
        return if is_nothing { Vec::new() } else { vec![order.mistake(&path, format!("`{path}` is no mapping"))] };
    };
    let mut found = Vec::new();
    for (key, value) in entries {
        let at = format!("{path}.{}", key.text);
        if !is_label_key(&key.text) {
            let message = format!("`{}` cannot be a key of {field}", key.text);
            found.push(Diagnostic::error(&at, message).at(&order.source, key.place).hint(labels::KEY));
        }
        match &value.data {
            Data::Text(text) if is_value(text) => {}
            Data::Text(text) => {
                let message = format!("`{text}` cannot be the value of a label");
                found.push(Diagnostic::error(&at, message).at(&order.source, value.place).hint(labels::VALUE));
            }
            _ => found.push(
                Diagnostic::error(&at, format!("`{at}` is a text"))
                    .at(&order.source, value.place)
                    .hint("put the value in quotes"),
            ),
        }
    }
    found
}

/// Finalizers: a list of names that Kubernetes takes.
fn finalizers(order: &Order) -> Vec<Diagnostic> {
    let at = "metadata.finalizers";
    let Some(node) = order.at(at).filter(|it| !matches!(it.data, Data::Null)) else { return Vec::new() };
    let Data::List(items) = &node.data else { return vec![order.mistake(at, format!("`{at}` is no list"))] };
    let is_name = |item: &&Node| matches!(&item.data, Data::Text(text) if is_label_key(text));
    let wrong = items.iter().filter(|item| !is_name(item)).map(|item| {
        let message = "this cannot be the name of a finalizer";
        Diagnostic::error(at, message).at(&order.source, item.place).hint(labels::KEY)
    });
    wrong.collect()
}

/// Fields beside `spec` that the definition does not have.
pub(super) fn unknown_fields(order: &Order, schema: &Value) -> Vec<Diagnostic> {
    let Data::Map(entries) = &order.root().data else { return Vec::new() };
    let is_known = |name: &str| OF_OBJECTS.contains(&name) || schema.pointer(&format!("/properties/{name}")).is_some();
    let unknown = entries.iter().filter(|(key, _)| !is_known(&key.text)).map(|(key, _)| {
        let message = format!("unknown field `{}`: the cluster would drop it without a word", key.text);
        let hint = closest(&key.text, &OF_OBJECTS).map_or_else(
            || format!("what is ordered stands below `spec`: `spec.{}`?", key.text),
            |best| format!("did you mean `{best}`?"),
        );
        Diagnostic::error(&key.text, message).at(&order.source, key.place).hint(hint)
    });
    unknown.collect()
}

fn no_text(order: &Order, path: &str) -> Diagnostic {
    order.mistake(path, format!("`{path}` is a text")).hint("put the value in quotes")
}
