//! What is kept of a Secret of Argo CD: nothing that is secret.

use std::collections::BTreeMap;
use std::io::Read as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flate2::read::GzDecoder;
use serde_json::Value;

use crate::doctor::SecretFacts;
use crate::engine::installers::{LAST_APPLIED, RELEASE_TYPE};
use crate::object::{kind, name, secret_value, str_at};
use crate::report::wipe;
use crate::schema::address;
use crate::yaml;

/// The most that a release may unpack to.
const LARGEST: u64 = 32 << 20;

/// The facts about a Secret; its values are wiped.
pub fn secret(mut live: Value, workloads: &[String]) -> SecretFacts {
    let value = |key: &str| secret_value(&live, key).unwrap_or_default();
    let text = |key: &str| String::from_utf8(value(key)).unwrap_or_default();
    let all = |at: &str| -> BTreeMap<String, String> {
        let map = live.pointer(at).and_then(Value::as_object).into_iter().flatten();
        map.filter(|(key, _)| *key != LAST_APPLIED)
            .filter_map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned())))
            .collect()
    };
    let is_release = str_at(&live, "/type") == RELEASE_TYPE;
    let keys = live.get("data").and_then(Value::as_object).into_iter().flatten();
    let facts = SecretFacts {
        name: name(&live).to_owned(),
        is_release,
        labels: all("/metadata/labels"),
        annotations: all("/metadata/annotations"),
        keys: keys.map(|(key, _)| key.clone()).collect(),
        address: address::shown(&[text("url"), text("server")].concat()),
        called: text("name"),
        has_argocd: is_release && is_release_of(&value("release"), workloads),
        may_push: None,
    };
    wipe(&mut live);
    facts
}

/// Whether the manifest of a release has one of these workloads. Helm packs it, and writes base64 into base64.
fn is_release_of(packed: &[u8], workloads: &[String]) -> bool {
    let unpack = || {
        let packed = STANDARD.decode(packed).ok()?;
        let mut text = String::new();
        GzDecoder::new(packed.as_slice()).take(LARGEST).read_to_string(&mut text).ok()?;
        serde_json::from_str::<Value>(&text).ok()
    };
    let Some(mut release) = unpack() else { return false };
    let objects = yaml::manifests("release", str_at(&release, "/manifest")).unwrap_or_default();
    let is_one =
        |it: &Value| ["Deployment", "StatefulSet"].contains(&kind(it)) && workloads.iter().any(|of| of == name(it));
    let found = objects.iter().any(is_one);
    for mut object in objects {
        wipe(&mut object);
    }
    wipe(&mut release);
    found
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use flate2::Compression;
    use flate2::write::GzEncoder;
    use serde_json::json;

    use super::*;

    #[test]
    fn an_address_stays_and_what_logs_in_there_goes() {
        let encoded = |text: &str| STANDARD.encode(text);
        let live = json!({"metadata": {"name": "a", "annotations": {LAST_APPLIED: "{}"}}, "data": {
            "url": encoded("https://me:secret-of-git@git.example.org/a"), "password": encoded("secret-of-git")}});
        let facts = secret(live, &[]);
        assert_eq!(facts.address, "https://git.example.org/a");
        assert_eq!((facts.keys.len(), facts.annotations.len()), (2, 0));
        assert!(!format!("{facts:?}").contains("secret-of-git"));
    }

    #[test]
    fn a_release_is_known_by_the_workloads_in_its_manifest() {
        let packed = |manifest: &str| {
            let mut writer = GzEncoder::new(Vec::new(), Compression::fast());
            writer.write_all(json!({"manifest": manifest}).to_string().as_bytes()).expect("packed");
            STANDARD.encode(STANDARD.encode(writer.finish().expect("packed")))
        };
        let manifest = "---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {name: argo-argocd-server}\n";
        let of = |release: &str, type_: &str| json!({"type": type_, "metadata": {"name": "a"}, "data": {"release": release}});
        for (release, type_, workload, has) in [
            (packed(manifest), RELEASE_TYPE, "argo-argocd-server", true),
            (packed(manifest), RELEASE_TYPE, "argocd-server", false),
            (packed(manifest), "Opaque", "argo-argocd-server", false),
            ("bm9uZQ==".to_owned(), RELEASE_TYPE, "argo-argocd-server", false),
        ] {
            assert_eq!(secret(of(&release, type_), &[workload.to_owned()]).has_argocd, has, "{type_} {workload}");
        }
    }
}
