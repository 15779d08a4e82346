//! Versions of Argo CD's parts, against each other and against Kubernetes.

use std::collections::BTreeMap;

use semver::Version;

use crate::doctor::code::VERSION_GAP;
use crate::doctor::facts::Facts;
use crate::doctor::finding::{Finding, Harm};
use crate::doctor::itself::{version, version_of, workloads};
use crate::object::{ObjectRef, name};

/// The first version whose definitions can be applied server-side over what was applied otherwise (argo-cd #26279).
const FIRST: Version = Version::new(3, 3, 2);
/// The minor versions of Kubernetes 1 that a minor version of Argo CD 3 is tested with, from and to
/// (argo-cd `docs/operator-manual/tested-kubernetes-versions.md`).
const TESTED: &[(u64, u64, u64)] = &[(4, 32, 35), (5, 33, 36), (6, 34, 37)];

/// Parts of different versions, a version that is too old, and a Kubernetes that nobody has tried it with.
pub fn gap(facts: &Facts) -> Vec<Finding> {
    let Some(oldest) = version(facts) else { return Vec::new() };
    let about = ObjectRef::new("v1", "Namespace", None, &facts.namespace);
    let mut found = Vec::new();
    let mut parts: BTreeMap<Version, Vec<&str>> = BTreeMap::new();
    for part in workloads(facts) {
        if let Some(version) = version_of(part) {
            parts.entry(version).or_default().push(name(part));
        }
    }
    if parts.len() > 1 {
        let named = parts.iter().map(|(version, names)| format!("{version}: {}", names.join(", "))).collect();
        let versions: Vec<String> = parts.keys().map(ToString::to_string).collect();
        let says = format!("the parts of Argo CD are of the versions {}", versions.join(" and "));
        found.push(Finding::new(VERSION_GAP, Harm::Trouble, &about, says).with_details(named));
    }
    if oldest < FIRST {
        let says = format!("Argo CD {oldest} is older than {FIRST}, the first one that can apply itself server-side");
        found.push(Finding::new(VERSION_GAP, Harm::Trouble, &about, says));
    }
    let tested = TESTED.iter().find(|(minor, ..)| oldest.major == 3 && oldest.minor == *minor);
    if let (Some((_, from, to)), Some(minor)) = (tested, minor(&facts.kubernetes))
        && !(*from..=*to).contains(&minor)
    {
        let says =
            format!("Argo CD {oldest} is tested with Kubernetes 1.{from} to 1.{to}, and this is {}", facts.kubernetes);
        found.push(Finding::new(VERSION_GAP, Harm::Note, &about, says));
    }
    found
}

/// The minor version of a Kubernetes 1: `v1.37.2`, `v1.33.4+k3s1`.
fn minor(kubernetes: &str) -> Option<u64> {
    kubernetes.strip_prefix("v1.")?.split('.').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn part(name: &str, version: &str) -> Value {
        let image = format!("quay.io/x/argocd:{version}");
        json!({"metadata": {"name": name}, "spec": {"template": {"spec": {"containers": [{"image": image}]}}}})
    }

    #[test]
    fn versions_agree_with_each_other_and_with_kubernetes() {
        for (parts, kubernetes, harms) in [
            (vec![part("a", "v3.6.1"), part("b", "v3.6.1")], "v1.37.2", vec![]),
            (vec![part("a", "v3.6.1"), part("b", "v3.6.0")], "v1.37.2", vec![Harm::Trouble]),
            (vec![part("a", "v3.3.1")], "v1.30.0", vec![Harm::Trouble]),
            (vec![part("a", "v3.6.1")], "v1.33.4+k3s1", vec![Harm::Note]),
            (vec![part("a", "v3.9.0")], "v1.50.0", vec![]),
            (vec![], "v1.37.2", vec![]),
        ] {
            let facts = Facts { workloads: Some(parts), kubernetes: kubernetes.to_owned(), ..Facts::default() };
            assert_eq!(gap(&facts).iter().map(|it| it.harm).collect::<Vec<_>>(), harms, "{facts:?}");
        }
    }
}
