//! Reading what a container has printed.

use std::time::Duration;

use http::Request;

use super::Cluster;
use crate::engine::{Fault, FaultKind, ObjectRef};

/// How long one log may take: a node that does not answer has none to give.
const PATIENCE: Duration = Duration::from_secs(10);
/// The most bytes of one log.
const MOST_BYTES: usize = 1 << 20;

impl Cluster {
    /// The last lines of a container, or of the one that ran before it in its place. Asked for once: what a node does
    /// not give now, it seldom gives a moment later.
    pub async fn pod_log(&self, pod: &ObjectRef, container: &str, lines: u32, previous: bool) -> Result<String, Fault> {
        let doing = format!("read the log of {pod} ({container})");
        let path = self.path(pod).await?;
        let asked = format!("container={container}&tailLines={lines}&limitBytes={MOST_BYTES}&previous={previous}");
        let request = Request::get(format!("{path}/log?{asked}"))
            .body(Vec::new())
            .map_err(|error| Fault::new(FaultKind::Client, &doing, &error.to_string()))?;
        let patience = PATIENCE.min(self.deadline.left()).max(super::SHORTEST_REQUEST);
        match tokio::time::timeout(patience, self.client.request_text(request)).await {
            Ok(answer) => answer.map_err(|error| Fault::of(&doing, &error)),
            Err(_) => Err(Fault::no_answer(&doing, patience.as_secs())),
        }
    }
}
