//! What the hub has brought to its cluster by git: the objects that its document renders, or that a version of it did which
//! git still holds.

use std::collections::HashSet;
use std::time::Duration;

use serde_json::Value;

use super::document::HubFiles;
use super::{access_of_argocd, credential};
use crate::document::Repository;
use crate::engine::Cluster;
use crate::object::ObjectRef;
use crate::report::{Failure, Outcome};
use crate::{publish, render};

/// How long git may take, which a removal does not need.
const GIT: Duration = Duration::from_secs(30);

/// Objects by what they are called, of whatever version their kinds are.
pub struct RenderedObjects {
    objects: HashSet<ObjectRef>,
    /// Why git could not be asked.
    unread: Option<String>,
}

impl RenderedObjects {
    /// What the document of the bundle renders.
    pub fn by(files: &HubFiles, repository: &Repository, cluster: &Cluster) -> Outcome<Self> {
        let rendered = files.render_for(repository, cluster)?;
        Ok(Self { objects: names_of(rendered.objects.values()), unread: None })
    }

    /// The same, and what the last render brought into git, as far as nobody has changed it since: the hub may be of another
    /// version than the bundle. Git may be gone already; then the document alone counts.
    pub async fn or_in_git(mut self, repository: &Repository, cluster: &Cluster) -> Self {
        match in_git(repository, cluster).await {
            Ok(found) => self.objects.extend(found),
            Err(failure) => self.unread = Some(failure.message),
        }
        self
    }

    /// Whether this is one of the objects.
    pub fn holds(&self, object: &ObjectRef) -> bool {
        self.objects.contains(&of_any_version(object))
    }

    /// Whether it is of a kind of theirs.
    pub fn has_kind_of(&self, object: &ObjectRef) -> bool {
        self.objects.iter().any(|it| it.is_kind_of(object))
    }

    /// Why git could not be asked what else is of the hub, where it was and could not.
    pub fn unread(&self) -> Option<&str> {
        self.unread.as_deref()
    }
}

async fn in_git(repository: &Repository, cluster: &Cluster) -> Outcome<HashSet<ObjectRef>> {
    let access = access_of_argocd(repository, credential::read(cluster).await?)?;
    let committed = publish::read_tree(&access, cluster.deadline().at_most(GIT).end()).await?;
    let committed = committed.ok_or_else(|| Failure::failed("there is no hub at its branch"))?;
    Ok(names_of(&render::hub::plain_objects(&render::hub::as_rendered(&committed.tree)?)?))
}

/// The names alone: the definitions among the objects are megabytes.
fn names_of<'o>(objects: impl IntoIterator<Item = &'o Value>) -> HashSet<ObjectRef> {
    objects.into_iter().map(|it| of_any_version(&ObjectRef::of(it))).collect()
}

fn of_any_version(object: &ObjectRef) -> ObjectRef {
    ObjectRef { version: String::new(), ..object.clone() }
}
