//! What a cluster has become, so that others can begin there: an installed hub in three seconds.
//!
//! A snapshot holds what differs from the cluster's first minute, but for what belongs to the machine it ran on: pods and
//! what leads to them, the node, leases, events. Controllers make these anew. So it can be put onto every cluster of the
//! testbed that is in its own first minute; the cluster's identity (the uid of `kube-system`) comes along, since a hub's
//! repository names it.
//!
//! Webhooks are left out, too: while their servers start they would refuse everything else. Their servers register them
//! again, which is waited for.

use std::collections::{BTreeMap, BTreeSet};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// Keys below `/registry/` that stay with the machine.
const OF_THE_MACHINE: [&str; 8] = [
    "/registry/pods/",
    "/registry/endpointslices/",
    "/registry/services/endpoints/",
    "/registry/minions/",
    "/registry/csinodes/",
    "/registry/leases/",
    "/registry/events/",
    "/registry/masterleases/",
];
const WEBHOOKS: [&str; 2] = ["/registry/validatingwebhookconfigurations/", "/registry/mutatingwebhookconfigurations/"];
/// Whose uid is the cluster's.
const IDENTITY: &str = "/registry/namespaces/kube-system";
/// What others wait for comes first: kinds before their objects, and what pods are made from last.
const ORDER: [&[&str]; 4] = [
    &["/registry/apiextensions.k8s.io/customresourcedefinitions/"],
    &["/registry/namespaces/"],
    &["/registry/"],
    &["/registry/deployments/", "/registry/statefulsets/", "/registry/replicasets/", "/registry/jobs/"],
];

/// A state of a cluster, as the difference to its first minute.
#[derive(Clone, Debug, Default)]
pub struct Snapshot {
    /// What is there, in the order in which it is to be written: keys and values as etcd's gateway has them, in base64.
    pub puts: Vec<Vec<(String, String)>>,
    /// What is there in the first minute and not any more.
    pub deletes: Vec<String>,
    /// The webhook configurations that are registered again.
    pub webhooks: BTreeSet<String>,
    /// The API groups that are served.
    pub groups: Vec<String>,
    /// The number of the cluster that it was taken from.
    pub cluster: usize,
}

impl Snapshot {
    /// Keeps what differs from the first minute. Keys and values are in base64.
    #[must_use]
    pub fn of(first: &BTreeMap<String, String>, now: &BTreeMap<String, String>) -> Self {
        let mut snapshot = Self { puts: vec![Vec::new(); ORDER.len()], ..Self::default() };
        for (key, value) in now {
            let path = plain(key);
            if WEBHOOKS.iter().any(|prefix| path.starts_with(prefix)) {
                snapshot.webhooks.insert(path);
            } else if path == IDENTITY || (first.get(key) != Some(value) && !is_of_the_machine(&path)) {
                snapshot.puts[rank(&path)].push((key.clone(), value.clone()));
            }
        }
        let gone = first.keys().filter(|key| !now.contains_key(*key) && !is_of_the_machine(&plain(key)));
        snapshot.deletes.extend(gone.cloned());
        snapshot
    }

    /// The same for another cluster, whose hub reads git as another user.
    #[must_use]
    pub fn with_user(mut self, from: &str, to: &str) -> Self {
        for (_, value) in self.puts.iter_mut().flatten() {
            if let Some(other) = STANDARD.decode(&*value).ok().and_then(|bytes| replace(&bytes, from, to)) {
                *value = STANDARD.encode(other);
            }
        }
        self
    }
}

/// A key of etcd's gateway as people write it.
#[must_use]
pub fn plain(key: &str) -> String {
    STANDARD.decode(key).map(|key| String::from_utf8_lossy(&key).into_owned()).unwrap_or_default()
}

fn is_of_the_machine(path: &str) -> bool {
    OF_THE_MACHINE.iter().any(|prefix| path.starts_with(prefix))
}

/// The place in [`ORDER`] with the longest prefix.
fn rank(path: &str) -> usize {
    let length = |prefixes: &[&str]| prefixes.iter().filter(|it| path.starts_with(**it)).map(|it| it.len()).max();
    (0..ORDER.len()).max_by_key(|rank| length(ORDER[*rank])).unwrap_or_default()
}

/// Bytes with all that is `from` replaced; nothing when it is not in them. Texts of one length, so that lengths which are
/// written before them (protobuf) stay right.
fn replace(bytes: &[u8], from: &str, to: &str) -> Option<Vec<u8>> {
    assert_eq!(from.len(), to.len(), "`{from}` and `{to}` have one length");
    let places: Vec<usize> =
        bytes.windows(from.len()).enumerate().filter(|(_, it)| *it == from.as_bytes()).map(|(at, _)| at).collect();
    let mut other = bytes.to_owned();
    for at in &places {
        other[*at..*at + to.len()].copy_from_slice(to.as_bytes());
    }
    (!places.is_empty()).then_some(other)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state(keys: &[(&str, &str)]) -> BTreeMap<String, String> {
        keys.iter().map(|(key, value)| (STANDARD.encode(key), STANDARD.encode(value))).collect()
    }

    #[test]
    fn what_differs_is_kept_but_for_what_is_of_the_machine() {
        let first = state(&[
            ("/registry/namespaces/kube-system", "uid"),
            ("/registry/configmaps/a", "same"),
            ("/registry/clusterroles/admin", "small"),
            ("/registry/roles/gone", "x"),
            ("/registry/pods/gone", "x"),
        ]);
        let now = state(&[
            ("/registry/namespaces/kube-system", "uid"),
            ("/registry/configmaps/a", "same"),
            ("/registry/clusterroles/admin", "aggregated"),
            ("/registry/deployments/argocd/server", "d"),
            ("/registry/pods/argocd/server-1", "p"),
            ("/registry/apiextensions.k8s.io/customresourcedefinitions/x", "crd"),
            ("/registry/validatingwebhookconfigurations/w", "w"),
            ("/registry/namespaces/argocd", "n"),
        ]);
        let snapshot = Snapshot::of(&first, &now);
        let puts: Vec<Vec<String>> =
            snapshot.puts.iter().map(|puts| puts.iter().map(|(key, _)| plain(key)).collect()).collect();
        assert_eq!(
            puts,
            [
                vec!["/registry/apiextensions.k8s.io/customresourcedefinitions/x"],
                vec!["/registry/namespaces/argocd", "/registry/namespaces/kube-system"],
                vec!["/registry/clusterroles/admin"],
                vec!["/registry/deployments/argocd/server"],
            ]
        );
        assert_eq!(snapshot.deletes.iter().map(|key| plain(key)).collect::<Vec<_>>(), ["/registry/roles/gone"]);
        assert_eq!(snapshot.webhooks, BTreeSet::from(["/registry/validatingwebhookconfigurations/w".to_owned()]));
    }

    #[test]
    fn another_user_of_one_length_takes_the_place_of_the_first() {
        let now = state(&[("/registry/secrets/s", "user: reader-1, again reader-1"), ("/registry/secrets/t", "else")]);
        let other = Snapshot::of(&BTreeMap::new(), &now).with_user("reader-1", "reader-2");
        let values: Vec<String> = other.puts.iter().flatten().map(|(_, value)| plain(value)).collect();
        assert_eq!(values, ["user: reader-2, again reader-2", "else"]);
    }
}
