//! An image in the Helm values of a chart: charts take its reference in up to four parts.

use serde_json::{Map, Value};

use super::hub::{ComponentImage, ImageValues};
use super::image::ImageReference;

impl ImageValues {
    /// The parts of a reference by their places.
    ///
    /// A digest without a place of its own goes where the tag is: `name@sha256` and the digits are put together by the
    /// chart with the colon that belongs between them, too.
    #[must_use]
    pub fn parts(&self, image: &ImageReference) -> Vec<(&str, String)> {
        let mut parts = Vec::new();
        let mut repository = match &self.registry {
            Some(place) => {
                parts.push((place.as_str(), image.registry.clone()));
                image.repository.clone()
            }
            None => image.name(),
        };
        match (&self.tag, &self.digest, &image.digest) {
            (None, ..) => repository = format!("{repository}{}", suffix(image)),
            (Some(tag), Some(place), digest) => {
                parts.extend(image.tag.iter().map(|value| (tag.as_str(), value.clone())));
                parts.push((place, digest.clone().unwrap_or_default()));
            }
            (Some(tag), None, Some(digest)) => {
                let (algorithm, hex) = digest.split_once(':').unwrap_or((digest, ""));
                repository = format!("{repository}@{algorithm}");
                parts.push((tag, hex.to_owned()));
            }
            (Some(tag), None, None) => parts.push((tag, image.version().to_owned())),
        }
        parts.push((&self.repository, repository));
        parts
    }
}

/// The Helm values of a chart with every declared image in its place, each as `stand_in` has it. The mistake is a place
/// that cannot be set, with the index of the image.
pub fn values_with_images(
    values: &Map<String, Value>,
    images: &[ComponentImage],
    mut stand_in: impl FnMut(&ImageReference) -> ImageReference,
) -> Result<Map<String, Value>, (usize, String)> {
    let mut values = Value::Object(values.clone());
    for (index, declared) in images.iter().enumerate() {
        // what is no reference is said by the format of the field
        let Some(image) = ImageReference::parse(&declared.image) else { continue };
        for (place, part) in declared.values.parts(&stand_in(&image)) {
            set(&mut values, place, part).map_err(|mistake| (index, mistake))?;
        }
    }
    match values {
        Value::Object(values) => Ok(values),
        _ => Ok(Map::new()),
    }
}

/// The tag and digest of a reference as they end it.
fn suffix(image: &ImageReference) -> String {
    image.to_string().split_off(image.name().len())
}

/// Puts a text where nothing is yet, and makes the way to it.
fn set(values: &mut Value, place: &str, text: String) -> Result<(), String> {
    let mut at = values;
    for key in place.split('.') {
        if key.is_empty() {
            return Err(format!("`{place}` is no place in the values: keys with single dots between them"));
        }
        if at.is_null() {
            *at = if key.parse::<usize>().is_ok() { Value::Array(Vec::new()) } else { Value::Object(Map::new()) };
        }
        at = match at {
            Value::Object(fields) => fields.entry(key).or_insert(Value::Null),
            Value::Array(items) => {
                let index = key.parse::<usize>().ok().filter(|index| *index <= items.len());
                let index =
                    index.ok_or_else(|| format!("`{place}`: the list has no item `{key}`, nor is it the next"))?;
                if index == items.len() {
                    items.push(Value::Null);
                }
                &mut items[index]
            }
            _ => return Err(format!("`{place}` is below a value that is neither a mapping nor a list")),
        };
    }
    if !at.is_null() {
        return Err(format!("`{place}` has a value already"));
    }
    *at = Value::String(text);
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::spec::hub::ComponentImage;

    const DIGEST: &str = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    fn set_in(values: &Value, image: &str, places: [Option<&str>; 4]) -> Result<Value, (usize, String)> {
        let [registry, repository, tag, digest] = places.map(|place| place.map(str::to_owned));
        let repository = repository.expect("every image has one");
        let image =
            ComponentImage { image: image.to_owned(), values: ImageValues { registry, repository, tag, digest } };
        values_with_images(values.as_object().expect("values"), &[image], Clone::clone).map(Value::Object)
    }

    #[test]
    fn each_chart_takes_a_reference_in_its_own_parts() {
        let by_digest = format!("r.example.org:5000/a/b@{DIGEST}");
        let hex = &DIGEST[7..];
        for (image, places, values) in [
            // one text, as Backstage's plug-ins and many small charts
            ("me/app:v1", [None, Some("image"), None, None], json!({"image": "docker.io/me/app:v1"})),
            // repository and tag, as Crossplane
            (
                "x.example.org/c:v2",
                [None, Some("image.repository"), Some("image.tag"), None],
                json!({"image": {"repository": "x.example.org/c", "tag": "v2"}}),
            ),
            (
                &by_digest,
                [None, Some("image.repository"), Some("image.tag"), None],
                json!({"image": {"repository": "r.example.org:5000/a/b@sha256", "tag": hex}}),
            ),
            // the registry apart, as Kyverno
            (
                &by_digest,
                [Some("i.registry"), Some("i.repository"), Some("i.tag"), None],
                json!({"i": {"registry": "r.example.org:5000", "repository": "a/b@sha256", "tag": hex}}),
            ),
            // the digest apart, as cert-manager; it wins over the tag there
            (
                &by_digest,
                [None, Some("repository"), Some("tag"), Some("digest")],
                json!({"repository": "r.example.org:5000/a/b", "digest": DIGEST}),
            ),
            (
                "q.example.org/c:v1",
                [None, Some("repository"), Some("tag"), Some("digest")],
                json!({"repository": "q.example.org/c", "tag": "v1", "digest": ""}),
            ),
            // packages, as Crossplane's `provider.packages`
            (&by_digest, [None, Some("packages.0"), None, None], json!({"packages": [by_digest]})),
        ] {
            assert_eq!(set_in(&json!({}), image, places), Ok(values), "{image}");
        }
    }

    #[test]
    fn a_place_is_set_once() {
        for (values, place, words) in [
            (json!({"image": {"tag": "v1"}}), "image.tag", "`image.tag` has a value already"),
            (json!({"image": "text"}), "image.tag", "below a value that is neither"),
            (json!({"list": []}), "list.1", "has no item `1`"),
            (json!({}), "a..b", "no place in the values"),
        ] {
            let (index, mistake) = set_in(&values, "a:v1", [None, Some(place), None, None]).expect_err("taken");
            assert!(index == 0 && mistake.contains(words), "{mistake}");
        }
    }
}
