//! Which Secrets of a cluster belong into an export, and what of each. Pure.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::document::Kept;
use crate::argocd::tracker;
use crate::engine::{CREDENTIALS_MANAGER, MANAGER, REQUEST_MANAGER, ownership};
use crate::object::{group, is_being_deleted, kind, name, owners, str_at};
use crate::words::{argo, kyverno, spoke};

/// The namespaces in which a cluster keeps what is its own.
const OF_THE_CLUSTER: [&str; 3] = ["kube-system", "kube-public", "kube-node-lease"];
/// The label of the keys by which Sealed Secrets are opened. They are kept in such a namespace, and lost with it.
const SEALING_KEY: &str = "sealedsecrets.bitnami.com/sealed-secrets-key";
/// The owners that have the values from elsewhere: from a store, or sealed in git.
const RETURNING: [(&str, &str); 2] = [("external-secrets.io", "ExternalSecret"), ("bitnami.com", "SealedSecret")];
/// What Argo CD makes for its own redis.
const REDIS: &str = "argocd-redis";
/// Annotations that are requests, or the whole Secret once more.
const FLEETING: [&str; 4] =
    [argo::TRACKING_ID, argo::REFRESH, argo::REFRESH_STAMP, "kubectl.kubernetes.io/last-applied-configuration"];
/// The Secrets by which Argo CD reads git. Those by which it writes there, and those of clusters, are of other types.
const READING: [&str; 2] = ["repository", "repo-creds"];

/// The Secret as it is kept, or why it is not.
pub fn choose(live: &Value) -> Result<Kept, String> {
    let namespace = str_at(live, "/metadata/namespace");
    let label = |key: &str| live.pointer("/metadata/labels").and_then(|it| it.get(key));
    match str_at(live, "/type") {
        "kubernetes.io/service-account-token" => return Err("a token of a service account".to_owned()),
        "bootstrap.kubernetes.io/token" => return Err("a token for machines that join the cluster".to_owned()),
        "helm.sh/release.v1" => return Err("the record of a release of Helm".to_owned()),
        _ => {}
    }
    if OF_THE_CLUSTER.contains(&namespace) && label(SEALING_KEY).is_none() {
        return Err("the cluster's own".to_owned());
    }
    if let Some(owner) = owners(live).find(|it| returns_the_same(it)) {
        return Err(format!("{} {} fills it again", kind(owner), str_at(owner, "/name")));
    }
    if is_being_deleted(live) {
        return Err("it is being deleted".to_owned());
    }
    if label(kyverno::CERTIFICATE).is_some() {
        return Err("Kyverno makes it anew".to_owned());
    }
    if (namespace, name(live)) == (argo::NAMESPACE, REDIS) {
        return Err("Argo CD makes it anew".to_owned());
    }
    let kept = kept(live);
    if kept.data.is_empty() {
        return Err("git holds all of it, or Argo CD makes it: no other has written a key".to_owned());
    }
    Ok(kept)
}

/// Whether an owner fills the Secret again with the values that it had. One that makes new ones (a password, a key, a CA) or asks for them
/// only once is no way to get these back.
fn returns_the_same(owner: &Value) -> bool {
    RETURNING.contains(&(group(owner), kind(owner)))
}

fn kept(live: &Value) -> Kept {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let all = |pointer: &str| -> BTreeMap<String, String> {
        let fields = live.pointer(pointer).and_then(Value::as_object).into_iter().flatten();
        fields.map(|(key, value)| (key.clone(), text(value))).collect()
    };
    let in_git = keys_in_git(live);
    let mut data = all("/data");
    data.retain(|key, _| !in_git.contains_key(&format!("f:{key}")));
    // What an Application brings has its labels from git.
    let (mut labels, mut annotations) = (BTreeMap::new(), BTreeMap::new());
    if tracker(live).is_none() {
        labels = all("/metadata/labels");
        annotations = all("/metadata/annotations");
        annotations.retain(|key, _| !FLEETING.contains(&key.as_str()));
    }
    Kept {
        namespace: str_at(live, "/metadata/namespace").to_owned(),
        name: name(live).to_owned(),
        form: str_at(live, "/type").to_owned(),
        labels,
        annotations,
        immutable: live.pointer("/immutable") == Some(&Value::Bool(true)),
        manager: manager(live),
        data,
    }
}

/// The keys that Argo CD has applied, as a set of fields names them: from files in git, or from a chart. What a chart makes by chance it
/// makes anew with another value, and nothing on the cluster tells that from what stands in git.
fn keys_in_git(live: &Value) -> Map<String, Value> {
    let of_git = ownership::entries(live)
        .iter()
        .find(|it| str_at(it, "/manager") == argo::MANAGER && str_at(it, "/operation") == "Apply");
    let data = of_git.and_then(|it| it.pointer("/fieldsV1/f:data")).and_then(Value::as_object);
    data.cloned().unwrap_or_default()
}

/// Whoever of us has written the values writes them again, so that its next run is not stopped by another manager.
fn manager(live: &Value) -> String {
    let of_us = |it: &&str| it.starts_with("backstack-") && ![MANAGER, REQUEST_MANAGER].contains(it);
    let with_values = ownership::entries(live).iter().filter(|it| it.pointer("/fieldsV1/f:data").is_some());
    with_values.map(|it| str_at(it, "/manager")).find(of_us).unwrap_or(CREDENTIALS_MANAGER).to_owned()
}

/// Whether the Secret is one by which Argo CD reads git, and nothing else. One whose labels come from git is not known to be.
pub fn reads_git(kept: &Kept) -> bool {
    let reads = kept.labels.get(argo::SECRET_TYPE).is_some_and(|it| READING.contains(&it.as_str()));
    reads && kept.namespace == argo::NAMESPACE && !kept.labels.contains_key(spoke::SPOKE)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn secret(extra: &Value) -> Value {
        let mut live = json!({"apiVersion": "v1", "kind": "Secret", "type": "Opaque", "data": {"k": "dg=="},
            "metadata": {"namespace": "team", "name": "s"}});
        for (pointer, value) in extra.as_object().expect("an object") {
            let (parent, key) = pointer.rsplit_once('/').expect("a pointer");
            live.pointer_mut(parent).expect("there")[key] = value.clone();
        }
        live
    }

    fn owned(api_version: &str, kind: &str) -> Value {
        json!({"/metadata/ownerReferences": [{"apiVersion": api_version, "kind": kind, "name": "o"}]})
    }

    #[test]
    fn what_is_made_anew_is_left_out() {
        for (extra, why) in [
            (json!({"/type": "kubernetes.io/service-account-token"}), "service account"),
            (json!({"/type": "helm.sh/release.v1"}), "Helm"),
            (json!({"/metadata/namespace": "kube-system"}), "the cluster's own"),
            (owned("external-secrets.io/v1", "ExternalSecret"), "ExternalSecret o"),
            (owned("bitnami.com/v1alpha1", "SealedSecret"), "SealedSecret o"),
            (json!({"/metadata/deletionTimestamp": "t"}), "deleted"),
            (json!({"/metadata/labels": {kyverno::CERTIFICATE: "kyverno"}}), "Kyverno"),
            (json!({"/metadata/namespace": "argocd", "/metadata/name": REDIS}), "Argo CD"),
            (json!({"/data": {}}), "git holds"),
        ] {
            let Err(said) = choose(&secret(&extra)) else { panic!("{extra} is kept") };
            assert!(said.contains(why), "{extra}: {said}");
        }
        assert!(choose(&secret(&json!({}))).is_ok());
        for (api_version, kind) in [
            ("cert-manager.io/v1", "Certificate"),
            ("example.org/v1", "ExternalSecret"),
            ("pkg.crossplane.io/v1", "ProviderRevision"),
        ] {
            assert!(choose(&secret(&owned(api_version, kind))).is_ok(), "{kind} makes it with another value");
        }
        let mut connection = owned("s3.aws.upbound.io/v1beta1", "User");
        connection["/type"] = json!("connection.crossplane.io/v1alpha1");
        assert!(choose(&secret(&connection)).is_ok(), "the cloud does not tell it twice");
        let sealing = json!({"/metadata/namespace": "kube-system", "/metadata/labels": {SEALING_KEY: "active"}});
        assert!(choose(&secret(&sealing)).is_ok(), "it is kept nowhere else");
    }

    #[test]
    fn what_git_holds_of_a_secret_is_no_part_of_it() {
        let live = secret(&json!({"/data": {"url": "aA==", "admin.password": "eA=="}, "/metadata/labels": {"a": "b"},
            "/metadata/annotations": {argo::TRACKING_ID: "argocd:/Secret:team/s", "x": "y"},
            "/metadata/managedFields": [{"manager": argo::MANAGER, "operation": "Apply", "fieldsV1": {"f:data": {"f:url": {}}}}]}));
        let Ok(kept) = choose(&live) else { panic!("kept") };
        assert_eq!(kept.data.keys().collect::<Vec<_>>(), ["admin.password"]);
        assert!(kept.labels.is_empty() && kept.annotations.is_empty(), "these come from git");
    }

    #[test]
    fn whoever_wrote_it_writes_it_again() {
        let by = |manager: &str| {
            let live = secret(
                &json!({"/metadata/managedFields": [{"manager": "backstack-request", "fieldsV1": {"f:data": {}}},
                {"manager": manager, "operation": "Apply", "fieldsV1": {"f:data": {"f:k": {}}}}]}),
            );
            choose(&live).map(|it| it.manager.clone()).unwrap_or_default()
        };
        assert_eq!(by("backstack-bead-shop"), "backstack-bead-shop");
        assert_eq!(by("kubectl-create"), CREDENTIALS_MANAGER);
    }

    #[test]
    fn only_what_argo_cd_reads_git_by_is_for_reading_git() {
        let of = |namespace: &str, labels: Value| {
            let live = secret(&json!({"/metadata/namespace": namespace, "/metadata/labels": labels}));
            choose(&live).is_ok_and(|kept| reads_git(&kept))
        };
        for (namespace, labels, reads) in [
            ("argocd", json!({argo::SECRET_TYPE: "repository"}), true),
            ("argocd", json!({argo::SECRET_TYPE: "repo-creds"}), true),
            ("argocd", json!({argo::SECRET_TYPE: "repository-write"}), false),
            ("argocd", json!({argo::SECRET_TYPE: "repo-write-creds"}), false),
            ("argocd", json!({argo::SECRET_TYPE: argo::CLUSTER}), false),
            ("argocd", json!({argo::SECRET_TYPE: "repo-creds", spoke::SPOKE: "a"}), false),
            ("argocd", json!({}), false),
            ("team", json!({argo::SECRET_TYPE: "repository"}), false),
        ] {
            assert_eq!(of(namespace, labels.clone()), reads, "{namespace} {labels}");
        }
    }

    #[test]
    fn requests_and_copies_of_the_values_are_no_annotations() {
        let live = secret(&json!({"/metadata/annotations": {FLEETING[2]: "{\"data\":{}}", "note": "n"}}));
        let Ok(kept) = choose(&live) else { panic!("kept") };
        assert_eq!(kept.annotations.keys().collect::<Vec<_>>(), ["note"]);
    }
}
