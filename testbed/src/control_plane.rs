//! One cluster: etcd, the API server, the controller manager, the scheduler and one node that
//! kwok pretends to be.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result};
use k8s_openapi::api::apps::v1::{ReplicaSet, StatefulSet};
use k8s_openapi::api::core::v1::{Node, Pod, ServiceAccount};
use kube::api::{Api, ListParams, Patch, PatchParams};
use kube::{Client, ResourceExt as _};
use serde_json::json;

use crate::apiserver::ApiServer;
use crate::build::Modules;
use crate::etcd::{self, Baseline};
use crate::kubelet::network::Network;
use crate::kubelet::stages;
use crate::paths::Cache;
use crate::pki::Pki;
use crate::ports::{Port, Ports};
use crate::process::{Process, Spec};
use crate::progress::say;
use crate::snapshot::Snapshot;

/// How long a fresh cluster may take to come to rest, whose controllers have just begun.
const START_DEADLINE: Duration = Duration::from_secs(180);
/// How long the API server may take to serve what etcd holds again: a second, mostly.
const RESET_DEADLINE: Duration = Duration::from_secs(30);

const CONTROLLERS: &str = "kube-controller-manager";

/// The node on which all pods land.
pub const NODE: &str = "testbed";

/// One cluster, and the way back to its first minute.
pub struct ControlPlane {
    api: ApiServer,
    baseline: Baseline,
    groups: Vec<String>,
    kubelet_port: u16,
    _ports: Vec<Port>,
}

impl ControlPlane {
    /// Starts a fresh cluster below `dir` and waits until pods can be created.
    ///
    /// The API server calls webhooks through the proxy of `network`.
    pub async fn start(
        cache: &Cache,
        modules: &Modules,
        pki: &Pki,
        dir: &Path,
        ports: &Ports,
        network: &Network,
    ) -> Result<Self> {
        let mut api = ApiServer::start(cache, pki, dir, ports, Some(&network.proxy())).await?;
        let logs = dir.join("logs");
        let held = [ports.take()?, ports.take()?, ports.take()?, ports.take()?];
        let [manager, scheduling, kwok_port, kubelet_port] = held.each_ref().map(Port::number);
        let kubeconfig_flag = format!("--kubeconfig={}", api.kubeconfig.display());
        let (servers, client) = (&mut api.servers, &api.client);
        servers.start(&controller_manager(cache, pki, &logs, manager).args([&kubeconfig_flag]))?;
        servers.start(&scheduler(cache, &logs, scheduling).args([&kubeconfig_flag]))?;
        let stages = dir.join("stages.yaml");
        fs::write(&stages, stages::text(&modules.kwok)?)?;
        servers.start(&kwok(cache, &logs, &stages, kwok_port, kubelet_port).args([&kubeconfig_flag]))?;
        create_node(client).await?;
        servers.until("the node is ready", async || node_ready(client).await).await?;
        servers.until("pods can be created", async || account_exists(client).await).await?;
        let (baseline, groups) = (etcd::settled(api.etcd_port, etcd::REST, START_DEADLINE).await?, api.groups().await?);
        Ok(Self { api, baseline, groups, kubelet_port, _ports: held.into() })
    }

    /// A client with all rights.
    #[must_use]
    pub fn client(&self) -> &Client {
        &self.api.client
    }

    /// The API server's port.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.api.port
    }

    /// The port on which the node's kubelet is asked.
    #[must_use]
    pub fn kubelet_port(&self) -> u16 {
        self.kubelet_port
    }

    /// The processes, each of which the cluster cannot do without.
    pub fn processes(&mut self) -> &mut [Process] {
        &mut self.api.servers.processes
    }

    /// Puts the cluster back to its baseline and waits until the API server has noticed.
    ///
    /// One that missed something goes on to register what is gone, and is started anew.
    pub async fn reset(&mut self) -> Result<()> {
        if let Err(error) = self.rest().await {
            say(&format!("kube-apiserver is started anew: {error:#}"));
            self.api.restart().await?;
            self.rest().await?;
        }
        Ok(())
    }

    async fn rest(&mut self) -> Result<()> {
        self.baseline.restore().await?;
        self.api.until_groups(&self.groups, RESET_DEADLINE).await
    }

    /// What has become of the cluster since its first minute.
    pub async fn snapshot(&self) -> Result<Snapshot> {
        let snapshot = self.baseline.snapshot().await?;
        Ok(Snapshot { groups: self.api.groups().await?, ..snapshot })
    }

    /// Makes the clean cluster what it was when the snapshot was taken. Its pods are made by whoever plays them.
    pub async fn become_like(&self, snapshot: &Snapshot) -> Result<()> {
        // Its controllers must not see one half without the other: they would collect what has no owner yet, or make again
        // what comes in a moment.
        let controllers = self.api.servers.processes.iter().find(|it| it.name() == CONTROLLERS);
        let controllers = controllers.context("kube-controller-manager is not among the processes")?;
        controllers.pause()?;
        let done = self.baseline.become_like(snapshot).await;
        controllers.resume()?;
        done?;
        self.api.until_groups(&snapshot.groups, RESET_DEADLINE).await
    }

    /// Waits until all pods that there should be are ready, and these webhooks are registered.
    pub async fn until_pods_are_ready(&mut self, webhooks: &BTreeSet<String>) -> Result<()> {
        let (client, etcd) = (self.api.client.clone(), self.api.etcd_port);
        let ready = async || pods_are_ready(&client).await && etcd::has_keys(etcd, webhooks).await;
        self.api.servers.until("the pods of the snapshot are ready", ready).await
    }
}

/// It works with the administrator's rights: with an account per controller, a reset would
/// take away the accounts that came into being after the baseline, and their tokens with them.
fn controller_manager(cache: &Cache, pki: &Pki, logs: &Path, port: u16) -> Spec {
    Spec::new(CONTROLLERS, cache.bin(CONTROLLERS), logs).args([
        "--bind-address=127.0.0.1".to_owned(),
        format!("--secure-port={port}"),
        "--leader-elect=false".to_owned(),
        "--use-service-account-credentials=false".to_owned(),
        format!("--root-ca-file={}", pki.path("ca.crt")),
        format!("--service-account-private-key-file={}", pki.path("sa.key")),
        format!("--cluster-signing-cert-file={}", pki.path("ca.crt")),
        format!("--cluster-signing-key-file={}", pki.path("ca.key")),
    ])
}

fn scheduler(cache: &Cache, logs: &Path, port: u16) -> Spec {
    Spec::new("kube-scheduler", cache.bin("kube-scheduler"), logs).args([
        "--bind-address=127.0.0.1".to_owned(),
        format!("--secure-port={port}"),
        "--leader-elect=false".to_owned(),
    ])
}

fn kwok(cache: &Cache, logs: &Path, stages: &Path, port: u16, kubelet_port: u16) -> Spec {
    Spec::new("kwok", cache.bin("kwok"), logs).args([
        format!("--config={}", stages.display()),
        "--manage-all-nodes=true".to_owned(),
        "--node-lease-duration-seconds=40".to_owned(),
        format!("--server-address=127.0.0.1:{port}"),
        "--cidr=10.244.0.0/16".to_owned(),
        // Where the API server asks the node for logs: our kubelet answers there.
        "--node-ip=127.0.0.1".to_owned(),
        format!("--node-port={kubelet_port}"),
    ])
}

async fn create_node(client: &Client) -> Result<()> {
    let node = json!({
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {
            "name": NODE,
            "labels": {
                "kubernetes.io/hostname": NODE,
                "kubernetes.io/os": "linux",
                "kubernetes.io/arch": "amd64",
                "node.kubernetes.io/kwok": "true",
            },
        },
    });
    let params = PatchParams::apply("testbed");
    Api::<Node>::all(client.clone())
        .patch(NODE, &params, &Patch::Apply(node))
        .await
        .context("failed to create the node")?;
    Ok(())
}

async fn node_ready(client: &Client) -> bool {
    let Ok(node) = Api::<Node>::all(client.clone()).get(NODE).await else {
        return false;
    };
    // A node that was not ready yet carries taints, and the baseline must not.
    let untainted = node.spec.is_some_and(|spec| spec.taints.is_none_or(|taints| taints.is_empty()));
    let conditions = node.status.and_then(|status| status.conditions).unwrap_or_default();
    untainted && conditions.iter().any(|c| c.type_ == "Ready" && c.status == "True")
}

async fn account_exists(client: &Client) -> bool {
    Api::<ServiceAccount>::namespaced(client.clone(), "default").get("default").await.is_ok()
}

/// Whether as many pods are ready as `ReplicaSet`s and `StatefulSet`s ask for. Their own status may be of another life.
async fn pods_are_ready(client: &Client) -> bool {
    let all = ListParams::default();
    let (Ok(replicas), Ok(stateful), Ok(pods)) = (
        Api::<ReplicaSet>::all(client.clone()).list(&all).await,
        Api::<StatefulSet>::all(client.clone()).list(&all).await,
        Api::<Pod>::all(client.clone()).list(&all).await,
    ) else {
        return false;
    };
    let replicas = replicas.items.into_iter().filter_map(|it| it.spec?.replicas);
    let wanted: i32 = replicas.chain(stateful.items.into_iter().filter_map(|it| it.spec?.replicas)).sum();
    let is_ready = |pod: &Pod| {
        let conditions = pod.status.as_ref().and_then(|status| status.conditions.as_ref());
        conditions.into_iter().flatten().any(|it| it.type_ == "Ready" && it.status == "True")
    };
    let owned = pods.items.iter().filter(|pod| !pod.owner_references().is_empty());
    usize::try_from(wanted) == Ok(owned.filter(|pod| is_ready(pod)).count())
}
