//! Being told that objects change, so that a wait need not sit out its pause.
//!
//! It is a hint and no more. Whoever waits looks at the objects itself, as often as without; where a watch is forbidden, or what
//! stands in front of the server breaks it off, only the pauses are left.

use std::time::{Duration, Instant};

use futures::{AsyncRead, AsyncReadExt as _, FutureExt as _};
use http::header::ACCEPT;
use serde::Deserialize;

use super::request::{METADATA, METADATA_LIST, Request};
use super::{Cluster, answer};
use crate::engine::kinds::collection_path;
use crate::engine::{Fault, FaultKind};
use crate::object::{ObjectRef, str_at};

/// What changes together is looked at once: Argo CD writes the status of an Application, and takes a request from it a moment
/// later.
const TOGETHER: Duration = Duration::from_millis(25);
/// Between two looks at least: while Argo CD syncs it writes all the time.
const APART: Duration = Duration::from_millis(200);
/// A watch that ends sooner than this is none: some proxies let no answer last.
const LEAST: Duration = Duration::from_secs(1);
/// The most bytes of one change. The server may not know the form that leaves all but the metadata out.
const MOST_BYTES: usize = 16 << 20;
const CHUNK: usize = 1 << 14;

/// The changes of some objects of one kind and namespace, from the first wait on.
pub struct Changes<'a> {
    cluster: &'a Cluster,
    objects: Vec<ObjectRef>,
    watch: Watch,
    /// When a change was last told.
    told: Option<Instant>,
}

enum Watch {
    NotBegun,
    Open(Stream),
    /// There is none.
    Off,
}

struct Stream {
    bytes: Box<dyn AsyncRead + Send + Unpin>,
    began: Instant,
    kept: Vec<u8>,
}

impl<'a> Changes<'a> {
    /// Those of these objects, which are of one kind and in one namespace.
    #[must_use]
    pub fn of(cluster: &'a Cluster, objects: impl IntoIterator<Item = ObjectRef>) -> Self {
        Self { cluster, objects: objects.into_iter().collect(), watch: Watch::NotBegun, told: None }
    }

    /// Waits this long, or until one of the objects has changed since the last wait, and no longer than the deadline of the
    /// cluster. The first wait ends as soon as the watch has begun, since nobody tells what changed before.
    pub async fn wait(&mut self, pause: Duration) {
        let pause = pause.min(self.cluster.deadline.left());
        let told = async {
            self.next().await;
            let since = self.told.map_or(APART, |it| it.elapsed());
            tokio::time::sleep(APART.saturating_sub(since).max(TOGETHER)).await;
            // What has come meanwhile is seen by the look that follows.
            while let Watch::Open(stream) = &mut self.watch
                && stream.next_of(&self.objects).now_or_never().flatten().is_some()
            {}
            self.told = Some(Instant::now());
        };
        // Later is no harm: it is looked at after the pause.
        let _ = tokio::time::timeout(pause, told).await;
    }

    /// Ends when there is something to look at.
    async fn next(&mut self) {
        loop {
            match &mut self.watch {
                Watch::Off => std::future::pending().await,
                Watch::NotBegun => {
                    // Where the pause ends before it has begun, it would not begin after the next one either.
                    self.watch = Watch::Off;
                    match self.cluster.watch(&self.objects).await {
                        Ok(stream) => {
                            self.watch = Watch::Open(stream);
                            return;
                        }
                        Err(fault) => tracing::debug!(%fault, "waiting without a watch"),
                    }
                }
                Watch::Open(stream) => match stream.next_of(&self.objects).await {
                    Some(()) => return,
                    None if stream.began.elapsed() < LEAST => self.watch = Watch::Off,
                    None => self.watch = Watch::NotBegun,
                },
            }
        }
    }
}

impl Cluster {
    /// A watch of the objects of this kind and namespace, from now on.
    async fn watch(&self, objects: &[ObjectRef]) -> Result<Stream, Fault> {
        let doing = "watch for changes";
        let nothing = |why: &str| Fault::new(FaultKind::Client, doing, why);
        let kind = objects.first().ok_or_else(|| nothing("there is nothing to watch"))?;
        if self.manner.account.is_some() {
            return Err(nothing("an account is asked for single answers only"));
        }
        let path = collection_path(kind, &self.resource(kind).await?);
        // One of a list would do, and is all that there is: the version is that of the whole list.
        let (one, list) = match objects {
            [object] => (format!("&fieldSelector=metadata.name%3D{}", object.name), format!("{path}?limit=1")),
            _ => (String::new(), format!("{path}?limit=1")),
        };
        let now = self.ask(&Request::get(doing, &list).accepting(METADATA_LIST), answer::any).await?;
        let from = str_at(&now, "/metadata/resourceVersion");
        let request = http::Request::get(format!("{path}?watch=true&resourceVersion={from}{one}"))
            .header(ACCEPT, METADATA)
            .body(Vec::new())
            .map_err(|error| nothing(&error.to_string()))?;
        let (client, _) = self.session.client(self.deadline).await?;
        let bytes = client.request_stream(request).await.map_err(|error| self.session.fault(doing, &error))?;
        Ok(Stream::of(bytes))
    }
}

/// A change, as far as it is read.
#[derive(Deserialize)]
struct Change {
    object: Changed,
}

#[derive(Deserialize)]
struct Changed {
    metadata: Named,
}

#[derive(Deserialize)]
struct Named {
    name: String,
}

impl Stream {
    fn of(bytes: impl AsyncRead + Send + Unpin + 'static) -> Self {
        Self { bytes: Box::new(bytes), began: Instant::now(), kept: Vec::new() }
    }

    /// Ends with the next change of one of these, or with nothing at the end of the watch. Nothing is lost where it is
    /// dropped before.
    async fn next_of(&mut self, objects: &[ObjectRef]) -> Option<()> {
        let mut chunk = vec![0; CHUNK];
        loop {
            while let Some(end) = self.kept.iter().position(|byte| *byte == b'\n') {
                let change: Option<Change> = serde_json::from_slice(&self.kept[..end]).ok();
                self.kept.drain(..=end);
                if change.is_some_and(|it| objects.iter().any(|object| object.name == it.object.metadata.name)) {
                    return Some(());
                }
            }
            let size = self.bytes.read(&mut chunk).await.unwrap_or_default();
            if size == 0 || self.kept.len() > MOST_BYTES {
                return None;
            }
            self.kept.extend_from_slice(&chunk[..size]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn change(name: &str) -> String {
        format!("{{\"type\": \"MODIFIED\", \"object\": {{\"kind\": \"X\", \"metadata\": {{\"name\": \"{name}\"}}}}}}\n")
    }

    #[tokio::test]
    async fn only_changes_of_the_objects_are_told_and_the_end_is() {
        let expired = "{\"type\": \"ERROR\", \"object\": {\"kind\": \"Status\", \"code\": 410}}\n";
        let text =
            [&change("other"), &change("root"), "no JSON\n", expired, &change("argocd"), &change("other")].concat();
        let objects = ["root", "argocd"].map(|name| ObjectRef::new("v1", "X", Some("argocd"), name));
        let mut stream = Stream::of(futures::io::Cursor::new(text.into_bytes()));
        assert!(stream.next_of(&objects).await.is_some(), "root");
        assert!(stream.next_of(&objects).await.is_some(), "argocd");
        assert!(stream.next_of(&objects).await.is_none(), "the end");
    }
}
