//! How Argo CD reaches a cluster and logs in there: the `config` of the cluster's Secret. Pure.
//!
//! Source of the fields: argo-cd 3.6.1, `ClusterConfig` of `pkg/apis/application/v1alpha1/types.go`. It ignores keys that it does
//! not know without a word, so none is written that is not there.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use serde_json::{Map, Value, json};
use zeroize::Zeroizing;

use crate::object::str_at;
use crate::report::wipe;
use crate::schema::expiry;

/// What logs in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Login {
    /// A token.
    Token,
    /// A client certificate.
    Certificate,
    /// A user with a password.
    Basic,
    /// A program that the image of Argo CD has.
    Exec,
    /// Nothing.
    Nobody,
}

impl Login {
    /// What it is called on a cluster's Secret.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Token => "token",
            Self::Certificate => "certificate",
            Self::Basic => "basic",
            Self::Exec => "exec",
            Self::Nobody => "none",
        }
    }
}

/// The `config` of a cluster's Secret. Wiped when it has served, and shown by nobody.
#[derive(Clone, PartialEq, Eq)]
pub struct ClusterConfig(Value);

impl ClusterConfig {
    /// One of these fields, named as Argo CD names them.
    #[must_use]
    pub fn of(fields: Map<String, Value>) -> Self {
        Self(Value::Object(fields))
    }

    /// What a Secret has. `None` where it is no mapping in JSON; nothing in it is the same as no fields.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        if text.trim().is_empty() {
            return Some(Self(json!({})));
        }
        serde_json::from_str(text).ok().filter(Value::is_object).map(Self)
    }

    /// As it stands in the Secret.
    #[must_use]
    pub fn text(&self) -> Zeroizing<String> {
        Zeroizing::new(self.0.to_string())
    }

    /// The same way to the cluster with a token and nothing else that logs in.
    #[must_use]
    pub fn with_token(&self, token: &str) -> Self {
        let mut fields = self.clone();
        for key in ["username", "password", "awsAuthConfig", "execProviderConfig"] {
            fields.0.as_object_mut().and_then(|it| it.remove(key));
        }
        if let Some(tls) = fields.0.get_mut("tlsClientConfig").and_then(Value::as_object_mut) {
            tls.retain(|key, _| !matches!(key.as_str(), "certData" | "keyData"));
        }
        fields.0["bearerToken"] = token.into();
        fields
    }

    /// What logs in. A program leaves all else without effect.
    #[must_use]
    pub fn login(&self) -> Login {
        let has = |pointer: &str| self.0.pointer(pointer).is_some_and(|it| !it.is_null() && *it != json!(""));
        if has("/execProviderConfig") || has("/awsAuthConfig") {
            Login::Exec
        } else if has("/bearerToken") {
            Login::Token
        } else if has("/tlsClientConfig/certData") {
            Login::Certificate
        } else if has("/username") {
            Login::Basic
        } else {
            Login::Nobody
        }
    }

    /// The token.
    #[must_use]
    pub fn token(&self) -> &str {
        str_at(&self.0, "/bearerToken")
    }

    /// When it is good for nothing any more, as far as it says that itself.
    #[must_use]
    pub fn expires(&self) -> Option<Timestamp> {
        let certificate = Zeroizing::new(STANDARD.decode(str_at(&self.0, "/tlsClientConfig/certData")).ok()?);
        let of_certificate = str::from_utf8(&certificate).ok().and_then(expiry::of_certificate);
        expiry::of_token(self.token()).into_iter().chain(of_certificate).min()
    }

    /// Whether whoever answers is taken for the cluster.
    #[must_use]
    pub fn is_insecure(&self) -> bool {
        self.0.pointer("/tlsClientConfig/insecure") == Some(&Value::Bool(true))
    }

    /// The same as a kubeconfig, so that it can be tried. `None` for a program, which is in the image of Argo CD.
    #[must_use]
    pub fn kubeconfig(&self, server: &str) -> Option<Zeroizing<String>> {
        if self.login() == Login::Exec {
            return None;
        }
        let take = |all: &[(&str, &str)]| -> Map<String, Value> {
            let found = all.iter().filter_map(|(key, from)| Some(((*key).to_owned(), self.0.pointer(from)?.clone())));
            found.collect()
        };
        let mut cluster = take(&[
            ("certificate-authority-data", "/tlsClientConfig/caData"),
            ("insecure-skip-tls-verify", "/tlsClientConfig/insecure"),
            ("tls-server-name", "/tlsClientConfig/serverName"),
            ("proxy-url", "/proxyUrl"),
        ]);
        cluster.insert("server".to_owned(), server.into());
        let user = take(&[
            ("token", "/bearerToken"),
            ("client-certificate-data", "/tlsClientConfig/certData"),
            ("client-key-data", "/tlsClientConfig/keyData"),
            ("username", "/username"),
            ("password", "/password"),
        ]);
        let mut kubeconfig = json!({
            "apiVersion": "v1", "kind": "Config", "current-context": "spoke",
            "contexts": [{"name": "spoke", "context": {"cluster": "spoke", "user": "spoke"}}],
            "clusters": [{"name": "spoke", "cluster": cluster}],
            "users": [{"name": "spoke", "user": user}],
        });
        let text = Zeroizing::new(kubeconfig.to_string());
        wipe(&mut kubeconfig);
        Some(text)
    }
}

impl Drop for ClusterConfig {
    fn drop(&mut self) {
        wipe(&mut self.0);
    }
}

impl fmt::Debug for ClusterConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ClusterConfig({})", self.login().name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(fields: &Value) -> ClusterConfig {
        ClusterConfig::read(&fields.to_string()).expect("a mapping")
    }

    #[test]
    fn what_logs_in_is_told_and_not_shown() {
        for (fields, login) in [
            (json!({"bearerToken": "planted"}), Login::Token),
            (json!({"tlsClientConfig": {"certData": "YQ==", "keyData": "planted"}}), Login::Certificate),
            (json!({"username": "a", "password": "planted"}), Login::Basic),
            (json!({"bearerToken": "planted", "awsAuthConfig": {"clusterName": "a"}}), Login::Exec),
            (json!({"bearerToken": "planted", "execProviderConfig": {"command": "a"}}), Login::Exec),
            (json!({"bearerToken": ""}), Login::Nobody),
        ] {
            let config = config(&fields);
            assert_eq!(config.login(), login);
            assert!(!format!("{config:?}").contains("planted"));
        }
        assert_eq!(ClusterConfig::read("").map(|it| it.login()), Some(Login::Nobody));
        assert!(ClusterConfig::read("[]").is_none() && ClusterConfig::read("{").is_none());
    }

    #[test]
    fn a_token_takes_the_place_of_whatever_else_logged_in() {
        let all = json!({
            "username": "a", "password": "b", "execProviderConfig": {"command": "a"}, "proxyUrl": "http://p",
            "tlsClientConfig": {"insecure": false, "caData": "Yw==", "certData": "YQ==", "keyData": "Yg=="},
        });
        let way = json!({
            "bearerToken": "t", "proxyUrl": "http://p", "tlsClientConfig": {"insecure": false, "caData": "Yw=="},
        });
        assert_eq!(config(&all).with_token("t"), config(&way));
    }

    #[test]
    fn it_can_be_tried_where_it_names_no_program() {
        let tried = config(&json!({"bearerToken": "t", "tlsClientConfig": {"caData": "Yw==", "serverName": "s"}}));
        let kubeconfig: Value = serde_json::from_str(&tried.kubeconfig("https://a").expect("one")).expect("JSON");
        let cluster = json!({"server": "https://a", "certificate-authority-data": "Yw==", "tls-server-name": "s"});
        assert_eq!(kubeconfig["clusters"][0]["cluster"], cluster);
        assert_eq!(kubeconfig["users"][0]["user"], json!({"token": "t"}));
        assert!(config(&json!({"execProviderConfig": {"command": "a"}})).kubeconfig("https://a").is_none());
    }
}
