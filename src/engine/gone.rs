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
    fn a_kubeconfig_says_that_its_cluster_is_gone() {
        let read = |text: &str| Kubeconfig::from_yaml(text).expect("a kubeconfig");
        assert!(!says_gone(&read("{apiVersion: v1, kind: Config}")));
        assert!(says_gone(&read(&kubeconfig_of_gone())));
    }
}
