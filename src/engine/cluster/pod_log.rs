//! Reading what a container has printed.

use std::time::Duration;

use futures::{AsyncRead, AsyncReadExt as _};
use http::Request;
use jiff::Timestamp;
use kube::Client;

use super::Cluster;
use super::request::SHORTEST_PATIENCE;
use crate::engine::{Deadline, Fault, FaultKind, pods};
use crate::object::ObjectRef;

/// How long one log may take: a node that does not answer has none to give.
const PATIENCE: Duration = Duration::from_secs(10);
/// The most bytes of one log. We count them, not the node: it would leave out the end, not the beginning.
const MOST_BYTES: usize = 1 << 20;
/// Any size will do.
const CHUNK: usize = 1 << 16;
/// How long it takes until a log is asked for again that has ended before its container.
const PAUSE: Duration = Duration::from_secs(1);

/// Which part of a log is read.
#[derive(Debug, Clone, Copy)]
pub struct LogRange {
    /// The last lines.
    pub lines: u32,
    /// Only what is not older.
    pub since: Option<Duration>,
    /// That of the container which ran before in its place.
    pub is_of_before: bool,
}

impl LogRange {
    /// The last lines.
    #[must_use]
    pub fn last(lines: u32) -> Self {
        Self { lines, since: None, is_of_before: false }
    }

    /// The same of the container which ran before in its place.
    #[must_use]
    pub fn of_before(self) -> Self {
        Self { is_of_before: true, ..self }
    }

    fn asked(self) -> String {
        let since = self.since.map(|it| format!("&sinceSeconds={}", it.as_secs().max(1))).unwrap_or_default();
        format!("tailLines={}&previous={}{since}", self.lines, self.is_of_before)
    }
}

impl Cluster {
    /// A part of the log of a container. Asked for once, unless the login has ended: what a node does not give now, it seldom gives
    /// a moment later.
    pub async fn pod_log(&self, pod: &ObjectRef, container: &str, range: LogRange) -> Result<String, Fault> {
        let doing = format!("read the log of {pod} ({container})");
        let patience = PATIENCE.min(self.deadline.left()).max(SHORTEST_PATIENCE);
        let read = async {
            let log = self.log(&doing, pod, container, &range.asked()).await?;
            let end = end_of(log, MOST_BYTES).await;
            end.map_err(|error| Fault::new(FaultKind::Unreachable, &doing, &error.to_string()))
        };
        tokio::time::timeout(patience, read).await.unwrap_or_else(|_| Err(Fault::no_answer(&doing, patience.as_secs())))
    }

    /// Hands on a part of the log of a container, and then each line as it is written, until the container has ended. A connection
    /// that ends before it is begun anew behind the last line; it has to be one, though, at first.
    pub async fn follow_log(
        &self,
        pod: &ObjectRef,
        container: &str,
        range: LogRange,
        mut take: impl FnMut(&str),
    ) -> Result<(), Fault> {
        let doing = format!("follow the log of {pod} ({container})");
        let mut from = range.asked();
        let mut last = None;
        loop {
            let seen = last;
            let asked = format!("{from}&follow=true&timestamps=true");
            let begun = tokio::time::timeout(PATIENCE, self.log(&doing, pod, container, &asked)).await;
            let log = begun.unwrap_or_else(|_| Err(Fault::no_answer(&doing, PATIENCE.as_secs())))?;
            let read = each_line(log, |line| {
                let (time, text) = timed(line);
                if time.is_none() || seen.is_none() || time > seen {
                    last = last.max(time);
                    take(text);
                }
            });
            if let Err(error) = read.await {
                tracing::debug!(%error, doing, "beginning anew");
            }
            let patient = Self { deadline: Deadline::after(PATIENCE), ..self.clone() };
            let live = patient.get(pod).await?.unwrap_or_default();
            if !pods::containers(&live).iter().any(|it| it.name == container && it.state == "running") {
                return Ok(());
            }
            tokio::time::sleep(PAUSE).await;
            if let Some(last) = last {
                from = format!("sinceTime={last}");
            }
        }
    }

    async fn log(
        &self,
        doing: &str,
        pod: &ObjectRef,
        container: &str,
        asked: &str,
    ) -> Result<impl AsyncRead + Unpin + use<>, Fault> {
        let url = format!("{}/log?container={container}&{asked}", self.path(pod).await?);
        let (client, login) = self.session.client(self.deadline).await?;
        match self.log_once(doing, &url, &client).await {
            Err(refusal) if refusal.kind == FaultKind::Unauthorized => {
                let client = self.logged_in_anew(login, refusal).await?;
                self.log_once(doing, &url, &client).await
            }
            log => log,
        }
    }

    async fn log_once(&self, doing: &str, url: &str, client: &Client) -> Result<impl AsyncRead + Unpin + use<>, Fault> {
        let request = Request::get(url)
            .body(Vec::new())
            .map_err(|error| Fault::new(FaultKind::Client, doing, &error.to_string()))?;
        client.request_stream(request).await.map_err(|error| self.session.fault(doing, &error))
    }
}

/// The time that a node has put before a line, and the line.
fn timed(line: &str) -> (Option<Timestamp>, &str) {
    let (time, text) = line.split_once(' ').unwrap_or((line, ""));
    time.parse().map_or((None, line), |time| (Some(time), text))
}

/// Hands on each line as it comes. What has no end is cut where it is longer than any line can be.
async fn each_line(mut log: impl AsyncRead + Unpin, mut take: impl FnMut(&str)) -> std::io::Result<()> {
    let mut kept = Vec::new();
    let mut chunk = vec![0; CHUNK];
    loop {
        let size = log.read(&mut chunk).await?;
        kept.extend_from_slice(&chunk[..size]);
        let mut start = 0;
        while let Some(length) = kept[start..].iter().position(|byte| *byte == b'\n') {
            take(String::from_utf8_lossy(&kept[start..start + length]).trim_end_matches('\r'));
            start += length + 1;
        }
        kept.drain(..start);
        if kept.len() > MOST_BYTES || (size == 0 && !kept.is_empty()) {
            take(&String::from_utf8_lossy(&kept));
            kept.clear();
        }
        if size == 0 {
            return Ok(());
        }
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

    #[tokio::test]
    async fn a_log_comes_line_by_line_whatever_its_bytes_are() {
        let mut lines = Vec::new();
        let log = b"first\r\nsecond \xff\n\nlast".as_slice();
        each_line(log, |line| lines.push(line.to_owned())).await.expect("read");
        assert_eq!(lines, ["first", "second \u{fffd}", "", "last"]);
    }

    #[test]
    fn the_time_before_a_line_is_taken_off() {
        let (time, text) = timed("2026-11-29T12:00:00.100000000Z level=info msg=a");
        assert_eq!(
            (time.map(|it| it.to_string()).as_deref(), text),
            (Some("2026-11-29T12:00:00.1Z"), "level=info msg=a")
        );
        assert_eq!(timed("2026-11-29T12:00:00Z"), (Some("2026-11-29T12:00:00Z".parse().expect("a time")), ""));
        assert_eq!(timed("level=info msg=a"), (None, "level=info msg=a"));
    }

    #[test]
    fn a_range_is_asked_for_as_kubernetes_calls_it() {
        let since = LogRange { since: Some(Duration::from_secs(600)), ..LogRange::last(7) };
        assert_eq!(since.asked(), "tailLines=7&previous=false&sinceSeconds=600");
        assert_eq!(LogRange::last(1).of_before().asked(), "tailLines=1&previous=true");
    }
}
