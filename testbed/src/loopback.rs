//! The smallest HTTP client that loopback servers need: readiness checks, etcd's JSON gateway, the registry.
//!
//! It speaks HTTP/1.0, so that a server neither chunks its answer nor keeps the connection.

use std::net::{Ipv4Addr, SocketAddr};

use anyhow::{Context, Result, bail, ensure};
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

/// What a server answered.
#[derive(Debug, PartialEq, Eq)]
pub struct Answer {
    /// The status code.
    pub status: u16,
    /// The body.
    pub body: Vec<u8>,
    head: String,
}

impl Answer {
    /// The value of a header.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        let headers = self.head.lines().filter_map(|line| line.split_once(':'));
        headers.filter(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim()).next()
    }
}

/// The status code that a GET of `path` is answered with.
pub async fn get_status(port: u16, path: &str) -> Result<u16> {
    Ok(request(port, "GET", path, &[], &[]).await?.status)
}

/// Posts a JSON document and reads the JSON answer; any status but 200 is an error.
pub async fn post_json<A: DeserializeOwned>(port: u16, path: &str, body: &impl Serialize) -> Result<A> {
    let body = serde_json::to_vec(body)?;
    let answer = request(port, "POST", path, &[("Content-Type", "application/json")], &body).await?;
    if answer.status != 200 {
        let text = String::from_utf8_lossy(&answer.body);
        bail!("POST {path} was answered with {}: {}", answer.status, text.trim());
    }
    serde_json::from_slice(&answer.body).with_context(|| format!("POST {path} was answered with no JSON"))
}

/// Asks an API, with these words that log in and a document in JSON; an answer without success is an error. Blocks.
pub fn ask(port: u16, method: &str, path: &str, login: &str, document: Option<&[u8]>) -> Result<Vec<u8>> {
    let headers = [("Authorization", login), ("Content-Type", "application/json")];
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let answer = runtime.block_on(request(port, method, path, &headers, document.unwrap_or_default()))?;
    let text = String::from_utf8_lossy(&answer.body);
    ensure!((200..300).contains(&answer.status), "{method} {path} was answered with {}: {text}", answer.status);
    Ok(answer.body)
}

/// Sends a request and reads the answer, whatever its status.
pub async fn request(port: u16, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Result<Answer> {
    let (host, length) = (format!("127.0.0.1:{port}"), body.len().to_string());
    let mut lines = vec![format!("{method} {path} HTTP/1.0")];
    let own = [("Host", host.as_str()), ("Content-Length", length.as_str())];
    lines.extend(own.iter().chain(headers).map(|(name, value)| format!("{name}: {value}")));
    let mut stream = TcpStream::connect(address(port)).await?;
    stream.write_all(format!("{}\r\n\r\n", lines.join("\r\n")).as_bytes()).await?;
    stream.write_all(body).await?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await?;
    parse(&answer).context("not an HTTP answer")
}

fn parse(answer: &[u8]) -> Option<Answer> {
    let end = answer.windows(4).position(|window| window == b"\r\n\r\n")?;
    let head = std::str::from_utf8(answer.get(..end)?).ok()?;
    let status = head.split_whitespace().nth(1)?.parse().ok()?;
    Some(Answer { status, body: answer.get(end + 4..)?.to_vec(), head: head.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn splits_head_and_body() {
        let answer = parse(b"HTTP/1.0 200 OK\r\nA: b\r\n\r\n{\"a\":1}").expect("an answer");
        assert_eq!((answer.status, answer.body.as_slice()), (200, &b"{\"a\":1}"[..]));
        assert_eq!((answer.header("a"), answer.header("b")), (Some("b"), None));
        assert_eq!(parse(b"SSH-2.0"), None);
    }
}
