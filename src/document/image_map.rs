//! Which image stands in for which, where a bundle was copied into another registry.

use std::collections::BTreeMap;

use crate::schema::ImageReference;

/// Images by what they were called where the bundle was built.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ImageMap {
    /// By name and version (tag or digest).
    stand_ins: BTreeMap<(String, String), ImageReference>,
}

impl ImageMap {
    /// Says what is taken in the place of an image.
    pub fn insert(&mut self, image: &ImageReference, stand_in: ImageReference) {
        if let Some(tag) = image.tag.as_ref().filter(|_| image.digest.is_some()) {
            self.stand_ins.insert((image.name(), tag.clone()), stand_in.clone());
        }
        self.stand_ins.insert((image.name(), image.version().to_owned()), stand_in);
    }

    /// Says which digest a tag means, so that what stands in for the digest stands in for the tag too.
    pub fn pin(&mut self, tagged: &ImageReference, digest: &str) {
        let by_digest = (tagged.name(), digest.to_owned());
        if let Some(stand_in) = self.stand_ins.get(&by_digest).cloned() {
            self.insert(&ImageReference { digest: None, ..tagged.clone() }, stand_in);
        }
    }

    /// What stands in for an image.
    #[must_use]
    pub fn get(&self, image: &ImageReference) -> Option<&ImageReference> {
        self.stand_ins.get(&(image.name(), image.version().to_owned()))
    }

    /// Whether there is nothing in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.stand_ins.is_empty()
    }
}
