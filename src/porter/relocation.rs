//! The relocation map: where the images of a bundle are, after it was copied into another registry.
//!
//! Porter's runtime finds `/cnab/app/relocation-mapping.json` where the bundle was pulled from a registry: the
//! references of `bundle.json` by what they are called there. Porter itself puts them into templates only
//! (`ResolveImages` in its `pkg/runtime`).

use std::collections::BTreeMap;

use serde_json::Value;

use crate::document::ImageMap;
use crate::report::{Failure, Outcome};
use crate::schema::ImageReference;
use crate::{env, input, yaml};

/// Where Porter puts the map.
pub const RELOCATION_MAPPING: &str = "/cnab/app/relocation-mapping.json";
/// The manifest of the bundle. `porter build` has written a digest beside each tag of its `images`, and the map knows
/// images by digest alone.
const MANIFEST: &str = "/cnab/app/porter.yaml";

/// The map of this run; `None` where the bundle was not pulled from a registry.
pub fn relocation_map() -> Outcome<Option<ImageMap>> {
    let text = |path: &str| match input::text_of(&env::in_image(path)) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Failure::failed(format!("failed to read {path}: {error}"))),
    };
    let Some(mapping) = text(RELOCATION_MAPPING)? else { return Ok(None) };
    let map = read(&mapping, text(MANIFEST)?.as_deref().unwrap_or_default())?;
    Ok(Some(map).filter(|map| !map.is_empty()))
}

/// Reads the map, and the tags that the bundle's manifest declares.
pub fn read(mapping: &str, manifest: &str) -> Outcome<ImageMap> {
    let wrong = |what: String| {
        Failure::usage(format!("{RELOCATION_MAPPING} is no relocation map: {what}"))
            .hint("Porter writes it when it pulls a bundle: an object of image references by image references")
    };
    let entries: Option<BTreeMap<String, String>> =
        serde_json::from_str(mapping).map_err(|error| wrong(error.to_string()))?;
    let reference =
        |text: &str| ImageReference::parse(text).ok_or_else(|| wrong(format!("`{text}` is no image reference")));
    let mut map = ImageMap::default();
    for (image, relocated) in entries.unwrap_or_default() {
        map.insert(&reference(&image)?, reference(&relocated)?);
    }
    for (tagged, digest) in pinned(manifest)? {
        map.pin(&tagged, &digest);
    }
    Ok(map)
}

/// The images of the manifest that have a tag and a digest.
fn pinned(manifest: &str) -> Outcome<Vec<(ImageReference, String)>> {
    let documents = yaml::manifests(MANIFEST, manifest)?;
    let images = documents.first().and_then(|manifest| manifest["images"].as_object());
    let both = |image: &Value| {
        let text = |key: &str| image[key].as_str();
        let reference = ImageReference::parse(&format!("{}:{}", text("repository")?, text("tag")?))?;
        Some((reference, text("digest")?.to_owned()))
    };
    Ok(images.into_iter().flat_map(|images| images.values()).filter_map(both).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    const DIGEST: &str = "sha256:cca460afa270d4c527981ef9ca4989346c56cf9b20217dcea37df1ece8120687";

    fn relocated(map: &ImageMap, image: &str) -> Option<String> {
        map.get(&ImageReference::parse(image).expect("a reference")).map(ToString::to_string)
    }

    #[test]
    fn an_image_is_found_by_digest_and_by_the_tag_that_was_pinned() {
        let mapping = format!(r#"{{"me/thing@{DIGEST}": "my.registry/bundle@{DIGEST}"}}"#);
        let manifest = format!("images: {{thing: {{repository: me/thing, tag: v1, digest: '{DIGEST}'}}}}");
        let map = read(&mapping, &manifest).expect("a map");
        let there = Some(format!("my.registry/bundle@{DIGEST}"));
        for image in ["me/thing:v1", "docker.io/me/thing:v1", &format!("me/thing:v2@{DIGEST}")] {
            assert_eq!(relocated(&map, image), there, "{image}");
        }
        assert_eq!(relocated(&map, "me/thing:v2"), None);
        assert_eq!(relocated(&read(&mapping, "").expect("a map"), "me/thing:v1"), None);
    }

    #[test]
    fn tags_that_were_preserved_are_keys_as_they_are() {
        let mapping =
            format!(r#"{{"r.example.org/a:v1": "my.registry/a:v1@{DIGEST}", "nginx:latest": "my.registry/n:1"}}"#);
        let map = read(&mapping, "").expect("a map");
        assert_eq!(relocated(&map, "r.example.org/a:v1"), Some(format!("my.registry/a:v1@{DIGEST}")));
        assert_eq!(relocated(&map, "nginx"), Some("my.registry/n:1".to_owned()));
    }

    #[test]
    fn what_is_no_map_is_told() {
        assert!(read("null", "").expect("no entries").is_empty());
        assert!(read("[]", "").is_err());
        let failure = read(r#"{"a": "not a reference"}"#, "").expect_err("no reference");
        assert!(failure.message.contains("`not a reference`"), "{}", failure.message);
    }
}
