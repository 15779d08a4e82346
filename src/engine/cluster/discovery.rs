//! Which kinds there are, asked of the cluster. A guard that does not see all of them does not know what it guards.

use std::time::Duration;

use super::request::{DISCOVERY, Request};
use super::{Cluster, answer, lock};
use crate::engine::kinds::{ApiService, Served, served, unknown};
use crate::engine::{Fault, FaultKind, absent};
use crate::object::{ObjectRef, items, str_at};
use crate::pace::paced;

/// How long a part of the API may be unknown: a server that restarts, or one that is just being removed.
const UNKNOWN: Duration = Duration::from_secs(20);
const PAUSE: Duration = Duration::from_secs(1);

impl Cluster {
    /// Whether the cluster serves a kind in exactly this version.
    pub async fn serves(&self, api_version: &str, kind: &str) -> Result<bool, Fault> {
        let version = ObjectRef::new(api_version, kind, None, "");
        let Some(list) = absent(self.resources_beside(&version).await)? else { return Ok(false) };
        Ok(items(&list, "/resources").any(|it| str_at(it, "/kind") == kind))
    }

    /// The kinds that can be listed and are in one of these categories (as in `kubectl get CATEGORY`).
    pub async fn kinds_in(&self, categories: &[&str]) -> Result<Vec<ObjectRef>, Fault> {
        self.discover(|served| served.is_in(categories)).await
    }

    /// All kinds that can be listed and deleted, in namespaces or not.
    pub async fn kinds(&self, namespaced: bool) -> Result<Vec<ObjectRef>, Fault> {
        self.discover(|served| served.resource.namespaced == namespaced && served.can("delete")).await
    }

    /// The kinds that the cluster serves, or [`FaultKind::Unknown`] when nobody can say what some group of it holds.
    async fn discover(&self, wanted: impl Fn(&Served) -> bool) -> Result<Vec<ObjectRef>, Fault> {
        let patience = self.deadline.at_most(paced(UNKNOWN));
        let served = loop {
            match self.discover_all().await {
                Err(fault) if fault.kind == FaultKind::Unknown && !patience.passed() => patience.pause(PAUSE).await,
                answer => break answer?,
            }
        };
        let mut known = lock(&self.kinds);
        Ok(served
            .into_iter()
            .filter(|served| served.can("list") && wanted(served))
            .map(|served| known.learn(served.kind, served.resource))
            .collect())
    }

    async fn discover_all(&self) -> Result<Vec<Served>, Fault> {
        const DOING: &str = "discover the kinds of the cluster";
        let services = self.api_services().await?;
        let read = |text: &[u8]| answer::list_in(text, "APIGroupDiscoveryList", "items");
        let core = self.ask(&Request::get(DOING, "/api").accepting(DISCOVERY), read).await?;
        let groups = self.ask(&Request::get(DOING, "/apis").accepting(DISCOVERY), read).await?;
        let unknown = unknown(&groups, &services);
        if unknown.is_empty() {
            return Ok(served(&core).into_iter().chain(served(&groups)).collect());
        }
        Err(Fault::new(FaultKind::Unknown, DOING, &unknown.join("; ")))
    }

    /// Whether the API server itself serves this kind. Not known where no APIService may be read.
    pub(super) async fn is_served_by_kubernetes(&self, object: &ObjectRef) -> Result<bool, Fault> {
        let known = lock(&self.kinds).is_beside(object);
        if let Some(is_beside) = known {
            return Ok(!is_beside);
        }
        self.api_services().await?;
        Ok(lock(&self.kinds).is_beside(object) == Some(false))
    }

    /// The parts of the API that servers beside the API server serve; none where the list may not be read.
    async fn api_services(&self) -> Result<Vec<ApiService>, Fault> {
        let kind = ObjectRef::new("apiregistration.k8s.io/v1", "APIService", None, "");
        match self.list_with(&kind, |live| ApiService::of(&live)).await {
            Err(fault) if fault.kind == FaultKind::Forbidden => Ok(Vec::new()),
            services => {
                let services = services?;
                lock(&self.kinds).learn_beside(&services);
                Ok(services)
            }
        }
    }
}
