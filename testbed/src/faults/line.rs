//! One connection of a client, and what becomes of the requests on it.

use std::convert::Infallible;
use std::error::Error;
use std::future::pending;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use anyhow::{Context, Result};
use futures::StreamExt;
use futures::stream;
use http::header::CONTENT_LENGTH;
use http::request::Parts;
use http::{Request, Response};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full, StreamBody};
use hyper::body::{Bytes, Frame, Incoming};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use tokio::time::sleep;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

use super::fault::{End, Fault};
use super::upstream::Upstream;
use super::{Protocols, State};
use crate::pki::Pki;

/// When no connection can be accepted for a moment, mostly for want of descriptors.
const BREATHER: Duration = Duration::from_millis(20);

type Content = UnsyncBoxBody<Bytes, Box<dyn Error + Send + Sync>>;
type Answered = Response<Content>;

/// The server's side of TLS, with the certificate of the API server.
pub fn acceptor(pki: &Pki, protocols: Protocols) -> Result<TlsAcceptor> {
    let chain = CertificateDer::pem_file_iter(pki.path("apiserver.crt"))?.collect::<Result<Vec<_>, _>>()?;
    let key = PrivateKeyDer::from_pem_file(pki.path("apiserver.key"))?;
    let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(chain, key)?;
    config.alpn_protocols = match protocols {
        Protocols::Both => vec![b"h2".to_vec(), b"http/1.1".to_vec()],
        Protocols::Http1 => vec![b"http/1.1".to_vec()],
    };
    Ok(TlsAcceptor::from(Arc::new(config)))
}

/// Takes connections for ever.
pub async fn serve(listener: TcpListener, acceptor: TlsAcceptor, upstream: Upstream, state: Arc<State>) {
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            sleep(BREATHER).await;
            continue;
        };
        state.connections.fetch_add(1, Ordering::SeqCst);
        // Whoever connected may hang up at any time; then there is nothing to do.
        let Ok((stream, line)) = Line::of(stream, upstream.clone(), Arc::clone(&state)) else { continue };
        tokio::spawn(line.follow(stream, acceptor.clone()));
    }
}

/// A request that came whole.
struct Asking<'r> {
    /// Which one.
    place: usize,
    head: &'r Parts,
    body: Bytes,
}

/// One connection.
struct Line {
    /// The connection once more, to reset it from inside of an answer.
    handle: TcpStream,
    cut: Notify,
    last: Notify,
    upstream: Upstream,
    state: Arc<State>,
}

impl Line {
    fn of(stream: TcpStream, upstream: Upstream, state: Arc<State>) -> Result<(TcpStream, Arc<Self>)> {
        stream.set_nodelay(true)?;
        let stream = stream.into_std()?;
        let handle = TcpStream::from_std(stream.try_clone()?)?;
        let line = Self { handle, cut: Notify::new(), last: Notify::new(), upstream, state };
        Ok((TcpStream::from_std(stream)?, Arc::new(line)))
    }

    /// Answers until either side hangs up.
    async fn follow(self: Arc<Self>, stream: TcpStream, acceptor: TlsAcceptor) {
        let Ok(stream) = acceptor.accept(stream).await else { return };
        let service = service_fn(|request| {
            let line = Arc::clone(&self);
            async move { Ok::<_, Infallible>(line.answer(request).await) }
        });
        let server = auto::Builder::new(TokioExecutor::new());
        let mut connection = pin!(server.serve_connection(TokioIo::new(stream), service));
        loop {
            tokio::select! {
                _ = connection.as_mut() => return,
                () = self.cut.notified() => return,
                () = self.last.notified() => connection.as_mut().graceful_shutdown(),
            }
        }
    }

    async fn answer(self: &Arc<Self>, request: Request<Incoming>) -> Answered {
        let (head, mut body) = request.into_parts();
        let path = head.uri.path_and_query().map_or("/", |it| it.as_str());
        let (place, fault) = self.state.meet(head.method.as_str(), path);
        if let Some(Fault::ResetInRequest(bytes)) = fault {
            self.read(&mut body, bytes).await;
            return self.reset().await;
        }
        // Who hangs up before the end of what it asks has asked nothing.
        let Ok(asked) = body.collect().await else { return self.reset().await };
        let asked = asked.to_bytes();
        self.state.keep(&head, &asked);
        self.state.count(place, |it| it.sent = asked.len());
        let asked = Asking { place, head: &head, body: asked };
        let answer = self.answer_with(fault, asked).await;
        match answer {
            Ok(answer) => answer,
            // The server is away; then so are we.
            Err(_) => self.reset().await,
        }
    }

    async fn answer_with(self: &Arc<Self>, fault: Option<Fault>, asked: Asking<'_>) -> Result<Answered> {
        let Some(fault) = fault else { return self.ask(asked).await };
        match fault {
            Fault::Instead(end) => {
                self.state.strike();
                self.end(end).await
            }
            Fault::Afterwards(end) => {
                self.ask(asked).await?.into_body().collect().await.map_err(anyhow::Error::from_boxed)?;
                self.state.strike();
                self.end(end).await
            }
            Fault::Late(pause) => {
                self.state.strike();
                sleep(pause).await;
                self.ask(asked).await
            }
            Fault::LastOfConnection => {
                self.state.strike();
                let answer = self.ask(asked).await;
                self.last.notify_one();
                answer
            }
            Fault::Short(bytes) | Fault::ResetInAnswer(bytes) => {
                let (mut head, body) = self.ask(asked).await?.into_parts();
                let whole = body.collect().await.map_err(anyhow::Error::from_boxed)?.to_bytes();
                let part = whole.slice(..bytes.min(whole.len()));
                self.state.strike();
                if fault == Fault::Short(bytes) {
                    head.headers.remove(CONTENT_LENGTH);
                    return Ok(Response::from_parts(head, full(part)));
                }
                head.headers.insert(CONTENT_LENGTH, whole.len().into());
                Ok(Response::from_parts(head, self.broken_off(part)))
            }
            Fault::ResetInRequest(_) => unreachable!("its body was not read to the end"),
        }
    }

    async fn ask(&self, asked: Asking<'_>) -> Result<Answered> {
        let answer = self.upstream.ask(asked.head, asked.body).await?;
        let (state, place) = (Arc::clone(&self.state), asked.place);
        let counted = move |frame: Frame<Bytes>| {
            state.count(place, |it| it.received += frame.data_ref().map_or(0, Bytes::len));
            frame
        };
        Ok(answer.map(|body| body.map_err(Into::into).map_frame(counted).boxed_unsync()))
    }

    async fn end(&self, end: End) -> Result<Answered> {
        match end {
            End::Cut => Ok(self.reset().await),
            End::Silence => pending().await,
            End::Answer(answer) => Ok(answer.response().context("no answer")?.map(|text| full(text.into()))),
        }
    }

    /// Reads so much of what is asked, or all.
    async fn read(&self, body: &mut Incoming, bytes: usize) {
        let mut read = 0;
        while read < bytes
            && let Some(Ok(frame)) = body.frame().await
        {
            read += frame.data_ref().map_or(0, Bytes::len);
        }
        self.state.strike();
    }

    /// This part of an answer, and then the end of the connection.
    fn broken_off(self: &Arc<Self>, part: Bytes) -> Content {
        let line = Arc::clone(self);
        let rest = stream::once(async move {
            line.hang_up();
            pending().await
        });
        StreamBody::new(stream::iter([Ok(Frame::data(part))]).chain(rest)).boxed_unsync()
    }

    /// Resets the connection, of which there is then nothing left to answer on.
    async fn reset(&self) -> Answered {
        self.hang_up();
        pending().await
    }

    fn hang_up(&self) {
        // What is closed with a linger of nothing is reset. Where it is closed already, that is as well.
        let _ = self.handle.set_zero_linger();
        self.cut.notify_one();
    }
}

fn full(bytes: Bytes) -> Content {
    Full::new(bytes).map_err(|never| match never {}).boxed_unsync()
}
