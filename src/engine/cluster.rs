//! One cluster, and the requests that we make of it.

mod answer;
mod changes;
mod discovery;
mod dry_run;
mod list;
mod page;
mod pod_log;
mod request;
mod transport;
mod write;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use http::Method;
use serde_json::Value;

use self::answer::NoAnswer;
use self::request::{JSON, METADATA, Request};
use super::connect::{self, Facts, Given, Way};
use super::deadline::Deadline;
use super::fault::{Fault, FaultKind, absent};
use super::kinds::{Kinds, Resource, collection_path};
use super::session::Session;
use crate::document::Existing;
use crate::env;
use crate::object::{ObjectRef, kind, str_at, uid};
use crate::report::{Console, Failure, Outcome};
use crate::schema::address;

pub use changes::Changes;
pub use dry_run::Trial;
pub use pod_log::LogRange;

/// How long the first contact may fail before we say so.
const FIRST_CONTACT: Duration = Duration::from_secs(8);

/// What is told of a server of this machine that does not answer.
const LOOPBACK: &str = "check that the cluster runs. The address is that of the machine itself: in a container, as a bundle runs in, it is the \
                        container's own. There the kubeconfig has to name the cluster as the container reaches it (of kind: \
                        `kind get kubeconfig --internal`, in the network `kind`), or the container to share the network of its host";

/// An API server that did not say who it is.
#[derive(Debug)]
pub struct Unreached {
    /// Its address.
    pub server: String,
    /// What came instead.
    pub fault: Fault,
}

impl Unreached {
    /// As a failure.
    #[must_use]
    pub fn into_failure(self) -> Failure {
        let is_away = self.fault.kind == FaultKind::Unreachable && !self.fault.is_by_proxy();
        let is_here = is_away && address::is_loopback(&self.server);
        let failure = Failure::from(self.fault).context(format!("API server {}", self.server));
        if is_here { failure.hint(LOOPBACK) } else { failure }
    }
}

/// A connected cluster. Cheap to clone.
#[derive(Clone)]
pub struct Cluster {
    session: Session,
    kinds: Arc<Mutex<Kinds>>,
    deadline: Deadline,
    facts: Facts,
    found: String,
    context: Option<String>,
    console: Arc<Console>,
    manner: Manner,
}

/// How its server is asked.
#[derive(Debug, Clone, Copy, Default)]
struct Manner {
    /// Whether what gave no answer is not asked again.
    is_impatient: bool,
    /// In whose name.
    account: Option<&'static Account>,
}

/// An account of Kubernetes, as whom a request is sent where the user may do that.
#[derive(Debug, Clone, Copy)]
pub struct Account {
    /// Its name.
    pub user: &'static str,
    /// Its groups.
    pub groups: &'static [&'static str],
}

impl Cluster {
    /// Connects, and asks who it is. Requests that may be repeated are, until the deadline.
    pub async fn connect(existing: &Existing, deadline: Deadline) -> Outcome<Self> {
        let reached = Self::reach(existing, deadline, FIRST_CONTACT).await?;
        // This deadline is ours, not the user's: not to be reached at all is a failure.
        reached.map_err(|it| Unreached { fault: Fault { tried: None, ..it.fault }, ..it }.into_failure())
    }

    /// The same for whoever wants to know why nobody answers within this time. Where that is less than the deadline of the
    /// user, not to be reached is a failure and no deadline.
    pub async fn reach(
        existing: &Existing,
        deadline: Deadline,
        patience: Duration,
    ) -> Outcome<Result<Self, Unreached>> {
        Self::introduced(connect::configuration(existing)?, deadline, patience).await
    }

    /// The same by a kubeconfig that is given beside that of the hub, and one of its contexts.
    pub async fn reach_by(
        given: &Given,
        context: Option<&str>,
        allow_insecure: bool,
        deadline: Deadline,
        patience: Duration,
    ) -> Outcome<Result<Self, Unreached>> {
        Self::introduced(given.configuration(context, allow_insecure)?, deadline, patience).await
    }

    async fn introduced(
        Way { config, proxy, found, context }: Way,
        deadline: Deadline,
        patience: Duration,
    ) -> Outcome<Result<Self, Unreached>> {
        let server = config.cluster_url.to_string();
        let session = Box::pin(Session::open(config, proxy, deadline))
            .await
            .map_err(|fault| Failure::from(fault).context(format!("kubeconfig {found}")))?;
        let facts =
            Facts { uid: String::new(), version: String::new(), created: String::new(), server: server.clone() };
        let console = Arc::new(Console::new(env::is_quiet()));
        let mut cluster = Self {
            session,
            kinds: Arc::default(),
            deadline,
            facts,
            found,
            context,
            console,
            manner: Manner::default(),
        };
        let is_ours = patience < deadline.left();
        match cluster.patient_for(patience).introduction().await {
            Ok(facts) => {
                cluster.facts = facts;
                Ok(Ok(cluster))
            }
            Err(fault) if is_ours => Ok(Err(Unreached { server, fault: Fault { tried: None, ..fault } })),
            Err(fault) => Ok(Err(Unreached { server, fault })),
        }
    }

    /// The same cluster, with a nearer deadline.
    #[must_use]
    pub fn patient_for(&self, time: Duration) -> Self {
        Self { deadline: self.deadline.at_most(time), ..self.clone() }
    }

    /// The same cluster, for questions that need no answer: a request that a webhook or the server leaves without one, in its
    /// whole time, is not sent again. A server that is away for a moment is asked again.
    #[must_use]
    pub fn asked_once(&self) -> Self {
        Self { manner: Manner { is_impatient: true, ..self.manner }, ..self.clone() }
    }

    /// The same cluster, asked in the name of another account.
    #[must_use]
    pub fn asked_as(&self, account: &'static Account) -> Self {
        Self { manner: Manner { account: Some(account), ..self.manner }, ..self.clone() }
    }

    /// The same cluster, with at least this time: for what has to be put back, also after the deadline of the step.
    #[must_use]
    pub fn patient_for_at_least(&self, time: Duration) -> Self {
        let deadline = if self.deadline.left() < time { Deadline::after(time) } else { self.deadline };
        Self { deadline, ..self.clone() }
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

    /// The context of the kubeconfig that it is reached by, where there is one.
    #[must_use]
    pub fn context(&self) -> Option<&str> {
        self.context.as_deref()
    }

    /// The deadline of the step.
    #[must_use]
    pub fn deadline(&self) -> Deadline {
        self.deadline
    }

    /// Says what is waited for on it.
    pub fn tell_wait(&self, what: &str, blocked_by: &str) {
        self.deadline.tell(&self.console, what, blocked_by);
    }

    /// Learns the kinds that these objects define.
    pub fn learn<'o>(&self, objects: impl IntoIterator<Item = &'o Value>) {
        let mut kinds = lock(&self.kinds);
        objects.into_iter().filter(|it| ObjectRef::of(it).is_crd()).for_each(|crd| kinds.learn_crd(crd));
    }

    /// What identifies the cluster.
    async fn introduction(&self) -> Result<Facts, Fault> {
        let name = ObjectRef::new("v1", "Namespace", None, "kube-system");
        let doing = "read the version";
        let Some(namespace) = self.get(&name).await? else {
            return Err(NoAnswer::without(&name.to_string()).into_fault(&format!("read {name}")));
        };
        let version = self.ask(&Request::get(doing, "/version"), answer::version).await?;
        let created = str_at(&namespace, "/metadata/creationTimestamp").to_owned();
        Ok(Facts { uid: uid(&namespace).to_owned(), version, created, server: self.facts.server.clone() })
    }

    /// The object, or `None` when it is not there.
    pub async fn get(&self, object: &ObjectRef) -> Result<Option<Value>, Fault> {
        let path = self.path(object).await?;
        let doing = format!("read {object}");
        absent(self.ask(&Request::get(&doing, &path), |text| answer::object(text, object)).await)
    }

    /// The metadata of the object, with its `managedFields`, or `None`.
    pub async fn metadata(&self, object: &ObjectRef) -> Result<Option<Value>, Fault> {
        let path = self.path(object).await?;
        let doing = format!("read {object}");
        let request = Request::get(&doing, &path).accepting(METADATA);
        absent(self.ask(&request, |text| answer::metadata(text, object)).await)
    }

    /// The plural of the kind, as roles name it.
    pub async fn plural(&self, object: &ObjectRef) -> Result<String, Fault> {
        Ok(self.resource(object).await?.plural)
    }

    /// Whether the objects of the kind live in namespaces.
    pub async fn is_namespaced(&self, object: &ObjectRef) -> Result<bool, Fault> {
        Ok(self.resource(object).await?.namespaced)
    }

    /// Creates an object that is only a question, such as an access review, and returns the answer.
    pub async fn review(&self, question: &Value, path: &str) -> Result<Value, Fault> {
        let request = Request::bringing("ask for permissions", Method::POST, path, JSON, question);
        self.ask(&request, |text| answer::of_kind(text, kind(question))).await
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
        let list = self.resources_beside(object).await?;
        lock(&self.kinds).learn_discovery(&object.group, &list);
        self.known(object).ok_or_else(|| {
            let doing = format!("look up {} in {}", object.kind, object.api_version());
            Fault::new(FaultKind::NotFound, &doing, "the cluster does not serve this kind")
        })
    }

    /// The kinds that are served in the same group and version.
    async fn resources_beside(&self, object: &ObjectRef) -> Result<Value, Fault> {
        let api_version = object.api_version();
        let root = if object.group.is_empty() { "api" } else { "apis" };
        let doing = format!("look up {} in {api_version}", object.kind);
        let path = format!("/{root}/{api_version}");
        self.ask(&Request::get(&doing, &path), |text| answer::list_in(text, "APIResourceList", "resources")).await
    }

    fn known(&self, object: &ObjectRef) -> Option<Resource> {
        lock(&self.kinds).get(&object.group, &object.kind).cloned()
    }
}

/// A panic of another task leaves the table as it was.
fn lock(kinds: &Mutex<Kinds>) -> MutexGuard<'_, Kinds> {
    kinds.lock().unwrap_or_else(PoisonError::into_inner)
}
