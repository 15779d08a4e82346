//! What a step names so that it may go.

use std::collections::{BTreeMap, BTreeSet};

use crate::object::ObjectRef;
use crate::words::argo;

/// Of more objects of one kind than these, all are named at once.
const ALL_AT_ONCE: usize = 10;

/// The names of `mayRemove`; a text may hold several, with commas between them.
#[derive(Debug, Clone, Default)]
pub struct Named(BTreeSet<String>);

impl Named {
    /// Reads them.
    #[must_use]
    pub fn of(may_remove: &[String]) -> Self {
        let names = may_remove.iter().flat_map(|it| it.split(',')).map(str::trim).filter(|it| !it.is_empty());
        Self(names.map(str::to_owned).collect())
    }

    /// Whether an object is named, alone or with all of its kind.
    #[must_use]
    pub fn covers(&self, object: &ObjectRef) -> bool {
        self.0.contains(&address(object)) || self.0.contains(&all_of(object))
    }

    /// Whether this is one of the names, whatever it is of.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.0.contains(name)
    }

    /// The `APIServices` among them: without a look at what is behind one.
    pub fn api_services(&self) -> impl Iterator<Item = String> {
        self.0.iter().filter_map(|it| it.strip_prefix("APIService.apiregistration.k8s.io/")).map(str::to_owned)
    }

    /// The names that none of these objects has.
    pub fn without_effect<'o>(&self, objects: impl Iterator<Item = &'o ObjectRef>) -> Vec<String> {
        let meant: BTreeSet<String> = objects.flat_map(|it| [address(it), all_of(it)]).collect();
        self.0.difference(&meant).cloned().collect()
    }

    /// How a step lets these objects go, too.
    pub fn remedy<'o>(&self, objects: impl Iterator<Item = &'o ObjectRef>) -> String {
        let names = self.with(objects);
        format!(
            "to let it go, name it in the step, `mayRemove: [{}]` (in a bundle: its parameter, `may-remove={}`)",
            names.join(", "),
            names.join(",")
        )
    }

    /// These names, and those of the objects.
    fn with<'o>(&self, objects: impl Iterator<Item = &'o ObjectRef>) -> Vec<String> {
        let mut of_kind: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for object in objects {
            of_kind.entry(all_of(object)).or_default().push(address(object));
        }
        let new = of_kind.into_iter().flat_map(|(all, each)| if each.len() > ALL_AT_ONCE { vec![all] } else { each });
        let mut names = self.0.clone();
        names.extend(new);
        names.into_iter().collect()
    }
}

/// How a step names an object: an Application by its name; anything else by its kind with the group, as kubectl takes it,
/// then namespace and name.
pub fn address(object: &ObjectRef) -> String {
    if (object.group.as_str(), object.kind.as_str()) == (argo::GROUP, argo::APPLICATION) {
        return object.name.clone();
    }
    let namespace = object.namespace.iter().map(String::as_str);
    [kind_of(object).as_str()].into_iter().chain(namespace).chain([object.name.as_str()]).collect::<Vec<_>>().join("/")
}

fn all_of(object: &ObjectRef) -> String {
    format!("{}/*", kind_of(object))
}

fn kind_of(object: &ObjectRef) -> String {
    let dot = if object.group.is_empty() { "" } else { "." };
    format!("{}{dot}{}", object.kind, object.group)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bucket(name: &str) -> ObjectRef {
        ObjectRef::new("s3.example.org/v1", "Bucket", None, name)
    }

    #[test]
    fn a_name_means_one_object_of_one_group() {
        let claim = ObjectRef::new("v1", "PersistentVolumeClaim", Some("shop"), "orders");
        let named = Named::of(&[
            "crossplane, Bucket.s3.example.org/a".to_owned(),
            "PersistentVolumeClaim/shop/orders".to_owned(),
        ]);
        assert!(named.covers(&argo::application("crossplane")) && named.covers(&bucket("a")) && named.covers(&claim));
        assert!(!named.covers(&bucket("b")));
        assert!(!named.covers(&ObjectRef::new("other.example.org/v1", "Bucket", None, "a")));
        assert!(Named::of(&["Bucket.s3.example.org/*".to_owned()]).covers(&bucket("b")));
        assert_eq!(named.without_effect([&bucket("a"), &claim].into_iter()), ["crossplane"]);
    }

    #[test]
    fn what_is_to_be_named_comes_with_what_is_named() {
        let named = Named::of(&["crossplane".to_owned()]);
        assert_eq!(named.with([&bucket("a")].into_iter()), ["Bucket.s3.example.org/a", "crossplane"]);
        let many: Vec<ObjectRef> = (0..11).map(|it| bucket(&it.to_string())).collect();
        assert_eq!(named.with(many.iter()), ["Bucket.s3.example.org/*", "crossplane"]);
    }
}
