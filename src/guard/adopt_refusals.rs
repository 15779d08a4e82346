//! What speaks against a take-over, whatever the step names. Pure.

use semver::Version;

use super::adopt::Standing;
use crate::words::argo;

/// The oldest version of which the way to a hub's is known: upstream has every 2.x go by 2.14 and 3.0, with a full sync between
/// (argo-cd `docs/operator-manual/upgrading/2.14-3.0.md`).
const OLDEST: Version = Version::new(3, 0, 0);
/// From here on Argo CD can apply its own definitions (argo-cd 26279, mended by 26289).
const APPLIES_ITSELF: Version = Version::new(3, 3, 2);

/// One reason, and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The reason, with the object.
    pub why: String,
    /// The remedy.
    pub remedy: String,
}

impl Refusal {
    /// One of them.
    #[must_use]
    pub fn new(why: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { why: why.into(), remedy: remedy.into() }
    }
}

impl Standing {
    /// Every reason against a take-over; none when it may go on. `is_highly_available` is what would be put in its place.
    #[must_use]
    pub fn refusals(&self, is_highly_available: bool) -> Vec<Refusal> {
        let mut found = self.against_releases();
        if self.is_of_hub {
            return found;
        }
        found.extend(self.operated.iter().map(|it| {
            Refusal::new(
                format!("{it} writes back what a take-over changes"),
                "suspend it, or take this Argo CD out of it and have it leave the objects; what an operator has made goes with its \
                 object, so of that one move away: install a hub on another cluster",
            )
        }));
        let elsewhere = self.workloads.iter().find(|it| it.object.namespace.as_deref() != Some(argo::NAMESPACE));
        found.extend(elsewhere.map(|it| {
            Refusal::new(
                format!("{} is not in namespace {}, where a hub has its Argo CD", it.object, argo::NAMESPACE),
                "a move is no take-over: install a hub on another cluster, and move the Applications there",
            )
        }));
        found.extend(self.is_core().then(|| {
            Refusal::new(
                "it is a core installation, without server",
                "apply upstream's install.yaml of its version first",
            )
        }));
        found.extend((!self.has_cluster_roles).then(|| {
            Refusal::new(
                "it is a namespaced installation, which may not manage its own cluster",
                "apply upstream's install.yaml of its version first",
            )
        }));
        if self.is_highly_available() != is_highly_available {
            let (is, has) =
                if is_highly_available { ("plain", "highly available") } else { ("highly available", "plain") };
            found.push(Refusal::new(
                format!("it is {is}, and the manifest that the bundle pins is {has}: of one redis nobody would be in charge"),
                if is_highly_available {
                    "leave `variant: ha` out of hub.yaml and of lock.yaml, and pin `manifests/install.yaml` there"
                } else {
                    "write `variant: ha` below `argocd` in hub.yaml, and pin `manifests/ha/install.yaml` in lock.yaml, with `variant: ha`"
                },
            ));
        }
        match self.parsed_version() {
            Some(version) if version < OLDEST => found.push(Refusal::new(
                format!("it is version {version}"),
                "upgrade it first: to 2.14, then to 3.0 with one full sync of every Application, as upstream's notes say; from 3.0 \
                 on it can be taken over",
            )),
            Some(_) => {}
            None => found.push(Refusal::new(
                "its version is not known: the image of its controller has no tag that is one",
                "give the controller an image with a version as its tag",
            )),
        }
        found
    }

    /// Releases of Helm of which nobody knows what is theirs. They are never taken away, also where a hub is there already.
    fn against_releases(&self) -> Vec<Refusal> {
        let unfinished = self.releases.iter().filter(|it| it.is_unfinished()).map(|it| {
            Refusal::new(
                format!("revision {} of Helm release {} is {}", it.revision, it.release, it.status),
                "finish it with Helm (`helm rollback` or `helm upgrade`), so that it is known what belongs to it; then delete the \
                 Secret of the revision that failed",
            )
        });
        let unreadable = self.releases.iter().filter_map(|it| {
            let why = it.objects.as_ref().err()?;
            Some(Refusal::new(
                format!("{} of Helm cannot be read: {why}", it.secret),
                "look at it: it should be of this Argo CD",
            ))
        });
        unfinished.chain(unreadable).collect()
    }

    /// What to know about the way from its version, where that is worth a word.
    #[must_use]
    pub fn upgrade_path(&self, to: &str) -> Option<String> {
        let from = self.parsed_version()?;
        let to = Version::parse(to).ok()?;
        if from > to {
            return Some(format!(
                "version {from} is newer than {to}, which the bundle pins: fields that only the newer one has are lost; upstream \
                 has no notes about going back"
            ));
        }
        let itself = if from < APPLIES_ITSELF {
            format!("; below {APPLIES_ITSELF} Argo CD could not apply its own definitions, so the take-over does")
        } else {
            String::new()
        };
        let minors: Vec<String> = (from.minor + 1..=to.minor).map(|it| format!("{}.{it}", to.major)).collect();
        (from.minor < to.minor)
            .then(|| format!("it goes from {from} to {to}: read upstream's notes about {}{itself}", minors.join(", ")))
    }

    fn parsed_version(&self) -> Option<Version> {
        let version = Version::parse(self.version()?.trim_start_matches('v')).ok()?;
        Some(Version::new(version.major, version.minor, version.patch))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::adopt::Workload;
    use super::*;
    use crate::engine::HelmRevision;
    use crate::object::{Identity, ObjectRef};

    fn workload(kind: &str, name: &str, image: &str) -> Workload {
        let object = ObjectRef::new("apps/v1", kind, Some(argo::NAMESPACE), name);
        Workload { object, part: name.to_owned(), images: vec![image.to_owned()] }
    }

    fn plain(image: &str) -> Standing {
        Standing {
            workloads: vec![
                workload("StatefulSet", "argocd-application-controller", image),
                workload("Deployment", "argocd-server", image),
            ],
            has_cluster_roles: true,
            ..Standing::default()
        }
    }

    fn reasons(standing: &Standing, is_highly_available: bool) -> String {
        standing.refusals(is_highly_available).into_iter().map(|it| it.why).collect::<Vec<_>>().join("; ")
    }

    #[test]
    fn what_can_be_taken_over_has_nothing_against_it() {
        for image in ["quay.io/argoproj/argocd:v3.6.1", "localhost:5000/argocd:v3.0.0@sha256:00", "argocd:3.5.1-distro"]
        {
            assert_eq!(reasons(&plain(image), false), "", "{image}");
        }
    }

    #[test]
    fn every_reason_is_told() {
        let latest = "argocd:v3.6.1";
        let mut core = plain(latest);
        core.workloads.pop();
        let mut namespaced = plain(latest);
        namespaced.has_cluster_roles = false;
        let mut available = plain(latest);
        available.workloads.push(workload("StatefulSet", "argocd-redis-ha-server", "redis:8"));
        let mut elsewhere = plain(latest);
        elsewhere.workloads[0].object.namespace = Some("gitops".to_owned());
        let mut operated = plain(latest);
        operated.operated = vec!["ArgoCD argocd/a".to_owned()];
        for (standing, reason) in [
            (core, "core installation"),
            (namespaced, "namespaced installation"),
            (available, "it is highly available, and the manifest that the bundle pins is plain"),
            (elsewhere, "argocd-application-controller is not in namespace argocd"),
            (operated, "ArgoCD argocd/a writes back"),
            (plain("argocd:v2.14.9"), "it is version 2.14.9"),
            (plain("argocd:latest"), "its version is not known"),
            (plain("argocd@sha256:00"), "its version is not known"),
        ] {
            assert!(reasons(&standing, false).contains(reason), "{reason}: {}", reasons(&standing, false));
        }
        assert!(reasons(&plain(latest), true).contains("it is plain"));
    }

    #[test]
    fn an_unfinished_release_is_a_reason_also_where_a_hub_is() {
        let secret =
            Identity::of(&json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s", "uid": "1"}}));
        let release = |status: &str, objects| HelmRevision {
            secret: secret.clone(),
            release: "argo".to_owned(),
            revision: 2,
            status: status.to_owned(),
            objects,
        };
        let mut hub = plain("argocd:latest");
        hub.is_of_hub = true;
        assert_eq!(reasons(&hub, false), "");
        hub.releases = vec![release("pending-upgrade", Ok(Vec::new()))];
        assert_eq!(reasons(&hub, false), "revision 2 of Helm release argo is pending-upgrade");
        hub.releases = vec![release("deployed", Err("no JSON".to_owned()))];
        assert_eq!(reasons(&hub, false), "Secret s of Helm cannot be read: no JSON");
    }

    #[test]
    fn the_way_is_told_with_the_notes_to_read() {
        let way = |image: &str, to: &str| plain(image).upgrade_path(to).unwrap_or_default();
        assert!(way("argocd:v3.3.0", "3.6.1").contains("notes about 3.4, 3.5, 3.6; below 3.3.2"));
        assert!(way("argocd:v3.5.1", "3.6.1").ends_with("notes about 3.6"));
        assert_eq!(way("argocd:v3.6.0", "3.6.1"), "");
        assert!(way("argocd:v3.7.0", "3.6.1").contains("newer than 3.6.1"));
    }
}
