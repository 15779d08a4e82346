//! Argo CD's programs: how each is called on a host instead of in its container.

use std::path::Path;

use crate::build::recipe;

/// A part of Argo CD that runs for real. Dex and the notifications controller do not: nothing
/// of a hub depends on them, and kwok makes their pods ready.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// Syncs applications.
    ApplicationController,
    /// Renders manifests.
    RepoServer,
    /// The API.
    Server,
    /// Makes applications of `ApplicationSets`.
    ApplicationSetController,
    /// Their cache.
    Redis,
    /// Their cache where it is highly available: the proxy, and in one process with it the redis that is behind it.
    RedisProxy,
}

/// Ports and addresses that a part is called with.
#[derive(Clone, Copy, Debug)]
pub struct Wiring {
    /// Three ports of its own: what it serves, its metrics, its probes.
    pub own: [u16; 3],
    /// Where redis is reached.
    pub redis: u16,
    /// Where the repo-server is reached.
    pub repo_server: u16,
}

/// How to find out that a part is up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Probe {
    /// It answers `/healthz` with 200.
    Healthz(u16),
    /// It accepts connections.
    Accepts(u16),
}

impl Part {
    /// All parts.
    pub const ALL: [Self; 6] = [
        Self::ApplicationController,
        Self::RepoServer,
        Self::Server,
        Self::ApplicationSetController,
        Self::Redis,
        Self::RedisProxy,
    ];

    /// The label by which pods tell which part they are.
    pub const LABEL: &str = "app.kubernetes.io/name";

    /// The label's value, which is also the name of the Deployment or `StatefulSet`.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::ApplicationController => "argocd-application-controller",
            Self::RepoServer => "argocd-repo-server",
            Self::Server => "argocd-server",
            Self::ApplicationSetController => "argocd-applicationset-controller",
            Self::Redis => "argocd-redis",
            Self::RedisProxy => "argocd-redis-ha-haproxy",
        }
    }

    /// The part with this label.
    #[must_use]
    pub fn from_label(label: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|part| part.label() == label)
    }

    /// The name of the container that is the part.
    #[must_use]
    pub fn container(self) -> &'static str {
        match self {
            Self::Redis => "redis",
            Self::RedisProxy => "haproxy",
            other => other.label(),
        }
    }

    /// Whether it is Argo CD's own program, and none that it brings.
    #[must_use]
    pub fn is_of_argocd(self) -> bool {
        !matches!(self, Self::Redis | Self::RedisProxy)
    }

    /// The program's name in the cache or on `PATH`.
    #[must_use]
    pub fn program(self) -> &'static str {
        match self {
            Self::Redis | Self::RedisProxy => "redis-server",
            other => other.label(),
        }
    }

    /// Why this image cannot be "pulled", if so: only the pinned Argo CD is built. The
    /// repository's name may be any mirror's.
    #[must_use]
    pub fn refuses_image(self, image: &str) -> Option<String> {
        let untagged = image.split('@').next().unwrap_or_default();
        let last = untagged.rsplit('/').next().unwrap_or_default();
        let (name, tag) = last.split_once(':').unwrap_or((last, ""));
        let (wanted, version) = match self {
            Self::Redis | Self::RedisProxy => (self.container(), None),
            _ => ("argocd", Some(recipe::argocd_version())),
        };
        if name == wanted && version.is_none_or(|version| version == tag) {
            return None;
        }
        let version = version.unwrap_or("any tag");
        Some(format!("{image} is not here: the testbed has {wanted}:{version}"))
    }

    /// The port on which others reach this part.
    #[must_use]
    pub fn serves(self, wiring: &Wiring) -> Option<u16> {
        let [port, ..] = wiring.own;
        matches!(self, Self::RepoServer | Self::Server | Self::Redis | Self::RedisProxy).then_some(port)
    }

    /// How to find out that it is up.
    #[must_use]
    pub fn probe(self, wiring: &Wiring) -> Probe {
        let [port, metrics, probes] = wiring.own;
        match self {
            Self::ApplicationController | Self::RepoServer => Probe::Healthz(metrics),
            Self::Server | Self::Redis | Self::RedisProxy => Probe::Accepts(port),
            Self::ApplicationSetController => Probe::Accepts(probes),
        }
    }

    /// Arguments that go after the container's own and win over them.
    #[must_use]
    pub fn args(self, wiring: &Wiring, namespace: &str, home: &Path) -> Vec<String> {
        let [port, metrics, probes] = wiring.own;
        let local = |port: u16| format!("127.0.0.1:{port}");
        let redis = format!("--redis={}", local(wiring.redis));
        let repo_server = local(wiring.repo_server);
        let mut args = match self {
            Self::ApplicationController => vec![
                // Its listener takes all addresses, whatever it is told.
                format!("--metrics-port={metrics}"),
                format!("--repo-server={repo_server}"),
                "--repo-server-plaintext".to_owned(),
                redis,
            ],
            Self::RepoServer => vec![
                "--address=127.0.0.1".to_owned(),
                format!("--port={port}"),
                "--metrics-address=127.0.0.1".to_owned(),
                format!("--metrics-port={metrics}"),
                // Certificates are made for names that only a cluster's DNS knows.
                "--disable-tls".to_owned(),
                "--client-ca-path=".to_owned(),
                redis,
            ],
            Self::Server => vec![
                "--address=127.0.0.1".to_owned(),
                format!("--port={port}"),
                "--metrics-address=127.0.0.1".to_owned(),
                format!("--metrics-port={metrics}"),
                format!("--repo-server={repo_server}"),
                "--repo-server-plaintext".to_owned(),
                format!("--staticassets={}", home.join("static").display()),
                redis,
            ],
            Self::ApplicationSetController => vec![
                format!("--metrics-addr={}", local(metrics)),
                format!("--probe-addr={}", local(probes)),
                format!("--webhook-addr={}", local(port)),
                format!("--argocd-repo-server={repo_server}"),
                "--repo-server-plaintext".to_owned(),
            ],
            Self::Redis | Self::RedisProxy => {
                let dir = home.display().to_string();
                let port = port.to_string();
                return ["--bind", "127.0.0.1", "--port", &port, "--dir", &dir].map(str::to_owned).into();
            }
        };
        if self != Self::RepoServer {
            args.push(format!("--namespace={namespace}"));
        }
        args
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_pinned_image_is_there() {
        let version = recipe::argocd_version();
        let part = Part::Server;
        assert_eq!(part.refuses_image(&format!("quay.io/argoproj/argocd:{version}")), None);
        assert_eq!(part.refuses_image(&format!("127.0.0.1:5000/m/argocd:{version}@sha256:0")), None);
        assert!(part.refuses_image("quay.io/argoproj/argocd:v0.0.1").is_some());
        assert!(part.refuses_image("quay.io/argoproj/argocd").is_some());
        assert_eq!(Part::Redis.refuses_image("docker.io/library/redis:8-alpine"), None);
        assert_eq!(Part::RedisProxy.refuses_image("docker.io/library/haproxy:3.0.8-alpine"), None);
        assert!(Part::RedisProxy.refuses_image("docker.io/library/redis:8-alpine").is_some());
    }

    #[test]
    fn labels_are_a_bijection() {
        for part in Part::ALL {
            assert_eq!(Part::from_label(part.label()), Some(part));
        }
        assert_eq!(Part::from_label("argocd-dex-server"), None);
    }
}
