//! Secrets in what would be committed: by the name of a field, and by the shape of a value. Pure.
//!
//! A text inside of a value is read as YAML where it is some (JSON is), and by its lines where it is not.

mod leak;
mod lines;
mod marks;
mod names;
mod search;
mod shapes;
mod values;

use search::Search;
use serde_json::Value;

pub use leak::Leak;
pub use marks::Marks;
pub use names::is_secret_name;

use super::mistakes::Path;
use super::shape::plain;
use super::yaml::{self, Reader};
use crate::report::remember_secret;

/// The secrets in a value, which stands at `below`: keys with dots between them, or nothing for a whole document.
#[must_use]
pub fn leaks_in(value: &Value, below: &str) -> Vec<Leak> {
    let mut search = Search::default();
    let at = if below.is_empty() { Path::default() } else { Path::new(below) };
    let name = below.rsplit('.').next().unwrap_or_default();
    search.value(value, name, &at);
    search.found
}

/// The secrets in a text of unknown form, by their shape; with `by_name` those of its lines, too.
#[must_use]
pub fn leaks_in_text(text: &str, by_name: bool) -> Vec<Leak> {
    let mut search = Search::default();
    if by_name {
        search.lines(text, &Path::default());
    }
    if search.found.is_empty() {
        search.shape(text, &Path::default());
    }
    search.found
}

/// Has the secrets in a text masked in all that is printed: its lines are shown with its mistakes.
pub fn hide_secrets(text: &str) {
    let found: Vec<Leak> = if let Ok(documents) = yaml::documents("", text, Reader::Kubernetes) {
        documents.iter().flat_map(|it| leaks_in(&plain(&it.root), "")).collect()
    } else {
        lines::suspects(text).for_each(remember_secret);
        leaks_in_text(text, true)
    };
    found.iter().for_each(Leak::hide);
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn fields(value: &Value) -> Vec<String> {
        leaks_in(value, "").iter().map(Leak::field).collect()
    }

    #[test]
    fn a_secret_is_found_in_every_style_of_a_setting() {
        for setting in [
            "connectors:\n- config:\n    clientSecret: planted-1\n",
            "connectors: [{type: github, config: {clientID: a, clientSecret: planted-1}}]",
            "{\"connectors\":[{\"config\":{\"clientSecret\":\"planted-1\"}}]}",
            "connectors:\n- config:\n    \"clientSecret\" : 'planted-1'\n",
            "connectors:\n- config:\n    ? clientSecret\n    : planted-1\n",
            "connectors:\n- config:\n    clientSecret: >-\n      planted-1\n",
            "connectors:\n- config: &a {clientSecret: planted-1}\n- config: *a\n",
        ] {
            let found = leaks_in(&json!({"spec": {"dex.config": setting}}), "");
            assert_eq!(found[0].field(), "spec.dex.config.connectors[0].config.clientSecret", "{setting}");
            assert_eq!(found[0].secret, "planted-1");
            assert!(!found[0].message().contains("planted"));
            let referred = setting.replace("planted-1", "$dex.github.clientSecret");
            assert_eq!(fields(&json!({"spec": {"dex.config": referred}})), [""; 0], "{referred}");
        }
        // Not YAML, since a key stands there twice.
        assert_eq!(fields(&json!({"a": "x: 1\nx: 2\nclientSecret : planted-1\n"})), ["a.clientSecret"]);
    }

    #[test]
    fn a_name_tells_wherever_it_stands() {
        for (value, field) in [
            (json!({"webhook.github.secret": "planted"}), "webhook.github.secret"),
            (json!({"staticClients": [{"id": "a", "secret": "planted"}]}), "staticClients[0].secret"),
            (json!({"auth": {"password": "planted"}}), "auth.password"),
            (json!({"auth": {"adminPassword": 12345}}), "auth.adminPassword"),
            (json!({"bindPW": "planted"}), "bindPW"),
            (json!({"env": [{"name": "DB_PASSWORD", "value": "planted"}]}), "env[0].value"),
            (json!({"parameters": [{"name": "apiToken", "default": "planted"}]}), "parameters[0].default"),
            (json!({"args": ["--password=planted"]}), "args[0].password"),
            (json!({"args": ["--token", "planted"]}), "args[1]"),
            (json!({"tokens": ["planted"]}), "tokens[0]"),
            (json!({"data": {"app.properties": "a=b\ndb.password=planted\n"}}), "data.app.properties.db.password"),
            (json!({"data": {".env": "A=1\nexport TOKEN=planted\n"}}), "data..env.TOKEN"),
            (json!({"data": {"a.json": "{\"apiKey\": \"planted\"}"}}), "data.a.json.apiKey"),
            (json!({"secret": {"data": {"password": "planted"}}}), "secret.data.password"),
            (json!({"auths": {"r.example": {"auth": "bWU6aHVudGVyMg=="}}}), "auths.r.example.auth"),
            (json!({"s3": {"accessKeyId": "a", "secretAccessKey": "planted"}}), "s3.secretAccessKey"),
            (json!({"password": "a:b planted"}), "password"),
            (json!({"extraObjects": [{"kind": "Secret", "data": {"x": "cGxhbnRlZA=="}}]}), "extraObjects[0].data.x"),
            (json!({"kind": "Secret", "stringData": {"note": "planted"}}), "stringData.note"),
        ] {
            assert_eq!(fields(&value), [field], "{value}");
        }
    }

    #[test]
    fn what_only_names_a_secret_is_left_alone() {
        for value in [
            json!({"secretName": "web-tls", "existingSecret": "db", "imagePullSecrets": ["regcred"]}),
            json!({"valueFrom": {"secretKeyRef": {"name": "db", "key": "password"}}}),
            json!({"env": [{"name": "DB_PASSWORD", "valueFrom": {"secretKeyRef": {"name": "a", "key": "b"}}}]}),
            json!({"env": [{"name": "DB_PASSWORD_FILE", "value": "/run/secrets/x"}]}),
            json!({"passwordSecret": {"secretName": "db", "password": "db-password"}}),
            json!({"data": [{"secretKey": "password", "remoteRef": {"key": "prod/db", "property": "password"}}]}),
            json!({"connectionDetails": [{"name": "password", "fromConnectionSecretKey": "password"}]}),
            json!({"kind": "SealedSecret", "spec": {"encryptedData": {"password": "AgBy3i4OJSWK"}}}),
            json!({"password": "", "token": null, "automountServiceAccountToken": "false"}),
            json!({"tokenTTL": 3600, "maxToken": 4096, "passwordPolicy": {"minLength": 8}}),
            json!({"properties": {"password": {"type": "string", "description": "the password: of the user"}}}),
            json!({"required": ["password", "token"]}),
            json!({"tolerations": [{"key": "node-role.kubernetes.io/control-plane"}]}),
            json!({"stringData": {"password": "${{ secrets.DB }}"}}),
            json!({"args": ["--token-file", "/var/run/token", "--password", "$(PASSWORD)"]}),
            json!({"url": "postgres://app:$(DB_PASSWORD)@db/app", "link": "https://git.example.org/a?ref=main"}),
            json!({"description": "Token: optional"}),
            json!({"validate": {"pattern": {"spec": {"=(automountServiceAccountToken)": "false", "token": "?*"}}}}),
            json!({"health.lua": "if obj.token == nil then\n  token = obj.status.token\nend\nreturn token\n"}),
            json!({"accounts.ci": "apiKey, login", "policy.csv": "p, role:ci, applications, sync, */*, allow\n"}),
            json!({"credentials": {"source": "Secret", "secretRef": {"name": "gcp", "key": "credentials.json"}}}),
            json!({"image": format!("r.example.org/a@sha256:{}", "0".repeat(64))}),
            json!({"tokenSecretRef": {"description": "As in\n{\"private-key\": \"your key\"}\n"}}),
            json!({"permissions": {"id-token": "write"}, "secrets": "inherit", "dependencies": {"js-tokens": "^4.0.0"}}),
            json!({"template": "{% raw %}\n- secretKey: password\n  remoteRef: {key: x}\n"}),
            json!({"summary": {"pass": 3}}),
            json!({"ingress": {"tls": {"secret": "web-tls"}}, "volumes": [{"secret": {"secretName": "x"}}]}),
            json!({"ui:options": {"requestUserCredentials": {"secretsKey": "USER_OAUTH_TOKEN"}}}),
            json!({"input": {"token": "${{ secrets.USER_OAUTH_TOKEN }}"}, "schema": "password: str\nage: int\n"}),
            json!({"kind": "Secret", "metadata": {"name": "a"}, "type": "Opaque"}),
            json!({"imageRegistryCredentials": {"secrets": ["regcred"]}}),
        ] {
            assert_eq!(fields(&value), [""; 0], "{value}");
        }
    }

    #[test]
    fn a_shape_tells_under_any_name() {
        let long = "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8s9T0";
        let pem = format!("-----BEGIN RSA {} KEY-----\nMIIEow\n", "PRIVATE");
        for text in [
            format!("ghp_{long}"),
            format!("gho_{long}"),
            format!("ghs_{long}"),
            format!("ghu_{long}"),
            format!("github_pat_{long}"),
            format!("glpat-{long}"),
            format!("glrt-{long}"),
            format!("xoxb-{long}"),
            format!("AKIA{}", "A1B2C3D4E5F6G7H8"),
            format!("ASIA{}", "A1B2C3D4E5F6G7H8"),
            format!("AIza{}", &long[..35]),
            pem.clone(),
            pem.replace('\n', "\\n"),
            json!({"type": "service_account", "private_key": pem}).to_string(),
            base64::Engine::encode(&base64::engine::general_purpose::STANDARD, &pem),
            format!("eyJ{long}.eyJ{long}.{long}"),
            format!("npm_{long}"),
            format!("pypi-{long}"),
            format!("dckr_pat_{long}"),
            format!("hvs.{long}"),
            format!("sk_live_{long}"),
            format!("AccountName=x;AccountKey={long}=="),
            format!("AGE-SECRET-KEY-1{}", long.to_uppercase()),
            format!("$2a$10${}", &format!("{long}{long}")[..53]),
            "https://me:hunter2@h.example/a".to_owned(),
            "see https://me:hunter2@h.example/a for more".to_owned(),
            "https://tok3n@h.example/a".to_owned(),
            "https://h.example/a?private_token=hunter2".to_owned(),
            "Server=db;User Id=a;Password=hunter2;".to_owned(),
            "host=db user=a password=hunter2".to_owned(),
            format!("Bearer {long}"),
            format!("curl -H 'Authorization: Bearer {long}'"),
            format!("# {long}\na: b\n# ghp_{long}\n"),
        ] {
            assert_eq!(fields(&json!({"x": text})).len(), 1, "{text}");
        }
    }

    #[test]
    fn what_has_no_such_shape_is_left_alone() {
        for text in [
            "AKIAIOSFODNN7EXAMPLE",
            "-----BEGIN CERTIFICATE-----\nMIIEow\n-----END CERTIFICATE-----\n",
            "-----BEGIN PRIVATE KEY-----\n...\n",
            "ghp_short",
            "https://USER:PASSWORD@h.example/a",
            "ask user@h.example, or https://h.example/@user",
            "git@git.example.org:hub.git",
            "ssh://git@git.example.org/hub.git",
            "eyJhbGciOiJub25lIn0",
            "sha256:7be23ca7d9ca3d3074dee8332f1ca92a933b990cee7c9cf22cf3843ee8c2913e",
            "Bearer authentication is used",
        ] {
            assert_eq!(fields(&json!({"x": text})), [""; 0], "{text}");
        }
    }
}
