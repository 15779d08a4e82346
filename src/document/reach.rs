//! What the nouns of a step share: how a cluster and a repository are reached, and the form of an answer.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A cluster that exists.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Existing {
    /// The path of a kubeconfig. Default: `$KUBECONFIG`, `$HOME/.kube/config`, `/home/nonroot/.kube/config`, then
    /// the in-cluster service account.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kubeconfig: Option<String>,
    /// The context in the kubeconfig. Default: its current context.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub context: Option<String>,
    /// Whether a kubeconfig may have another machine taken for the cluster without a look at its certificate, or a token sent to
    /// it over HTTP without TLS. Default `false`.
    #[serde(default)]
    pub allow_insecure: bool,
}

/// A git credential: user name and password (or token), or an SSH key, and what a host with TLS may ask for beside either.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Credential {
    /// The user name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub username: Option<SecretRef>,
    /// The password or token.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password: Option<SecretRef>,
    /// A private key for SSH.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ssh_private_key: Option<SecretRef>,
    /// The host keys to trust over SSH, as lines of a `known_hosts` file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub known_hosts: Option<SecretRef>,
    /// The certificate that logs in to a host which asks for one, in PEM, with those that lead to its authority.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_certificate: Option<SecretRef>,
    /// The private key of that certificate, in PEM, without a passphrase.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_key: Option<SecretRef>,
}

impl Credential {
    /// Where its parts come from.
    pub fn references(&self) -> impl Iterator<Item = &SecretRef> {
        let login = [&self.username, &self.password, &self.ssh_private_key, &self.known_hosts];
        login.into_iter().chain([&self.client_certificate, &self.client_key]).flatten()
    }
}

/// How the host of a repository is reached, by this run and by Argo CD, where what the machine is set to is not enough.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Connection {
    /// The certificates that the host is trusted by, in PEM: those of its authority, or its own. They are committed. Default:
    /// the authorities of the machine and of Argo CD's image.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ca: Option<SecretRef>,
    /// The address of a proxy with its port: http, https, socks5 or socks5h. It may hold a user and a password. Default: none for
    /// Argo CD, and for this run that of its environment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proxy: Option<SecretRef>,
    /// The hosts that are reached without the proxy, as `NO_PROXY` has them. Default: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub no_proxy: Option<String>,
}

impl Connection {
    /// Where its parts come from.
    pub fn references(&self) -> impl Iterator<Item = &SecretRef> {
        [&self.ca, &self.proxy].into_iter().flatten()
    }
}

/// Who commits to the hub repository.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Committer {
    /// The name. Default `backstack`.
    #[serde(default = "committer_name")]
    pub name: String,
    /// The address, which a forge finds the account by. Default `backstack@localhost`.
    #[serde(default = "committer_email")]
    pub email: String,
    /// A private key that every commit is signed with: one for SSH, or one of `OpenPGP` in ASCII armour; without a passphrase.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signing_key: Option<SecretRef>,
}

impl Default for Committer {
    /// No person.
    fn default() -> Self {
        Self { name: committer_name(), email: committer_email(), signing_key: None }
    }
}

fn committer_name() -> String {
    "backstack".to_owned()
}

fn committer_email() -> String {
    "backstack@localhost".to_owned()
}

/// Where a secret value comes from; never the value itself. Exactly one of the two.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(extend("oneOf" = [{"required": ["env"]}, {"required": ["file"]}]))]
pub struct SecretRef {
    /// The name of an environment variable.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub env: Option<String>,
    /// The path of a file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
}

/// The form of an answer.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Format {
    /// For people, on stderr.
    #[default]
    Table,
    /// For machines, on stdout.
    Json,
    /// For a pull request, on stdout: of `diff` alone.
    Markdown,
}
