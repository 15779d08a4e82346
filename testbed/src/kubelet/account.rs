//! A pod's service account, and its tokens.

use anyhow::{Context, Result};
use k8s_openapi::api::authentication::v1::{TokenRequest, TokenRequestSpec};
use k8s_openapi::api::core::v1::{Pod, ServiceAccount};
use kube::api::PostParams;
use kube::{Api, Client, ResourceExt};

/// Longer than any testbed runs: nobody renews them, as a kubelet would.
const TOKEN_SECONDS: i64 = 7 * 24 * 3600;

/// Who a pod is in the cluster: what it may do there is what its roles say, no more.
#[derive(Clone, Debug)]
pub struct Account {
    namespace: String,
    name: String,
}

impl Account {
    /// The account that the pod runs as.
    #[must_use]
    pub fn of(pod: &Pod) -> Self {
        let name = pod.spec.as_ref().and_then(|spec| spec.service_account_name.clone());
        Self { namespace: pod.namespace().unwrap_or_default(), name: name.unwrap_or_else(|| "default".to_owned()) }
    }

    /// A token for the API server, or for somebody else.
    pub async fn token(&self, client: &Client, audience: Option<String>) -> Result<String> {
        let request = TokenRequest {
            spec: TokenRequestSpec {
                expiration_seconds: Some(TOKEN_SECONDS),
                audiences: audience.into_iter().collect(),
                ..Default::default()
            },
            ..Default::default()
        };
        let answer = Api::<ServiceAccount>::namespaced(client.clone(), &self.namespace)
            .create_token_request(&self.name, &PostParams::default(), &request)
            .await
            .context("failed to get a token for the pod's service account")?;
        Ok(answer.status.context("the API server gave no token")?.token)
    }
}
