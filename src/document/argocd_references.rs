//! Where the settings of Argo CD refer to Secrets: `$name:key`, and `$key` for a key of `argocd-secret`.

use serde_json::Value;

use super::hub::ArgoCd;
use crate::schema::{Path, is_data_key, plain};
use crate::yaml::{self, Reader};

/// The Secret that a reference without a name means.
pub const ARGOCD_SECRET: &str = "argocd-secret";

/// A reference to a key of a Secret in Argo CD's namespace.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct SecretReference {
    /// The name of the Secret.
    pub secret: String,
    /// The key.
    pub key: String,
    /// As it is written.
    pub written: String,
    /// Where it stands in the Hub document.
    pub at: String,
}

/// The references in `argocd-cm`, which is where Argo CD resolves them. A text is one as a whole or not at all (argo-cd 3.6.1,
/// `util/settings/settings.go`, `ReplaceStringSecret`).
#[must_use]
pub fn secret_references(argocd: &ArgoCd) -> Vec<SecretReference> {
    let mut found = Vec::new();
    for (key, text) in &argocd.config {
        let value = match yaml::parse("", text, Reader::Kubernetes).map(|document| plain(&document.root)) {
            Ok(value @ (Value::Object(_) | Value::Array(_))) => value,
            _ => Value::from(text.as_str()),
        };
        collect(&value, &Path::new("spec.argocd.config").key(key), &mut found);
    }
    found
}

fn collect(value: &Value, at: &Path, found: &mut Vec<SecretReference>) {
    match value {
        Value::Object(fields) => fields.iter().for_each(|(key, value)| collect(value, &at.key(key), found)),
        Value::Array(items) => items.iter().enumerate().for_each(|(index, it)| collect(it, &at.index(index), found)),
        Value::String(text) => found.extend(reference(text).map(|(secret, key)| SecretReference {
            secret: secret.to_owned(),
            key: key.to_owned(),
            written: text.clone(),
            at: at.dotted(),
        })),
        _ => {}
    }
}

/// The Secret and key of a reference. A word without a dot may be a variable of Dex's own environment.
fn reference(text: &str) -> Option<(&str, &str)> {
    let named = text.strip_prefix('$')?;
    let (secret, key) = named.split_once(':').or_else(|| named.contains('.').then_some((ARGOCD_SECRET, named)))?;
    (is_data_key(secret) && is_data_key(key)).then_some((secret, key))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn references_are_found_in_texts_and_in_texts_within() {
        let argocd: ArgoCd = serde_json::from_value(json!({"version": "3.6.1", "config": {
            "dex.config": "connectors:\n- config:\n    clientID: $sso:id\n    clientSecret: $dex.github.clientSecret\n    x: $HOME\n",
            "oidc.config": "{clientSecret: '$sso:clientSecret', issuer: 'https://a.example.org/$x:y'}",
            "url": "https://argocd.example.org",
            "resource.customizations.health.a_B": "hs = {}\nreturn hs\n",
            "extra": "$sso:extra",
        }}))
        .expect("settings");
        let found = secret_references(&argocd);
        let mut told: Vec<_> = found.iter().map(|it| (it.secret.as_str(), it.key.as_str(), it.at.as_str())).collect();
        told.sort_unstable();
        let dex = "spec.argocd.config.dex.config.connectors[0].config";
        let (id, secret) = (format!("{dex}.clientID"), format!("{dex}.clientSecret"));
        let expected = [
            (ARGOCD_SECRET, "dex.github.clientSecret", secret.as_str()),
            ("sso", "clientSecret", "spec.argocd.config.oidc.config.clientSecret"),
            ("sso", "extra", "spec.argocd.config.extra"),
            ("sso", "id", id.as_str()),
        ];
        assert_eq!(told, expected);
    }
}
