//! What Crossplane's own program makes beside its chart and leaves when that goes. Argo CD knows nothing of it.

use std::collections::BTreeMap;

use crate::engine::{Cluster, Fault};
use crate::object::{ObjectRef, str_at};
use crate::words::crossplane::ENDING;

pub use crate::words::crossplane::PROGRAM;

/// The groups of its own kinds. Those of its providers and XRDs belong to packages, which take them along.
const GROUPS: [&str; 4] = ["apiextensions", "ops", "pkg", "protection"];

/// The definitions of its own kinds that are on the cluster, in a line with the way to remove them; nothing where there is none.
pub async fn definitions(cluster: &Cluster) -> Result<Option<String>, Fault> {
    let all = cluster.list_metadata(&ObjectRef::crd("")).await?;
    Ok(line(all.iter().map(|it| str_at(it, "/metadata/name"))))
}

fn line<'n>(definitions: impl Iterator<Item = &'n str>) -> Option<String> {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for group in definitions.filter_map(own_group) {
        *counts.entry(group).or_default() += 1;
    }
    if counts.is_empty() {
        return None;
    }
    let count: usize = counts.values().sum();
    let of_each: Vec<String> = counts.iter().map(|(group, count)| format!("{count} of {group}{ENDING}")).collect();
    let groups = counts.into_keys().collect::<Vec<_>>().join("|");
    Some(format!(
        "{count} CRDs of Crossplane ({}): its program has made them, not its chart, and with a CRD goes all that is of its kind; \
         where nobody on this cluster needs Crossplane: kubectl get crd -o name | grep -E '\\.({groups})\\.crossplane\\.io$' | \
         xargs kubectl delete",
        of_each.join(", ")
    ))
}

/// `pkg` of `providers.pkg.crossplane.io`.
fn own_group(definition: &str) -> Option<&'static str> {
    let (_, group) = definition.split_once('.')?;
    GROUPS.into_iter().find(|it| group.strip_suffix(ENDING) == Some(*it))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn its_own_definitions_are_counted_and_those_of_others_are_not() {
        let all = [
            "providers.pkg.crossplane.io",
            "locks.pkg.crossplane.io",
            "usages.protection.crossplane.io",
            "releases.helm.crossplane.io",
            "pkg.crossplane.io",
            "things.apiextensions.crossplane.io.example.org",
        ];
        let told = line(all.into_iter()).expect("some are its own");
        assert!(
            told.starts_with("3 CRDs of Crossplane (2 of pkg.crossplane.io, 1 of protection.crossplane.io): "),
            "{told}"
        );
        assert!(told.contains(r"grep -E '\.(pkg|protection)\.crossplane\.io$'"), "{told}");
        assert_eq!(line(["things.example.org"].into_iter()), None);
    }
}
