//! A pod of one of the [images](super::image) that the testbed has: everything about it but the program is read from the
//! pod, as a kubelet does.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context, Result};
use k8s_openapi::api::core::v1::{Container, Pod};
use kube::ResourceExt;

use super::account::Account;
use super::container::Mounts;
use super::env::{self, Env};
use super::image::Image;
use super::refusal::Refusal;
use super::volume::Volumes;
use super::{Host, home, logs, probe, stem};
use crate::artifact;
use crate::paths::{find_program, path_with};
use crate::process::{self, Process, Spec};
use crate::progress::say;

const SERVICE_ACCOUNT: &str = "/run/secrets/kubernetes.io/serviceaccount";

/// Such a pod.
pub struct Plain {
    pub log: PathBuf,
    host: Arc<Host>,
    pod: Pod,
    account: Account,
    home: PathBuf,
    initialized: bool,
}

impl Plain {
    /// The pod; nothing is made yet.
    pub fn new(host: Arc<Host>, pod: Pod) -> Self {
        Self {
            home: home(&host, &pod),
            log: host.dir.join("logs").join(format!("{}.log", stem(&pod))),
            account: Account::of(&pod),
            initialized: false,
            pod,
            host,
        }
    }

    /// Runs the init containers that have not run yet, and starts the first container; `None` where the testbed has no
    /// program for its image: one in a registry on loopback may be anything, and that of others may not be built.
    pub async fn start(&mut self) -> Result<Option<Process>, Refusal> {
        let spec = self.pod.spec.clone().unwrap_or_default();
        let first = spec.containers.first().context("the pod has no container")?;
        let Some(image) = Image::named(&identify(first).await?) else {
            return Ok(None);
        };
        if !image.is_older && !image.is_built(&self.host.cache) {
            let name = self.pod.name_any();
            say(&format!("{} is not built, so {name} only seems to run; `testbed build` builds it", image.program));
            return Ok(None);
        }
        if !self.initialized {
            for container in spec.init_containers.iter().flatten() {
                let mut process = self.spawn(container).await?;
                let status = process.wait().await?;
                if !status.success() {
                    let message = process.obituary(status).to_string();
                    return Err(Refusal { reason: "Init:CrashLoopBackOff", message });
                }
            }
            self.initialized = true;
        }
        self.spawn(first).await.map(Some)
    }

    async fn spawn(&self, container: &Container) -> Result<Process, Refusal> {
        let image = Refusal::pull(Image::pull(&identify(container).await?, &self.host.cache))?;
        let mut env = env::resolve(&self.host.client, &self.pod, container)
            .await
            .map_err(|message| Refusal { reason: "CreateContainerConfigError", message })?;
        let mounts = self.mounts(container, image).await?;
        let args: Vec<_> = container.args.iter().flatten().map(|arg| env::expand(arg, &env)).collect();
        env.extend(self.surroundings());

        let name = self.pod.name_any();
        let namespace = self.pod.namespace().unwrap_or_default();
        process::note(&self.log, &logs::beginning(&namespace, &name, &container.name))?;
        let tmp = self.home.join("tmp");
        fs::create_dir_all(&tmp).with_context(|| format!("failed to create {}", tmp.display()))?;
        let testbed = &self.host.testbed;
        let beside = testbed.parent().map(PathBuf::from).unwrap_or_default();
        let cache = &self.host.cache;
        let programs = if image.is_older { cache.older().bin_dir() } else { cache.bin_dir() };
        let stay = [self.host.dir.clone(), programs, beside];
        let bwrap = find_program("bwrap").context("bwrap is gone")?;
        // Whoever is asked to end, it is not the sandbox: the kernel would kill the program in the middle of its farewells.
        let mut spec = Spec::new(&name, find_program("env").context("env is gone")?, &self.home)
            .args(["--ignore-signal=TERM".to_owned(), bwrap.display().to_string()])
            .args(mounts.arguments(&tmp, &stay)?)
            .args([testbed.display().to_string()])
            .args(self.inside())
            .args([image.entrypoint(&self.host.cache).display().to_string()])
            .args(args);
        spec.log.clone_from(&self.log);
        spec.env = Some(env.into_iter().collect());
        spec.cwd = Some(self.home.clone());
        Ok(Process::spawn(&spec)?)
    }

    /// The hidden verb that gives the program its connections.
    fn inside(&self) -> Vec<String> {
        let network = &self.host.network;
        let mut args = vec!["inside".to_owned()];
        args.extend(network.reach().iter().map(|port| format!("--reach={port}")));
        args.push(format!("--out={}", network.out().display()));
        args.push(format!("--own={}", network.socket(&self.pod).display()));
        args.push("--".to_owned());
        args
    }

    async fn mounts(&self, container: &Container, image: &Image) -> Result<Mounts> {
        let volumes = Volumes {
            client: &self.host.client,
            pod: &self.pod,
            account: &self.account,
            dir: self.home.join("volumes"),
        };
        let mut mounts = Mounts::default();
        for (place, source) in image.files(&self.host.modules, &self.host.cache) {
            mounts.add(source, place);
        }
        mounts.add(self.service_account().await?, SERVICE_ACCOUNT);
        for mount in container.volume_mounts.iter().flatten() {
            let dir = volumes.write(&mount.name).await?;
            mounts.add(dir.join(mount.sub_path.as_deref().unwrap_or_default()), &mount.mount_path);
        }
        Ok(mounts)
    }

    /// What client libraries look for to find out that they are in a cluster.
    async fn service_account(&self) -> Result<PathBuf> {
        let dir = self.home.join("serviceaccount");
        let token = self.account.token(&self.host.client, None).await?;
        let authority = self.host.pki.path("ca.crt");
        fs::create_dir_all(&dir)
            .and_then(|()| fs::write(dir.join("token"), token))
            .and_then(|()| fs::write(dir.join("namespace"), self.pod.namespace().unwrap_or_default()))
            .and_then(|()| fs::copy(&authority, dir.join("ca.crt")))
            .with_context(|| format!("failed to fill {}", dir.display()))?;
        Ok(dir)
    }

    fn surroundings(&self) -> Env {
        [
            ("PATH", path_with(&self.host.cache.bin_dir())),
            ("HOME", "/tmp".to_owned()),
            ("HOSTNAME", self.pod.name_any()),
            ("KUBERNETES_SERVICE_HOST", "127.0.0.1".to_owned()),
            ("KUBERNETES_SERVICE_PORT", self.host.api_port.to_string()),
            // Where other pods are found; nobody asks a proxy for a loopback address.
            ("HTTPS_PROXY", format!("http://127.0.0.1:{}", self.host.network.port())),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .into()
    }

    /// Whether the container answers its readiness probe, or for want of one its startup probe; without a probe it is
    /// ready as soon as it runs.
    pub async fn is_up(&self) -> bool {
        let Some(container) = self.pod.spec.as_ref().and_then(|spec| spec.containers.first()) else {
            return false;
        };
        match container.readiness_probe.as_ref().or(container.startup_probe.as_ref()) {
            Some(probe) => probe::succeeds(probe, container, &self.host.network.socket(&self.pod)).await,
            None => true,
        }
    }

    /// Puts the pod behind its Services, or takes it away.
    pub fn announce(&self, ready: bool) {
        self.host.network.set_ready(&self.pod, ready);
    }

    /// Removes what was made for the pod.
    pub fn clear(&self) {
        // Of no use to anybody any more; a rest of it does no harm.
        let _ = fs::remove_dir_all(&self.home);
        let _ = fs::remove_file(self.host.network.socket(&self.pod));
    }
}

async fn identify(container: &Container) -> Result<String, Refusal> {
    Refusal::pull(artifact::identify(container.image.as_deref().unwrap_or_default()).await)
}
