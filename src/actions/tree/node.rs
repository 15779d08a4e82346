//! How Applications hang together: which brings which, each shown once. Pure.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::Serialize;

use super::seen::{Seen, Tracked};
use crate::actions::application_name::{Key, chosen};
use crate::object::ObjectRef;
use crate::report::Outcome;
use crate::words::argo;

/// An object in the tree, with what it brings.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Node {
    /// Its API group; empty for the core group.
    pub group: String,
    /// Its kind.
    pub kind: String,
    /// Its namespace; nothing where it is in none.
    pub namespace: Option<String>,
    /// Its name.
    pub name: String,
    /// `Synced`, `OutOfSync` or `Unknown`, as Argo CD says it.
    pub sync: Option<String>,
    /// As Argo CD says it; of most objects it keeps that for itself.
    pub health: Option<String>,
    /// Of an Application, the commit or the version that it was compared with.
    pub revision: Option<String>,
    /// What is wrong with it. Of an object whose Application is healthy nothing is.
    pub message: Option<String>,
    /// Of an Application, the cluster that it deploys to, where that is another one.
    pub cluster: Option<String>,
    /// What it brings.
    pub children: Vec<Self>,
}

/// Applications on their way into a tree.
struct Forest<'s> {
    all: &'s BTreeMap<Key, Seen>,
    shown: BTreeSet<Key>,
}

/// The trees of these Applications: root's, then those that nothing else brings. With a name, what is below that one alone.
pub fn trees(all: Vec<Seen>, top: Option<&str>) -> Outcome<Vec<Node>> {
    let all: BTreeMap<Key, Seen> = all.into_iter().map(|it| (key(&it.object), it)).collect();
    let mut forest = Forest { all: &all, shown: BTreeSet::new() };
    if let Some(top) = top {
        let key = chosen(top, all.keys())?;
        return Ok(forest.plant(key).into_iter().collect());
    }
    let brought = brought(&all);
    let root = (argo::NAMESPACE.to_owned(), argo::ROOT.to_owned());
    let first = all.keys().filter(|it| **it == root);
    let free = all.keys().filter(|it| !brought.contains(*it));
    // Those that bring each other in a circle hang on nothing.
    let order: Vec<&Key> = first.chain(free).chain(all.keys()).collect();
    Ok(order.into_iter().filter_map(|it| forest.plant(it)).collect())
}

/// The Applications that others bring.
fn brought(all: &BTreeMap<Key, Seen>) -> BTreeSet<Key> {
    let of = |(its, seen): (&Key, &Seen)| {
        let below: Vec<Key> =
            seen.objects.iter().flat_map(|it| below(all, &it.object)).filter(|it| it != its).collect();
        below
    };
    all.iter().flat_map(of).collect()
}

/// The Applications that an object is, or makes.
fn below(all: &BTreeMap<Key, Seen>, object: &ObjectRef) -> Vec<Key> {
    if object.group != argo::GROUP {
        return Vec::new();
    }
    match object.kind.as_str() {
        argo::APPLICATION => Some(key(object)).filter(|it| all.contains_key(it)).into_iter().collect(),
        argo::APPLICATION_SET => {
            let (namespace, set) = key(object);
            let is_made = |(it, seen): &(&Key, &Seen)| it.0 == namespace && seen.made_by.as_ref() == Some(&set);
            all.iter().filter(is_made).map(|(it, _)| it.clone()).collect()
        }
        _ => Vec::new(),
    }
}

fn key(object: &ObjectRef) -> Key {
    (object.namespace.clone().unwrap_or_default(), object.name.clone())
}

impl Forest<'_> {
    /// The tree of an Application that is not shown yet.
    fn plant(&mut self, key: &Key) -> Option<Node> {
        let seen = self.all.get(key)?;
        if !self.shown.insert(key.clone()) {
            return None;
        }
        let mut node = Node {
            health: Some(seen.health.clone()),
            revision: Some(seen.revision.clone()).filter(|it| !it.is_empty()),
            message: seen.trouble.clone(),
            cluster: seen.elsewhere.clone(),
            ..Node::of(&seen.object, &seen.sync)
        };
        let others = seen.objects.iter().filter(|it| it.object != seen.object);
        node.children = others.filter_map(|it| self.child(it)).collect();
        Some(node)
    }

    /// What an Application tracks: one that is shown already is not shown again.
    fn child(&mut self, tracked: &Tracked) -> Option<Node> {
        let below = below(self.all, &tracked.object);
        let mut node = Node {
            health: tracked.health.clone(),
            message: tracked.trouble.clone(),
            ..Node::of(&tracked.object, &tracked.sync)
        };
        if node.is_application() {
            if let [it] = &below[..] {
                return self.plant(it);
            }
            node.message.get_or_insert_with(|| "it is not on the cluster".to_owned());
        }
        node.children = below.iter().filter_map(|it| self.plant(it)).collect();
        Some(node)
    }
}

impl Node {
    fn of(object: &ObjectRef, sync: &str) -> Self {
        Self {
            group: object.group.clone(),
            kind: object.kind.clone(),
            namespace: object.namespace.clone(),
            name: object.name.clone(),
            sync: Some(sync.to_owned()).filter(|it| !it.is_empty()),
            health: None,
            revision: None,
            message: None,
            cluster: None,
            children: Vec::new(),
        }
    }

    /// Whether it is an Application.
    pub fn is_application(&self) -> bool {
        self.group == argo::GROUP && self.kind == argo::APPLICATION
    }

    /// Itself, and all that is below it.
    pub fn all(&self) -> Box<dyn Iterator<Item = &Self> + '_> {
        Box::new(std::iter::once(self).chain(self.children.iter().flat_map(Self::all)))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    /// An Application that tracks these objects, each a kind and a name.
    fn seen(name: &str, objects: &[(&str, &str)]) -> Seen {
        made(name, None, objects)
    }

    fn made(name: &str, set: Option<&str>, objects: &[(&str, &str)]) -> Seen {
        let told = |(kind, name): &(&str, &str)| {
            let group = if kind.starts_with("Application") { argo::GROUP } else { "" };
            json!({"group": group, "version": "v1", "kind": kind, "namespace": argo::NAMESPACE, "name": name, "status": "Synced"})
        };
        let owner = set.map(|set| json!({"kind": argo::APPLICATION_SET, "name": set}));
        Seen::of(json!({"apiVersion": "argoproj.io/v1", "kind": argo::APPLICATION,
            "metadata": {"name": name, "namespace": argo::NAMESPACE, "ownerReferences": owner.into_iter().collect::<Vec<Value>>()},
            "status": {"resources": objects.iter().map(told).collect::<Vec<Value>>()}}))
    }

    /// The names, each tree in brackets behind its top.
    fn shape(nodes: &[Node]) -> String {
        let of = |it: &Node| {
            if it.children.is_empty() { it.name.clone() } else { format!("{}[{}]", it.name, shape(&it.children)) }
        };
        nodes.iter().map(of).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn each_application_is_shown_once_below_what_brings_it() {
        let all = || {
            vec![
                seen(
                    "root",
                    &[
                        ("Application", "root"),
                        ("Application", "argocd"),
                        ("Application", "bead-a"),
                        ("Application", "gone"),
                    ],
                ),
                seen("argocd", &[("ConfigMap", "argocd-cm")]),
                seen("bead-a", &[("Application", "bead-a-application"), ("ApplicationSet", "spokes")]),
                seen("bead-a-application", &[("Secret", "s")]),
                made("on-east", Some("spokes"), &[]),
                made("of-people", Some("their-set"), &[]),
                seen("one", &[("Application", "two")]),
                seen("two", &[("Application", "one"), ("Application", "argocd")]),
                seen("another", &[("Application", "argocd")]),
            ]
        };
        let whole = trees(all(), None).expect("trees");
        assert_eq!(
            shape(&whole),
            "root[argocd[argocd-cm] bead-a[bead-a-application[s] spokes[on-east]] gone] another of-people one[two]"
        );
        assert_eq!(shape(&trees(all(), Some("bead-a")).expect("one")), "bead-a[bead-a-application[s] spokes[on-east]]");
        assert_eq!(shape(&trees(all(), Some("a")).expect("one")), "bead-a[bead-a-application[s] spokes[on-east]]");
        assert_eq!(shape(&trees(all(), Some("argocd/two")).expect("one")), "two[one argocd[argocd-cm]]");
        assert!(trees(all(), Some("nobody")).is_err());
    }
}
