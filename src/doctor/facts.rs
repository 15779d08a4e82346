//! What a look at the cluster has brought. No values of Secrets are among it.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;

use super::application::is_here;
use crate::object::{ObjectRef, str_at};
use crate::words::argo;

/// What was read of a kind; nothing where it could not be read, which is not that there is none.
pub type Seen<T> = Option<Vec<T>>;

/// All of it.
#[derive(Debug, Default)]
pub struct Facts {
    /// The namespace of the Argo CD that is looked at.
    pub namespace: String,
    /// The version of the API server, `v1.37.2`.
    pub kubernetes: String,
    /// When it was looked.
    pub now: Timestamp,
    /// The Applications that this Argo CD acts on.
    pub applications: Seen<Value>,
    /// What the Applications of the cluster are called, those of other Argo CDs among them, in every form that marks an object.
    pub names: BTreeSet<String>,
    /// The `ApplicationSets` that it acts on.
    pub sets: Seen<Value>,
    /// Its projects.
    pub projects: Seen<Value>,
    /// All definitions of the cluster, without their schemas.
    pub definitions: Seen<Value>,
    /// The Secrets of its namespace.
    pub secrets: Seen<SecretFacts>,
    /// The `ConfigMaps` of its namespace that are its settings.
    pub settings: Seen<Value>,
    /// The `Deployments` and `StatefulSets` of its namespace.
    pub workloads: Seen<Value>,
    /// All namespaces.
    pub namespaces: Seen<Value>,
    /// All Services, as namespace and name.
    pub services: Seen<(String, String)>,
    /// Those behind which somebody is ready.
    pub answering: Seen<(String, String)>,
    /// All webhook configurations, validating and mutating.
    pub webhooks: Seen<Value>,
    /// The Jobs that are hooks of Argo CD.
    pub hook_jobs: Seen<Value>,
    /// The objects of the kinds that Applications deploy here, and all that is in the namespace of Argo CD.
    pub objects: Vec<Live>,
    /// Objects of kinds that are going: each with why.
    pub legacy: Vec<(ObjectRef, &'static str)>,
    /// What a recovery has put out of the way or stopped: each with what that is.
    pub left: Vec<(ObjectRef, String)>,
    /// The parts of Argo CD that bear the mark of another installer.
    pub installed: Vec<Installed>,
    /// The objects by which operators of Argo CD are told what to install.
    pub operated: Vec<ObjectRef>,
    /// What could not be looked at.
    pub unread: Vec<Unread>,
}

/// A Secret of Argo CD's namespace, without what is secret in it.
#[derive(Debug, Clone, Default)]
pub struct SecretFacts {
    /// Its name.
    pub name: String,
    /// Whether Helm keeps a release in it.
    pub is_release: bool,
    /// Its labels.
    pub labels: BTreeMap<String, String>,
    /// Its annotations, without the one of `kubectl apply`.
    pub annotations: BTreeMap<String, String>,
    /// The keys that it has values under.
    pub keys: Vec<String>,
    /// Where it leads, without login: the address of a repository or of a cluster.
    pub address: String,
    /// What it calls the cluster or repository.
    pub called: String,
    /// Whether Argo CD is in that release.
    pub has_argocd: bool,
    /// What git has said to an attempt to push by it, where somebody asked for one.
    pub may_push: Option<bool>,
}

/// An object of the cluster, of which only the metadata was read.
#[derive(Debug, Clone)]
pub struct Live {
    /// Kind, namespace and name.
    pub object: ObjectRef,
    /// The Application that has deployed exactly this object, as it says itself.
    pub tracker: Option<String>,
    /// Whether Kubernetes, an owner or Argo CD itself has made it.
    pub is_made: bool,
    /// Whether it is being deleted.
    pub is_being_deleted: bool,
    /// Whether it waits for Argo CD to be done with it as a hook.
    pub has_hook_finalizer: bool,
    /// The versions that its fields were written in.
    pub written_in: Vec<String>,
    /// The length of what `kubectl apply` keeps in it.
    pub last_applied: usize,
    /// Fields of others that git does not hold.
    pub foreign: Vec<Field>,
}

/// An object that another tool has installed, or believes to have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Installed {
    /// Kind, namespace and name.
    pub object: ObjectRef,
    /// The tool.
    pub tool: String,
    /// The release of Helm that it is of, as `namespace/name`.
    pub release: Option<String>,
    /// Whether the tool goes on writing it.
    pub writes_back: bool,
}

/// A field of an object that somebody else owns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    /// Its path, with dots.
    pub path: String,
    /// Its manager.
    pub manager: String,
    /// The tool behind the manager.
    pub tool: String,
}

/// Something that could not be looked at, why, and what would have been found there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Unread {
    /// What.
    pub what: String,
    /// Why.
    pub why: String,
    /// The codes that rest on it.
    pub codes: Vec<&'static str>,
    /// Whether whoever looks did not ask for it.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub by_choice: bool,
}

impl Facts {
    /// The value of a setting, in whichever of the `ConfigMaps` of Argo CD it is.
    #[must_use]
    pub fn setting(&self, key: &str) -> Option<&str> {
        self.settings.iter().flatten().find_map(|it| it.get("data")?.get(key)?.as_str())
    }

    /// Whether an Application deploys to the cluster that Argo CD runs on, by any of the names that this is registered under.
    #[must_use]
    pub fn is_here(&self, application: &Value) -> bool {
        let is_called = |name: &str, it: &SecretFacts| {
            it.labels.get(argo::SECRET_TYPE).is_some_and(|it| it == argo::CLUSTER)
                && it.called == name
                && it.address.trim_end_matches('/') == argo::IN_CLUSTER
        };
        is_here(application)
            || match (str_at(application, "/spec/destination/server"), str_at(application, "/spec/destination/name")) {
                ("", name) => self.secrets.iter().flatten().any(|it| is_called(name, it)),
                _ => false,
            }
    }

    /// Why nobody answers at this Service, given as namespace and name; nothing where somebody does, or nobody knows.
    #[must_use]
    pub(super) fn trouble_with_service(&self, (namespace, name): (&str, &str)) -> Option<&'static str> {
        let has = |all: &Vec<(String, String)>| all.iter().any(|it| it.0 == namespace && it.1 == name);
        if name.is_empty() {
            None // by an address, which nobody here can ask
        } else if !has(self.services.as_ref()?) {
            Some("does not exist")
        } else if !has(self.answering.as_ref()?) {
            Some("has no pod that is ready")
        } else {
            None
        }
    }
}

impl Live {
    /// An object of which nothing is known but its name.
    #[must_use]
    pub fn of(object: ObjectRef) -> Self {
        Self {
            object,
            tracker: None,
            is_made: false,
            is_being_deleted: false,
            has_hook_finalizer: false,
            written_in: Vec::new(),
            last_applied: 0,
            foreign: Vec::new(),
        }
    }
}
