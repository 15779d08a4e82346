//! Which kinds there are, asked of the cluster. A guard that does not see all of them does not know what it guards.

use std::time::Duration;

use super::request::{DISCOVERY, Request};
use super::{Cluster, answer, lock};
use crate::engine::kinds::{ApiService, Served, Unseen, served, unseen};
use crate::engine::{Fault, FaultKind, absent};
use crate::object::{ObjectRef, items, str_at};
use crate::pace::paced;

/// How long a part of the API may be unknown: a server that restarts, or one that is just being removed.
const UNKNOWN: Duration = Duration::from_secs(60);
const PAUSE: Duration = Duration::from_secs(1);
const DOING: &str = "discover the kinds of the cluster";

impl Cluster {
    /// Has every look at all kinds go on without these `APIServices` (`*` for all) where nobody can say what is behind them.
    pub fn overlook(&self, api_services: impl IntoIterator<Item = String>) {
        lock(&self.kinds).overlook(api_services);
    }

    /// Those without which a look went on.
    #[must_use]
    pub fn overlooked(&self) -> Vec<ObjectRef> {
        let named = |name: &str| ObjectRef { name: name.to_owned(), ..every_api_service() };
        lock(&self.kinds).overlooked().map(named).collect()
    }

    /// Whether the cluster serves a kind in exactly this version.
    pub async fn serves(&self, api_version: &str, kind: &str) -> Result<bool, Fault> {
        let version = ObjectRef::new(api_version, kind, None, "");
        let Some(list) = absent(self.resources_beside(&version).await)? else { return Ok(false) };
        Ok(items(&list, "/resources").any(|it| str_at(it, "/kind") == kind))
    }

    /// The kinds that can be listed and are in one of these categories (as in `kubectl get CATEGORY`).
    pub async fn kinds_in(&self, categories: &[&str]) -> Result<Vec<ObjectRef>, Fault> {
        Ok(self.learn_kinds(&self.discover().await?, |served| served.is_in(categories)))
    }

    /// The same, apart for each category.
    pub async fn kinds_in_each<const N: usize>(&self, categories: [&str; N]) -> Result<[Vec<ObjectRef>; N], Fault> {
        let served = self.discover().await?;
        Ok(categories.map(|category| self.learn_kinds(&served, |it| it.is_in(&[category]))))
    }

    /// All kinds that can be listed and deleted, in namespaces or not.
    pub async fn kinds(&self, namespaced: bool) -> Result<Vec<ObjectRef>, Fault> {
        let wanted = |served: &Served| served.resource.namespaced == namespaced && served.can("delete");
        Ok(self.learn_kinds(&self.discover().await?, wanted))
    }

    /// Those in no namespace, those in namespaces, and what cannot be seen: for whoever needs to know of some kinds only.
    pub async fn kinds_in_sight(&self) -> Result<(Vec<ObjectRef>, Vec<ObjectRef>, Vec<Unseen>), Fault> {
        let (served, unseen) = self.discover_all().await?;
        let kinds =
            |namespaced: bool| self.learn_kinds(&served, |it| it.resource.namespaced == namespaced && it.can("delete"));
        Ok((kinds(false), kinds(true), unseen))
    }

    /// All of them, wherever they live.
    pub async fn every_kind(&self) -> Result<Vec<ObjectRef>, Fault> {
        Ok(self.learn_kinds(&self.discover().await?, |served| served.can("delete")))
    }

    fn learn_kinds(&self, served: &[Served], wanted: impl Fn(&Served) -> bool) -> Vec<ObjectRef> {
        let mut known = lock(&self.kinds);
        let wanted = served.iter().filter(|served| served.can("list") && wanted(served)).cloned();
        wanted.map(|served| known.learn(served.kind, served.resource)).collect()
    }

    /// The kinds that the cluster serves, or [`FaultKind::Unknown`] when nobody can say what some group of it holds.
    async fn discover(&self) -> Result<Vec<Served>, Fault> {
        let most = if lock(&self.kinds).has_waited() { Duration::ZERO } else { paced(UNKNOWN) };
        let patience = self.deadline.at_most(most);
        loop {
            let (seen, unseen) = self.discover_all().await?;
            let unknown = self.not_overlooked(unseen);
            if unknown.is_empty() {
                return Ok(seen);
            }
            if patience.passed() {
                lock(&self.kinds).have_waited();
                return Err(Fault::unknown(DOING, &unknown));
            }
            patience.tell(&self.console, "discover", unknown[0].to_string());
            patience.pause(PAUSE).await;
        }
    }

    /// Those that nobody has named. Without the others the look goes on, and says so.
    fn not_overlooked(&self, unseen: Vec<Unseen>) -> Vec<Unseen> {
        let mut kinds = lock(&self.kinds);
        let (named, others): (Vec<Unseen>, Vec<Unseen>) = unseen.into_iter().partition(|it| kinds.may_overlook(it));
        for it in named {
            if kinds.has_overlooked(&it) {
                self.console.say(format!("warning: not looked at, as the step says: {it}"));
            }
        }
        others
    }

    /// The kinds that can be seen, and what cannot.
    async fn discover_all(&self) -> Result<(Vec<Served>, Vec<Unseen>), Fault> {
        let services = self.api_services().await?;
        let read = |text: &[u8]| answer::list_in(text, "APIGroupDiscoveryList", "items");
        let core = self.ask(&Request::list(DOING, "/api").accepting(DISCOVERY), read).await?;
        let groups = self.ask(&Request::list(DOING, "/apis").accepting(DISCOVERY), read).await?;
        let unseen = unseen(&groups, &services);
        let seen = served(&core, &[]).into_iter().chain(served(&groups, &unseen)).collect();
        Ok((seen, unseen))
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
        match self.list_with(&every_api_service(), |live| ApiService::of(&live)).await {
            Err(fault) if fault.kind == FaultKind::Forbidden => Ok(Vec::new()),
            services => {
                let services = services?;
                lock(&self.kinds).learn_beside(&services);
                Ok(services)
            }
        }
    }
}

fn every_api_service() -> ObjectRef {
    ObjectRef::new("apiregistration.k8s.io/v1", "APIService", None, "")
}
