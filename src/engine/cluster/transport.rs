//! Sending a request until there is an answer.

use std::time::Duration;

use http::StatusCode;
use http::header::{DATE, HeaderMap, HeaderValue, LOCATION, RETRY_AFTER};
use http_body_util::BodyExt as _;
use jiff::Timestamp;
use jiff::fmt::rfc2822::DateTimeParser;
use kube::Client;
use kube::client::Body;

use super::Cluster;
use super::answer::NoAnswer;
use super::request::{PATIENCE, Request, SHORTEST_PATIENCE};
use crate::engine::session::Login;
use crate::engine::{Fault, FaultKind};

/// The most bytes of one answer. etcd holds no object of more than a few (by default 1.5 MB, and the API server takes 3 MiB),
/// and a list comes in pages.
const MOST_BYTES: usize = 16 << 20;
const IMPERSONATE_USER: &str = "impersonate-user";
const IMPERSONATE_GROUP: &str = "impersonate-group";
/// Between two tries, at first and at most. The client library's own retries, which are off, go from 5 ms to 1000 s and tell
/// nobody what they wait for (kube 5.0, `client/retry.rs`).
const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);
/// How long a page of somebody else may stand in the place of a server that has said who it is.
const AWAY: Duration = Duration::from_secs(60);
/// The longest pause that a server may ask for (`Retry-After`): a balancer may ask for more than a step has.
const LONGEST_ASKED_FOR: Duration = Duration::from_secs(30);

impl Cluster {
    /// Asks, and reads the answer. What is worth repeating is repeated until the deadline, with growing pauses, or with
    /// those that the server asks for, within reason.
    pub(super) async fn ask<T>(
        &self,
        request: &Request<'_>,
        mut read: impl FnMut(&[u8]) -> Result<T, NoAnswer>,
    ) -> Result<T, Fault> {
        let mut pause = FIRST_PAUSE;
        // What is asked once has its whole time for it.
        let mut patience = if self.manner.is_impatient { PATIENCE } else { request.patience };
        let away = self.deadline.at_most(AWAY);
        loop {
            // In a box, or whatever asks for something would be as large.
            let answer = Box::pin(self.ask_logged_in(request, patience)).await;
            let answer = answer.and_then(|text| read(&text).map_err(|why| why.into_fault(request.doing)));
            match answer {
                Err(fault) if fault.kind == FaultKind::Foreign && away.passed() => return Err(fault),
                Err(fault) if self.may_pass(&fault) && !self.deadline.passed() => {
                    tracing::debug!(%fault, "trying again");
                    let asked_for = fault.retry_after.unwrap_or_default().min(LONGEST_ASKED_FOR);
                    let next = pause.max(asked_for);
                    if next >= LONGEST_PAUSE {
                        self.deadline.tell(&self.console, "retry", fault.to_string());
                    }
                    self.deadline.pause(next).await;
                    pause = (pause * 2).min(LONGEST_PAUSE);
                    if fault.is_silence() {
                        patience = (patience * 2).min(PATIENCE);
                    }
                }
                Err(fault) if self.may_pass(&fault) => {
                    return Err(Fault { tried: Some(self.deadline.total()), ..fault });
                }
                answer => return answer,
            }
        }
    }

    /// Whether the same request may succeed a little later. A server that has said who it is does not become another one: then
    /// a page of a proxy in front of it says that the server is away.
    fn may_pass(&self, fault: &Fault) -> bool {
        if self.manner.is_impatient && fault.is_silence() {
            return false;
        }
        let is_introduced = !self.facts.uid.is_empty();
        fault.is_transient() || (is_introduced && fault.kind == FaultKind::Foreign)
    }

    /// The request in the name of the account that the cluster is asked as.
    fn signed<T>(&self, mut request: http::Request<T>) -> http::Request<T> {
        if let Some(account) = self.manner.account {
            request.headers_mut().insert(IMPERSONATE_USER, HeaderValue::from_static(account.user));
            for group in account.groups {
                request.headers_mut().append(IMPERSONATE_GROUP, HeaderValue::from_static(group));
            }
        }
        request
    }

    /// Asks once, and once more with what logs in now where the server takes no longer what did: then it has done nothing yet, so
    /// that any request may be repeated.
    async fn ask_logged_in(&self, request: &Request<'_>, patience: Duration) -> Result<Vec<u8>, Fault> {
        let (client, login) = self.session.client(self.deadline).await?;
        match self.ask_once(request, &client, patience).await {
            Err(refusal) if refusal.kind == FaultKind::Unauthorized => {
                let client = self.logged_in_anew(login, refusal).await?;
                self.ask_once(request, &client, patience).await
            }
            answer => answer,
        }
    }

    /// The client with what logs in after a refusal, where there is something else.
    pub(super) async fn logged_in_anew(&self, login: Login, refusal: Fault) -> Result<Client, Fault> {
        match self.session.log_in_anew(login, self.deadline).await {
            Ok(true) => self.session.client(self.deadline).await.map(|(client, _)| client),
            Ok(false) => Err(refusal),
            Err(why) => {
                Err(Fault { message: format!("{}; to log in anew: {}", refusal.message, why.message), ..refusal })
            }
        }
    }

    async fn ask_once(&self, request: &Request<'_>, client: &Client, patience: Duration) -> Result<Vec<u8>, Fault> {
        let doing = request.doing;
        let sent = request.to_http().map_err(|error| Fault::new(FaultKind::Client, doing, &error.to_string()))?;
        let sent = self.signed(sent);
        tracing::debug!(method = %sent.method(), path = %sent.uri(), "asking");
        let patience = patience.min(self.deadline.left()).max(SHORTEST_PATIENCE);
        let answered = async {
            let answer = client.send(sent.map(Body::from)).await.map_err(|error| self.session.fault(doing, &error))?;
            let (head, body) = answer.into_parts();
            let text = whole(body, doing).await?;
            tracing::debug!(bytes = text.len(), status = head.status.as_u16(), "answered");
            if head.status.is_success() { Ok(text) } else { Err(refused(doing, head.status, &head.headers, &text)) }
        };
        tokio::time::timeout(patience, answered)
            .await
            .unwrap_or_else(|_| Err(Fault::no_answer(doing, patience.as_secs())))
    }
}

/// The text of an answer, as far as it is bearable.
async fn whole(mut body: Body, doing: &str) -> Result<Vec<u8>, Fault> {
    let mut text = Vec::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| Fault::of(doing, &error))?;
        let Some(data) = frame.data_ref() else { continue };
        if text.len() + data.len() > MOST_BYTES {
            let why = format!("the answer is larger than {} MiB", MOST_BYTES >> 20);
            return Err(Fault::new(FaultKind::TooLarge, doing, &why));
        }
        text.extend_from_slice(data);
    }
    Ok(text)
}

fn refused(doing: &str, status: StatusCode, headers: &HeaderMap, text: &[u8]) -> Fault {
    let header = |name| headers.get(name).and_then(|value| value.to_str().ok());
    if status.is_redirection() {
        let to = header(LOCATION).unwrap_or("another page");
        let why = format!("this is no answer of a Kubernetes API server: it leads to {to}");
        return NoAnswer::Foreign(why).into_fault(doing);
    }
    let clock = header(DATE).and_then(date).unwrap_or_else(Timestamp::now);
    let retry_after = header(RETRY_AFTER).and_then(|text| pause_asked_for(text, clock));
    Fault { retry_after, ..Fault::of_status(doing, status.as_u16(), text) }
}

/// How long a server asks to be left alone (`Retry-After`, RFC 9110, section 10.2.3): seconds, or a date by its own clock. One that
/// has passed asks for nothing.
fn pause_asked_for(text: &str, clock: Timestamp) -> Option<Duration> {
    if !text.is_empty() && text.bytes().all(|it| it.is_ascii_digit()) {
        return Some(Duration::from_secs(text.parse().unwrap_or(u64::MAX)));
    }
    date(text)?.duration_since(clock).try_into().ok()
}

fn date(text: &str) -> Option<Timestamp> {
    DateTimeParser::new().parse_timestamp(text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_asks_for_a_pause_in_seconds_or_by_its_clock() {
        let clock = date("Sun, 29 Nov 2026 12:00:00 GMT").expect("a date");
        for (text, seconds) in [
            ("0", Some(0)),
            ("7", Some(7)),
            ("99999999999999999999999", Some(u64::MAX)),
            ("Sun, 29 Nov 2026 12:00:09 GMT", Some(9)),
            ("Tue, 01 Jan 2126 00:00:00 GMT", Some(3_126_945_600)),
            ("Fri, 31 Dec 9999 23:59:59 GMT", None),
            ("Sun, 29 Nov 2026 11:59:59 GMT", None),
            ("Sun, 29 Nov 99999 12:00:00 GMT", None),
            ("-7", None),
            ("1.5", None),
            ("", None),
            ("soon", None),
        ] {
            assert_eq!(pause_asked_for(text, clock), seconds.map(Duration::from_secs), "{text}");
        }
    }
}
