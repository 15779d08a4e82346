//! One request, before it is sent.

use std::time::Duration;

use bytes::Bytes;
use http::header::{ACCEPT, CONTENT_TYPE};
use http::{Error, Method};
use serde_json::Value;

pub const JSON: &str = "application/json";
/// The answer of a write is only needed for its metadata; a CRD would send 350 kB back.
pub const METADATA: &str = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1,application/json";
/// The same for lists.
pub const METADATA_LIST: &str = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json";
/// All groups with their resources in one answer (KEP-3352, stable since Kubernetes 1.30).
pub const DISCOVERY: &str = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";

/// How long one request may take; the API server itself gives up on an apply after 34 s (apiserver 1.37,
/// `requestTimeoutUpperBound` in `pkg/endpoints/handlers/rest.go`), and what it says then tells more than our silence.
pub const PATIENCE: Duration = Duration::from_secs(40);
/// The same for the first try of a read of one object, which takes milliseconds, and of a page of a list: one that hangs is repeated
/// in time. Each further try may take twice as long.
const PATIENCE_TO_READ: Duration = Duration::from_secs(5);
const PATIENCE_TO_LIST: Duration = Duration::from_secs(20);
/// How long it may take at least, also when the deadline is near.
pub const SHORTEST_PATIENCE: Duration = Duration::from_secs(1);

/// What is asked, and what for.
pub struct Request<'a> {
    /// In the words of a failure: `read Secret a/b`.
    pub doing: &'a str,
    method: Method,
    path: &'a str,
    accept: &'static str,
    /// How long its first try may take.
    pub patience: Duration,
    /// Its form, and its text, which all tries share.
    body: Option<(&'static str, Bytes)>,
}

impl<'a> Request<'a> {
    /// One that changes nothing.
    pub fn get(doing: &'a str, path: &'a str) -> Self {
        Self { doing, method: Method::GET, path, accept: JSON, patience: PATIENCE_TO_READ, body: None }
    }

    /// The same for what may be large.
    pub fn list(doing: &'a str, path: &'a str) -> Self {
        Self { patience: PATIENCE_TO_LIST, ..Self::get(doing, path) }
    }

    /// One that brings something in this form.
    pub fn bringing(doing: &'a str, method: Method, path: &'a str, form: &'static str, body: &Value) -> Self {
        Self { doing, method, path, accept: JSON, patience: PATIENCE, body: Some((form, body.to_string().into())) }
    }

    /// The same with another form of the answer.
    pub fn accepting(self, accept: &'static str) -> Self {
        Self { accept, ..self }
    }

    /// As it is sent, as often as it takes.
    pub fn to_http(&self) -> Result<http::Request<Bytes>, Error> {
        let request = http::Request::builder().method(self.method.clone()).uri(self.path).header(ACCEPT, self.accept);
        match &self.body {
            None => request.body(Bytes::new()),
            Some((form, text)) => request.header(CONTENT_TYPE, *form).body(text.clone()),
        }
    }
}
