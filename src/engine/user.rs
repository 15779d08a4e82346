//! What logs in, by the entry of a user in a kubeconfig.

use kube::config::{AuthInfo, AuthProviderConfig, Cluster, ExecAuthCluster, ExecConfig};
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use secrecy::{ExposeSecret, SecretString};

use super::entry::Entry;
use super::login::is_sendable;
use crate::report::Outcome;

const V1: &str = "client.authentication.k8s.io/v1";
/// Without `interactiveMode` it is `IfAvailable`.
const V1BETA1: &str = "client.authentication.k8s.io/v1beta1";

impl Entry<'_> {
    /// What logs in, as the client takes it.
    pub fn user(&self, mut user: AuthInfo, cluster: &Cluster) -> Outcome<AuthInfo> {
        if user.exec.is_some() && user.auth_provider.is_some() {
            return Err(self.wrong("exec", "and `auth-provider` both log in: keep one"));
        }
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
            self.program(exec)?;
            if exec.provide_cluster_info {
                let cluster = ExecAuthCluster::try_from(cluster);
                exec.cluster =
                    Some(cluster.map_err(|error| self.wrong("exec", &format!("cannot be told the cluster: {error}")))?);
            }
        }
        Ok(user)
    }

    /// As client-go, also where something else logs in.
    fn program(&self, exec: &ExecConfig) -> Outcome<()> {
        if exec.command.as_deref().unwrap_or_default().is_empty() {
            return Err(self.wrong("exec", "names no `command`"));
        }
        match exec.api_version.as_deref().unwrap_or_default() {
            "" => Err(self.wrong("exec", &format!("names no `apiVersion`: give it {V1}"))),
            V1 if exec.interactive_mode.is_none() => {
                Err(self.wrong("exec", &format!("names no `interactiveMode`, which {V1} demands: give it `Never`")))
            }
            V1 | V1BETA1 => Ok(()),
            other => {
                let why = format!("has the `apiVersion` {other}, which Kubernetes knows no more: {V1} or {V1BETA1}");
                Err(self.wrong("exec", &why))
            }
        }?;
        let mut settings = exec.env.iter().flatten();
        if settings.any(|it| it.get("name").is_none_or(String::is_empty)) {
            return Err(self.wrong("exec", "has a variable without a `name`"));
        }
        Ok(())
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
