//! The claims repository of a hub: how it is reached, and how what people have ordered in it is.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Serialize;
use serde_json::Value;

use super::{check_reader, connection_to};
use crate::argocd::application::short;
use crate::argocd::{Application, tracked_by};
use crate::document::{Hub, HubStep};
use crate::engine::ready::condition;
use crate::engine::{Cluster, Fault};
use crate::git::Access;
use crate::object::{ObjectRef, str_at};
use crate::report::{Console, Failure, Outcome};
use crate::run::secrets::{git_connection, git_credential};
use crate::words::argo;

/// How long the look may take: it is beside what was asked.
const PATIENCE: Duration = Duration::from_secs(10);

/// The claims repository as Argo CD reaches it, with the credential of the step; `None` for a hub without one.
pub fn access_to_claims(hub: &Hub, step: &HubStep) -> Outcome<Option<Access>> {
    let given = step.claims.as_ref();
    let credential = git_credential("claims.pull", given.and_then(|it| it.pull.as_ref()))?;
    let Some(claims) = &hub.spec.claims else {
        return match credential {
            None => Ok(None),
            Some(_) => {
                Err(Failure::usage("the step has a credential for a claims repository, and hub.yaml names none")
                    .hint("add `spec.claims` to hub.yaml, or take `claims` out of the step"))
            }
        };
    };
    let url = &claims.repository.url;
    let connection = match given.and_then(|it| it.connection.as_ref()) {
        Some(given) => git_connection("claims.connection", Some(given))?,
        None => connection_to(url, &step.repository)?,
    };
    let access = Access { connection, ..Access::new(url, &claims.repository.branch, credential) };
    check_reader(&access)?;
    access.check_way(given.is_some_and(|it| it.allow_insecure))?;
    Ok(Some(access))
}

/// What people have ordered, and how it is.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Claims {
    repository: String,
    /// The commit that was compared with the cluster.
    revision: String,
    total: usize,
    not_ready: usize,
    /// By kind and group.
    kinds: BTreeMap<String, OfKind>,
    /// What has a file and is not there.
    not_there: Vec<String>,
    /// What has no file any more, and stays until somebody deletes it.
    without_file: Vec<String>,
    /// What was not taken. One such object holds up every claim.
    refused: Vec<Refused>,
    not_looked_at: Vec<String>,
}

#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
struct OfKind {
    total: usize,
    not_ready: usize,
}

#[derive(Debug, Serialize)]
struct Refused {
    object: String,
    cause: String,
}

impl Claims {
    /// Looks at what the Application of the claims holds; `None` for a hub without one.
    pub async fn of(cluster: &Cluster) -> Result<Option<Self>, Fault> {
        let cluster = &cluster.patient_for(PATIENCE);
        let Some(application) = cluster.get(&argo::application(argo::CLAIMS)).await?.map(Application) else {
            return Ok(None);
        };
        let cause =
            |(object, cause): (ObjectRef, &str)| Refused { object: object.to_string(), cause: cause.to_owned() };
        let mut claims = Self {
            repository: str_at(&application.0, "/spec/source/repoURL").to_owned(),
            revision: application.compared_revisions().first().copied().unwrap_or_default().to_owned(),
            total: 0,
            not_ready: 0,
            kinds: BTreeMap::new(),
            not_there: Vec::new(),
            without_file: application.without_file().map(|it| it.to_string()).collect(),
            refused: application.failed_objects().map(cause).collect(),
            not_looked_at: Vec::new(),
        };
        claims.count(&application, cluster).await;
        Ok(Some(claims))
    }

    /// Whoever asks how a hub is may not be permitted to read all kinds, and gets the answer nevertheless.
    async fn count(&mut self, application: &Application, cluster: &Cluster) {
        let held: Vec<ObjectRef> = application.resources().collect();
        let kinds: BTreeMap<(&str, &str), &ObjectRef> =
            held.iter().map(|it| ((it.group.as_str(), it.kind.as_str()), it)).collect();
        for ((group, kind), one) in kinds {
            let name = format!("{kind}.{group}");
            let every = ObjectRef { namespace: None, name: String::new(), ..one.clone() };
            let is_its = |live: Value| {
                let ready = is_ready(&live);
                (tracked_by(&live) == Some(argo::CLAIMS)).then(|| (ObjectRef::of(&live).to_string(), ready))
            };
            let Ok(live) = cluster.list_with(&every, is_its).await else {
                self.not_looked_at.push(name);
                continue;
            };
            let not_ready = live.iter().filter(|(_, ready)| !ready).count();
            self.total += live.len();
            self.not_ready += not_ready;
            let its = held.iter().filter(|it| it.is_kind_of(one)).map(ToString::to_string);
            self.not_there.extend(its.filter(|it| !live.iter().any(|(there, _)| there == it)));
            self.kinds.insert(name, OfKind { total: live.len(), not_ready });
        }
    }

    /// What people read.
    pub fn tell(&self, console: &Console) {
        let of = |total: usize, not_ready: usize| match not_ready {
            0 => format!("{total}, all ready"),
            _ => format!("{total}, {not_ready} not ready"),
        };
        let (at, count) = (short(&self.revision), of(self.total, self.not_ready));
        console.say(format!("claims at {at} of {}: {count}", self.repository));
        for (kind, its) in &self.kinds {
            console.say(format!("  {kind}: {}", of(its.total, its.not_ready)));
        }
        for it in &self.refused {
            console.say(format!("! {}: {}; no claim is synced until it is mended or taken out", it.object, it.cause));
        }
        for it in &self.not_there {
            console.say(format!("- {it}: it is ordered and not there yet"));
        }
        for it in &self.without_file {
            console.say(format!("- {it}: its file is gone; it stays until somebody deletes it (docs/claims.md)"));
        }
        if !self.not_looked_at.is_empty() {
            console.say(format!("not looked at, since it could not be read: {}", self.not_looked_at.join(", ")));
        }
    }
}

/// Crossplane says of claims and composite resources whether it could work on them and whether they are ready.
fn is_ready(live: &Value) -> bool {
    ["Synced", "Ready"].iter().all(|it| condition(live, it).is_some_and(|it| str_at(it, "/status") == "True"))
}
