//! Why a cluster is not taken for a spoke: it is the hub, or somebody has its name, its address or itself already.

use super::claimed::address;
use super::look::Hub;
use crate::argocd::Spoke;
use crate::report::{Failure, Outcome};
use crate::schema::address::shown;
use crate::words::argo;
use crate::words::kyverno::TRIGGER;
use crate::words::spoke::{self, SOURCE, Standing};

/// Refuses a name and an address that another cluster of the hub has, and a Secret of this name that is no spoke's. Before the
/// spoke is asked for anything.
pub fn demand_free(hub: &Hub, name: &str, server: &str) -> Outcome<()> {
    let secret = spoke::secret(name);
    if server == argo::IN_CLUSTER || server == hub.cluster.facts().server.trim_end_matches('/') {
        return Err(is_hub(name));
    }
    for other in hub.spokes.all.iter().filter(|it| it.secret.object != secret) {
        if other.name == name {
            return Err(taken(other, &format!("there is a cluster with the name {name} already"))
                .hint("give the spoke another name: Argo CD goes by the name, and takes neither of two"));
        }
        if other.server == server {
            return Err(taken(other, &format!("there is a cluster with the address {} already", other.address()))
                .hint("take that one out first: Argo CD would log in to both with what it has of one"));
        }
    }
    let Some(own) = hub.spoke(name) else { return Ok(()) };
    if own.standing == Standing::Foreign {
        return Err(Failure::refused(format!("{} is not of a spoke; nothing was changed", own.secret))
            .hint("give the spoke another name, or delete the Secret if nobody needs it"));
    }
    if own.server != server {
        return Err(Failure::refused(format!("spoke {name} is registered with another address; nothing was changed"))
            .details([format!("registered: {}", own.address()), format!("now: {}", shown(server))])
            .hint("Argo CD would go on with what it knows of the old address: take the spoke out with `onUninstall: leave`, then register it"));
    }
    Ok(())
}

/// Refuses the hub itself, a cluster that is a spoke under another name, and one that was made anew.
pub fn demand_itself(hub: &Hub, name: &str, uid: &str) -> Outcome<()> {
    if uid == hub.cluster.facts().uid {
        return Err(is_hub(name));
    }
    let secret = spoke::secret(name);
    for other in &hub.spokes.all {
        let known = other.annotation(spoke::UID).unwrap_or_default();
        match (other.secret.object == secret, known) {
            (false, known) if known == uid => {
                return Err(taken(other, &format!("this cluster is the spoke {} already", other.name))
                    .hint("a cluster has one name: take it out under that one first"));
            }
            (true, known) if !known.is_empty() && known != uid => {
                return Err(Failure::refused(format!(
                    "spoke {name} is another cluster than before; nothing was changed"
                ))
                .details([format!("registered: UID {known}"), format!("now: UID {uid}")])
                .hint("if it was made anew, take the old one out first, with `onUninstall: leave`, then register it"));
            }
            _ => {}
        }
    }
    Ok(())
}

/// Refuses a spoke that no claim has registered: nobody but the step writes how Argo CD comes there.
pub fn demand_claimed(own: &Spoke) -> Outcome<()> {
    if is_claimed(own) {
        return Ok(());
    }
    let (name, secret) = (&own.name, &own.secret);
    Err(Failure::refused(format!(
        "no claim has registered spoke {name}, and the step has no kubeconfig of it; nothing was changed"
    ))
    .details([format!("{secret} says: {}", own.annotation(SOURCE).unwrap_or("nothing"))])
    .hint("give the step the `kubeconfig`: each run of it writes anew what Argo CD logs in with"))
}

/// Refuses a spoke that a claim has registered, before anything is made on it: its Secret is written by the claim.
pub fn demand_unclaimed(own: Option<&Spoke>) -> Outcome<()> {
    let Some(own) = own.filter(|it| is_claimed(it)) else { return Ok(()) };
    Err(Failure::refused(format!("spoke {} was registered by a claim; nothing was changed", own.name))
        .details([format!("{} says: {}", own.secret, own.annotation(SOURCE).unwrap_or("nothing"))])
        .hint(
            "leave `kubeconfig` out: the claim gives what Argo CD logs in with; or take the spoke out first, which turns its \
             registration off",
        ))
}

/// Whether the Secret says so, and Kyverno has made it.
fn is_claimed(own: &Spoke) -> bool {
    own.annotation(SOURCE).and_then(address).is_some() && own.labels.contains_key(TRIGGER)
}

fn is_hub(name: &str) -> Failure {
    Failure::refused(format!("the cluster that is to be spoke {name} is the hub itself; nothing was changed"))
        .hint("give `kubeconfig` another cluster; on the hub a bead brings its application without `spokes`")
}

fn taken(other: &Spoke, what: &str) -> Failure {
    Failure::refused(format!("{what}; nothing was changed")).details([format!("it is in {}", other.secret)])
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::object::Identity;

    fn registered(source: &str, labels: &[&str]) -> Spoke {
        Spoke {
            secret: Identity { object: spoke::secret("a"), uid: "1".to_owned() },
            name: "a".to_owned(),
            server: "https://a".to_owned(),
            standing: Standing::Ready,
            labels: labels.iter().map(|it| ((*it).to_owned(), "2".to_owned())).collect(),
            metadata: json!({"metadata": {"annotations": {SOURCE: source}}}),
        }
    }

    #[test]
    fn a_spoke_is_of_a_step_or_of_a_claim_and_of_one_of_them() {
        let claimed = registered("Sandbox.demo.example.org/team-a/one", &[TRIGGER]);
        assert!(demand_claimed(&claimed).is_ok() && demand_unclaimed(None).is_ok());
        let failure = demand_unclaimed(Some(&claimed)).expect_err("refused").render();
        assert!(failure.contains("Sandbox.demo.example.org/team-a/one") && failure.contains("hint:"), "{failure}");
        for own in [registered("step", &[]), registered("step", &[TRIGGER]), registered("Sandbox.x.y/a/b", &[])] {
            assert!(demand_unclaimed(Some(&own)).is_ok());
            let failure = demand_claimed(&own).expect_err("refused").render();
            assert!(failure.contains("has no kubeconfig of it") && failure.contains("hint:"), "{failure}");
        }
    }
}
