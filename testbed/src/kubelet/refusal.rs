//! Why a pod does not run, as a kubelet says it.

/// Why a pod does not run.
pub struct Refusal {
    /// In one word of a kubelet.
    pub reason: &'static str,
    /// The whole story.
    pub message: String,
}

impl Refusal {
    /// Of an image that is not here.
    pub fn pull<T>(pulled: Result<T, String>) -> Result<T, Self> {
        pulled.map_err(|message| Self { reason: "ImagePullBackOff", message })
    }
}

impl From<anyhow::Error> for Refusal {
    fn from(error: anyhow::Error) -> Self {
        Self { reason: "CreateContainerError", message: format!("{error:#}") }
    }
}
