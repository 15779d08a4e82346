//! What hangs on Applications, and would be lost with them although they did not bring it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use super::brought::Brought;
use super::copies::copies;
use super::defined::kinds_defined_by;
use super::inhabitants::inhabitants;
use super::made::is_made;
use super::volumes::volumes_of;
use super::with_family::Family;
use crate::argocd::Application;
use crate::engine::{Cluster, Fault};
use crate::object::{Identity, ObjectRef, is_of_program, str_at};
use crate::words::{argo, crossplane};

/// Of one kind, and for one reason, no more than this are told by name.
const MOST_OF_A_KIND: usize = 10;

/// An object that would be lost, or that nobody would work for any more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hanging {
    /// Which.
    pub object: ObjectRef,
    /// What would become of it.
    pub why: String,
}

impl Hanging {
    pub(super) fn new(object: ObjectRef, why: impl Into<String>) -> Self {
        Self { object, why: why.into() }
    }

    /// A line each, but of many of one kind only the first ones and how many more there are.
    #[must_use]
    pub fn lines(all: &[Self]) -> Vec<String> {
        let mut of_kind: BTreeMap<(&str, &str, &str), usize> = BTreeMap::new();
        let mut lines = Vec::new();
        for it in all {
            let count = of_kind.entry((&it.object.group, &it.object.kind, &it.why)).or_default();
            *count += 1;
            if *count <= MOST_OF_A_KIND {
                lines.push(it.to_string());
            }
        }
        for ((_, kind, why), count) in of_kind.into_iter().filter(|(_, count)| *count > MOST_OF_A_KIND) {
            lines.push(format!("and {} more of kind {kind}: {why}", count - MOST_OF_A_KIND));
        }
        lines
    }
}

impl fmt::Display for Hanging {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.object, self.why)
    }
}

/// What would be lost if these Applications of components went with all that they deploy, beyond what they track and what
/// their own controllers made:
///
/// - objects of the kinds that their CRDs define, or that their packages and XRDs brought, and all of Crossplane's when
///   one of them brings it;
/// - what is lost with its data: see [`data_with`].
///
/// Applications that they bring in turn count as theirs. What its annotations keep is not lost.
pub async fn hanging_on(cluster: &Cluster, applications: &[Application]) -> Result<Vec<Hanging>, Fault> {
    let family = Family::with(cluster, applications).await?;
    let brings_crossplane = brings_crossplane(cluster, &family).await?;
    hanging_with(cluster, &family, brings_crossplane).await
}

/// The same of Applications with those that they bring; it is known already whether Crossplane goes, and all that it has made.
pub(super) async fn hanging_with(
    cluster: &Cluster,
    family: &Family,
    crossplane_goes: bool,
) -> Result<Vec<Hanging>, Fault> {
    let brought = Brought::of(cluster, &family.applications).await?;
    let mut of_crossplane = cluster.kinds_in(&crossplane::OUTSIDE).await?;
    of_crossplane.retain(|kind| crossplane_goes || brought.kinds.iter().any(|it| it.is_kind_of(kind)));
    let mut found = outside_by(cluster, &of_crossplane).await?;
    found.extend(of_their_kinds(cluster, family, &brought, &of_crossplane).await?);
    found.extend(data_with(cluster, family).await?);
    let mut seen = BTreeSet::new();
    found.retain(|it| seen.insert(it.object.clone()));
    Ok(found)
}

/// What would be lost with its data if these Applications and those that they bring went:
///
/// - volumes and the claims to them, those included that go with an owner;
/// - what others keep in namespaces that go;
/// - copies of what they deployed, which bear their mark;
/// - what they deploy to other clusters, which cannot be looked at from here.
pub(super) async fn data_with(cluster: &Cluster, family: &Family) -> Result<Vec<Hanging>, Fault> {
    let mut found = elsewhere(family);
    let volumes = volumes_of(cluster, family).await?;
    found.extend(volumes.into_iter().map(|it| Hanging::new(it, "it would be deleted with the data in it")));
    found.extend(in_namespaces(cluster, family).await?);
    let why = format!(
        "it is a copy of what goes, with its mark, by which Argo CD deletes (to keep it, take the annotation {} off it)",
        argo::TRACKING_ID
    );
    found.extend(copies(cluster, &family.applications).await?.into_iter().map(|it| Hanging::new(it, &why)));
    Ok(found)
}

/// Claims, composite and managed resources of these kinds, of which there may be a thousand.
pub(super) async fn outside_by(cluster: &Cluster, kinds: &[ObjectRef]) -> Result<Vec<Hanging>, Fault> {
    let why = "Crossplane would delete or orphan what is behind it";
    cluster.list_metadata_of(kinds.iter().cloned(), |live| Some(Hanging::new(ObjectRef::of(&live), why))).await
}

/// Crossplane makes its CRDs itself when it starts: no Application tracks them.
async fn brings_crossplane(cluster: &Cluster, family: &Family) -> Result<bool, Fault> {
    let deployments = cluster.list_metadata(&ObjectRef::new("apps/v1", "Deployment", None, "")).await?;
    Ok(deployments.iter().any(|it| family.tracks(it) && is_of_program(it, crossplane::PROGRAM)))
}

async fn of_their_kinds(
    cluster: &Cluster,
    family: &Family,
    brought: &Brought,
    looked_at: &[ObjectRef],
) -> Result<Vec<Hanging>, Fault> {
    let through =
        |it: &Identity| (it.object.name.clone(), "its kind came with a package or an XRD that goes".to_owned());
    let mut definitions: BTreeMap<String, String> = brought.definitions.iter().map(through).collect();
    let of = |(crd, name)| (crd, format!("its kind came with the Application {name}"));
    definitions.extend(family.definitions().into_iter().map(of));
    if definitions.is_empty() {
        return Ok(Vec::new());
    }
    let mut found = Vec::new();
    let kinds = kinds_defined_by(cluster, definitions.keys().map(String::as_str)).await?;
    let own: Vec<ObjectRef> = kinds.iter().map(|(_, kind)| kind.clone()).collect();
    let names = family.names();
    for (definition, kind) in kinds.iter().filter(|(_, kind)| !looked_at.contains(kind)) {
        let why = &definitions[definition];
        for live in cluster.list_metadata(kind).await? {
            if !family.tracks(&live) && !is_made(&live, &names, &own) {
                found.push(Hanging::new(ObjectRef::of(&live), why));
            }
        }
    }
    Ok(found)
}

async fn in_namespaces(cluster: &Cluster, family: &Family) -> Result<Vec<Hanging>, Fault> {
    let mut found = Vec::new();
    let names = family.names();
    for namespace in cluster.list_metadata(&ObjectRef::new("v1", "Namespace", None, "")).await? {
        if !family.takes(&namespace) {
            continue;
        }
        let mut others = inhabitants(cluster, str_at(&namespace, "/metadata/name")).await?;
        others.retain(|it| !family.takes(it) && !is_made(it, &names, &[]));
        let why = match others.as_slice() {
            [] => continue,
            [one] => format!("an object of others is in it: {}", ObjectRef::of(one)),
            [first, ..] => format!("{} objects of others are in it, such as {}", others.len(), ObjectRef::of(first)),
        };
        found.push(Hanging::new(ObjectRef::of(&namespace), why));
    }
    Ok(found)
}

/// What they deploy to other clusters.
fn elsewhere(family: &Family) -> Vec<Hanging> {
    let deploying = family.applications.iter().filter_map(|it| Some((it, it.elsewhere()?)));
    let say = |(it, cluster): (&Application, &str)| {
        let why = format!("what it deploys to the cluster {cluster} would go, and was not looked at");
        Hanging::new(ObjectRef::of(&it.0), why)
    };
    deploying.map(say).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_many_objects_of_a_kind_the_first_are_told_and_the_rest_is_counted() {
        let of = |kind: &str, number: usize| Hanging::new(ObjectRef::new("v1", kind, None, &number.to_string()), "why");
        let mut all: Vec<Hanging> = (0..12).map(|it| of("Certificate", it)).collect();
        all.push(of("Issuer", 0));
        let lines = Hanging::lines(&all);
        assert_eq!(lines.len(), 12);
        assert_eq!(lines[10], "Issuer 0: why");
        assert_eq!(lines[11], "and 2 more of kind Certificate: why");
    }
}
