//! Annotations by which Argo CD deletes an object and makes it anew, and with a claim everything that is made for it.

use super::order::Order;
use crate::report::Diagnostic;
use crate::words::argo;
use crate::yaml::{Data, Key, Node};

/// What makes an object a hook, which is deleted before each sync unless something else is said (argo-cd
/// `gitops-engine/pkg/sync/hook`). Helm's count, too.
const HOOKS: [&str; 2] = [argo::HOOK, "helm.sh/hook"];
/// The options of a sync that put another object in the place of the one that is there.
const ANEW: [&str; 2] = ["Replace=true", "Force=true"];

/// What is wrong with the annotations of an order.
pub(super) fn mistakes(order: &Order) -> Vec<Diagnostic> {
    let Some(Node { data: Data::Map(entries), .. }) = order.at("metadata.annotations") else { return Vec::new() };
    entries.iter().filter_map(|(key, value)| mistake(order, key, value)).collect()
}

fn mistake(order: &Order, key: &Key, value: &Node) -> Option<Diagnostic> {
    let (name, at) = (key.text.as_str(), format!("metadata.annotations.{}", key.text));
    let is_of_hooks = |rest: &str| rest.is_empty() || rest.starts_with('-');
    if HOOKS.iter().any(|hook| name.strip_prefix(hook).is_some_and(is_of_hooks)) {
        let message = format!("`{name}` makes the claim a hook, which Argo CD deletes and makes anew at every sync");
        return Some(Diagnostic::error(at, message).at(&order.source, key.place).hint("leave it out"));
    }
    let Data::Text(options) = &value.data else { return None };
    let anew = options.split(',').map(str::trim).find(|it| name == argo::SYNC_OPTIONS && ANEW.contains(it))?;
    let message = format!("`{anew}` lets Argo CD delete the claim and make it anew");
    Some(Diagnostic::error(at, message).at(&order.source, value.place).hint("leave it out"))
}
