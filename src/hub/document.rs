//! The Hub document, its lock and its assets, read from the bundle.

use std::path::{Path, PathBuf};

use super::credential::{self, Of};
use crate::document::{Hub, ImageMap, Lock, Repository, Resolved, VersionStep};
use crate::engine::Cluster;
use crate::git::{Access, GitCredential};
use crate::hub_repository::HubImages;
use crate::porter::relocation_map;
use crate::render;
use crate::render::hub::{HubInput, Rendered};
use crate::report::{Console, Outcome};
use crate::run::{images, text_of, with_hooks};
use crate::schema::address;
use crate::vendor::Assets;

/// Where a file of a hub bundle is looked for.
const IN_THE_BUNDLE: &str = "the file is looked for in the bundle's folder; check `file` of the step";

/// The files of a hub bundle.
#[derive(Clone)]
pub struct HubFiles {
    hub: Hub,
    lock: Lock,
    folder: PathBuf,
    relocation: Option<ImageMap>,
    /// Whether something of them is committed.
    commits: bool,
}

impl HubFiles {
    /// Reads the Hub document and the `lock.yaml` beside it, and the relocation map where there is one.
    pub fn read(file: &str) -> Outcome<Self> {
        let hub = crate::document::read_hub(file, &text_of(file.as_ref(), IN_THE_BUNDLE)?)?;
        Self::beside(hub, Path::new(file), true)
    }

    /// The same for an action that commits nothing of them.
    pub fn read_as_they_are(file: &str) -> Outcome<Self> {
        let hub = crate::document::read_hub_as_it_is(file, &text_of(file.as_ref(), IN_THE_BUNDLE)?)?;
        Self::beside(hub, Path::new(file), false)
    }

    fn beside(hub: Hub, document: &Path, commits: bool) -> Outcome<Self> {
        let folder = document.parent().unwrap_or(Path::new("")).to_owned();
        let lock = folder.join("lock.yaml");
        let lock = crate::document::read_lock(&lock.display().to_string(), &text_of(&lock, IN_THE_BUNDLE)?)?;
        let hub = with_hooks(hub, &folder)?;
        Ok(Self { hub, lock, folder, relocation: relocation_map()?, commits })
    }

    /// The same with the certificates that the step gives for the host of a repository. They go before those of the document.
    pub fn trusting(mut self, reader: &Access) -> Self {
        if let Some(ca) = &reader.connection.ca {
            self.hub.spec.argocd.certificates.insert(address::host(&reader.url).to_owned(), ca.clone());
        }
        self
    }

    /// The Hub document.
    pub fn hub(&self) -> &Hub {
        &self.hub
    }

    /// The address of Argo CD, where the document names one.
    pub fn url(&self) -> Option<String> {
        self.hub.spec.argocd.config.get("url").cloned()
    }

    /// What the lock knows of steps from version to version.
    pub fn steps(&self) -> &[VersionStep] {
        &self.lock.steps
    }

    /// Has Argo CD trust the host keys of the credentials that it reads with: those of the step, or else those that the cluster
    /// keeps beside them.
    pub async fn trust(&mut self, given: &[(Of, Option<&GitCredential>)], cluster: &Cluster) -> Outcome<()> {
        for (of, given) in given {
            let kept = if given.is_none() { credential::read_of(cluster, *of).await? } else { None };
            let known_hosts = given.or(kept.as_ref()).and_then(|it| it.known_hosts.as_deref());
            render::hub::trust(&mut self.hub, known_hosts.map(|it| (of.field(), it)))?;
        }
        Ok(())
    }

    /// Renders the hub repository of a cluster.
    pub fn render_for(&self, repository: &Repository, cluster: &Cluster) -> Outcome<Rendered> {
        self.render(Resolved {
            repository: repository.url.clone(),
            branch: repository.branch.clone(),
            cluster_uid: cluster.facts().uid.clone(),
        })
    }

    /// Renders the hub repository, with every asset checked against its digest.
    pub fn render(&self, resolved: Resolved) -> Outcome<Rendered> {
        let downloads = self.folder.join("assets");
        let (hub, lock, relocation) = (self.hub.clone(), self.lock.clone(), self.relocation.clone());
        if self.commits {
            let assets = Assets::load(&downloads, &lock)?;
            return render::hub::render(&HubInput { hub, lock, assets, resolved, relocation });
        }
        let assets = Assets::load_as_they_are(&downloads, &lock)?;
        render::hub::render_as_it_is(&HubInput { hub, lock, assets, resolved, relocation })
    }

    /// Says which images come from a copy of the bundle, and which do not although there is one.
    pub fn tell_images(&self, images: &HubImages, console: &Console) {
        if self.relocation.is_some() {
            images::tell(images, console);
        }
    }
}
