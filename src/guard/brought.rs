//! What Applications have brought to the cluster, by themselves and through Crossplane.

use std::collections::BTreeSet;

use serde_json::Value;

use super::defined::definition_of;
use crate::argocd::Application;
use crate::engine::{Cluster, Fault};
use crate::object::{Identity, ObjectRef, owners, str_at};
use crate::words::crossplane::{
    CONFIGURATION, CONFIGURATION_REVISION, EXTENSIONS, MANAGED_DEFINITION, PACKAGES, PROVIDER, PROVIDER_REVISION, XRD,
};

/// What they have brought to the cluster.
pub(super) struct Brought {
    /// Every object that they list.
    pub objects: Vec<ObjectRef>,
    /// The CRDs among them.
    pub own_crds: Vec<ObjectRef>,
    /// XRDs and CRDs that exist through their packages and XRDs.
    pub definitions: Vec<Identity>,
    /// The kinds that the cluster serves by all these CRDs.
    pub kinds: Vec<ObjectRef>,
    /// The kinds among them that their own CRDs define.
    pub own_kinds: Vec<ObjectRef>,
}

impl Brought {
    pub async fn of(cluster: &Cluster, applications: &[Application]) -> Result<Self, Fault> {
        let objects: Vec<ObjectRef> = applications.iter().flat_map(Application::resources).collect();
        let served = cluster.every_kind().await?;
        let of_kind = |group: &str, kind: &str| served.iter().find(|it| it.group == group && it.kind == kind);

        let mut revisions = BTreeSet::new();
        for kind in [PROVIDER, CONFIGURATION] {
            let Some(revision) = of_kind(PACKAGES, &format!("{kind}Revision")) else { continue };
            let named = objects.iter().filter(|it| it.group == PACKAGES && it.kind == kind);
            let owners: BTreeSet<&str> = named.map(|it| it.name.as_str()).collect();
            let all = cluster.list_metadata(revision).await?;
            revisions.extend(all.iter().filter(|it| owned(it, kind, &owners)).map(ObjectRef::of));
        }
        let named = |kind: &str| -> BTreeSet<&str> {
            revisions.iter().filter(|it| it.kind == kind).map(|it| it.name.as_str()).collect()
        };
        let (of_providers, of_configurations) = (named(PROVIDER_REVISION), named(CONFIGURATION_REVISION));

        let mut definitions = Vec::new();
        let mut xrds: BTreeSet<String> = objects.iter().filter(|it| it.kind == XRD).map(|it| it.name.clone()).collect();
        if let Some(xrd) = of_kind(EXTENSIONS, XRD) {
            for live in cluster.list_metadata(xrd).await? {
                if owned(&live, CONFIGURATION_REVISION, &of_configurations) {
                    definitions.push(Identity::of(&live));
                    xrds.insert(ObjectRef::of(&live).name);
                }
            }
        }
        let mut managed = BTreeSet::new();
        if let Some(kind) = of_kind(EXTENSIONS, MANAGED_DEFINITION) {
            let all = cluster.list_metadata(kind).await?;
            managed.extend(
                all.iter().filter(|it| owned(it, PROVIDER_REVISION, &of_providers)).map(|it| ObjectRef::of(it).name),
            );
        }
        let managed: BTreeSet<&str> = managed.iter().map(String::as_str).collect();
        let xrds: BTreeSet<&str> = xrds.iter().map(String::as_str).collect();
        let own_crds: Vec<ObjectRef> = objects.iter().filter(|it| it.is_crd()).cloned().collect();
        let mut crds = BTreeSet::new();
        for live in cluster.list_metadata(&ObjectRef::crd("")).await? {
            let name = ObjectRef::of(&live);
            // Of a provider's CRD only the definition that it is made from is sure to follow the current revision.
            let of_package = owned(&live, PROVIDER_REVISION, &of_providers)
                || owned(&live, MANAGED_DEFINITION, &managed)
                || owned(&live, XRD, &xrds);
            if of_package {
                definitions.push(Identity::of(&live));
            }
            if of_package || own_crds.iter().any(|own| own.name == name.name) {
                crds.insert(name.name);
            }
        }
        let (mut kinds, mut own_kinds) = (Vec::new(), Vec::new());
        for kind in served {
            let name = definition_of(cluster, &kind).await?;
            if own_crds.iter().any(|own| own.name == name) {
                own_kinds.push(kind.clone());
            }
            if crds.contains(&name) {
                kinds.push(kind);
            }
        }
        Ok(Self { objects, own_crds, definitions, kinds, own_kinds })
    }
}

/// Whether an object is a package of Crossplane, or defines something for it.
pub(super) fn is_of_crossplane(object: &ObjectRef) -> bool {
    [PACKAGES, EXTENSIONS].contains(&object.group.as_str())
}

fn owned(object: &Value, kind: &str, names: &BTreeSet<&str>) -> bool {
    owners(object).any(|it| str_at(it, "/kind") == kind && names.contains(str_at(it, "/name")))
}
