//! Finding the cluster: which kubeconfig, which context, and who we are talking to.

use std::path::{Path, PathBuf};
use std::time::Duration;

use kube::Config;
use kube::config::{KubeConfigOptions, Kubeconfig};

use crate::env;
use crate::report::{Failure, Outcome, remember_secret};
use crate::spec::Existing;

/// What identifies a cluster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facts {
    /// The UID of the `kube-system` namespace: it lives as long as the cluster does.
    pub uid: String,
    /// The version of the API server, `v1.37.2`.
    pub version: String,
}

/// The client's configuration, and where it was found, for the user to know.
pub(super) async fn configuration(existing: &Existing) -> Outcome<(Config, String)> {
    let options = KubeConfigOptions { context: existing.context.clone(), ..KubeConfigOptions::default() };
    let paths = kubeconfig_paths(existing)?;
    if paths.is_empty() {
        let config = Config::incluster().map_err(|error| {
            Failure::failed(format!("no kubeconfig was found, and this is not a pod: {error}"))
                .hint("give the step a `kubeconfig`, set KUBECONFIG, or bind the bundle's kubeconfig credential")
        })?;
        return Ok((tuned(config), "the in-cluster service account".to_owned()));
    }
    let shown = paths.iter().map(|path| path.display().to_string()).collect::<Vec<_>>().join(":");
    let wrong = |cause: String| {
        Failure::failed(format!("cannot use the kubeconfig {shown}: {cause}"))
            .hint("check that it is a whole kubeconfig and that the context exists in it")
    };
    let mut merged = Kubeconfig::default();
    for path in &paths {
        remember_secrets_in(path)?;
        let one = Kubeconfig::read_from(path).map_err(|error| wrong(error.to_string()))?;
        merged = merged.merge(one).map_err(|error| wrong(error.to_string()))?;
    }
    let config = Config::from_custom_kubeconfig(merged, &options).await.map_err(|error| wrong(error.to_string()))?;
    Ok((tuned(config), shown))
}

/// In this order: the step, `$KUBECONFIG`, the home folder, the home of Porter's image. What is named but
/// not there is an error: another cluster would be the wrong one.
fn kubeconfig_paths(existing: &Existing) -> Outcome<Vec<PathBuf>> {
    if let Some(path) = existing.kubeconfig.as_deref().filter(|path| !path.is_empty()) {
        let path = PathBuf::from(path);
        return if path.is_file() {
            Ok(vec![path])
        } else {
            Err(Failure::failed(format!("the kubeconfig {} is not there", path.display()))
                .hint("bind the bundle's kubeconfig credential, or correct `kubeconfig` in the step"))
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
    let home = env::get(env::HOME).map(|home| PathBuf::from(home).join(".kube/config"));
    let candidates = home.into_iter().chain([env::in_image("/home/nonroot/.kube/config")]);
    Ok(candidates.filter(|path| path.is_file()).take(1).collect())
}

/// The messages of the parser quote values.
fn remember_secrets_in(kubeconfig: &Path) -> Outcome<()> {
    const SECRET: &[&str] = &["token", "password", "client-key-data", "id-token", "refresh-token", "access-token"];
    let text = std::fs::read_to_string(kubeconfig)
        .map_err(|error| Failure::failed(format!("cannot read the kubeconfig {}: {error}", kubeconfig.display())))?;
    for line in text.lines() {
        let Some((key, value)) = line.split_once(':') else { continue };
        if SECRET.contains(&key.trim_matches([' ', '-', '"', '\''])) {
            remember_secret(value.trim().trim_matches(['"', '\'', ',']));
        }
    }
    Ok(())
}

fn tuned(mut config: Config) -> Config {
    // Requests are retried here, under the step's deadline and with its report, not out of sight.
    config.default_retry = false;
    config.connect_timeout = Some(Duration::from_secs(5));
    config
}
