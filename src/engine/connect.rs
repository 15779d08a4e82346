//! Finding the cluster: which kubeconfig, which context, and who we are talking to.

use std::path::{Path, PathBuf};
use std::time::Duration;

use kube::Config;
use kube::config::{Kubeconfig, KubeconfigError};
use serde_json::Value;
use zeroize::Zeroizing;

use super::proxy::{self, Proxy};
use super::{context, gone, kubeconfig};
use crate::document::Existing;
use crate::env;
use crate::report::{Console, Failure, Outcome, remember_secret, wipe};
use crate::schema::address;

/// What identifies a cluster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facts {
    /// The UID of the `kube-system` namespace: it lives as long as the cluster does.
    pub uid: String,
    /// The version of the API server, `v1.37.2`.
    pub version: String,
    /// When that namespace was made, as Kubernetes writes it.
    pub created: String,
    /// The address of the API server.
    pub server: String,
}

/// How a cluster is reached.
pub(super) struct Way {
    /// The client's configuration, without the proxy.
    pub config: Config,
    /// What is in between.
    pub proxy: Option<Proxy>,
    /// Where it was found, for the user to know.
    pub found: String,
    /// The context of the kubeconfig; a service account has none.
    pub context: Option<String>,
}

/// The way to the cluster that a step names.
pub(super) fn configuration(existing: &Existing) -> Outcome<Way> {
    for proxy in env::proxies() {
        kubeconfig::remember_password_in(&proxy);
    }
    let paths = kubeconfig_paths(existing)?;
    if paths.is_empty() {
        let config = tuned(in_cluster()?);
        let proxy = proxy::of_environment(&config.cluster_url)?;
        return Ok(Way { config, proxy, found: "the in-cluster service account".to_owned(), context: None });
    }
    let shown = listed(&paths);
    let wrong = |error: &KubeconfigError| kubeconfig::unusable(&shown, &kubeconfig::without_source(error));
    let mut merged = Kubeconfig::default();
    for path in &paths {
        merged = merged.merge(kubeconfig::read(path)?).map_err(|error| wrong(&error))?;
    }
    if gone::says_gone(&merged) {
        return Err(gone::gone(&shown));
    }
    let (config, proxy) = context::config(&merged, existing.context.as_deref(), &shown)?;
    check_way(&config, existing.allow_insecure)?;
    let context = context::name(&merged, existing.context.as_deref()).map(str::to_owned);
    Ok(Way { config: tuned(config), proxy, found: shown, context })
}

/// A kubeconfig that a step gives beside the one of its hub, or one that was made of what Argo CD logs in with.
#[derive(Debug, Clone)]
pub struct Given {
    /// What it is called where it is told of.
    pub shown: String,
    /// Its file, where it has one.
    pub file: Option<PathBuf>,
    /// What it says. A secret.
    pub text: Zeroizing<String>,
}

impl Given {
    /// The one in a file.
    pub fn in_file(path: &Path) -> Outcome<Self> {
        let text = kubeconfig::text_of(path)?;
        Ok(Self { shown: path.display().to_string(), file: Some(path.to_owned()), text })
    }

    /// What it says, for whoever has to know more than the way to the cluster; its secrets are known to the redaction from now
    /// on. Whoever has it wipes it.
    pub fn value(&self) -> Outcome<Value> {
        let folder = self.file.as_deref().and_then(Path::parent);
        let mut documents = kubeconfig::documents(&self.shown, &self.text, folder)?;
        if documents.len() == 1 {
            return Ok(documents.remove(0));
        }
        documents.iter_mut().for_each(wipe);
        Err(kubeconfig::unusable(&self.shown, &format!("it has {} documents", documents.len())))
    }

    /// The way to the cluster by one of its contexts.
    pub(super) fn configuration(&self, context: Option<&str>, allow_insecure: bool) -> Outcome<Way> {
        let read = match &self.file {
            Some(path) => kubeconfig::read(path)?,
            None => kubeconfig::parse(&self.shown, &self.text)?,
        };
        if gone::says_gone(&read) {
            return Err(gone::gone(&self.shown));
        }
        let (config, proxy) = context::config(&read, context, &self.shown)?;
        check_way(&config, allow_insecure)?;
        let context = context::name(&read, context).map(str::to_owned);
        Ok(Way { config: tuned(config), proxy, found: self.shown.clone(), context })
    }
}

/// Whether the kubeconfig of the step says that the cluster is gone.
#[must_use]
pub fn is_gone(existing: &Existing) -> bool {
    // One that cannot be read says nothing; whoever connects by it tells why.
    let read = |path: &PathBuf| Kubeconfig::read_from(path).ok();
    kubeconfig_paths(existing).unwrap_or_default().iter().filter_map(read).any(|it| gone::says_gone(&it))
}

/// Says that nothing proves who the cluster is, or that whoever is on the way can read what logs in to it; refuses that
/// beyond this machine unless it is allowed.
fn check_way(config: &Config, allowed: bool) -> Outcome<()> {
    let server = config.cluster_url.to_string();
    let is_open = address::is_unencrypted(&server);
    let (what, hint) = match (is_open, config.accept_invalid_certs) {
        (true, _) if kubeconfig::logs_in(&config.auth_info) => (
            format!("what logs in to the cluster is sent to {server} unencrypted"),
            "give the cluster an https address",
        ),
        (false, true) => (
            format!(
                "whoever answers at {server} is taken for the cluster: the kubeconfig has `insecure-skip-tls-verify`"
            ),
            "give the kubeconfig the `certificate-authority-data` of the cluster",
        ),
        _ => return Ok(()),
    };
    if !allowed && !address::is_loopback(&server) {
        return Err(Failure::refused(format!("{what}; nothing was changed"))
            .hint(format!("{hint}, or let it by `allowInsecure: true` beside `kubeconfig` of the step")));
    }
    Console::new(false).say_once(format!("warning: {what}"));
    Ok(())
}

/// The service account of the pod that this runs in.
fn in_cluster() -> Outcome<Config> {
    if env::get(env::ROOT).is_some() {
        // Where a bundle is played in a pod, the service account is that of whoever plays it.
        return Err(Failure::failed("no kubeconfig was found, and a bundle that is played has no service account")
            .details(homes().iter().map(|path| why_not(path)))
            .hint("give the bundle a kubeconfig: --cred NAME=PATH"));
    }
    let config = Config::incluster().map_err(|error| {
        Failure::failed(format!("no kubeconfig was found, and this is not a pod: {error}"))
            .details(homes().iter().map(|path| why_not(path)))
            .hint("name one by `--kubeconfig`, by KUBECONFIG, in the step, or by the credential `kubeconfig` of the bundle")
    })?;
    if let Some(file) = &config.auth_info.token_file {
        let token = std::fs::read(file).map(Zeroizing::new).map_err(|error| {
            Failure::failed(format!("cannot read the token of the service account, {file}: {error}"))
                .hint("let the user of the bundle read it: `fsGroup` of the pod, or another `runAsUser`")
        })?;
        remember_secret(&*token);
    }
    Ok(config)
}

/// In this order: the step, `$KUBECONFIG`, the home folder, the home of Porter's image. What is named but
/// not there is an error: another cluster would be the wrong one.
pub(super) fn kubeconfig_paths(existing: &Existing) -> Outcome<Vec<PathBuf>> {
    if let Some(path) = existing.kubeconfig.as_deref().filter(|path| !path.is_empty()) {
        let path = PathBuf::from(path);
        return if path.is_file() {
            Ok(vec![path])
        } else {
            Err(Failure::failed(format!("the kubeconfig {} is not there", path.display()))
                .hint("correct `--kubeconfig`, `kubeconfig` of the step, or the credential `kubeconfig` of the bundle"))
        };
    }
    if let Some(listed) = env::get(env::KUBECONFIG) {
        let there: Vec<PathBuf> = std::env::split_paths(&listed).filter(|path| path.is_file()).collect();
        return if there.is_empty() {
            Err(Failure::failed(format!("KUBECONFIG is {listed}, and no such file is there"))
                .hint("correct KUBECONFIG, or unset it to use ~/.kube/config"))
        } else {
            Ok(there)
        };
    }
    Ok(homes().into_iter().filter(|path| path.is_file()).take(1).collect())
}

/// Kubeconfigs as `KUBECONFIG` lists them.
pub(super) fn listed(paths: &[PathBuf]) -> String {
    paths.iter().map(|path| path.display().to_string()).collect::<Vec<_>>().join(":")
}

/// The kubeconfigs of the user, and of the user of Porter's image.
fn homes() -> Vec<PathBuf> {
    let home = env::get(env::HOME).map(|home| PathBuf::from(home).join(".kube/config"));
    let mut all: Vec<PathBuf> = home.into_iter().chain([env::in_image("/home/nonroot/.kube/config")]).collect();
    all.dedup();
    all
}

/// A file that is not there, or that this user may not see.
fn why_not(path: &Path) -> String {
    let reason = path.metadata().map_or_else(|error| error.to_string(), |_| "not a file".to_owned());
    format!("{}: {reason}", path.display())
}

fn tuned(mut config: Config) -> Config {
    // Requests are retried here, under the step's deadline and with its report, not out of sight.
    config.default_retry = false;
    config.connect_timeout = Some(Duration::from_secs(5));
    config
}
