//! How the host of a repository is reached: which certificates it is trusted by, by which proxy, and with which certificate
//! of ours.
//!
//! git reads all of it from its environment, as Argo CD gives it (argo-cd 3.6.1 `util/git/client.go`, `util/git/creds.go`).

use std::path::Path;

use secrecy::{ExposeSecret as _, SecretString};
use zeroize::Zeroizing;

use crate::document::SecretRef;
use crate::process::{Program, write_private};
use crate::report::{Failure, Outcome, remember_secret};
use crate::schema::{address, pem};

/// What git, Argo CD and its helpers take as the scheme of a proxy.
const SCHEMES: [&str; 4] = ["http", "https", "socks5", "socks5h"];
/// The variables by which git's library finds a proxy for one address, in its order.
const PROXY: [&str; 4] = ["http_proxy", "https_proxy", "HTTPS_PROXY", "HTTP_PROXY"];
/// The same of the hosts that are reached without it.
const NO_PROXY: [&str; 2] = ["no_proxy", "NO_PROXY"];

/// How a host is reached where the machine's own settings are not enough.
#[derive(Debug, Clone, Default)]
pub struct Connection {
    /// The certificates that it is trusted by, in PEM.
    pub ca: Option<String>,
    /// The address of a proxy.
    pub proxy: Option<SecretString>,
    /// The hosts that are reached without it.
    pub no_proxy: Option<String>,
}

/// The certificate that logs in, and its key, in PEM.
#[derive(Debug, Clone)]
pub struct ClientCertificate {
    /// The certificate, with those that lead to its authority.
    pub certificate: String,
    /// Its key.
    pub key: SecretString,
}

impl Connection {
    /// The values that a step refers to. `look_up` gives the value of a variable or file, `None` when it is unset. An empty value
    /// counts as unset.
    pub fn resolve(
        written: &crate::document::Connection,
        look_up: impl Fn(&SecretRef) -> Outcome<Option<Zeroizing<String>>>,
    ) -> Outcome<Self> {
        let value = |reference: &Option<SecretRef>| match reference {
            Some(reference) => Ok(look_up(reference)?.filter(|it| !it.trim().is_empty())),
            None => Ok::<_, Failure>(None),
        };
        let ca = match value(&written.ca)? {
            Some(text) => Some(pem::authorities(&text).map_err(|why| {
                Failure::usage(format!("`ca`: {why}"))
                    .hint("give the certificates of the authority that signs for the host, in PEM, and nothing else")
            })?),
            None => None,
        };
        let proxy = value(&written.proxy)?.map(|it| proxy(it.trim())).transpose()?;
        let no_proxy = written.no_proxy.clone().filter(|it| !it.trim().is_empty() && proxy.is_some());
        Ok(Self { ca, proxy, no_proxy })
    }

    /// The parts for one address of a host, where others of it have other ways: over SSH there are no certificates and no proxy.
    /// What none of them takes stays, and is refused.
    #[must_use]
    pub fn at(mut self, url: &str, others: &[&str]) -> Self {
        let is_of_others = |takes: fn(&str) -> bool| !takes(url) && others.iter().any(|it| takes(it));
        if is_of_others(address::is_encrypted) {
            self.ca = None;
        }
        if is_of_others(is_web) {
            (self.proxy, self.no_proxy) = (None, None);
        }
        self
    }

    /// Refuses what would mean nothing to git or to Argo CD at an address, with a client certificate or without one.
    pub(super) fn check(&self, url: &str, has_client: bool) -> Outcome<()> {
        let (is_https, is_web) = (address::is_encrypted(url), is_web(url));
        let shown = address::shown(url);
        for (is_given, what, means_something, wanted) in [
            (self.ca.is_some(), "a `ca`", is_https, "an https address"),
            (has_client, "a client certificate", is_https, "an https address"),
            (self.proxy.is_some(), "a `proxy`", is_web, "an https or http address"),
        ] {
            if is_given && !means_something {
                return Err(Failure::usage(format!("{what} means nothing to {shown}, which is not {wanted}"))
                    .hint("leave it out, or give the repository such an address"));
            }
        }
        if self.ca.is_some() && address::host(url).contains(':') {
            return Err(Failure::usage(format!("Argo CD finds no `ca` for {shown}, whose host is IPv6"))
                .hint("give the host a name: Argo CD looks for one by what stands before the first colon"));
        }
        Ok(())
    }
}

fn is_web(url: &str) -> bool {
    address::is_encrypted(url) || address::is_unencrypted(url)
}

fn proxy(address: &str) -> Outcome<SecretString> {
    address::secrets_in(address).for_each(remember_secret);
    let wrong = |why: &str| {
        // The address may be a password in a wrong place, and is not repeated.
        Failure::usage(format!("`proxy` {why}"))
            .hint("it is http://HOST:PORT, or such an address with https, socks5 or socks5h")
    };
    let (scheme, rest) = address.split_once("://").ok_or_else(|| wrong("has no scheme"))?;
    if !SCHEMES.contains(&scheme) {
        return Err(wrong("is of no kind that git and Argo CD know"));
    }
    let authority = rest.trim_end_matches('/').rsplit('@').next().unwrap_or_default();
    let port = authority.rsplit_once(':').filter(|(host, _)| !host.is_empty()).map(|(_, port)| port);
    let has_none = port.is_none_or(|port| port.parse::<u16>().is_err()) || address::has_wrong_port(authority);
    if address.contains(char::is_whitespace) || has_none {
        return Err(wrong("has no port from 1 to 65535: git takes 1080 where Argo CD takes 80"));
    }
    Ok(SecretString::from(address))
}

impl ClientCertificate {
    /// Of both halves, or of none.
    pub fn of(certificate: Option<String>, key: Option<String>) -> Outcome<Option<Self>> {
        let (certificate, key) = match (certificate, key.map(Zeroizing::new)) {
            (None, None) => return Ok(None),
            (Some(certificate), Some(key)) => (certificate, key),
            (one, _) => {
                let (there, missing) =
                    if one.is_some() { ("clientCertificate", "clientKey") } else { ("clientKey", "clientCertificate") };
                return Err(Failure::usage(format!("a git credential has a `{there}` without a `{missing}`"))
                    .hint("give both, or neither: a certificate logs in by its key"));
            }
        };
        remember_secret(key.as_str());
        let certificates = pem::certificates(&certificate).map_err(|why| {
            Failure::usage(format!("`clientCertificate`: {why}")).hint("give the certificate in PEM, its own first")
        })?;
        let key = pem::private_key(&key).map_err(|why| {
            Failure::usage(format!("`clientKey`: {why}"))
                .hint("give the key of the certificate in PEM, without a passphrase")
        })?;
        remember_secret(key.as_str());
        Ok(Some(Self { certificate: certificates.concat(), key: SecretString::from(key.as_str()) }))
    }
}

/// What git is told of the connection, as far as it stands in files.
#[derive(Debug)]
pub(super) struct Files(Vec<(&'static str, String)>);

impl Files {
    /// Writes into our folder what git will read.
    pub fn set_up(connection: &Connection, client: Option<&ClientCertificate>, home: &Path) -> Outcome<Self> {
        let wanted = [
            ("GIT_SSL_CAINFO", "ca.pem", connection.ca.as_deref()),
            ("GIT_SSL_CERT", "client.pem", client.map(|it| it.certificate.as_str())),
            ("GIT_SSL_KEY", "client-key.pem", client.map(|it| it.key.expose_secret())),
        ];
        let mut written = Vec::new();
        for (variable, name, text) in wanted {
            let Some(text) = text else { continue };
            let path = home.join(name);
            write_private(&path, text.as_bytes()).map_err(|error| {
                Failure::failed(format!("failed to write {}, which git reads: {error}", path.display()))
                    .hint("it is gone at the end of the run; TMPDIR names a folder with more room")
            })?;
            written.push((variable, path.display().to_string()));
        }
        Ok(Self(written))
    }

    /// Gives a call of git that asks the host its environment.
    pub fn give_to(&self, program: Program, connection: &Connection) -> Program {
        let program = self.0.iter().fold(program, |program, (variable, path)| program.env(variable, path));
        let Some(proxy) = &connection.proxy else { return program };
        let program = PROXY.iter().fold(program, |program, name| program.env(name, proxy.expose_secret()));
        let no_proxy = connection.no_proxy.as_deref().unwrap_or_default();
        NO_PROXY.iter().fold(program, |program, name| program.env(name, no_proxy))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resolved(ca: &str, address: &str) -> Outcome<Connection> {
        let named = |name: &str| Some(SecretRef { env: Some(name.to_owned()), file: None });
        let written = crate::document::Connection {
            ca: named("CA"),
            proxy: named("PROXY"),
            no_proxy: Some("a.example".to_owned()),
        };
        Connection::resolve(&written, |reference| {
            let value = if reference.env.as_deref() == Some("CA") { ca } else { address };
            Ok(Some(Zeroizing::new(value.to_owned())))
        })
    }

    #[test]
    fn a_proxy_is_one_that_git_and_argo_cd_take_alike() {
        for address in [
            "http://proxy.example.org:3128",
            "http://me:a@b@p:1/",
            "socks5h://[::1]:1080",
            "https://p:443",
            "socks5://p:1",
        ] {
            let connection = resolved("", address).expect(address);
            assert_eq!(connection.proxy.expect("a proxy").expose_secret(), address);
            assert_eq!(connection.no_proxy.as_deref(), Some("a.example"));
        }
        for (address, why) in [
            ("proxy.example.org:3128", "no scheme"),
            ("ftp://me:pw-of-proxy@p:1", "no kind"),
            ("http://me:pw-of-proxy@proxy.example.org", "no port"),
            ("http://:1", "no port"),
            ("http://p:99999", "no port"),
            ("http://p:0", "no port"),
            ("http://me:pw-of-proxy@p:+80", "no port"),
            ("http://a b:1", "no port"),
        ] {
            let failure = resolved("", address).expect_err(address).render();
            assert!(failure.contains(why) && !failure.contains("pw-of-proxy"), "{failure}");
        }
    }

    #[test]
    fn what_means_nothing_at_an_address_is_refused() {
        let ca = || Connection { ca: Some(String::new()), ..Connection::default() };
        let proxy = || Connection { proxy: Some(SecretString::from("http://proxy:1")), ..Connection::default() };
        for (url, has_client, connection, why) in [
            ("http://git.example.org/hub.git", false, ca(), "a `ca` means nothing"),
            ("git@git.example.org:hub.git", false, ca(), "a `ca` means nothing"),
            ("https://[::1]/hub.git", false, ca(), "whose host is IPv6"),
            ("http://git.example.org/hub.git", true, Connection::default(), "a client certificate means nothing"),
            ("ssh://git@git.example.org/hub.git", false, proxy(), "a `proxy` means nothing"),
        ] {
            let failure = connection.check(url, has_client).expect_err(url);
            assert!(failure.message.contains(why), "{failure}");
        }
        for connection in [ca(), proxy()] {
            connection.check("HTTPS://git.example.org/hub.git", true).expect("it means something");
        }
        proxy().check("http://git.example.org/hub.git", false).expect("over HTTP, too");
        Connection::default().check("git@git.example.org:hub.git", false).expect("nothing is given");
    }

    #[test]
    fn each_address_of_a_host_takes_what_means_something_to_it() {
        let all = || Connection {
            ca: Some(String::new()),
            proxy: Some(SecretString::from("http://proxy:1")),
            no_proxy: Some("a.example".to_owned()),
        };
        let parts = |it: Connection| [it.ca.is_some(), it.proxy.is_some(), it.no_proxy.is_some()];
        let (https, http, ssh) =
            ("https://git.example.org/hub.git", "http://git.example.org/hub.git", "git@git.example.org:hub.git");
        for (url, others, expected) in [
            (https, vec![ssh, https], [true; 3]),
            (ssh, vec![ssh, https], [false; 3]),
            (ssh, vec![http], [true, false, false]),
            (http, vec![https], [false, true, true]),
            (ssh, vec![ssh], [true; 3]),
        ] {
            assert_eq!(parts(all().at(url, &others)), expected, "{url} beside {others:?}");
        }
    }

    #[test]
    fn what_is_unset_is_no_connection() {
        let connection = resolved("\n", "").expect("nothing is set");
        assert!(connection.ca.is_none() && connection.proxy.is_none() && connection.no_proxy.is_none());
    }

    #[test]
    fn of_a_client_certificate_both_halves_are_wanted_in_their_places() {
        let certificate = "-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----".to_owned();
        let key = "-----BEGIN PRIVATE KEY-----\nc2VjcmV0LW9mLWEta2V5\n-----END PRIVATE KEY-----".to_owned();
        assert!(ClientCertificate::of(None, None).expect("none").is_none());
        for (one, other, why) in [
            (Some(certificate), None, "a `clientCertificate` without a `clientKey`"),
            (None, Some(key.clone()), "a `clientKey` without a `clientCertificate`"),
            (Some(key.clone()), Some(key), "`clientCertificate`: it holds a private key, and no certificate"),
        ] {
            let failure = ClientCertificate::of(one, other).expect_err(why).render();
            assert!(failure.contains(why) && !failure.contains("c2VjcmV0LW9mLWEta2V5"), "{failure}");
        }
    }
}
