//! What a pod's process finds around itself: a home, an identity, an environment.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context, Result, ensure};
use k8s_openapi::api::core::v1::{Container, Pod};
use kube::ResourceExt;

use super::account::Account;
use super::env::{self, Env};
use super::part::{Part, Wiring};
use super::volume::Volumes;
use super::{Host, home};
use crate::paths::{find_program, path_with};
use crate::process::{Process, Spec};

/// Where Argo CD's image has the hosts that it trusts, and where a home has them.
const TRUST: [(&str, &str); 2] = [("/app/config/ssh", "ssh"), ("/app/config/tls", "tls")];

/// The place of one pod on the host.
pub struct Place {
    pub part: Part,
    pub namespace: String,
    pub pod: String,
    pub log: PathBuf,
    account: Account,
    home: PathBuf,
    host: Arc<Host>,
}

impl Place {
    /// The place that this pod gets; nothing is made yet.
    pub fn of(host: Arc<Host>, part: Part, pod: &Pod) -> Self {
        let namespace = pod.namespace().unwrap_or_default();
        Self {
            part,
            account: Account::of(pod),
            home: home(&host, pod),
            log: host.dir.join("logs").join(format!("{}.log", part.label())),
            pod: pod.name_any(),
            namespace,
            host,
        }
    }

    /// Makes the pod's home, with the kubeconfig of its service account in it: what Argo CD may
    /// do in the cluster is what its roles say, no more.
    pub async fn prepare(&self) -> Result<()> {
        let host = &self.host;
        for dir in ["tmp", "tls", "ssh", "gpg", "plugins", "static"] {
            let dir = self.home.join(dir);
            fs::create_dir_all(&dir).with_context(|| format!("failed to create {}", dir.display()))?;
        }
        let token = self.account.token(&host.client, None).await?;
        let config = host.pki.token_kubeconfig(host.api_port, &self.namespace, &token)?;
        fs::write(self.kubeconfig(), serde_json::to_vec(&config)?)?;
        Ok(())
    }

    /// Writes what Argo CD reads in mounted `ConfigMaps`: the hosts that it trusts.
    pub async fn mount(&self, pod: &Pod, container: &Container) -> Result<()> {
        let volumes = Volumes { client: &self.host.client, pod, account: &self.account, dir: self.home.clone() };
        for mount in container.volume_mounts.iter().flatten() {
            if let Some((_, dir)) = TRUST.iter().find(|(path, _)| *path == mount.mount_path) {
                volumes.write_to(&mount.name, &self.home.join(dir)).await?;
            }
        }
        Ok(())
    }

    /// Redis' password is made by its init container, and everybody else waits for it. The
    /// other init containers only copy programs around.
    pub async fn init(&self) -> Result<()> {
        if self.part.is_of_argocd() {
            return Ok(());
        }
        let mut spec = Spec::new("redis-initial-password", self.host.cache.bin("argocd"), &self.home)
            .args(["admin", "redis-initial-password"]);
        spec.log.clone_from(&self.log);
        spec.env = Some(self.base_env().into_iter().collect());
        let mut process = Process::spawn(&spec)?;
        let status = process.wait().await?;
        ensure!(status.success(), process.obituary(status));
        Ok(())
    }

    /// The process that the container becomes.
    pub fn spec(&self, container: &Container, wiring: &Wiring, mut env: Env) -> Result<Spec> {
        let program = match self.part {
            Part::Redis | Part::RedisProxy => find_program(self.part.program()).context("redis-server is gone")?,
            _ => self.host.cache.bin(self.part.program()),
        };
        let mut own: Vec<_> = container.args.iter().flatten().map(|arg| env::expand(arg, &env)).collect();
        // The image's entrypoint takes the program as the first argument; redis has its own.
        let skip = usize::from(self.part.is_of_argocd());
        if self.part == Part::RedisProxy {
            let password = env.get("AUTH").cloned().unwrap_or_default();
            own = ["--save", "", "--appendonly", "no", "--requirepass", &password].map(str::to_owned).into();
        }
        env.extend(self.base_env());
        // The program takes this value for the *name* of a flag (argo-cd v3.6.1).
        env.remove("ARGOCD_SERVER_METRICS_LISTEN_ADDRESS");
        let mut spec = Spec::new(self.part.label(), find_program("bwrap").context("bwrap is gone")?, &self.home)
            .args(self.own_tmp())
            .args([program.display().to_string()])
            .args(own.into_iter().skip(skip))
            .args(self.part.args(wiring, &self.namespace, &self.home));
        spec.log.clone_from(&self.log);
        spec.env = Some(env.into_iter().collect());
        spec.cwd = Some(self.home.clone());
        Ok(spec)
    }

    /// The host's files, but a `/tmp` of the pod's own: the repo-server listens on a socket with a fixed name there
    /// (argo-cd `util/askpass`), and the one of another cluster would answer.
    fn own_tmp(&self) -> Vec<String> {
        let mut args: Vec<String> = ["--die-with-parent", "--dev-bind", "/", "/", "--bind"].map(str::to_owned).into();
        args.extend([self.home.join("tmp").display().to_string(), "/tmp".to_owned()]);
        // What the process needs may itself lie in the host's /tmp.
        for dir in [&self.host.dir, &self.host.cache.bin_dir()] {
            let dir = dir.display().to_string();
            args.extend(["--bind".to_owned(), dir.clone(), dir]);
        }
        args.push("--".to_owned());
        args
    }

    fn base_env(&self) -> Env {
        let home = |path: &str| self.home.join(path).display().to_string();
        [
            ("PATH", path_with(&self.host.cache.bin_dir())),
            ("HOME", home("")),
            ("TMPDIR", home("tmp")),
            ("HOSTNAME", self.pod.clone()),
            ("KUBECONFIG", self.kubeconfig().display().to_string()),
            // Makes https://kubernetes.default.svc mean the server of KUBECONFIG.
            ("ARGOCD_FAKE_IN_CLUSTER", "true".to_owned()),
            ("ARGOCD_GPG_ENABLED", "false".to_owned()),
            ("ARGOCD_GNUPGHOME", home("gpg")),
            ("ARGOCD_TLS_DATA_PATH", home("tls")),
            ("ARGOCD_SSH_DATA_PATH", home("ssh")),
            ("ARGOCD_PLUGINSOCKFILEPATH", home("plugins")),
            ("HELM_CACHE_HOME", home("helm")),
            ("HELM_CONFIG_HOME", home("helm")),
            ("HELM_DATA_HOME", home("helm")),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .into()
    }

    fn kubeconfig(&self) -> PathBuf {
        self.home.join("kubeconfig")
    }

    /// Removes what [`Place::prepare`] has made.
    pub fn clear(&self) {
        // Of no use to anybody any more; a rest of it does no harm.
        let _ = fs::remove_dir_all(&self.home);
    }
}
