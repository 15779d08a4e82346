//! The smallest HTTP client that loopback servers need: readiness checks and etcd's JSON gateway.
//!
//! It speaks HTTP/1.0, so that a server neither chunks its answer nor keeps the connection.

use std::net::{Ipv4Addr, SocketAddr};

use anyhow::{Context, Result, bail};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// A port on the loopback address.
#[must_use]
pub fn address(port: u16) -> SocketAddr {
    SocketAddr::from((Ipv4Addr::LOCALHOST, port))
}

/// Whether somebody accepts connections on this loopback port.
pub async fn accepts(port: u16) -> bool {
    TcpStream::connect(address(port)).await.is_ok()
}

/// The status code that a GET of `path` is answered with.
pub async fn get_status(port: u16, path: &str) -> Result<u16> {
    let request = format!("GET {path} HTTP/1.0\r\nHost: 127.0.0.1:{port}\r\n\r\n");
    Ok(exchange(port, request.as_bytes()).await?.0)
}

/// Posts a JSON document and reads the JSON answer; any status but 200 is an error.
pub async fn post_json<A: DeserializeOwned>(port: u16, path: &str, body: &impl Serialize) -> Result<A> {
    let body = serde_json::to_vec(body)?;
    let mut request = format!(
        "POST {path} HTTP/1.0\r\nHost: 127.0.0.1:{port}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
        body.len()
    )
    .into_bytes();
    request.extend(body);
    let (status, answer) = exchange(port, &request).await?;
    if status != 200 {
        let text = String::from_utf8_lossy(&answer);
        bail!("POST {path} was answered with {status}: {}", text.trim());
    }
    serde_json::from_slice(&answer).with_context(|| format!("POST {path} was answered with no JSON"))
}

async fn exchange(port: u16, request: &[u8]) -> Result<(u16, Vec<u8>)> {
    let mut stream = TcpStream::connect(address(port)).await?;
    stream.write_all(request).await?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await?;
    parse(&answer).context("not an HTTP answer")
}

fn parse(answer: &[u8]) -> Option<(u16, Vec<u8>)> {
    let end = answer.windows(4).position(|window| window == b"\r\n\r\n")?;
    let head = std::str::from_utf8(answer.get(..end)?).ok()?;
    let status = head.split_whitespace().nth(1)?.parse().ok()?;
    Some((status, answer.get(end + 4..)?.to_vec()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn splits_status_and_body() {
        let answer = b"HTTP/1.0 200 OK\r\nA: b\r\n\r\n{\"a\":1}";
        assert_eq!(parse(answer), Some((200, b"{\"a\":1}".to_vec())));
        assert_eq!(parse(b"SSH-2.0"), None);
    }
}
