//! The images that the testbed has: programs that it built, with what else lies in their image.

use std::path::PathBuf;

use k8s_openapi::api::core::v1::Pod;

use super::LABEL;
use crate::artifact;
use crate::build::{Modules, older, recipe};
use crate::paths::Cache;

/// One image.
#[derive(Debug, PartialEq, Eq)]
pub struct Image {
    /// The last part of its repository's name; the rest may be any registry's.
    pub name: &'static str,
    /// The program in the cache that is its entrypoint.
    pub program: &'static str,
    /// Whether it is of an older version than the others.
    pub is_older: bool,
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
        is_older: false,
        module: Some(recipe::CROSSPLANE_MODULE),
        files: CROSSPLANE_FILES,
    },
    image("kyverno", "kyverno", Some(recipe::KYVERNO_MODULE)),
    image("kyvernopre", "kyverno-init", Some(recipe::KYVERNO_MODULE)),
    image("background-controller", "background-controller", Some(recipe::KYVERNO_MODULE)),
    // What a Job of a test runs: the shell of this machine, which stands where a program of the cache would.
    image("shell", "/bin/sh", None),
    // What Crossplane installs: the image is the package, and its registry is the testbed's.
    image("provider-kubernetes", "provider-kubernetes", None),
    image("function-testbed", "function-testbed", None),
    image("function-patch-and-transform", "function-patch-and-transform", None),
    // Of older versions, where these were asked for.
    older_crossplane("crossplane-1.20", recipe::OLDER_CROSSPLANE_MODULE),
    older_crossplane("crossplane-2.0", recipe::CROSSPLANE_MODULE),
    older_kyverno("kyverno", "kyverno"),
    older_kyverno("kyvernopre", "kyverno-init"),
    older_kyverno("background-controller", "background-controller"),
];

const CROSSPLANE_FILES: &[(&str, &str)] =
    &[("/crds", "cluster/crds"), ("/webhookconfigurations", "cluster/webhookconfigurations")];

const fn image(name: &'static str, program: &'static str, module: Option<&'static str>) -> Image {
    Image { name, program, is_older: false, module, files: &[] }
}

const fn older_crossplane(program: &'static str, module: &'static str) -> Image {
    Image { name: "crossplane", program, is_older: true, module: Some(module), files: CROSSPLANE_FILES }
}

const fn older_kyverno(name: &'static str, program: &'static str) -> Image {
    Image { name, program, is_older: true, module: Some(recipe::KYVERNO_MODULE), files: &[] }
}

impl Image {
    /// Whether a pod is run here: its first container has one of the images, or one in a registry on loopback, which
    /// only the registry knows. Not when the pod is told to fail.
    #[must_use]
    pub fn runs(pod: &Pod) -> bool {
        let labels = pod.metadata.labels.as_ref();
        if labels.is_some_and(|labels| labels.contains_key(LABEL)) {
            return false;
        }
        let container = pod.spec.as_ref().and_then(|spec| spec.containers.first());
        let image = container.and_then(|container| container.image.as_deref()).unwrap_or_default();
        artifact::is_on_loopback(image) || Self::named(image).is_some()
    }

    /// The image that is called so, whatever its registry and version: the one of this version, where there is one.
    #[must_use]
    pub fn named(reference: &str) -> Option<&'static Self> {
        let (name, tag) = split(reference);
        let of_version = IMAGES.iter().find(|image| image.name == name && image.version() == Some(tag));
        of_version.or_else(|| IMAGES.iter().find(|image| image.name == name))
    }

    /// The image of this reference, or why it cannot be "pulled".
    pub fn pull(reference: &str, cache: &Cache) -> Result<&'static Self, String> {
        let (name, tag) = split(reference);
        let Some(image) = Self::named(reference) else {
            return Err(format!("{reference} is not here: the testbed has no image {name}"));
        };
        match image.version() {
            Some(version) if version != tag => {
                Err(format!("{reference} is not here: the testbed has {name}:{version}"))
            }
            _ if image.is_older && !image.is_built(cache) => {
                Err(format!("{reference} is not here; `testbed build --older` builds it"))
            }
            _ => Ok(image),
        }
    }

    /// The only tag that there is; any tag and digest will do without one.
    fn version(&self) -> Option<&'static str> {
        let locks = if self.is_older { recipe::OLDER } else { recipe::LOCKS };
        self.module.and_then(|module| recipe::pinned_by(locks, module))
    }

    /// Whether its program is in the cache.
    #[must_use]
    pub fn is_built(&self, cache: &Cache) -> bool {
        self.entrypoint(cache).exists()
    }

    /// Where its program is.
    #[must_use]
    pub fn entrypoint(&self, cache: &Cache) -> PathBuf {
        if self.is_older { cache.older().bin(self.program) } else { cache.bin(self.program) }
    }

    /// What lies in the image besides the program: where, and where it comes from.
    #[must_use]
    pub fn files(&self, modules: &Modules, cache: &Cache) -> Vec<(&'static str, PathBuf)> {
        let older = self.module.filter(|_| self.is_older).and_then(|module| older::module(cache, module));
        let module = older.as_ref().unwrap_or(&modules.crossplane);
        self.files.iter().map(|(place, source)| (*place, module.join(source))).collect()
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
        let cache = Cache::locate().expect("a place");
        let pull = |reference: &str| Image::pull(reference, &cache);
        let pulled = pull(&format!("reg.kyverno.io/kyverno/kyvernopre:{version}")).expect("here");
        assert_eq!(pulled.program, "kyverno-init");
        assert!(pull("reg.kyverno.io/kyverno/kyverno:v0.0.1").is_err());
        assert!(pull("127.0.0.1:5000/function-testbed@sha256:0").is_ok());
        assert!(pull("docker.io/library/nginx:1").is_err());
    }

    #[test]
    fn an_older_version_is_another_program_of_the_same_name() {
        let cache = Cache::locate().expect("a place");
        let of =
            |version: &str| Image::named(&format!("xpkg.crossplane.io/crossplane/crossplane:{version}")).expect("here");
        let newer = recipe::pinned(recipe::CROSSPLANE_MODULE).expect("pinned");
        let programs = [("v1.20.0", "crossplane-1.20"), ("v2.0.2", "crossplane-2.0"), (newer, "crossplane")];
        for (version, program) in programs {
            assert_eq!((of(version).program, of(version).is_older), (program, version != newer), "{version}");
        }
        assert!(!of("v0.0.1").is_older);
        assert!(of("v1.20.0").entrypoint(&cache).ends_with("bin/crossplane-1.20"));
    }

    #[test]
    fn a_pod_is_run_by_its_image() {
        let runs = |image: &str, label: &str| {
            let pod = serde_json::json!({
                "metadata": {"labels": {label: "NotReady"}},
                "spec": {"containers": [{"name": "c", "image": image}]},
            });
            Image::runs(&serde_json::from_value(pod).expect("a pod"))
        };
        assert!(runs("xpkg.crossplane.io/crossplane/crossplane:v1", "app"));
        assert!(runs("127.0.0.1:5000/hubs/hub@sha256:0", "app"));
        assert!(!runs("127.0.0.1:5000/hubs/hub@sha256:0", LABEL));
        assert!(!runs("docker.io/library/nginx:1", "app"));
    }
}
