//! `bundle images`: what a hub or bead bundle has to declare as `images` in its `porter.yaml`, so that Porter copies them
//! along with the bundle.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::bead::BeadFiles;
use crate::bundle::MANIFEST_FILE;
use crate::document::{Bead, Chart, ComponentImage, Resolved};
use crate::hub::HubFiles;
use crate::hub_repository::HubImages;
use crate::lint::{self, Noun};
use crate::render::bead::Values;
use crate::report::{Console, Failure, Outcome, answer};
use crate::schema::{ImageReference, closest};
use crate::{bead, yaml};

/// The section of `porter.yaml`.
#[derive(Debug, PartialEq, Eq, Serialize)]
struct Images {
    images: BTreeMap<String, Declared>,
}

/// An image as `porter.yaml` has it. `porter build` adds the digest of a tag.
#[derive(Debug, PartialEq, Eq, Serialize)]
struct Declared {
    repository: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    tag: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    digest: Option<String>,
}

/// Answers with every image that a render of the bundle names. The parameters are those of its beads.
pub fn run(folder: &Path, parameters: &[String], as_json: bool, console: &Console) -> Outcome<()> {
    let given = bead::parameters(parameters)?;
    let (mut met, mut known) = (HubImages::new(), Vec::new());
    for (noun, document) in documents(folder)? {
        match noun {
            Noun::Hub => met.extend(of_hub(&document, console)?),
            Noun::Bead => {
                let (bead, images) = of_bead(&document, &given, console)?;
                known.extend(bead.spec.parameters.into_iter().map(|it| it.name));
                met.extend(images);
            }
        }
    }
    if let Some(unknown) = given.keys().find(|it| !known.contains(it)) {
        let known: Vec<&str> = known.iter().map(String::as_str).collect();
        let hint =
            closest(unknown, &known).map_or_else(|| "take it out".to_owned(), |it| format!("did you mean `{it}`?"));
        return Err(Failure::usage(format!("no bead of the bundle has the parameter `{unknown}`")).hint(hint));
    }
    let references: Vec<ImageReference> = met.keys().filter_map(|image| ImageReference::parse(image)).collect();

    let images = Images { images: references.iter().map(|it| (name_of(it, &references), declare(it))).collect() };
    if as_json {
        let text = serde_json::to_string_pretty(&images).map_err(|error| Failure::failed(error.to_string()))?;
        return answer(&format!("{text}\n"));
    }
    answer(&yaml::print(&images))
}

/// The documents that the steps name; in a folder without steps, the one that is there.
fn documents(folder: &Path) -> Outcome<Vec<(Noun, PathBuf)>> {
    if folder.join(MANIFEST_FILE).exists() {
        return lint::documents_of(folder);
    }
    let bead = folder.join(bead::DOCUMENT);
    Ok(vec![if bead.exists() { (Noun::Bead, bead) } else { (Noun::Hub, folder.join("hub.yaml")) }])
}

fn of_hub(document: &Path, console: &Console) -> Outcome<HubImages> {
    let files = HubFiles::read(&document.display().to_string())?;
    let nowhere = Resolved { repository: String::new(), branch: String::new(), cluster_uid: String::new() };
    let images = files.render(nowhere)?.lock.images;
    for component in &files.hub().spec.components {
        warn(&component.name, "hub.yaml", &component.chart, &component.images, console);
    }
    Ok(images)
}

fn of_bead(document: &Path, given: &Values, console: &Console) -> Outcome<(Bead, HubImages)> {
    let files = BeadFiles::read_document(document)?;
    let bead::NamedImages { images, doubts } = bead::images(&files, given)?;
    for doubt in doubts {
        console.say(doubt.render());
    }
    let file = document.file_name().unwrap_or_default().to_string_lossy();
    for (_, application) in files.bead.applications() {
        if let Some(chart) = &application.chart {
            warn(&files.bead.metadata.name, &file, chart, &application.images, console);
        }
    }
    Ok((files.bead, images))
}

fn declare(image: &ImageReference) -> Declared {
    Declared { repository: image.name(), tag: image.tag.clone(), digest: image.digest.clone() }
}

/// Says what cannot be known of a chart, since charts do not say what they run.
fn warn(name: &str, document: &str, chart: &Chart, images: &[ComponentImage], console: &Console) {
    if chart.repository.is_some() {
        console.say(format!(
            "warning: the chart of {name} comes from a Helm repository, which is not copied; pin it in lock.yaml or take \
             it from a registry (`oci`)"
        ));
    } else if images.is_empty() {
        console.say(format!(
            "warning: {name} declares no `images` in {document}, so the images of its chart are not among these"
        ));
    }
}

/// The shortest end of an image's name that no other image has, fit for `${ bundle.images.NAME.… }`.
fn name_of(image: &ImageReference, all: &[ImageReference]) -> String {
    let ends = |image: &ImageReference, parts: usize| {
        let name = image.name();
        let mut last: Vec<&str> = name.rsplit('/').take(parts).collect();
        last.reverse();
        last.join("-")
    };
    let parts = image.name().split('/').count();
    let is_alone = |parts: &usize| all.iter().filter(|it| ends(it, *parts) == ends(image, *parts)).count() == 1;
    let name = match (1..=parts).find(is_alone) {
        Some(parts) => ends(image, parts),
        None => format!("{}-{}", ends(image, parts), image.version()),
    };
    name.to_lowercase().replace(|it: char| !it.is_ascii_alphanumeric(), "-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_short_and_differ() {
        let images = ["a.example/x/argocd:v1", "a.example/y/thing:1.2", "b.example/y/thing:1.2", "c/d:1", "c/d:2"];
        let all: Vec<ImageReference> =
            images.iter().map(|image| ImageReference::parse(image).expect("an image")).collect();
        let names: Vec<String> = all.iter().map(|image| name_of(image, &all)).collect();
        assert_eq!(names, ["argocd", "a-example-y-thing", "b-example-y-thing", "docker-io-c-d-1", "docker-io-c-d-2"]);
    }
}
