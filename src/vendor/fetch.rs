//! Where a pinned download can be had: a folder, the Go tool, a web server.
//!
//! Nothing here is trusted: what comes back counts only by its digest.

use std::path::{Path, PathBuf};
use std::time::Instant;

use super::archive::unpack;
use super::assets::{AssetContent, asset_path, mirror_path};
use super::download::download;
use super::go_tool::{Go, GoModule};
use super::login::Login;
use super::mirror::mirrored;
use super::registry::Registry;
use super::subcharts::whole;
use super::web::By;
use crate::document::{Asset, AssetForm, Download, ModulePath, Subchart};
use crate::files::Bound;
use crate::process::on_path;
use crate::report::{Failure, Outcome};
use crate::schema::ImageReference;

/// How the address of a chart in a registry begins.
pub const OCI: &str = "oci://";
/// The archive of a chart among the layers of its manifest.
const CHART_LAYER: &str = "application/vnd.cncf.helm.chart.content.v1.tar+gzip";

/// A place to look.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// A folder laid out as `assets/`, or as a Go module cache.
    Folder(PathBuf),
    /// The Go tool, which knows its own proxies and checksums.
    Module {
        /// The module.
        module: ModulePath,
        /// The address of the mirror, which is asked before those proxies.
        mirror: Option<String>,
    },
    /// A web server.
    Web(String),
    /// An OCI registry, or a mirror of all of them.
    Registry {
        /// The reference of a chart, without its scheme.
        chart: String,
        /// The address of the mirror.
        mirror: Option<String>,
    },
}

/// What a place has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fetched {
    /// The asset, whatever its digest.
    pub content: AssetContent,
    /// What was downloaded for it; nothing from a folder or by the Go tool.
    pub download: Option<Download>,
    /// By what others can check where it comes from: the digest of a Go module in checksum databases, that of a manifest in a registry.
    pub known_by: Option<String>,
}

/// The places to look for an asset, the nearest first. With a mirror, the asset's own address is not asked: it is
/// `<mirror>/<host>/<path>` there.
#[must_use]
pub fn origins(asset: &Asset, folders: &[PathBuf], mirror: Option<&str>) -> Vec<Origin> {
    let mut all: Vec<Origin> = folders.iter().cloned().map(Origin::Folder).collect();
    let module = asset.module.clone().filter(|_| on_path("go"));
    let module = module.map(|module| Origin::Module { module, mirror: mirror.map(str::to_owned) });
    let web = asset.url.as_deref().map(|url| match url.strip_prefix(OCI) {
        Some(chart) => Origin::Registry { chart: chart.to_owned(), mirror: mirror.map(str::to_owned) },
        None => Origin::Web(mirrored(url, mirror)),
    });
    // Who names a mirror wants it asked before the world.
    if mirror.is_some() {
        all.extend(web.into_iter().chain(module));
    } else {
        all.extend(module.into_iter().chain(web));
    }
    all
}

impl std::fmt::Display for Origin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Folder(path) => write!(f, "{}", path.display()),
            Self::Module { module, .. } => write!(f, "Go module {}", module.module),
            Self::Web(url) => f.write_str(url),
            Self::Registry { chart, mirror: None } => write!(f, "{OCI}{chart}"),
            Self::Registry { chart, mirror: Some(mirror) } => write!(f, "{OCI}{chart} by {mirror}"),
        }
    }
}

impl Origin {
    /// Fetches the asset, whatever its digest; `None` when the place does not have it. `scratch` is a folder for
    /// files on the way, in which a program stays.
    pub async fn fetch(
        &self,
        asset: &Asset,
        login: &Login,
        scratch: &Path,
        deadline: Instant,
    ) -> Outcome<Option<Fetched>> {
        match self {
            Self::Folder(folder) => {
                let found = from_folder(folder, asset)?;
                Ok(found.map(|content| Fetched { content, download: None, known_by: None }))
            }
            Self::Module { module, mirror } => {
                from_modules(module, asset, Go { mirror: mirror.as_deref(), login, scratch }, deadline).await
            }
            Self::Web(url) => {
                let file = scratch.join("download");
                let download = download(url, By::Login(login), &file, Bound::of_download(asset), deadline).await?;
                downloaded(asset, url, &file, download)
            }
            Self::Registry { chart, mirror } => {
                let registry = Registry { mirror: mirror.as_deref(), login, scratch, deadline };
                from_registry(chart, registry, asset).await
            }
        }
    }
}

fn from_folder(folder: &Path, asset: &Asset) -> Outcome<Option<AssetContent>> {
    for place in places(asset) {
        if let Some(found) = AssetContent::read(&folder.join(place), asset.form, Bound::of(asset))? {
            return Ok(Some(found));
        }
    }
    let Some(module) = &asset.module else { return Ok(None) };
    let place = |module: &ModulePath| cached(folder, &module.module).join(&module.path);
    let subcharts: Vec<Option<PathBuf>> = asset.charts.iter().map(|it| it.module.as_ref().map(place)).collect();
    unpacked(asset, &place(module), &subcharts)
}

/// Where a folder may have an asset: as `assets/` has it, a provider as a filesystem mirror, and what is run under the name that
/// it is published by.
fn places(asset: &Asset) -> Vec<String> {
    let mut places = vec![asset_path(asset)];
    if asset.form == AssetForm::Provider {
        places.push(mirror_path(asset));
    }
    let published = asset.url.as_deref().and_then(|url| url.rsplit('/').next());
    places.extend(published.filter(|name| asset.form.is_run() && !["", ".", ".."].contains(name)).map(str::to_owned));
    places
}

async fn from_modules(module: &ModulePath, asset: &Asset, go: Go<'_>, deadline: Instant) -> Outcome<Option<Fetched>> {
    let GoModule { folder, sum } = go.module(&module.module, deadline).await?;
    let mut subcharts = Vec::new();
    for subchart in &asset.charts {
        subcharts.push(match &subchart.module {
            Some(module) => Some(go.module(&module.module, deadline).await?.folder.join(&module.path)),
            None => None,
        });
    }
    let content = unpacked(asset, &folder.join(&module.path), &subcharts)?;
    Ok(content.map(|content| Fetched { content, download: None, known_by: sum }))
}

/// What is in the folders of modules.
fn unpacked(asset: &Asset, place: &Path, subcharts: &[Option<PathBuf>]) -> Outcome<Option<AssetContent>> {
    let Some(content) = AssetContent::read(place, asset.form, Bound::default())? else { return Ok(None) };
    let mut found = Vec::new();
    for (Subchart { name, .. }, place) in asset.charts.iter().zip(subcharts) {
        let content = match place {
            Some(place) => match AssetContent::read(place, AssetForm::Chart, Bound::default())? {
                Some(content) => Some(content),
                None => return Ok(None),
            },
            None => None,
        };
        found.push((name.as_str(), content));
    }
    whole(content, found).map(Some)
}

/// The archive of a chart from a registry: the one layer of its kind (Helm, "OCI registries").
async fn from_registry(chart: &str, registry: Registry<'_>, asset: &Asset) -> Outcome<Option<Fetched>> {
    let reference = ImageReference::parse(chart).filter(|_| asset.form == AssetForm::Chart);
    let reference = reference
        .ok_or_else(|| Failure::usage(format!("{OCI}{chart} is not the address of a chart with its version")))?;
    let manifest = registry.manifest(&reference).await?;
    let layer = manifest.layers().find(|layer| layer["mediaType"] == CHART_LAYER);
    let Some(digest) = layer.and_then(|it| it["digest"].as_str()) else {
        return Err(Failure::failed(format!("{OCI}{chart} is not a chart")));
    };
    let file = registry.scratch.join("download");
    let download = registry.blob(&reference, digest, &file, Bound::of_download(asset)).await?;
    let found = downloaded(asset, &format!("{OCI}{chart}"), &file, download)?;
    Ok(found.map(|it| Fetched { known_by: Some(manifest.digest), ..it }))
}

/// What a download is, which is as the lock pins it where it does.
fn downloaded(asset: &Asset, url: &str, file: &Path, download: Download) -> Outcome<Option<Fetched>> {
    if let Some(pinned) = asset.download.as_ref().filter(|pinned| **pinned != download) {
        return Err(Failure::failed(format!(
            "{url} gives {} bytes with digest {}; lock.yaml pins {} with {}",
            download.size, download.sha256, pinned.size, pinned.sha256
        )));
    }
    let content = match asset.form {
        AssetForm::Manifest => AssetContent::read(file, asset.form, Bound::of(asset))?,
        AssetForm::Program | AssetForm::Provider => Some(AssetContent::File(file.to_owned(), download.clone())),
        AssetForm::Chart => Some(AssetContent::Chart(unpack(file, url, Bound::of(asset))?)),
    };
    Ok(content.map(|content| Fetched { content, download: Some(download), known_by: None }))
}

/// Where a folder that is laid out as a Go module cache has a module, which is given with its version.
#[must_use]
pub fn cached(folder: &Path, module: &str) -> PathBuf {
    folder.join(escaped(module))
}

/// A module's folder in the module cache: capitals as `!` and the small letter (Go modules reference, "Module
/// cache").
fn escaped(module: &str) -> String {
    module.chars().fold(String::new(), |mut path, c| {
        if c.is_ascii_uppercase() {
            path.push('!');
        }
        path.push(c.to_ascii_lowercase());
        path
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn module_paths_are_escaped_as_go_does() {
        assert_eq!(escaped("example.org/BigCo/Thing@v1.0.0"), "example.org/!big!co/!thing@v1.0.0");
    }
}
