//! Which ConfigMap of Argo CD has a key: in another one it does nothing, and nobody says so.
//!
//! As Argo CD 3.6.1 reads them: `argocd-cm` by `util/settings/settings.go` and the operator manual, `argocd-cmd-params-cm` by the
//! `configMapKeyRef`s of its manifests. A key that none of them has is nobody's mistake: a later version may read it.

use super::hub::ArgoCd;
use crate::schema::{Mistakes, Path};

/// The fields of `spec.argocd`, and the ConfigMap that each of them fills.
const CONFIG: (&str, &str) = ("config", "argocd-cm");
const PARAMS: (&str, &str) = ("params", "argocd-cmd-params-cm");
const RBAC: (&str, &str) = ("rbac", "argocd-rbac-cm");

/// First words of keys that are arguments of its programs alone.
const OF_PROGRAMS: &str =
    "applicationsetcontroller commitserver controller dexserver hydrator notificationscontroller otlp redis reposerver";
/// Second words of such keys that begin with `server.`, as those of some settings do.
const OF_SERVER: &str = "api app basehref connection content default dex disable enable glob grpc http insecure k8s k8sclient \
                         listen log metrics oidc profile repo rootpath staticassets sync tls webhook x";
/// Other such keys, as a whole.
const ARGUMENTS: [&str; 4] = ["application.namespaces", "commit.server", "log.format.timestamp", "repo.server"];
/// First words of keys that are settings alone.
const OF_SETTINGS: &str = "accounts cluster exec extension ga globalProjects help helm installationID jsonnet kustomize \
                           passwordPattern project resource sourceHydrator statusbadge timeout ui url users";
/// Other settings: what their keys are or begin with.
const SETTINGS: [&str; 15] = [
    "additionalUrls",
    "admin.enabled",
    "application.allowedNodeLabels",
    "application.instanceLabelKey",
    "application.links",
    "application.resourceTrackingMethod",
    "application.sync.",
    "commit.author.",
    "dex.auth.connectorId",
    "dex.config",
    "oidc.",
    "server.maxPodLogsToRender",
    "server.rbac.",
    "webhook.maxPayloadSizeMB",
    "webhook.refresh.",
];

/// What is wrong with the keys of `config` and `params`. Those of `rbac` are all known.
pub(super) fn key_rules(argocd: &ArgoCd, found: &mut Mistakes) {
    for ((field, config_map), keys) in [(CONFIG, &argocd.config), (PARAMS, &argocd.params)] {
        for key in keys.keys() {
            let Some((other, its)) = home(key).filter(|(its, _)| *its != field) else { continue };
            let message = format!("`{key}` is a key of {its}, and Argo CD does not look for it in {config_map}");
            let at = Path::new("spec.argocd").key(field).key(key);
            found.say(at, message, Some(&format!("write it below `{other}`")));
        }
    }
}

/// The field of `spec.argocd` that a key belongs into, and its ConfigMap, if any is known to have it.
pub(super) fn home(key: &str) -> Option<(&'static str, &'static str)> {
    let mut words = key.split('.');
    let (first, second) = (words.next().unwrap_or_default(), words.next());
    let is_of_server = first == "server" && second.is_some_and(|word| is_among(OF_SERVER, word));
    if ARGUMENTS.contains(&key) || is_of_server || second.is_some() && is_among(OF_PROGRAMS, first) {
        Some(PARAMS)
    } else if key == "scopes" || first == "policy" && second.is_some() {
        Some(RBAC)
    } else if is_among(OF_SETTINGS, first) || SETTINGS.iter().any(|it| key.starts_with(it)) {
        Some(CONFIG)
    } else {
        None
    }
}

fn is_among(words: &str, word: &str) -> bool {
    words.split(' ').any(|it| it == word)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn each_key_has_its_place() {
        for (key, field) in [
            ("server.insecure", Some("params")),
            ("server.repo.server.timeout.seconds", Some("params")),
            ("server.webhook.refresh.workers", Some("params")),
            ("server.maxPodLogsToRender", Some("config")),
            ("server.rbac.rollback.enforce.enable", Some("config")),
            ("server.ofTomorrow", None),
            ("controller.diff.server.side", Some("params")),
            ("repo.server", Some("params")),
            ("commit.server", Some("params")),
            ("commit.author.name", Some("config")),
            ("application.namespaces", Some("params")),
            ("application.instanceLabelKey", Some("config")),
            ("application.ofTomorrow", None),
            ("redis.server", Some("params")),
            ("redis", None),
            ("timeout.reconciliation", Some("config")),
            ("accounts.alice", Some("config")),
            ("resource.customizations.health.a_B", Some("config")),
            ("kustomize.buildOptions", Some("config")),
            ("webhook.refresh.jitter", Some("config")),
            ("url", Some("config")),
            ("policy.csv", Some("rbac")),
            ("policy.team.csv", Some("rbac")),
            ("scopes", Some("rbac")),
            ("upstream", None),
            ("mine.of.a.plugin", None),
        ] {
            assert_eq!(home(key).map(|(field, _)| field), field, "{key}");
        }
    }

    #[test]
    fn a_key_below_another_field_is_told_with_its_own() {
        let said = |settings| {
            let mut found = Mistakes::default();
            let argocd: ArgoCd = serde_json::from_value(settings).expect("settings");
            key_rules(&argocd, &mut found);
            found.messages().into_iter().map(str::to_owned).collect::<Vec<_>>()
        };
        assert_eq!(
            said(json!({"version": "3.6.1", "config": {"server.insecure": "true", "url": "x", "own": "x"},
                "params": {"policy.default": "role:admin", "timeout.reconciliation": "60s", "server.log.level": "warn"}})),
            [
                "`server.insecure` is a key of argocd-cmd-params-cm, and Argo CD does not look for it in argocd-cm",
                "`policy.default` is a key of argocd-rbac-cm, and Argo CD does not look for it in argocd-cmd-params-cm",
                "`timeout.reconciliation` is a key of argocd-cm, and Argo CD does not look for it in argocd-cmd-params-cm",
            ]
        );
    }
}
