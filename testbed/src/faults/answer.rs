//! What is said in the place of a server.

use http::Response;
use http::header::CONTENT_TYPE;
use serde_json::json;

/// A whole answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    code: u16,
    headers: Vec<(&'static str, String)>,
    body: String,
}

impl Answer {
    /// A refusal as an API server words it.
    #[must_use]
    pub fn status(code: u16, message: &str) -> Self {
        let body = json!({"kind": "Status", "apiVersion": "v1", "status": "Failure", "message": message, "code": code});
        Self { code, headers: vec![(CONTENT_TYPE.as_str(), "application/json".to_owned())], body: body.to_string() }
    }

    /// A page of something on the way.
    #[must_use]
    pub fn page(code: u16, text: &str) -> Self {
        Self { code, headers: vec![(CONTENT_TYPE.as_str(), "text/html".to_owned())], body: text.to_owned() }
    }

    /// The same with one more header.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: &str) -> Self {
        self.headers.push((name, value.to_owned()));
        self
    }

    /// As it is sent.
    pub(super) fn response(self) -> http::Result<Response<String>> {
        let head = Response::builder().status(self.code);
        self.headers.into_iter().fold(head, |head, (name, value)| head.header(name, value)).body(self.body)
    }
}
