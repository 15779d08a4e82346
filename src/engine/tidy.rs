//! A kubeconfig in the form that the client library takes for what kubectl takes it for.

use kube::config::{AuthInfo, Cluster, Kubeconfig};
use secrecy::{ExposeSecret as _, SecretString};

/// Takes out what templates write for what is not there, and white space that is no part of a value.
pub(super) fn tidy(kubeconfig: &mut Kubeconfig) {
    absent_if_empty(&mut kubeconfig.current_context);
    kubeconfig.clusters.iter_mut().filter_map(|it| it.cluster.as_mut()).for_each(tidy_cluster);
    kubeconfig.auth_infos.iter_mut().filter_map(|it| it.auth_info.as_mut()).for_each(tidy_user);
    kubeconfig.contexts.iter_mut().filter_map(|it| it.context.as_mut()).for_each(|context| {
        absent_if_empty(&mut context.user);
        absent_if_empty(&mut context.namespace);
    });
}

fn tidy_cluster(cluster: &mut Cluster) {
    for text in [&mut cluster.server, &mut cluster.proxy_url, &mut cluster.tls_server_name] {
        trim(text);
    }
    without_lines(&mut cluster.certificate_authority_data);
    absent_if_no_file(&mut cluster.certificate_authority);
}

fn tidy_user(user: &mut AuthInfo) {
    for text in [&mut user.username, &mut user.impersonate, &mut user.impersonate_uid] {
        absent_if_empty(text);
    }
    for file in [&mut user.client_certificate, &mut user.client_key, &mut user.token_file] {
        absent_if_no_file(file);
    }
    without_lines(&mut user.client_certificate_data);
    map_secret(&mut user.password, str::to_owned);
    map_secret(&mut user.token, |token| token.trim().to_owned());
    map_secret(&mut user.client_key_data, |data| data.split_whitespace().collect());
}

fn absent_if_empty(text: &mut Option<String>) {
    text.take_if(|text| text.is_empty());
}

fn trim(text: &mut Option<String>) {
    *text = text.take().map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
}

/// A path that was empty is the folder of the kubeconfig by now.
fn absent_if_no_file(path: &mut Option<String>) {
    path.take_if(|path| path.is_empty() || path.ends_with('/'));
}

/// Base64 may have lines, also in a block of YAML.
fn without_lines(data: &mut Option<String>) {
    *data = data.take().map(|data| data.split_whitespace().collect()).filter(|data: &String| !data.is_empty());
}

fn map_secret(secret: &mut Option<SecretString>, map: impl Fn(&str) -> String) {
    let mapped = secret.take().map(|secret| map(secret.expose_secret())).filter(|secret| !secret.is_empty());
    *secret = mapped.map(SecretString::from);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tidied(text: &str) -> serde_json::Value {
        let mut kubeconfig = Kubeconfig::from_yaml(text).expect("a kubeconfig");
        tidy(&mut kubeconfig);
        serde_json::to_value(kubeconfig).expect("JSON")
    }

    #[test]
    fn what_is_empty_is_not_there() {
        let found = tidied(
            "current-context: ''\n\
             clusters: [{name: c, cluster: {server: \" https://x\\n\", certificate-authority: '', certificate-authority-data: '', proxy-url: '', tls-server-name: ''}}]\n\
             users: [{name: u, user: {username: '', password: '', token: '', tokenFile: /folder/, client-certificate: '', client-certificate-data: '', client-key: '', client-key-data: '', as: ''}}]\n",
        );
        assert_eq!(found["current-context"], serde_json::Value::Null);
        assert_eq!(found["clusters"][0]["cluster"], serde_json::json!({"server": "https://x"}));
        assert_eq!(found["users"][0]["user"], serde_json::json!({}));
    }

    #[test]
    fn values_are_read_as_client_go_reads_them() {
        let found = tidied(
            "clusters: [{name: c, cluster: {certificate-authority-data: \"QUJD\\nREVG\\n\"}}]\n\
             users: [{name: u, user: {token: \"abc\\n\", client-certificate-data: \"QU JD\", client-key-data: \"QUJD\\nREVG\"}}, {name: v, user: {token: inline, tokenFile: /token}}]\n",
        );
        assert_eq!(found["clusters"][0]["cluster"]["certificate-authority-data"], "QUJDREVG");
        let wanted =
            serde_json::json!({"token": "abc", "client-certificate-data": "QUJD", "client-key-data": "QUJDREVG"});
        assert_eq!(found["users"][0]["user"], wanted);
        assert_eq!(found["users"][1]["user"], serde_json::json!({"token": "inline", "tokenFile": "/token"}));
    }
}
