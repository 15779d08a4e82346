//! A way to an API server on which requests go wrong as a test says: which, and how.
//!
//! It is TLS on both sides and speaks HTTP/1.1 or HTTP/2, whichever the client chooses, unless it is told to offer the one
//! alone. Who brings a token comes to the server with it; anybody else comes as the administrator. `rule` says which
//! requests, `fault` what becomes of them, `answer` what is said in the server's place, `line` is one connection and
//! `upstream` the server behind; `verb` says what Kubernetes calls a request.

mod answer;
mod fault;
mod line;
mod rule;
mod upstream;
mod verb;

use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use anyhow::{Context, Result};
use http::request::Parts;
use http::{HeaderMap, Method};
use hyper::body::Bytes;
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::oneshot;

use self::upstream::Upstream;
use crate::loopback;
use crate::pki::Pki;

pub use self::answer::Answer;
pub use self::fault::{End, Fault};
pub use self::rule::{Rule, is_write};
pub use self::verb::verb;

/// What the proxy offers to speak, most wanted first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protocols {
    /// HTTP/2 where the client knows it, else HTTP/1.1.
    Both,
    /// HTTP/1.1 alone, as many proxies of companies.
    Http1,
}

/// A request that has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// The method and the path with its query: `PATCH /api/v1/namespaces/a?force=false`.
    pub line: String,
    /// What became of it, where a rule said so.
    pub fault: Option<Fault>,
    /// The bytes of its body.
    pub sent: usize,
    /// The bytes of the body of the server's answer, as it stands on the wire.
    pub received: usize,
}

/// A request as it came, whole.
#[derive(Debug, Clone)]
pub struct Asked {
    /// The method.
    pub method: Method,
    /// The path with its query.
    pub path: String,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
}

/// The proxy. It ends when it is dropped, with all its connections.
#[derive(Debug)]
pub struct FaultProxy {
    kubeconfig: Value,
    state: Arc<State>,
    ends: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug, Default)]
struct State {
    book: Mutex<Book>,
    struck: Condvar,
    connections: AtomicUsize,
}

#[derive(Debug, Default)]
struct Book {
    rules: Vec<Rule>,
    seen: Vec<Seen>,
    /// How many came before those.
    forgotten: usize,
    /// Those that came whole, once they are to be kept.
    kept: Option<Vec<Asked>>,
    /// How many requests a rule has come true for; of one that has an effect first, after that.
    strikes: usize,
}

impl FaultProxy {
    /// One before the server that this kubeconfig leads to, with the certificate of the server's own authority.
    pub fn before(kubeconfig: &Path, pki: &Pki, protocols: Protocols) -> Result<Self> {
        let text = fs::read(kubeconfig).with_context(|| format!("failed to read {}", kubeconfig.display()))?;
        let mut config: Value = serde_json::from_slice(&text).context("the kubeconfig is no JSON")?;
        let acceptor = line::acceptor(pki, protocols)?;
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let (listener, upstream) = runtime.block_on(async {
            let listener = TcpListener::bind(loopback::address(0)).await.context("failed to open a port")?;
            anyhow::Ok((listener, Upstream::of(kubeconfig).await?))
        })?;
        let address = listener.local_addr()?;
        config["clusters"][0]["cluster"]["server"] = format!("https://{address}").into();
        let state: Arc<State> = Arc::default();
        let shared = Arc::clone(&state);
        let (ends, end) = oneshot::channel();
        let serves = line::serve(listener, acceptor, upstream, shared);
        let thread = thread::spawn(move || run(&runtime, serves, end));
        Ok(Self { kubeconfig: config, state, ends: Some(ends), thread: Some(thread) })
    }

    /// The kubeconfig that leads through it.
    #[must_use]
    pub fn kubeconfig(&self) -> &Value {
        &self.kubeconfig
    }

    /// From now on requests go wrong by this rule. Of several rules that fit, the one that came first holds.
    pub fn fail(&self, rule: Rule) {
        self.state.book().rules.push(rule);
    }

    /// Forgets all rules: everything goes well from now on.
    pub fn mend(&self) {
        self.state.book().rules.clear();
    }

    /// The requests that have come so far, those that went wrong included.
    #[must_use]
    pub fn seen(&self) -> Vec<Seen> {
        self.state.book().seen.clone()
    }

    /// Keeps requests whole from now on, with their bodies.
    pub fn keep(&self) {
        self.state.book().kept = Some(Vec::new());
    }

    /// What was kept.
    #[must_use]
    pub fn kept(&self) -> Vec<Asked> {
        self.state.book().kept.clone().unwrap_or_default()
    }

    /// Forgets which requests have come; rules stay.
    pub fn forget(&self) {
        let mut book = self.state.book();
        book.forgotten += book.seen.len();
        book.seen.clear();
    }

    /// How often somebody has connected.
    #[must_use]
    pub fn connections(&self) -> usize {
        self.state.connections.load(Ordering::SeqCst)
    }

    /// For how many requests rules have come true so far.
    #[must_use]
    pub fn strikes(&self) -> usize {
        self.state.book().strikes
    }

    /// Waits until rules have come true for so many requests in all. Whether they have within this time.
    #[must_use]
    pub fn has_struck(&self, times: usize, patience: Duration) -> bool {
        let book = self.state.book();
        let waited = self.state.struck.wait_timeout_while(book, patience, |book| book.strikes < times);
        let (book, _) = waited.unwrap_or_else(PoisonError::into_inner);
        book.strikes >= times
    }
}

impl State {
    fn book(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes a request, and says which one it is and what becomes of it.
    fn meet(&self, method: &str, path: &str) -> (usize, Option<Fault>) {
        let mut book = self.book();
        let met = book.rules.iter_mut().map(|rule| rule.meets(method, path)).collect::<Vec<_>>();
        let fault = met.into_iter().flatten().next();
        let place = book.forgotten + book.seen.len();
        book.seen.push(Seen { line: format!("{method} {path}"), fault: fault.clone(), sent: 0, received: 0 });
        (place, fault)
    }

    /// Counts at a request, unless it is forgotten by now.
    fn count(&self, place: usize, count: impl FnOnce(&mut Seen)) {
        let mut book = self.book();
        let forgotten = book.forgotten;
        if let Some(seen) = place.checked_sub(forgotten).and_then(|at| book.seen.get_mut(at)) {
            count(seen);
        }
    }

    /// Keeps a request, where they are to be kept.
    fn keep(&self, head: &Parts, body: &Bytes) {
        if let Some(kept) = &mut self.book().kept {
            let path = head.uri.path_and_query().map_or("/", |it| it.as_str()).to_owned();
            kept.push(Asked { method: head.method.clone(), path, headers: head.headers.clone(), body: body.clone() });
        }
    }

    /// A rule has come true.
    fn strike(&self) {
        self.book().strikes += 1;
        self.struck.notify_all();
    }
}

/// Serves until it is told to end; then all connections go with the runtime.
fn run(runtime: &Runtime, serves: impl Future<Output = ()>, end: oneshot::Receiver<()>) {
    runtime.block_on(async {
        tokio::select! {
            () = serves => {}
            _ = end => {}
        }
    });
}

impl Drop for FaultProxy {
    fn drop(&mut self) {
        drop(self.ends.take());
        if let Some(thread) = self.thread.take() {
            // It has nothing to say.
            let _ = thread.join();
        }
    }
}
