//! What the removal of a bead would delete, orphan or break that nobody named.

use std::collections::BTreeSet;

use futures::{StreamExt as _, TryStreamExt as _};
use serde_json::Value;

use crate::argocd::{Application, is_of_bead, tracker};
use crate::engine::{Cluster, Fault, ObjectRef, str_at};
use crate::report::{Failure, Outcome};
use crate::spec::{Bead, CloudResources};

const AT_ONCE: usize = 8;
/// Where Crossplane keeps packages and their revisions.
const PACKAGES: &str = "pkg.crossplane.io";
/// A list of denials longer than this is cut: one policy can deny everything.
const MOST_DENIALS: usize = 10;

/// What the removal of a bead takes away, beyond its files.
#[derive(Debug)]
pub struct BeadRemoval {
    /// Its Applications that exist.
    pub applications: Vec<Application>,
    /// What Crossplane made through it.
    pub outside: Outside,
    /// The XRDs and CRDs that its packages brought, which go with them.
    pub definitions: Vec<ObjectRef>,
    /// The CRDs of its application, which Argo CD never deletes.
    pub staying: Vec<ObjectRef>,
}

/// The objects behind which something outside of the cluster may live, in the order in which they are deleted.
#[derive(Debug, Default)]
pub struct Outside {
    /// Claims.
    pub claims: Vec<ObjectRef>,
    /// Composite resources.
    pub composites: Vec<ObjectRef>,
    /// Managed resources.
    pub managed: Vec<ObjectRef>,
}

impl Outside {
    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &ObjectRef> {
        self.claims.iter().chain(&self.composites).chain(&self.managed)
    }
}

/// Looks at everything on the cluster that the removal of this bead would touch, and refuses (with the whole list) when
/// something depends on it. What `allowed` names is no reason any more.
pub async fn plan_bead_removal(
    cluster: &Cluster,
    bead: &Bead,
    others: &[&Bead],
    allowed: CloudResources,
) -> Outcome<BeadRemoval> {
    let applications =
        Application::all_of_bead(cluster.list(&Application::everywhere()).await?, &bead.application_name());
    let brought = Brought::of(cluster, &applications).await?;
    let outside = outside(cluster, bead, &brought).await?;

    let mut reasons: Vec<String> = dependants(bead, others).collect();
    if allowed == CloudResources::Refuse {
        let lost = "Crossplane would delete what is behind it, or nobody could any more";
        reasons.extend(outside.iter().map(|object| format!("{object}: {lost}")));
    }
    reasons.extend(held_by(cluster, bead, &brought).await?);
    reasons.extend(denials(cluster, &brought.objects).await?);
    if reasons.is_empty() {
        let (definitions, staying) = (brought.definitions, brought.own_crds);
        return Ok(BeadRemoval { applications, outside, definitions, staying });
    }
    let (name, count) = (&bead.metadata.name, reasons.len());
    let things = if count == 1 { "one thing stands" } else { &format!("{count} things stand") };
    Err(Failure::refused(format!("{things} in the way of the removal of bead {name}; nothing was removed"))
        .details(reasons)
        .hint(match bead.spec.uninstall.cloud_resources {
            CloudResources::Refuse => "delete them first, or move them elsewhere, then run again",
            _ => {
                "delete them first, then run again; of claims, composite and managed resources `cloudResources` of the \
                 step can say what becomes"
            }
        }))
}

/// The beads that need this one.
fn dependants<'b>(bead: &'b Bead, others: &'b [&Bead]) -> impl Iterator<Item = String> + 'b {
    let needs = |other: &&&Bead| other.spec.depends_on.iter().any(|it| it.bead == bead.metadata.name);
    let say = |other: &&Bead| format!("bead {} depends on it: remove that one first", other.metadata.name);
    others.iter().filter(needs).map(say)
}

/// What the bead has brought to the cluster.
struct Brought {
    /// Every object of its Applications.
    objects: Vec<ObjectRef>,
    /// The CRDs among them.
    own_crds: Vec<ObjectRef>,
    /// XRDs and CRDs that exist through its packages and XRDs.
    definitions: Vec<ObjectRef>,
    /// The kinds that the cluster serves by all these CRDs.
    kinds: Vec<ObjectRef>,
    /// The kinds among them that its application's own CRDs define.
    own_kinds: Vec<ObjectRef>,
}

impl Brought {
    async fn of(cluster: &Cluster, applications: &[Application]) -> Result<Self, Fault> {
        let objects: Vec<ObjectRef> = applications.iter().flat_map(Application::resources).collect();
        let mut served = cluster.kinds(false).await?;
        served.extend(cluster.kinds(true).await?);
        let of_kind = |group: &str, kind: &str| served.iter().find(|it| it.group == group && it.kind == kind);

        let mut revisions = BTreeSet::new();
        for kind in ["Provider", "Configuration"] {
            let Some(revision) = of_kind(PACKAGES, &format!("{kind}Revision")) else { continue };
            let named = objects.iter().filter(|it| it.group == PACKAGES && it.kind == kind);
            let owners: BTreeSet<&str> = named.map(|it| it.name.as_str()).collect();
            let all = cluster.list_metadata(revision).await?;
            revisions.extend(all.iter().filter(|it| owned(it, kind, &owners)).map(ObjectRef::of));
        }
        let named = |kind: &str| -> BTreeSet<&str> {
            revisions.iter().filter(|it| it.kind == kind).map(|it| it.name.as_str()).collect()
        };
        let (of_providers, of_configurations) = (named("ProviderRevision"), named("ConfigurationRevision"));

        let mut definitions = Vec::new();
        let mut xrds: BTreeSet<String> =
            objects.iter().filter(|it| it.kind == "CompositeResourceDefinition").map(|it| it.name.clone()).collect();
        if let Some(xrd) = of_kind("apiextensions.crossplane.io", "CompositeResourceDefinition") {
            for live in cluster.list_metadata(xrd).await? {
                if owned(&live, "ConfigurationRevision", &of_configurations) {
                    definitions.push(ObjectRef::of(&live));
                    xrds.insert(ObjectRef::of(&live).name);
                }
            }
        }
        let xrds: BTreeSet<&str> = xrds.iter().map(String::as_str).collect();
        let own_crds: Vec<ObjectRef> = objects.iter().filter(|it| it.is_crd()).cloned().collect();
        let mut crds = BTreeSet::new();
        for live in cluster.list_metadata(&crd()).await? {
            let name = ObjectRef::of(&live);
            let of_package =
                owned(&live, "ProviderRevision", &of_providers) || owned(&live, "CompositeResourceDefinition", &xrds);
            if of_package {
                definitions.push(name.clone());
            }
            if of_package || own_crds.iter().any(|own| own.name == name.name) {
                crds.insert(name.name);
            }
        }
        let (mut kinds, mut own_kinds) = (Vec::new(), Vec::new());
        for kind in served {
            let name = format!("{}.{}", cluster.plural(&kind).await?, kind.group);
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

fn crd() -> ObjectRef {
    ObjectRef::new("apiextensions.k8s.io/v1", "CustomResourceDefinition", None, "")
}

fn owned(object: &Value, kind: &str, names: &BTreeSet<&str>) -> bool {
    let owners = object.pointer("/metadata/ownerReferences").and_then(Value::as_array);
    owners.into_iter().flatten().any(|it| str_at(it, "/kind") == kind && names.contains(str_at(it, "/name")))
}

/// Claims, composite and managed resources of the kinds that the bead brings or names.
async fn outside(cluster: &Cluster, bead: &Bead, brought: &Brought) -> Result<Outside, Fault> {
    let apis: Vec<_> = bead.spec.crossplane.iter().flat_map(|part| &part.apis).collect();
    let named = |kind: &ObjectRef| {
        let of = |kind: &ObjectRef, name: &str| kind.kind == name;
        apis.iter().any(|api| {
            api.group == kind.group && (of(kind, &api.kind) || api.claim_kind.iter().any(|claim| of(kind, claim)))
        })
    };
    let is_its =
        |kind: &ObjectRef| named(kind) || brought.kinds.iter().any(|it| it.group == kind.group && it.kind == kind.kind);
    let mut outside = Outside::default();
    for (category, list) in
        [("claim", &mut outside.claims), ("composite", &mut outside.composites), ("managed", &mut outside.managed)]
    {
        for kind in cluster.kinds_in(&[category]).await?.iter().filter(|kind| is_its(kind)) {
            list.extend(cluster.list_metadata(kind).await?.iter().map(ObjectRef::of));
        }
    }
    Ok(outside)
}

/// Objects of other people whose kind the bead's application brings, or whose kind its document names.
async fn held_by(cluster: &Cluster, bead: &Bead, brought: &Brought) -> Result<Vec<String>, Fault> {
    let named = bead.spec.uninstall.held_by.iter().map(|kind| ObjectRef::of_kind(kind));
    let mut held = BTreeSet::new();
    for kind in brought.own_kinds.iter().cloned().chain(named) {
        for live in cluster.list_metadata(&kind).await? {
            if !is_its_own(&live, bead) && !is_made(&live) {
                held.insert(format!("{}: its kind belongs to the bead", ObjectRef::of(&live)));
            }
        }
    }
    Ok(held.into_iter().collect())
}

fn is_its_own(live: &Value, bead: &Bead) -> bool {
    tracker(live).is_some_and(|it| is_of_bead(it, &bead.application_name()))
}

/// Made by a controller, which would not miss it.
fn is_made(live: &Value) -> bool {
    let managed = live.pointer("/metadata/labels").and_then(|labels| labels.get("app.kubernetes.io/managed-by"));
    live.pointer("/metadata/ownerReferences").is_some() || managed.is_some_and(|by| by != "Helm")
}

/// The objects of the bead that a policy does not let go.
async fn denials(cluster: &Cluster, objects: &[ObjectRef]) -> Result<Vec<String>, Fault> {
    let tried = objects.iter().filter(|it| !it.is_crd()).cloned().map(|object| async move {
        let denied = cluster.deletion_denied(&object).await?;
        Ok::<_, Fault>(denied.map(|why| format!("{object}: its deletion is denied: {why}")))
    });
    let answers: Vec<Option<String>> = futures::stream::iter(tried).buffered(AT_ONCE).try_collect().await?;
    let mut denials: Vec<String> = answers.into_iter().flatten().collect();
    let more = denials.len().saturating_sub(MOST_DENIALS);
    denials.truncate(MOST_DENIALS);
    if more > 0 {
        denials.push(format!("and {more} more whose deletion is denied"));
    }
    Ok(denials)
}
