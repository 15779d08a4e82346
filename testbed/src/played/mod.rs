//! A played Argo CD: one thread that applies, prunes, cascades and self-heals as the real one does, for tests that need
//! thousands of handovers and not the programs.
//!
//! It knows folders of manifests and nothing else: no charts, no hooks, no other cluster, and a sync that fails is not tried
//! again. It makes no pauses, neither between waves nor between heals. `server` is the API server, `source` the git repository, `world` what was
//! there at one look, `compare` and `health` judge it, `sync` and `cascade` work on it, and `controller` is one turn of all
//! that. What it writes has the names and the form of argo-cd 3.6.1; that both end in the same state is held by a test.
//!
//! It works while the `StatefulSet` of the controller has a ready pod, and is silent otherwise, as the real one is.

mod cascade;
mod compare;
mod controller;
mod health;
mod server;
mod source;
mod sync;
mod world;

use std::path::Path;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use anyhow::Result;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::oneshot;
use tokio::time::sleep;

use self::controller::Controller;
use self::server::Server;
use self::source::Source;
use crate::apiserver;
use crate::cluster::Cluster;
use crate::progress::say;

/// Between two looks at whether anything has changed.
const PAUSE: Duration = Duration::from_millis(50);

/// The namespace that it is in.
const NAMESPACE: &str = "argocd";
/// The field manager of what it applies.
const MANAGER: &str = "argocd-controller";
/// The field manager of what it writes about Applications.
const CONTROLLER: &str = "argocd-application-controller";

/// The annotations by which it is asked for a comparison.
const REFRESH: &str = "argocd.argoproj.io/refresh";
const STAMP: &str = "argocd.argoproj.io/refresh-timestamp";

/// The running controller. It ends when this is dropped.
#[derive(Debug)]
pub struct PlayedArgoCd {
    ends: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl PlayedArgoCd {
    /// One for this cluster and its repository.
    pub fn on(cluster: &Cluster) -> Result<Self> {
        let repository = cluster.repository();
        Self::start(cluster.kubeconfig(), Source::of(repository.url(), repository.dir()))
    }

    fn start(kubeconfig: &Path, source: Source) -> Result<Self> {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let server = Server::new(runtime.block_on(apiserver::connect(kubeconfig))?);
        let controller = Controller::new(server, source);
        let (ends, end) = oneshot::channel();
        let thread = thread::spawn(move || run(&runtime, controller, end));
        Ok(Self { ends: Some(ends), thread: Some(thread) })
    }
}

/// Takes one turn after the other until it is told to end.
fn run(runtime: &Runtime, mut controller: Controller, end: oneshot::Receiver<()>) {
    let turns = async {
        loop {
            if let Err(error) = controller.turn().await {
                // Its objects may have changed under it; the next turn looks anew.
                say(&format!("the played Argo CD: {error:#}"));
            }
            sleep(PAUSE).await;
        }
    };
    runtime.block_on(async {
        tokio::select! {
            () = turns => {}
            _ = end => {}
        }
    });
}

impl Drop for PlayedArgoCd {
    fn drop(&mut self) {
        drop(self.ends.take());
        if let Some(thread) = self.thread.take() {
            // It has nothing to say.
            let _ = thread.join();
        }
    }
}
