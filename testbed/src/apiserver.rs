//! An API server with its etcd: all that a client needs which only looks at objects.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::{Client, Config};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use crate::etcd;
use crate::paths::Cache;
use crate::pki::Pki;
use crate::ports::{Port, Ports};
use crate::process::{Process, Spec};

/// How long what is waited for may take. An API server is ready after 3 s on a quiet machine and 11 s on a busy one, where the first
/// account is there after 10 to 19 s (1.37.2, measured).
const START_DEADLINE: Duration = Duration::from_secs(180);
const STOP_GRACE: Duration = Duration::from_secs(10);
/// Short beside the second or so that a reset takes: every test waits for it.
const PAUSE: Duration = Duration::from_millis(50);

/// The running pair, and the way to talk to it.
pub struct ApiServer {
    /// Its processes, and those that others add.
    pub servers: Servers,
    /// A client with all rights.
    pub client: Client,
    /// The administrator's kubeconfig.
    pub kubeconfig: PathBuf,
    /// Its port.
    pub port: u16,
    /// The port of its etcd.
    pub etcd_port: u16,
    spec: Spec,
    _ports: Vec<Port>,
}

impl ApiServer {
    /// Starts a fresh one below `dir` and waits until it is ready. It calls webhooks through the proxy on this socket.
    pub async fn start(cache: &Cache, pki: &Pki, dir: &Path, ports: &Ports, proxy: Option<&Path>) -> Result<Self> {
        let logs = dir.join("logs");
        fs::create_dir_all(&logs).with_context(|| format!("failed to create {}", dir.display()))?;
        let held = [ports.take()?, ports.take()?, ports.take()?];
        let [etcd_port, peer_port, port] = held.each_ref().map(Port::number);
        let mut servers = Servers::default();
        servers.start(&etcd::spec(cache, dir, &logs, etcd_port, peer_port))?;
        let mut spec = spec(cache, pki, &logs, etcd_port, port);
        if let Some(proxy) = proxy {
            let egress = dir.join("egress.json");
            fs::write(&egress, serde_json::to_vec_pretty(&egress_selector(proxy))?)?;
            spec = spec.args([format!("--egress-selector-config-file={}", egress.display())]);
        }
        servers.start(&spec)?;
        let kubeconfig = dir.join("kubeconfig");
        fs::write(&kubeconfig, serde_json::to_vec_pretty(&pki.admin_kubeconfig(port)?)?)?;
        let client = connect(&kubeconfig).await?;
        servers.until("kube-apiserver is ready", async || readyz(&client).await).await?;
        Ok(Self { servers, client, kubeconfig, port, etcd_port, spec, _ports: held.into() })
    }

    /// Ends the API server and starts it on the same data.
    pub async fn restart(&mut self) -> Result<()> {
        let processes = &mut self.servers.processes;
        let place = processes.iter().position(|it| it.name() == self.spec.name);
        let old = processes.remove(place.context("kube-apiserver is not among the processes")?);
        old.stop(STOP_GRACE).await;
        self.servers.start(&self.spec)?;
        self.servers.until("kube-apiserver is ready again", async || readyz(&self.client).await).await
    }

    /// The API groups that it serves.
    pub async fn groups(&self) -> Result<Vec<String>> {
        let list = self.client.list_api_groups().await.context("failed to list the API's groups")?;
        Ok(list.groups.into_iter().map(|group| group.name).collect())
    }

    /// Waits until it serves these groups and no other.
    pub async fn until_groups(&self, groups: &[String], patience: Duration) -> Result<()> {
        let deadline = Instant::now() + patience;
        loop {
            let served = self.groups().await?;
            if served == groups {
                return Ok(());
            }
            if Instant::now() > deadline {
                bail!("it serves {served:?} instead of {groups:?}");
            }
            sleep(PAUSE / 2).await;
        }
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

/// Processes, each of which the others cannot do without.
#[derive(Default)]
pub struct Servers {
    /// The processes.
    pub processes: Vec<Process>,
}

impl Servers {
    /// Starts one more.
    pub fn start(&mut self, spec: &Spec) -> Result<()> {
        self.processes.push(Process::spawn(spec)?);
        Ok(())
    }

    /// Waits for a condition, and no longer than all processes live.
    pub async fn until(&mut self, what: &str, condition: impl AsyncFn() -> bool) -> Result<()> {
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

fn spec(cache: &Cache, pki: &Pki, logs: &Path, etcd: u16, port: u16) -> Spec {
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

async fn readyz(client: &Client) -> bool {
    let request = http::Request::get("/readyz").body(Vec::new());
    match request {
        Ok(request) => client.request_text(request).await.is_ok(),
        Err(_) => false,
    }
}
