//! Secrets in what would be committed: by the name of a field, and by the shape of a value. Pure.
//!
//! A text inside of a value is read as YAML where it is some (JSON is), and by its lines where it is not.

mod fields;
mod groups;
mod leak;
mod lines;
mod marks;
mod names;
mod references;
mod search;
mod shapes;
mod values;
mod words;

use search::Search;
use serde_json::Value;

pub use leak::Leak;
pub use lines::Form;
pub use marks::Marks;
pub use names::{is_secret_name, may_be_secret_name};

use super::mistakes::Path;
use super::shape::plain;
use crate::report::remember_secret;
use crate::yaml::{self, Reader};

/// The secrets in a value, which stands at `below`: keys with dots between them, or nothing for a whole document.
#[must_use]
pub fn leaks_in(value: &Value, below: &str) -> Vec<Leak> {
    let mut search = Search::default();
    let at = if below.is_empty() { Path::default() } else { Path::new(below) };
    let name = below.rsplit('.').next().unwrap_or_default();
    search.value(value, name, &at);
    search.found
}

/// The secrets in a text by their shape, and those of its lines where something is known of its form.
#[must_use]
pub fn leaks_in_text(text: &str, form: Option<Form>) -> Vec<Leak> {
    let mut search = Search::default();
    if let Some(form) = form {
        search.lines(text, form, &Path::default());
    }
    search.shape(text, &Path::default(), 0);
    search.found
}

/// Has the secrets in a text masked in all that is printed: its lines are shown with its mistakes.
pub fn hide_secrets(text: &str) {
    let found: Vec<Leak> = if let Ok(documents) = yaml::documents("", text, Reader::Kubernetes) {
        documents.iter().flat_map(|it| leaks_in(&plain(&it.root), "")).collect()
    } else {
        lines::suspects(text).for_each(remember_secret);
        leaks_in_text(text, Some(Form::Settings))
    };
    // Comments are shown, too.
    found.iter().chain(&leaks_in_text(text, None)).for_each(Leak::hide);
}

/// The same for what a program says, of whatever form it is: what stands behind the name of a secret, and what has its shape, in
/// the whole or in a line. Of a private key all lines.
pub fn hide_suspects(text: &str) {
    // By its first line a key is known again when more of it comes, so that line is shown.
    let is_begin = |secret: &str| secret.starts_with("-----BEGIN ");
    lines::suspects(text).filter(|it| !is_begin(it)).for_each(remember_secret);
    shapes::private_keys(text).for_each(remember_secret);
    let leaks = [text].into_iter().chain(text.lines()).flat_map(|it| leaks_in_text(it, None));
    leaks.filter(|it| !is_begin(&it.secret)).for_each(|it| it.hide());
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::report::redact;

    /// Also where its end has not come yet, and where its beginning was seen already.
    #[test]
    fn no_line_of_a_private_key_that_a_program_says_is_shown() {
        let body = |name: &str| format!("MIIE{name}0\nplanted{name}1\n{name}2=\n");
        for (begin, end) in [
            ("-----BEGIN PRIVATE KEY-----", "-----END PRIVATE KEY-----\n"),
            ("-----BEGIN RSA PRIVATE KEY-----", ""),
            ("-----BEGIN OPENSSH PRIVATE KEY-----", "-----END OPENSSH PRIVATE KEY-----\nEnter the code ABCD"),
        ] {
            let name = begin.split(' ').nth(1).expect("a word").trim_matches('-').to_lowercase();
            let said = format!("read the key {begin}\n{}{end}", body(&name));
            hide_suspects(said.split_once('1').expect("half of it").0);
            let half = redact(&said);
            hide_suspects(&half);
            let by_halves = redact(&half);
            hide_suspects(&said);
            for shown in [by_halves, redact(&said)] {
                assert!(!shown.contains("planted") && !shown.contains(&format!("{name}2")), "{shown}");
                assert!(shown.starts_with("read the key -----BEGIN"), "{shown}");
                assert_eq!(shown.contains("Enter the code ABCD"), said.contains("Enter the code"), "{shown}");
            }
        }
        let encoded = "client-key: LS0tLS1CRUdJTiBSU0EgUFJJVkFURSBLRVktLS0tLQpNSUlFcGxhbnRl\ncGxhbnRlZDEyMzQ1Njc4OTA=\nEnter the code";
        hide_suspects(encoded);
        let shown = redact(encoded);
        assert!(!shown.contains("cGxhbn") && shown.ends_with("\nEnter the code"), "{shown}");
    }

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
            (
                json!({"imagePullSecret": {"registry": "r", "name": "x", "password": "planted"}}),
                "imagePullSecret.password",
            ),
            (json!({"imagePullSecret": {"username": "me", "password": "planted"}}), "imagePullSecret.password"),
            (json!({"envSecret": {"DB_PASSWORD": "planted"}}), "envSecret.DB_PASSWORD"),
            (json!({"tlsSecret": {"name": "", "password": "planted"}}), "tlsSecret.password"),
            (json!({"externalSecret": {"token": "planted"}}), "externalSecret.token"),
            (
                json!({"credentialsSecret": {"create": true, "name": "x", "password": "planted"}}),
                "credentialsSecret.password",
            ),
            (json!({"connectionSecret": {"password": "planted"}}), "connectionSecret.password"),
            (json!({"passwords": {"alice": "planted"}}), "passwords.alice"),
            (json!({"passwords": {"alice": 12345}}), "passwords.alice"),
            (json!({"apiKeys": {"ci": "planted"}}), "apiKeys.ci"),
            (json!({"tokens": {"ci": "planted"}}), "tokens.ci"),
            (json!({"credentials": {"alice": "planted", "mode": "plain"}}), "credentials.alice"),
            (json!({"env": [{"key": "DB_PASSWORD", "value": "planted"}]}), "env[0].value"),
            (json!({"patch": [{"op": "add", "path": "/spec/password", "value": "planted"}]}), "patch[0].value"),
            (json!({"args": ["-c", "PGPASSWORD=planted psql"]}), "args[1].PGPASSWORD"),
            (json!({"command": ["sh", "-c", "app --token planted"]}), "command[2].token"),
            (json!({"data": {"a.properties": "db.password = plan.ted"}}), "data.a.properties.db.password"),
            (json!({"headers": {"Authorization": "token planted-1"}}), "headers.Authorization"),
            (json!({"GH_PAT": "planted"}), "GH_PAT"),
            (json!({"env": {"SECRET_KEY_BASE": "planted"}}), "env.SECRET_KEY_BASE"),
            (
                json!({"dockerconfigjson": "eyJhdXRocyI6eyJyLmV4YW1wbGUiOnsiYXV0aCI6ImJXVTZhSFZ1ZEdWeU1nPT0ifX19"}),
                "dockerconfigjson",
            ),
            (json!({"password": "$ecretP4ssw0rd"}), "password"),
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
            json!({"spec": {"argocd": {"config": {
                "resource.customizations.health.bitnami.com_SealedSecret": "hs = {}\nreturn hs\n",
                "resource.customizations.health.iam.aws.upbound.io_AccessKey": "return x",
                "resource.customizations.actions.x_APIKey": "discovery.lua: |\n  token = 1\n",
            }}}}),
            json!({"annotations": {
                "nginx.ingress.kubernetes.io/auth-secret": "basic-auth",
                "nginx.ingress.kubernetes.io/proxy-ssl-secret": "ns/ca",
            }}),
            json!({"alertmanagerSpec": {"configSecret": "alertmanager-config"}, "basicAuth": {"secret": "authsecret"}}),
            json!({"secretName": "x", "secretKey": "kubeconfig"}),
            json!({"existingSecret": "x", "secretKey": "password", "secretKeys": {"adminPassword": "postgres"}}),
            json!({"google": {"serviceAccountSecretKey": "credentials.json"}, "hostedGrafanaIdSecretKey": "id"}),
            json!({"dex.config": "expiry:\n  idTokens: 24h\n  refreshTokens: {absoluteLifetime: 3960h}\n"}),
            json!({"proxy": {"endpoints": {"/x": {"credentials": "dangerously-allow-unauthenticated"}}}}),
            json!({"sshKey": "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIB me@example.org", "tokens": "4096"}),
            json!({"devDependencies": {"js-tokens": "^3.0.0 || ^4.0.0", "jsonwebtoken": "latest", "@x/auth-token": "workspace:^"}}),
            json!({"packages": {"node_modules/js-tokens": {"version": "4.0.0", "integrity": "sha512-x", "license": "MIT"}}}),
            json!({"generate": {"apiVersion": "v1", "kind": "Secret", "name": "a", "data": {
                "type": "Opaque", "kind": "Secret", "metadata": {"labels": {"a": "b"}},
            }}}),
            json!({"credentials": {"existingSecret": "x", "username": "me", "secretName": "z"}}),
            json!({"passwords": {"type": "object", "x-order": "first"}}),
            json!({"credentials": [{"name": "a", "env": "GIT_PASSWORD"}]}),
            json!({"privateKey": {"algorithm": "ECDSA", "rotationPolicy": "Always"}}),
            json!({"metadata": {"name": "argocd-cm"}, "data": {"dex.config": "clientSecret: $clientSecret\n"}}),
            json!({"tolerations": [{"key": "token", "operator": "Equal", "effect": "NoSchedule"}]}),
            json!({"data": {"ca.crt": "LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0tCk1JSUVvdwo="}}),
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
            base64::Engine::encode(&base64::engine::general_purpose::STANDARD, format!("ghp_{long}\n")),
            "git+https://tok3n@h.example/a".to_owned(),
            "//me:hunter2@h.example/a".to_owned(),
            "app:hunter2@tcp(db:3306)/app".to_owned(),
            "exporter:hunter2@(db:3306)/".to_owned(),
            "https://discord.com/api/webhooks/1234/".to_owned() + long,
            format!("https://x.webhook.office.com/webhookb2/a-b@c-d/IncomingWebhook/{}/e-f", "0123456789abcdef"),
            format!("https://hooks.slack.com/triggers/T1/2/{long}"),
            format!("Authorization: token {long}"),
            "//npm.example.org/:_authToken=hunter2".to_owned(),
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
            "https://hooks.slack.com/services/T00000000/B00000000/XXXXXXXXXXXXXXXXXXXXXXXX",
            "//npm.example.org/:_authToken=${NPM_TOKEN}",
            "app:$(PASSWORD)@tcp(db:3306)/app",
            "// see me: a@b",
        ] {
            assert_eq!(fields(&json!({"x": text})), [""; 0], "{text}");
        }
    }

    #[test]
    fn a_mark_of_one_excuses_no_other() {
        let token = |letter: &str| format!("ghp_{}", letter.repeat(6) + "1B2c3D4e5F6g7H8i9J0");
        let text = format!("A=1\nPASSWORD=changeme\nGH={}\n# {}\n", token("a"), token("b"));
        let found = leaks_in(&json!({".env": text}), "");
        let secrets: Vec<&str> = found.iter().map(|leak| leak.secret.as_str()).collect();
        assert_eq!(secrets, ["changeme", &token("a"), &token("b")]);
        assert_eq!(found.iter().map(Leak::field).collect::<Vec<_>>(), [".env.PASSWORD", ".env", ".env"]);
    }

    /// By the square of the keys it would be hours.
    #[test]
    fn a_mapping_with_many_keys_is_looked_at_once() {
        let mut keys: serde_json::Map<String, Value> =
            (0..50_000).map(|index| (format!("k{index}"), json!("a"))).collect();
        keys.insert("password".to_owned(), json!("planted"));
        let found = leaks_in(&json!({"pullSecret": keys}), "");
        assert_eq!(found.iter().map(Leak::field).collect::<Vec<_>>(), ["pullSecret.password"]);
    }

    #[test]
    fn a_key_is_looked_at_by_its_shape() {
        for key in ["ghp_a1B2c3D4e5F6g7H8i9J0", "https://me:planted@r.example"] {
            let found = leaks_in(&json!({"a": {key: {}}}), "");
            assert_eq!(found.iter().map(Leak::field).collect::<Vec<_>>(), ["a"], "{key}");
        }
    }

    #[test]
    fn a_word_of_the_path_is_not_masked_in_it() {
        let word = &leaks_in(&json!({"values": {"smtp.password": "values"}}), "")[0];
        assert!(word.is_common_word());
        let secret = &leaks_in(&json!({"values": {"smtp.password": "planted"}}), "")[0];
        assert!(!secret.is_common_word());
    }
}
