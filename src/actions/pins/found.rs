//! What a folder pins: downloads, charts that Argo CD fetches, images, packages.

use std::collections::BTreeSet;

use semver::Version;

use super::folder::{Folder, locked_chart};
use super::references::{Reference, Unread, reference_of, references, unread};
use super::text_file::{Role, TextFile};
use super::upstream::{Spelling, Upstream, Versions};
use crate::document::{Asset, AssetForm};
use crate::lint::named_images;
use crate::report::Outcome;
use crate::schema::ImageReference;
use crate::vendor::version_of;
use crate::yaml::Node;

/// What is pinned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    /// A download of the lock.
    Asset(AssetForm),
    /// A chart that Argo CD fetches: its address.
    Chart(String),
    /// An image.
    Image(ImageReference),
    /// A Crossplane package.
    Package(ImageReference),
}

/// One pin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pin {
    /// By what it is called.
    pub name: String,
    /// What it is.
    pub what: What,
    /// The version that is pinned.
    pub version: String,
    /// Who tells which others there are.
    pub upstream: Upstream,
    /// Where it stands: `lock.yaml:7`.
    pub at: String,
}

impl Pin {
    /// The word for what it is.
    pub fn kind(&self) -> &'static str {
        match &self.what {
            What::Asset(AssetForm::Manifest) => "manifest",
            What::Asset(AssetForm::Program) => "program",
            What::Asset(AssetForm::Provider) => "provider",
            What::Asset(AssetForm::Chart) | What::Chart(_) => "chart",
            What::Image(_) => "image",
            What::Package(_) => "package",
        }
    }

    /// How its version is written, where that is the tag of a registry.
    pub fn spelling(&self) -> Option<Spelling> {
        Some(&self.upstream).filter(|it| matches!(it, Upstream::Tags(_))).and_then(|_| Spelling::of(&self.version))
    }

    /// Its version, held against others; `None` where it is none.
    pub fn current(&self) -> Option<Version> {
        self.spelling().map(|it| it.version).or_else(|| version_of(&self.version))
    }

    /// Its version and what upstream has told, or why the two cannot be held against each other.
    pub fn known<'v>(&self, told: &'v Outcome<Versions>) -> Result<(Version, &'v Versions), String> {
        match (self.current(), told) {
            (Some(current), Ok(versions)) => Ok((current, versions)),
            (None, Ok(_)) => Err(format!("`{}` is no version", self.version)),
            (_, Err(failure)) => {
                let why = failure.details.last().map(|it| format!(": {}", it.trim())).unwrap_or_default();
                Err(format!("{}{why}", failure.message))
            }
        }
    }

    /// Whether it is called so: by its name, or by the last part of a reference.
    pub fn is_called(&self, name: &str) -> bool {
        self.name == name || self.name.rsplit('/').next() == Some(name)
    }
}

/// Every pin, once. Images that go with a download are no pins of their own.
pub fn pins(folder: &Folder) -> Vec<Pin> {
    let mut all = of_lock(folder);
    for file in folder.documents() {
        all.extend(file.parts().iter().filter_map(|part| chart(file, part)));
    }
    let with_downloads = with_downloads(folder);
    for file in folder.files.iter().filter(|it| it.role != Role::Lock) {
        let references = references(file).into_iter();
        all.extend(references.filter(|it| !with_downloads.contains(&it.image.name())).map(|it| pin(it, file)));
    }
    all.extend(of_dockerfile(folder));
    let mut known = BTreeSet::new();
    all.retain(|it| known.insert((it.kind(), it.name.clone(), it.version.clone())));
    all
}

fn of_lock(folder: &Folder) -> Vec<Pin> {
    let pin = |(file, asset, node): (&TextFile, &Asset, &Node)| Pin {
        name: asset.name.clone(),
        what: What::Asset(asset.form),
        version: asset.version.clone(),
        upstream: Upstream::of_asset(asset),
        at: file.at(node),
    };
    folder.assets().map(pin).collect()
}

/// The chart of a part, where Argo CD fetches it.
fn chart(file: &TextFile, part: &Node) -> Option<Pin> {
    let node = part.get("chart")?;
    let at = |key: &str| node.get(key).and_then(Node::text);
    let (name, version) = (at("name")?.to_owned(), at("version").unwrap_or_default().to_owned());
    let (address, upstream) = match at("repository") {
        Some(repository) => (repository, Upstream::Index { repository: repository.to_owned(), chart: name.clone() }),
        None => at("oci").map(|oci| (oci, Upstream::of_chart(oci, &name, &version)))?,
    };
    Some(Pin { name, what: What::Chart(address.to_owned()), version, upstream, at: file.at(node) })
}

fn pin(reference: Reference<'_>, file: &TextFile) -> Pin {
    let Reference { node, image, is_package, .. } = reference;
    let (name, version) = (image.name(), image.tag.clone().unwrap_or_default());
    let upstream = Upstream::of_image(&image);
    let what = if is_package { What::Package(image) } else { What::Image(image) };
    Pin { name, what, version, upstream, at: file.at(node) }
}

/// What the folder names, and nobody can be asked about.
pub fn not_asked(folder: &Folder) -> Vec<Unread> {
    folder.unread.iter().cloned().chain(folder.files.iter().flat_map(unread)).collect()
}

fn of_dockerfile(folder: &Folder) -> Vec<Pin> {
    let Some((name, source)) = &folder.dockerfile else { return Vec::new() };
    let images = named_images(&source.text).into_iter();
    let references = images.filter_map(|(text, start)| Some((reference_of(text)?, source.place(start..start).line)));
    let pin = |(reference, line): (ImageReference, usize)| Pin {
        name: reference.name(),
        version: reference.tag.clone().unwrap_or_default(),
        upstream: Upstream::of_image(&reference),
        what: What::Image(reference),
        at: format!("{name}:{line}"),
    };
    references.map(pin).collect()
}

/// The images of charts that are locked, of the very version that the lock pins: they move with it.
fn with_downloads(folder: &Folder) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    let assets = folder.lock.iter().flat_map(|lock| &lock.assets);
    let charts: Vec<_> = assets.filter(|it| it.form == AssetForm::Chart).collect();
    for file in folder.documents() {
        for part in file.parts() {
            let locked = locked_chart(part);
            let Some(asset) = charts.iter().find(|it| Some(it.name.as_str()) == locked) else { continue };
            names.extend(images_of(part).filter(|it| is_of(it.1.tag.as_deref(), &asset.version)).map(|it| it.1.name()));
        }
    }
    names
}

/// The images that a part sets by values, each with its scalar.
pub fn images_of(part: &Node) -> impl Iterator<Item = (&Node, ImageReference)> {
    let images = part.get("images").map(Node::items).unwrap_or_default();
    images.iter().filter_map(|it| {
        let node = it.get("image")?;
        Some((node, reference_of(node.text()?)?))
    })
}

/// Whether a tag is that of a version, with or without a `v`.
pub fn is_of(tag: Option<&str>, version: &str) -> bool {
    tag.is_some_and(|tag| tag.strip_prefix('v').unwrap_or(tag) == version)
}
