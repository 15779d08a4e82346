//! The patches of a hub's Argo CD, held against the manifest in `assets/`.

use super::documents::{Content, GoodDocument};
use super::finding::Finding;
use super::rule::BROKEN_DOCUMENT;
use crate::document::{AssetForm, Lock, place_of_patch};
use crate::files::Bound;
use crate::render;
use crate::report::Diagnostic;
use crate::vendor::{ARGOCD_ASSET, AssetContent, asset_path};

/// The patches that an installation would refuse. Without the manifest nobody knows, and `vendor` is told elsewhere.
pub(super) fn unfit(good: &GoodDocument, lock: &Lock) -> Vec<Finding> {
    let Content::Hub(hub) = &good.content else { return Vec::new() };
    let patches = &hub.spec.argocd.patches;
    let Some(manifest) = manifest(good, lock).filter(|_| !patches.is_empty()) else { return Vec::new() };
    let wrong = |path: String, why, place| {
        Finding::new(BROKEN_DOCUMENT, Diagnostic::error(path, why).at(&good.text.source, place))
    };
    match render::hub::unfit_patches(&manifest, patches) {
        Ok(unfit) => unfit
            .into_iter()
            .map(|it| {
                let part = it.operation.map(|operation| format!("[{operation}]")).unwrap_or_default();
                let place = place_of_patch(&good.text, it.index, &part);
                wrong(format!("spec.argocd.patches[{}]", it.index), it.why, place)
            })
            .collect(),
        Err(failure) => {
            let path = "spec.argocd.patches";
            vec![wrong(path.to_owned(), failure.message, good.text.root.nearest(path).place)]
        }
    }
}

/// What is pinned, if it is there as it is pinned.
fn manifest(good: &GoodDocument, lock: &Lock) -> Option<Vec<u8>> {
    let asset = lock.assets.iter().find(|it| it.name == ARGOCD_ASSET && it.form == AssetForm::Manifest)?;
    let path = good.folder.join("assets").join(asset_path(asset));
    let content = AssetContent::read(&path, asset.form, Bound::of(asset)).ok()??;
    match content {
        content if content.digest() != asset.sha256 => None,
        AssetContent::Manifest(manifest) => Some(manifest),
        _ => None,
    }
}
