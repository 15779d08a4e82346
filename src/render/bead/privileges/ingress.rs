//! Ingresses that reach into the controller which serves them, into other namespaces, or for the hosts of others.

use serde_json::Value;

use super::own::Own;
use crate::object::{items, str_at};
use crate::render::bead::Piece;

/// What else is a piece of the controller's own configuration, besides `snippet`.
const CONFIGURATION: [&str; 2] = ["haproxy-ingress.github.io/config-backend", "ingress.kubernetes.io/config-backend"];

/// What an Ingress does besides sending an ordinary host to a Service of its namespace.
pub fn ingress(piece: &Piece, own: Own<'_>) -> Vec<String> {
    let annotations = piece.object.pointer("/metadata/annotations").and_then(Value::as_object);
    let texts = annotations.into_iter().flatten().filter_map(|(key, value)| Some((key, value.as_str()?)));
    let mut found: Vec<String> = texts.flat_map(|(key, value)| by_annotation(key, value, piece, own)).collect();
    if piece.object.pointer("/spec/defaultBackend").is_some_and(|it| !it.is_null()) {
        found.push("answers every host that nobody else serves, by its default backend".to_owned());
    }
    for rule in items(&piece.object, "/spec/rules") {
        match str_at(rule, "/host") {
            "" => found.push("answers every host that nobody else serves, by a rule without one".to_owned()),
            host if host.contains('*') => found.push(format!("answers all hosts of {host}")),
            _ => {}
        }
    }
    found
}

fn by_annotation(key: &str, value: &str, piece: &Piece, own: Own<'_>) -> Vec<String> {
    if key.to_lowercase().contains("snippet") || CONFIGURATION.contains(&key) {
        return vec![format!(
            "writes configuration of the controller that serves it, which reads all Secrets, by {key}"
        )];
    }
    let words = value.split([',', ' ', '\n']).map(str::trim);
    let others = words.filter(|word| is_of_another_namespace(word, piece, own));
    others.map(|word| format!("uses {word}, which is in another namespace, by {key}")).collect()
}

/// Whether a word names an object elsewhere: `NAMESPACE/NAME` as most controllers have it, or `NAMESPACE-NAME@kubernetescrd`
/// as Traefik has it.
fn is_of_another_namespace(word: &str, piece: &Piece, own: Own<'_>) -> bool {
    if let Some((both, provider)) = word.split_once('@') {
        let named = |it: &Piece| format!("{}-{}", own.namespace_of(it), it.text("/metadata/name"));
        return provider.starts_with("kubernetes") && !own.content.iter().any(|it| named(it) == both);
    }
    let is_name = |text: &str| {
        text.starts_with(|first: char| first.is_ascii_alphanumeric())
            && text.chars().all(|it| it.is_ascii_lowercase() || it.is_ascii_digit() || it == '-' || it == '.')
    };
    word.split_once('/').is_some_and(|(namespace, name)| {
        is_name(namespace) && is_name(name) && !namespace.contains('.') && namespace != own.namespace_of(piece)
    })
}
