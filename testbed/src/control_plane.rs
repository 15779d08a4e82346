//! One cluster: etcd, the API server, the controller manager, the scheduler and one node that
//! kwok pretends to be.

use std::fs;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use k8s_openapi::api::core::v1::{Node, ServiceAccount};
use kube::api::{Api, Patch, PatchParams};
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::{Client, Config};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use crate::build::Modules;
use crate::etcd::{self, Baseline};
use crate::kubelet::network::Network;
use crate::kubelet::stages;
use crate::paths::Cache;
use crate::pki::Pki;
use crate::ports::{Port, Ports};
use crate::process::{Process, Spec};
use crate::progress::say;

const START_DEADLINE: Duration = Duration::from_secs(180);
const RESET_DEADLINE: Duration = Duration::from_secs(30);
const PAUSE: Duration = Duration::from_millis(50);

/// The node on which all pods land.
pub const NODE: &str = "testbed";

/// The running processes of one cluster, and the way to talk to it.
pub struct ControlPlane {
    /// The processes, each of which the cluster cannot do without.
    pub processes: Vec<Process>,
    /// A client with all rights.
    pub client: Client,
    baseline: Baseline,
    groups: Vec<String>,
    apiserver: Spec,
    port: u16,
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
        let logs = dir.join("logs");
        fs::create_dir_all(&logs).with_context(|| format!("failed to create {}", dir.display()))?;
        let held: Vec<_> = (0..7).map(|_| ports.take()).collect::<Result<_>>()?;
        let mut numbers = held.iter().map(Port::number);
        let mut next = || numbers.next().context("a cluster has more servers than ports");
        let (etcd_port, port) = (next()?, next()?);
        let mut servers = Servers { processes: Vec::new() };

        servers.start(&etcd::spec(cache, dir, &logs, etcd_port, next()?))?;
        let egress = dir.join("egress.json");
        fs::write(&egress, serde_json::to_vec_pretty(&egress_selector(&network.proxy()))?)?;
        let egress_flag = format!("--egress-selector-config-file={}", egress.display());
        let apiserver = apiserver(cache, pki, &logs, etcd_port, port).args([egress_flag]);
        servers.start(&apiserver)?;
        let kubeconfig = dir.join("kubeconfig");
        let config = pki.admin_kubeconfig(port)?;
        fs::write(&kubeconfig, serde_json::to_vec_pretty(&config)?)?;
        let client = connect(&kubeconfig).await?;
        servers.until("kube-apiserver is ready", async || readyz(&client).await).await?;

        let kubeconfig_flag = format!("--kubeconfig={}", kubeconfig.display());
        servers.start(&controller_manager(cache, pki, &logs, next()?).args([&kubeconfig_flag]))?;
        servers.start(&scheduler(cache, &logs, next()?).args([&kubeconfig_flag]))?;
        let stages = dir.join("stages.yaml");
        fs::write(&stages, stages::text(&modules.kwok)?)?;
        let kubelet_port = next()?;
        servers.start(&kwok(cache, &logs, &stages, next()?, kubelet_port).args([&kubeconfig_flag]))?;
        create_node(&client).await?;
        servers.until("the node is ready", async || node_ready(&client).await).await?;
        servers.until("pods can be created", async || account_exists(&client).await).await?;

        Ok(Self {
            baseline: settle(etcd_port).await?,
            groups: groups(&client).await?,
            processes: servers.processes,
            apiserver,
            client,
            port,
            kubelet_port,
            _ports: held,
        })
    }

    /// The API server's port.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The port on which the node's kubelet is asked.
    #[must_use]
    pub fn kubelet_port(&self) -> u16 {
        self.kubelet_port
    }

    /// Puts the cluster back to its baseline and waits until the API server has noticed.
    ///
    /// One that missed something goes on to register what is gone, and is started anew.
    pub async fn reset(&mut self) -> Result<()> {
        if let Err(error) = self.rest().await {
            say(&format!("kube-apiserver is started anew: {error:#}"));
            self.restart_apiserver().await?;
            self.rest().await?;
        }
        Ok(())
    }

    async fn rest(&mut self) -> Result<()> {
        self.baseline.restore().await?;
        let deadline = Instant::now() + RESET_DEADLINE;
        while groups(&self.client).await? != self.groups {
            if Instant::now() > deadline {
                bail!("it serves groups whose definitions are gone");
            }
            sleep(PAUSE / 2).await;
        }
        Ok(())
    }

    async fn restart_apiserver(&mut self) -> Result<()> {
        let place = self.processes.iter().position(|it| it.name() == self.apiserver.name);
        let old = self.processes.remove(place.context("kube-apiserver is not among the processes")?);
        old.stop(Duration::from_secs(10)).await;
        let mut servers = Servers { processes: std::mem::take(&mut self.processes) };
        let started = servers.start(&self.apiserver);
        let ready = match started {
            Ok(()) => servers.until("kube-apiserver is ready again", async || readyz(&self.client).await).await,
            failed => failed,
        };
        self.processes = servers.processes;
        ready
    }
}

/// A client for a kubeconfig file that ignores the environment's proxies.
pub async fn connect(kubeconfig: &Path) -> Result<Client> {
    let config =
        Kubeconfig::read_from(kubeconfig).with_context(|| format!("failed to read {}", kubeconfig.display()))?;
    let mut config = Config::from_custom_kubeconfig(config, &KubeConfigOptions::default()).await?;
    config.proxy_url = None;
    Ok(Client::try_from(config)?)
}

struct Servers {
    processes: Vec<Process>,
}

impl Servers {
    fn start(&mut self, spec: &Spec) -> Result<()> {
        self.processes.push(Process::spawn(spec)?);
        Ok(())
    }

    /// Waits for a condition, and no longer than all processes live.
    async fn until(&mut self, what: &str, condition: impl AsyncFn() -> bool) -> Result<()> {
        let deadline = Instant::now() + START_DEADLINE;
        while !condition().await {
            for process in &mut self.processes {
                if let Some(status) = process.ended()? {
                    return Err(process.obituary(status));
                }
            }
            if Instant::now() > deadline {
                bail!("gave up waiting until {what}");
            }
            sleep(PAUSE).await;
        }
        Ok(())
    }
}

fn apiserver(cache: &Cache, pki: &Pki, logs: &Path, etcd: u16, port: u16) -> Spec {
    Spec::new("kube-apiserver", cache.bin("kube-apiserver"), logs).args([
        format!("--etcd-servers=http://127.0.0.1:{etcd}"),
        "--bind-address=127.0.0.1".to_owned(),
        format!("--secure-port={port}"),
        // It refuses to advertise loopback; nobody asks for this address (TEST-NET-1).
        "--advertise-address=192.0.2.1".to_owned(),
        "--endpoint-reconciler-type=none".to_owned(),
        "--service-cluster-ip-range=10.96.0.0/16".to_owned(),
        "--allow-privileged=true".to_owned(),
        "--authorization-mode=RBAC".to_owned(),
        format!("--client-ca-file={}", pki.path("ca.crt")),
        format!("--tls-cert-file={}", pki.path("apiserver.crt")),
        format!("--tls-private-key-file={}", pki.path("apiserver.key")),
        "--service-account-issuer=https://kubernetes.default.svc".to_owned(),
        format!("--service-account-key-file={}", pki.path("sa.pub")),
        format!("--service-account-signing-key-file={}", pki.path("sa.key")),
        format!("--requestheader-client-ca-file={}", pki.path("front-ca.crt")),
        "--requestheader-allowed-names=front-proxy-client".to_owned(),
        "--requestheader-extra-headers-prefix=X-Remote-Extra-".to_owned(),
        "--requestheader-group-headers=X-Remote-Group".to_owned(),
        "--requestheader-username-headers=X-Remote-User".to_owned(),
        format!("--proxy-client-cert-file={}", pki.path("front.crt")),
        format!("--proxy-client-key-file={}", pki.path("front.key")),
    ])
}

/// No address of a pod or a Service leads anywhere here, so the API server asks the proxy for them.
fn egress_selector(proxy: &Path) -> Value {
    json!({
        "apiVersion": "apiserver.k8s.io/v1beta1",
        "kind": "EgressSelectorConfiguration",
        "egressSelections": [{"name": "cluster", "connection": {
            "proxyProtocol": "HTTPConnect",
            "transport": {"uds": {"udsName": proxy}},
        }}],
    })
}

/// It works with the administrator's rights: with an account per controller, a reset would
/// take away the accounts that came into being after the baseline, and their tokens with them.
fn controller_manager(cache: &Cache, pki: &Pki, logs: &Path, port: u16) -> Spec {
    Spec::new("kube-controller-manager", cache.bin("kube-controller-manager"), logs).args([
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

async fn readyz(client: &Client) -> bool {
    let request = http::Request::get("/readyz").body(Vec::new());
    match request {
        Ok(request) => client.request_text(request).await.is_ok(),
        Err(_) => false,
    }
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

async fn groups(client: &Client) -> Result<Vec<String>> {
    let list = client.list_api_groups().await.context("failed to list the API's groups")?;
    Ok(list.groups.into_iter().map(|group| group.name).collect())
}

/// Records the baseline when two looks in a row find the same.
async fn settle(etcd: u16) -> Result<Baseline> {
    let mut before = Baseline::record(etcd).await?;
    loop {
        sleep(PAUSE * 6).await;
        let now = Baseline::record(etcd).await?;
        if now.same_as(&before) {
            return Ok(now);
        }
        before = now;
    }
}
