//! A Service in miniature: one address that stays, in front of pods that come and go.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result};
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio::time::sleep;

use crate::loopback;
use crate::ports::{Port, Ports};

/// Forwards connections to whichever pod became ready last.
#[derive(Debug)]
pub struct Service {
    port: Port,
    backends: Arc<Mutex<Vec<u16>>>,
    accepting: JoinHandle<()>,
}

impl Service {
    /// Starts to listen; with no backend a connection is closed at once.
    pub async fn open(ports: &Ports) -> Result<Self> {
        let port = ports.take()?;
        let listener = TcpListener::bind(loopback::address(port.number())).await.context("failed to open a service")?;
        let backends = Arc::default();
        let accepting = tokio::spawn(accept(listener, Arc::clone(&backends)));
        Ok(Self { port, backends, accepting })
    }

    /// The port that clients use.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port.number()
    }

    /// Adds a ready pod's port, or takes it away.
    pub fn set_ready(&self, backend: u16, ready: bool) {
        let mut backends = self.backends.lock().unwrap_or_else(PoisonError::into_inner);
        backends.retain(|other| *other != backend);
        if ready {
            backends.push(backend);
        }
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

async fn accept(listener: TcpListener, backends: Arc<Mutex<Vec<u16>>>) {
    loop {
        let Ok((mut client, _)) = listener.accept().await else {
            // The connection has already gone, or we have no descriptor left for a moment.
            sleep(Duration::from_millis(20)).await;
            continue;
        };
        let backend = backends.lock().unwrap_or_else(PoisonError::into_inner).last().copied();
        let Some(backend) = backend else {
            continue;
        };
        tokio::spawn(async move {
            if let Ok(mut server) = TcpStream::connect(loopback::address(backend)).await {
                // Either side may hang up at any time; both are then closed.
                let _ = copy_bidirectional(&mut client, &mut server).await;
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    #[tokio::test]
    async fn forwards_to_the_ready_backend_only() {
        let ports = Ports::reserve().expect("a block");
        let service = Service::open(&ports).await.expect("open");
        let mut answer = String::new();
        let mut client = TcpStream::connect(loopback::address(service.port())).await.expect("open");
        client.read_to_string(&mut answer).await.expect("closed");
        assert_eq!(answer, "");

        let backend = TcpListener::bind(loopback::address(0)).await.expect("open");
        service.set_ready(backend.local_addr().expect("bound").port(), true);
        let mut client = TcpStream::connect(loopback::address(service.port())).await.expect("open");
        let (mut server, _) = backend.accept().await.expect("forwarded");
        server.write_all(b"hello").await.expect("sent");
        drop(server);
        client.read_to_string(&mut answer).await.expect("closed");
        assert_eq!(answer, "hello");
    }
}
