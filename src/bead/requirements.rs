//! What a bead needs of its hub, held against the hub as it is. Read-only, and before anything is written.

use super::on_hub::OnHub;
use super::secrets::{self, Given};
use crate::argocd::Application;
use crate::document::{Bead, Dependency, fits};
use crate::engine::{Cluster, Fault};
use crate::hub::{runs, tag, version_of};
use crate::object::{ObjectRef, str_at};
use crate::render::bead::RenderedBead;
use crate::report::{Failure, Outcome};
use crate::schema::closest;
use crate::words::{argo, crossplane, kyverno};

/// Refuses a bead that the hub does not have everything for, or whose privileges nobody has accepted. All of it at once.
pub async fn demand(bead: &Bead, rendered: &RenderedBead, accepted: bool, given: &Given, hub: &OnHub) -> Outcome<()> {
    let mut wanting = unmet(bead, hub).await?;
    wanting.extend(missing_secrets(bead, given, &hub.cluster).await?);
    or_refuse(bead, wanting, if accepted { &[] } else { &rendered.privileges })
}

/// The same of what no hub has: Secrets that the step gives, and privileges that somebody accepts.
pub async fn demand_given(
    bead: &Bead,
    rendered: &RenderedBead,
    accepted: bool,
    given: &Given,
    cluster: &Cluster,
) -> Outcome<()> {
    let wanting = missing_secrets(bead, given, cluster).await?;
    or_refuse(bead, wanting, if accepted { &[] } else { &rendered.privileges })
}

fn or_refuse(bead: &Bead, mut wanting: Vec<String>, asked: &[String]) -> Outcome<()> {
    if wanting.is_empty() && asked.is_empty() {
        return Ok(());
    }
    let name = &bead.metadata.name;
    let (count, privileges) = (wanting.len(), asked.len());
    let message = match (count, privileges) {
        (0, _) => format!("bead {name} asks for {privileges} privileges that no AppProject bounds"),
        (_, 0) => format!("the hub does not have what bead {name} needs"),
        _ => format!("the hub does not have what bead {name} needs, and it asks for {privileges} privileges"),
    };
    wanting.extend(asked.iter().map(|privilege| format!("privilege: {privilege}")));
    let hint = match (count, privileges) {
        (_, 0) => "bring the hub to what is listed, then run again",
        (0, _) => {
            "to accept them, set `acceptPrivileges: true` in the step (in a bundle, its parameter: `accept-privileges=true`)"
        }
        _ => "bring the hub to what is listed; to accept the privileges, set `acceptPrivileges: true` in the step",
    };
    Err(Failure::refused(format!("{message}; nothing was changed")).details(wanting).hint(hint))
}

/// The same before an installation, which may be given Secrets and the acceptance of privileges.
pub async fn foresee(bead: &Bead, hub: &OnHub) -> Outcome<()> {
    let wanting = unmet(bead, hub).await?;
    if wanting.is_empty() {
        return Ok(());
    }
    let name = &bead.metadata.name;
    Err(Failure::refused(format!("the hub does not have what bead {name} needs")).details(wanting))
}

/// The same without a rendered bead: what was right at its installation, and may be no longer.
pub async fn still_met(bead: &Bead, hub: &OnHub) -> Outcome<()> {
    let mut wanting = unmet(bead, hub).await?;
    wanting.extend(missing_secrets(bead, &Given::default(), &hub.cluster).await?);
    if wanting.is_empty() {
        return Ok(());
    }
    Err(Failure::failed(format!("the hub no longer has what bead {} needs", bead.metadata.name)).details(wanting))
}

async fn unmet(bead: &Bead, hub: &OnHub) -> Outcome<Vec<String>> {
    let mut wanting = versions(bead, hub).await?;
    for api in &bead.spec.requires.apis {
        let (api_version, kind) = api.rsplit_once('/').unwrap_or(("", api));
        if !hub.cluster.serves(api_version, kind).await? {
            wanting.push(format!("requires the kind {api}, which the cluster does not serve"));
        }
    }
    wanting.extend(backstage(bead, hub));
    for dependency in &bead.spec.depends_on {
        wanting.extend(not_there(dependency, hub).await?);
    }
    Ok(wanting)
}

/// The versions of what the hub runs. A part for Crossplane or Kyverno needs one that is there, of whatever version.
async fn versions(bead: &Bead, hub: &OnHub) -> Outcome<Vec<String>> {
    let requires = &bead.spec.requires;
    let deployments = hub.cluster.list(&ObjectRef::new("apps/v1", "Deployment", None, "")).await?;
    let argocd = deployments.iter().find(|it| {
        str_at(it, "/metadata/namespace") == argo::NAMESPACE && str_at(it, "/metadata/name") == "argocd-server"
    });
    // An image that was copied may have lost its tag; then git tells.
    let argocd = argocd.and_then(tag).unwrap_or_else(|| hub.repository.hub.spec.argocd.version.clone());
    let in_git = hub.repository.programs()?;
    let found = |program: &str| {
        let in_git = in_git.get(program).and_then(Option::as_deref);
        match version_of(program, &deployments, in_git) {
            Some(version) => Found::Version(version),
            None if runs(program, &deployments) => Found::Untold,
            None => Found::Absent,
        }
    };
    let parts = [
        ("Kubernetes", true, &requires.kubernetes, Found::Version(hub.cluster.facts().version.clone())),
        ("Argo CD", true, &requires.argocd, Found::Version(argocd)),
        ("Crossplane", bead.spec.crossplane.is_none(), &requires.crossplane, found(crossplane::PROGRAM)),
        ("Kyverno", bead.spec.kyverno.is_none(), &requires.kyverno, found(kyverno::PROGRAM)),
    ];
    let wanting = parts.into_iter().filter_map(|(part, may_be_absent, wanted, found)| {
        if wanted.is_none() && may_be_absent {
            return None;
        }
        unfit(part, wanted.as_deref(), &found)
    });
    Ok(wanting.collect())
}

/// What there is of a program on the cluster.
enum Found {
    Absent,
    /// One whose version nothing tells.
    Untold,
    Version(String),
}

/// Why a version will not do.
fn unfit(part: &str, wanted: Option<&str>, found: &Found) -> Option<String> {
    let asked = wanted.unwrap_or("of any version");
    let found = match found {
        Found::Absent => return Some(format!("requires {part} {asked}, and there is none on this cluster")),
        Found::Untold => {
            return Some(format!(
                "requires {part} {}, and which one this cluster has neither its image nor the hub repository tells; run it from an \
                 image that has its version as tag, or take `requires.{}` out of bead.yaml",
                wanted?,
                part.to_lowercase()
            ));
        }
        Found::Version(version) => version,
    };
    let wanted = wanted?;
    match fits(found, wanted) {
        Some(true) => None,
        Some(false) => Some(format!("requires {part} {wanted}, and this cluster has {found}")),
        None => Some(format!("requires {part} {wanted}, and `{found}` on this cluster is no version")),
    }
}

/// Scaffolder actions that the image of the hub's Backstage does not have, by what the hub says of it.
fn backstage(bead: &Bead, hub: &OnHub) -> Vec<String> {
    let Some(required) = &bead.spec.requires.backstage else { return Vec::new() };
    let offered: Vec<&str> =
        hub.repository.hub.spec.backstage.iter().flat_map(|it| &it.actions).map(String::as_str).collect();
    let missing = required.actions.iter().filter(|action| !offered.contains(&action.as_str()));
    missing
        .map(|action| {
            let hint = closest(action, &offered).map(|best| format!("; it has `{best}`")).unwrap_or_default();
            format!(
                "requires the scaffolder action {action}, which `spec.backstage.actions` of hub.yaml does not name{hint}"
            )
        })
        .collect()
}

/// Why a bead that has to be there first is not.
async fn not_there(dependency: &Dependency, hub: &OnHub) -> Result<Option<String>, Fault> {
    let name = &dependency.bead;
    let Some(other) = hub.repository.beads.get(name) else {
        return Ok(Some(format!("depends on bead {name}, which is not on this hub")));
    };
    let has = &other.bead.spec.version;
    if let Some(wanted) = dependency.version.as_ref().filter(|_| !dependency.takes(has)) {
        return Ok(Some(format!("depends on bead {name} {wanted}, and this hub has {has}")));
    }
    let parts = other.parts.iter().map(|part| other.bead.part_application(part));
    for application in [other.bead.application_name()].into_iter().chain(parts) {
        let Some(live) = hub.cluster.get(&argo::application(&application)).await?.map(Application) else {
            return Ok(Some(format!("depends on bead {name}, whose Application {application} is not there")));
        };
        let state = (live.sync(), live.health());
        if state != ("Synced", "Healthy") {
            return Ok(Some(format!("depends on bead {name}, and {application} is {} and {}", state.0, state.1)));
        }
    }
    Ok(None)
}

async fn missing_secrets(bead: &Bead, given: &Given, cluster: &Cluster) -> Result<Vec<String>, Fault> {
    let mut missing = Vec::new();
    for need in &bead.spec.secrets {
        let (namespace, name, wanted) = (&need.namespace, &need.name, &need.secret_type);
        if let Some(other) = secrets::other_type(need, cluster).await? {
            missing.push(format!(
                "needs Secret {namespace}/{name} of type {wanted}, and the cluster has it as {other}, which never changes: \
                 delete that one, where nobody else needs it"
            ));
            continue;
        }
        if given.has(need) {
            continue;
        }
        let keys = secrets::lacking(need, cluster).await?;
        if !keys.is_empty() {
            missing.push(format!(
                "needs {} of Secret {namespace}/{name}, which neither the step gives nor the cluster has",
                keys.join(", ")
            ));
        }
    }
    Ok(missing)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_fit_or_is_not_there_is_told() {
        let version = |text: &str| Found::Version(text.to_owned());
        for (wanted, found, says) in [
            (Some(">=1.29"), version("v1.29.4-gke.100"), None),
            (Some(">=1.29"), version("v1.28.15"), Some("this cluster has v1.28.15")),
            (Some(">=1"), version("latest"), Some("`latest` on this cluster is no version")),
            (Some(">=1"), Found::Untold, Some("take `requires.x` out of bead.yaml")),
            (Some(">=1"), Found::Absent, Some("there is none")),
            (None, version("latest"), None),
            (None, Found::Untold, None),
            (None, Found::Absent, Some("there is none")),
        ] {
            let told = unfit("X", wanted, &found);
            assert!(
                says.map_or(told.is_none(), |says| told.as_ref().is_some_and(|it| it.contains(says))),
                "{told:?} {says:?}"
            );
        }
    }
}
