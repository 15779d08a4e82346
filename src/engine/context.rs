//! From one context of a kubeconfig to the settings of the client, as kubectl reads it (client-go, `clientcmd`). A value that the
//! client library would not take, or stumble over, is found here and named by its entry.

use http::Uri;
use kube::Config;
use kube::config::{AuthInfo, Cluster, Kubeconfig};
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, ServerName};

use super::entry::Entry;
use super::kubeconfig as reading;
use super::proxy::{self, Proxy};
use crate::report::Outcome;
use crate::schema::{address, known_hint};

/// The named context, or the current one.
pub(super) fn name<'a>(kubeconfig: &'a Kubeconfig, context: Option<&'a str>) -> Option<&'a str> {
    context.filter(|name| !name.is_empty()).or(kubeconfig.current_context.as_deref())
}

/// The settings by the named context, or by the current one, with the proxy in between.
pub(super) fn config(kubeconfig: &Kubeconfig, context: Option<&str>, shown: &str) -> Outcome<(Config, Option<Proxy>)> {
    let Some(name) = name(kubeconfig, context) else {
        return Err(reading::unusable(shown, "it has no current context, and none is named"));
    };
    let missing = |what: &str| reading::unusable(shown, what);
    let context = kubeconfig.contexts.iter().find(|it| it.name == name).and_then(|it| it.context.as_ref());
    let context = context.ok_or_else(|| {
        let known: Vec<&str> = kubeconfig.contexts.iter().map(|it| it.name.as_str()).collect();
        missing(&format!("it has no context `{name}`")).hint(known_hint(name, &known))
    })?;
    let cluster_name = &context.cluster;
    let cluster = kubeconfig.clusters.iter().find(|it| it.name == *cluster_name).and_then(|it| it.cluster.as_ref());
    let cluster = cluster
        .ok_or_else(|| missing(&format!("it has no cluster `{cluster_name}`, which its context `{name}` names")))?;
    let user_name = context.user.as_deref().unwrap_or_default();
    let user = kubeconfig.auth_infos.iter().find(|it| it.name == user_name);
    if user.is_none() && !user_name.is_empty() {
        // Without it the server would be asked by nobody; kubectl asks for a user name and a password.
        return Err(missing(&format!("it has no user `{user_name}`, whom its context `{name}` names")));
    }
    let user: Option<AuthInfo> = user.and_then(|it| it.auth_info.clone());

    let entry = Entry { shown, noun: "cluster", name: cluster_name };
    let mut config = Config::new(entry.server(cluster)?);
    config.root_cert = entry.authorities(cluster)?;
    config.accept_invalid_certs = cluster.insecure_skip_tls_verify.unwrap_or_default();
    config.tls_server_name = entry.server_name(cluster)?;
    let proxy = entry.proxy(cluster, &config.cluster_url)?;
    let entry = Entry { shown, noun: "user", name: user_name };
    config.auth_info = entry.user(user.unwrap_or_default(), cluster)?;
    Ok((config, proxy))
}

impl Entry<'_> {
    fn server(&self, cluster: &Cluster) -> Outcome<Uri> {
        let server = cluster.server.as_deref().unwrap_or_default();
        let uri = server.parse::<Uri>().ok().filter(|uri| {
            matches!(uri.scheme_str(), Some("https" | "http")) && uri.host().is_some_and(|host| !host.is_empty())
        });
        let why = if server.is_empty() {
            "is missing".to_owned()
        } else if uri.is_some() {
            format!("is {:?}, whose port is none from 1 to 65535", address::shown(server))
        } else {
            format!("is {:?}, and no address such as https://host:6443", address::shown(server))
        };
        uri.filter(|_| !address::has_wrong_port(server)).ok_or_else(|| self.wrong("server", &why))
    }

    fn server_name(&self, cluster: &Cluster) -> Outcome<Option<String>> {
        let name = cluster.tls_server_name.clone();
        match &name {
            Some(text) if ServerName::try_from(text.as_str()).is_err() => {
                Err(self.wrong("tls-server-name", &format!("is {text:?}, which no certificate can have as a name")))
            }
            _ => Ok(name),
        }
    }

    fn proxy(&self, cluster: &Cluster, server: &Uri) -> Outcome<Option<Proxy>> {
        let Some(text) = &cluster.proxy_url else { return proxy::of_environment(server) };
        let named = format!("`proxy-url` of the cluster `{}` in the kubeconfig", self.name);
        proxy::parse(text).map(|url| Some(Proxy { url, named })).map_err(|why| self.wrong("proxy-url", why))
    }

    fn authorities(&self, cluster: &Cluster) -> Outcome<Option<Vec<Vec<u8>>>> {
        let (data, file) = (cluster.certificate_authority_data.as_deref(), cluster.certificate_authority.as_deref());
        let Some((key, pem)) = self.bytes("certificate-authority", data, file)? else { return Ok(None) };
        if cluster.insecure_skip_tls_verify == Some(true) {
            return Err(self.wrong(&key, "and `insecure-skip-tls-verify` exclude each other: keep one"));
        }
        // As client-go: one that is damaged takes nothing from the others.
        let all: Vec<Vec<u8>> = CertificateDer::pem_slice_iter(&pem).flatten().map(|it| it.to_vec()).collect();
        if all.is_empty() { Err(self.wrong(&key, "holds no certificate in PEM")) } else { Ok(Some(all)) }
    }
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    use secrecy::ExposeSecret;

    use super::*;
    use crate::engine::tidy::tidy;

    fn read(cluster: &str, user: &str) -> Result<(Config, Option<Proxy>), String> {
        let text = format!(
            "current-context: c\ncontexts: [{{name: c, context: {{cluster: c, user: u}}}}]\n\
             clusters: [{{name: c, cluster: {{{cluster}}}}}]\nusers: [{{name: u, user: {{{user}}}}}]\n"
        );
        let mut kubeconfig = Kubeconfig::from_yaml(&text).expect("a kubeconfig");
        tidy(&mut kubeconfig);
        config(&kubeconfig, None, "k").map_err(|failure| failure.message)
    }

    #[test]
    fn what_the_client_does_not_take_is_named_by_its_entry() {
        let server = "server: 'https://x:6443'";
        let certificate = STANDARD.encode("-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n");
        let with_certificate = format!("client-certificate-data: {certificate}");
        for (cluster, user, words) in [
            ("server: ''", "", "cluster c: `server` is missing"),
            ("server: 'x:6443'", "", "cluster c: `server` is \"x:6443\", and no address"),
            ("server: 'https://'", "", "cluster c: `server` is"),
            ("server: 'https://me:planted-9@x y'", "", "cluster c: `server` is \"https://x y\""),
            (server, "token: \"a\\nb\"", "user u: `token` has a character"),
            (server, "token: a, username: b", "user u: `username` and `token` both log in"),
            (server, "as-groups: [a]", "user u: `as-groups` is of no use without `as`"),
            (server, "as: \"a\\nb\"", "user u: `as` has a character"),
            ("server: 'https://x:65536'", "", "cluster c: `server` is \"https://x:65536\", whose port is none"),
            ("server: 'https://x:0'", "", "whose port is none"),
            ("server: 'https://x:abc'", "", "whose port is none"),
            (server, "exec: {apiVersion: v1}", "user u: `exec` names no `command`"),
            (server, "exec: {command: x, interactiveMode: Never}", "user u: `exec` names no `apiVersion`"),
            (
                server,
                "exec: {command: x, apiVersion: client.authentication.k8s.io/v1alpha1}",
                "user u: `exec` has the `apiVersion` client.authentication.k8s.io/v1alpha1, which",
            ),
            (
                server,
                "exec: {command: x, apiVersion: client.authentication.k8s.io/v1}",
                "user u: `exec` names no `interactiveMode`",
            ),
            (
                server,
                "exec: {command: x, apiVersion: client.authentication.k8s.io/v1beta1, env: [{value: y}]}",
                "user u: `exec` has a variable without a `name`",
            ),
            (
                server,
                "exec: {command: x, apiVersion: client.authentication.k8s.io/v1beta1}, auth-provider: {name: oidc, config: {id-token: t}}",
                "user u: `exec` and `auth-provider` both log in",
            ),
            (server, "auth-provider: {name: gcp}", "user u: `auth-provider` names `gcp`"),
            (
                server,
                "auth-provider: {name: oidc, config: {refresh-token: r}}",
                "user u: `auth-provider` has no `id-token`",
            ),
            (server, "client-certificate-data: '%'", "user u: `client-certificate-data` is no base64"),
            (server, "client-certificate-data: QUJD", "user u: `client-certificate-data` holds no certificate"),
            (
                server,
                "client-certificate: /nowhere/x",
                "user u: `client-certificate` is /nowhere/x, which cannot be read",
            ),
            (server, &with_certificate, "user u: `client-certificate-data` is of no use without"),
            (
                server,
                &format!("{with_certificate}, client-key-data: QUJD"),
                "user u: `client-key-data` holds no private key",
            ),
            (
                "server: 'https://x', certificate-authority-data: QUJD",
                "",
                "cluster c: `certificate-authority-data` holds no",
            ),
            (
                &format!(
                    "server: 'https://x', insecure-skip-tls-verify: true, certificate-authority-data: {certificate}"
                ),
                "",
                "cluster c: `certificate-authority-data` and `insecure-skip-tls-verify` exclude each other",
            ),
            (
                &format!("server: 'https://x', certificate-authority: /x, certificate-authority-data: {certificate}"),
                "",
                "cluster c: `certificate-authority` and `certificate-authority-data` are both there",
            ),
            ("server: 'https://x', proxy-url: 'http://p:99999'", "", "cluster c: `proxy-url` has a port that is none"),
            ("server: 'https://x', tls-server-name: 'a b'", "", "cluster c: `tls-server-name` is \"a b\""),
            ("server: 'https://x', proxy-url: 'ftp://y'", "", "cluster c: `proxy-url` is no address of http"),
        ] {
            let told = read(cluster, user).map(drop).expect_err(words);
            assert!(told.contains(words) && !told.contains("planted"), "{told}");
        }
    }

    #[test]
    fn what_kubectl_takes_is_taken() {
        let taken = |cluster: &str, user: &str| read(cluster, user).expect("read").0;
        let proxied = read("server: 'https://127.0.0.1:1', proxy-url: 'socks5://127.0.0.1:3'", "").expect("read").1;
        assert_eq!(proxied.map(|it| it.url.to_string()).as_deref(), Some("socks5://127.0.0.1:3/"));
        let named = taken("server: 'https://x'", "username: me").auth_info;
        assert!(named.username.as_deref() == Some("me") && named.password.is_some());
        let key_alone = taken("server: 'https://x'", "client-key-data: QUJD").auth_info;
        assert!(key_alone.client_key_data.is_none());
        let oidc = taken("server: 'https://x'", "auth-provider: {name: oidc, config: {id-token: t-1}}");
        assert_eq!(oidc.auth_info.token.as_ref().map(ExposeSecret::expose_secret), Some("t-1"));
        let pem = "-----BEGIN CERTIFICATE-----\n%\n-----END CERTIFICATE-----\n";
        let both = STANDARD.encode(format!("{pem}{}{pem}", pem.replace('%', "MAA=")));
        let some = taken(&format!("server: 'https://x', certificate-authority-data: {both}"), "");
        assert_eq!(some.root_cert, Some(vec![vec![0x30, 0]]), "the damaged ones are left out");
        let text = "contexts: [{name: c, context: {cluster: x}}, {name: d, context: {cluster: y, user: z}}]\n\
                    clusters: [{name: y, cluster: {server: 'https://y'}}]\n";
        let missing = Kubeconfig::from_yaml(text).expect("a kubeconfig");
        for (context, words) in [
            (None, "no current context"),
            (Some("b"), "no context `b`"),
            (Some("c"), "no cluster `x`"),
            (Some("d"), "no user `z`, whom its context `d` names"),
        ] {
            let told = config(&missing, context, "k").map(drop).expect_err(words).message;
            assert!(told.contains(words), "{told}");
        }
    }
}
