//! The metadata of objects: of the kinds that Applications deploy, and of all that is beside Argo CD.

use std::collections::BTreeSet;

use futures::StreamExt as _;
use serde_json::Value;

use super::live::live;
use super::look::Look;
use crate::doctor::code::{FOREIGN_FIELDS, HOOK_STUCK, LAST_APPLIED_HUGE, LEGACY_KINDS, ORPHANS, TRACKER_MISSING};
use crate::doctor::{Code, Facts, Live, deploys};
use crate::engine::Cluster;
use crate::guard::is_by_kubernetes;
use crate::object::{ObjectRef, items, str_at};
use crate::report::Outcome;

/// How many kinds are listed at a time.
const AT_ONCE: usize = 8;
/// A copy in an annotation that is shorter than this says nothing.
const LONG: usize = 100_000;
/// What is found in the metadata of objects.
const OF_OBJECTS: &[Code] = &[FOREIGN_FIELDS, LAST_APPLIED_HUGE, TRACKER_MISSING, HOOK_STUCK, LEGACY_KINDS, ORPHANS];

/// The metadata of all objects of the kinds that Applications deploy on this cluster, and of what is in Argo CD's namespace.
pub async fn objects(cluster: &Cluster, facts: &mut Facts, look: &mut Look) -> Outcome<()> {
    let mut kinds: BTreeSet<ObjectRef> = BTreeSet::new();
    let mut deployed: BTreeSet<[String; 4]> = BTreeSet::new();
    for application in facts.applications.iter().flatten().filter(|it| facts.is_here(it)) {
        deployed.extend(deploys(application).map(|it| it.map(str::to_owned)));
        for resource in items(application, "/status/resources") {
            let (group, version) = (str_at(resource, "/group"), str_at(resource, "/version"));
            let api_version = if group.is_empty() { version.to_owned() } else { format!("{group}/{version}") };
            let kind = ObjectRef::new(&api_version, str_at(resource, "/kind"), None, "");
            if !version.is_empty() && !kinds.iter().any(|it| it.is_kind_of(&kind)) {
                kinds.insert(kind);
            }
        }
    }
    let (_, namespaced, unseen) = cluster.kinds_in_sight().await?;
    for it in unseen {
        look.miss(it.group().to_owned(), it.to_string(), &[ORPHANS]);
    }
    let beside = namespaced.into_iter().filter(|it| !is_by_kubernetes(it) && !kinds.iter().any(|of| of.is_kind_of(it)));
    let beside: Vec<ObjectRef> =
        beside.map(|it| ObjectRef { namespace: Some(facts.namespace.clone()), ..it }).collect();

    let known = Known {
        deployed,
        deprecated: deprecated(facts),
        applications: facts.names.clone(),
        namespace: facts.namespace.clone(),
    };
    let known = &known;
    let mut there = Vec::new();
    for kind in kinds {
        match cluster.serves(&kind.api_version(), &kind.kind).await {
            Ok(true) => there.push(kind),
            Ok(false) => look.miss(called(&kind), "the cluster does not serve this kind", OF_OBJECTS),
            Err(fault) => drop(look.at::<()>(&called(&kind), OF_OBJECTS, Err(fault))?),
        }
    }
    let lists = there.into_iter().chain(beside).map(|kind| async move {
        let read = cluster.list_fields_with(&kind, |read| known.keep(&read)).await;
        (kind, read)
    });
    let lists: Vec<_> = futures::stream::iter(lists).buffered(AT_ONCE).collect().await;
    for (kind, read) in lists {
        let codes = if kind.namespace.is_some() { &[ORPHANS, LAST_APPLIED_HUGE] } else { OF_OBJECTS };
        facts.objects.extend(look.at(&called(&kind), codes, read)?.into_iter().flatten());
    }
    Ok(())
}

/// A kind with its group.
fn called(kind: &ObjectRef) -> String {
    if kind.group.is_empty() { kind.kind.clone() } else { format!("{}.{}", kind.kind, kind.group) }
}

/// The versions that definitions call deprecated, as `group/version`.
fn deprecated(facts: &Facts) -> BTreeSet<String> {
    let definitions = facts.definitions.iter().flatten();
    let versions = definitions.flat_map(|it| items(it, "/spec/versions").map(move |version| (it, version)));
    versions
        .filter(|(_, version)| version["deprecated"] == true)
        .map(|(definition, version)| format!("{}/{}", str_at(definition, "/spec/group"), str_at(version, "/name")))
        .collect()
}

/// What makes an object worth keeping: there may be very many that say nothing.
struct Known {
    deployed: BTreeSet<[String; 4]>,
    deprecated: BTreeSet<String>,
    applications: BTreeSet<String>,
    namespace: String,
}

impl Known {
    fn keep(&self, read: &Value) -> Option<Live> {
        let mut live = live(read, &self.deployed);
        live.written_in.retain(|it| self.deprecated.contains(it));
        let is_lost = live.tracker.as_ref().is_some_and(|it| !self.applications.contains(it));
        let says = is_lost
            || live.has_hook_finalizer
            || live.last_applied > LONG
            || !live.foreign.is_empty()
            || !live.written_in.is_empty()
            || live.object.namespace.as_ref() == Some(&self.namespace);
        says.then_some(live)
    }
}
