//! Where a pinned download can be had: a folder, the Go tool, a web server.
//!
//! Nothing here is trusted: what comes back counts only by its digest.

use std::path::{Path, PathBuf};
use std::time::Instant;

use serde_json::Value;

use super::archive::unpack;
use super::assets::{AssetContent, asset_path, mirror_path};
use super::bound::Bound;
use super::download::download;
use super::login::Login;
use super::subcharts::whole;
use crate::process::Program;
use crate::process::on_path;
use crate::report::{Failure, Outcome};
use crate::spec::{Asset, AssetForm, Download, ModulePath, Subchart};

/// What the Go tool may know of our environment: where modules come from, who vouches for them, where they are kept, and how the
/// user logs in. Nothing that runs a program or builds, such as `GOFLAGS`.
const GO: [&str; 16] = [
    "HOME",
    "NETRC",
    "XDG_CACHE_HOME",
    "XDG_CONFIG_HOME",
    "GOAUTH",
    "GOCACHE",
    "GOENV",
    "GOINSECURE",
    "GOMODCACHE",
    "GONOPROXY",
    "GONOSUMDB",
    "GOPATH",
    "GOPRIVATE",
    "GOPROXY",
    "GOSUMDB",
    "GOVCS",
];

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

/// What a place has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fetched {
    /// The asset, whatever its digest.
    pub content: AssetContent,
    /// What was downloaded for it; nothing from a folder or by the Go tool.
    pub download: Option<Download>,
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
    /// files on the way, in which a program stays.
    pub async fn fetch(
        &self,
        asset: &Asset,
        login: &Login,
        scratch: &Path,
        deadline: Instant,
    ) -> Outcome<Option<Fetched>> {
        let content = match self {
            Self::Folder(folder) => from_folder(folder, asset)?,
            Self::Module(module) => from_modules(module, asset, scratch, deadline).await?,
            Self::Web(url) => return from_web(url, login, asset, scratch, deadline).await,
        };
        Ok(content.map(|content| Fetched { content, download: None }))
    }
}

fn from_folder(folder: &Path, asset: &Asset) -> Outcome<Option<AssetContent>> {
    for place in places(asset) {
        if let Some(found) = AssetContent::read(&folder.join(place), asset.form, Bound::of(asset))? {
            return Ok(Some(found));
        }
    }
    let Some(module) = &asset.module else { return Ok(None) };
    let place = |module: &ModulePath| folder.join(escaped(&module.module)).join(&module.path);
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

/// The folder of a module as the Go tool unpacked it.
async fn go_module(module: &ModulePath, scratch: &Path, deadline: Instant) -> Outcome<PathBuf> {
    let go = Program::new("go")
        .args(["mod", "download", "-json", module.module.as_str()])
        .dir(scratch)
        .on_network()
        .with_agent() // modules of people's own are often had by git over ssh
        .inherit(|variable| GO.contains(&variable))
        // Only files are wanted of a module: no other Go, which a module can ask for, is fetched and run for them.
        .env("GOTOOLCHAIN", "local")
        // Whatever is set by `go env -w`.
        .env("GOFLAGS", "-mod=mod");
    let ended = go.run(deadline).await?;
    let answer: Value = serde_json::from_slice(&ended.stdout).unwrap_or_default();
    if let Some(dir) = answer["Dir"].as_str().filter(|_| ended.status.success()) {
        return Ok(PathBuf::from(dir));
    }
    let reason = answer["Error"].as_str().unwrap_or(ended.stderr.trim()).to_owned();
    let wants_newer = reason.contains(" requires go >= ");
    match answer["Zip"].as_str().and_then(unpacked_from).filter(|dir| wants_newer && dir.is_dir()) {
        Some(dir) => Ok(dir),
        None => Err(Failure::failed(format!("the Go tool does not get {}", module.module)).details(reason.lines())),
    }
}

/// Where the Go tool has unpacked an archive of its cache: `cache/download/<module>/@v/<version>.zip` in it becomes
/// `<module>@<version>` (Go modules reference, "Module cache"). It does so, with all checks, also for a module that wants a
/// newer Go, and only then says that it cannot build that.
fn unpacked_from(zip: &str) -> Option<PathBuf> {
    let (cache, module) = zip.rsplit_once("/cache/download/")?;
    let (module, version) = module.strip_suffix(".zip")?.split_once("/@v/")?;
    Some(PathBuf::from(format!("{cache}/{module}@{version}")))
}

async fn from_web(
    url: &str,
    login: &Login,
    asset: &Asset,
    scratch: &Path,
    deadline: Instant,
) -> Outcome<Option<Fetched>> {
    let file = scratch.join("download");
    let download = download(url, login, &file, Bound::of_download(asset), deadline).await?;
    if let Some(pinned) = asset.download.as_ref().filter(|pinned| **pinned != download) {
        return Err(Failure::failed(format!(
            "{url} gives {} bytes with digest {}; lock.yaml pins {} with {}",
            download.size, download.sha256, pinned.size, pinned.sha256
        )));
    }
    let content = match asset.form {
        AssetForm::Manifest => AssetContent::read(&file, asset.form, Bound::of(asset))?,
        AssetForm::Program | AssetForm::Provider => Some(AssetContent::File(file, download.clone())),
        AssetForm::Chart => Some(AssetContent::Chart(unpack(&file, url, Bound::of(asset))?)),
    };
    Ok(content.map(|content| Fetched { content, download: Some(download) }))
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
    fn what_is_unpacked_is_beside_the_cache_of_downloads() {
        let zip = "/go/mod/cache/download/example.org/!big/m/v2/@v/v2.0.1.zip";
        assert_eq!(unpacked_from(zip), Some(PathBuf::from("/go/mod/example.org/!big/m/v2@v2.0.1")));
        assert_eq!(unpacked_from("/elsewhere/v2.0.1.zip"), None);
    }

    #[test]
    fn module_paths_are_escaped_as_go_does() {
        assert_eq!(escaped("example.org/BigCo/Thing@v1.0.0"), "example.org/!big!co/!thing@v1.0.0");
    }
}
