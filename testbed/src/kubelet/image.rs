//! The images that the testbed has: programs that it built, with what else lies in their image.

use std::path::PathBuf;

use k8s_openapi::api::core::v1::Pod;

use super::stages;
use crate::build::{Modules, recipe};

/// One image.
#[derive(Debug, PartialEq, Eq)]
pub struct Image {
    /// The last part of its repository's name; the rest may be any registry's.
    pub name: &'static str,
    /// The program in the cache that is its entrypoint.
    pub program: &'static str,
    /// The module whose pinned version is the only tag; any tag and digest will do without one.
    module: Option<&'static str>,
    /// Directories of Crossplane's module that lie in the image.
    files: &'static [(&'static str, &'static str)],
}

/// All images. Argo CD's and redis' are not among them: [`super::part`] knows how these are called.
pub const IMAGES: &[Image] = &[
    Image {
        name: "crossplane",
        program: "crossplane",
        module: Some(recipe::CROSSPLANE_MODULE),
        files: &[("/crds", "cluster/crds"), ("/webhookconfigurations", "cluster/webhookconfigurations")],
    },
    image("kyverno", "kyverno", Some(recipe::KYVERNO_MODULE)),
    image("kyvernopre", "kyverno-init", Some(recipe::KYVERNO_MODULE)),
    image("background-controller", "background-controller", Some(recipe::KYVERNO_MODULE)),
    // What Crossplane installs: the image is the package, and its registry is the testbed's.
    image("provider-kubernetes", "provider-kubernetes", None),
    image("function-testbed", "function-testbed", None),
];

const fn image(name: &'static str, program: &'static str, module: Option<&'static str>) -> Image {
    Image { name, program, module, files: &[] }
}

impl Image {
    /// The image that a pod's first container has, unless the pod is told to fail.
    #[must_use]
    pub fn of(pod: &Pod) -> Option<&'static Self> {
        let labels = pod.metadata.labels.as_ref();
        if labels.is_some_and(|labels| labels.contains_key(stages::LABEL)) {
            return None;
        }
        let image = pod.spec.as_ref()?.containers.first()?.image.as_deref()?;
        let (name, _) = split(image);
        IMAGES.iter().find(|image| image.name == name)
    }

    /// The image of this reference, or why it cannot be "pulled".
    pub fn pull(reference: &str) -> Result<&'static Self, String> {
        let (name, tag) = split(reference);
        let Some(image) = IMAGES.iter().find(|image| image.name == name) else {
            return Err(format!("{reference} is not here: the testbed has no image {name}"));
        };
        match image.module.and_then(recipe::pinned) {
            Some(version) if version != tag => {
                Err(format!("{reference} is not here: the testbed has {name}:{version}"))
            }
            _ => Ok(image),
        }
    }

    /// What lies in the image besides the program: where, and where it comes from.
    #[must_use]
    pub fn files(&self, modules: &Modules) -> Vec<(&'static str, PathBuf)> {
        self.files.iter().map(|(place, source)| (*place, modules.crossplane.join(source))).collect()
    }
}

/// The last part of the repository's name, and the tag.
fn split(reference: &str) -> (&str, &str) {
    let untagged = reference.split('@').next().unwrap_or_default();
    let last = untagged.rsplit('/').next().unwrap_or_default();
    last.split_once(':').unwrap_or((last, ""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_image_is_known_by_name_and_pinned_tag() {
        let version = recipe::pinned(recipe::KYVERNO_MODULE).expect("pinned");
        let pulled = Image::pull(&format!("reg.kyverno.io/kyverno/kyvernopre:{version}")).expect("here");
        assert_eq!(pulled.program, "kyverno-init");
        assert!(Image::pull("reg.kyverno.io/kyverno/kyverno:v0.0.1").is_err());
        assert!(Image::pull("127.0.0.1:5000/function-testbed@sha256:0").is_ok());
        assert!(Image::pull("docker.io/library/nginx:1").is_err());
    }
}
