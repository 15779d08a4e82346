//! The program kind: clusters in containers of this machine. It keeps nothing itself; what there is, the container engine says.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use zeroize::Zeroizing;

use crate::document::KindCluster;
use crate::process::{Ended, Program};
use crate::report::{Failure, Outcome};

/// Where the container engine is, and how it is logged in to. Of kind's own variables none: `KIND_CLUSTER_NAME` names what is
/// deleted, `KUBECONFIG` the file of the user.
const ENGINE: [&str; 9] = [
    "CONTAINER_HOST",
    "DOCKER_CERT_PATH",
    "DOCKER_CONFIG",
    "DOCKER_CONTEXT",
    "DOCKER_HOST",
    "DOCKER_TLS_VERIFY",
    "HOME",
    "XDG_CONFIG_HOME",
    "XDG_RUNTIME_DIR",
];

/// The program, for one run.
#[derive(Debug)]
pub struct Kind {
    program: PathBuf,
    deadline: Instant,
}

impl Kind {
    /// The program in this place, or of this name on `PATH`.
    #[must_use]
    pub fn new(program: PathBuf, deadline: Instant) -> Self {
        Self { program, deadline }
    }

    /// The names of the clusters that there are.
    pub async fn clusters(&self) -> Outcome<Vec<String>> {
        let ended = self.run(&["get", "clusters"], "list its clusters").await?;
        Ok(ended.text().lines().map(str::to_owned).collect())
    }

    /// Makes a cluster, and waits for its nodes to be ready. Its kubeconfig is left at `kubeconfig`, so that it touches nobody
    /// else's.
    pub async fn create(&self, cluster: &KindCluster, kubeconfig: &Path) -> Outcome<()> {
        let seconds = wait_for_nodes(self.deadline.saturating_duration_since(Instant::now())).as_secs();
        let (kubeconfig, wait) = (kubeconfig.to_string_lossy(), format!("{seconds}s"));
        let mut args =
            vec!["create", "cluster", "--name", &cluster.name, "--kubeconfig", &*kubeconfig, "--wait", &wait];
        for (option, value) in [("--image", &cluster.image), ("--config", &cluster.config)] {
            args.extend(value.iter().filter(|it| !it.is_empty()).flat_map(|value| [option, value.as_str()]));
        }
        self.run(&args, &format!("make the cluster {}", cluster.name)).await.map(drop)
    }

    /// The kubeconfig of a cluster; why there is none, where its nodes are only half made.
    pub async fn kubeconfig(&self, cluster: &KindCluster) -> Outcome<Result<Zeroizing<String>, String>> {
        let mut args = vec!["get", "kubeconfig", "--name", &cluster.name];
        args.extend(cluster.internal.then_some("--internal"));
        let ended = self.start(&args).await?;
        if ended.status.success() {
            let text = String::from_utf8_lossy(&ended.stdout).into_owned();
            return Ok(Ok(Zeroizing::new(text)));
        }
        Ok(Err(said(&ended)))
    }

    /// Deletes a cluster. The program says the same where there was none.
    pub async fn delete(&self, name: &str) -> Outcome<()> {
        self.run(&["delete", "cluster", "--name", name], &format!("delete the cluster {name}")).await.map(drop)
    }

    async fn run(&self, args: &[&str], what: &str) -> Outcome<Ended> {
        let ended = self.start(args).await?;
        if ended.status.success() { Ok(ended) } else { Err(failure(what, &ended)) }
    }

    async fn start(&self, args: &[&str]) -> Outcome<Ended> {
        let program = Program::new(&self.program.to_string_lossy()).on_network();
        program.inherit(|variable| ENGINE.contains(&variable)).args(args).run(self.deadline).await
    }
}

/// How long kind may wait for nodes: its wait begins only when they run, and when it is over the cluster is made all the same.
/// The deadline would tear it apart: kind handles no signal, and leaves the containers of a half-made cluster (0.33, read).
fn wait_for_nodes(left: Duration) -> Duration {
    left / 4
}

fn failure(what: &str, ended: &Ended) -> Failure {
    let said = said(ended);
    let failure = Failure::failed(format!("kind could not {what}: {said}"));
    // Its own words, of each of the engines that it knows.
    let has_no_engine =
        ["executable file not found", "Cannot connect to the Docker daemon", "failed to get docker info"]
            .iter()
            .any(|words| ended.stderr.contains(words));
    failure.hint(if has_no_engine {
        "kind needs a container engine that this run can reach: docker, nerdctl or podman on PATH, and DOCKER_HOST where it is \
         elsewhere"
    } else {
        "kind says what is wrong; its configuration is `kind.x-k8s.io/v1alpha4`, as in `config` of the step"
    })
}

/// What it says of its failure, without the output of the commands that it ran.
fn said(ended: &Ended) -> String {
    let text = ended.stderr.split("ERROR: ").last().unwrap_or_default();
    let text = text.split("\nCommand Output:").next().unwrap_or_default();
    text.split("\nStack Trace:").next().unwrap_or_default().split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_for_nodes_is_over_long_before_the_deadline() {
        let left = Duration::from_secs(600);
        assert!(wait_for_nodes(left) <= left / 2 && wait_for_nodes(left) >= Duration::from_secs(60));
    }
}
