//! A namespace on a real API server, the way to it on which requests go wrong, and the engine that goes this way.

use std::fs;
use std::path::Path;
use std::time::Duration;

use backstack::engine::{self, Applied, bootstrap, identify, remove};
use backstack::object::ObjectRef;
use backstack::report::{Console, Outcome};
use backstack_testbed::FaultProxy;
use backstack_testbed::faults::{Protocols, Rule};
use serde_json::Value;
use tempfile::NamedTempFile;

use super::set::Set;
use crate::hub::fixture::TESTBED;
use crate::support::on_cluster::try_on_cluster;
use crate::support::shared_api::SharedApi;

/// Long enough for whatever ends well, however busy the machine is.
pub const LONG: Duration = Duration::from_secs(90);
/// Long enough for a few tries, where nothing ends well.
pub const SHORT: Duration = Duration::from_secs(3);
/// What the engine asks before it begins.
pub const INTRODUCTION: usize = 2;

/// The namespace with something of others in it, and the way there.
pub struct Bench {
    /// The server, past the proxy.
    pub api: SharedApi,
    /// The way on which requests go wrong.
    pub proxy: FaultProxy,
    way: NamedTempFile,
}

impl Bench {
    /// A namespace whose name begins with `what`.
    pub fn new(what: &str) -> Self {
        Self::speaking(what, Protocols::Both)
    }

    /// The same by a proxy that offers these protocols.
    pub fn speaking(what: &str, protocols: Protocols) -> Self {
        let api = SharedApi::namespaced(what);
        api.kubectl(&["create", "configmap", "of-others", "--from-literal=of=others"]);
        let proxy = TESTBED.fault_proxy(api.kubeconfig(), protocols).expect("a proxy");
        let way = file(proxy.kubeconfig());
        Self { api, proxy, way }
    }

    /// The set of the namespace.
    pub fn set(&self) -> Set {
        Set::of(&self.api.namespace)
    }

    /// The kubeconfig that leads through the proxy.
    pub fn way(&self) -> &Path {
        self.way.path()
    }

    /// From now on requests go wrong by this rule.
    pub fn fail(&self, rule: Rule) -> &Self {
        self.proxy.fail(rule);
        self
    }

    /// Applies a set through the proxy.
    pub fn install(&self, set: &Set) -> Outcome<Applied> {
        self.install_within(set, LONG)
    }

    /// The same with so much patience.
    pub fn install_within(&self, set: &Set, patience: Duration) -> Outcome<Applied> {
        install(self.way(), set, patience)
    }

    /// Applies a set past the proxy.
    pub fn install_directly(&self, set: &Set) {
        install(self.api.kubeconfig(), set, LONG).unwrap_or_else(|failure| panic!("{}", failure.render()));
    }
}

/// A kubeconfig as a file.
pub fn file(kubeconfig: &Value) -> NamedTempFile {
    let file = NamedTempFile::new().expect("a file");
    fs::write(file.path(), kubeconfig.to_string()).expect("written");
    file
}

/// Applies a set as an installation does.
pub fn install(kubeconfig: &Path, set: &Set, patience: Duration) -> Outcome<Applied> {
    try_on_cluster(kubeconfig, patience, async |cluster| {
        cluster.learn(&set.objects);
        let live = engine::live(&cluster, &set.objects, |_| false).await?;
        bootstrap(&cluster, &set.all(), &live).await
    })
}

/// Removes all of a set but the namespace, of which no controller is here to say that it is empty.
pub fn uninstall(kubeconfig: &Path, set: &Set, patience: Duration) -> Outcome<usize> {
    let names: Vec<ObjectRef> =
        set.objects.iter().map(ObjectRef::of).filter(|it| it.kind != "Namespace" && !it.is_crd()).collect();
    try_on_cluster(kubeconfig, patience, async |cluster| {
        cluster.learn(&set.objects);
        let planned = identify(&cluster, &names).await?;
        remove(&cluster, &Console::new(true), &planned, cluster.deadline()).await
    })
}
