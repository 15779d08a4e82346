//! The dependency lock file of a module, `.terraform.lock.hcl`, held against what a bundle pins.

use super::lock::Asset;
use super::module::{At, LockedProvider};

/// Where a module has it.
pub const DEPENDENCY_LOCK: &str = ".terraform.lock.hcl";

/// Where both name a provider and mean another one, with both values.
#[must_use]
pub fn disagreements(locked: &[LockedProvider], assets: &[Asset]) -> Vec<(At, String)> {
    let both = locked.iter().flat_map(|locked| {
        let of_it = |asset: &&Asset| locked.address.is_some() && asset.provider() == locked.address;
        assets.iter().filter(of_it).map(move |asset| (locked, asset))
    });
    both.filter_map(|(locked, asset)| Some((locked.at.clone(), disagreement(locked, asset)?))).collect()
}

fn disagreement(locked: &LockedProvider, asset: &Asset) -> Option<String> {
    let Asset { name, version, sha256, .. } = asset;
    if *version != locked.version {
        return Some(format!("{DEPENDENCY_LOCK} has version {} of `{name}`, lock.yaml pins {version}", locked.version));
    }
    // Without digests of archives OpenTofu compares what is in them, when it installs.
    let is_taken = locked.archives.is_empty() || locked.archives.contains(sha256);
    (!is_taken).then(|| {
        let archives: Vec<String> = locked.archives.iter().map(|it| it.replace("sha256:", "zh:")).collect();
        format!("lock.yaml pins `{name}` {version} by {sha256}, {DEPENDENCY_LOCK} takes {}", archives.join(", "))
    })
}
