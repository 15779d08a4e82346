//! What there is of the objects of a set, with few requests: one for all of a kind that say what they are part of.

use std::collections::BTreeMap;
use std::future::ready;

use futures::{StreamExt as _, TryStreamExt as _};
use serde_json::Value;

use super::cluster::Cluster;
use super::fault::{Fault, FaultKind};
use crate::object::ObjectRef;
use crate::words::argo;

/// Requests under way at once. To the API server's fairness a list is many requests, and an ordinary user has about 49.
const AT_ONCE: usize = 8;

/// Objects as they are in the cluster; `None` for one that is not there.
pub type Live = BTreeMap<ObjectRef, Option<Value>>;

/// An object as it was seen, or else as it is; `None` where it is not there.
pub async fn seen_or_read(seen: Option<&Live>, name: &ObjectRef, cluster: &Cluster) -> Result<Option<Value>, Fault> {
    match seen.and_then(|seen| seen.get(name)) {
        Some(live) => Ok(live.clone()),
        None => cluster.get(name).await,
    }
}

/// What is one request.
struct Look<'o> {
    /// The label that they have in common, where they are listed by it.
    label: Option<&'o str>,
    objects: Vec<ObjectRef>,
}

/// Reads these objects, as git or the set holds them: some whole, of the others the metadata with its `managedFields`.
///
/// Those of a kind that are part of the same are listed, in their namespace alone. What has lost the label is not in the list and is
/// read by its name, so that what is said not to be there is not there; and so is all of it where the user may not list.
pub async fn live<'o>(
    cluster: &Cluster,
    objects: impl IntoIterator<Item = &'o Value>,
    is_whole: impl Fn(&ObjectRef) -> bool,
) -> Result<Live, Fault> {
    let is_whole = &is_whole;
    let part_of =
        |object: &'o Value| object.pointer("/metadata/labels").and_then(|it| it.get(argo::PART_OF.0)?.as_str());
    let named = objects.into_iter().map(|object| (ObjectRef::of(object), part_of(object)));
    let read = looks(named).into_iter().map(|look| async move {
        let is_whole = look.objects.iter().any(is_whole);
        look.read(cluster, is_whole).await
    });
    let read: Vec<Live> = futures::stream::iter(read).buffer_unordered(AT_ONCE).try_collect().await?;
    Ok(read.into_iter().flatten().collect())
}

/// The metadata of these objects, with its `managedFields`, and what came of the look at each. Each is given with what it is part of,
/// where that is known. For a look that may find some of them closed to the user.
pub async fn metadata_of<'o>(
    cluster: &Cluster,
    objects: impl IntoIterator<Item = (ObjectRef, Option<&'o str>)>,
) -> Vec<(ObjectRef, Result<Option<Value>, Fault>)> {
    let looks = looks(objects);
    let lists = looks.iter().map(|look| look.list(cluster, false));
    // What a list does not show, for whatever reason, is asked for by its name.
    let mut found: BTreeMap<ObjectRef, Value> =
        futures::stream::iter(lists).buffered(AT_ONCE).filter_map(|it| ready(it.ok())).concat().await;
    let read = looks.into_iter().flat_map(|it| it.objects).map(|name| {
        let found = found.remove(&name);
        async move {
            let it = if found.is_some() { Ok(found) } else { cluster.metadata(&name).await };
            (name, it)
        }
    });
    futures::stream::iter(read).buffered(AT_ONCE).collect().await
}

/// The requests that show these objects, each given with what it is part of.
fn looks<'o>(objects: impl IntoIterator<Item = (ObjectRef, Option<&'o str>)>) -> Vec<Look<'o>> {
    type Place = (String, String, Option<String>);
    let mut by_label: BTreeMap<(Place, &str), Vec<ObjectRef>> = BTreeMap::new();
    let mut looks = Vec::new();
    for (name, label) in objects {
        match label {
            Some(label) => {
                let place = (name.group.clone(), name.kind.clone(), name.namespace.clone());
                by_label.entry((place, label)).or_default().push(name);
            }
            None => looks.push(Look { label: None, objects: vec![name] }),
        }
    }
    looks.extend(by_label.into_iter().map(|((_, label), objects)| {
        let label = Some(label).filter(|_| objects.len() > 1);
        Look { label, objects }
    }));
    looks
}

impl Look<'_> {
    async fn read(self, cluster: &Cluster, is_whole: bool) -> Result<Live, Fault> {
        let mut found = self.list(cluster, is_whole).await?;
        let mut live = Live::new();
        for name in self.objects {
            let it = match found.remove(&name) {
                Some(it) => Some(it),
                None if is_whole => cluster.get(&name).await?,
                None => cluster.metadata(&name).await?,
            };
            live.insert(name, it);
        }
        Ok(live)
    }

    /// What a list shows of them, and perhaps of others; nothing where they are not listed, or may not be.
    async fn list(&self, cluster: &Cluster, is_whole: bool) -> Result<BTreeMap<ObjectRef, Value>, Fault> {
        let (Some(label), Some(kind)) = (self.label, self.objects.first()) else { return Ok(BTreeMap::new()) };
        match cluster.list_labelled(kind, (argo::PART_OF.0, label), is_whole).await {
            Err(fault) if fault.kind == FaultKind::Forbidden => Ok(BTreeMap::new()),
            listed => Ok(listed?.into_iter().map(|it| (ObjectRef::of(&it), it)).collect()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn objects_of_a_kind_that_are_part_of_the_same_are_one_request() {
        let object = |kind: &str, namespace: &str, name: &str| ObjectRef::new("v1", kind, Some(namespace), name);
        let set = [
            (object("ConfigMap", "a", "one"), Some("argocd")),
            (object("ConfigMap", "a", "two"), Some("argocd")),
            (object("ConfigMap", "b", "elsewhere"), Some("argocd")),
            (object("ConfigMap", "a", "of-another"), Some("shop")),
            (object("ConfigMap", "a", "of-none"), None),
            (object("Secret", "a", "one"), Some("argocd")),
        ];
        let names = |it: &Look<'_>| it.objects.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
        let mut told: Vec<String> = looks(set).iter().map(|it| format!("{:?} {}", it.label, names(it))).collect();
        told.sort();
        assert_eq!(
            told,
            [
                "None ConfigMap a/of-another",
                "None ConfigMap a/of-none",
                "None ConfigMap b/elsewhere",
                "None Secret a/one",
                "Some(\"argocd\") ConfigMap a/one, ConfigMap a/two",
            ]
        );
    }
}
