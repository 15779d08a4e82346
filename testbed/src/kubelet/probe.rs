//! Probes, as a kubelet makes them: from outside, and without asking for certificates that anybody knows.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result};
use k8s_openapi::api::core::v1::{Container, HTTPGetAction, Probe};
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;
use kube::{Client, Config};
use tokio::io::copy_bidirectional;
use tokio::net::TcpListener;
use tokio::time::timeout;

use crate::loopback;
use crate::tunnel;

const PATIENCE: Duration = Duration::from_secs(2);

/// Whether the container behind the socket answers the probe; other probes than by HTTP and TCP never succeed.
pub async fn succeeds(probe: &Probe, container: &Container, socket: &Path) -> bool {
    let answer = async {
        if let Some(get) = &probe.http_get {
            http(get, number(container, &get.port)?, socket).await
        } else {
            let tcp = probe.tcp_socket.as_ref().context("a probe of another kind")?;
            tunnel::dial(socket, number(container, &tcp.port)?).await.map(drop)
        }
    };
    matches!(timeout(PATIENCE, answer).await, Ok(Ok(())))
}

async fn http(get: &HTTPGetAction, port: u16, socket: &Path) -> Result<()> {
    let mut pod = tunnel::dial(socket, port).await?;
    let listener = TcpListener::bind(loopback::address(0)).await?;
    let scheme = get.scheme.as_deref().unwrap_or("HTTP").to_lowercase();
    let mut config = Config::new(format!("{scheme}://{}", listener.local_addr()?).parse()?);
    config.accept_invalid_certs = true;
    let request = http::Request::get(get.path.as_deref().unwrap_or("/")).body(Vec::new())?;
    let client = Client::try_from(config)?;
    let ask = async { client.request_text(request).await.map(drop).context("the probe is not answered with success") };
    let forward = async {
        let (mut ours, _) = listener.accept().await?;
        copy_bidirectional(&mut ours, &mut pod).await?;
        std::future::pending::<Result<()>>().await
    };
    tokio::select! {
        answer = ask => answer,
        failure = forward => failure,
    }
}

fn number(container: &Container, port: &IntOrString) -> Result<u16> {
    let number = match port {
        IntOrString::Int(number) => *number,
        IntOrString::String(name) => {
            let mut ports = container.ports.iter().flatten();
            let port = ports.find(|port| port.name.as_deref() == Some(name));
            port.with_context(|| format!("the container has no port {name}"))?.container_port
        }
    };
    Ok(u16::try_from(number)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::UnixListener;

    #[tokio::test]
    async fn success_is_what_the_container_answers() {
        let dir = tempfile::tempdir().expect("a directory");
        let socket = dir.path().join("socket");
        tokio::spawn(tunnel::serve(UnixListener::bind(&socket).expect("bound")));
        let server = TcpListener::bind(loopback::address(0)).await.expect("open");
        let port = server.local_addr().expect("bound").port();
        tokio::spawn(async move {
            for status in ["503 Service Unavailable", "200 OK"] {
                let (mut stream, _) = server.accept().await.expect("asked");
                let mut request = [0; 1024];
                let count = stream.read(&mut request).await.expect("read");
                assert!(request.get(..count).is_some_and(|request| request.starts_with(b"GET /ready ")));
                let answer = format!("HTTP/1.1 {status}\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok");
                stream.write_all(answer.as_bytes()).await.expect("answered");
            }
        });
        let container: Container =
            serde_json::from_value(json!({"name": "c", "ports": [{"name": "web", "containerPort": port}]}))
                .expect("one");
        let probe = |value| serde_json::from_value::<Probe>(value).expect("a probe");
        let get = probe(json!({"httpGet": {"path": "/ready", "port": "web"}}));
        assert!(!succeeds(&get, &container, &socket).await);
        assert!(succeeds(&get, &container, &socket).await);
        assert!(!succeeds(&probe(json!({"tcpSocket": {"port": "unknown"}})), &container, &socket).await);
    }
}
