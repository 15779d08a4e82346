//! Objects that two Applications deploy, and those of an Application that is not there.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::doctor::application::{deploys, instance_name};
use crate::doctor::code::{SHARED_OBJECT, TRACKER_MISSING};
use crate::doctor::facts::Facts;
use crate::doctor::finding::{Finding, Harm};
use crate::object::{ObjectRef, items, str_at};

/// Objects that stand in more than one Application of one destination.
pub fn by_two(facts: &Facts) -> Vec<Finding> {
    let mut holders: BTreeMap<(&str, [&str; 4]), BTreeSet<String>> = BTreeMap::new();
    for application in facts.applications.iter().flatten() {
        let name = instance_name(application, &facts.namespace);
        for object in deploys(application).filter(|it| !it[3].is_empty()) {
            holders.entry((destination(application, facts), object)).or_default().insert(name.clone());
        }
    }
    let shared = holders.into_iter().filter(|(_, names)| names.len() > 1);
    shared
        .map(|((place, [group, kind, namespace, name]), names)| {
            let namespace = Some(namespace).filter(|it| !it.is_empty());
            let object = ObjectRef::new(&format!("{group}/"), kind, namespace, name);
            let names: Vec<String> = names.into_iter().collect();
            let place = if place.is_empty() { String::new() } else { format!(" on {place}") };
            let says = format!("the Applications {} deploy it{place}, each in its own way", names.join(" and "));
            Finding::new(SHARED_OBJECT, Harm::Trouble, &object, says).with_details(names)
        })
        .collect()
}

/// The cluster of an Application; the one of Argo CD has no name.
fn destination<'a>(application: &'a Value, facts: &Facts) -> &'a str {
    if facts.is_here(application) {
        return "";
    }
    match str_at(application, "/spec/destination/server") {
        "" => str_at(application, "/spec/destination/name"),
        server => server,
    }
}

/// Objects whose Application is gone, so that nobody heals or prunes them; or that the Argo CD of another cluster deploys here.
pub fn by_nobody(facts: &Facts) -> Vec<Finding> {
    if facts.applications.is_none() {
        return Vec::new();
    }
    let mut lost: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for live in &facts.objects {
        if let Some(tracker) = live.tracker.as_deref().filter(|it| !facts.names.contains(*it)) {
            lost.entry(tracker).or_default().push(live.object.to_string());
        }
    }
    lost.into_iter()
        .map(|(tracker, objects)| {
            let more = objects.len() - 1;
            let more = if more > 0 { format!(" and {more} more") } else { String::new() };
            let says = format!(
                "it says that the Application {tracker} has deployed it{more}; none of this cluster is called so, and one of \
                 another cluster's Argo CD may be"
            );
            Finding::new(TRACKER_MISSING, Harm::Note, &objects[0], says).with_details(objects)
        })
        .collect()
}

/// Whether an Application says that it deploys this object.
pub(super) fn is_deployed(facts: &Facts, object: &ObjectRef) -> bool {
    let wanted = [&object.group, &object.kind, object.namespace.as_deref().unwrap_or_default(), &object.name];
    let here = facts.applications.iter().flatten().filter(|it| facts.is_here(it));
    here.flat_map(|it| items(it, "/status/resources")).any(|it| {
        ["/group", "/kind", "/namespace", "/name"].iter().zip(wanted).all(|(field, wanted)| str_at(it, field) == wanted)
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::doctor::facts::Live;
    use crate::words::argo;

    fn application(name: &str, server: &str, object: &str) -> Value {
        json!({"metadata": {"name": name, "namespace": "argocd"}, "spec": {"destination": {"server": server}},
            "status": {"resources": [{"group": "", "kind": "ConfigMap", "namespace": "x", "name": object}]}})
    }

    #[test]
    fn one_object_of_two_applications_is_shared_on_one_cluster_only() {
        let here = argo::IN_CLUSTER;
        for (server, object, count) in [(here, "a", 1), (here, "b", 0), ("https://spoke", "a", 0)] {
            let applications = vec![application("one", here, "a"), application("two", server, object)];
            let facts = Facts { applications: Some(applications), ..Facts::default() };
            assert_eq!(by_two(&facts).len(), count, "{server} {object}");
        }
    }

    #[test]
    fn what_is_of_an_application_that_is_gone_is_told_once_for_each() {
        let of = |name: &str, tracker: &str| Live {
            tracker: Some(tracker.to_owned()),
            ..Live::of(ObjectRef::new("v1", "ConfigMap", Some("x"), name))
        };
        let mut facts = Facts {
            namespace: "argocd".to_owned(),
            applications: Some(vec![application("one", argo::IN_CLUSTER, "a")]),
            names: ["one", "x_one"].map(str::to_owned).into(),
            objects: vec![of("a", "one"), of("b", "gone"), of("c", "gone"), of("d", "x_one")],
            ..Facts::default()
        };
        let found = by_nobody(&facts);
        assert_eq!((found.len(), found[0].object.as_str(), found[0].details.len()), (1, "ConfigMap x/b", 2));
        assert_eq!(found[0].harm, Harm::Note, "it may be of another cluster");
        facts.applications = None;
        assert_eq!(by_nobody(&facts), []);
    }
}
