//! The images that a hub or bead names: Porter copies those that `porter.yaml` declares along with the bundle.

use serde_json::Value;

use super::bundle::Bundle;
use super::documents::{Content, GoodDocument, NamedDocument};
use super::finding::Finding;
use super::rule::{UNDECLARED_IMAGES, WRONG_IMAGE};
use crate::render::bead::Values;
use crate::render::hub::hub_image_doubts;
use crate::render::{images_in, named_by};
use crate::schema::ImageReference;
use crate::vendor::ARGOCD_ASSET;
use crate::{bead, input, yaml};

/// The images of a document that `porter.yaml` does not declare, and those that name no version. Not checked where
/// assets are not vendored, since half a list would be worse than none, and where `images: {}` says that none is to be
/// copied.
pub(super) fn undeclared(bundle: &Bundle<'_>, document: &NamedDocument<'_>, good: &GoodDocument) -> Option<Finding> {
    let manifest = bundle.manifest.as_ref()?;
    let declared = &manifest.header.images;
    if manifest.has("images") && declared.is_empty() {
        return None;
    }
    let (upstream, own) = match &good.content {
        Content::Hub(hub) => {
            let asset = good.folder.join("assets").join(format!("{ARGOCD_ASSET}.yaml"));
            (images_of_manifest(&input::text_of(&asset).ok()?), named_by(hub).ok()?)
        }
        // A bead that needs parameters is rendered by its installation alone.
        Content::Bead(_) => {
            let files = good.files.as_ref().filter(|it| it.missing.is_empty())?;
            (Vec::new(), bead::images(files, &Values::new()).ok()?.images.into_keys().collect())
        }
    };
    let declared: Vec<ImageReference> = declared.values().filter_map(reference).collect();
    let mut wrong: Vec<String> = Vec::new();
    for (images, is_own) in [(upstream, false), (own, true)] {
        for image in images.iter().filter_map(|image| ImageReference::parse(image)) {
            wrong.extend(why_wrong(&image, &declared, is_own).map(|why| format!("{image} {why}")));
        }
    }
    wrong.sort();
    wrong.dedup();
    (!wrong.is_empty()).then(|| {
        let message = format!("of the images that `{}` names, {}", document.file, wrong.join(", "));
        document.at.finding(UNDECLARED_IMAGES, &document.path(), message).hint(
            "put what `backstack bundle images` prints into porter.yaml, or `images: {}` for a bundle that is not copied",
        )
    })
}

/// What a hub has in the place of an image, and is no reference to one. That of a bead is told with its content.
pub(super) fn wrong(document: &NamedDocument<'_>, good: &GoodDocument) -> Vec<Finding> {
    let Content::Hub(hub) = &good.content else { return Vec::new() };
    document.findings(WRONG_IMAGE, hub_image_doubts(hub, &good.text))
}

/// Argo CD's manifest is pinned as a whole, so only what the bundle itself names has to say which bytes are meant,
/// here or where it is declared.
fn why_wrong(image: &ImageReference, declared: &[ImageReference], is_own: bool) -> Option<&'static str> {
    let Some(known) = declared.iter().find(|known| covers(known, image)) else { return Some("is not declared") };
    match image.digest.as_ref().or(known.digest.as_ref()) {
        Some(_) => None,
        None if image.version() == "latest" => Some("names no version"),
        None => is_own.then_some("names no digest"),
    }
}

/// The images in a file of manifests. Only the documents that can name one are parsed: definitions of resources are
/// large, and name none.
fn images_of_manifest(text: &str) -> Vec<String> {
    let can_name =
        |document: &&str| ["image:", "\"image\"", "package:", "reference:"].iter().any(|it| document.contains(it));
    let is_definition = |document: &&str| document.lines().any(|line| line == "kind: CustomResourceDefinition");
    let documents = text.split("\n---").filter(can_name).filter(|it| !is_definition(it));
    documents
        .filter_map(|document| yaml::manifests(ARGOCD_ASSET, document.trim_start_matches("---")).ok())
        .flat_map(|manifests| images_in(&Value::Array(manifests)))
        .collect()
}

/// An image as `porter.yaml` declares it.
fn reference(declared: &Value) -> Option<ImageReference> {
    let text = |key: &str| declared[key].as_str().filter(|text| !text.is_empty()).map(str::to_owned);
    let name = ImageReference::parse(&text("repository")?)?;
    Some(ImageReference {
        tag: text("tag").or(name.tag.clone()),
        digest: text("digest").or(name.digest.clone()),
        ..name
    })
}

/// A declared digest may be that of any tag.
fn covers(declared: &ImageReference, image: &ImageReference) -> bool {
    let same_digest = declared.digest.is_some() && declared.digest == image.digest;
    let any_tag = declared.tag.is_none() && declared.digest.is_some() && image.digest.is_none();
    let tag = |it: &ImageReference| it.tag.clone().unwrap_or_else(|| "latest".to_owned());
    let same_tag = declared.digest.is_none() || image.digest.is_none();
    declared.name() == image.name() && (same_digest || any_tag || (same_tag && tag(declared) == tag(image)))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_declaration_covers_its_image_by_tag_or_digest() {
        let digest = format!("sha256:{}", "a".repeat(64));
        let covered = |declared: Value, image: &str| {
            covers(&reference(&declared).expect("declared"), &ImageReference::parse(image).expect("an image"))
        };
        let by_tag = json!({"repository": "r.example.org/a", "tag": "v1"});
        let by_digest = json!({"repository": "r.example.org/a", "digest": digest});
        assert!(covered(by_tag.clone(), "r.example.org/a:v1"));
        assert!(!covered(by_tag.clone(), "r.example.org/a:v2"));
        assert!(!covered(by_tag, "r.example.org/b:v1"));
        assert!(covered(by_digest.clone(), "r.example.org/a:v1"));
        assert!(covered(by_digest.clone(), &format!("r.example.org/a:v1@{digest}")));
        assert!(!covered(by_digest, &format!("r.example.org/a@sha256:{}", "b".repeat(64))));
        assert!(covered(json!({"repository": "nginx"}), "docker.io/library/nginx:latest"));
    }

    #[test]
    fn definitions_are_passed_over() {
        let text = "---\nkind: CustomResourceDefinition\napiVersion: v1\ndescription: 'image: {'\n---\napiVersion: \
                    v1\nkind: Pod\nspec: {containers: [{image: a:1}]}\n";
        assert_eq!(images_of_manifest(text), ["a:1"]);
    }
}
