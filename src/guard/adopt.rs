//! An Argo CD that no hub has brought: what it is, who made it, what hangs on it. Read-only.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::adopt_holders::{Holder, holders};
use crate::argocd::{Applications, is_part, releases_of_argocd, tracked_by};
use crate::engine::installers::{Installer, installers};
use crate::engine::{Cluster, Fault, HelmRevision, ownership};
use crate::object::{ObjectRef, items, kind, name, str_at};
use crate::words::argo;

/// The label that says which part it is: `argocd-server`, whatever the object is called.
const NAME: &str = "app.kubernetes.io/name";
/// The label by which Argo CD may mark what an Application holds.
const INSTANCE: &str = "app.kubernetes.io/instance";
/// The kinds beside workloads whose marks say who has installed.
const MARKED: [(&str, &str); 7] = [
    ("v1", "ConfigMap"),
    ("v1", "Service"),
    ("v1", "ServiceAccount"),
    ("rbac.authorization.k8s.io/v1", "Role"),
    ("rbac.authorization.k8s.io/v1", "RoleBinding"),
    ("rbac.authorization.k8s.io/v1", "ClusterRole"),
    ("rbac.authorization.k8s.io/v1", "ClusterRoleBinding"),
];
/// The versions in which Flux serves its `HelmRelease`, and its `Kustomization`, the newest first.
const OF_HELM: [&str; 3] = ["v2", "v2beta2", "v2beta1"];
const OF_KUSTOMIZE: [&str; 3] = ["v1", "v1beta2", "v1beta1"];
/// Of a list of names, how many are said.
const MOST_NAMED: usize = 8;

/// A Deployment or `StatefulSet` of Argo CD.
#[derive(Debug, Clone, PartialEq)]
pub struct Workload {
    /// What it is called.
    pub object: ObjectRef,
    /// Which part of Argo CD it is.
    pub part: String,
    /// The images of its containers.
    pub images: Vec<String>,
}

/// The Argo CD that is there.
#[derive(Debug, Clone, Default)]
pub struct Standing {
    /// Whether a hub has brought it, or a take-over that was broken off has applied it.
    pub is_of_hub: bool,
    /// Its Deployments and `StatefulSets`.
    pub workloads: Vec<Workload>,
    /// Whether something of it has a role for the whole cluster.
    pub has_cluster_roles: bool,
    /// Everybody who has left marks on it, with the number of objects.
    pub installers: BTreeMap<Installer, usize>,
    /// The field managers of its objects, with their numbers.
    pub managers: BTreeMap<String, usize>,
    /// The names of what people keep in it, by what it is.
    pub holdings: Vec<(&'static str, Vec<String>)>,
    /// The Applications by which it manages itself, each after what brings it.
    pub holders: Vec<Holder>,
    /// What Helm keeps of releases that hold objects of it.
    pub releases: Vec<HelmRevision>,
    /// Operators and controllers that would write back: the object that each goes by.
    pub operated: Vec<String>,
}

impl Standing {
    /// Looks at everything that says so.
    pub async fn of(cluster: &Cluster, applications: &Applications) -> Result<Self, Fault> {
        let mut found = Self::default();
        let of_it = |live: Value| is_part(&live).then_some(live);
        let (mut workloads, mut marks) = (Vec::new(), BTreeSet::new());
        for kind in ["Deployment", "StatefulSet"] {
            let live = cluster.list_with(&ObjectRef::new("apps/v1", kind, None, ""), of_it).await?;
            for it in &live {
                found.count(it);
                marks.extend(marks_of(it));
            }
            workloads.extend(live.iter().map(workload));
        }
        let mut parts: Vec<ObjectRef> = workloads.iter().map(|it: &Workload| it.object.clone()).collect();
        let marked = MARKED.map(|(api_version, kind)| ObjectRef::new(api_version, kind, None, ""));
        for live in cluster.list_metadata_of(marked, of_it).await? {
            found.has_cluster_roles |= kind(&live) == "ClusterRole";
            parts.push(ObjectRef::of(&live));
            found.count(&live);
            marks.extend(marks_of(&live));
        }
        // Autopilot marks its Applications, and leaves what they hold to Argo CD.
        let of_autopilot = applications.iter().filter(|it| installers(&it.0).contains(&Installer::Autopilot)).count();
        if of_autopilot > 0 {
            found.installers.insert(Installer::Autopilot, of_autopilot);
        }
        found.holders = holders(applications, &parts, &marks);
        found.holdings = holdings(cluster, applications).await?;
        found.releases = releases_of_argocd(cluster).await?;
        found.operated = operated(cluster, &found.installers).await?;
        found.workloads = workloads;
        Ok(found)
    }

    fn count(&mut self, live: &Value) {
        for it in installers(live) {
            *self.installers.entry(it).or_default() += 1;
        }
        let managers: BTreeSet<&str> = ownership::entries(live).iter().map(|it| str_at(it, "/manager")).collect();
        for it in managers {
            *self.managers.entry(it.to_owned()).or_default() += 1;
        }
    }

    /// The version, as the image of its controller names it; nothing where that has no tag.
    #[must_use]
    pub fn version(&self) -> Option<&str> {
        let parts = [argo::CONTROLLER, "argocd-server"];
        let of = |part: &&str| self.workloads.iter().find(|it| it.part == **part);
        parts.iter().filter_map(of).flat_map(|it| &it.images).find_map(|image| tag(image))
    }

    /// Whether its redis is the highly available one.
    #[must_use]
    pub fn is_highly_available(&self) -> bool {
        self.workloads.iter().any(|it| is_highly_available(&it.object))
    }

    /// Whether it has no server: core.
    #[must_use]
    pub fn is_core(&self) -> bool {
        !self.workloads.iter().any(|it| it.part == "argocd-server")
    }

    /// The flavour, in words.
    #[must_use]
    pub fn flavour(&self) -> String {
        let mut words = vec![if self.is_highly_available() { "highly available" } else { "plain" }];
        words.extend(self.is_core().then_some("core"));
        words.extend((!self.has_cluster_roles).then_some("namespaced"));
        words.join(", ")
    }

    /// What was found, as lines for people.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        let counted = |(name, count): (String, &usize)| format!("{name} ({count})");
        let installers = self.installers.iter().map(|(it, count)| counted((it.to_string(), count)));
        let managers = self.managers.iter().map(|(it, count)| counted((it.clone(), count)));
        let mut lines = vec![
            format!("version: {}, {}", self.version().unwrap_or("not told by its images"), self.flavour()),
            format!("installed by: {}", listed(installers)),
            format!("field managers: {}", listed(managers)),
        ];
        for (what, names) in &self.holdings {
            let named = if names.is_empty() { String::new() } else { format!(": {}", listed(names.iter().cloned())) };
            lines.push(format!("{} {what}{named}", names.len()));
        }
        lines.extend(self.holders.iter().map(ToString::to_string));
        lines.extend(
            self.releases.iter().map(|it| {
                format!("Helm release {} revision {} ({}): {}", it.release, it.revision, it.status, it.secret)
            }),
        );
        lines
    }
}

/// Whether an object of this name is the highly available redis of upstream's manifest or of the chart.
#[must_use]
pub fn is_highly_available(object: &ObjectRef) -> bool {
    object.kind == "StatefulSet" && object.name.ends_with(argo::REDIS_HA)
}

/// Which part of Argo CD an object says it is.
#[must_use]
pub fn part_of(object: &Value) -> &str {
    object.pointer("/metadata/labels").and_then(|all| all.get(NAME)).and_then(Value::as_str).unwrap_or_default()
}

/// The Applications that an object says it is of, in both ways in which Argo CD marks one.
fn marks_of(live: &Value) -> impl Iterator<Item = String> {
    let label = live.pointer("/metadata/labels").and_then(|all| all.get(INSTANCE)).and_then(Value::as_str);
    tracked_by(live).into_iter().chain(label).map(str::to_owned)
}

fn workload(live: &Value) -> Workload {
    let images = items(live, "/spec/template/spec/containers").map(|it| str_at(it, "/image").to_owned()).collect();
    let part = Some(part_of(live)).filter(|it| !it.is_empty()).unwrap_or(name(live)).to_owned();
    Workload { object: ObjectRef::of(live), part, images }
}

/// The tag of an image, without its digest.
fn tag(image: &str) -> Option<&str> {
    let name = image.split_once('@').map_or(image, |(name, _)| name);
    let (_, tag) = name.rsplit_once('/').map_or(name, |(_, last)| last).split_once(':')?;
    Some(tag)
}

/// What people keep in an Argo CD: names alone, since a repository's Secret may hold more than an address.
async fn holdings(cluster: &Cluster, applications: &Applications) -> Result<Vec<(&'static str, Vec<String>)>, Fault> {
    let names = |all: Vec<Value>| all.iter().map(place).collect::<Vec<String>>();
    let sets = names(cluster.list_metadata(&argo::every(argo::APPLICATION_SET)).await?);
    let projects = names(cluster.list_metadata(&argo::every(argo::PROJECT)).await?);
    let secrets = ObjectRef::new("v1", "Secret", Some(argo::NAMESPACE), "");
    let of_type = |live: Value| {
        let sort = live.pointer("/metadata/labels")?.get(argo::SECRET_TYPE)?.as_str()?.to_owned();
        Some((sort, name(&live).to_owned()))
    };
    let secrets = cluster.list_metadata_with(&secrets, of_type).await?;
    let of = |sorts: &[&str]| {
        secrets.iter().filter(|(sort, _)| sorts.contains(&sort.as_str())).map(|(_, name)| name.clone()).collect()
    };
    Ok(vec![
        ("Applications", applications.iter().map(|it| place(&it.0)).collect()),
        ("ApplicationSets", sets),
        ("projects", projects),
        ("repositories", of(&["repository", "repository-write", "repo-creds"])),
        ("clusters", of(&[argo::CLUSTER])),
    ])
}

/// The name, with the namespace where that is not Argo CD's own.
fn place(live: &Value) -> String {
    match str_at(live, "/metadata/namespace") {
        argo::NAMESPACE | "" => name(live).to_owned(),
        other => format!("{other}/{}", name(live)),
    }
}

/// The objects by which controllers go that have installed it and would write back, unless they are paused.
async fn operated(cluster: &Cluster, installers: &BTreeMap<Installer, usize>) -> Result<Vec<String>, Fault> {
    let mut found = BTreeSet::new();
    for version in ["v1beta1", "v1alpha1"] {
        let kind = ObjectRef::new(&format!("{}/{version}", argo::GROUP), argo::OPERATED, None, "");
        found.extend(
            cluster.list_metadata(&kind).await?.iter().map(|it| format!("{} {}", argo::OPERATED, place_of(it))),
        );
    }
    for it in installers.keys().filter(|it| it.writes_back()) {
        let (group, versions, kind, name) = match it {
            Installer::FluxHelmRelease(name) => ("helm.toolkit.fluxcd.io", OF_HELM, "HelmRelease", name),
            Installer::FluxKustomization(name) => ("kustomize.toolkit.fluxcd.io", OF_KUSTOMIZE, "Kustomization", name),
            other => {
                found.insert(other.to_string());
                continue;
            }
        };
        let (namespace, name) = name.split_once('/').unwrap_or((argo::NAMESPACE, name));
        let mut live = None;
        for version in versions {
            let object = ObjectRef::new(&format!("{group}/{version}"), kind, Some(namespace), name);
            live = crate::engine::absent(cluster.get(&object).await)?.flatten();
            if live.is_some() {
                break;
            }
        }
        found.extend(of_flux(&format!("{kind} {namespace}/{name}"), live.as_ref()));
    }
    Ok(found.into_iter().collect())
}

/// What is to be said of an object of Flux. One that is not there, or of a kind that is not, may be on another cluster, from which
/// Flux writes to this one.
fn of_flux(object: &str, live: Option<&Value>) -> Option<String> {
    let Some(live) = live else {
        return Some(format!(
            "{object} of Flux, which was not looked at since it is not on this cluster (where it is gone, take the labels of Flux \
             from the objects),"
        ));
    };
    let is_suspended = live.pointer("/spec/suspend") == Some(&Value::Bool(true));
    (!is_suspended).then(|| format!("{object} of Flux, which is not suspended"))
}

fn place_of(live: &Value) -> String {
    format!("{}/{}", str_at(live, "/metadata/namespace"), name(live))
}

fn listed(all: impl Iterator<Item = String>) -> String {
    let all: Vec<String> = all.collect();
    let shown = all.iter().take(MOST_NAMED).cloned().collect::<Vec<_>>().join(", ");
    match all.len().checked_sub(MOST_NAMED).filter(|more| *more > 0) {
        Some(more) => format!("{shown} and {more} more"),
        None if all.is_empty() => "nobody that is known".to_owned(),
        None => shown,
    }
}
