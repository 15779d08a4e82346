//! Finding the cluster: which kubeconfig, which context, and who we are talking to.

use std::path::PathBuf;
use std::time::Duration;

use kube::Config;
use kube::config::{KubeConfigOptions, Kubeconfig};

use crate::env;
use crate::report::{Failure, Outcome};
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
    let Some(path) = kubeconfig_path(existing)? else {
        let config = Config::incluster().map_err(|error| {
            Failure::failed(format!("no kubeconfig was found, and this is not a pod: {error}"))
                .hint("give the step a `kubeconfig`, set KUBECONFIG, or bind the bundle's kubeconfig credential")
        })?;
        return Ok((tuned(config), "the in-cluster service account".to_owned()));
    };
    let shown = path.display().to_string();
    let wrong = |cause: String| {
        Failure::failed(format!("cannot use the kubeconfig {shown}: {cause}"))
            .hint("check that it is a whole kubeconfig and that the context exists in it")
    };
    let kubeconfig = Kubeconfig::read_from(&path).map_err(|error| wrong(error.to_string()))?;
    let config =
        Config::from_custom_kubeconfig(kubeconfig, &options).await.map_err(|error| wrong(error.to_string()))?;
    Ok((tuned(config), shown))
}

/// The order of porter.md 3.5: the step, `$KUBECONFIG`, the home folder, the home of Porter's image.
fn kubeconfig_path(existing: &Existing) -> Outcome<Option<PathBuf>> {
    if let Some(path) = existing.kubeconfig.as_deref().filter(|path| !path.is_empty()) {
        let path = PathBuf::from(path);
        return if path.is_file() {
            Ok(Some(path))
        } else {
            Err(Failure::failed(format!("the kubeconfig {} is not there", path.display()))
                .hint("bind the bundle's kubeconfig credential, or correct `kubeconfig` in the step"))
        };
    }
    let listed = env::get(env::KUBECONFIG).map(|all| std::env::split_paths(&all).collect::<Vec<_>>());
    let home = env::get(env::HOME).map(|home| PathBuf::from(home).join(".kube/config"));
    let candidates = listed.unwrap_or_default().into_iter().chain(home);
    Ok(candidates.chain([env::in_image("/home/nonroot/.kube/config")]).find(|path| path.is_file()))
}

fn tuned(mut config: Config) -> Config {
    // Requests are retried here, under the step's deadline and with its report, not out of sight.
    config.default_retry = false;
    config.connect_timeout = Some(Duration::from_secs(5));
    config
}
