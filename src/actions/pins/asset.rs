//! A download that the lock pins, in another version: fetched, verified, and written into the lock and the documents that name it.

use std::path::PathBuf;

use super::derived::{addressed, derived, required};
use super::folder::{Folder, LOCK, locked_chart};
use super::found::{images_of, is_of};
use super::plan::{NOT_LOOKED_AT, Plan};
use super::ways::Ways;
use crate::document::{Asset, AssetForm, Subchart};
use crate::input;
use crate::report::{Failure, Outcome};
use crate::schema::ImageReference;
use crate::vendor::fetch::{Fetched, Origin, cached};
use crate::vendor::{ARGOCD_ASSET, asset_path};
use crate::yaml::{self, Document, Node};

/// Pins a download of the lock, on all its platforms, in a version.
pub async fn pin(folder: &Folder, name: &str, version: &str, ways: &Ways, plan: &mut Plan) -> Outcome<()> {
    let mut before = None;
    for (file, asset, node) in folder.assets().filter(|(_, asset, _)| asset.name == name) {
        let mut wanted = derived(asset, version)?;
        wanted.charts = subcharts(&wanted, ways).await?;
        let (found, origin) = ways.fetch(&wanted).await?;
        let wanted = as_found(wanted, &found);
        demand_the_same(asset, &wanted, ways)?;
        write_asset(&file.document, node, &wanted, plan)?;
        tell(asset, &wanted, &found, &origin, plan);
        before = Some(addressed(asset));
    }
    if let Some(before) = before {
        follow(folder, name, &before, version, ways, plan).await?;
    }
    Ok(())
}

/// The asset with what the download tells.
pub fn as_found(asset: Asset, found: &Fetched) -> Asset {
    let download = found.download.clone().filter(|_| asset.form == AssetForm::Chart);
    Asset { sha256: found.content.digest(), size: Some(found.content.size()), download, ..asset }
}

/// Other content under the same version is somebody's mistake, or worse.
pub fn demand_the_same(before: &Asset, now: &Asset, ways: &Ways) -> Outcome<()> {
    if before.version != now.version || before.sha256 == now.sha256 || ways.repin {
        return Ok(());
    }
    let Asset { name, version, .. } = now;
    Err(Failure::refused(format!(
        "upstream has other content of {name} {version} than lock.yaml pins; nothing was changed"
    ))
    .details([format!("pinned:   {}", before.sha256), format!("upstream: {}", now.sha256)])
    .hint("where only the version was written by hand, add `--repin`; else somebody has moved what is published"))
}

/// The subcharts that come by modules of their own, in the versions that the new module needs.
async fn subcharts(asset: &Asset, ways: &Ways) -> Outcome<Vec<Subchart>> {
    let mut charts = asset.charts.clone();
    let Some(module) = asset.module.as_ref().filter(|_| charts.iter().any(|it| it.module.is_some())) else {
        return Ok(charts);
    };
    let root = root_of(&module.module, ways).await?;
    let go_mod = input::text_of(&root.join("go.mod"))
        .map_err(|error| Failure::failed(format!("failed to read go.mod of {}: {error}", module.module)))?;
    for (chart, own) in charts.iter_mut().filter_map(|it| Some((it.name.clone(), it.module.as_mut()?))) {
        let (path, _) = own.parts();
        let version = required(&go_mod, path).ok_or_else(|| {
            Failure::failed(format!(
                "{} does not say which {path} it needs, which carries its chart `{chart}`",
                module.module
            ))
            .hint("write the `module` of that chart in lock.yaml yourself")
        })?;
        own.module = format!("{path}@{version}");
    }
    Ok(charts)
}

async fn root_of(module: &str, ways: &Ways) -> Outcome<PathBuf> {
    let is_there = |folder: &&PathBuf| folder.join("go.mod").is_file();
    let folders: Vec<PathBuf> = ways.folders.iter().map(|folder| cached(folder, module)).collect();
    match folders.iter().find(is_there) {
        Some(folder) => Ok(folder.clone()),
        None => Ok(ways.go().module(module, Ways::deadline()).await?.folder),
    }
}

/// Writes an asset over the item that it has in the lock.
pub fn write_asset(lock: &Document, node: &Node, asset: &Asset, plan: &mut Plan) -> Outcome<()> {
    let file = LOCK;
    let is_other = |key: &str, value: &str| node.get(key).and_then(Node::text) != Some(value);
    // The archive of other content is another one: what is not known of it is not told.
    if asset.download.is_none() && (is_other("version", &asset.version) || is_other("sha256", &asset.sha256)) {
        lock.remove_key(node, "download")?.into_iter().for_each(|change| plan.change(file, change));
    }
    let mut set = |node: &Node, key: &str, value: &str| -> Outcome<()> {
        let is_there = node.get(key).is_some_and(|it| it.written(&lock.source).trim_matches(['"', '\'']) == value);
        if !is_there {
            plan.change(file, lock.set_key(node, key, value)?);
        }
        Ok(())
    };
    set(node, "version", &asset.version)?;
    set(node, "sha256", &asset.sha256)?;
    if let Some(size) = asset.size {
        set(node, "size", &size.to_string())?;
    }
    for (key, value) in [("url", &asset.url), ("repository", &asset.repository)] {
        value.as_deref().map_or(Ok(()), |value| set(node, key, value))?;
    }
    if let Some(download) = &asset.download {
        match node.get("download") {
            Some(at) => {
                set(at, "sha256", &download.sha256)?;
                set(at, "size", &download.size.to_string())?;
            }
            None => set(node, "download", &format!("{{sha256: {}, size: {}}}", download.sha256, download.size))?,
        }
    }
    if let (Some(module), Some(at)) = (&asset.module, node.get("module")) {
        set(at, "module", &module.module)?;
    }
    let charts = node.get("charts").map(Node::items).unwrap_or_default();
    for (chart, at) in asset.charts.iter().zip(charts) {
        if let (Some(module), Some(at)) = (&chart.module, at.get("module")) {
            set(at, "module", &module.module)?;
        }
    }
    Ok(())
}

/// A new item of the lock, as its lines.
pub fn lines_of(asset: &Asset) -> Vec<String> {
    yaml::print(asset).lines().map(str::to_owned).collect()
}

/// Says what is pinned, and by which digests people can check it.
pub fn tell(before: &Asset, now: &Asset, found: &Fetched, origin: &Origin, plan: &mut Plan) {
    let on = now.platform.as_deref().map(|it| format!(" for {it}")).unwrap_or_default();
    let step = if before.version == now.version { String::new() } else { format!("{} -> ", before.version) };
    plan.tell("pin", format!("{}{on} {step}{}, from {origin}", now.name, now.version));
    digests(now, found, plan);
}

/// Both digests: that of the lock, and those by which upstream and others know the same.
pub fn digests(asset: &Asset, found: &Fetched, plan: &mut Plan) {
    let what = if asset.form == AssetForm::Chart {
        "of the list of its files, as lock.yaml pins it".to_owned()
    } else {
        let published = asset.url.as_deref().and_then(|url| url.rsplit('/').next().map(str::to_owned));
        let file = published.unwrap_or_else(|| asset_path(asset));
        format!("of {file} itself, as lock.yaml pins it and `sha256sum` tells it")
    };
    plan.tell("digest", format!("{} {what}", asset.sha256));
    if let Some(download) =
        asset.download.as_ref().or(found.download.as_ref()).filter(|_| asset.form == AssetForm::Chart)
    {
        plan.tell("digest", format!("{} of its archive, as upstream publishes it", download.sha256));
    }
    match found.known_by.as_deref() {
        Some(sum) if sum.starts_with("h1:") => {
            plan.tell("digest", format!("{sum} of the module, as go.sum and the checksum database have it"));
        }
        Some(digest) => plan.tell("digest", format!("{digest} of its manifest in the registry")),
        None => {}
    }
}

/// Has the documents name the new version: Argo CD's own, and the images of the chart that have the old one for a tag.
async fn follow(folder: &Folder, name: &str, before: &str, now: &str, ways: &Ways, plan: &mut Plan) -> Outcome<()> {
    for file in folder.documents() {
        let document = &file.document;
        let argocd = document.root.get("spec").and_then(|it| it.get("argocd")).and_then(|it| it.get("version"));
        if let Some(node) = argocd.filter(|it| name == ARGOCD_ASSET && it.text() != Some(now)) {
            plan.change(&file.name, document.set(node, now)?);
        }
        for part in file.parts() {
            if locked_chart(part) != Some(name) {
                continue;
            }
            for (node, image) in images_of(part) {
                let tag = image.tag.as_deref().unwrap_or_default();
                if is_of(Some(tag), now) {
                    continue;
                }
                if !is_of(Some(tag), before) {
                    plan.tell(
                        "not moved",
                        format!("{image} ({}): look whether {name} {now} wants another one", file.at(node)),
                    );
                    continue;
                }
                let old = node.text().unwrap_or_default();
                let moved = format!("{}{now}", if tag.starts_with('v') { "v" } else { "" });
                let untagged = old.split('@').next().and_then(|it| it.strip_suffix(tag)).unwrap_or_default();
                let mut text = format!("{untagged}{moved}");
                if image.digest.is_some() {
                    let asked = ImageReference { tag: Some(moved), digest: None, ..image };
                    text = format!("{text}@{}", ways.registry().manifest(&asked).await?.digest);
                } else {
                    plan.tell(NOT_LOOKED_AT, format!("whether there is an image {text} ({})", file.at(node)));
                }
                plan.change(&file.name, document.set(node, &text)?);
            }
        }
    }
    Ok(())
}
