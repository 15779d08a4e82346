//! Hooks: what runs as a Job at a moment of a sync, or around a removal.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// The annotation of a Job that is a hook of a document. Of the hooks of others nobody here knows what they mean.
pub const RENDERED_HOOK: &str = "backstack.dev/hook";

/// A hook: what one Job does, by exactly one of `image`, `manifest` and `job`.
///
/// Argo CD tries a sync again that fails, with all of its hooks, so each must be one that can run any number of times.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(extend("oneOf" = [{"required": ["image"]}, {"required": ["manifest"]}, {"required": ["job"]}]))]
pub struct Hook {
    /// The name. The Job is called `<component or bead>-<name>`.
    #[schemars(extend("format" = "dns-label"))]
    pub name: String,
    /// When it runs.
    pub when: Moment,
    /// The image of its one container, with its tag, digest, or both, as it was published.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("format" = "image"))]
    pub image: Option<String>,
    /// The command. Default: that of the image.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub command: Vec<String>,
    /// The arguments. Default: those of the image.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub args: Vec<String>,
    /// The environment.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub env: Vec<HookVariable>,
    /// The service account in the namespace of the Job. It has to be there when the hook runs: before a first sync, nothing
    /// that this sync brings is. Default: none, and no token of one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("format" = "dns-label"))]
    pub service_account: Option<String>,
    /// The wave among the hooks of the same moment. Default `0`.
    #[serde(default, skip_serializing_if = "is_first")]
    #[schemars(extend("default" = 0))]
    pub wave: i32,
    /// A file of the bundle with the manifest of a Job, for what the other keys cannot say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("format" = "relative-path"))]
    pub manifest: Option<String>,
    /// The manifest of a Job itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub job: Option<Map<String, Value>>,
}

/// A moment at which hooks run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Moment {
    /// Before anything is applied; when it fails, nothing is.
    PreSync,
    /// Beside what is applied.
    Sync,
    /// When everything that was applied is healthy.
    PostSync,
    /// When the sync has failed.
    SyncFail,
    /// Before the application is deleted. The deletion waits for its success, for ever.
    PreDelete,
    /// After the application was deleted. The deletion waits for its success, for ever.
    PostDelete,
}

/// A variable of a hook: by exactly one of `value` and `secretKeyRef`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(extend("oneOf" = [{"required": ["value"]}, {"required": ["secretKeyRef"]}]))]
pub struct HookVariable {
    /// The name.
    pub name: String,
    /// The value, which is committed to git.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    /// Where the value is on the cluster.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret_key_ref: Option<SecretKey>,
}

/// A key of a Secret in the namespace of the Job.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SecretKey {
    /// The name of the Secret.
    pub name: String,
    /// The key.
    pub key: String,
}

impl Moment {
    /// The moment as Argo CD writes it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::PreSync => "PreSync",
            Self::Sync => "Sync",
            Self::PostSync => "PostSync",
            Self::SyncFail => "SyncFail",
            Self::PreDelete => "PreDelete",
            Self::PostDelete => "PostDelete",
        }
    }

    /// Whether it is one of a removal: all of its hooks run at once, and never again once they have succeeded.
    #[must_use]
    pub fn is_of_removal(self) -> bool {
        matches!(self, Self::PreDelete | Self::PostDelete)
    }
}

impl Hook {
    /// The name of its Job, of the component or bead of this name.
    #[must_use]
    pub fn job_name(&self, owner: &str) -> String {
        format!("{owner}-{}", self.name)
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde gives references")]
fn is_first(wave: &i32) -> bool {
    *wave == 0
}
