//! What is built, from which packages. The versions stand in `peers/*/go.mod` alone, with the
//! checksums of everything beside it in `peers/*/go.sum`.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use sha2::{Digest, Sha256};

use crate::paths::Cache;

/// A Go module of our own that pins programs which go together: one version of each package for all of them.
#[derive(Debug)]
pub struct Lock {
    name: &'static str,
    /// Its files.
    files: &'static [(&'static str, &'static str)],
}

macro_rules! lock {
    ($name:literal, $dir:literal $(, $file:literal)*) => {
        Lock {
            name: $name,
            files: &[
                ("go.mod", include_str!(concat!("../../peers/", $dir, "go.mod"))),
                ("go.sum", include_str!(concat!("../../peers/", $dir, "go.sum"))),
                $(($file, include_str!(concat!("../../peers/", $dir, $file))),)*
            ],
        }
    };
}

/// The control plane, Argo CD, Helm and kustomize.
pub static PEERS: Lock = lock!("peers", "");
/// Crossplane and its command line.
pub static CROSSPLANE: Lock = lock!("crossplane", "crossplane/");
/// What Crossplane installs: a provider, and a function of our own.
pub static PACKAGES: Lock = lock!("packages", "packages/", "function/main.go");
/// A function that beads use, which wants older versions of the same libraries.
pub static FUNCTIONS: Lock = lock!("functions", "functions/");
/// Kyverno.
pub static KYVERNO: Lock = lock!("kyverno", "kyverno/");
/// OpenTofu, with its fork of a library that providers want the original of.
pub static OPENTOFU: Lock = lock!("opentofu", "opentofu/");
/// Providers of OpenTofu.
pub static PROVIDERS: Lock = lock!("providers", "providers/");
/// The one of `OpenStack`, which wants other versions of the same libraries.
pub static OPENSTACK: Lock = lock!("openstack", "openstack/");
/// What makes clusters in containers.
pub static KIND: Lock = lock!("kind", "kind/");
/// A forge.
pub static GITEA: Lock = lock!("gitea", "gitea/");

/// The last Crossplane before its second version, and its command line, which converts what the second one does not know.
static CROSSPLANE_1_20: Lock = lock!("crossplane-1.20", "older/crossplane-1.20/");
/// The step between that one and the one of today.
static CROSSPLANE_2_0: Lock = lock!("crossplane-2.0", "older/crossplane-2.0/");
/// Kyverno, one minor version before the other one.
static OLDER_KYVERNO: Lock = lock!("kyverno", "older/kyverno/");

/// What a hub with its Argo CD is made of.
pub static HUB: &[&Lock] = &[&PEERS];
/// Everything that tests may ask for.
pub static LOCKS: &[&Lock] =
    &[&PEERS, &CROSSPLANE, &PACKAGES, &FUNCTIONS, &KYVERNO, &OPENTOFU, &PROVIDERS, &OPENSTACK, &GITEA, &KIND];
/// Older versions, for the tests of upgrades alone: they are built for those who ask for them, into a cache of their own.
pub static OLDER: &[&Lock] = &[&CROSSPLANE_1_20, &CROSSPLANE_2_0, &OLDER_KYVERNO];

impl Lock {
    /// Its name.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// The directory in the cache where Go reads it.
    #[must_use]
    pub fn dir(&self, cache: &Cache) -> PathBuf {
        cache.root().join(self.name)
    }

    /// The build tags that bring what is written in C, where a program has any: Gitea has a database.
    #[must_use]
    pub fn tags_of_c(&self) -> Option<&'static str> {
        std::ptr::eq(self, &raw const GITEA).then_some("sqlite sqlite_unlock_notify")
    }

    fn module(&self) -> &'static str {
        self.files.iter().find(|(name, _)| *name == "go.mod").map_or("", |(_, text)| text)
    }

    /// Whether the cache in `root` was filled by the very same lock and toolchain.
    #[must_use]
    pub fn has_filled(&self, root: &Path) -> bool {
        let dir = root.join(self.name);
        self.contents().all(|(name, text)| fs::read(dir.join(name)).is_ok_and(|found| found == text.as_bytes()))
    }

    fn contents(&self) -> impl Iterator<Item = (&'static str, &'static str)> {
        self.files.iter().copied().chain([("toolchain", TOOLCHAIN)])
    }

    fn write(&self, cache: &Cache) -> Result<()> {
        for (name, text) in self.contents() {
            let file = self.dir(cache).join(name);
            let dir = file.parent().context("a lock's file has a directory")?;
            fs::create_dir_all(dir)
                .and_then(|()| fs::write(&file, text))
                .with_context(|| format!("failed to write {}", file.display()))?;
        }
        Ok(())
    }
}

/// The Go toolchain that builds everything; any `go` since 1.21 fetches it by itself.
pub const TOOLCHAIN: &str = "go1.27.3";

/// Argo CD's Go module.
pub const ARGOCD_MODULE: &str = "github.com/argoproj/argo-cd/v3";
/// kwok's Go module.
pub const KWOK_MODULE: &str = "sigs.k8s.io/kwok";
/// Crossplane's Go module, with its chart and its resource definitions.
pub const CROSSPLANE_MODULE: &str = "github.com/crossplane/crossplane/v2";
/// The Go module of Crossplane before its second version.
pub const OLDER_CROSSPLANE_MODULE: &str = "github.com/crossplane/crossplane";
/// The Go module of provider-kubernetes, with what belongs into its package.
pub const PROVIDER_MODULE: &str = "github.com/crossplane-contrib/provider-kubernetes";
/// The Go module of function-patch-and-transform, with what belongs into its package.
pub const PATCH_AND_TRANSFORM_MODULE: &str = "github.com/crossplane-contrib/function-patch-and-transform";
/// Kyverno's Go module, with its chart.
pub const KYVERNO_MODULE: &str = "github.com/kyverno/kyverno";
/// The Go module of Kyverno's newer API, with the chart of its resource definitions.
pub const KYVERNO_API_MODULE: &str = "github.com/kyverno/api";
/// OpenTofu's Go module.
pub const OPENTOFU_MODULE: &str = "github.com/opentofu/opentofu";
/// The Go module of OpenTofu's provider `time`.
pub const TIME_PROVIDER_MODULE: &str = "github.com/hashicorp/terraform-provider-time";
/// The Go module of the provider for `OpenStack`.
pub const OPENSTACK_PROVIDER_MODULE: &str = "github.com/terraform-provider-openstack/terraform-provider-openstack/v3";
/// Gitea's Go module, with the templates of its pages.
pub const GITEA_MODULE: &str = "code.gitea.io/gitea";

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
    /// Who pins it.
    pub lock: &'static Lock,
}

/// Every program. Go builds them in this order, and the last ones are small: nothing is left to do beside their linking.
pub static TOOLS: &[Tool] = &[
    tool("etcd", "go.etcd.io/etcd/server/v3", &PEERS),
    tool("kube-apiserver", "k8s.io/kubernetes/cmd/kube-apiserver", &PEERS),
    tool("kube-controller-manager", "k8s.io/kubernetes/cmd/kube-controller-manager", &PEERS),
    tool("kube-scheduler", "k8s.io/kubernetes/cmd/kube-scheduler", &PEERS),
    tool("kubectl", "k8s.io/kubernetes/cmd/kubectl", &PEERS),
    tool("kwok", "sigs.k8s.io/kwok/cmd/kwok", &PEERS),
    tool("argocd", "github.com/argoproj/argo-cd/v3/cmd", &PEERS),
    tool("helm", "helm.sh/helm/v4/cmd/helm", &PEERS),
    tool("kustomize", "sigs.k8s.io/kustomize/kustomize/v5", &PEERS),
    tool("crossplane", "github.com/crossplane/crossplane/v2/cmd/crossplane", &CROSSPLANE),
    tool("crank", "github.com/crossplane/crossplane/v2/cmd/crank", &CROSSPLANE),
    tool("provider-kubernetes", "github.com/crossplane-contrib/provider-kubernetes/cmd/provider", &PACKAGES),
    tool("function-testbed", "./function", &PACKAGES),
    tool("function-patch-and-transform", "github.com/crossplane-contrib/function-patch-and-transform", &FUNCTIONS),
    tool("kyverno", "github.com/kyverno/kyverno/cmd/kyverno", &KYVERNO),
    tool("kyverno-init", "github.com/kyverno/kyverno/cmd/kyverno-init", &KYVERNO),
    tool("background-controller", "github.com/kyverno/kyverno/cmd/background-controller", &KYVERNO),
    tool("tofu", "github.com/opentofu/opentofu/cmd/tofu", &OPENTOFU),
    tool("terraform-provider-time", "github.com/hashicorp/terraform-provider-time", &PROVIDERS),
    tool(
        "terraform-provider-openstack",
        "github.com/terraform-provider-openstack/terraform-provider-openstack/v3",
        &OPENSTACK,
    ),
    tool("gitea", "code.gitea.io/gitea", &GITEA),
    tool("kind", "sigs.k8s.io/kind", &KIND),
];

/// The programs of older versions.
static OLDER_TOOLS: &[Tool] = &[
    tool("crossplane-1.20", "github.com/crossplane/crossplane/cmd/crossplane", &CROSSPLANE_1_20),
    tool("crank-1.20", "github.com/crossplane/crossplane/cmd/crank", &CROSSPLANE_1_20),
    tool("crossplane-2.0", "github.com/crossplane/crossplane/v2/cmd/crossplane", &CROSSPLANE_2_0),
    tool("kyverno", "github.com/kyverno/kyverno/cmd/kyverno", &OLDER_KYVERNO),
    tool("kyverno-init", "github.com/kyverno/kyverno/cmd/kyverno-init", &OLDER_KYVERNO),
    tool("background-controller", "github.com/kyverno/kyverno/cmd/background-controller", &OLDER_KYVERNO),
];

const fn tool(name: &'static str, package: &'static str, lock: &'static Lock) -> Tool {
    Tool { name, package, lock }
}

impl Tool {
    /// What Go calls the program: the last part of its package that is no version.
    #[must_use]
    pub fn executable(&self) -> &'static str {
        let is_version = |part: &&str| part.strip_prefix('v').is_some_and(|rest| rest.parse::<u32>().is_ok());
        self.package.rsplit('/').find(|part| !is_version(part)).unwrap_or(self.name)
    }
}

/// The programs that a lock pins.
pub fn tools(lock: &Lock) -> impl Iterator<Item = &'static Tool> {
    TOOLS.iter().chain(OLDER_TOOLS).filter(move |tool| std::ptr::eq(tool.lock, lock))
}

/// The locks whose programs are not all in the cache.
#[must_use]
pub fn unbuilt(cache: &Cache) -> Vec<&'static str> {
    let is_unbuilt = |lock: &&&Lock| tools(lock).any(|tool| !cache.bin(tool.name).exists());
    LOCKS.iter().filter(is_unbuilt).map(|lock| lock.name).collect()
}

/// The version that a lock pins a module to, such as `v3.6.1`.
#[must_use]
pub fn pinned(module: &str) -> Option<&'static str> {
    pinned_by(LOCKS, module)
}

/// The version that one of these locks pins a module to.
#[must_use]
pub fn pinned_by(locks: &[&'static Lock], module: &str) -> Option<&'static str> {
    locks
        .iter()
        .flat_map(|lock| lock.module().lines())
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
    format!("{}-{}", env!("CARGO_PKG_VERSION"), digest(LOCKS))
}

/// Names the cache of the older versions.
#[must_use]
pub fn older_version() -> String {
    format!("older-{}", digest(OLDER))
}

fn digest(locks: &[&Lock]) -> String {
    let mut digest = Sha256::new();
    for (_, text) in locks.iter().flat_map(|lock| lock.files) {
        digest.update(text);
    }
    digest.update(TOOLCHAIN);
    let [a, b, c, d, ..] = <[u8; 32]>::from(digest.finalize());
    format!("{:08x}", u32::from_be_bytes([a, b, c, d]))
}

/// The linker drops what debuggers read, so the compiler need not write it: a tenth of its time.
pub const COMPILER_FLAGS: &str = "-gcflags=all=-dwarf=false";

/// The linker's settings. Without those of `-X` the programs of a lock do not know their own version.
#[must_use]
pub fn linker_flags(lock: &'static Lock) -> String {
    let kubernetes = pinned("k8s.io/kubernetes").unwrap_or_default();
    let minor = kubernetes.split('.').nth(1).unwrap_or_default();
    let argocd = argocd_version().trim_start_matches('v');
    let crossplane = pinned_by(&[lock], CROSSPLANE_MODULE).unwrap_or_default();
    let older_crossplane = pinned_by(&[lock], OLDER_CROSSPLANE_MODULE).unwrap_or_default();
    let kyverno = pinned_by(&[lock], KYVERNO_MODULE).unwrap_or_default();
    let mut flags = vec![
        "-s".to_owned(),
        "-w".to_owned(),
        format!("-X {ARGOCD_MODULE}/common.version={argocd}"),
        format!("-X {CROSSPLANE_MODULE}/internal/version.version={crossplane}"),
        format!("-X {OLDER_CROSSPLANE_MODULE}/internal/version.version={older_crossplane}"),
        format!("-X {KYVERNO_MODULE}/pkg/version.BuildVersion={kyverno}"),
        // else it takes itself for a build on the way to the version that it has
        format!("-X {OPENTOFU_MODULE}/version.dev=no"),
    ];
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

/// Writes the locks where Go reads them.
pub fn write(cache: &Cache, locks: &[&Lock]) -> Result<()> {
    locks.iter().try_for_each(|lock| lock.write(cache))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_come_from_the_lock_files() {
        assert!(argocd_version().starts_with("v3."));
        assert!(pinned(CROSSPLANE_MODULE).is_some_and(|version| version.starts_with("v2.")));
        assert!(pinned(KYVERNO_MODULE).is_some_and(|version| version.starts_with("v1.")));
        assert!(pinned("k8s.io/kubernetes").is_some_and(|version| version.starts_with("v1.")));
        assert_eq!(pinned("example.org/unknown"), None);
    }

    #[test]
    fn every_tool_is_locked() {
        for tool in TOOLS.iter().chain(OLDER_TOOLS) {
            let ours = tool.package.strip_prefix("./").map(|dir| format!("{dir}/main.go"));
            let locked = match ours {
                Some(file) => tool.lock.files.iter().any(|(name, _)| *name == file),
                None => tool.lock.module().replace("tool ", "\t").contains(&format!("\t{}\n", tool.package)),
            };
            assert!(locked, "{}", tool.name);
        }
    }

    #[test]
    fn a_hub_needs_neither_crossplane_nor_kyverno() {
        let names: Vec<_> = HUB.iter().flat_map(|lock| tools(lock)).map(|tool| tool.name).collect();
        assert!(names.starts_with(&["etcd", "kube-apiserver", "kube-controller-manager"]), "{names:?}");
        assert!(names.contains(&"argocd") && names.contains(&"helm"), "{names:?}");
        assert!(!names.iter().any(|name| ["crossplane", "kyverno", "provider-kubernetes"].contains(name)), "{names:?}");
        assert_eq!(LOCKS.iter().flat_map(|lock| tools(lock)).count(), TOOLS.len());
    }

    #[test]
    fn older_versions_are_older_and_no_test_has_them_built_by_chance() {
        let version = |locks, module| pinned_by(locks, module).expect("pinned");
        assert!(version(OLDER, OLDER_CROSSPLANE_MODULE).starts_with("v1.20."));
        for module in [CROSSPLANE_MODULE, KYVERNO_MODULE] {
            assert!(version(OLDER, module) < version(LOCKS, module), "{module}");
        }
        let older: Vec<_> = OLDER.iter().flat_map(|lock| tools(lock)).map(|tool| tool.name).collect();
        assert_eq!(older, OLDER_TOOLS.iter().map(|tool| tool.name).collect::<Vec<_>>());
        assert!(OLDER.iter().all(|it| !LOCKS.iter().any(|lock| std::ptr::eq(*lock, *it))));
        let flags = linker_flags(&OLDER_KYVERNO);
        assert!(flags.contains(&format!("BuildVersion={}", version(OLDER, KYVERNO_MODULE))), "{flags}");
    }

    #[test]
    fn programs_are_found_by_the_names_that_go_gives() {
        let executable = |name| TOOLS.iter().find(|tool| tool.name == name).map(Tool::executable);
        assert_eq!(executable("etcd"), Some("server"));
        assert_eq!(executable("argocd"), Some("cmd"));
        assert_eq!(executable("kustomize"), Some("kustomize"));
        assert_eq!(executable("function-testbed"), Some("function"));
        for lock in LOCKS {
            let mut names: Vec<_> = tools(lock).map(Tool::executable).collect();
            names.sort_unstable();
            names.dedup();
            assert_eq!(names.len(), tools(lock).count(), "two programs of {} have one name", lock.name);
        }
    }
}
