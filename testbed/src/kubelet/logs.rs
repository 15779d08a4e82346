//! The port of the kubelet on which the API server asks for the logs of pods: `GET /containerLogs/NAMESPACE/POD/NAME`.
//!
//! All pods of one workload write into one file, each container between two notes of ours. The last stretch of a
//! container is its log, and the last that has ended that of the container before, which for one that has crashed and
//! not begun anew is the same, as with a real kubelet. The network leads the API server here.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use k8s_openapi::jiff::Timestamp;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

use super::Shared;
use crate::loopback;
use crate::pki::Pki;

/// Longer than any request that we answer.
const HEAD: usize = 8 * 1024;

/// How often a log that is followed is looked at.
const PACE: Duration = Duration::from_millis(300);

/// What is written before a container's own first line.
#[must_use]
pub fn beginning(namespace: &str, pod: &str, container: &str) -> String {
    format!("starts {container} for pod {namespace}/{pod}")
}

/// What is written after the last line of a pod's main container.
#[must_use]
pub fn end(namespace: &str, pod: &str) -> String {
    format!("ends pod {namespace}/{pod}")
}

/// Answers for ever.
pub async fn serve(shared: Arc<Shared>) -> Result<()> {
    let acceptor = acceptor(&shared.host.pki)?;
    let listener = TcpListener::bind(loopback::address(shared.host.kubelet_port)).await.context("failed to listen")?;
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            tokio::time::sleep(super::RETRY).await;
            continue;
        };
        let (acceptor, shared) = (acceptor.clone(), Arc::clone(&shared));
        tokio::spawn(async move {
            // Whoever asked may hang up at any time; then there is nobody to tell.
            if let Ok(stream) = acceptor.accept(stream).await {
                let _ = answer(stream, &shared).await;
            }
        });
    }
}

/// The API server does not check the kubelet's certificate unless it is told an authority, so its own will do.
fn acceptor(pki: &Pki) -> Result<TlsAcceptor> {
    let chain = CertificateDer::pem_file_iter(pki.path("apiserver.crt"))?.collect::<Result<Vec<_>, _>>()?;
    let key = PrivateKeyDer::from_pem_file(pki.path("apiserver.key"))?;
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(chain, key)?;
    Ok(TlsAcceptor::from(Arc::new(config)))
}

async fn answer(mut stream: impl AsyncRead + AsyncWrite + Unpin, shared: &Shared) -> Result<()> {
    let mut head = Vec::new();
    while !head.windows(4).any(|end| end == b"\r\n\r\n") && head.len() < HEAD {
        let mut more = [0; 1024];
        match stream.read(&mut more).await? {
            0 => break,
            read => head.extend_from_slice(&more[..read]),
        }
    }
    let head = String::from_utf8_lossy(&head);
    let target = head.split(' ').nth(1).unwrap_or_default();
    let (status, text) = match lines(shared, target) {
        Ok(all) if asked(target, "follow") == Some("true") => return follow(stream, shared, target, all).await,
        Ok(all) => ("200 OK", all[before_tail(target, all.len())..].join("\n") + "\n"),
        Err(error) => ("404 Not Found", format!("{error:#}")),
    };
    let head = format!("HTTP/1.1 {status}\r\nContent-Type: text/plain\r\nContent-Length: {}\r\n", text.len());
    stream.write_all(format!("{head}Connection: close\r\n\r\n{text}").as_bytes()).await?;
    Ok(stream.shutdown().await?)
}

/// Sends the last of the lines that are there, and then each that is written, until the container is gone.
async fn follow(
    mut stream: impl AsyncWrite + Unpin,
    shared: &Shared,
    target: &str,
    mut all: Vec<String>,
) -> Result<()> {
    stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nConnection: close\r\n\r\n").await?;
    let mut sent = before_tail(target, all.len());
    loop {
        for line in all.iter().skip(sent) {
            // A node notes the time of each line; here it is that of the sending.
            let time = Timestamp::now().strftime("%Y-%m-%dT%H:%M:%S.%9fZ").to_string();
            let time = if asked(target, "timestamps") == Some("true") { time + " " } else { String::new() };
            stream.write_all(format!("{time}{line}\n").as_bytes()).await?;
        }
        stream.flush().await?;
        sent = all.len();
        tokio::time::sleep(PACE).await;
        match lines(shared, target) {
            Ok(more) => all = more,
            Err(_) => return Ok(stream.shutdown().await?),
        }
    }
}

fn asked<'t>(target: &'t str, name: &str) -> Option<&'t str> {
    let (_, query) = target.split_once('?')?;
    query.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='))
}

/// How many lines are left out before those that were asked for.
fn before_tail(target: &str, count: usize) -> usize {
    let wanted = asked(target, "tailLines").and_then(|wanted| wanted.parse().ok()).unwrap_or(usize::MAX);
    count.saturating_sub(wanted)
}

/// All that the container has written.
fn lines(shared: &Shared, target: &str) -> Result<Vec<String>> {
    let (path, _) = target.split_once('?').unwrap_or((target, ""));
    let mut parts = path.strip_prefix("/containerLogs/").context("not a request for a log")?.split('/');
    let mut next = || parts.next().unwrap_or_default();
    let (namespace, pod, container) = (next(), next(), next());
    let table = shared.table();
    let mut all = table.values();
    let process = all.find(|it| it.namespace == namespace && it.pod == pod).context("nothing runs in this pod")?;
    let whole = std::fs::read_to_string(&process.log).context("the pod has written nothing")?;
    let stretches = stretches(&whole, &beginning(namespace, pod, container), &end(namespace, pod));
    let of_any = asked(target, "previous") != Some("true");
    let wanted = stretches.into_iter().rfind(|it| of_any || it.has_ended);
    let lines = wanted.context("no such container has run")?.lines;
    Ok(lines.into_iter().map(str::to_owned).collect())
}

/// What one container has written.
#[derive(Debug, Default, PartialEq, Eq)]
struct Stretch<'a> {
    lines: Vec<&'a str>,
    has_ended: bool,
}

/// What was written between the notes of one container and the next note of any that begins.
fn stretches<'a>(whole: &'a str, beginning: &str, end: &str) -> Vec<Stretch<'a>> {
    let mut found: Vec<Stretch<'_>> = Vec::new();
    let mut is_its = false;
    for line in whole.lines() {
        let note = line.strip_prefix("testbed: ");
        let begins = note == Some(beginning);
        if begins || note == Some(end) {
            found.last_mut().into_iter().for_each(|stretch| stretch.has_ended = true);
        }
        match note {
            Some(_) if begins => found.push(Stretch::default()),
            None if is_its => found.last_mut().into_iter().for_each(|stretch| stretch.lines.push(line)),
            _ => {}
        }
        is_its = begins || (is_its && !note.is_some_and(|note| note == end || note.starts_with("starts ")));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told<'a>(whole: &'a str, pod: &str) -> Vec<(Vec<&'a str>, bool)> {
        let found = stretches(whole, &beginning("a", pod, "c"), &end("a", pod));
        found.into_iter().map(|it| (it.lines, it.has_ended)).collect()
    }

    #[test]
    fn a_log_is_found_between_the_notes() {
        let whole = "testbed: starts c for pod a/x\none\ntestbed: starts c for pod a/y\nother\n\
                     testbed: starts c for pod a/x\ntestbed: x waits\ntwo\nthree\n";
        assert_eq!(told(whole, "x"), [(vec!["one"], true), (vec!["two", "three"], false)]);
        assert_eq!(told(whole, "y"), [(vec!["other"], false)]);
        assert!(told(whole, "z").is_empty());
    }

    #[test]
    fn what_is_written_after_the_end_is_anothers() {
        let whole = "testbed: starts c for pod a/x\none\ntestbed: ends pod a/x\nother\n";
        assert_eq!(told(whole, "x"), [(vec!["one"], true)]);
    }
}
