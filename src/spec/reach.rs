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

/// A git credential: user name and password (or token), or an SSH key.
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
}

impl Credential {
    /// Where its parts come from.
    pub fn references(&self) -> impl Iterator<Item = &SecretRef> {
        [&self.username, &self.password, &self.ssh_private_key, &self.known_hosts].into_iter().flatten()
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
