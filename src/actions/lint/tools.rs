//! The programs and providers that the steps of a bundle run: `lock.yaml` beside `porter.yaml` has to pin them.

use super::bundle::Bundle;
use crate::spec::{Asset, AssetForm};

/// Whether a step of the bundle runs what is pinned.
pub(super) fn runs(bundle: &Bundle<'_>, asset: &Asset) -> bool {
    let has = |pointer: &str| bundle.steps().iter().any(|at| at.at(pointer).is_some());
    match asset.form {
        AssetForm::Program if asset.name == "tofu" => has("/cluster/opentofu"),
        AssetForm::Program if asset.name == "kind" => has("/cluster/kind"),
        AssetForm::Provider => has("/cluster/opentofu"),
        _ => false,
    }
}
