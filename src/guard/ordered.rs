//! What the claims repository of a hub orders, as the Application says that syncs it.

use crate::argo;
use crate::argocd::application::short;
use crate::argocd::{Application, Applications};
use crate::object::{ObjectRef, str_at};

/// What is ordered.
pub(super) struct Ordered {
    /// The objects that git holds, whether they are there or not.
    pub objects: Vec<ObjectRef>,
    /// Where.
    source: String,
}

impl Ordered {
    /// What the Application of the claims syncs; nothing where a hub has none.
    pub fn of(applications: &Applications) -> Self {
        let is_it =
            |it: &Application| it.name() == argo::CLAIMS && str_at(&it.0, "/metadata/namespace") == argo::NAMESPACE;
        let Some(claims) = applications.iter().find(is_it) else {
            return Self { objects: Vec::new(), source: String::new() };
        };
        let commit = claims.compared_revisions().first().map(|it| format!(" at {}", short(it))).unwrap_or_default();
        let source = format!("{}{commit}", str_at(&claims.0, "/spec/source/repoURL"));
        Self { objects: claims.in_git().collect(), source }
    }

    /// Where this object is ordered, if it is.
    pub fn place_of(&self, object: &ObjectRef) -> Option<&str> {
        self.objects.iter().any(|it| is_same(it, object)).then_some(self.source.as_str())
    }
}

/// Of whatever version.
pub(super) fn is_same(one: &ObjectRef, other: &ObjectRef) -> bool {
    one.is_kind_of(other) && (&one.namespace, &one.name) == (&other.namespace, &other.name)
}
