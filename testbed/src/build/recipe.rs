//! What is built, from which packages. The versions stand in `peers/go.mod` alone, with the
//! checksums of everything beside it in `peers/go.sum`.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result};
use sha2::{Digest, Sha256};

use crate::paths::Cache;

const PEERS_MOD: &str = include_str!("../../peers/go.mod");
const PEERS_SUM: &str = include_str!("../../peers/go.sum");
const CHARTS_MOD: &str = include_str!("../../peers/charts/go.mod");
const CHARTS_SUM: &str = include_str!("../../peers/charts/go.sum");

/// The Go toolchain that builds everything; any `go` since 1.21 fetches it by itself.
pub const TOOLCHAIN: &str = "go1.27.3";

/// Argo CD's Go module.
pub const ARGOCD_MODULE: &str = "github.com/argoproj/argo-cd/v3";
/// kwok's Go module.
pub const KWOK_MODULE: &str = "sigs.k8s.io/kwok";
/// Crossplane's Go module, for its chart and its resource definitions.
pub const CROSSPLANE_MODULE: &str = "github.com/crossplane/crossplane/v2";

/// The names under which the Argo CD program acts as one of its parts.
pub const ARGOCD_NAMES: [&str; 4] =
    ["argocd-application-controller", "argocd-repo-server", "argocd-server", "argocd-applicationset-controller"];

/// One program to be built.
#[derive(Debug)]
pub struct Tool {
    /// Its file name in the cache.
    pub name: &'static str,
    /// Its Go package.
    pub package: &'static str,
}

/// Every program, the ones that share most packages next to each other.
pub const TOOLS: &[Tool] = &[
    tool("etcd", "go.etcd.io/etcd/server/v3"),
    tool("kube-apiserver", "k8s.io/kubernetes/cmd/kube-apiserver"),
    tool("kube-controller-manager", "k8s.io/kubernetes/cmd/kube-controller-manager"),
    tool("kube-scheduler", "k8s.io/kubernetes/cmd/kube-scheduler"),
    tool("kubectl", "k8s.io/kubernetes/cmd/kubectl"),
    tool("kwok", "sigs.k8s.io/kwok/cmd/kwok"),
    tool("argocd", "github.com/argoproj/argo-cd/v3/cmd"),
    tool("helm", "helm.sh/helm/v4/cmd/helm"),
    tool("kustomize", "sigs.k8s.io/kustomize/kustomize/v5"),
];

const fn tool(name: &'static str, package: &'static str) -> Tool {
    Tool { name, package }
}

/// The version that a lock file pins a module to, such as `v3.6.1`.
#[must_use]
pub fn pinned(module: &str) -> Option<&'static str> {
    [PEERS_MOD, CHARTS_MOD]
        .iter()
        .flat_map(|text| text.lines())
        .map(|line| line.trim().trim_start_matches("require "))
        .filter(|line| !line.contains("=>"))
        .find_map(|line| line.strip_prefix(module)?.strip_prefix(' '))
        .and_then(|rest| rest.split_whitespace().next())
}

/// The version of Argo CD, as its image is tagged.
#[must_use]
pub fn argocd_version() -> &'static str {
    pinned(ARGOCD_MODULE).unwrap_or_default()
}

/// Names a cache: this crate's version and a digest of the pins.
#[must_use]
pub fn version() -> String {
    let mut digest = Sha256::new();
    for text in [PEERS_MOD, PEERS_SUM, CHARTS_MOD, CHARTS_SUM, TOOLCHAIN] {
        digest.update(text);
    }
    let [a, b, c, d, ..] = <[u8; 32]>::from(digest.finalize());
    let short = u32::from_be_bytes([a, b, c, d]);
    format!("{}-{short:08x}", env!("CARGO_PKG_VERSION"))
}

/// The linker's `-X` settings: without them the programs do not know their own version.
#[must_use]
pub fn version_flags() -> String {
    let kubernetes = pinned("k8s.io/kubernetes").unwrap_or_default();
    let minor = kubernetes.split('.').nth(1).unwrap_or_default();
    let argocd = argocd_version().trim_start_matches('v');
    let mut flags = vec!["-s".to_owned(), "-w".to_owned(), format!("-X {ARGOCD_MODULE}/common.version={argocd}")];
    for package in ["k8s.io/component-base/version", "k8s.io/client-go/pkg/version"] {
        let settings = [
            ("gitVersion", kubernetes),
            ("gitMajor", "1"),
            ("gitMinor", minor),
            ("gitTreeState", "clean"),
            ("gitCommit", "module"),
            ("buildDate", "1970-01-01T00:00:00Z"),
        ];
        flags.extend(settings.map(|(name, value)| format!("-X {package}.{name}={value}")));
    }
    flags.join(" ")
}

/// The directory of the module that builds the programs.
#[must_use]
pub fn peers_dir(cache: &Cache) -> PathBuf {
    cache.root().join("peers")
}

/// The directory of the module that only pins charts.
#[must_use]
pub fn charts_dir(cache: &Cache) -> PathBuf {
    cache.root().join("charts")
}

/// Writes the lock files where Go reads them.
pub fn write(cache: &Cache) -> Result<()> {
    for (dir, module, sum) in [(peers_dir(cache), PEERS_MOD, PEERS_SUM), (charts_dir(cache), CHARTS_MOD, CHARTS_SUM)] {
        fs::create_dir_all(&dir)
            .and_then(|()| fs::write(dir.join("go.mod"), module))
            .and_then(|()| fs::write(dir.join("go.sum"), sum))
            .with_context(|| format!("failed to write {}", dir.display()))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_come_from_the_lock_files() {
        assert!(argocd_version().starts_with("v3."));
        assert!(pinned(CROSSPLANE_MODULE).is_some_and(|version| version.starts_with("v2.")));
        assert!(pinned("k8s.io/kubernetes").is_some_and(|version| version.starts_with("v1.")));
        assert_eq!(pinned("example.org/unknown"), None);
    }

    #[test]
    fn every_tool_is_locked() {
        for tool in TOOLS {
            assert!(PEERS_MOD.contains(&format!("\t{}\n", tool.package)), "{}", tool.name);
        }
    }
}
