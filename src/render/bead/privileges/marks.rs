//! Labels and annotations by which controllers act that are not the bead's.

use serde_json::Value;

use super::own::Own;
use crate::render::bead::Piece;
use crate::words::argo;

/// A label or an annotation, on objects of some kinds of the core group, and what comes of it.
pub struct Mark {
    /// The kinds.
    pub kinds: &'static [&'static str],
    /// The key.
    pub key: &'static str,
    /// What comes of it.
    pub can: &'static str,
}

const fn mark(kinds: &'static [&'static str], key: &'static str, can: &'static str) -> Mark {
    Mark { kinds, key, can }
}

const ACCOUNT: &[&str] = &["ServiceAccount"];
const DATA: &[&str] = &["Secret", "ConfigMap"];
const CLOUD: &str = "its pods act in the cloud, with the rights of the account that it names";
const COPY: &str = "gets a copy of what it names, if that is in another namespace and may be copied";
const COPIED: &str = "is copied into namespaces of others";
const SHOWN: &str = "the Grafana that looks for it takes it in";

/// Those that are common.
pub const MARKS: &[Mark] = &[
    mark(ACCOUNT, "eks.amazonaws.com/role-arn", CLOUD),
    mark(ACCOUNT, "iam.gke.io/gcp-service-account", CLOUD),
    mark(ACCOUNT, "azure.workload.identity/client-id", CLOUD),
    mark(DATA, "replicator.v1.mittwald.de/replicate-from", COPY),
    mark(DATA, "replicator.v1.mittwald.de/replicate-to", COPIED),
    mark(DATA, "replicator.v1.mittwald.de/replicate-to-matching", COPIED),
    mark(DATA, "reflector.v1.k8s.emberstack.com/reflects", COPY),
    mark(DATA, "reflector.v1.k8s.emberstack.com/reflection-auto-enabled", COPIED),
    mark(&["Secret"], argo::SECRET_TYPE, "an Argo CD that looks there takes it for access to a cluster or repository"),
    mark(DATA, "grafana_dashboard", SHOWN),
    mark(DATA, "grafana_datasource", SHOWN),
];

/// What an object says to controllers of others.
pub fn marks(piece: &Piece, _: Own<'_>) -> Vec<String> {
    let of_kind = MARKS.iter().filter(|it| it.kinds.contains(&piece.text("/kind")));
    let told = of_kind.filter_map(|mark| {
        let at = |map: &str| piece.object.pointer(map)?.get(mark.key);
        let value = at("/metadata/annotations").or_else(|| at("/metadata/labels"))?;
        Some(format!("{} {}: {}", mark.key, value.as_str().unwrap_or_default(), mark.can))
    });
    told.collect()
}

/// What a namespace says to whoever goes by it. Of its labels anybody may select by any.
pub fn of_namespace(piece: &Piece) -> Vec<String> {
    let map = |at: &str| piece.object.pointer(at).and_then(Value::as_object).into_iter().flatten();
    let is_plain = |key: &str| {
        key == "kubernetes.io/metadata.name"
            || ["app.kubernetes.io/", "pod-security.kubernetes.io/", "backstack.dev/"]
                .iter()
                .any(|it| key.starts_with(it))
    };
    let labels = map("/metadata/labels").filter(|(key, _)| !is_plain(key)).map(|it| ("label", it));
    let is_of_argo = |key: &str| {
        let domain = key.split('/').next().unwrap_or_default();
        domain.ends_with(argo::GROUP) || domain == "kubectl.kubernetes.io"
    };
    let annotations = map("/metadata/annotations")
        .filter(|(key, _)| key.contains('/') && !is_plain(key) && !is_of_argo(key))
        .map(|it| ("annotation", it));
    let told = labels.chain(annotations);
    told.map(|(what, (key, value))| {
        format!(
            "{what} {key}: {}: whoever goes by it treats all of the namespace by it",
            value.as_str().unwrap_or_default()
        )
    })
    .collect()
}
