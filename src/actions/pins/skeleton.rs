//! What the bundles of the project pin: downloads that are known by their names, for a lock that has none of them yet.

use super::asset::{as_found, digests, lines_of};
use super::derived::derived;
use super::folder::LOCK;
use super::plan::Plan;
use super::ways::Ways;
use crate::document::{Asset, AssetForm, read_lock};
use crate::report::{Failure, Outcome};

/// The locks, each of which begins with what is in no other.
const LOCKS: [&str; 5] = [
    include_str!("../../../bundles/hubs/existing/lock.yaml"),
    include_str!("../../../bundles/hubs/kind/lock.yaml"),
    include_str!("../../../bundles/hubs/openstack/lock.yaml"),
    include_str!("../../../bundles/beads/kyverno/lock.yaml"),
    include_str!("../../../bundles/beads/cert-manager/lock.yaml"),
];

/// The downloads of a name, one for each platform; none where no bundle has any.
pub fn assets(name: &str) -> Vec<Asset> {
    let locks = LOCKS.iter().filter_map(|text| read_lock(LOCK, text).ok());
    let mut of_locks = locks.map(|lock| lock.assets.into_iter().filter(|it| it.name == name).collect::<Vec<_>>());
    of_locks.find(|assets| !assets.is_empty()).unwrap_or_default()
}

/// Adds them to the lock, in a version.
pub async fn pin(known: Vec<Asset>, version: &str, ways: &Ways, plan: &mut Plan) -> Outcome<()> {
    for asset in known {
        let wanted = derived(&asset, version)?;
        if wanted.charts.iter().any(|it| it.module.is_some()) && wanted.version != asset.version {
            return Err(Failure::usage(format!(
                "{} brings charts of other modules, and lock.yaml has no entry to go on from",
                asset.name
            ))
            .hint(format!("pin {}@{} first, and then {version}", asset.name, asset.version)));
        }
        let (found, origin) = ways.fetch(&wanted).await?;
        let wanted = as_found(wanted, &found);
        plan.tell("pin", format!("{} {version}, from {origin}", wanted.name));
        digests(&wanted, &found, plan);
        plan.add_to_lock(lines_of(&wanted));
        if wanted.form == AssetForm::Chart {
            plan.tell("unused", format!("a document takes it by `chart: {{locked: {}}}`", wanted.name));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_bundles_pin_is_known_by_its_name() {
        for name in ["argocd", "crossplane", "kind", "tofu", "kyverno", "cert-manager"] {
            assert!(assets(name).iter().all(|it| it.name == name) && !assets(name).is_empty(), "{name}");
        }
        assert!(assets("other").is_empty());
    }
}
