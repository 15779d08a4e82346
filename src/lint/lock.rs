//! `lock.yaml` beside a document: it has to pin what the document names, and what is in `assets/`.

use std::path::Path;

use super::bundle::{Bundle, StepAt};
use super::cluster::runs;
use super::documents::{Content, GoodDocument, NamedDocument};
use super::finding::Finding;
use super::locks::{FILE, GoodLock, Locks};
use super::patches;
use super::rule::{MISSING_FILE, OUTDATED_LOCK, UNUSED_PIN};
use crate::bundle::MANIFEST_FILE;
use crate::document::{Asset, AssetForm, Chart, Lock};
use crate::files::Bound;
use crate::report::Diagnostic;
use crate::schema::closest;
use crate::vendor::{ARGOCD_ASSET, AssetContent, asset_path, to_pin};
use crate::yaml::Document;

/// A document, and where it is named.
type Named<'a> = (&'a NamedDocument<'a>, &'a GoodDocument);

/// The lock beside the documents of one folder of the bundle: what is wrong with it, and where it does not fit them or the assets.
pub(super) fn beside(bundle: &Bundle<'_>, locks: &Locks, named: &[Named<'_>], all_are_known: bool) -> Vec<Finding> {
    // A bead without downloads may do without a lock.
    let needs_lock = |(_, good): &&Named<'_>| good.needs_lock() || good.folder.join(FILE).exists();
    let Some((first, good)) = named.iter().find(needs_lock) else { return Vec::new() };
    let lock = match locks.beside(&first.file, &first.path(), &first.at, first.missing()) {
        Ok(lock) => lock,
        Err(mistakes) => return mistakes,
    };
    let mut findings = Vec::new();
    for (document, good) in named {
        let location = Some(document.at.location());
        let all = not_pinned(good, lock).into_iter().chain(patches::unfit(good, &lock.lock));
        findings.extend(all.map(|it| Finding { location: location.clone(), ..it }));
    }
    for (index, asset) in lock.lock.assets.iter().enumerate() {
        findings.extend(other_content(asset, index, &good.folder, lock));
        let is_run = runs(bundle, asset) && good.folder.components().eq(bundle.folder.components());
        let is_used = is_run || named.iter().any(|(_, good)| uses(good, asset));
        findings.extend((all_are_known && !is_used).then(|| unused(asset, index, lock)));
    }
    findings
}

/// The lock of the bundle itself, for what a step runs.
pub(super) fn of_bundle<'l>(locks: &'l Locks, at: &StepAt<'_>) -> Result<&'l GoodLock, Vec<Finding>> {
    locks.beside(MANIFEST_FILE, "cluster", at, MISSING_FILE)
}

/// The same without a document beside it: what is there and not as it is pinned, and what no step runs.
pub(super) fn of_assets(bundle: &Bundle<'_>, lock: &GoodLock) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (index, asset) in lock.lock.assets.iter().enumerate() {
        findings.extend(other_content(asset, index, bundle.folder, lock));
        findings.extend((!runs(bundle, asset)).then(|| unused(asset, index, lock)));
    }
    findings
}

/// What the document names, and the lock pins not or otherwise.
fn not_pinned(good: &GoodDocument, lock: &GoodLock) -> Vec<Finding> {
    let mut findings = Vec::new();
    if let Content::Hub(hub) = &good.content {
        let wanted = &hub.spec.argocd.version;
        match find(&lock.lock, ARGOCD_ASSET, AssetForm::Manifest) {
            Some(pinned) if pinned.version == *wanted => {
                let wanted = hub.spec.argocd.variant;
                if pinned.variant != wanted {
                    let message = format!("the variant of Argo CD is `{wanted}`, but {FILE} pins `{}`", pinned.variant);
                    findings.push(in_text(&good.text, "spec.argocd.variant", message).hint(wanted.how_to_pin()));
                }
            }
            Some(pinned) => {
                let message = format!("the version of Argo CD is `{wanted}`, but {FILE} pins `{}`", pinned.version);
                findings.push(in_text(&good.text, "spec.argocd.version", message));
            }
            None => {
                let message = format!("{FILE} pins no manifest `{ARGOCD_ASSET}`, which Argo CD is made from");
                findings.push(in_text(&good.text, "spec.argocd", message));
            }
        }
    }
    let charts: Vec<&str> = of_form(&lock.lock, AssetForm::Chart).map(|asset| asset.name.as_str()).collect();
    for (path, name) in good.locked_charts().into_iter().filter(|(_, name)| !charts.contains(name)) {
        let finding = in_text(&good.text, &path, format!("{FILE} pins no chart `{name}`"));
        findings.push(match closest(name, &charts) {
            Some(best) => finding.hint(format!("did you mean `{best}`?")),
            None => finding.hint("pin it with its digest, and run `backstack vendor`"),
        });
    }
    findings
}

impl GoodDocument {
    /// The charts that the document takes from the lock, each with its path.
    fn locked_charts(&self) -> Vec<(String, &str)> {
        let charts: Vec<(String, &Chart)> = match &self.content {
            Content::Hub(hub) => {
                let components = hub.spec.components.iter().enumerate();
                components.map(|(index, it)| (format!("spec.components[{index}].chart.locked"), &it.chart)).collect()
            }
            Content::Bead(bead) => {
                let all = bead.applications();
                all.filter_map(|(at, it)| Some((format!("{at}.chart.locked"), it.chart.as_ref()?))).collect()
            }
        };
        charts.into_iter().filter_map(|(path, chart)| Some((path, chart.locked.as_deref()?))).collect()
    }

    fn needs_lock(&self) -> bool {
        matches!(self.content, Content::Hub(_)) || !self.locked_charts().is_empty()
    }
}

/// An asset that is there and is not what the lock pins.
fn other_content(asset: &Asset, index: usize, folder: &Path, lock: &GoodLock) -> Option<Finding> {
    let path = folder.join("assets").join(asset_path(asset));
    let instead = "run `backstack vendor`, or pin what is there".to_owned();
    let (field, message, hint) = match AssetContent::read(&path, asset.form, Bound::of(asset)) {
        Ok(content) => {
            let content = content?;
            let (digest, size, at) = (content.digest(), content.size(), asset_path(asset));
            if digest != asset.sha256 {
                ("sha256", format!("the digest of assets/{at} is `{digest}`, not the one that is pinned"), instead)
            } else if asset.size.is_some_and(|pinned| pinned != size) {
                ("size", format!("the size of assets/{at} is `{size}`, not the one that is pinned"), instead)
            } else if let Some(told) = content.another_version(asset) {
                (
                    "version",
                    format!("assets/{at} is of version {told}, as `sha256` pins it, not of `{}`", asset.version),
                    to_pin(asset),
                )
            } else if let Some(told) = content.another_name(asset) {
                ("name", format!("assets/{at} is the chart `{told}`, as `sha256` pins it"), instead)
            } else {
                let told = content.another_variant(asset)?;
                let message =
                    format!("assets/{at} is of variant {told}, as `sha256` pins it, not of `{}`", asset.variant);
                ("variant", message, told.how_to_say().to_owned())
            }
        }
        Err(failure) => ("sha256", failure.message, instead),
    };
    let finding = in_text(&lock.text, &format!("assets[{index}].{field}"), message);
    Some(finding.hint(hint))
}

fn uses(good: &GoodDocument, asset: &Asset) -> bool {
    match asset.form {
        AssetForm::Manifest => asset.name == ARGOCD_ASSET && matches!(good.content, Content::Hub(_)),
        AssetForm::Chart => good.locked_charts().iter().any(|(_, name)| *name == asset.name),
        AssetForm::Program | AssetForm::Provider => false,
    }
}

fn unused(asset: &Asset, index: usize, lock: &GoodLock) -> Finding {
    let path = format!("assets[{index}].name");
    let place = lock.text.root.nearest(&path).place;
    let user = if asset.form.is_run() { "step" } else { "document" };
    let message = format!("no {user} of the bundle uses the pin `{}`", asset.name);
    Finding::new(UNUSED_PIN, Diagnostic::error(path, message).at(&lock.text.source, place)).hint("remove it")
}

fn in_text(text: &Document, path: &str, message: String) -> Finding {
    let place = text.root.nearest(path).place;
    let hint = "pin the version that is named, with its digest, and run `backstack vendor`";
    Finding::new(OUTDATED_LOCK, Diagnostic::error(path, message).at(&text.source, place)).hint(hint)
}

fn find<'a>(lock: &'a Lock, name: &str, form: AssetForm) -> Option<&'a Asset> {
    of_form(lock, form).find(|asset| asset.name == name)
}

fn of_form(lock: &Lock, form: AssetForm) -> impl Iterator<Item = &Asset> {
    lock.assets.iter().filter(move |asset| asset.form == form)
}
