//! Applications whose cluster Argo CD does not know.

use crate::doctor::application::is_here;
use crate::doctor::code::DEAD_CLUSTER;
use crate::doctor::facts::Facts;
use crate::doctor::finding::{Finding, Harm};
use crate::object::{ObjectRef, str_at};
use crate::words::argo;

/// Applications whose destination is no registered cluster.
pub fn dead(facts: &Facts) -> Vec<Finding> {
    let Some(secrets) = &facts.secrets else { return Vec::new() };
    let known: Vec<_> =
        secrets.iter().filter(|it| it.labels.get(argo::SECRET_TYPE).is_some_and(|it| it == argo::CLUSTER)).collect();
    let elsewhere = facts.applications.iter().flatten().filter(|it| !is_here(it));
    elsewhere
        .filter_map(|it| {
            let (server, name) = (str_at(it, "/spec/destination/server"), str_at(it, "/spec/destination/name"));
            let is_it = |address: &str, called: &str| {
                if server.is_empty() {
                    called == name
                } else {
                    address.trim_end_matches('/') == server.trim_end_matches('/')
                }
            };
            let is_known = known.iter().any(|it| is_it(&it.address, &it.called));
            let says = format!(
                "its cluster {name}{server} is not registered: nothing there is compared, and its deletion would hang"
            );
            (!is_known).then(|| Finding::new(DEAD_CLUSTER, Harm::Trouble, &ObjectRef::of(it), says))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde_json::json;

    use super::*;
    use crate::doctor::facts::SecretFacts;

    #[test]
    fn a_cluster_is_known_by_its_address_or_its_name() {
        let spoke = || SecretFacts {
            labels: BTreeMap::from([(argo::SECRET_TYPE.to_owned(), argo::CLUSTER.to_owned())]),
            address: "https://spoke:6443".to_owned(),
            called: "spoke".to_owned(),
            ..SecretFacts::default()
        };
        for (destination, secrets, count) in [
            (json!({"server": argo::IN_CLUSTER}), Some(vec![]), 0),
            (json!({"server": "https://spoke:6443/"}), Some(vec![spoke()]), 0),
            (json!({"name": "spoke"}), Some(vec![spoke()]), 0),
            (json!({"name": "gone"}), Some(vec![spoke()]), 1),
            (json!({"server": "https://gone"}), Some(vec![]), 1),
            (json!({"server": "https://gone"}), None, 0),
        ] {
            let application = json!({"metadata": {"name": "a"}, "spec": {"destination": destination}});
            let facts = Facts { applications: Some(vec![application]), secrets, ..Facts::default() };
            assert_eq!(dead(&facts).len(), count, "{destination}");
        }
    }
}
