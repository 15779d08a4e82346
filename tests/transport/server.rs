//! A server with TLS that is taken for an API server, and answers as none of the testbed can be made to: by HTTP/2 or HTTP/1.1 as it
//! is told, or not at all.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use backstack::document::Existing;
use backstack::engine::{Cluster, Deadline};
use backstack::report::Outcome;
use backstack_testbed::pki::Pki;
use bytes::Bytes;
use h2::server::SendResponse;
use h2::{Reason, RecvStream};
use http::{Method, Response};
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use serde_json::Value;
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::server::WebPkiClientVerifier;
use tokio_rustls::rustls::{RootCertStore, ServerConfig};
use tokio_rustls::server::TlsStream;

use crate::support::fake_api::{KUBE_SYSTEM, VERSION};

/// What a server that speaks both says it speaks.
pub const BOTH: &[&str] = &["h2", "http/1.1"];

/// What comes of one request.
pub enum Answer {
    /// A status code, further headers, and the text.
    Text(u16, Vec<(&'static str, &'static str)>, String),
    /// Success, which ends before its end.
    Cut(String),
    /// The server has done nothing, and says so. By HTTP/2 alone.
    Refused,
    /// The connection ends at once.
    Gone,
    /// Success, and the server takes no more requests on this connection. By HTTP/2 alone.
    Last(String),
    /// Nothing, ever.
    Never,
}

impl Answer {
    /// Success.
    pub fn ok(text: impl Into<String>) -> Self {
        Self::Text(200, Vec::new(), text.into())
    }
}

/// A request as it came: method, path with query, what logs in, and body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked(pub Method, pub String, pub String, pub Bytes);

#[derive(Default)]
struct Seen {
    connections: usize,
    asked: Vec<Asked>,
    /// Whether the next question who it is gets no answer.
    hangs: bool,
}

type Script = dyn Fn(usize, &str) -> Answer + Send + Sync;

/// It lives as long as the runtime of the test.
pub struct Server {
    folder: TempDir,
    pki: Pki,
    pub address: SocketAddr,
    seen: Arc<Mutex<Seen>>,
}

impl Server {
    /// One that speaks these protocols, says who it is, and answers so to the rest: the how-manieth request, and its path.
    pub async fn new(speaks: &[&str], answer: impl Fn(usize, &str) -> Answer + Send + Sync + 'static) -> Self {
        Self::with(speaks, false, answer).await
    }

    /// The same, for those alone who show a certificate.
    pub async fn with(
        speaks: &[&str],
        is_closed: bool,
        answer: impl Fn(usize, &str) -> Answer + Send + Sync + 'static,
    ) -> Self {
        let folder = TempDir::new().expect("a folder");
        let pki = Pki::create(&folder.path().join("pki")).expect("certificates");
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let seen = Arc::<Mutex<Seen>>::default();
        let acceptor = TlsAcceptor::from(Arc::new(tls(&pki, speaks, is_closed)));
        let (log, answer): (_, Arc<Script>) = (seen.clone(), Arc::new(answer));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                log.lock().expect("unpoisoned").connections += 1;
                let (acceptor, log, answer) = (acceptor.clone(), log.clone(), answer.clone());
                tokio::spawn(async move {
                    let stream = acceptor.accept(stream).await.ok()?;
                    let is_2 = stream.get_ref().1.alpn_protocol() == Some(b"h2");
                    if is_2 { by_2(stream, &log, &answer).await } else { by_1(stream, &log, &answer).await }
                });
            }
        });
        Self { folder, pki, address, seen }
    }

    /// A kubeconfig of it, changed so.
    pub fn kubeconfig(&self, change: impl FnOnce(&mut Value)) -> PathBuf {
        let mut text = self.pki.admin_kubeconfig(self.address.port()).expect("a kubeconfig");
        change(&mut text);
        let file = self.file("config");
        std::fs::write(&file, text.to_string()).expect("written");
        file
    }

    /// A file beside it.
    pub fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// It, by its kubeconfig.
    pub async fn connected(&self) -> Cluster {
        self.reached(&self.kubeconfig(|_| ())).await.expect("it says who it is")
    }

    /// The same by this one.
    pub async fn reached(&self, kubeconfig: &Path) -> Outcome<Cluster> {
        let existing = Existing { kubeconfig: Some(kubeconfig.display().to_string()), ..Existing::default() };
        Cluster::connect(&existing, Deadline::after(Duration::from_secs(60))).await
    }

    /// Leaves the next question who it is without an answer.
    pub fn hang_once(&self) {
        self.seen.lock().expect("unpoisoned").hangs = true;
    }

    /// How many connections were made.
    pub fn connections(&self) -> usize {
        self.seen.lock().expect("unpoisoned").connections
    }

    /// What was asked of it since it had said who it is.
    pub fn asked(&self) -> Vec<Asked> {
        self.seen.lock().expect("unpoisoned").asked.clone()
    }
}

fn tls(pki: &Pki, speaks: &[&str], is_closed: bool) -> ServerConfig {
    let certificate = |name| CertificateDer::from_pem_file(pki.path(name)).expect("a certificate");
    let mut roots = RootCertStore::empty();
    roots.add(certificate("ca.crt")).expect("an authority");
    let verifier = WebPkiClientVerifier::builder(Arc::new(roots));
    let verifier = if is_closed { verifier } else { verifier.allow_unauthenticated() };
    let key = PrivateKeyDer::from_pem_file(pki.path("apiserver.key")).expect("a key");
    let mut config = ServerConfig::builder()
        .with_client_cert_verifier(verifier.build().expect("a verifier"))
        .with_single_cert(vec![certificate("apiserver.crt")], key)
        .expect("a server");
    config.alpn_protocols = speaks.iter().map(|it| it.as_bytes().to_vec()).collect();
    config
}

/// What comes of a request, which is noted where it is none of those by which a server says who it is.
fn answered(log: &Mutex<Seen>, answer: &Script, asked: Asked) -> Answer {
    match asked.1.as_str() {
        "/api/v1/namespaces/kube-system" => {
            let hangs = std::mem::take(&mut log.lock().expect("unpoisoned").hangs);
            if hangs { Answer::Never } else { Answer::ok(KUBE_SYSTEM) }
        }
        "/version" => Answer::ok(VERSION),
        _ => {
            let path = asked.1.clone();
            let mut seen = log.lock().expect("unpoisoned");
            seen.asked.push(asked);
            answer(seen.asked.len(), &path)
        }
    }
}

async fn by_2(stream: TlsStream<TcpStream>, log: &Arc<Mutex<Seen>>, answer: &Arc<Script>) -> Option<()> {
    let mut connection = h2::server::handshake(stream).await.ok()?;
    while let Some(Ok((request, mut respond))) = connection.accept().await {
        let (head, body) = request.into_parts();
        let login = head.headers.get("authorization").and_then(|it| it.to_str().ok()).unwrap_or_default().to_owned();
        let path = head.uri.path_and_query().expect("a path").to_string();
        if body.is_end_stream() {
            // Only what needs the connection is done at once.
            match answered(log, answer.as_ref(), Asked(head.method, path, login, Bytes::new())) {
                Answer::Gone => connection.abrupt_shutdown(Reason::NO_ERROR),
                Answer::Last(text) => {
                    send(&mut respond, 200, &[], text);
                    connection.graceful_shutdown();
                }
                answer => drop(tokio::spawn(respond_with(respond, answer))),
            }
        } else {
            let (log, answer) = (log.clone(), answer.clone());
            tokio::spawn(async move {
                let text = all_of(body).await;
                respond_with(respond, answered(&log, answer.as_ref(), Asked(head.method, path, login, text))).await;
            });
        }
    }
    Some(())
}

async fn all_of(mut body: RecvStream) -> Bytes {
    let mut text = Vec::new();
    while let Some(Ok(data)) = body.data().await {
        body.flow_control().release_capacity(data.len()).expect("a window");
        text.extend_from_slice(&data);
    }
    text.into()
}

async fn respond_with(mut respond: SendResponse<Bytes>, answer: Answer) {
    match answer {
        Answer::Text(code, headers, text) => send(&mut respond, code, &headers, text),
        Answer::Cut(text) => {
            let mut body = respond.send_response(Response::new(()), false).expect("sent");
            body.send_data(text.into(), false).expect("sent");
            tokio::task::yield_now().await;
            body.send_reset(Reason::INTERNAL_ERROR);
        }
        Answer::Refused => respond.send_reset(Reason::REFUSED_STREAM),
        Answer::Never => std::future::pending().await,
        Answer::Gone | Answer::Last(_) => panic!("nobody has scripted this for a request with a body"),
    }
}

fn send(respond: &mut SendResponse<Bytes>, code: u16, headers: &[(&str, &str)], text: String) {
    let head = headers.iter().fold(Response::builder().status(code), |head, (name, value)| head.header(*name, *value));
    let mut body = respond.send_response(head.body(()).expect("a head"), false).expect("sent");
    body.send_data(text.into(), true).expect("sent");
}

async fn by_1(stream: TlsStream<TcpStream>, log: &Arc<Mutex<Seen>>, answer: &Arc<Script>) -> Option<()> {
    let mut stream = BufReader::new(stream);
    loop {
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            if stream.read_line(&mut head).await.ok()? == 0 {
                return None;
            }
        }
        let value = |name: &str| {
            let line = head.lines().find(|line| line.to_ascii_lowercase().starts_with(name))?;
            Some(line.split_once(": ")?.1.to_owned())
        };
        let mut body = vec![0; value("content-length:").map_or(0, |it| it.parse().expect("a length"))];
        stream.read_exact(&mut body).await.ok()?;
        let mut first = head.split(' ');
        let method = first.next()?.parse().expect("a method");
        let path = first.next()?.to_owned();
        let login = value("authorization:").unwrap_or_default();
        match answered(log, answer.as_ref(), Asked(method, path, login, body.into())) {
            Answer::Text(code, headers, text) => {
                let headers =
                    headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect::<Vec<_>>().concat();
                let length = text.len();
                let all = format!("HTTP/1.1 {code} x\r\n{headers}Content-Length: {length}\r\n\r\n{text}");
                stream.write_all(all.as_bytes()).await.ok()?;
            }
            Answer::Cut(text) => {
                let all = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{text}", text.len() + 1);
                stream.write_all(all.as_bytes()).await.ok()?;
                return None;
            }
            Answer::Never => std::future::pending().await,
            Answer::Gone | Answer::Refused | Answer::Last(_) => return None,
        }
        stream.flush().await.ok()?;
    }
}

/// A proxy that lets in who knows this password, and counts its tunnels.
pub async fn proxy(login: &'static str) -> (SocketAddr, Arc<Mutex<usize>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let tunnels = Arc::<Mutex<usize>>::default();
    let count = tunnels.clone();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            *count.lock().expect("unpoisoned") += 1;
            tokio::spawn(async move {
                let mut stream = BufReader::new(stream);
                let mut head = String::new();
                while !head.ends_with("\r\n\r\n") {
                    stream.read_line(&mut head).await.ok()?;
                }
                let target = head.split(' ').nth(1)?.to_owned();
                if !head.to_ascii_lowercase().contains(&format!("proxy-authorization: {}", login.to_ascii_lowercase()))
                {
                    stream.write_all(b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n").await.ok()?;
                    return None;
                }
                let mut server = TcpStream::connect(target).await.ok()?;
                stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await.ok()?;
                tokio::io::copy_bidirectional(&mut stream, &mut server).await.ok()
            });
        }
    });
    (address, tunnels)
}
