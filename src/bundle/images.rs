//! `${ bundle.images.NAME.… }`: the images of the bundle from where they are (`ResolveImages` in Porter's
//! `pkg/runtime`).

use serde_json::{Map, Value};

use super::names::OF_IMAGE;
use super::seen::Seen;
use crate::document::ImageMap;
use crate::schema::ImageReference;

/// The declared images, each with repository, tag and digest of what stands in for it. What is not declared is empty, and
/// what is no text is as Go's `reflect` prints it.
pub(super) fn relocated(images: &Map<String, Value>, map: &ImageMap) -> Seen {
    let resolved = |image: &Value| reference(image).map_or(image.clone(), |it| resolve(image, &it, map));
    let field = |image: &Value, name: &'static str| match name {
        "size" => "<uint64 Value>".to_owned(),
        "labels" => "<map[string]string Value>".to_owned(),
        _ => image[name].as_str().unwrap_or_default().to_owned(),
    };
    Seen::map(images.iter().map(|(name, image)| {
        let image = resolved(image);
        (name, Seen::map(OF_IMAGE.map(|name| (name, field(&image, name).into()))))
    }))
}

/// What `bundle.json` calls the image: by its digest, or else by its tag.
fn reference(image: &Value) -> Option<ImageReference> {
    let text = |key: &str| image[key].as_str().filter(|text| !text.is_empty());
    let mut reference = ImageReference::parse(text("repository")?)?;
    reference.digest = text("digest").map(str::to_owned);
    reference.tag = text("tag").map(str::to_owned).filter(|_| reference.digest.is_none());
    Some(reference)
}

fn resolve(image: &Value, published: &ImageReference, map: &ImageMap) -> Value {
    let found = map.get(published).unwrap_or(published);
    let mut image = image.clone();
    image["repository"] = familiar(&found.name()).into();
    if let Some(digest) = &found.digest {
        image["digest"] = digest.as_str().into();
    }
    if let Some(tag) = &found.tag {
        image["tag"] = tag.as_str().into();
    }
    if found.digest.is_none() && found.tag.is_none() {
        image["tag"] = found.version().into();
    }
    image
}

/// The name as people write it, which is how Porter gives it.
fn familiar(name: &str) -> &str {
    let inside = name.strip_prefix("docker.io/");
    inside.map_or(name, |path| path.strip_prefix("library/").unwrap_or(path))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::porter::read_relocation_map;

    // The images and the map of Porter's own tests of `ResolveImages` (`pkg/runtime`).
    const DIGEST: &str = "sha256:cca460afa270d4c527981ef9ca4989346c56cf9b20217dcea37df1ece8120687";

    #[test]
    fn images_are_as_porter_gives_them() {
        let declared = json!({
            "moved": {"repository": "gabrtv/microservice", "digest": DIGEST, "description": "d"},
            "left": {"repository": "docker.io/library/nginx"},
            "tagged": {"repository": "r.example.org/a", "tag": "v1"},
        });
        let mapping = json!({
            format!("gabrtv/microservice@{DIGEST}"): format!("my.registry/microservice@{DIGEST}"),
            "r.example.org/a:v1": "my.registry/a:v1",
        });
        let map = read_relocation_map(&mapping.to_string(), "").expect("a map");
        let images = relocated(declared.as_object().expect("images"), &map);
        let shown = |name: &str| {
            let image = images.get(name).expect("declared");
            ["repository", "tag", "digest", "description"].map(|field| image.get(field).expect("a field").to_string())
        };
        assert_eq!(shown("moved"), ["my.registry/microservice", "", DIGEST, "d"]);
        assert_eq!(shown("left"), ["nginx", "latest", "", ""]);
        assert_eq!(shown("tagged"), ["my.registry/a", "v1", "", ""]);
    }
}
