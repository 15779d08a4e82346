//! The cluster's network in miniature: whoever asks for a Service gets a pod that is ready.
//!
//! It is asked as a proxy, by `CONNECT`. The API server does so for webhooks (that is what its egress selector is for),
//! programs in pods for names such as `NAME.NAMESPACE:9443`. So webhooks, conversions and functions are called as in a
//! cluster, and fail as in a cluster when nobody is ready.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use k8s_openapi::api::core::v1::{Pod, Service};
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;
use kube::api::ListParams;
use kube::{Api, Client, ResourceExt};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream, UnixListener};
use tokio::task::JoinHandle;
use tokio::time::sleep;

use crate::loopback;
use crate::ports::{Port, Ports};
use crate::tunnel;

/// Longer than any request that we answer.
const HEAD: usize = 8 * 1024;
/// The address of the node, where the API server asks the kubelet for logs.
const NODE: &str = "127.0.0.1";
const BREATHER: Duration = Duration::from_millis(20);

/// Where the proxy is asked: by pods on a port, by the API server on a socket (told a port without TLS, it panics).
#[derive(Debug)]
pub struct Doors {
    pods: TcpListener,
    api_server: UnixListener,
}

/// The network of one cluster.
#[derive(Debug)]
pub struct Network {
    port: Port,
    dir: PathBuf,
    reach: Vec<u16>,
    pods: Arc<Pods>,
    tasks: Vec<JoinHandle<()>>,
}

impl Network {
    /// Opens the proxy, which answers once it is [served](Self::serve), and the way out of pods to the ports in `reach`.
    pub async fn open(dir: &Path, ports: &Ports, reach: &[u16]) -> Result<(Self, Doors)> {
        std::fs::create_dir_all(dir).with_context(|| format!("failed to create {}", dir.display()))?;
        let port = ports.take()?;
        let pods = TcpListener::bind(loopback::address(port.number())).await.context("failed to open the network")?;
        let mut reach = reach.to_vec();
        reach.push(port.number());
        let network = Self { port, dir: dir.to_owned(), reach, pods: Arc::default(), tasks: Vec::new() };
        let api_server = bind(&network.proxy())?;
        Ok((network, Doors { pods, api_server }))
    }

    /// Starts to answer, and lets pods reach the API server.
    pub fn serve(&mut self, doors: Doors, client: Client, api_port: u16) -> Result<()> {
        self.reach.push(api_port);
        let out = bind(&self.out())?;
        self.tasks =
            vec![tokio::spawn(tunnel::serve(out)), tokio::spawn(accept(doors, client, Arc::clone(&self.pods)))];
        Ok(())
    }

    /// The proxy's port.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port.number()
    }

    /// The proxy's socket.
    #[must_use]
    pub fn proxy(&self) -> PathBuf {
        self.dir.join("proxy")
    }

    /// The ports of this host that pods may reach.
    #[must_use]
    pub fn reach(&self) -> &[u16] {
        &self.reach
    }

    /// The socket by which they reach them.
    #[must_use]
    pub fn out(&self) -> PathBuf {
        self.dir.join("out")
    }

    /// The socket by which a pod's own ports are reached. Its path is short: the kernel takes no long ones.
    #[must_use]
    pub fn socket(&self, pod: &Pod) -> PathBuf {
        let uid = pod.uid().unwrap_or_default();
        self.dir.join(uid.split('-').next().unwrap_or_default())
    }

    /// Puts a pod behind the Services that select it, or takes it away.
    pub fn set_ready(&self, pod: &Pod, ready: bool) {
        let mut pods = self.pods.0.lock().unwrap_or_else(PoisonError::into_inner);
        let socket = self.socket(pod);
        pods.remove(&socket);
        if ready {
            pods.insert(socket, pod.clone());
        }
    }
}

impl Drop for Network {
    fn drop(&mut self) {
        for task in &self.tasks {
            task.abort();
        }
    }
}

fn bind(socket: &Path) -> Result<UnixListener> {
    UnixListener::bind(socket).with_context(|| format!("failed to open {} (is its path too long?)", socket.display()))
}

/// The pods that are ready, by socket.
#[derive(Debug, Default)]
struct Pods(Mutex<BTreeMap<PathBuf, Pod>>);

impl Pods {
    /// A pod that the Service selects, and the port there.
    fn behind(&self, service: &Service, port: u16) -> Option<(PathBuf, u16)> {
        let pods = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (socket, pod) = pods.iter().find(|(_, pod)| selects(service, pod))?;
        let ports = service.spec.as_ref()?.ports.as_ref()?;
        let found = ports.iter().find(|found| found.port == i32::from(port))?;
        let target = match &found.target_port {
            None => i32::from(port),
            Some(IntOrString::Int(number)) => *number,
            Some(IntOrString::String(name)) => named(pod, name)?,
        };
        Some((socket.clone(), u16::try_from(target).ok()?))
    }
}

fn selects(service: &Service, pod: &Pod) -> bool {
    let selector = service.spec.as_ref().and_then(|spec| spec.selector.as_ref());
    service.namespace() == pod.namespace()
        && selector.is_some_and(|selector| {
            !selector.is_empty() && selector.iter().all(|(key, value)| pod.labels().get(key) == Some(value))
        })
}

fn named(pod: &Pod, name: &str) -> Option<i32> {
    let containers = pod.spec.as_ref()?.containers.iter();
    let mut ports = containers.flat_map(|container| container.ports.iter().flatten());
    ports.find(|port| port.name.as_deref() == Some(name)).map(|port| port.container_port)
}

async fn accept(doors: Doors, client: Client, pods: Arc<Pods>) {
    loop {
        let accepted: io::Result<Box<dyn Stream>> = tokio::select! {
            inner = doors.pods.accept() => inner.map(|(stream, _)| Box::new(stream) as _),
            inner = doors.api_server.accept() => inner.map(|(stream, _)| Box::new(stream) as _),
        };
        let Ok(stream) = accepted else {
            // The connection has already gone, or we have no descriptor left for a moment.
            sleep(BREATHER).await;
            continue;
        };
        let (client, pods) = (client.clone(), Arc::clone(&pods));
        tokio::spawn(async move {
            // Whoever asked has been told, or is gone.
            let _ = answer(stream, &client, &pods).await;
        });
    }
}

/// A connection of either sort.
trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}

async fn answer(mut stream: Box<dyn Stream>, client: &Client, pods: &Pods) -> Result<()> {
    match connect(&mut *stream, client, pods).await {
        Ok(mut pod) => {
            stream.write_all(b"HTTP/1.1 200 Connected\r\n\r\n").await?;
            copy_bidirectional(&mut stream, &mut pod).await?;
            Ok(())
        }
        Err(error) => {
            let text = format!("{error:#}");
            let head = format!("HTTP/1.1 503 Service Unavailable\r\nContent-Length: {}\r\n\r\n", text.len());
            Ok(stream.write_all(format!("{head}{text}").as_bytes()).await?)
        }
    }
}

async fn connect(stream: &mut dyn Stream, client: &Client, pods: &Pods) -> Result<Box<dyn Stream>> {
    let head = head(stream).await?;
    let (host, port) =
        target(&head).with_context(|| format!("not a CONNECT: {}", head.lines().next().unwrap_or("")))?;
    if host == NODE {
        return Ok(Box::new(TcpStream::connect(loopback::address(port)).await.context("the kubelet does not answer")?));
    }
    let services = Api::<Service>::all(client.clone()).list(&ListParams::default()).await?;
    let Some(service) = services.items.iter().find(|service| is_called(service, host)) else {
        bail!("no service is called {host}");
    };
    let (socket, port) = pods.behind(service, port).with_context(|| format!("no pod is ready behind {host}:{port}"))?;
    Ok(Box::new(tunnel::dial(&socket, port).await?))
}

async fn head(stream: &mut dyn Stream) -> Result<String> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        anyhow::ensure!(head.len() < HEAD, "the request is too long");
        head.push(stream.read_u8().await?);
    }
    String::from_utf8(head).context("the request is no text")
}

fn target(head: &str) -> Option<(&str, u16)> {
    let (host, port) = head.strip_prefix("CONNECT ")?.split_whitespace().next()?.rsplit_once(':')?;
    Some((host, port.parse().ok()?))
}

/// By its address or by its name, which may end with the cluster's domain.
fn is_called(service: &Service, host: &str) -> bool {
    let address = service.spec.as_ref().and_then(|spec| spec.cluster_ip.as_deref());
    let (name, namespace) = (service.name_any(), service.namespace().unwrap_or_default());
    let mut labels = host.split('.');
    address == Some(host)
        || (labels.next() == Some(name.as_str())
            && labels.next() == Some(namespace.as_str())
            && labels.next().is_none_or(|label| label == "svc"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn service() -> Service {
        serde_json::from_value(json!({
            "metadata": {"name": "hook", "namespace": "one"},
            "spec": {"clusterIP": "10.96.0.7", "selector": {"app": "hook"},
                "ports": [{"port": 443, "targetPort": "https"}, {"port": 80, "targetPort": 8080}]},
        }))
        .expect("a service")
    }

    fn pod(namespace: &str) -> Pod {
        serde_json::from_value(json!({
            "metadata": {"name": "hook-0", "namespace": namespace, "labels": {"app": "hook", "more": "labels"}},
            "spec": {"containers": [{"name": "c", "ports": [{"name": "https", "containerPort": 9443}]}]},
        }))
        .expect("a pod")
    }

    #[test]
    fn a_request_names_a_service() {
        assert_eq!(target("CONNECT hook.one:443 HTTP/1.1\r\n\r\n"), Some(("hook.one", 443)));
        assert_eq!(target("GET / HTTP/1.1\r\n\r\n"), None);
        for host in ["10.96.0.7", "hook.one", "hook.one.svc", "hook.one.svc.cluster.local"] {
            assert!(is_called(&service(), host), "{host}");
        }
        for host in ["10.96.0.8", "hook", "hook.two", "hook.one.example.org"] {
            assert!(!is_called(&service(), host), "{host}");
        }
    }

    #[test]
    fn a_service_leads_to_a_ready_pod_of_its_own() {
        let pods = Pods::default();
        assert_eq!(pods.behind(&service(), 443), None);
        pods.0.lock().expect("ours").insert("other".into(), pod("two"));
        assert_eq!(pods.behind(&service(), 443), None);
        pods.0.lock().expect("ours").insert("socket".into(), pod("one"));
        assert_eq!(pods.behind(&service(), 443), Some(("socket".into(), 9443)));
        assert_eq!(pods.behind(&service(), 80), Some(("socket".into(), 8080)));
        assert_eq!(pods.behind(&service(), 81), None);
    }
}
