//! Reading what a container has printed.

use std::time::Duration;

use futures::{AsyncRead, AsyncReadExt as _};
use http::Request;
use kube::Client;

use super::Cluster;
use super::request::SHORTEST_PATIENCE;
use crate::engine::{Fault, FaultKind};
use crate::object::ObjectRef;

/// How long one log may take: a node that does not answer has none to give.
const PATIENCE: Duration = Duration::from_secs(10);
/// The most bytes of one log. We count them, not the node: it would leave out the end, not the beginning.
const MOST_BYTES: usize = 1 << 20;
const CHUNK: usize = 1 << 16;

impl Cluster {
    /// The last lines of a container, or of the one that ran before it in its place. Asked for once, unless the
    /// login has ended: what a node does not give now, it seldom gives a moment later.
    pub async fn pod_log(&self, pod: &ObjectRef, container: &str, lines: u32, previous: bool) -> Result<String, Fault> {
        let doing = format!("read the log of {pod} ({container})");
        let path = self.path(pod).await?;
        let asked = format!("container={container}&tailLines={lines}&previous={previous}");
        let url = format!("{path}/log?{asked}");
        let (client, login) = self.session.client(self.deadline).await?;
        match self.log_once(&doing, &url, &client).await {
            Err(refusal) if refusal.kind == FaultKind::Unauthorized => {
                let client = self.logged_in_anew(login, refusal).await?;
                self.log_once(&doing, &url, &client).await
            }
            log => log,
        }
    }

    async fn log_once(&self, doing: &str, url: &str, client: &Client) -> Result<String, Fault> {
        let request = Request::get(url)
            .body(Vec::new())
            .map_err(|error| Fault::new(FaultKind::Client, doing, &error.to_string()))?;
        let patience = PATIENCE.min(self.deadline.left()).max(SHORTEST_PATIENCE);
        let read = async {
            let log = client.request_stream(request).await.map_err(|error| self.session.fault(doing, &error))?;
            let end = end_of(log, MOST_BYTES).await;
            end.map_err(|error| Fault::new(FaultKind::Unreachable, doing, &error.to_string()))
        };
        tokio::time::timeout(patience, read).await.unwrap_or_else(|_| Err(Fault::no_answer(doing, patience.as_secs())))
    }
}

/// The last bytes of a log as text, from the beginning of a line on. Programs print what they like; what is no UTF-8 is
/// shown as such.
async fn end_of(mut log: impl AsyncRead + Unpin, most: usize) -> std::io::Result<String> {
    let mut kept = Vec::new();
    let mut chunk = vec![0; CHUNK];
    let mut is_cut = false;
    loop {
        match log.read(&mut chunk).await? {
            0 => break,
            size => kept.extend_from_slice(&chunk[..size]),
        }
        if kept.len() > most {
            kept.drain(..kept.len() - most);
            is_cut = true;
        }
    }
    let start = if is_cut { kept.iter().position(|byte| *byte == b'\n').map_or(0, |end| end + 1) } else { 0 };
    Ok(String::from_utf8_lossy(&kept[start..]).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_end_of_a_log_is_kept_whatever_its_bytes_are() {
        let log = b"first\nsecond \xff\nthird\n".as_slice();
        for (most, text) in
            [(100, "first\nsecond \u{fffd}\nthird\n"), (17, "second \u{fffd}\nthird\n"), (10, "third\n")]
        {
            assert_eq!(end_of(log, most).await.expect("read"), text, "{most}");
        }
    }
}
