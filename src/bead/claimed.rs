//! What has become of the objects of a bead's APIs that are to be spokes.

use serde_json::{Value, json};

use super::claimed_why::{Fate, Ordered, composed, spoke_of, told};
use crate::argocd::Spokes;
use crate::document::{Bead, ClaimedSpoke, OwnedApi};
use crate::engine::{Cluster, Fault};
use crate::object::{Identity, ObjectRef, str_at};
use crate::report::{Console, wipe};
use crate::words::crossplane;

/// An object that is to be a spoke.
#[derive(Debug)]
pub struct Claimed {
    object: Identity,
    spoke: String,
    fate: Fate,
    /// What the API server has refused Kyverno, where that is why nothing has come of it.
    refused: Option<String>,
    /// The policy that makes the spoke.
    policy: String,
}

/// All of them, as they are now.
pub async fn claimed(bead: &Bead, cluster: &Cluster) -> Result<Vec<Claimed>, Fault> {
    let mut found = Vec::new();
    if bead.claimed_spokes().next().is_none() {
        return Ok(found);
    }
    let kinds = cluster.kinds_in(&[crossplane::COMPOSITES]).await?;
    let known = Spokes::of(cluster).await?;
    for (api, spoke) in bead.claimed_spokes() {
        let Some(kind) = kinds.iter().find(|it| it.group == api.group && it.kind == api.kind) else { continue };
        found.extend(of_kind(bead, (api, spoke), kind, &known, cluster).await?);
    }
    Ok(found)
}

async fn of_kind(
    bead: &Bead,
    (api, spoke): (&OwnedApi, &ClaimedSpoke),
    kind: &ObjectRef,
    known: &Spokes,
    cluster: &Cluster,
) -> Result<Vec<Claimed>, Fault> {
    let mut found = Vec::new();
    for object in cluster.list(kind).await? {
        let mut secrets = Vec::new();
        for name in composed(&object) {
            let secret = ObjectRef::new("v1", "Secret", Some(str_at(&object, "/metadata/namespace")), name);
            secrets.extend(cluster.get(&secret).await?);
        }
        let fate = Ordered { object: &object, spoke, secrets: &secrets, known }.fate();
        secrets.iter_mut().for_each(wipe);
        let (object, spoke) = (Identity::of(&object), spoke_of(&object));
        found.push(Claimed { object, spoke, fate, refused: None, policy: bead.registration(api) });
    }
    if found.iter().any(|it| it.fate == Fate::Waiting) {
        let refused = refused(&bead.registration(api), cluster).await?;
        found.iter_mut().filter(|it| it.fate == Fate::Waiting).for_each(|it| it.refused.clone_from(&refused));
    }
    Ok(found)
}

/// What the API server has refused Kyverno last, for the policy of this name. Its requests are gone after a few tries; events
/// stay for an hour, in the namespace `default` since the policy has none.
async fn refused(policy: &str, cluster: &Cluster) -> Result<Option<String>, Fault> {
    let events = ObjectRef::new("events.k8s.io/v1", "Event", Some("default"), "");
    let its = |event: Value| {
        let message = json!({"message": event["note"]});
        (str_at(&event, "/regarding/name") == policy).then(|| told(&message).map(str::to_owned)).flatten()
    };
    Ok(cluster.list_with(&events, its).await?.pop())
}

impl Claimed {
    /// As JSON.
    pub fn json(&self) -> Value {
        let (state, why) = match &self.fate {
            Fate::Spoke(standing) => (standing.name(), None),
            Fate::Refused(_) | Fate::Waiting => ("absent", Some(self.why())),
        };
        json!({"object": self.object.object.to_string(), "spoke": self.spoke, "state": state, "why": why})
    }

    /// Tells it to people: a spoke in a line, and why there is none.
    pub fn tell(&self, console: &Console) {
        let (object, spoke) = (&self.object.object, &self.spoke);
        match &self.fate {
            Fate::Spoke(standing) => console.say(format!("{object} is the spoke {spoke}: {}", standing.name())),
            Fate::Refused(_) | Fate::Waiting => console.say(format!("warning: {object} is no spoke: {}", self.why())),
        }
    }

    fn why(&self) -> String {
        match (&self.fate, &self.refused) {
            (Fate::Spoke(_), _) => String::new(),
            (Fate::Refused(why), _) => why.clone(),
            (Fate::Waiting, Some(refused)) => format!("Kyverno could not write it: {refused}"),
            (Fate::Waiting, None) => format!(
                "the policy {} has not made it yet; it looks again when the object is written, such as by an annotation",
                self.policy
            ),
        }
    }
}
