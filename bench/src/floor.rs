//! The floor of an apply: the same bytes over one connection that is warm, as many at once as our program sends.
//!
//! What has to be there first is: the namespace. What is there a moment later is asked again at once, as objects of a kind that
//! is not served yet.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use backstack_testbed::faults::Asked;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures::{StreamExt as _, TryStreamExt as _, stream};
use http::{Method, Request, StatusCode};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Bytes;
use hyper::client::conn::http2::{self, SendRequest};
use hyper_util::rt::{TokioExecutor, TokioIo};
use serde_json::Value;
use tokio::net::TcpStream;
use tokio::runtime::Builder;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

/// As many as our program has on the way.
const AT_ONCE: usize = 64;
/// Between two tries of what is not served yet.
const PAUSE: Duration = Duration::from_millis(5);
const PATIENCE: Duration = Duration::from_secs(60);
/// What each connection says anew.
const OF_THE_WAY: [&str; 2] = ["host", "content-length"];
const NAMESPACE: &str = "/api/v1/namespaces/argocd?";

/// Sends the requests to the server of this kubeconfig. How long that took, in seconds.
pub fn send(kubeconfig: &Path, requests: &[Asked]) -> Result<f64> {
    let config: Value = serde_json::from_slice(&std::fs::read(kubeconfig)?).context("the kubeconfig is no JSON")?;
    let runtime = Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let connection = connect(&config).await?;
        ask(&connection, &Method::GET, "/version", &[], &Bytes::new()).await?;
        let began = Instant::now();
        let (first, rest): (Vec<&Asked>, Vec<&Asked>) = requests.iter().partition(|it| it.path.starts_with(NAMESPACE));
        for part in [first, rest] {
            let sent = stream::iter(part).map(|it| until_taken(&connection, it)).buffer_unordered(AT_ONCE);
            sent.try_collect::<Vec<()>>().await?;
        }
        Ok(began.elapsed().as_secs_f64())
    })
}

async fn until_taken(connection: &SendRequest<Full<Bytes>>, request: &Asked) -> Result<()> {
    let headers: Vec<(&str, &[u8])> = request.headers.iter().map(|(name, it)| (name.as_str(), it.as_bytes())).collect();
    let began = Instant::now();
    while began.elapsed() < PATIENCE {
        let status = ask(connection, &request.method, &request.path, &headers, &request.body).await?;
        if status.is_success() {
            return Ok(());
        }
        ensure!(status == StatusCode::NOT_FOUND, "{} {}: {status}", request.method, request.path);
        tokio::time::sleep(PAUSE).await;
    }
    bail!("{} {} was not taken within {PATIENCE:?}", request.method, request.path)
}

async fn ask(
    connection: &SendRequest<Full<Bytes>>,
    method: &Method,
    path: &str,
    headers: &[(&str, &[u8])],
    body: &Bytes,
) -> Result<StatusCode> {
    let mut request = Request::builder().method(method.clone()).uri(format!("https://127.0.0.1{path}"));
    for (name, value) in headers.iter().filter(|(name, _)| !OF_THE_WAY.contains(name)) {
        request = request.header(*name, *value);
    }
    let answer = connection.clone().send_request(request.body(Full::new(body.clone()))?).await?;
    let status = answer.status();
    answer.into_body().collect().await?;
    Ok(status)
}

async fn connect(config: &Value) -> Result<SendRequest<Full<Bytes>>> {
    let (cluster, user) = (&config["clusters"][0]["cluster"], &config["users"][0]["user"]);
    let pem =
        |value: &Value| STANDARD.decode(value.as_str().unwrap_or_default()).context("the kubeconfig lacks a part");
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(&pem(&cluster["certificate-authority-data"])?) {
        roots.add(certificate?)?;
    }
    let chain =
        CertificateDer::pem_slice_iter(&pem(&user["client-certificate-data"])?).collect::<Result<Vec<_>, _>>()?;
    let key = PrivateKeyDer::from_pem_slice(&pem(&user["client-key-data"])?)?;
    let mut tls = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_client_auth_cert(chain, key)?;
    tls.alpn_protocols = vec![b"h2".to_vec()];
    let address = cluster["server"].as_str().and_then(|it| it.strip_prefix("https://")).context("no address")?;
    let stream = TcpStream::connect(address).await.context("the API server is away")?;
    stream.set_nodelay(true)?;
    let name = ServerName::try_from("127.0.0.1")?;
    let stream = TlsConnector::from(Arc::new(tls)).connect(name, stream).await?;
    let (sender, connection) = http2::Builder::new(TokioExecutor::new())
        // Wide enough that no body waits for a window.
        .initial_stream_window_size(1 << 20)
        .initial_connection_window_size(1 << 22)
        .handshake(TokioIo::new(stream))
        .await?;
    tokio::spawn(connection);
    Ok(sender)
}
