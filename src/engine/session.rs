//! The client of a cluster, made anew when what logs in has ended: a login program is run once, and once more then, and the
//! file of a token is read every minute, as others renew it.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::{SignedDuration, Timestamp};
use kube::config::{AuthInfo, ExecConfig};
use kube::{Client, Config};
use secrecy::SecretString;
use tokio::sync::Mutex;
use zeroize::Zeroizing;

use super::deadline::Deadline;
use super::fault::{Fault, FaultKind};
use super::login::{self, is_sendable};
use crate::input;
use crate::report::remember_secret;

const SETTING_UP: &str = "set up the client";
/// How long before its end a credential is renewed; and the least time between two of a login program that gives old ones.
const EARLY: SignedDuration = SignedDuration::from_secs(10);
/// How often the file of a token is read.
const FILE: SignedDuration = SignedDuration::from_secs(60);

/// Cheap to clone: all clones have one client.
#[derive(Clone)]
pub(super) struct Session(Arc<Inner>);

struct Inner {
    /// Without what comes from elsewhere.
    config: Config,
    source: Source,
    current: Mutex<Current>,
}

/// Where what logs in comes from.
enum Source {
    /// It stands in the kubeconfig.
    Kubeconfig,
    File(PathBuf),
    Program(Box<ExecConfig>),
}

struct Current {
    client: Client,
    /// A token that was read from a file.
    token: Option<Zeroizing<String>>,
    until: Option<Timestamp>,
}

impl Session {
    /// The first client. A login program is run now, and may take its time.
    pub async fn open(mut config: Config, deadline: Deadline) -> Result<Self, Fault> {
        let source = Source::of(&mut config.auth_info);
        let current = Mutex::new(Box::pin(source.client(&config, deadline)).await?);
        Ok(Self(Arc::new(Inner { config, source, current })))
    }

    /// The client, with what logs in now. Who comes while it is renewed waits for it.
    pub async fn client(&self, deadline: Deadline) -> Result<Client, Fault> {
        let Inner { config, source, current } = &*self.0;
        let mut current = current.lock().await;
        if current.until.is_some_and(|until| Timestamp::now() >= until) {
            // Rare, and much larger than the request that waits for it.
            Box::pin(source.renew(&mut current, config, deadline)).await?;
        }
        Ok(current.client.clone())
    }
}

impl Source {
    /// As client-go: a certificate goes with all of them, a token before a program.
    fn of(user: &mut AuthInfo) -> Self {
        let (file, exec) = (user.token_file.take(), user.exec.take());
        match (file, exec) {
            (Some(file), _) => Self::File(file.into()),
            (None, Some(exec)) if user.token.is_none() && user.username.is_none() => Self::Program(Box::new(exec)),
            _ => Self::Kubeconfig,
        }
    }

    async fn client(&self, config: &Config, deadline: Deadline) -> Result<Current, Fault> {
        let mut config = config.clone();
        let now = Timestamp::now();
        match self {
            Self::Kubeconfig => Ok(Current { client: client(config)?, token: None, until: None }),
            Self::File(file) => {
                let token = token_in(file)?;
                config.auth_info.token = Some(SecretString::from(token.as_str()));
                Ok(Current { client: client(config)?, token: Some(token), until: Some(now + FILE) })
            }
            Self::Program(exec) => {
                let credential = login::ask(exec, deadline).await?;
                let user = &mut config.auth_info;
                user.token = credential.token.map(|token| SecretString::from(token.as_str()));
                if let Some((certificate, key)) = credential.certificate {
                    user.client_certificate_data = Some(STANDARD.encode(certificate));
                    user.client_key_data = Some(SecretString::from(STANDARD.encode(key.as_bytes())));
                }
                let until = credential.until.map(|until| (until - EARLY).max(Timestamp::now() + EARLY));
                Ok(Current { client: client(config)?, token: None, until })
            }
        }
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
        *current = self.client(config, deadline).await?;
        Ok(())
    }
}

fn client(config: Config) -> Result<Client, Fault> {
    Client::try_from(config).map_err(|error| Fault::of(SETTING_UP, &error))
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
    use std::time::Duration;

    use super::*;

    /// A kubeconfig whose login program notes each of its runs, and gives a credential that ends then.
    async fn runs(ends: Timestamp, renewed: bool) -> usize {
        let folder = tempfile::tempdir().expect("a folder");
        let note = folder.path().join("note");
        let script = format!(
            "echo run >> {}; echo '{{\"kind\": \"ExecCredential\", \"status\": {{\"token\": \"t-1\", \"expirationTimestamp\": \"{ends}\"}}}}'",
            note.display()
        );
        let mut config = Config::new("http://127.0.0.1:1".parse().expect("an address"));
        config.auth_info.exec = Some(ExecConfig {
            command: Some("sh".to_owned()),
            args: Some(vec!["-c".to_owned(), script]),
            ..ExecConfig::default()
        });
        let deadline = Deadline::after(Duration::from_secs(30));
        let session = Session::open(config, deadline).await.expect("logged in");
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
    async fn a_token_file_is_trimmed_and_read_again() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("token");
        fs::write(&file, "tok-of-file-1\n").expect("written");
        let mut config = Config::new("http://127.0.0.1:1".parse().expect("an address"));
        config.auth_info.token_file = Some(file.display().to_string());
        let deadline = Deadline::after(Duration::from_secs(30));
        let session = Session::open(config, deadline).await.expect("logged in");
        let token = async || {
            let mut current = session.0.current.lock().await;
            current.until = Some(Timestamp::now());
            drop(current);
            session.client(deadline).await.expect("a client");
            session.0.current.lock().await.token.clone()
        };
        assert_eq!(token().await.as_deref().map(String::as_str), Some("tok-of-file-1"));
        fs::write(&file, "tok-of-file-2\n").expect("written");
        assert_eq!(token().await.as_deref().map(String::as_str), Some("tok-of-file-2"));
        fs::remove_file(&file).expect("removed");
        assert_eq!(token().await.as_deref().map(String::as_str), Some("tok-of-file-2"), "it may be taken away");
        fs::write(&file, "a\nb").expect("written");
        let told = token_in(&file).expect_err("two lines").message;
        assert!(told.contains("no request can carry"), "{told}");
    }
}
