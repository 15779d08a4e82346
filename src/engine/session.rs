//! The client of a cluster, made anew before what logs in ends: a login program is run once, and once more then, and the file of
//! a token is read every minute, as others renew it. A renewal that fails is tried again: what there was may hold for a while.
//! What the server refuses before its end is renewed once.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::{SignedDuration, Timestamp};
use kube::config::{AuthInfo, ExecConfig};
use kube::{Client, Config};
use secrecy::SecretString;
use tokio::sync::{Mutex, MutexGuard};
use zeroize::Zeroizing;

use super::deadline::Deadline;
use super::fault::{Fault, FaultKind};
use super::login::{self, is_sendable};
use super::proxy::Proxy;
use super::wire::Wire;
use crate::input;
use crate::report::remember_secret;

const SETTING_UP: &str = "set up the client";
/// How long before its end a credential is renewed: as the client library has it (kube 5.0, `client/auth`), and longer than any
/// one request.
const EARLY: SignedDuration = SignedDuration::from_secs(60);
/// The least time between two runs of a login program: it may give what has ended already.
const LEAST: SignedDuration = SignedDuration::from_secs(10);
/// The same where it gave nothing.
const AGAIN: SignedDuration = SignedDuration::from_secs(5);
/// How long a request waits at least for the renewal that another one has begun.
const SHORTEST_WAIT: Duration = Duration::from_secs(1);
/// How often the file of a token is read, as client-go does (`transport/token_source.go`): kubelets write a new one long before
/// the end of the old one.
const FILE: SignedDuration = SignedDuration::from_secs(60);

/// Cheap to clone: all clones have one client.
#[derive(Clone)]
pub(super) struct Session(Arc<Inner>);

struct Inner {
    /// Without what comes from elsewhere.
    config: Config,
    proxy: Option<Proxy>,
    source: Source,
    current: Mutex<Current>,
}

/// By which renewal a request has logged in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Login(usize);

/// Where what logs in comes from.
enum Source {
    /// It stands in the kubeconfig.
    Kubeconfig,
    File(PathBuf),
    Program(Box<ExecConfig>),
}

struct Current {
    client: Client,
    /// The connections of that client.
    wire: Wire,
    /// A token that was read from a file.
    token: Option<Zeroizing<String>>,
    /// When it is renewed.
    until: Option<Timestamp>,
    /// When what logs in ends.
    end: Option<Timestamp>,
    /// Why the last renewal gave nothing.
    refused: Option<Fault>,
    /// How often it has been renewed.
    renewals: usize,
    /// Until when a refusal of the server renews nothing: it has refused what was renewed for it.
    kept: Option<Timestamp>,
}

impl Current {
    fn over(wire: Wire, config: &Config, until: Option<Timestamp>) -> kube::Result<Self> {
        let client = wire.clone().client(config)?;
        Ok(Self { client, wire, token: None, until, end: None, refused: None, renewals: 0, kept: None })
    }

    fn has_ended(&self) -> bool {
        self.end.is_some_and(|end| Timestamp::now() >= end)
    }
}

impl Session {
    /// The first client. A login program is run now, and may take its time.
    pub async fn open(mut config: Config, proxy: Option<Proxy>, deadline: Deadline) -> Result<Self, Fault> {
        config.proxy_url = proxy.as_ref().map(|proxy| proxy.url.clone());
        let source = Source::of(&mut config.auth_info);
        let current = Mutex::new(Box::pin(source.log_in(&config, None, deadline)).await?);
        Ok(Self(Arc::new(Inner { config, proxy, source, current })))
    }

    /// A fault of the client, which may be one of the proxy.
    pub fn fault(&self, doing: &str, error: &kube::Error) -> Fault {
        let fault = Fault::of(doing, error);
        match &self.0.proxy {
            Some(proxy) => proxy.tell(fault),
            None => fault,
        }
    }

    /// The client, with what logs in now. Who comes while it is renewed waits for it. That may take longer than a request.
    pub async fn client(&self, deadline: Deadline) -> Result<(Client, Login), Fault> {
        let Inner { config, source, .. } = &*self.0;
        let mut current = self.current(deadline).await?;
        if current.until.is_some_and(|until| Timestamp::now() >= until) {
            // Rare, and much larger than the request that waits for it.
            let renewed = Box::pin(source.renew(&mut current, config, deadline)).await;
            if let Err(fault) = renewed {
                current.until = Some(Timestamp::now() + AGAIN);
                current.refused = Some(Fault { kind: FaultKind::Login, tried: None, ..fault });
            }
        }
        match &current.refused {
            Some(fault) if current.has_ended() => Err(fault.clone()),
            _ => Ok((current.client.clone(), Login(current.renewals))),
        }
    }

    /// Whether there is something else to log in with than what the server has refused: it is renewed for that, as client-go
    /// does, but not at each refusal.
    pub async fn log_in_anew(&self, refused: Login, deadline: Deadline) -> Result<bool, Fault> {
        let Inner { config, source, .. } = &*self.0;
        let mut current = self.current(deadline).await?;
        if refused != Login(current.renewals) {
            return Ok(true);
        }
        let now = Timestamp::now();
        if matches!(source, Source::Kubeconfig) || current.kept.is_some_and(|kept| now < kept) {
            return Ok(false);
        }
        current.kept = Some(now + LEAST);
        Box::pin(source.renew(&mut current, config, deadline)).await?;
        Ok(refused != Login(current.renewals))
    }

    async fn current(&self, deadline: Deadline) -> Result<MutexGuard<'_, Current>, Fault> {
        tokio::time::timeout(deadline.left().max(SHORTEST_WAIT), self.0.current.lock())
            .await
            .map_err(|_| Fault::new(FaultKind::Login, SETTING_UP, "what logs in is still being renewed"))
    }
}

impl Source {
    /// As client-go: a certificate goes with a token, and a program is run where nothing else logs in.
    fn of(user: &mut AuthInfo) -> Self {
        let (file, exec) = (user.token_file.take(), user.exec.take());
        let is_certified = user.client_certificate.is_some() || user.client_certificate_data.is_some();
        let is_known = is_certified || user.token.is_some() || user.username.is_some();
        match (file, exec) {
            (Some(file), _) => Self::File(file.into()),
            (None, Some(exec)) if !is_known => Self::Program(Box::new(exec)),
            _ => Self::Kubeconfig,
        }
    }

    /// The client with what logs in now, over the connections that there are.
    async fn log_in(&self, config: &Config, wire: Option<&Wire>, deadline: Deadline) -> Result<Current, Fault> {
        let mut config = config.clone();
        let (mut token, mut end, mut until) = (None, None, None);
        match self {
            Self::Kubeconfig => {}
            Self::File(file) => {
                // As client-go: a token that stands beside the file holds as long as the file gives none.
                token = match token_in(file) {
                    Err(_) if config.auth_info.token.is_some() => None,
                    read => Some(read?),
                };
                if let Some(token) = &token {
                    config.auth_info.token = Some(SecretString::from(token.as_str()));
                }
                until = Some(Timestamp::now() + FILE);
            }
            Self::Program(exec) => {
                let credential = login::ask(exec, deadline).await?;
                let user = &mut config.auth_info;
                user.token = credential.token.map(|token| SecretString::from(token.as_str()));
                if let Some((certificate, key)) = credential.certificate {
                    user.client_certificate_data = Some(STANDARD.encode(certificate));
                    user.client_key_data = Some(SecretString::from(STANDARD.encode(key.as_bytes())));
                }
                end = credential.until;
                until = end.map(|end| renewal(end, Timestamp::now()));
            }
        }
        let wire = match wire {
            Some(wire) if wire.shows_the_certificate_of(&config) => Ok(wire.clone()),
            _ => Wire::to(&config),
        };
        let current = wire.and_then(|wire| Current::over(wire, &config, until));
        let current = current.map_err(|error| Fault::of(SETTING_UP, &error))?;
        Ok(Current { token, end, ..current })
    }

    async fn renew(&self, current: &mut Current, config: &Config, deadline: Deadline) -> Result<(), Fault> {
        if let Self::File(file) = self {
            // One that is taken away once it was read, or is the same, changes nothing.
            let token = token_in(file).ok();
            if token.is_none() || token == current.token {
                current.until = Some(Timestamp::now() + FILE);
                return Ok(());
            }
        }
        let (renewals, kept) = (current.renewals + 1, current.kept);
        let renewed = self.log_in(config, Some(&current.wire), deadline).await?;
        *current = Current { renewals, kept, ..renewed };
        Ok(())
    }
}

/// When a credential that has come now and ends then is renewed: early, but one of a short life not before half of it.
fn renewal(end: Timestamp, now: Timestamp) -> Timestamp {
    let life = end.duration_since(now);
    (end - EARLY.min(life / 2)).max(now + LEAST)
}

fn token_in(file: &Path) -> Result<Zeroizing<String>, Fault> {
    let wrong = |why: &str| {
        let why = format!("the token file {}, which the kubeconfig names, {why}", file.display());
        Fault::new(FaultKind::Client, SETTING_UP, &why)
    };
    let text = input::text_of(file).map(Zeroizing::new).map_err(|error| wrong(&format!("cannot be read: {error}")))?;
    let token = Zeroizing::new(text.trim().to_owned());
    remember_secret(token.as_bytes());
    match token.as_str() {
        "" => Err(wrong("is empty")),
        token if !is_sendable(token) => Err(wrong("has a character that no request can carry")),
        _ => Ok(token),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    async fn opened(auth_info: AuthInfo) -> (Result<Session, Fault>, Deadline) {
        let mut config = Config::new("http://127.0.0.1:1".parse().expect("an address"));
        config.auth_info = auth_info;
        let deadline = Deadline::after(Duration::from_secs(30));
        (Session::open(config, None, deadline).await, deadline)
    }

    /// A session by a login program, which is a script.
    async fn by(script: String) -> (Session, Deadline) {
        let args = Some(vec!["-c".to_owned(), script]);
        let exec = ExecConfig { command: Some("sh".to_owned()), args, ..ExecConfig::default() };
        let (session, deadline) = opened(AuthInfo { exec: Some(exec), ..AuthInfo::default() }).await;
        (session.expect("logged in"), deadline)
    }

    /// The token of a file when it is next looked at.
    async fn token(session: &Session, deadline: Deadline) -> Option<String> {
        session.0.current.lock().await.until = Some(Timestamp::now());
        session.client(deadline).await.expect("a client");
        session.0.current.lock().await.token.as_deref().cloned()
    }

    /// How often a login program runs that gives a credential that ends then.
    async fn runs(ends: Timestamp, renewed: bool) -> usize {
        let folder = tempfile::tempdir().expect("a folder");
        let note = folder.path().join("note");
        let script = format!(
            "echo run >> {}; echo '{{\"kind\": \"ExecCredential\", \"status\": {{\"token\": \"t-1\", \"expirationTimestamp\": \"{ends}\"}}}}'",
            note.display()
        );
        let (session, deadline) = by(script).await;
        if renewed {
            session.0.current.lock().await.until = Some(Timestamp::now());
        }
        for _ in 0..3 {
            session.client(deadline).await.expect("a client");
        }
        fs::read_to_string(note).expect("it has run").lines().count()
    }

    #[tokio::test]
    async fn a_login_program_runs_once_and_once_more_when_it_has_ended() {
        let now = Timestamp::now();
        assert_eq!(runs(now + SignedDuration::from_secs(3600), false).await, 1);
        assert_eq!(runs(now + SignedDuration::from_secs(3600), true).await, 2);
        assert_eq!(runs(now - SignedDuration::from_secs(3600), false).await, 1, "its end is past: not at each request");
    }

    #[tokio::test]
    async fn a_renewal_that_fails_is_tried_again() {
        let folder = tempfile::tempdir().expect("a folder");
        let note = folder.path().join("note").display().to_string();
        let credential = "kind: ExecCredential\nstatus: {token: t-1, expirationTimestamp: 2100-01-01T00:00:00Z}";
        let (session, deadline) =
            by(format!("echo run >> {note}; test -e {note}1 && exit 3; echo > {note}1; echo '{credential}'")).await;
        session.0.current.lock().await.until = Some(Timestamp::now());
        session.client(deadline).await.expect("the one before holds");
        session.0.current.lock().await.end = Some(Timestamp::now());
        let fault = session.client(deadline).await.map(drop).expect_err("it has ended");
        assert!(fault.kind == FaultKind::Login && fault.is_transient(), "{fault}");
        assert_eq!(fs::read_to_string(&note).expect("it has run"), "run\nrun\n", "not at each request");
        fs::remove_file(format!("{note}1")).expect("removed");
        session.0.current.lock().await.until = Some(Timestamp::now());
        session.client(deadline).await.expect("renewed");
    }

    #[test]
    fn a_credential_is_renewed_before_its_end() {
        let now = Timestamp::now();
        for (life, after) in [(3600, 3540), (100, 50), (30, 15), (12, 10), (0, 10), (-3600, 10)] {
            let seconds = SignedDuration::from_secs;
            assert_eq!(renewal(now + seconds(life), now), now + seconds(after), "{life}");
        }
    }

    #[tokio::test]
    async fn a_token_file_is_trimmed_and_read_again() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("token");
        let mut user = AuthInfo { token_file: Some(file.display().to_string()), ..AuthInfo::default() };
        opened(user.clone()).await.0.map(drop).expect_err("nothing logs in");
        user.token = Some(SecretString::from("beside"));
        let (session, deadline) = opened(user).await;
        let session = session.expect("logged in by what stands beside the file");
        assert_eq!(token(&session, deadline).await, None);
        for text in ["tok-of-file-1", "tok-of-file-2"] {
            fs::write(&file, format!("{text}\n")).expect("written");
            assert_eq!(token(&session, deadline).await.as_deref(), Some(text));
        }
        fs::remove_file(&file).expect("removed");
        assert_eq!(token(&session, deadline).await.as_deref(), Some("tok-of-file-2"), "it may be taken away");
        fs::write(&file, "a\nb").expect("written");
        let told = token_in(&file).expect_err("two lines").message;
        assert!(told.contains("no request can carry"), "{told}");
    }
}
