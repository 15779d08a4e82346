//! From one context of a kubeconfig to the settings of the client, as kubectl reads it (client-go, `clientcmd`). A value that the
//! client library would not take, or stumble over, is found here and named by its entry.

use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::Uri;
use kube::Config;
use kube::config::{AuthInfo, AuthProviderConfig, Cluster, ExecAuthCluster, Kubeconfig};
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use secrecy::{ExposeSecret, SecretString};
use zeroize::Zeroizing;

use super::login::is_sendable;
use super::{kubeconfig as reading, proxy};
use crate::input;
use crate::report::{Failure, Outcome};
use crate::spec::address;

/// The settings by the named context, or by the current one.
pub(super) fn config(kubeconfig: &Kubeconfig, context: Option<&str>, shown: &str) -> Outcome<Config> {
    let current = kubeconfig.current_context.as_deref();
    let Some(name) = context.filter(|name| !name.is_empty()).or(current) else {
        return Err(reading::unusable(shown, "it has no current context, and the step names none"));
    };
    let missing = |what: &str| reading::unusable(shown, what);
    let context = kubeconfig.contexts.iter().find(|it| it.name == name).and_then(|it| it.context.as_ref());
    let context = context.ok_or_else(|| missing(&format!("it has no context `{name}`")))?;
    let cluster_name = &context.cluster;
    let cluster = kubeconfig.clusters.iter().find(|it| it.name == *cluster_name).and_then(|it| it.cluster.as_ref());
    let cluster = cluster
        .ok_or_else(|| missing(&format!("it has no cluster `{cluster_name}`, which its context `{name}` names")))?;
    let user_name = context.user.as_deref().unwrap_or_default();
    let user = kubeconfig.auth_infos.iter().find(|it| it.name == user_name).and_then(|it| it.auth_info.clone());

    let entry = Entry { shown, noun: "cluster", name: cluster_name };
    let mut config = Config::new(entry.server(cluster)?);
    config.root_cert = entry.authorities(cluster)?;
    config.accept_invalid_certs = cluster.insecure_skip_tls_verify.unwrap_or_default();
    config.tls_server_name = entry.server_name(cluster)?;
    config.proxy_url = entry.proxy(cluster, &config.cluster_url)?;
    let entry = Entry { shown, noun: "user", name: user_name };
    config.auth_info = entry.user(user.unwrap_or_default(), cluster)?;
    Ok(config)
}

/// An entry of a kubeconfig, as it is told of.
struct Entry<'k> {
    shown: &'k str,
    noun: &'static str,
    name: &'k str,
}

impl Entry<'_> {
    fn wrong(&self, key: &str, why: &str) -> Failure {
        let Self { shown, noun, name } = self;
        Failure::failed(format!("cannot use the kubeconfig {shown}: {noun} {name}: `{key}` {why}"))
            .hint(format!("correct `{key}` of the {noun} `{name}` in the kubeconfig"))
    }

    fn server(&self, cluster: &Cluster) -> Outcome<Uri> {
        let server = cluster.server.as_deref().unwrap_or_default();
        let uri = server.parse::<Uri>().ok().filter(|uri| {
            matches!(uri.scheme_str(), Some("https" | "http")) && uri.host().is_some_and(|host| !host.is_empty())
        });
        let why = if server.is_empty() {
            "is missing".to_owned()
        } else {
            format!("is {:?}, and no address such as https://host:6443", address::shown(server))
        };
        uri.ok_or_else(|| self.wrong("server", &why))
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

    fn proxy(&self, cluster: &Cluster, server: &Uri) -> Outcome<Option<Uri>> {
        if let Some(text) = &cluster.proxy_url {
            return proxy::parse(text).map(Some).map_err(|why| self.wrong("proxy-url", why));
        }
        let Some((variable, text)) = proxy::of_environment(server) else { return Ok(None) };
        let wrong = |why: &str| Failure::failed(format!("the proxy that {variable} names {why}"));
        proxy::parse(&text).map(Some).map_err(|why| wrong(why).hint(format!("correct {variable}, or unset it")))
    }

    fn authorities(&self, cluster: &Cluster) -> Outcome<Option<Vec<Vec<u8>>>> {
        let (data, file) = (cluster.certificate_authority_data.as_deref(), cluster.certificate_authority.as_deref());
        let Some((key, pem)) = self.bytes("certificate-authority", data, file)? else { return Ok(None) };
        // As client-go: one that is damaged takes nothing from the others.
        let all: Vec<Vec<u8>> = CertificateDer::pem_slice_iter(&pem).flatten().map(|it| it.to_vec()).collect();
        if all.is_empty() { Err(self.wrong(&key, "holds no certificate in PEM")) } else { Ok(Some(all)) }
    }

    /// What an entry holds in base64, or in a file that it names, with the key that it is of.
    fn bytes(
        &self,
        key: &str,
        data: Option<&str>,
        file: Option<&str>,
    ) -> Outcome<Option<(String, Zeroizing<Vec<u8>>)>> {
        let (key, bytes) = match (data, file) {
            (Some(data), _) => {
                let key = format!("{key}-data");
                let bytes = STANDARD.decode(data).map_err(|_| self.wrong(&key, "is no base64"))?;
                (key, bytes)
            }
            (None, Some(file)) => {
                let read = input::bytes_of(Path::new(file));
                let bytes =
                    read.map_err(|error| self.wrong(key, &format!("is {file}, which cannot be read: {error}")))?;
                (key.to_owned(), bytes)
            }
            (None, None) => return Ok(None),
        };
        Ok(Some((key, Zeroizing::new(bytes))))
    }

    fn user(&self, mut user: AuthInfo, cluster: &Cluster) -> Outcome<AuthInfo> {
        self.certificate(&mut user)?;
        self.password(&mut user)?;
        if let Some(provider) = user.auth_provider.take() {
            user.token = Some(self.id_token(&provider)?);
        }
        if user.token.as_ref().is_some_and(|token| !is_sendable(token.expose_secret())) {
            return Err(self.wrong("token", "has a character that no request can carry, such as the end of a line"));
        }
        self.impersonation(&user)?;
        if let Some(exec) = &mut user.exec {
            if exec.command.as_deref().unwrap_or_default().is_empty() {
                return Err(self.wrong("exec", "names no `command`"));
            }
            if exec.provide_cluster_info {
                let cluster = ExecAuthCluster::try_from(cluster);
                exec.cluster =
                    Some(cluster.map_err(|error| self.wrong("exec", &format!("cannot be told the cluster: {error}")))?);
            }
        }
        Ok(user)
    }

    /// What is left of the providers that were built into clients.
    fn id_token(&self, provider: &AuthProviderConfig) -> Outcome<SecretString> {
        let name = &provider.name;
        let why = match provider.config.get("id-token").map(|token| token.trim()) {
            Some(token) if name == "oidc" && !token.is_empty() => return Ok(SecretString::from(token)),
            _ if name == "oidc" => {
                "has no `id-token`, and nothing here gets one by a `refresh-token`: use `exec`".to_owned()
            }
            _ => format!("names `{name}`, which Kubernetes knows no more: use `exec`"),
        };
        Err(self.wrong("auth-provider", &why))
    }

    /// A certificate is of use with its key only; a key alone is of none.
    fn certificate(&self, user: &mut AuthInfo) -> Outcome<()> {
        let (data, file) = (user.client_certificate_data.as_deref(), user.client_certificate.as_deref());
        let Some((key, pem)) = self.bytes("client-certificate", data, file)? else {
            (user.client_key, user.client_key_data) = (None, None);
            return Ok(());
        };
        if !CertificateDer::pem_slice_iter(&pem).any(|it| it.is_ok()) {
            return Err(self.wrong(&key, "holds no certificate in PEM"));
        }
        let data = user.client_key_data.as_ref().map(ExposeSecret::expose_secret);
        match self.bytes("client-key", data, user.client_key.as_deref())? {
            None => Err(self.wrong(&key, "is of no use without `client-key-data` or `client-key`")),
            Some((key, pem)) if PrivateKeyDer::from_pem_slice(&pem).is_err() => {
                Err(self.wrong(&key, "holds no private key in PEM that is known here (PKCS#8, PKCS#1, SEC1)"))
            }
            Some(_) => Ok(()),
        }
    }

    /// A user name alone has an empty password, and the other way round.
    fn password(&self, user: &mut AuthInfo) -> Outcome<()> {
        if user.username.is_none() && user.password.is_none() {
            return Ok(());
        }
        let other = if user.token.is_some() { Some("token") } else { user.token_file.as_ref().map(|_| "tokenFile") };
        if let Some(other) = other {
            return Err(self.wrong("username", &format!("and `{other}` both log in: keep one")));
        }
        user.username.get_or_insert_default();
        user.password.get_or_insert_with(|| SecretString::from(""));
        Ok(())
    }

    fn impersonation(&self, user: &AuthInfo) -> Outcome<()> {
        let groups = user.impersonate_groups.iter().flatten();
        let extras = user.impersonate_user_extra.iter().flatten().flat_map(|(_, values)| values);
        let named = [("as", &user.impersonate), ("as-uid", &user.impersonate_uid)];
        let named = named.into_iter().filter_map(|(key, text)| Some((key, text.as_ref()?)));
        let all = named.chain(groups.map(|it| ("as-groups", it))).chain(extras.map(|it| ("as-user-extra", it)));
        for (key, text) in all {
            if !is_sendable(text) {
                return Err(self.wrong(key, "has a character that no request can carry"));
            }
            if user.impersonate.is_none() {
                return Err(self.wrong(key, "is of no use without `as`"));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::tidy::tidy;

    fn read(cluster: &str, user: &str) -> Result<Config, String> {
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
            (server, "exec: {apiVersion: v1}", "user u: `exec` names no `command`"),
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
            ("server: 'https://x', tls-server-name: 'a b'", "", "cluster c: `tls-server-name` is \"a b\""),
            ("server: 'https://x', proxy-url: 'ftp://y'", "", "cluster c: `proxy-url` is no address of http"),
        ] {
            let told = read(cluster, user).expect_err(words);
            assert!(told.contains(words) && !told.contains("planted"), "{told}");
        }
    }

    #[test]
    fn what_kubectl_takes_is_taken() {
        let proxied = read("server: 'https://127.0.0.1:1', proxy-url: 'socks5://127.0.0.1:3'", "").expect("read");
        assert_eq!(proxied.proxy_url.map(|it| it.to_string()).as_deref(), Some("socks5://127.0.0.1:3/"));
        let named = read("server: 'https://x'", "username: me").expect("read").auth_info;
        assert!(named.username.as_deref() == Some("me") && named.password.is_some());
        let key_alone = read("server: 'https://x'", "client-key-data: QUJD").expect("read").auth_info;
        assert!(key_alone.client_key_data.is_none());
        let oidc = read("server: 'https://x'", "auth-provider: {name: oidc, config: {id-token: t-1}}").expect("read");
        assert_eq!(oidc.auth_info.token.as_ref().map(ExposeSecret::expose_secret), Some("t-1"));
        let pem = "-----BEGIN CERTIFICATE-----\n%\n-----END CERTIFICATE-----\n";
        let both = STANDARD.encode(format!("{pem}{}{pem}", pem.replace('%', "MAA=")));
        let some = read(&format!("server: 'https://x', certificate-authority-data: {both}"), "").expect("read");
        assert_eq!(some.root_cert, Some(vec![vec![0x30, 0]]), "the damaged ones are left out");
        let missing = Kubeconfig::from_yaml("contexts: [{name: c, context: {cluster: x}}]\n").expect("a kubeconfig");
        for (context, words) in
            [(None, "no current context"), (Some("b"), "no context `b`"), (Some("c"), "no cluster `x`")]
        {
            let told = config(&missing, context, "k").expect_err(words).message;
            assert!(told.contains(words), "{told}");
        }
    }
}
