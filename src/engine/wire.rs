//! The connections to a server, by the proxy in between where there is one. A single one carries all requests where the server speaks
//! HTTP/2 (it says so in the handshake of TLS, by ALPN); else there is one for each of the requests that are under way. The client
//! library itself speaks HTTP/1.1 alone (kube 5.0, `client/config_ext.rs`), and what it does beyond that is done here as there.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderValue, Request, Response, Uri};
use hyper::body::Incoming;
use hyper::rt::{Read, Write};
use hyper_rustls::{FixedServerNameResolver, HttpsConnectorBuilder};
use hyper_timeout::TimeoutConnector;
use hyper_util::client::legacy::Client as Pool;
use hyper_util::client::legacy::connect::proxy::{SocksV5, Tunnel};
use hyper_util::client::legacy::connect::{Connection, HttpConnector};
use hyper_util::rt::{TokioExecutor, TokioTimer};
use kube::client::{Body, ClientBuilder, ConfigExt as _};
use kube::{Client, Config};
use percent_encoding::percent_decode_str;
use rustls_pki_types::ServerName;
use tower::util::BoxCloneSyncService;
use tower::{BoxError, Service, ServiceBuilder};

/// How much of one answer, and of all of them, may be under way unread: a page of a list in one go, where the standard has 64 KiB.
const STREAM_WINDOW: u32 = 1 << 20;
const CONNECTION_WINDOW: u32 = 8 << 20;
/// When a connection on which nothing comes is asked whether it is alive, and how long it may take to say so: all requests hang on it.
/// client-go has 30 and 15 s (`HTTP2_READ_IDLE_TIMEOUT_SECONDS` in `apimachinery/pkg/util/net`).
const ALIVE_AFTER: Duration = Duration::from_secs(20);
const ALIVE_WITHIN: Duration = Duration::from_secs(10);

/// Cheap to clone: all clones share their connections.
#[derive(Clone)]
pub(super) struct Wire {
    pool: BoxCloneSyncService<Request<Body>, Response<Incoming>, BoxError>,
    /// That of whoever logs in: a connection shows it once, when it begins.
    certificate: Option<String>,
}

impl Wire {
    /// To the server of the configuration. Nothing is connected before the first request.
    pub fn to(config: &Config) -> kube::Result<Self> {
        let mut tcp = HttpConnector::new();
        tcp.enforce_http(false);
        tcp.set_nodelay(true);
        match &config.proxy_url {
            None => Self::over(tcp, config),
            Some(url) => match url.scheme_str() {
                Some("socks5") => Self::over(SocksV5::new(url.clone(), tcp), config),
                Some("https") => Self::over(tunnel(url, config.rustls_https_connector_with_connector(tcp)?), config),
                _ => Self::over(tunnel(url, tcp), config),
            },
        }
    }

    fn over<C>(way: C, config: &Config) -> kube::Result<Self>
    where
        C: Service<Uri> + Clone + Send + Sync + 'static,
        C::Response: Connection + Read + Write + Send + Unpin + 'static,
        C::Future: Send + 'static,
        C::Error: Into<BoxError>,
    {
        let mut tls = HttpsConnectorBuilder::new().with_tls_config(config.rustls_client_config()?).https_or_http();
        if let Some(name) = server_name(config)? {
            tls = tls.with_server_name_resolver(FixedServerNameResolver::new(name));
        }
        let mut connector = TimeoutConnector::new(tls.enable_all_versions().wrap_connector(way));
        connector.set_connect_timeout(config.connect_timeout);
        let pool: Pool<_, Body> = Pool::builder(TokioExecutor::new())
            .timer(TokioTimer::new())
            .http2_initial_stream_window_size(STREAM_WINDOW)
            .http2_initial_connection_window_size(CONNECTION_WINDOW)
            .http2_keep_alive_interval(ALIVE_AFTER)
            .http2_keep_alive_timeout(ALIVE_WITHIN)
            .http2_keep_alive_while_idle(true)
            .build(connector);
        let pool = BoxCloneSyncService::new(ServiceBuilder::new().map_err(BoxError::from).service(pool));
        Ok(Self { pool, certificate: config.auth_info.client_certificate_data.clone() })
    }

    /// Whether whoever logs in as the configuration says can do so over these connections.
    pub fn shows_the_certificate_of(&self, config: &Config) -> bool {
        self.certificate == config.auth_info.client_certificate_data
    }

    /// A client over these connections that logs in as the configuration says.
    pub fn client(self, config: &Config) -> kube::Result<Client> {
        let service = ServiceBuilder::new()
            .layer(config.base_uri_layer())
            .option_layer(config.auth_layer()?)
            .layer(config.extra_headers_layer()?)
            .service(self.pool);
        Ok(ClientBuilder::new(service, config.default_namespace.as_str()).build())
    }
}

fn server_name(config: &Config) -> kube::Result<Option<ServerName<'static>>> {
    let name = config.tls_server_name.clone().map(ServerName::try_from).transpose();
    name.map_err(|error| kube::Error::RustlsTls(kube::client::RustlsTlsError::InvalidServerName(error)))
}

/// The way through a proxy that is asked to connect, with the user and the password of its address.
fn tunnel<C>(proxy: &Uri, way: C) -> Tunnel<C> {
    let tunnel = Tunnel::new(proxy.clone(), way);
    match proxy.authority().and_then(|it| it.as_str().split_once('@')).and_then(|(login, _)| basic(login)) {
        Some(login) => tunnel.with_auth(login),
        None => tunnel,
    }
}

/// What logs in to a proxy: the user and the password as they are, not as an address has them.
fn basic(login: &str) -> Option<HeaderValue> {
    let plain: Vec<u8> = percent_decode_str(login).collect();
    HeaderValue::from_str(&format!("Basic {}", STANDARD.encode(plain))).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proxy_gets_the_password_and_not_its_address() {
        for (login, plain) in [("me:pa%40ss%3Aword", "me:pa@ss:word"), ("me:plain", "me:plain"), ("me:%+A", "me:%+A")] {
            let header = basic(login).expect("a header");
            assert_eq!(header.to_str().ok(), Some(format!("Basic {}", STANDARD.encode(plain)).as_str()), "{login}");
        }
    }
}
