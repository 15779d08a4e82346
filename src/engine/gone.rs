//! A kubeconfig that says that its cluster is gone, in the place of one that leads there. The steps of a removal come one
//! after the other, each as a process of its own: so those about what was on the cluster know that nothing is left to do.

use kube::config::Kubeconfig;
use serde_json::json;

use crate::report::Failure;

/// The name of the extension that says it.
const GONE: &str = "backstack.dev/gone";

/// The text of such a kubeconfig.
#[must_use]
pub fn kubeconfig_of_gone() -> String {
    let extension = json!({"name": GONE, "extension": {"by": "backstack"}});
    format!("{:#}\n", json!({"apiVersion": "v1", "kind": "Config", "extensions": [extension]}))
}

/// The way to the cluster of a kubeconfig without what logs in there, as a kubeconfig: enough to see whether somebody still answers.
/// `None` where it leads to no cluster.
#[must_use]
pub fn kubeconfig_without_login(text: &str) -> Option<String> {
    let kubeconfig = Kubeconfig::from_yaml(text).ok()?;
    let context = kubeconfig.contexts.iter().find(|it| Some(&it.name) == kubeconfig.current_context.as_ref())?;
    let name = &context.context.as_ref()?.cluster;
    let cluster = kubeconfig.clusters.iter().find(|it| it.name == *name)?.cluster.as_ref()?;
    let way = json!({
        "server": cluster.server.as_ref()?,
        "certificate-authority-data": cluster.certificate_authority_data,
        "insecure-skip-tls-verify": cluster.insecure_skip_tls_verify,
        "tls-server-name": cluster.tls_server_name,
    });
    let way: serde_json::Map<_, _> =
        way.as_object()?.clone().into_iter().filter(|(_, value)| !value.is_null()).collect();
    let kubeconfig = json!({
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "way",
        "clusters": [{"name": "way", "cluster": way}],
        "users": [{"name": "nobody", "user": {}}],
        "contexts": [{"name": "way", "context": {"cluster": "way", "user": "nobody"}}],
    });
    Some(kubeconfig.to_string())
}

pub(super) fn says_gone(kubeconfig: &Kubeconfig) -> bool {
    kubeconfig.extensions.iter().flatten().any(|it| it.name == GONE)
}

/// The cluster cannot be reached any more.
pub(super) fn gone(shown: &str) -> Failure {
    Failure::failed(format!("the cluster of the kubeconfig {shown} is gone"))
        .hint("its installation was taken away, or is on its way: finish that, or install it anew")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_way_has_nothing_that_logs_in() {
        let text = "{apiVersion: v1, kind: Config, current-context: b, contexts: [{name: a, context: {cluster: x, user: u}}, \
                    {name: b, context: {cluster: y, user: u}}], clusters: [{name: x, cluster: {server: 'https://x'}}, \
                    {name: y, cluster: {server: 'https://y', certificate-authority-data: Q0E=, proxy-url: 'http://u:hunter2@p'}}], \
                    users: [{name: u, user: {token: hunter2, client-key-data: hunter2}}]}";
        let way = kubeconfig_without_login(text).expect("a way");
        assert!(way.contains("https://y") && way.contains("Q0E=") && !way.contains("hunter2"), "{way}");
        assert_eq!(kubeconfig_without_login("{apiVersion: v1, kind: Config}"), None);
    }

    #[test]
    fn a_kubeconfig_says_that_its_cluster_is_gone() {
        let read = |text: &str| Kubeconfig::from_yaml(text).expect("a kubeconfig");
        assert!(!says_gone(&read("{apiVersion: v1, kind: Config}")));
        assert!(says_gone(&read(&kubeconfig_of_gone())));
    }
}
