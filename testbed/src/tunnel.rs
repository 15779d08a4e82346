//! Connections between two loopbacks: a unix socket is seen from both, a port only from one.
//!
//! Whoever connects says which port it wants on the other side, and is told whether somebody listens there; from then
//! on the stream is the connection.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream, UnixListener, UnixStream};
use tokio::time::sleep;

use crate::loopback;

// What is answered before the first byte of a connection: whether there is one.
const OPEN: u8 = 1;
const CLOSED: u8 = 0;
/// When no connection can be accepted for a moment, mostly for want of descriptors.
const BREATHER: Duration = Duration::from_millis(20);

/// Connects to a port behind the socket.
pub async fn dial(socket: &Path, port: u16) -> Result<UnixStream> {
    let mut stream =
        UnixStream::connect(socket).await.with_context(|| format!("nobody listens at {}", socket.display()))?;
    stream.write_u16(port).await?;
    ensure!(stream.read_u8().await? == OPEN, "nobody listens on port {port} behind {}", socket.display());
    Ok(stream)
}

/// Lets everybody who knows the socket connect to ports of this loopback, for ever.
pub async fn serve(listener: UnixListener) {
    loop {
        match listener.accept().await {
            // Whoever connected may hang up at any time; then there is nothing to do.
            Ok((stream, _)) => drop(tokio::spawn(forward(stream))),
            Err(_) => sleep(BREATHER).await,
        }
    }
}

async fn forward(mut stream: UnixStream) -> Result<()> {
    let port = stream.read_u16().await?;
    let Ok(mut target) = TcpStream::connect(loopback::address(port)).await else {
        stream.write_u8(CLOSED).await?;
        return Ok(());
    };
    stream.write_u8(OPEN).await?;
    copy_bidirectional(&mut stream, &mut target).await?;
    Ok(())
}

/// Makes a port of this loopback mean the same port behind the socket, for ever.
pub async fn lead(listener: TcpListener, socket: PathBuf) -> Result<()> {
    let port = listener.local_addr().context("a listener without an address")?.port();
    loop {
        let Ok((mut client, _)) = listener.accept().await else {
            sleep(BREATHER).await;
            continue;
        };
        let socket = socket.clone();
        tokio::spawn(async move {
            if let Ok(mut server) = dial(&socket, port).await {
                // Either side may hang up at any time; both are then closed.
                let _ = copy_bidirectional(&mut client, &mut server).await;
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn only_open_ports_are_reached() {
        let dir = tempfile::tempdir().expect("a directory");
        let socket = dir.path().join("socket");
        tokio::spawn(serve(UnixListener::bind(&socket).expect("bound")));

        let backend = TcpListener::bind(loopback::address(0)).await.expect("open");
        let port = backend.local_addr().expect("bound").port();
        let mut client = dial(&socket, port).await.expect("connected");
        let (mut server, _) = backend.accept().await.expect("forwarded");
        client.write_all(b"hello").await.expect("sent");
        let mut heard = [0; 5];
        server.read_exact(&mut heard).await.expect("read");
        assert_eq!(&heard, b"hello");

        drop((backend, server));
        assert!(dial(&socket, port).await.is_err());
    }
}
