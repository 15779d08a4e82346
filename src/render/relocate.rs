//! The images of a hub or bead, each from where the bundle was copied to. Pure, and before anything is committed: so what is
//! committed is what is applied, and what everybody reads later.

use json_patch::PatchOperation;
use serde_json::{Map, Value, json};

use super::hooks;
use super::images::places;
use crate::document::{
    Bead, Chart, Component, ComponentImage, Hub, ImageMap, ImageMistake, Patch, PatchKind, values_with_images,
};
use crate::hub_repository::HubImages;
use crate::report::{Failure, Outcome};
use crate::schema::ImageReference;

/// Puts images in the place of others, and remembers all that it met.
pub(super) struct Relocation<'m> {
    map: Option<&'m ImageMap>,
    /// Every image that was met.
    pub met: HubImages,
}

impl<'m> Relocation<'m> {
    pub fn by(map: Option<&'m ImageMap>) -> Self {
        Self { map, met: HubImages::new() }
    }

    /// The image itself where nothing stands in for it.
    fn relocated(&mut self, image: &ImageReference) -> ImageReference {
        let relocated = self.map.and_then(|map| map.get(image)).unwrap_or(image).clone();
        self.met.insert(image.to_string(), relocated.to_string());
        relocated
    }

    /// Every image that the manifests in a value name. What stays stays as it was written.
    pub fn manifests(&mut self, value: &mut Value) {
        for place in places(value) {
            let Some(text) = value.pointer_mut(&place) else { continue };
            let Some(image) = text.as_str().and_then(ImageReference::parse) else { continue };
            let relocated = self.relocated(&image);
            if relocated != image {
                *text = relocated.to_string().into();
            }
        }
    }

    /// The Helm values of a component, with its images in them.
    pub fn values(&mut self, component: &Component) -> Outcome<Map<String, Value>> {
        self.chart_values(&component.values, &component.images).map_err(|failure| failure.context(&component.name))
    }

    /// The Helm values of a chart, with these images in them, and those of the manifests in them.
    pub fn chart_values(
        &mut self,
        values: &Map<String, Value>,
        images: &[ComponentImage],
    ) -> Outcome<Map<String, Value>> {
        let values = values_with_images(values, images, |image| self.relocated(image));
        let told = |it: ImageMistake| Failure { hint: it.hint.map(str::to_owned), ..Failure::usage(it.says) };
        let values = values.map_err(told)?;
        let mut values = Value::Object(values);
        self.manifests(&mut values);
        Ok(values.as_object().cloned().unwrap_or_default())
    }

    /// The Hub document, with the charts of its components from where they are now.
    pub fn hub(&mut self, hub: &Hub) -> Hub {
        let mut hub = hub.clone();
        for component in &mut hub.spec.components {
            self.chart(&mut component.chart);
        }
        hub
    }

    /// The Bead document, with its chart from where it is now.
    pub fn bead(&mut self, bead: &Bead) -> Bead {
        let mut bead = bead.clone();
        bead.spec.application.chart.iter_mut().for_each(|chart| self.chart(chart));
        bead
    }

    /// A chart in a registry is an artifact like an image, with the version for a tag.
    fn chart(&mut self, chart: &mut Chart) {
        let Some(artifact) = chart_artifact(chart) else { return };
        let relocated = self.relocated(&artifact);
        if relocated != artifact {
            let name = relocated.name();
            let (registry, last) = name.rsplit_once('/').unwrap_or(("", &name));
            chart.oci = Some(format!("oci://{registry}"));
            chart.name = Some(last.to_owned());
            chart.version = Some(relocated.version().to_owned());
        }
    }
}

/// The images that a Hub document itself names: those of its components and of their hooks, of the manifests in their values, of the
/// patches of Argo CD, and charts in registries.
pub fn named_by(hub: &Hub) -> Outcome<Vec<String>> {
    let mut relocation = Relocation::by(None);
    for component in &relocation.hub(hub).spec.components {
        relocation.values(component)?;
        hooks::jobs(component)?.iter_mut().for_each(|job| relocation.manifests(job));
    }
    for patch in &hub.spec.argocd.patches {
        relocation.manifests(&mut as_manifest(patch));
    }
    Ok(relocation.met.into_keys().collect())
}

/// A manifest that names the images of a patch.
pub(super) fn as_manifest(patch: &Patch) -> Value {
    let (mut fields, operations) = match patch.read() {
        Ok(PatchKind::Merge(fields)) => (fields, json_patch::Patch::default()),
        Ok(PatchKind::Operations(operations)) => (Map::new(), operations),
        Err(_) => return Value::Null, // told by the rules of the document
    };
    // A container that an operation adds is its `value`; an image that it sets is one, too.
    let added = operations.iter().map(|operation| {
        let value = json!(operation).get("value").cloned().unwrap_or_default();
        if sets_an_image(operation) { json!({"image": value}) } else { value }
    });
    let added: Vec<Value> = added.collect();
    fields.insert("apiVersion".to_owned(), "v1".into());
    fields.insert("kind".to_owned(), "Patch".into());
    fields.insert("containers".to_owned(), added.into());
    Value::Object(fields)
}

/// Whether the value of an operation is an image by itself.
pub(super) fn sets_an_image(operation: &PatchOperation) -> bool {
    operation.path().as_str().ends_with("/image")
}

/// The artifact of a chart in a registry; `None` for other charts, and for a range of versions.
fn chart_artifact(chart: &Chart) -> Option<ImageReference> {
    let registry = chart.oci.as_deref()?.strip_prefix("oci://")?.trim_end_matches('/');
    // A tag cannot hold a `+`, for which Helm writes `_`.
    let version = chart.version.as_deref()?.replace('+', "_");
    let separator = if version.starts_with("sha256:") { '@' } else { ':' };
    let digest = chart.digest.as_ref().map(|digest| format!("@{digest}")).unwrap_or_default();
    ImageReference::parse(&format!("{registry}/{}{separator}{version}{digest}", chart.name.as_deref()?))
}
