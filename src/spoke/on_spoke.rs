//! What a registration has made on the spoke itself: the account by which Argo CD came there, and what its probe brought. It goes
//! last, by the step's own kubeconfig, where the spoke answers; the removal waits for no spoke that does not.

use std::time::Duration;

use serde_json::Value;

use super::{account, reach};
use crate::argocd::tracked_by;
use crate::document::SpokeStep;
use crate::engine::{self, Cluster, Deadline, Fault, absent};
use crate::guard::inhabitants;
use crate::object::{Identity, ObjectRef};
use crate::report::{Console, Exit, Outcome, counted};
use crate::words::spoke::{self, ACCOUNT_NAMESPACE, HUB, PROBE, PROBE_NAMESPACE, clearing_by_hand};

/// How long what was deleted there may take to be gone.
const GONE: Duration = Duration::from_secs(60);

/// Takes away what the hub with this UID has made on the spoke, and says what stays there, and why. The UID of the spoke is
/// known unless its registration was gone already.
pub async fn clear(
    step: &SpokeStep,
    hub: &str,
    uid: Option<&str>,
    deadline: Deadline,
    console: &Console,
) -> Outcome<()> {
    let stays = |why: &str| {
        console.done(
            "stays",
            format!(
                "what install has made on {}, in namespaces {ACCOUNT_NAMESPACE} and {PROBE_NAMESPACE}, with its token: {why}; to take it away: {}",
                step.name,
                clearing_by_hand()
            ),
        );
    };
    let Some(given) = reach::given(step)? else {
        stays("the step has no kubeconfig of it");
        return Ok(());
    };
    let cluster = match reach::by(&given, step, deadline).await? {
        Ok(cluster) => cluster,
        Err(unreached) => {
            stays(&format!("it does not answer ({})", unreached.into_failure().message));
            return Ok(());
        }
    };
    if uid.is_some_and(|it| it != cluster.facts().uid) {
        stays("by the kubeconfig of the step another cluster answers, where nothing was changed");
        return Ok(());
    }
    let going = Going { cluster: &cluster, name: &step.name, hub, deadline: deadline.at_most(GONE), console };
    match going.remove().await {
        // The hub is rid of the spoke: what takes its time there is no failure of that.
        Err(failure) if failure.exit == Exit::Deadline => stays(&format!("it was deleted, but {}", failure.message)),
        answer => answer?,
    }
    Ok(())
}

/// What goes on a spoke.
struct Going<'g> {
    cluster: &'g Cluster,
    name: &'g str,
    hub: &'g str,
    deadline: Deadline,
    console: &'g Console,
}

impl Going<'_> {
    async fn remove(&self) -> Outcome<()> {
        let Self { cluster, name, deadline, console, .. } = *self;
        let (namespaces, account): (Vec<ObjectRef>, Vec<ObjectRef>) =
            account::objects(self.hub, &[]).iter().rev().map(ObjectRef::of).partition(|it| it.kind == "Namespace");
        let mut going = self.live(&account, |live| self.is_ours(live)).await?;
        let tokens = ObjectRef::new("v1", "Secret", Some(ACCOUNT_NAMESPACE), "");
        let token = |live: Value| self.is_ours(&live).then(|| Identity::of(&live));
        going.extend(cluster.list_metadata_with(&tokens, token).await?);
        let probe = ObjectRef::new("v1", "ConfigMap", Some(PROBE_NAMESPACE), PROBE);
        let proves = spoke::probe(name).name;
        let probed = self.live(&[probe], |live| tracked_by(live) == Some(proves.as_str())).await?;
        let mut emptied = self.live(&namespaces, |live| self.is_ours(live)).await?;
        if !probed.is_empty() {
            let namespace = ObjectRef::new("v1", "Namespace", None, PROBE_NAMESPACE);
            emptied.extend(self.live(&[namespace], |_| true).await?);
        }
        going.extend(probed);
        let mut count = engine::remove(cluster, console, &going, deadline).await?;
        for namespace in emptied {
            if let Some(other) = inhabitants(cluster, &namespace.object.name).await?.first() {
                console.done("stays", format!("{namespace} on {name}: {} is in it", ObjectRef::of(other)));
                continue;
            }
            count += engine::remove(cluster, console, std::slice::from_ref(&namespace), deadline).await?;
        }
        let objects = counted(count, "object");
        console.done("remove", format!("{objects} on {name}: the account of Argo CD, and what its probe brought"));
        Ok(())
    }

    fn is_ours(&self, live: &Value) -> bool {
        live.pointer("/metadata/labels").is_some_and(|labels| labels[HUB] == self.hub)
    }

    /// Which of these are there and are meant.
    async fn live(&self, names: &[ObjectRef], is_meant: impl Fn(&Value) -> bool) -> Result<Vec<Identity>, Fault> {
        let mut found = Vec::new();
        for name in names {
            let live = absent(self.cluster.metadata(name).await)?.flatten().filter(|live| is_meant(live));
            found.extend(live.map(|live| Identity::under(name, &live)));
        }
        Ok(found)
    }
}
