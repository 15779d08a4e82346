//! Where a pinned download can be had: a folder, the Go tool, a web server.
//!
//! Nothing here is trusted: what comes back counts only by its digest.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

use serde_json::Value;

use super::assets::{AssetContent, asset_path};
use super::login::Login;
use super::program::Program;
use super::subcharts::whole;
use crate::process::on_path;
use crate::report::{Failure, Outcome};
use crate::spec::{Asset, AssetForm, ModulePath, Subchart};

/// A place to look.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// A folder laid out as `assets/`, or as a Go module cache.
    Folder(PathBuf),
    /// The Go tool, which knows its own proxies and checksums.
    Module(ModulePath),
    /// A web server.
    Web(String),
}

/// The places to look for an asset, the nearest first. With a mirror, the asset's own address is not asked: it is
/// `<mirror>/<host>/<path>` there.
#[must_use]
pub fn origins(asset: &Asset, folders: &[PathBuf], mirror: Option<&str>) -> Vec<Origin> {
    let mut all: Vec<Origin> = folders.iter().cloned().map(Origin::Folder).collect();
    let module = asset.module.clone().filter(|_| on_path("go")).map(Origin::Module);
    let web = asset.url.as_deref().map(|url| Origin::Web(mirrored(url, mirror)));
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
            Self::Module(module) => write!(f, "Go module {}", module.module),
            Self::Web(url) => f.write_str(url),
        }
    }
}

impl Origin {
    /// Fetches the asset, whatever its digest; `None` when the place does not have it. `scratch` is a folder for
    /// files on the way.
    pub async fn fetch(
        &self,
        asset: &Asset,
        login: &Login,
        scratch: &Path,
        deadline: Instant,
    ) -> Outcome<Option<AssetContent>> {
        match self {
            Self::Folder(folder) => from_folder(folder, asset),
            Self::Module(module) => from_modules(module, asset, scratch, deadline).await,
            Self::Web(url) => from_web(url, login, asset.form, scratch, deadline).await,
        }
    }
}

fn from_folder(folder: &Path, asset: &Asset) -> Outcome<Option<AssetContent>> {
    if let Some(found) = AssetContent::read(&folder.join(asset_path(asset)), asset.form)? {
        return Ok(Some(found));
    }
    let Some(module) = &asset.module else { return Ok(None) };
    let place = |module: &ModulePath| folder.join(escaped(&module.module)).join(&module.path);
    let subcharts: Vec<Option<PathBuf>> = asset.charts.iter().map(|it| it.module.as_ref().map(place)).collect();
    unpacked(asset, &place(module), &subcharts)
}

async fn from_modules(
    module: &ModulePath,
    asset: &Asset,
    scratch: &Path,
    deadline: Instant,
) -> Outcome<Option<AssetContent>> {
    let place = go_module(module, scratch, deadline).await?.join(&module.path);
    let mut subcharts = Vec::new();
    for subchart in &asset.charts {
        subcharts.push(match &subchart.module {
            Some(module) => Some(go_module(module, scratch, deadline).await?.join(&module.path)),
            None => None,
        });
    }
    unpacked(asset, &place, &subcharts)
}

/// What is in the folders of modules.
fn unpacked(asset: &Asset, place: &Path, subcharts: &[Option<PathBuf>]) -> Outcome<Option<AssetContent>> {
    let Some(content) = AssetContent::read(place, asset.form)? else { return Ok(None) };
    let mut found = Vec::new();
    for (Subchart { name, .. }, place) in asset.charts.iter().zip(subcharts) {
        let content = match place {
            Some(place) => match AssetContent::read(place, AssetForm::Chart)? {
                Some(content) => Some(content),
                None => return Ok(None),
            },
            None => None,
        };
        found.push((name.as_str(), content));
    }
    whole(content, found).map(Some)
}

/// The folder of a module as the Go tool unpacked it.
async fn go_module(module: &ModulePath, scratch: &Path, deadline: Instant) -> Outcome<PathBuf> {
    // A module may ask for a newer Go than the installed one, though only its files are wanted: the tool gets that
    // too, from where it gets the module.
    let go = Program::new("go")
        .args(["mod", "download", "-json", module.module.as_str()])
        .dir(scratch)
        .inherit(|variable| variable.starts_with("GO") || variable == "HOME" || variable == "NETRC")
        .env("GOTOOLCHAIN", "auto");
    let ended = go.run(deadline).await?;
    let answer: Value = serde_json::from_slice(&ended.stdout).unwrap_or_default();
    match answer["Dir"].as_str() {
        Some(dir) if ended.status.success() => Ok(PathBuf::from(dir)),
        _ => {
            let reason = answer["Error"].as_str().unwrap_or(ended.stderr.trim()).to_owned();
            Err(Failure::failed(format!("the Go tool does not get {}", module.module)).details(reason.lines()))
        }
    }
}

async fn from_web(
    url: &str,
    login: &Login,
    form: AssetForm,
    scratch: &Path,
    deadline: Instant,
) -> Outcome<Option<AssetContent>> {
    if !["https://", "http://"].iter().any(|scheme| url.starts_with(scheme)) {
        return Err(Failure::usage(format!("{url} is not an http address")));
    }
    let file = scratch.join("download");
    let curl = Program::new("curl")
        .args(["--fail", "--silent", "--show-error", "--location", "--proto", "=https,http"])
        .args(["--connect-timeout", "15", "--output"])
        .args([&file]);
    let curl = login.give_to(curl).args(["--", url]);
    let ended = curl.run(deadline).await?;
    if !ended.status.success() {
        return Err(Failure::failed(format!("failed to download {url}")).details(ended.stderr.lines()));
    }
    if form == AssetForm::Manifest {
        return AssetContent::read(&file, form);
    }
    let chart = scratch.join("chart");
    fs::create_dir_all(&chart).map_err(|error| {
        Failure::failed(format!("failed to make the folder {}: {error}", chart.display()))
            .hint("it is for a download on its way; TMPDIR names a folder with more room")
    })?;
    // A chart's archive has one folder, named after the chart.
    let tar = Program::new("tar").args(["-xzf"]).args([&file]).args(["--no-same-owner", "--strip-components=1", "-C"]);
    let ended = tar.args([&chart]).run(deadline).await?;
    if !ended.status.success() {
        return Err(Failure::failed(format!("{url} is not a chart's archive")).details(ended.stderr.lines()));
    }
    AssetContent::read(&chart, form)
}

fn mirrored(url: &str, mirror: Option<&str>) -> String {
    let path = url.split_once("://").map_or(url, |(_, path)| path);
    mirror.map_or_else(|| url.to_owned(), |mirror| format!("{}/{path}", mirror.trim_end_matches('/')))
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
    fn a_mirror_is_asked_by_the_whole_address() {
        let mirror = Some("https://mirror.example.org/raw/");
        assert_eq!(
            mirrored("https://a.example.org/x.yaml", mirror),
            "https://mirror.example.org/raw/a.example.org/x.yaml"
        );
        assert_eq!(mirrored("https://a.example.org/x.yaml", None), "https://a.example.org/x.yaml");
    }

    #[test]
    fn module_paths_are_escaped_as_go_does() {
        assert_eq!(escaped("example.org/BigCo/Thing@v1.0.0"), "example.org/!big!co/!thing@v1.0.0");
    }
}
