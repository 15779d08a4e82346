//! The server behind the proxy.

use std::path::Path;

use anyhow::Result;
use http::header::{AUTHORIZATION, CONNECTION, HOST, TRANSFER_ENCODING};
use http::request::Parts;
use http::{Request, Response};
use hyper::body::Bytes;
use kube::client::Body;
use kube::config::{AuthInfo, KubeConfigOptions, Kubeconfig};
use kube::{Client, Config};

/// Two ways to it: that of the administrator, and one for those who show who they are.
#[derive(Clone)]
pub struct Upstream {
    administrator: Client,
    anybody: Client,
}

impl Upstream {
    /// The server of this kubeconfig, whose user is the administrator.
    pub async fn of(kubeconfig: &Path) -> Result<Self> {
        let kubeconfig = Kubeconfig::read_from(kubeconfig)?;
        let mut config = Config::from_custom_kubeconfig(kubeconfig, &KubeConfigOptions::default()).await?;
        config.proxy_url = None;
        // What goes wrong is the client's to repeat.
        config.default_retry = false;
        let mut anybody = config.clone();
        anybody.auth_info = AuthInfo::default();
        Ok(Self { administrator: Client::try_from(config)?, anybody: Client::try_from(anybody)? })
    }

    /// Has the server do what was asked. An error when it did not answer.
    pub async fn ask(&self, head: &Parts, body: Bytes) -> Result<Response<Body>> {
        let path = head.uri.path_and_query().map_or("/", |it| it.as_str());
        let mut request = Request::builder().method(head.method.clone()).uri(path).body(Body::from(body.to_vec()))?;
        *request.headers_mut() = head.headers.clone();
        request.headers_mut().remove(HOST);
        let client = if head.headers.contains_key(AUTHORIZATION) { &self.anybody } else { &self.administrator };
        let mut answer = client.send(request).await?;
        // These are of that connection; HTTP/2 does not even have them.
        for name in [CONNECTION, TRANSFER_ENCODING] {
            answer.headers_mut().remove(name);
        }
        Ok(answer)
    }
}
