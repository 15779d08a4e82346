//! What stands in a Hub document where an image is named, and is no reference to one: in manifests among the values of its
//! components, and in patches of Argo CD. Pure.

use serde_json::Value;

use crate::document::{Hub, Patch, PatchKind, place_of_patch};
use crate::object::{items, kind, name};
use crate::render::image_doubt::doubt;
use crate::render::images::{is_manifest, unreadable};
use crate::render::relocate::{as_manifest, sets_an_image};
use crate::report::Diagnostic;
use crate::yaml::Document;

/// A warning for each, at its place.
#[must_use]
pub fn hub_image_doubts(hub: &Hub, document: &Document) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for (index, component) in hub.spec.components.iter().enumerate() {
        for (key, value) in &component.values {
            in_value(value, &format!("spec.components[{index}].values.{key}"), document, &mut found);
        }
    }
    for (index, patch) in hub.spec.argocd.patches.iter().enumerate() {
        for (inside, text) in in_patch(patch) {
            let place = place_of_patch(document, index, &inside);
            let path =
                format!("spec.argocd.patches[{index}].patch{}{inside}", if inside.starts_with('[') { "" } else { "." });
            found.push(doubt(&patch.target.title(), path, &text).at(&document.source, place));
        }
    }
    found
}

/// The manifests in a value of a chart, wherever they stand. A list is none by itself: its items are of kinds of their own.
fn in_value(value: &Value, at: &str, document: &Document, found: &mut Vec<Diagnostic>) {
    if is_manifest(value) && items(value, "/items").next().is_none() {
        let title = format!("{} {}", kind(value), name(value));
        found.extend(unreadable(value).into_iter().map(|(field, text)| {
            let path = format!("{at}.{field}");
            let place = document.root.nearest(&path).place;
            doubt(&title, path, text).at(&document.source, place)
        }));
        return;
    }
    match value {
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(index, it)| in_value(it, &format!("{at}[{index}]"), document, found));
        }
        Value::Object(map) => map.iter().for_each(|(key, it)| in_value(it, &format!("{at}.{key}"), document, found)),
        _ => {}
    }
}

/// What a patch sets in the place of an image: the path of each below the patch, and its text.
fn in_patch(patch: &Patch) -> Vec<(String, String)> {
    let manifest = as_manifest(patch);
    let found = unreadable(&manifest).into_iter();
    let Ok(PatchKind::Operations(operations)) = patch.read() else {
        return found.map(|(field, text)| (field, text.to_owned())).collect();
    };
    // Their values stand in the manifest as containers: `containers[3].image` is of operation 3.
    let of_operation = |(field, text): (String, &str)| {
        let (index, rest) = field.strip_prefix("containers[")?.split_once(']')?;
        let is_whole = operations.get(index.parse::<usize>().ok()?).is_some_and(sets_an_image);
        Some((format!("[{index}].value{}", if is_whole { "" } else { rest }), text.to_owned()))
    };
    found.filter_map(of_operation).collect()
}
