//! The proof of a spoke: a sync of its probe that Argo CD was asked for, and that has succeeded there.

use std::time::Duration;

use serde_json::{Value, json};

use super::look::Hub;
use crate::argocd::{self, Answer};
use crate::engine::{Cluster, SPOKE_MANAGER};
use crate::hub_repository::layout;
use crate::object::{Identity, ObjectRef};
use crate::report::{Console, Failure, Outcome};
use crate::words::argo;
use crate::words::spoke::{self, Standing};

/// How long Argo CD is asked again while it does not come there: a kubeconfig may be younger than a load balancer.
const PATIENCE: Duration = Duration::from_secs(120);

/// Brings the probe, and has Argo CD sync it until that succeeds. Answers when it did.
pub async fn prove(hub: &Hub, name: &str, server: &str, console: &Console) -> Outcome<String> {
    hub.cluster.apply(&application(hub, name), SPOKE_MANAGER).await?;
    let deadline = hub.cluster.deadline().at_most(PATIENCE);
    loop {
        let why = match argocd::ask(&hub.cluster, name, deadline).await? {
            Answer::Proven(at) => return Ok(at),
            Answer::Silent(why) | Answer::Late(why) | Answer::NoProbe(why) => why,
        };
        if deadline.passed() {
            let seconds = deadline.total().as_secs();
            return Err(Failure::deadline(format!("Argo CD did not come to spoke {name} within {seconds} s"))
                .details([why])
                .hint(format!(
                    "Argo CD has to reach {server} from its pods: if that is the address for this machine alone, give the step \
                     `server`; then run it again, which goes on here"
                )));
        }
        deadline.tell(console, "prove", &why);
        deadline.pause(Duration::from_secs(2)).await;
    }
}

/// Demands that the proof has come to this cluster, where nobody here could ask which one answers at the address. What an earlier
/// proof has left there would deceive it: an address that changes is refused before.
pub async fn demand_probed(spoke: &Cluster, server: &str) -> Outcome<()> {
    let probe = ObjectRef::new("v1", "ConfigMap", Some(spoke::PROBE_NAMESPACE), spoke::PROBE);
    if spoke.metadata(&probe).await?.is_some() {
        return Ok(());
    }
    Err(Failure::refused(format!("Argo CD came to another cluster at {server} than the kubeconfig leads to"))
        .details([format!("{probe}, which it has brought there, is not on the one with the UID {}", spoke.facts().uid)])
        .hint("take the spoke out, then register it with the address by which Argo CD reaches it for `server`"))
}

/// Writes that the spoke was proven, so that what beads bring comes to it.
pub async fn mark_ready(hub: &Hub, secret: &Identity, version: Option<&str>, at: &str) -> Outcome<()> {
    let mut annotations = json!({spoke::PROVEN: at});
    if let Some(version) = version {
        annotations[spoke::VERSION] = version.into();
    }
    let patch = json!({"metadata": {"labels": {spoke::STATE: Standing::Ready.name()}, "annotations": annotations}});
    hub.cluster.merge_patch_of(secret, &patch, SPOKE_MANAGER).await?;
    Ok(())
}

/// The Application of the probe. Nothing syncs it but who asks, and nothing is deleted with it.
fn application(hub: &Hub, name: &str) -> Value {
    let probe = spoke::probe(name);
    json!({
        "apiVersion": argo::API, "kind": argo::APPLICATION,
        "metadata": {"name": probe.name, "namespace": argo::NAMESPACE, "labels": {spoke::SPOKE: name}},
        "spec": {
            "project": spoke::PROJECT,
            "source": {"repoURL": hub.repository, "targetRevision": hub.branch, "path": layout::PROBE},
            "destination": {"name": name, "namespace": spoke::PROBE_NAMESPACE},
            "syncPolicy": {"syncOptions": argocd::PROBE_OPTIONS},
        },
    })
}
