//! One turn after the other: every Application is compared, synced, and deleted, as far as it goes without waiting.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result};
use k8s_openapi::jiff::Timestamp;
use serde_json::{Value, json};

use super::compare::{Comparison, Trials, says};
use super::server::Server;
use super::source::Source;
use super::sync::{Progress, Sync};
use super::world::{World, annotation, is_going, text};
use super::{NAMESPACE, REFRESH, STAMP, cascade};
use crate::progress::say;

const API: &str = "argoproj.io/v1alpha1";
const SKIP: &str = "argocd.argoproj.io/skip-reconcile";
/// What is looked at whatever is in git.
const ALWAYS: [(&str, &str); 4] =
    [("v1", "Secret"), ("apps/v1", "StatefulSet"), (API, "Application"), (API, "AppProject")];

/// The controller, and what it remembers.
pub struct Controller {
    server: Server,
    source: Source,
    kinds: BTreeSet<(String, String)>,
    /// The commit that each Application was resolved to last.
    resolved: BTreeMap<String, String>,
    syncs: BTreeMap<String, Sync>,
    trials: Trials,
    /// The version of all that there was at the last turn.
    seen: String,
    has_begun: bool,
}

impl Controller {
    pub fn new(server: Server, source: Source) -> Self {
        let kinds = ALWAYS.map(|(api, kind)| (api.to_owned(), kind.to_owned())).into();
        let (resolved, syncs, trials) = (BTreeMap::new(), BTreeMap::new(), Trials::default());
        Self { server, source, kinds, resolved, syncs, trials, seen: String::new(), has_begun: false }
    }

    /// Looks at all of it, unless nothing on the whole cluster has changed since the last turn.
    pub async fn turn(&mut self) -> Result<()> {
        if self.server.version(API, "Application").await?.is_none_or(|version| version == self.seen) {
            return Ok(());
        }
        let Some((applications, version)) = self.server.list(API, "Application").await? else { return Ok(()) };
        let world = World::of(&self.server, &self.kinds).await?;
        if !runs(&world) {
            self.has_begun = false;
            self.seen = version;
            return Ok(());
        }
        if !self.has_begun {
            self.begin(&world).await?;
        }
        // What goes wrong is looked at again.
        self.seen = version;
        for application in applications.iter().filter(|it| text(it, "/metadata/namespace") == NAMESPACE) {
            let worked = self.work(application, &world).await;
            if let Err(error) = worked {
                say(&format!("the played Argo CD: {}: {error:#}", text(application, "/metadata/name")));
                self.seen.clear();
            }
        }
        self.go_on_without(&applications).await
    }

    /// A fresh Argo CD makes its default project.
    async fn begin(&mut self, world: &World) -> Result<()> {
        if !world.own("AppProject").any(|it| text(it, "/metadata/name") == "default") {
            let project = json!({"apiVersion": API, "kind": "AppProject",
                "metadata": {"name": "default", "namespace": NAMESPACE},
                "spec": {"sourceRepos": ["*"], "destinations": [{"server": "*", "namespace": "*"}],
                    "clusterResourceWhitelist": [{"group": "*", "kind": "*"}]}});
            self.server.create(&project).await?;
        }
        self.syncs.clear();
        self.resolved.clear();
        self.has_begun = true;
        Ok(())
    }

    async fn work(&mut self, application: &Value, world: &World) -> Result<()> {
        if annotation(application, SKIP) == "true" {
            return Ok(());
        }
        let phase = text(application, "/status/operationState/phase");
        let operates = application.get("operation").is_some() || matches!(phase, "Running" | "Terminating");
        if operates {
            self.operate(application, world).await?;
        } else if is_going(application) {
            return cascade::go_on(&self.server, world, application).await;
        }
        self.compare(application, world, operates).await
    }

    /// The commit of an Application's source, anew where that is asked for.
    fn commit(&mut self, application: &Value, anew: bool) -> Result<String> {
        let name = text(application, "/metadata/name");
        if let Some(commit) = self.resolved.get(name).filter(|_| !anew) {
            return Ok(commit.clone());
        }
        let commit = self.source.resolve(&application["spec"]["source"])?;
        self.resolved.insert(name.to_owned(), commit.clone());
        Ok(commit)
    }

    /// What git has for an Application at a commit, and the kinds of that from now on.
    async fn targets(&mut self, application: &Value, commit: &str) -> Result<Vec<Value>> {
        let manifests = self.source.manifests(&application["spec"]["source"], commit)?;
        let mut targets = Vec::new();
        for manifest in manifests.iter() {
            let (api_version, kind) = (text(manifest, "/apiVersion"), text(manifest, "/kind"));
            self.kinds.insert((api_version.to_owned(), kind.to_owned()));
            let is_namespaced = self.server.is_namespaced(api_version, kind).await.unwrap_or_default();
            targets.push(super::world::targeted(application, manifest, is_namespaced));
        }
        Ok(targets)
    }

    async fn compare(&mut self, application: &Value, world: &World, operates: bool) -> Result<()> {
        let is_asked = !annotation(application, REFRESH).is_empty();
        let spec = &application["spec"];
        let is_new = application.pointer("/status/sync/comparedTo/source") != spec.get("source");
        let known = self.kinds.len();
        let compared = match in_the_way(application, world) {
            Some((condition, why)) => Comparison::failed(condition, &why),
            None => match self.compared(application, world, is_asked || is_new).await {
                Ok(comparison) => comparison,
                Err(error) => Comparison::failed("ComparisonError", &format!("{error:#}")),
            },
        };
        if self.kinds.len() > known {
            self.seen.clear();
            return Ok(()); // With kinds that were not looked at it would say that nothing of them is there.
        }
        let status = compared.status(application);
        if is_asked || !says(application, &status) {
            let mut patch = json!({"status": status});
            patch["status"]["reconciledAt"] = now().into();
            if is_asked {
                // Only the request that was there when it began.
                patch["metadata"] = json!({"annotations": {REFRESH: null, STAMP: null},
                    "resourceVersion": application["metadata"]["resourceVersion"]});
            }
            self.server.patch(application, &patch).await?;
        }
        if operates || is_going(application) {
            return Ok(());
        }
        self.heal(application, &compared).await
    }

    async fn compared(&mut self, application: &Value, world: &World, anew: bool) -> Result<Comparison> {
        let commit = self.commit(application, anew)?;
        let targets = self.targets(application, &commit).await?;
        Comparison::of(&self.server, &mut self.trials, world, application, (&commit, &targets)).await
    }

    /// Asks for a sync of what differs, where that is automated (argo-cd `controller/appcontroller.go`, `autoSync`).
    async fn heal(&self, application: &Value, compared: &Comparison) -> Result<()> {
        let policy = &application["spec"]["syncPolicy"];
        let automated = &policy["automated"];
        let is_on = automated.is_object() && automated["enabled"] != false;
        if compared.sync != "OutOfSync" || !is_on || compared.is_empty {
            return Ok(());
        }
        let last = &application["status"]["operationState"];
        let was_tried = text(last, "/syncResult/revision") == compared.revision
            && last["syncResult"]["source"] == application["spec"]["source"];
        if was_tried && (last["phase"] != "Succeeded" || automated["selfHeal"] != true) {
            return Ok(());
        }
        let mut sync = json!({"revision": compared.revision, "prune": automated["prune"] == true,
            "syncOptions": policy["syncOptions"]});
        if was_tried {
            let chosen = compared.differing.iter().map(|(group, kind, namespace, name)| {
                json!({"group": group, "kind": kind, "namespace": namespace, "name": name})
            });
            sync["resources"] = chosen.collect();
        }
        let operation = json!({"sync": sync, "initiatedBy": {"automated": true}, "retry": policy["retry"]});
        let version = &application["metadata"]["resourceVersion"];
        // On the version that was looked at, as it would be written over an operation of somebody else.
        self.server.patch(application, &json!({"operation": operation, "metadata": {"resourceVersion": version}})).await
    }

    async fn operate(&mut self, application: &Value, world: &World) -> Result<()> {
        let name = text(application, "/metadata/name").to_owned();
        if text(application, "/status/operationState/phase") == "Terminating" {
            self.syncs.remove(&name);
            return self.end(application, json!({"phase": "Failed", "message": "Operation terminated"})).await;
        }
        if !self.syncs.contains_key(&name) {
            match self.asked(application, world).await {
                Ok(Some(sync)) => drop(self.syncs.insert(name.clone(), sync)),
                Ok(None) => return Ok(()),
                Err(error) => {
                    let state = json!({"phase": "Error", "message": format!("{error:#}")});
                    return self.end(application, state).await;
                }
            }
        }
        let Some(sync) = self.syncs.get_mut(&name) else { return Ok(()) };
        match sync.go_on(&self.server).await? {
            Progress::Waits(why) => {
                let state = sync.state("Running", &why);
                let is_told = text(application, "/status/operationState/message") == why;
                if is_told {
                    Ok(())
                } else {
                    self.server.patch(application, &json!({"status": {"operationState": state}})).await
                }
            }
            Progress::Ended(phase, message) => {
                let state = sync.state(phase, &message);
                self.syncs.remove(&name);
                self.end(application, state).await
            }
        }
    }

    /// The sync that an operation asks for.
    async fn asked(&mut self, application: &Value, world: &World) -> Result<Option<Sync>> {
        let operation = application.get("operation").or(application.pointer("/status/operationState/operation"));
        let operation = operation.context("an operation is under way that nobody has asked for")?.clone();
        if let Some((_, why)) = in_the_way(application, world) {
            anyhow::bail!(why);
        }
        let revision = match text(&operation, "/sync/revision") {
            "" => self.commit(application, true)?,
            revision => revision.to_owned(),
        };
        let known = self.kinds.len();
        let targets = self.targets(application, &revision).await?;
        if self.kinds.len() > known {
            self.seen.clear();
            return Ok(None); // What there is of these kinds is looked at first.
        }
        Ok(Some(Sync::of(application, operation, (&revision, &targets), world, now())))
    }

    async fn end(&self, application: &Value, mut state: Value) -> Result<()> {
        state["finishedAt"] = now().into();
        self.server.patch(application, &json!({"operation": null, "status": {"operationState": state}})).await
    }

    /// A sync goes on when its Application is deleted, and that of the root makes the root anew.
    async fn go_on_without(&mut self, applications: &[Value]) -> Result<()> {
        let is_there = |name: &str| applications.iter().any(|it| text(it, "/metadata/name") == name);
        let gone: Vec<String> = self.syncs.keys().filter(|name| !is_there(name)).cloned().collect();
        for name in gone {
            let Some(sync) = self.syncs.get_mut(&name) else { continue };
            if let Progress::Ended(..) = sync.go_on(&self.server).await? {
                self.syncs.remove(&name);
            }
        }
        Ok(())
    }
}

/// What keeps an Application from being compared, or synced.
fn in_the_way(application: &Value, world: &World) -> Option<(&'static str, String)> {
    let project = text(application, "/spec/project");
    if !world.own("AppProject").any(|it| text(it, "/metadata/name") == project) {
        let why = format!("Application referencing project {project} which does not exist");
        return Some(("InvalidSpecError", why));
    }
    let is_credential = |it: &&Value| {
        let label = it.pointer("/metadata/labels/argocd.argoproj.io~1secret-type");
        label.and_then(Value::as_str) == Some("repository")
    };
    let has_credential = world.own("Secret").any(|it| is_credential(&it));
    (!has_credential).then(|| {
        let why = "Failed to load target state: failed to list refs: authentication required";
        ("ComparisonError", why.to_owned())
    })
}

/// Whether there is a pod of it.
fn runs(world: &World) -> bool {
    let mut all = world.own("StatefulSet");
    let controller = all.find(|it| text(it, "/metadata/name") == super::CONTROLLER);
    let ready = controller.and_then(|it| it.pointer("/status/readyReplicas")?.as_u64());
    ready.is_some_and(|ready| ready > 0)
}

/// Finer than Argo CD's, which are in seconds: two in a row are two.
fn now() -> String {
    Timestamp::now().to_string()
}
