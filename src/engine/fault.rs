//! What an answer of the API server means: wait and try again, or tell the user, and with which remedy.

use std::fmt;
use std::time::Duration;

use kube::core::Status;
use serde_json::Value;

use super::kinds::Unseen;
use super::trust::{self, Whose};
use crate::object::str_at;
use crate::report::{Exit, Failure, redact};

/// What the API server says of a webhook that takes too long.
const TOO_LONG: [&str; 3] = ["context deadline exceeded", "Client.Timeout exceeded", "i/o timeout"];
/// What the fault of a request without an answer begins with.
const NO_ANSWER: &str = "no answer within";
/// What the fault of a request that goes by a proxy begins with.
pub(super) const BY_PROXY: &str = "by the proxy ";
/// Of a login program that is not there.
pub(super) const NO_PROGRAM: &str = "which the kubeconfig names, is not there";
/// Of a login program that asks.
pub(super) const NO_TERMINAL: &str = "wants a terminal by its `interactiveMode`, and there is none";
/// Of a login program that waits.
pub(super) const NO_LOGIN: &str = "did not answer within";

/// The class of a failed request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FaultKind {
    /// 404: the object, or the kind, is not there.
    NotFound,
    /// 401, or an alert about our certificate: the credential is wrong or has expired.
    Unauthorized,
    /// 403: the credential may not do this, or an admission plugin said no.
    Forbidden,
    /// 409 by a forced-less apply: another field manager owns the field.
    Owned,
    /// 409: somebody else wrote in between, or the object has another UID.
    Changed,
    /// What answers is no Kubernetes API server.
    Foreign,
    /// Nobody can say what the cluster holds.
    Unknown,
    /// 410: a list was forgotten before its last page.
    Expired,
    /// An answer that is larger than is bearable.
    TooLarge,
    /// What the object is to be in, or the definition of its kind, is on its way out.
    Going,
    /// The object is wrong; the same request will never succeed.
    Invalid,
    /// An admission webhook does not answer.
    Webhook,
    /// The server is overloaded, restarting or losing its leader.
    Busy,
    /// No connection.
    Unreachable,
    /// Who answers shows no certificate that proves who it is.
    Untrusted,
    /// What has logged in has ended, and there is nothing new for now.
    Login,
    /// The client could not be set up: kubeconfig, certificates.
    Client,
}

/// A failed request: of which kind, on which object, in the server's words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The class.
    pub kind: FaultKind,
    /// What was being done: `apply Deployment argocd/argocd-server`.
    pub doing: String,
    /// The server's message, in one line.
    pub message: String,
    /// How long it was tried before the deadline passed, for a fault that might have gone away.
    pub tried: Option<Duration>,
    /// How long the server asks us to wait before we try again.
    pub retry_after: Option<Duration>,
    /// The `APIServices` behind which nobody knows what is.
    pub unseen: Vec<String>,
}

impl Fault {
    /// The fault behind an error of the client library.
    #[must_use]
    pub fn of(doing: &str, error: &kube::Error) -> Self {
        let (kind, message) = match error {
            kube::Error::Api(status) => (kind_of_status(status), status.message.clone()),
            kube::Error::Service(cause) => of_connection(chain(cause.as_ref())),
            kube::Error::HyperError(cause) => of_connection(chain(cause)),
            other => (FaultKind::Client, chain(other)),
        };
        Self::new(kind, doing, &message)
    }

    /// A fault in these words.
    #[must_use]
    pub fn new(kind: FaultKind, doing: &str, message: &str) -> Self {
        Self {
            kind,
            doing: doing.to_owned(),
            message: one_line(message),
            tried: None,
            retry_after: None,
            unseen: Vec::new(),
        }
    }

    /// Nobody can say what is in these parts of the API.
    #[must_use]
    pub fn unknown(doing: &str, unseen: &[Unseen]) -> Self {
        let lines: Vec<String> = unseen.iter().map(ToString::to_string).collect();
        let unseen = unseen.iter().map(|it| it.service.clone()).collect();
        Self { unseen, ..Self::new(FaultKind::Unknown, doing, &lines.join("; ")) }
    }

    /// The fault behind an answer with this status code.
    #[must_use]
    pub fn of_status(doing: &str, code: u16, text: &[u8]) -> Self {
        let text = String::from_utf8_lossy(text);
        let said = serde_json::from_str::<Value>(&text).ok().filter(|it| str_at(it, "/kind") == "Status");
        let said = said.and_then(|it| serde_json::from_value::<Status>(it).ok());
        // What is not there has no kind either: the API server then says it in plain text. A page of others says nothing.
        if code == 404 && said.is_none() && text.trim() != "404 page not found" {
            let why = format!("this is no answer of a Kubernetes API server: {}", text.trim());
            return Self::new(FaultKind::Foreign, doing, &why);
        }
        let status = said.unwrap_or_else(|| Status::failure(text.trim(), ""));
        let message = if status.message.is_empty() { format!("status code {code}") } else { status.message.clone() };
        Self::new(kind_of_status(&status.with_code(code)), doing, &message)
    }

    /// A request that got no answer in its time.
    #[must_use]
    pub fn no_answer(doing: &str, seconds: u64) -> Self {
        Self::new(FaultKind::Unreachable, doing, &format!("{NO_ANSWER} {seconds} s"))
    }

    /// Whether the same request may succeed a little later. Server-side apply and deletion by UID are idempotent,
    /// so a lost answer is safe to ask for again.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        match self.kind {
            FaultKind::Busy | FaultKind::Unreachable | FaultKind::Webhook | FaultKind::Login => true,
            FaultKind::Untrusted => trust::may_pass(&self.message),
            _ => false,
        }
    }

    /// Whether it may be the proxy in between that is at fault.
    #[must_use]
    pub fn is_by_proxy(&self) -> bool {
        self.message.starts_with(BY_PROXY)
    }

    /// Whether nothing came in the whole time that a request may take, from the server or from a webhook that it asks.
    #[must_use]
    pub fn is_silence(&self) -> bool {
        match self.kind {
            FaultKind::Webhook => TOO_LONG.iter().any(|words| self.message.contains(words)),
            FaultKind::Unreachable => self.message.starts_with(NO_ANSWER),
            FaultKind::Busy => self.message.contains("request did not complete within"),
            _ => false,
        }
    }

    fn remedy(&self) -> String {
        if self.unseen.is_empty() { self.general_remedy().to_owned() } else { self.remedy_by_name() }
    }

    fn remedy_by_name(&self) -> String {
        let names: Vec<String> =
            self.unseen.iter().map(|it| format!("APIService.apiregistration.k8s.io/{it}")).collect();
        format!(
            "{}; or, if what is behind it may be lost without a look, add it to what the step lets go, `mayRemove: [{}]` (in \
             a bundle: its parameter, `may-remove={}`)",
            self.general_remedy(),
            names.join(", "),
            names.join(",")
        )
    }

    fn general_remedy(&self) -> &'static str {
        match self.kind {
            FaultKind::NotFound => "check that the kind is served by this cluster and that the object was not removed",
            FaultKind::Unauthorized if trust::is_about_ours(&self.message) => trust::remedy(&self.message),
            FaultKind::Unauthorized => "the kubeconfig's credential is wrong or has expired; get a new one",
            FaultKind::Forbidden if self.message.contains("admission webhook") => {
                "a policy of the cluster denies it; exempt the namespace or mend the object"
            }
            FaultKind::Forbidden => "bind a role with the named verb to the user of the kubeconfig, then run again",
            FaultKind::Owned => "another tool manages this field; remove that tool or its claim, then run again",
            FaultKind::Foreign => {
                "check that the server address in the kubeconfig is that of the API server, not of a proxy or a login page"
            }
            FaultKind::Unknown => {
                "mend the server behind the named APIService, or delete the APIService if nobody needs it, then run again"
            }
            FaultKind::Expired => "the API server forgets a list before it was read; run again when it is less busy",
            FaultKind::TooLarge => "look at what it holds, and whether the server address is that of an API server",
            FaultKind::Changed => "somebody else writes the same object; run again",
            FaultKind::Going => {
                "let it go, or see what holds it (its finalizers and those of what is in it), then run again: it is made anew"
            }
            FaultKind::Invalid => "the API server refuses the object itself; mend it in the bundle",
            FaultKind::Webhook => "an admission webhook does not answer; repair or remove its webhook configuration",
            FaultKind::Busy => "the API server is overloaded or restarting; run again, the work resumes",
            FaultKind::Unreachable if self.is_by_proxy() => {
                "check that the proxy runs, lets you in and reaches the server; where none is needed, take it out of what names it, \
                 or put the server into NO_PROXY, which holds for proxies of the environment"
            }
            FaultKind::Unreachable => {
                "check the server address in the kubeconfig, the network, and that the cluster runs"
            }
            FaultKind::Untrusted => trust::remedy(&self.message),
            FaultKind::Client | FaultKind::Login if self.message.contains(NO_PROGRAM) => {
                "put it into the bundle's image, by its Dockerfile, or give the bundle a kubeconfig with a token or a certificate"
            }
            FaultKind::Client | FaultKind::Login
                if [NO_LOGIN, NO_TERMINAL].iter().any(|it| self.message.contains(it)) =>
            {
                "a bundle has no terminal and no browser: give it a kubeconfig that logs in by itself, with a token or a certificate"
            }
            FaultKind::Client if self.message.contains("UnsupportedCertVersion") => {
                "the certificate of the user is of version 1, and here only 3 is known: have it signed with an extension, such as \
                 `extendedKeyUsage=clientAuth`"
            }
            FaultKind::Client if self.message.contains("No CA certificates") => {
                "install ca-certificates in the bundle's image, or put certificate-authority-data into the kubeconfig"
            }
            FaultKind::Login => "see why what logs in gives nothing new; what it gave before has ended",
            FaultKind::Client => "check the user and the certificates in the kubeconfig",
        }
    }
}

/// Not there is an answer, not a fault.
pub fn absent<T>(answer: Result<T, Fault>) -> Result<Option<T>, Fault> {
    match answer {
        Ok(value) => Ok(Some(value)),
        Err(fault) if fault.kind == FaultKind::NotFound => Ok(None),
        Err(fault) => Err(fault),
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cannot {}: {}", self.doing, self.message)
    }
}

impl From<Fault> for Failure {
    fn from(fault: Fault) -> Self {
        match fault.tried {
            None if fault.kind == FaultKind::Unknown => Self::refused(fault.to_string()),
            None => Self::failed(fault.to_string()),
            Some(time) => Self::new(Exit::Deadline, format!("{fault} (tried for {} s)", time.as_secs())),
        }
        .hint(fault.remedy())
    }
}

fn of_connection(message: String) -> (FaultKind, String) {
    let kind = match trust::whose(&message) {
        Some(Whose::Theirs) => FaultKind::Untrusted,
        // It has proven who it is before.
        Some(Whose::Ours) => FaultKind::Unauthorized,
        None => FaultKind::Unreachable,
    };
    (kind, message)
}

fn kind_of_status(status: &Status) -> FaultKind {
    let text = status.message.as_str();
    let causes = || status.details.iter().flat_map(|details| &details.causes);
    let owned = causes().any(|it| it.reason == "FieldManagerConflict");
    let of_another = causes().any(|it| it.field == "metadata.uid");
    match status.code {
        // 405: as API servers said it of a CRD before they said it as 403
        403 | 405 if text.contains("definition is terminating") => FaultKind::Going,
        403 if text.contains("because it is being terminated") => FaultKind::Going,
        405 | 429 | 502 | 503 | 504 => FaultKind::Busy,
        401 => FaultKind::Unauthorized,
        403 => FaultKind::Forbidden,
        404 => FaultKind::NotFound,
        409 if owned => FaultKind::Owned,
        409 => FaultKind::Changed,
        410 => FaultKind::Expired,
        // A patch with the UID of an object that is gone, while another one has its name
        422 if of_another => FaultKind::NotFound,
        500 if text.contains("failed calling webhook") || text.contains("conversion webhook") => FaultKind::Webhook,
        // A schema error of an apply comes as 500 without a reason; it stays wrong however often it is sent.
        500 if !text.contains("failed to create typed patch object") => FaultKind::Busy,
        _ => FaultKind::Invalid,
    }
}

/// An error with its causes, as long as they say something new.
fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = String::new();
    let mut next = Some(error);
    while let Some(error) = next {
        let said = error.to_string();
        if !text.contains(&said) {
            text = if text.is_empty() { said } else { format!("{text}: {said}") };
        }
        next = error.source();
    }
    text
}

/// A message of a server in one line: they can be whole HTML pages. Secrets go first: one that was cut or has lost a
/// space would not be known again.
#[must_use]
pub fn one_line(text: &str) -> String {
    const LONGEST: usize = 600;
    let text = &redact(text);
    let mut in_tag = false;
    let plain: String = text
        .chars()
        .map(|c| {
            let was_in_tag = in_tag;
            in_tag = c == '<' || (in_tag && c != '>');
            if was_in_tag || in_tag { ' ' } else { c }
        })
        .collect();
    // An unclosed `<` is no tag.
    let source = if in_tag { text } else { &plain };
    let line = source.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(LONGEST) {
        Some((cut, _)) => format!("{} …", &line[..cut]),
        None => line,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(code: u16, message: &str) -> Status {
        Status { code, message: message.to_owned(), ..Status::default() }
    }

    #[test]
    fn answers_are_told_apart() {
        let table = [
            (500, "etcdserver: leader changed", FaultKind::Busy),
            (403, "create not allowed while custom resource definition is terminating", FaultKind::Going),
            (405, "create not allowed while custom resource definition is terminating", FaultKind::Going),
            (405, "the server does not allow this method on the requested resource", FaultKind::Busy),
            (500, "failed calling webhook \"x\"", FaultKind::Webhook),
            (500, "failed to create typed patch object (a; v1)", FaultKind::Invalid),
            (503, "service unavailable", FaultKind::Busy),
            (422, "field is immutable", FaultKind::Invalid),
            (403, "forbidden: User \"x\" cannot patch", FaultKind::Forbidden),
            (403, "unable to create new content in namespace a because it is being terminated", FaultKind::Going),
            (404, "not found", FaultKind::NotFound),
            (409, "the object has been modified", FaultKind::Changed),
        ];
        for (code, message, expected) in table {
            assert_eq!(kind_of_status(&status(code, message)), expected, "{code} {message}");
        }
    }

    #[test]
    fn a_request_that_takes_all_its_time_is_no_server_that_is_away() {
        assert!(Fault::no_answer("look", 40).is_silence());
        for (kind, message, is_silence) in [
            (FaultKind::Webhook, "failed calling webhook \"w\": Post \"https://w\": context deadline exceeded", true),
            (FaultKind::Webhook, "failed calling webhook \"w\": connection refused", false),
            (FaultKind::Busy, "Timeout: request did not complete within requested timeout", true),
            (FaultKind::Busy, "service unavailable", false),
            (FaultKind::Unreachable, "connection refused", false),
        ] {
            assert_eq!(Fault::new(kind, "look", message).is_silence(), is_silence, "{message}");
        }
    }

    #[test]
    fn a_page_that_is_not_there_is_no_word_of_an_api_server() {
        let fault = |text: &str| Fault::of_status("look", 404, text.as_bytes());
        assert_eq!(fault("404 page not found\n").kind, FaultKind::NotFound);
        assert_eq!(fault(r#"{"kind": "Status", "code": 404, "message": "gone"}"#).kind, FaultKind::NotFound);
        assert_eq!(fault("<html><h1>404 Not Found</h1>nginx</html>").kind, FaultKind::Foreign);
        assert_eq!(fault("{}").kind, FaultKind::Foreign);
    }
}
