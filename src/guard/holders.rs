//! Who holds a resource definition that a bead brings. Argo CD marks none with its Application (argo-cd
//! `reposerver/repository`, `kube.IsCRD`), so no annotation tells, and it neither prunes nor deletes one: what tells is which
//! Applications list it, and which object controls it.

use std::collections::{BTreeMap, BTreeSet};

use crate::argocd::{Application, Applications};
use crate::document::Bead;
use crate::engine::{Cluster, Fault};
use crate::object::{ObjectRef, owners, str_at};
use crate::words::bead::is_of;

/// What is known of the definitions that a bead brings, a line each.
#[derive(Default)]
pub(super) struct Definitions {
    /// Those that others hold.
    pub of_others: Vec<String>,
    /// Those that are there and that nobody holds.
    pub of_nobody: Vec<String>,
    /// Those that nobody can look at before Argo CD renders the chart.
    pub not_looked_at: Vec<String>,
}

impl Definitions {
    /// Looks for the holders of these definitions, and of those that the bead's permissions name in full: what a rendered
    /// chart brings is known by them alone.
    pub async fn of(cluster: &Cluster, bead: &Bead, brought: &BTreeSet<String>) -> Result<Self, Fault> {
        let mut definitions = Self { not_looked_at: not_looked_at(bead), ..Self::default() };
        let named = permitted(bead).filter(|name| !name.contains('*') && !brought.contains(*name));
        let asked: Vec<&str> = brought.iter().map(String::as_str).chain(named).collect();
        if asked.is_empty() {
            return Ok(definitions);
        }
        let applications = Applications::of(cluster).await?;
        let own = listed(applications.iter().filter(|it| is_of(it.name(), &bead.metadata.name)));
        let others = listed(applications.iter().filter(|it| !is_of(it.name(), &bead.metadata.name)));
        for name in asked {
            let is_brought = brought.contains(name);
            let why = if is_brought { "" } else { ", and `permissions` of the bead name it" };
            let object = ObjectRef::crd(name);
            if let Some(holder) = others.get(name) {
                definitions.of_others.push(format!("{object} belongs to the Application {holder}{why}"));
                continue;
            }
            let Some(live) = cluster.metadata(&object).await? else { continue };
            if let Some(owner) = owners(&live).find(|owner| owner["controller"] == true) {
                let (kind, holder) = (str_at(owner, "/kind"), str_at(owner, "/name"));
                definitions.of_others.push(format!("{object} belongs to {kind} {holder}, which keeps it{why}"));
            } else if is_brought && !own.contains_key(name) {
                definitions.of_nobody.push(format!(
                    "{object} is there already: the bead takes it over, and it stays when the bead goes"
                ));
            }
        }
        Ok(definitions)
    }
}

/// The names and patterns that the permissions let a chart make definitions of, where a chart may make any.
fn not_looked_at(bead: &Bead) -> Vec<String> {
    let patterns = permitted(bead).filter(|name| bead.spec.application.chart.is_some() && name.contains('*'));
    let say =
        |pattern| format!("definitions {pattern} that the chart makes from templates, and who holds them already");
    patterns.map(say).collect()
}

/// The definitions that these Applications list, each with one that does.
fn listed(applications: impl Iterator<Item = Application>) -> BTreeMap<String, String> {
    let mut listed = BTreeMap::new();
    for it in applications {
        listed.extend(it.resources().filter(ObjectRef::is_crd).map(|object| (object.name, it.name().to_owned())));
    }
    listed
}

/// The names and patterns of definitions in the permissions.
fn permitted(bead: &Bead) -> impl Iterator<Item = &str> {
    let any = ObjectRef::crd("");
    let entries = bead.spec.permissions.cluster_resources.iter();
    entries.filter(move |it| (&it.group, &it.kind) == (&any.group, &any.kind)).map(|it| it.name.as_str())
}
