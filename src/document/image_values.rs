//! An image in the Helm values of a chart: charts take its reference in up to four parts.

use serde_json::{Map, Value};

use super::helm_place::value_at;
use super::hub::{ComponentImage, ImageValues};
use crate::schema::ImageReference;

impl ImageValues {
    /// The parts of a reference by their places.
    ///
    /// A digest without a place of its own goes where the tag is: `name@sha256` and the digits are put together by the
    /// chart with the colon that belongs between them, too. A chart with a place for the digits alone writes `sha256:` itself.
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
        let whole = image.digest.as_deref().unwrap_or_default();
        let digits = whole.strip_prefix("sha256:").unwrap_or(whole);
        let apart = self.digest.iter().map(|place| (place.as_str(), whole));
        let apart: Vec<_> = apart.chain(self.sha256.iter().map(|place| (place.as_str(), digits))).collect();
        match (&self.tag, apart.as_slice(), &image.digest) {
            (None, ..) => repository = format!("{repository}{}", suffix(image)),
            (Some(tag), [_, ..], _) => {
                parts.extend(image.tag.iter().map(|value| (tag.as_str(), value.clone())));
                parts.extend(apart.into_iter().map(|(place, value)| (place, value.to_owned())));
            }
            (Some(tag), [], Some(digest)) => {
                let (algorithm, hex) = digest.split_once(':').unwrap_or((digest, ""));
                repository = format!("{repository}@{algorithm}");
                parts.push((tag, hex.to_owned()));
            }
            (Some(tag), [], None) => parts.push((tag, image.version().to_owned())),
        }
        parts.push((&self.repository, repository));
        parts
    }
}

/// A place of an image that cannot be set.
#[derive(Debug, PartialEq, Eq)]
pub struct ImageMistake {
    /// Which image it is.
    pub index: usize,
    /// What is wrong.
    pub says: String,
    /// What to do about it.
    pub hint: Option<&'static str>,
}

/// The Helm values of a chart with every declared image in its place, each as `stand_in` has it. Images may share a place
/// while they have the same there.
pub fn values_with_images(
    values: &Map<String, Value>,
    images: &[ComponentImage],
    mut stand_in: impl FnMut(&ImageReference) -> ImageReference,
) -> Result<Map<String, Value>, ImageMistake> {
    let mut values = Value::Object(values.clone());
    let mut set: Vec<(&str, String, &str)> = Vec::new();
    for (index, declared) in images.iter().enumerate() {
        // what is no reference is said by the format of the field
        let Some(image) = ImageReference::parse(&declared.image) else { continue };
        for (place, part) in declared.values.parts(&stand_in(&image)) {
            let mistake = |says, hint| ImageMistake { index, says, hint };
            let at = value_at(&mut values, place).map_err(|says| mistake(says, None))?;
            if at.is_null() {
                *at = part.as_str().into();
                set.push((place, part, &declared.image));
                continue;
            }
            match set.iter().find(|(other, ..)| *other == place) {
                Some((_, there, _)) if *there == part => {}
                Some((_, there, first)) => {
                    let says = format!("`{place}` is `{there}` for {first}, and `{part}` for {}", declared.image);
                    return Err(mistake(says, Some("images that share a place have the same there")));
                }
                None => {
                    let hint = "an image is given by `images` alone; take it out of `values`";
                    return Err(mistake(format!("`{place}` has a value already"), Some(hint)));
                }
            }
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::hub::ComponentImage;
    use super::*;

    const DIGEST: &str = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    fn set_in(values: &Value, images: &[(&str, Value)]) -> Result<Value, ImageMistake> {
        let images = images.iter().map(|(image, places)| json!({"image": image, "values": places})).collect();
        let images: Vec<ComponentImage> = serde_json::from_value(Value::Array(images)).expect("images");
        values_with_images(values.as_object().expect("values"), &images, Clone::clone).map(Value::Object)
    }

    #[test]
    fn each_chart_takes_a_reference_in_its_own_parts() {
        let by_digest = format!("r.example.org:5000/a/b@{DIGEST}");
        let hex = &DIGEST[7..];
        for (image, places, values) in [
            // one text, as Backstage's plug-ins and many small charts
            ("me/app:v1", json!({"repository": "image"}), json!({"image": "docker.io/me/app:v1"})),
            // repository and tag, as Crossplane
            (
                "x.example.org/c:v2",
                json!({"repository": "image.repository", "tag": "image.tag"}),
                json!({"image": {"repository": "x.example.org/c", "tag": "v2"}}),
            ),
            (
                &by_digest,
                json!({"repository": "image.repository", "tag": "image.tag"}),
                json!({"image": {"repository": "r.example.org:5000/a/b@sha256", "tag": hex}}),
            ),
            // the registry apart, as Kyverno
            (
                &by_digest,
                json!({"registry": "i.registry", "repository": "i.repository", "tag": "i.tag"}),
                json!({"i": {"registry": "r.example.org:5000", "repository": "a/b@sha256", "tag": hex}}),
            ),
            // the digest apart, as cert-manager; it wins over the tag there
            (
                &by_digest,
                json!({"repository": "repository", "tag": "tag", "digest": "digest"}),
                json!({"repository": "r.example.org:5000/a/b", "digest": DIGEST}),
            ),
            (
                "q.example.org/c:v1",
                json!({"repository": "repository", "tag": "tag", "digest": "digest"}),
                json!({"repository": "q.example.org/c", "tag": "v1", "digest": ""}),
            ),
            // its digits apart, as Grafana
            (
                &format!("q.example.org/c:v1@{DIGEST}"),
                json!({"registry": "i.registry", "repository": "i.repository", "tag": "i.tag", "sha256": "i.sha"}),
                json!({"i": {"registry": "q.example.org", "repository": "c", "tag": "v1", "sha": hex}}),
            ),
            (
                "c:v1",
                json!({"repository": "r", "tag": "t", "sha256": "s"}),
                json!({"r": "docker.io/library/c", "t": "v1", "s": ""}),
            ),
            // packages, as Crossplane's `provider.packages`
            (&by_digest, json!({"repository": "packages.0"}), json!({"packages": [by_digest]})),
        ] {
            assert_eq!(set_in(&json!({}), &[(image, places)]), Ok(values), "{image}");
        }
    }

    #[test]
    fn images_share_a_place_while_they_agree() {
        let places = |key: &str| json!({"registry": "global.registry", "repository": format!("{key}.repository"), "tag": format!("{key}.tag")});
        assert_eq!(
            set_in(&json!({"global": {}}), &[("r.example.org/a:1", places("a")), ("r.example.org/b:2", places("b"))]),
            Ok(
                json!({"global": {"registry": "r.example.org"}, "a": {"repository": "a", "tag": "1"}, "b": {"repository": "b", "tag": "2"}})
            )
        );
        let mistake = set_in(&json!({}), &[("r.example.org/a:1", places("a")), ("b:2", places("b"))]).expect_err("two");
        assert_eq!(
            (mistake.index, mistake.says.as_str()),
            (1, "`global.registry` is `r.example.org` for r.example.org/a:1, and `docker.io` for b:2")
        );
    }

    #[test]
    fn a_place_with_a_value_of_the_chart_is_taken() {
        let mistake = set_in(&json!({"image": {"tag": "v1"}}), &[("a:v1", json!({"repository": "image.tag"}))]);
        let mistake = mistake.expect_err("taken");
        assert!(mistake.index == 0 && mistake.says == "`image.tag` has a value already", "{mistake:?}");
        assert_eq!(set_in(&json!({}), &[("a:v1", json!({"repository": "a..b"}))]).expect_err("none").hint, None);
    }
}
