//! One cluster, and the requests that we make of it.

mod dry_run;
mod pod_log;

use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use http::{Method, Request};
use kube::Client;
use serde_json::{Value, json};

use super::connect::{self, Facts};
use super::deadline::Deadline;
use super::fault::{Fault, FaultKind};
use super::kinds::{self, Kinds, Resource, Served, collection_path};
use crate::env;
use crate::object::{ObjectRef, items, str_at};
use crate::report::{Console, Failure, Outcome};
use crate::spec::Existing;

/// How long one request may take; the API server itself gives up on an apply after 34 s.
const REQUEST: Duration = Duration::from_secs(40);
/// How long it may take at least, also when the deadline is near.
const SHORTEST_REQUEST: Duration = Duration::from_secs(1);
/// How long the first contact may fail before we say so.
const FIRST_CONTACT: Duration = Duration::from_secs(8);
/// The answer of a write is only needed for its metadata; a CRD would send 350 kB back.
const METADATA_ONLY: &str = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1,application/json";
/// All groups with their resources in one answer (KEP-3352, stable since Kubernetes 1.30).
const AGGREGATED_DISCOVERY: &str = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";
/// The same for lists.
const METADATA_LIST: &str = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json";
const JSON: &str = "application/json";

/// A connected cluster. Cheap to clone.
#[derive(Clone)]
pub struct Cluster {
    client: Client,
    kinds: Arc<Mutex<Kinds>>,
    deadline: Deadline,
    facts: Facts,
    found: String,
    console: Arc<Console>,
}

impl Cluster {
    /// Connects, and asks who it is. Requests that may be repeated are, until the deadline.
    pub async fn connect(existing: &Existing, deadline: Deadline) -> Outcome<Self> {
        let (config, found) = connect::configuration(existing).await?;
        let server = config.cluster_url.to_string();
        let client = connect::client(config, deadline)
            .await
            .map_err(|fault| Failure::from(fault).context(format!("kubeconfig {found}")))?;
        let facts = Facts { uid: String::new(), version: String::new() };
        let console = Arc::new(Console::new(env::is_quiet()));
        let mut cluster = Self { client, kinds: Arc::default(), deadline, facts, found, console };
        let patience = cluster.patient_for(FIRST_CONTACT);
        // This deadline is ours, not the user's: not to be reached at all is a failure.
        let named =
            |fault: Fault| Failure::from(Fault { tried: None, ..fault }).context(format!("API server {server}"));
        let kube_system = ObjectRef::new("v1", "Namespace", None, "kube-system");
        let namespace = patience.get(&kube_system).await.map_err(named)?.unwrap_or_default();
        let version = patience.ask("read the version", Method::GET, "/version", None).await.map_err(named)?;
        cluster.facts = Facts {
            uid: str_at(&namespace, "/metadata/uid").to_owned(),
            version: str_at(&version, "/gitVersion").to_owned(),
        };
        Ok(cluster)
    }

    /// The same cluster, with a nearer deadline.
    #[must_use]
    pub fn patient_for(&self, time: Duration) -> Self {
        Self { deadline: self.deadline.at_most(time), ..self.clone() }
    }

    /// What identifies the cluster.
    #[must_use]
    pub fn facts(&self) -> &Facts {
        &self.facts
    }

    /// Where its address and credential were found.
    #[must_use]
    pub fn found(&self) -> &str {
        &self.found
    }

    /// The deadline of the step.
    #[must_use]
    pub fn deadline(&self) -> Deadline {
        self.deadline
    }

    /// Learns the kinds that these objects define.
    pub fn learn(&self, objects: &[Value]) {
        let mut kinds = self.kinds.lock().unwrap_or_else(PoisonError::into_inner);
        objects.iter().filter(|it| ObjectRef::of(it).is_crd()).for_each(|crd| kinds.learn_crd(crd));
    }

    /// The object, or `None` when it (or its kind) is not there.
    pub async fn get(&self, object: &ObjectRef) -> Result<Option<Value>, Fault> {
        let path = self.path(object).await?;
        absent(self.ask(&format!("read {object}"), Method::GET, &path, None).await)
    }

    /// The metadata of the object, with its `managedFields`, or `None`.
    pub async fn metadata(&self, object: &ObjectRef) -> Result<Option<Value>, Fault> {
        let path = self.path(object).await?;
        let doing = format!("read {object}");
        let request = || self.send(&doing, Method::GET, &path, METADATA_ONLY, None);
        absent(self.retry(request).await)
    }

    /// The metadata of the objects of a kind, in one namespace or in all.
    pub async fn list_metadata(&self, kind: &ObjectRef) -> Result<Vec<Value>, Fault> {
        self.list_as(kind, METADATA_LIST).await
    }

    /// The objects of a kind, in one namespace or in all; an empty list when the kind is not served. The
    /// reference's name does not matter.
    pub async fn list(&self, kind: &ObjectRef) -> Result<Vec<Value>, Fault> {
        self.list_as(kind, JSON).await
    }

    async fn list_as(&self, kind: &ObjectRef, accept: &str) -> Result<Vec<Value>, Fault> {
        let Some(resource) = absent(self.resource(kind).await)? else { return Ok(Vec::new()) };
        let path = collection_path(kind, &resource);
        let doing = format!("list {}", resource.plural);
        let list = absent(self.retry(|| self.send(&doing, Method::GET, &path, accept, None)).await)?;
        let Some(Value::Array(mut items)) = list.and_then(|mut list| list.get_mut("items").map(Value::take)) else {
            return Ok(Vec::new());
        };
        for item in &mut items {
            item["apiVersion"] = json!(kind.api_version()); // list items come without it
            item["kind"] = json!(kind.kind);
        }
        Ok(items)
    }

    /// Server-side apply, without force: a field that another manager owns is an error that names it. Answers the
    /// metadata.
    pub async fn apply(&self, object: &Value, manager: &str) -> Result<Value, Fault> {
        self.server_side_apply(object, manager, false).await
    }

    /// Server-side apply with force: takes the fields from whoever owns them.
    pub async fn apply_by_force(&self, object: &Value, manager: &str) -> Result<Value, Fault> {
        self.server_side_apply(object, manager, true).await
    }

    async fn server_side_apply(&self, object: &Value, manager: &str, force: bool) -> Result<Value, Fault> {
        let name = ObjectRef::of(object);
        let path = self.path(&name).await?;
        let path = format!("{path}?fieldManager={manager}&fieldValidation=Strict&force={force}");
        let doing = format!("apply {name}");
        let body = || Some(("application/apply-patch+yaml", object.to_string()));
        self.retry(|| self.send(&doing, Method::PATCH, &path, METADATA_ONLY, body())).await
    }

    /// A JSON patch (RFC 6902). A race is [`FaultKind::Changed`] when the patch replaces the resourceVersion.
    pub async fn json_patch(&self, object: &ObjectRef, operations: &Value) -> Result<Value, Fault> {
        self.patch(object, "application/json-patch+json", operations, super::MANAGER).await
    }

    /// A JSON merge patch (RFC 7386).
    pub async fn merge_patch(&self, object: &ObjectRef, patch: &Value, manager: &str) -> Result<Value, Fault> {
        self.patch(object, "application/merge-patch+json", patch, manager).await
    }

    async fn patch(
        &self,
        object: &ObjectRef,
        content: &'static str,
        patch: &Value,
        manager: &str,
    ) -> Result<Value, Fault> {
        let address = format!("{}?fieldManager={}", self.path(object).await?, manager);
        let doing = format!("patch {object}");
        self.retry(|| self.send(&doing, Method::PATCH, &address, METADATA_ONLY, Some((content, patch.to_string()))))
            .await
    }

    /// Asks for the deletion of exactly this object (its UID), dependants in the background. Not there is done.
    pub async fn delete(&self, object: &ObjectRef, uid: &str) -> Result<(), Fault> {
        self.delete_by(object, uid, "Background").await
    }

    /// The same, but what the object owns stays and has no owner any more.
    pub async fn delete_and_orphan(&self, object: &ObjectRef, uid: &str) -> Result<(), Fault> {
        self.delete_by(object, uid, "Orphan").await
    }

    async fn delete_by(&self, object: &ObjectRef, uid: &str, propagation: &str) -> Result<(), Fault> {
        let path = self.path(object).await?;
        let options = json!({"propagationPolicy": propagation, "preconditions": {"uid": uid}});
        let doing = format!("delete {object}");
        let answer = self.retry(|| self.send(&doing, Method::DELETE, &path, JSON, Some((JSON, options.to_string()))));
        match answer.await {
            Ok(_) => Ok(()),
            // another UID under the name: ours is gone
            Err(fault) if matches!(fault.kind, FaultKind::NotFound | FaultKind::Changed) => Ok(()),
            Err(fault) => Err(fault),
        }
    }

    /// The plural of the kind, as roles name it.
    pub async fn plural(&self, object: &ObjectRef) -> Result<String, Fault> {
        Ok(self.resource(object).await?.plural)
    }

    /// Whether the cluster serves a kind in exactly this version.
    pub async fn serves(&self, api_version: &str, kind: &str) -> Result<bool, Fault> {
        let root =
            if api_version.contains('/') { format!("/apis/{api_version}") } else { format!("/api/{api_version}") };
        let doing = format!("look up {kind} in {api_version}");
        let list = absent(self.ask(&doing, Method::GET, &root, None).await)?.unwrap_or_default();
        Ok(items(&list, "/resources").any(|it| str_at(it, "/kind") == kind))
    }

    /// Creates an object that is only a question, such as an access review, and returns the answer.
    pub async fn review(&self, question: &Value, path: &str) -> Result<Value, Fault> {
        self.ask("ask for permissions", Method::POST, path, Some((JSON, question.to_string()))).await
    }

    /// The kinds that can be listed and are in one of these categories (as in `kubectl get CATEGORY`).
    pub async fn kinds_in(&self, categories: &[&str]) -> Result<Vec<ObjectRef>, Fault> {
        self.discover(|served| served.is_in(categories)).await
    }

    /// All kinds that can be listed and deleted, in namespaces or not.
    pub async fn kinds(&self, namespaced: bool) -> Result<Vec<ObjectRef>, Fault> {
        self.discover(|served| served.resource.namespaced == namespaced && served.can("delete")).await
    }

    /// The kinds that the cluster serves, by one aggregated discovery.
    async fn discover(&self, wanted: impl Fn(&Served) -> bool) -> Result<Vec<ObjectRef>, Fault> {
        let doing = "discover the kinds of the cluster";
        let list = self.retry(|| self.send(doing, Method::GET, "/apis", AGGREGATED_DISCOVERY, None)).await?;
        let core = self.retry(|| self.send(doing, Method::GET, "/api", AGGREGATED_DISCOVERY, None)).await?;
        let served = kinds::served(&core).into_iter().chain(kinds::served(&list));
        let mut known = self.kinds.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(served
            .filter(|served| served.can("list") && wanted(served))
            .map(|served| known.learn(served.kind, served.resource))
            .collect())
    }

    async fn path(&self, object: &ObjectRef) -> Result<String, Fault> {
        let resource = self.resource(object).await?;
        Ok(format!("{}/{}", collection_path(object, &resource), object.name))
    }

    /// How the server calls the kind: from the table, or asked for once.
    async fn resource(&self, object: &ObjectRef) -> Result<Resource, Fault> {
        if let Some(known) = self.known(object) {
            return Ok(known);
        }
        let root =
            if object.group.is_empty() { "/api/v1".to_owned() } else { format!("/apis/{}", object.api_version()) };
        let doing = format!("look up {} in {}", object.kind, object.api_version());
        let list = self.ask(&doing, Method::GET, &root, None).await?;
        self.kinds.lock().unwrap_or_else(PoisonError::into_inner).learn_discovery(&object.group, &list);
        self.known(object)
            .ok_or_else(|| Fault::new(FaultKind::NotFound, &doing, "the cluster does not serve this kind"))
    }

    fn known(&self, object: &ObjectRef) -> Option<Resource> {
        self.kinds.lock().unwrap_or_else(PoisonError::into_inner).get(&object.group, &object.kind).cloned()
    }

    async fn ask(
        &self,
        doing: &str,
        method: Method,
        path: &str,
        body: Option<(&'static str, String)>,
    ) -> Result<Value, Fault> {
        self.retry(|| self.send(doing, method.clone(), path, JSON, body.clone())).await
    }

    async fn send(
        &self,
        doing: &str,
        method: Method,
        path: &str,
        accept: &str,
        body: Option<(&str, String)>,
    ) -> Result<Value, Fault> {
        let mut request = Request::builder().method(method).uri(path).header(http::header::ACCEPT, accept);
        if let Some((content, _)) = &body {
            request = request.header(http::header::CONTENT_TYPE, *content);
        }
        let request = request
            .body(body.map(|(_, text)| text.into_bytes()).unwrap_or_default())
            .map_err(|error| Fault::new(FaultKind::Client, doing, &error.to_string()))?;
        let patience = REQUEST.min(self.deadline.left()).max(SHORTEST_REQUEST);
        match tokio::time::timeout(patience, self.client.request::<Value>(request)).await {
            Ok(answer) => answer.map_err(|error| Fault::of(doing, &error)),
            Err(_) => Err(Fault::no_answer(doing, patience.as_secs())),
        }
    }

    /// Repeats what is worth repeating, with growing pauses, until the deadline.
    async fn retry<F: Future<Output = Result<Value, Fault>>>(&self, request: impl Fn() -> F) -> Result<Value, Fault> {
        const LONGEST: Duration = Duration::from_secs(2);
        let mut pause = Duration::from_millis(50);
        loop {
            match request().await {
                Err(fault) if fault.is_transient() && !self.deadline.passed() => {
                    tracing::debug!(%fault, "trying again");
                    if pause == LONGEST {
                        self.console.waiting("retry", fault.to_string(), self.deadline.waited(), self.deadline.total());
                    }
                    self.deadline.pause(pause).await;
                    pause = (pause * 2).min(LONGEST);
                }
                Err(fault) if fault.is_transient() => {
                    return Err(Fault { tried: Some(self.deadline.total()), ..fault });
                }
                answer => return answer,
            }
        }
    }
}

/// Not there is an answer, not a fault.
fn absent<T>(answer: Result<T, Fault>) -> Result<Option<T>, Fault> {
    match answer {
        Ok(value) => Ok(Some(value)),
        Err(fault) if fault.kind == FaultKind::NotFound => Ok(None),
        Err(fault) => Err(fault),
    }
}
